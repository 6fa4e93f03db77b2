#include "sim/node.h"

#include "common/check.h"
#include "node/host/duties/replies.h"
#include "node/host/duties/routes.h"

#include <utility>

namespace ordeal::sim {
namespace {

host::Method method_of(std::string_view name) {
  if (name == "GET") return host::Method::kGet;
  if (name == "PUT") return host::Method::kPut;
  if (name == "POST") return host::Method::kPost;
  return name == "DELETE" ? host::Method::kDelete : host::Method::kOther;
}

}  // namespace

Node::Node(NodeId id, const Settings& settings, const StateMachine& machine, NodeClock clock, Rng rng,
           NodeOutlet& outlet)
    : id_(id),
      settings_(settings),
      machine_(machine),
      clock_(clock),
      rng_(rng),
      outlet_(outlet),
      storage_(settings.left_out_of_snapshots(), settings.disk(), rng_.split("disk")) {}

Node::~Node() = default;

// --- Lives ------------------------------------------------------------------------------------------------

void Node::start(MonotonicTime now) {
  ORDEAL_CHECK(!running());
  paused_ = disk_done_while_paused_ = false;
  failure_.reset();
  refused_data_ = false;
  inbox_.clear();
  storage_.start(*this);
  Rng rng = rng_.split("life", storage_.incarnation());
  auto protocol =
      settings_.make_protocol(id_, storage_.view(), storage_.applied_at_open(), clock_.read(now), rng);
  if (!protocol.ok()) {
    storage_.kill();
    outlet_.refused(id_, protocol.error().message);
    return;
  }
  protocol_ = std::move(*protocol);
  core_.emplace(host::CoreParts{.self = id_,
                                .storage = &storage_,
                                .protocol = protocol_.get(),
                                .machine = &machine_,
                                .outlet = this,
                                .request_memory = settings_.request_timeout() + seconds(1)},
                rng.split("core"));
  run(now);
}

std::size_t Node::stop(bool power) {
  std::size_t lost = 0;
  if (power) {
    lost = storage_.lose_power();
  } else if (running()) {
    lost = storage_.kill();
  }
  core_.reset();
  protocol_.reset();
  inbox_.clear();
  held_.clear();
  paused_ = false;
  return lost;
}

void Node::resume(MonotonicTime now) {
  if (!paused_) return;
  paused_ = false;
  if (!running()) return;
  if (std::exchange(disk_done_while_paused_, false)) storage_.end_round();
  run(now);
  for (HeldRequest& held : std::exchange(held_, {})) {
    if (running())
      request(now, held.token, std::move(held.method), std::move(held.target), std::move(held.body));
  }
}

// --- What comes -------------------------------------------------------------------------------------------

void Node::deliver(MonotonicTime now, NodeId from, Bytes payload) {
  inbox_.messages.push_back({from, std::move(payload)});
  if (!paused_) run(now);
}

void Node::request(MonotonicTime now, std::uint64_t token, std::string method, std::string target,
                   std::string body) {
  if (paused_) {
    held_.push_back({token, std::move(method), std::move(target), std::move(body)});
    return;
  }
  host::HttpRequest request{method_of(method), std::move(target), std::move(body)};
  host::Call call = host::route_request(request);
  if (const auto* fault = std::get_if<host::HttpFault>(&call.what)) return answer(token, *fault);
  auto* command = std::get_if<host::KvCall>(&call.what);
  ORDEAL_CHECK(command != nullptr);  // Clients ask for nothing else.
  if (!command->read_only && storage_.disk_full())
    return answer(token, host::make_fault(host::ApiError::kDiskFull, "the disk is full"));
  inbox_.submissions.push_back({token, std::move(command->command), command->read_only});
  run(now);
}

void Node::disk_done(MonotonicTime now) {
  if (paused_) {
    disk_done_while_paused_ = true;
    return;
  }
  storage_.end_round();
  run(now);
}

void Node::wake(MonotonicTime now) {
  if (!paused_) run(now);
}

bool Node::transfer(MonotonicTime now, NodeId target) {
  const auto agreed = std::make_shared<bool>(false);
  control(now, [target, agreed](host::Core& core, Now at) {
    *agreed = core.transfer_leadership(at, target).ok();
  });
  return *agreed;
}

bool Node::change_members(MonotonicTime now, const Membership& members) {
  const auto agreed = std::make_shared<bool>(false);
  control(now, [members, agreed](host::Core& core, Now at) {
    *agreed = core.change_members(at, members.voters, members.learners).ok();
  });
  return *agreed;
}

void Node::control(MonotonicTime now, host::Control control) {
  if (!running()) return;
  inbox_.controls.push_back(std::move(control));
  if (!paused_) run(now);
}

// --- The core ---------------------------------------------------------------------------------------------

void Node::run(MonotonicTime now) {
  do {
    const Now local = clock_.read(now);
    const Status status = core_->turn(local, inbox_);
    if (!status.ok()) refuse_data(status.error().message);
    if (failure_) {
      const std::string reason = *std::exchange(failure_, std::nullopt);
      stop(/*power=*/false);
      return refused_data_ ? outlet_.refused(id_, reason) : outlet_.ended(id_, reason);
    }
  } while (core_->owes_turn() || !inbox_.empty());
  if (const auto length = storage_.began_round()) outlet_.disk_busy(id_, *length);
  outlet_.wake_at(id_, clock_.when(core_->next_wake(), now));
}

void Node::hand_over(std::vector<host::Delivery>& deliveries, std::vector<host::Outgoing>& messages) {
  for (host::Outgoing& message : messages) outlet_.send(id_, message.to, std::move(message.payload));
  for (const host::Delivery& delivery : deliveries) {
    const auto* reply = std::get_if<Bytes>(&delivery.result);
    if (reply != nullptr) {
      answer(delivery.token, host::reply_answer(*reply));
    } else {
      answer(delivery.token, host::refusal_fault(std::get<host::Refused>(delivery.result), {}, false));
    }
  }
  messages.clear();
  deliveries.clear();
}

void Node::answer(std::uint64_t token, const host::HttpAnswer& answer) {
  if (const auto* content = std::get_if<host::HttpContent>(&answer)) {
    outlet_.answer(id_, token, content->status, content->body);
  } else {
    const auto& fault = std::get<host::HttpFault>(answer);
    outlet_.answer(id_, token, host::row_of(fault.error).status, host::print_fault(fault));
  }
}

void Node::happened(const Event& event) {
  if (event.name == "storage-error") refuse_data(event.text);
  outlet_.happened(id_, event);
}

void Node::advanced(host::StorageProgress progress) {
  inbox_.storage.push_back(std::move(progress));
}

void Node::refuse_data(std::string reason) {
  // A sync that failed before explains what cannot be read now.
  if (failure_) return;
  failure_ = std::move(reason);
  refused_data_ = true;
}

void Node::failed(Error error) {
  if (!failure_) failure_ = std::move(error.message);
}

}  // namespace ordeal::sim
