#include "nemesis/agent/agent.h"

#include "nemesis/agent/capabilities.h"
#include "nemesis/agent/clock.h"
#include "nemesis/agent/http_server.h"
#include "nemesis/agent/metrics.h"
#include "nemesis/agent/probe_port.h"
#include "nemesis/agent/routes.h"
#include "nemesis/agent/service.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

namespace ordeal::agent {
namespace {

namespace asio = boost::asio;

Result<std::string> read_token(const std::string& path) {
  auto text = read_small_file(path);
  if (!text) return Error{ErrorCode::kInvalidArgument, "--token-file: " + text.error().message};
  while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) text->pop_back();
  const bool printable = text->find_first_of(" \t\r\n") == std::string::npos;
  if (text->empty() || !printable)
    return Error{ErrorCode::kInvalidArgument, fmt::format("--token-file: {} must hold one word", path)};
  return *text;
}

/// Two agents in one namespace would undo each other's work.
Result<Fd> lock_state(const std::string& directory) {
  if (mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST)
    return Error{ErrorCode::kInvalidArgument, fmt::format("--state {}: {}", directory, std::strerror(errno))};
  Fd lock(open((directory + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock.is_open())
    return Error{ErrorCode::kInvalidArgument, fmt::format("--state {}: {}", directory, std::strerror(errno))};
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0)
    return Error{ErrorCode::kUnavailable, fmt::format("another agent runs with --state {}", directory)};
  return lock;
}

/// Whether rules can be written in the namespace that we are in; the trials may have been made in another.
Status check_privilege(Family family) {
  const auto chain = read_chain(family);
  if (chain || chain.error().code == ErrorCode::kUnsupported) return {};
  return Error{
      ErrorCode::kPermissionDenied,
      fmt::format(
          "cannot use the packet filter of this network namespace: run as root with CAP_NET_ADMIN in it, "
          "or as an ordinary user inside `unshare -Urnm` ({})",
          chain.error().message)};
}

/// The families in which partitions are possible here. Lack of privilege is an error, lack of anything else
/// is not.
Result<std::vector<Family>> usable_families(const Capabilities& capabilities, const Options& options) {
  std::vector<Family> families;
  for (const Family family : kFamilies) {
    const bool needed = std::any_of(options.peers.begin(), options.peers.end(),
                                    [&](const auto& peer) { return !peer.second.of(family).empty(); });
    if (!needed) continue;
    const Capability& filter = capabilities.at(family == Family::kIpv4 ? kFilterIpv4 : kFilterIpv6);
    if (!filter.available) spdlog::warn("no partitions over {}: {}", to_text(family), filter.detail);
    if (Status allowed = check_privilege(family); !allowed && family == Family::kIpv4) return allowed.error();
    if (filter.available) families.push_back(family);
  }
  return families;
}

/// The agent while it runs.
class Running {
 public:
  Running(const Options& options, std::string token, Capabilities capabilities, PacketFilter filter,
          Guardian guardian)
      : capabilities_(std::move(capabilities)),
        metrics_(node_name(options.node)),
        service_(std::move(filter), Replica(options.pid_file), std::move(guardian), UndoFile(options.state),
                 metrics_),
        probes_(io_, options.peers, options.node, options.probe_port, metrics_),
        routes_(service_, probes_, metrics_, capabilities_, others_of(options),
                [this](std::function<void()> work) { on_worker(std::move(work)); }),
        server_(io_, std::move(token), [this](const HttpRequest& request, const HttpServer::Reply& reply) {
          routes_.handle(request, reply);
        }) {}

  Status run(const Options& options) {
    if (Status opened = server_.listen(options.listen); !opened) return opened;
    if (Status opened = probes_.open(); !opened) return opened;
    if (Status recovered = service_.recover(); !recovered) return recovered;
    signals_.async_wait([this](const boost::system::error_code& error, int) {
      if (!error) asio::post(worker_, [this] { shut_down(); });
    });
    server_.serve();
    std::thread worker([this] { worker_.run(); });
    spdlog::info("{} listens on {}", node_name(options.node), options.listen);
    io_.run();
    worker.join();
    return result_;
  }

 private:
  static std::set<NodeId> others_of(const Options& options) {
    std::set<NodeId> others;
    for (const auto& [node, addresses] : options.peers) {
      if (node != options.node) others.insert(node);
    }
    return others;
  }

  void on_worker(std::function<void()> work) {
    asio::post(worker_, [this, work = std::move(work)] {
      work();
      plan_tick();
    });
  }

  void plan_tick() {
    const auto next = service_.next_tick();
    if (!next) {
      tick_.cancel();
      return;
    }
    tick_.expires_after(std::chrono::nanoseconds(std::max<std::int64_t>(0, (*next - monotonic_now()).ns())));
    tick_.async_wait([this](const boost::system::error_code& error) {
      if (error) return;
      service_.tick();
      plan_tick();
    });
  }

  /// On the worker thread, after the requests that came before.
  void shut_down() {
    spdlog::info("told to end: removing every fault");
    if (const auto gone = service_.remove_all(); !gone) {
      // The guardian still has its list and goes on when we are gone.
      result_ = Error{ErrorCode::kInternal, "could not remove every fault: " + gone.error().message};
    }
    io_.stop();
    worker_.stop();
  }

  asio::io_context io_{1};
  asio::io_context worker_{1};
  asio::executor_work_guard<asio::io_context::executor_type> worker_stays_{worker_.get_executor()};
  asio::steady_timer tick_{worker_};
  asio::signal_set signals_{io_, SIGTERM, SIGINT};
  Capabilities capabilities_;
  Metrics metrics_;
  Service service_;
  ProbePort probes_;
  Routes routes_;
  HttpServer server_;
  Status result_;
};

}  // namespace

Status run_agent(const Options& options) {
  ::signal(SIGPIPE, SIG_IGN);
  auto guardian = Guardian::start();
  if (!guardian) return guardian.error();
  auto token = read_token(options.token_file);
  if (!token) return token.error();
  const auto lock = lock_state(options.state);
  if (!lock) return lock.error();
  Capabilities capabilities = find_capabilities(TryWhere::kScratchOrPlace);
  auto families = usable_families(capabilities, options);
  if (!families) return families.error();
  const bool kernel_expiry = capabilities.has(kKernelExpiry);
  if (!families->empty() && !kernel_expiry)
    spdlog::warn("rules do not expire by themselves here: {}", capabilities.at(kKernelExpiry).detail);
  Running running(options, std::move(*token), std::move(capabilities),
                  PacketFilter(options.peers, std::move(*families), kernel_expiry), std::move(*guardian));
  return running.run(options);
}

}  // namespace ordeal::agent
