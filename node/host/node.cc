#include "node/host/node.h"

#include "node/host/answers.h"
#include "node/host/clock.h"
#include "node/host/core_thread.h"
#include "node/host/duties/replies.h"
#include "node/host/http_server.h"
#include "node/host/metrics.h"
#include "node/host/peers.h"
#include "node/host/protocols.h"
#include "node/kv/state_machine.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <unistd.h>
#include <boost/asio.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <iterator>
#include <map>
#include <random>

namespace ordeal::host {
namespace {

namespace asio = boost::asio;
using SystemError = boost::system::error_code;

// A clean stop lets requests that are at work finish, but not for ever.
constexpr int kStopSteps = 50;
constexpr std::chrono::milliseconds kStopStep{20};
constexpr std::chrono::milliseconds kDiskPeriod{100};  // how often the peers may be told of the disk

// Open files that are not clients': RocksDB's, peers', logs.
constexpr std::uint64_t kOtherFiles = 700;

/// Takes what the system allows, and gives how many connections of clients leave room for the rest. Were
/// there more, RocksDB could not open its next file, and the node would end.
std::uint64_t clients_that_fit(std::uint64_t wanted) {
  rlimit files{};
  // Ignored: without the numbers nothing is limited here, and the system still limits.
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return wanted;
  files.rlim_cur = files.rlim_max;
  static_cast<void>(setrlimit(RLIMIT_NOFILE, &files));
  const std::uint64_t fit =
      files.rlim_cur > 2 * kOtherFiles ? files.rlim_cur - kOtherFiles : std::uint64_t{files.rlim_cur} / 2;
  if (fit >= wanted) return wanted;
  spdlog::warn("{} files may be open, so {} clients are taken and not {}; raise it with ulimit -n",
               std::uint64_t{files.rlim_cur}, fit, wanted);
  return std::max<std::uint64_t>(fit, 1);
}

template <class T>
void append(std::vector<T>& from, std::vector<T>& to) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
  from.clear();
}

int exit_code_of(const Error& error) {
  if (error.code == ErrorCode::kInvalidArgument) return kExitBadArguments;
  return error.code == ErrorCode::kCorruption ? kExitStorage : kExitInternal;
}

class Node : private HttpHandler, private CoreOutlet {
 public:
  Node(const NodeOptions& options)
      : options_(options),
        io_(1),
        signals_(io_, SIGTERM, SIGINT),
        stop_timer_(io_),
        disk_timer_(io_),
        metrics_(options.plants),
        rng_(seed()),
        machine_(kv::make_kv_state_machine()),
        core_thread_({[this](const Error& error) { fail(error); },
                      [this](Duration sync, std::uint64_t bytes) { metrics_.storage_write(sync, bytes); }}) {}

  /// Binds the ports first, so that a busy one leaves the data as it was.
  Status open(const OpenStorage& open_storage) {
    if (Status status = listen(); !status.ok()) return status;
    auto storage = open_storage(left_out_of_snapshots(options_));
    if (!storage.ok()) return storage.error();
    storage_ = std::move(*storage);
    storage_->start(core_thread_);
    auto protocol =
        make_protocol(options_, storage_->view(), storage_->applied_at_open(), read_clocks(), rng_);
    if (!protocol.ok()) return protocol.error();
    protocol_ = std::move(*protocol);
    core_.emplace(CoreParts{.self = options_.id,
                            .storage = storage_.get(),
                            .protocol = protocol_.get(),
                            .machine = machine_.get(),
                            .outlet = this,
                            .request_memory = options_.request_timeout + seconds(1)},
                  rng_.split("core"));
    return {};
  }

  int run() {
    announce();
    signals_.async_wait([this](SystemError error, int signal) {
      if (!error) begin_stop(signal);
    });
    core_thread_.start(*core_);
    watch_disk();
    io_.run();
    if (failure_) return kExitStorage;
    spdlog::info("{} stopped", node_name(options_.id));
    return kExitStopped;
  }

  /// Ends the threads in the order in which they use each other.
  void close() {
    if (http_) http_->stop();
    if (peers_) peers_->stop();
    core_thread_.stop();
    if (storage_) storage_->stop();
  }

  [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }

 private:
  static std::uint64_t seed() {
    std::random_device device;
    return static_cast<std::uint64_t>(device()) << 32 | device();
  }

  Status listen() {
    HttpServerOptions http;
    http.listen = options_.listen;
    http.request_timeout = options_.request_timeout;
    http.receive_max = options_.receive_timeout;
    http.idle_max = options_.idle_timeout;
    http.connections_max = clients_that_fit(options_.clients_max);
    auto server = make_http_server(io_, std::move(http), *this);
    if (!server.ok()) return server.error();
    http_ = std::move(*server);

    PeersOptions peers;
    peers.cluster = options_.cluster;
    peers.self = options_.id;
    peers.peers = options_.peers;
    peers.listen = options_.peer_listen;
    auto transport = make_peer_transport(io_, std::move(peers), [this](PeerMessage message) {
      messages_.push_back(std::move(message));
      submit_soon();
    });
    if (!transport.ok()) return transport.error();
    peers_ = std::move(*transport);
    return {};
  }

  void announce() const {
    spdlog::info("{} of cluster '{}' serves clients on {} and peers on {}; incarnation {}, seed {}",
                 node_name(options_.id), options_.cluster, to_text(options_.listen),
                 to_text(options_.peer_listen), storage_->incarnation(), rng_.seed());
    for (const std::string& plant : options_.plants)
      spdlog::warn("PLANTED BUG {} IS ON: this node is wrong on purpose", plant);
  }

  // --- From clients and peers to the core. On the I/O thread.

  void handle(ClientToken token, Call call) override {
    if (auto* command = std::get_if<KvCall>(&call.what)) return handle_command(token, *command);
    if (std::holds_alternative<HealthCall>(call.what)) return http_->answer(token, health());
    if (stopping_) return http_->answer(token, make_fault(ApiError::kStopping, "the node is stopping"));
    if (std::holds_alternative<StatusCall>(call.what)) return ask_status(token, /*metrics=*/false);
    if (std::holds_alternative<MetricsCall>(call.what)) return ask_status(token, /*metrics=*/true);
    if (const auto* leadership = std::get_if<LeadershipCall>(&call.what)) {
      return ask_change(token, [target = leadership->target](Core& core, Now now) {
        return core.transfer_leadership(now, target);
      });
    }
    change_members(token, std::get<MembersCall>(call.what).members);
  }

  void handle_command(ClientToken token, KvCall& call) {
    if (stopping_) return http_->answer(token, make_fault(ApiError::kStopping, "the node is stopping"));
    if (!call.read_only && storage_->disk_full()) return refuse_full_disk(token, options_.id);
    if (!call.read_only && options_.on_follower == OnFollower::kForward && peers_->any_disk_full())
      return submit_unless_leader_is_full(token, std::move(call.command));
    submissions_.push_back({token, std::move(call.command), call.read_only});
    submit_soon();
  }

  void refuse_full_disk(ClientToken token, NodeId node) {
    http_->answer(token,
                  make_fault(ApiError::kDiskFull,
                             fmt::format("the disk of {} is full; free space there", node_name(node))));
  }

  /// A leader refuses the writes of its own clients while its disk is full, and so does who would forward one
  /// to it. It could not: what reaches its core is in its log, written or not.
  void submit_unless_leader_is_full(ClientToken token, Bytes command) {
    core_thread_.control([this, token, command = std::move(command)](const Core& core, Now) {
      asio::post(io_, [this, token, command, leader = core.status().leader] {
        if (peers_->disk_full(leader)) return refuse_full_disk(token, leader);
        submissions_.push_back({token, command, /*read_only=*/false});
        submit_soon();
      });
    });
  }

  void watch_disk() {
    if (const bool full = storage_->disk_full(); full != told_full_) {
      told_full_ = full;
      peers_->tell_disk_full(full);
      if (full) {
        spdlog::warn("the disk is full: writes are refused until {} has more than {} MiB of free space",
                     options_.data, options_.disk_reserve_mib);
      } else {
        spdlog::info("the disk has room again: writes are taken");
      }
    }
    disk_timer_.expires_after(kDiskPeriod);
    disk_timer_.async_wait([this](SystemError error) {
      if (!error) watch_disk();
    });
  }

  /// After the handlers that are ready now: what they bring goes to the core in one go.
  void submit_soon() {
    if (submit_posted_) return;
    submit_posted_ = true;
    asio::post(io_, [this] {
      submit_posted_ = false;
      core_thread_.submit(submissions_, messages_);
    });
  }

  [[nodiscard]] HttpAnswer health() const {
    if (stopping_) return HttpContent{R"({"ok":false,"reason":"stopping"})", "application/json", 503};
    return HttpContent{R"({"ok":true})"};
  }

  [[nodiscard]] Gauges gauges(ProtocolStatus status, std::map<std::string, std::uint64_t> events) const {
    return {std::move(status),     peers_->stats(),         http_->connections(),
            storage_->disk_full(), storage_->incarnation(), std::move(events)};
  }

  void ask_status(ClientToken token, bool metrics) {
    core_thread_.control([this, token, metrics](const Core& core, Now) {
      asio::post(io_, [this, token, metrics, status = core.status(), events = events_] {
        const Gauges now = gauges(status, events);
        HttpContent content;
        if (metrics) {
          content.type = "text/plain; version=0.0.4; charset=utf-8";
          content.body = metrics_.print(now);
        } else {
          content.body = print_status(options_, now, getpid());
        }
        http_->answer(token, std::move(content));
      });
    });
  }

  template <class Change>
  void ask_change(ClientToken token, Change change) {
    core_thread_.control([this, token, change](Core& core, Now now) {
      const Status status = change(core, now);
      HttpAnswer answer = HttpContent{R"({"accepted":true})"};
      if (!status.ok()) answer = control_fault(options_, status.error(), core.status());
      asio::post(io_, [this, token, answer] { http_->answer(token, answer); });
    });
  }

  void change_members(ClientToken token, const Members& members) {
    for (const auto* nodes : {&members.voters, &members.learners}) {
      for (const NodeId node : *nodes) {
        if (options_.peers.contains(node)) continue;
        return http_->answer(
            token,
            make_fault(ApiError::kBadRequest, fmt::format("{} has no --peer at this node", node_name(node))));
      }
    }
    ask_change(token, [members](Core& core, Now now) {
      return core.change_members(now, members.voters, members.learners);
    });
  }

  void answered(Route route, const HttpAnswer& answer, Duration length) override {
    metrics_.request(route, outcome_of(answer), length);
  }

  // --- From the core to clients and peers. hand_over is on the core's thread, deliver on the I/O thread.

  void hand_over(std::vector<Delivery>& deliveries, std::vector<Outgoing>& messages) override {
    bool post = false;
    {
      const std::lock_guard lock(mutex_);
      append(deliveries, deliveries_);
      append(messages, outgoing_);
      post = !deliver_posted_;
      deliver_posted_ = true;
    }
    if (post) asio::post(io_, [this] { deliver(); });
  }

  void deliver() {
    std::vector<Delivery> deliveries;
    std::vector<Outgoing> messages;
    {
      const std::lock_guard lock(mutex_);
      deliver_posted_ = false;
      deliveries.swap(deliveries_);
      messages.swap(outgoing_);
    }
    if (!messages.empty()) peers_->send(messages);
    for (Delivery& delivery : deliveries) {
      const auto* reply = std::get_if<Bytes>(&delivery.result);
      http_->answer(delivery.token,
                    reply != nullptr ? reply_answer(*reply) : refuse(std::get<Refused>(delivery.result)));
    }
  }

  [[nodiscard]] HttpFault refuse(const Refused& refused) const {
    return refusal_fault(refused, endpoint_of(options_, refused.leader),
                         options_.on_follower == OnFollower::kRedirect);
  }

  void happened(const Event& event) override {
    if (event.name == "storage-error") return core_thread_.failed({ErrorCode::kInternal, event.text});
    ++events_[event.name];
    spdlog::info("{}: {}", event.name, event.text);
  }

  // --- The end

  void begin_stop(int signal) {
    spdlog::info("{} stops on signal {}", node_name(options_.id), signal);
    stopping_ = true;
    stop_when_quiet(kStopSteps);
  }

  void stop_when_quiet(int steps) {
    if (steps == 0 || http_->working() == 0) return io_.stop();
    stop_timer_.expires_after(kStopStep);
    stop_timer_.async_wait([this, steps](SystemError error) {
      if (!error) stop_when_quiet(steps - 1);
    });
  }

  /// From any thread.
  void fail(const Error& error) {
    asio::post(io_, [this, error] {
      failure_ = error;
      io_.stop();
    });
  }

  const NodeOptions& options_;
  asio::io_context io_;
  asio::signal_set signals_;
  asio::steady_timer stop_timer_;
  asio::steady_timer disk_timer_;
  Metrics metrics_;
  std::map<std::string, std::uint64_t> events_;  // by name; of the core's thread
  Rng rng_;
  std::unique_ptr<StateMachine> machine_;
  CoreThread core_thread_;
  std::unique_ptr<Storage> storage_;
  std::unique_ptr<Protocol> protocol_;
  std::optional<Core> core_;
  std::unique_ptr<PeerTransport> peers_;
  std::unique_ptr<HttpServer> http_;

  // Of the I/O thread.
  std::vector<Submission> submissions_;
  std::vector<PeerMessage> messages_;
  bool submit_posted_ = false;
  bool stopping_ = false;   // only becomes true
  bool told_full_ = false;  // what the peers were told last of the disk
  std::optional<Error> failure_;

  std::mutex mutex_;
  std::vector<Delivery> deliveries_;  // guarded by mutex_
  std::vector<Outgoing> outgoing_;    // guarded by mutex_
  bool deliver_posted_ = false;       // guarded by mutex_
};

}  // namespace

int run_node(const NodeOptions& options, const OpenStorage& open_storage) {
  if (const Status status = check_protocol(options); !status.ok()) {
    spdlog::critical(status.error().message);
    return kExitBadArguments;
  }
  Node node(options);
  if (const Status status = node.open(open_storage); !status.ok()) {
    node.close();
    spdlog::critical(status.error().message);
    return exit_code_of(status.error());
  }
  const int exit_code = node.run();
  node.close();
  if (node.failure()) spdlog::critical("storage error, the node stops: {}", node.failure()->message);
  return exit_code;
}

}  // namespace ordeal::host
