#include "node/host/duties/core.h"

#include "common/check.h"

#include <algorithm>
#include <utility>

namespace ordeal::host {
namespace {

// Effects need no sync of their own. They wait for the next write of the log, so that both go to the disk in
// one batch, unless so many have gathered.
constexpr std::size_t kUnflushedMax = 512;

/// Moves those that are released to `take` and keeps the others in order.
template <class Item, class Take>
void release(std::vector<Item>& held, Ticket durable, Take take) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < held.size(); ++i) {
    if (held[i].after <= durable) {
      take(held[i]);
    } else {
      if (kept != i) held[kept] = std::move(held[i]);
      ++kept;
    }
  }
  held.resize(kept);
}

}  // namespace

Core::Core(const CoreParts& parts, Rng rng)
    : self_(parts.self),
      storage_(*parts.storage),
      protocol_(*parts.protocol),
      machine_(*parts.machine),
      outlet_(*parts.outlet),
      request_memory_(parts.request_memory),
      rng_(rng),
      applied_(parts.storage->applied_at_open()) {}

Status Core::turn(Now now, Inbox& inbox) {
  const bool tick = inbox.empty() && inputs_.empty();
  take_storage(inbox.storage);
  for (PeerMessage& message : inbox.messages) inputs_.emplace_back(std::move(message));
  forget_old(now);
  take_submissions(now, inbox.submissions);
  const std::vector<Control> controls = std::move(inbox.controls);
  inbox.clear();

  taken_.swap(inputs_);
  Output output = protocol_.step(now, rng_, taken_);
  taken_.clear();
  if (Status status = carry_out(output); !status.ok()) return status;
  for (const Control& control : controls) control(*this, now);
  if (tick || unflushed_ > kUnflushedMax) {
    storage_.flush();
    unflushed_ = 0;
  }
  if (!deliveries_.empty() || !messages_.empty()) outlet_.hand_over(deliveries_, messages_);
  return {};
}

void Core::take_storage(std::vector<StorageProgress>& progress) {
  for (StorageProgress& step : progress) {
    storage_.settle(step);
    if (step.durable > durable_) {
      durable_ = step.durable;
      inputs_.emplace_back(StorageDone{durable_});
    }
    for (Input& input : step.inputs) {
      if (const auto* installed = std::get_if<SnapshotInstalled>(&input)) applied_ = installed->index;
      inputs_.push_back(std::move(input));
    }
  }
  if (!progress.empty()) release_held();
}

void Core::take_submissions(Now now, std::vector<Submission>& submissions) {
  for (Submission& submission : submissions) {
    const RequestId id = first_pending_ + pending_.size();
    pending_.push_back({submission.token, now.monotonic + request_memory_, true});
    inputs_.emplace_back(ClientRequest{id, std::move(submission.command), submission.read_only});
  }
}

void Core::forget_old(Now now) {
  while (!pending_.empty() && (!pending_.front().open || pending_.front().until <= now.monotonic)) {
    pending_.pop_front();
    ++first_pending_;
  }
}

Status Core::carry_out(Output& output) {
  take_writes(output.writes);
  send(output.sends);
  Executed executed;
  if (Status status = execute(output.committed, executed); !status.ok()) return status;
  if (Status status = answer(output.answers, executed); !status.ok()) return status;
  if (!output.committed.empty() || !executed.replies.empty()) {
    executed.index = applied_;
    inputs_.emplace_back(std::move(executed));
  }
  for (const Refusal& refusal : output.refusals) refuse(refusal);
  for (ForwardedReply& reply : output.forwarded_replies) deliver(reply.id, std::move(reply.reply));
  for (SnapshotStep& step : output.snapshots) storage_.carry_out(std::move(step), applied_);
  if (!output.snapshots.empty()) storage_.flush();
  for (const Event& event : output.events) outlet_.happened(event);
  next_wake_ = output.next_wake;
  outlet_.stepped();
  return {};
}

void Core::take_writes(std::vector<Write>& writes) {
  if (writes.empty()) return;
  for (Write& write : writes) storage_.write(write.ticket, std::move(write.batch));
  // Now and not at the end of the turn: the disk works while entries are executed.
  storage_.flush();
  unflushed_ = 0;
}

void Core::send(std::vector<Send>& sends) {
  for (Send& send : sends) {
    if (send.after <= durable_) {
      messages_.push_back({send.to, std::move(send.payload)});
    } else {
      held_sends_.push_back(std::move(send));
    }
  }
}

Status Core::execute(const std::vector<CommittedEntry>& entries, Executed& executed) {
  for (const CommittedEntry& entry : entries) {
    ORDEAL_CHECK(entry.index > applied_);
    applied_ = entry.index;
    ++unflushed_;
    if (entry.command.empty()) {
      storage_.apply({}, entry.index);
      continue;
    }
    auto applied = machine_.apply(storage_.view(), entry.index, entry.command);
    if (!applied.ok()) return applied.error();
    storage_.apply(std::move(applied->batch), entry.index);
    if (entry.origin) reply_to(*entry.origin, std::move(applied->reply), executed);
  }
  return {};
}

Status Core::answer(const std::vector<Answer>& answers, Executed& executed) {
  for (const Answer& asked : answers) {
    auto reply = machine_.answer(storage_.view(), applied_, asked.command);
    if (!reply.ok()) return reply.error();
    reply_to(asked.origin, std::move(*reply), executed);
  }
  return {};
}

void Core::refuse(const Refusal& refusal) {
  if (refusal.after > durable_) {
    held_refusals_.push_back(refusal);
  } else {
    deliver(refusal.id, Refused{refusal.code, refusal.leader});
  }
}

void Core::release_held() {
  release(held_sends_, durable_, [&](Send& send) {
    messages_.push_back({send.to, std::move(send.payload)});
  });
  release(held_refusals_, durable_, [&](const Refusal& refusal) {
    deliver(refusal.id, Refused{refusal.code, refusal.leader});
  });
}

void Core::reply_to(const Origin& origin, Bytes reply, Executed& executed) {
  if (origin.node == self_) {
    deliver(origin.id, std::move(reply));
  } else {
    executed.replies.push_back({origin.node, origin.id, std::move(reply)});
  }
}

void Core::deliver(RequestId id, std::variant<Bytes, Refused> result) {
  // A request of an earlier life of this process, or one that was forgotten: nobody waits any more.
  if (id < first_pending_ || id - first_pending_ >= pending_.size()) return;
  Pending& pending = pending_[id - first_pending_];
  if (!pending.open) return;
  pending.open = false;
  deliveries_.push_back({pending.token, std::move(result)});
}

Status Core::transfer_leadership(Now now, NodeId target) {
  LeadershipControl* control = protocol_.leadership();
  if (control == nullptr) return Error{ErrorCode::kUnsupported, "this protocol has no leader to move"};
  auto output = control->transfer(now, rng_, target);
  return output.ok() ? carry_out(*output) : Status(output.error());
}

Status Core::change_members(Now now, std::vector<NodeId> voters, std::vector<NodeId> learners) {
  MembershipControl* control = protocol_.membership();
  if (control == nullptr) return Error{ErrorCode::kUnsupported, "this protocol has a fixed membership"};
  auto output = control->change(now, rng_, std::move(voters), std::move(learners));
  return output.ok() ? carry_out(*output) : Status(output.error());
}

}  // namespace ordeal::host
