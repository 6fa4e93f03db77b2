#include "controller/env/local.h"

#include "controller/env/agent_wire.h"
#include "controller/env/clocks.h"
#include "controller/env/transport.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace ordeal::env {
namespace {

namespace fs = std::filesystem;

/// Above the time that a supervisor gives its replica.
constexpr Duration kStopLimit = seconds(12);
constexpr Duration kHealthGap = milliseconds(50);
constexpr Duration kNodeHealthTimeout = seconds(1);

Error no_directory(const std::string& path, const std::error_code& error) {
  return {ErrorCode::kPermissionDenied,
          fmt::format("cannot make {}: {}; choose another place, or free space", path, error.message())};
}

/// A new network namespace, held by a descriptor alone; this process stays where it is.
Result<Fd> make_network_namespace() {
  const Fd home(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!home.open() || ::unshare(CLONE_NEWNET) != 0)
    return Error{
        ErrorCode::kUnsupported,
        fmt::format("cannot make a network namespace: {}; see `ordeal doctor`", std::strerror(errno))};
  Fd made(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
  ORDEAL_CHECK(::setns(home.get(), CLONE_NEWNET) == 0);
  if (!made.open())
    return Error{ErrorCode::kResourceExhausted,
                 fmt::format("cannot hold a network namespace: {}; raise `ulimit -n`", std::strerror(errno))};
  return made;
}

Status run_ip(const std::string& commands, int network_namespace) {
  auto output = run_command({"ip", "-batch", "-"}, commands, network_namespace);
  if (!output.ok())
    return Error{ErrorCode::kUnsupported, output.error().code == ErrorCode::kNotFound
                                              ? "there is no program `ip`: apt-get install iproute2"
                                              : fmt::format("cannot run `ip`: {}", output.error().message)};
  if (output->exit_code == 0) return {};
  return Error{
      ErrorCode::kUnsupported,
      fmt::format("`ip` could not build the network: {}; the commands were:\n{}", output->text, commands)};
}

std::string peer_flag(const Endpoint& endpoint) {
  return fmt::format("{}={}:{}/{}:{}", node_name(endpoint.node), endpoint.ipv4, endpoint.peer_port,
                     endpoint.ipv4, endpoint.api_port);
}

/// A replica that ended otherwise than by SIGKILL.
struct ReplicaEnd {
  std::uint64_t incarnation = 0;  ///< 0: none did
  std::string how;
};

/// From the file in which a supervisor notes its replica. Nothing when it cannot be read, as before it is
/// there.
ReplicaEnd read_replica_end(const std::string& pid_file) {
  std::ifstream stream(pid_file);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  boost::system::error_code error;
  const boost::json::value note = boost::json::parse(text, error);
  const boost::json::object* object = error ? nullptr : note.if_object();
  const boost::json::value* ended = object == nullptr ? nullptr : object->if_contains("ended");
  const boost::json::value* how = object == nullptr ? nullptr : object->if_contains("how");
  if (ended == nullptr || !ended->is_int64() || ended->get_int64() <= 0 || how == nullptr ||
      !how->is_string())
    return {};
  return {static_cast<std::uint64_t>(ended->get_int64()), std::string(how->get_string())};
}

/// Processes of this PID namespace other than init and this one.
std::vector<std::string> strangers() {
  std::vector<std::string> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename();
    int pid = 0;
    const auto [end, problem] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (problem != std::errc() || *end != '\0' || pid <= 1 || pid == ::getpid()) continue;
    std::error_code zombie;  // has no program any more; init is about to reap it
    if (fs::read_symlink(entry.path() / "exe", zombie).empty()) continue;
    std::ifstream comm(entry.path() / "comm");
    std::string command;
    std::getline(comm, command);
    found.push_back(fmt::format("{} (pid {})", command, pid));
  }
  return found;
}

/// Of Process::ended, when a node's flags are wrong.
constexpr std::string_view kEndedByBadSettings = "exit code 254";

std::string not_healthy(std::string_view program, NodeId node, std::string_view why, const Process& process) {
  return fmt::format("{} of {} {}; the end of {}:\n{}", program, node_name(node), why, process.log(),
                     tail(process.log()));
}

}  // namespace

std::string program_folder() {
  std::error_code error;
  const fs::path path = fs::read_symlink("/proc/self/exe", error);
  return error ? "." : path.parent_path().string();
}

LocalCluster::LocalCluster(Options options) : options_(std::move(options)) {
  endpoints_ = plan_endpoints(options_.nodes);
  if (options_.programs.empty()) options_.programs = program_folder();
}

LocalCluster::~LocalCluster() {
  // Ignored: who wants to know what had to be killed calls stop().
  stop();
}

Result<std::unique_ptr<LocalCluster>> LocalCluster::start(Options options) {
  if (options.nodes < 1 || options.nodes > kNodesMax)
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("a local cluster has 1 to {} nodes, not {}", kNodesMax, options.nodes)};
  std::unique_ptr<LocalCluster> cluster(new LocalCluster(std::move(options)));
  if (Status status = cluster->set_up(); !status.ok()) return status.error();
  return cluster;
}

Status LocalCluster::set_up() {
  if (Status status = make_token(); !status.ok()) return status;
  if (Status status = make_network(); !status.ok()) return status;
  for (Member& member : members_) {
    if (Status status = start_node(member); !status.ok()) return status;
    if (Status status = start_agent(member); !status.ok()) return status;
  }
  return wait_until_healthy();
}

Status LocalCluster::make_token() {
  std::array<unsigned char, 24> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    return Error{ErrorCode::kInternal, "getrandom gave too few bytes"};
  for (const unsigned char byte : bytes) token_ += fmt::format("{:02x}", byte);
  std::error_code error;
  fs::create_directories(options_.data_directory, error);
  if (error) return no_directory(options_.data_directory, error);
  const std::string path = options_.data_directory + "/token";
  const Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file.open() ||
      ::write(file.get(), token_.data(), token_.size()) != static_cast<ssize_t>(token_.size()))
    return Error{ErrorCode::kPermissionDenied,
                 fmt::format("cannot write {}: {}; choose another data directory, or free space", path,
                             std::strerror(errno))};
  return {};
}

Status LocalCluster::make_network() {
  std::vector<std::string> paths;
  for (const Endpoint& endpoint : endpoints_) {
    auto made = make_network_namespace();
    if (!made.ok()) return made.error();
    Member member;
    member.endpoint = endpoint;
    member.network_namespace = std::move(made).value();
    member.data = fmt::format("{}/{}", options_.data_directory, node_name(endpoint.node));
    // `ip` is another process: it finds the namespace through our descriptor.
    paths.push_back(fmt::format("/proc/{}/fd/{}", ::getpid(), member.network_namespace.get()));
    members_.push_back(std::move(member));
  }
  if (Status status = run_ip(bridge_commands(endpoints_, paths), -1); !status.ok()) return status;
  for (const Member& member : members_) {
    if (Status status = run_ip(node_commands(member.endpoint), member.network_namespace.get()); !status.ok())
      return status;
  }
  return {};
}

Status LocalCluster::start_node(Member& member) {
  const Endpoint& endpoint = member.endpoint;
  std::error_code error;
  fs::create_directories(member.data, error);
  if (error) return no_directory(member.data, error);
  Process::Options options;
  options.name = fmt::format("ordeal-node of {}", node_name(endpoint.node));
  options.log = fmt::format("{}/node-{}.log", options_.log_directory, endpoint.node);
  options.network_namespace = member.network_namespace.get();
  options.command = {options_.programs + "/ordeal-node",
                     "--supervised",
                     "--pid-file",
                     pid_file(member),
                     "--id",
                     node_name(endpoint.node),
                     "--cluster",
                     options_.name,
                     "--data",
                     member.data + "/store",
                     "--listen",
                     fmt::format("{}:{}", endpoint.ipv4, endpoint.api_port),
                     "--peer-listen",
                     fmt::format("{}:{}", endpoint.ipv4, endpoint.peer_port),
                     "--protocol",
                     options_.protocol};
  for (const Endpoint& peer : endpoints_) {
    options.command.insert(options.command.end(), {"--peer", peer_flag(peer)});
  }
  for (const auto& [name, value] : options_.node_flags) {
    options.command.insert(options.command.end(), {"--" + name, value});
  }
  for (const std::string& plant : options_.plants) {
    options.command.insert(options.command.end(), {"--plant", plant});
  }
  auto process = Process::start(std::move(options));
  if (!process.ok()) return process.error();
  member.node = std::make_unique<Process>(std::move(process).value());
  return {};
}

Status LocalCluster::start_agent(Member& member) {
  const Endpoint& endpoint = member.endpoint;
  const std::string state = member.data + "/agent";
  std::error_code error;
  fs::create_directories(state, error);
  if (error) return no_directory(state, error);
  Process::Options options;
  options.name = fmt::format("ordeal-agent of {}", node_name(endpoint.node));
  options.log = fmt::format("{}/agent-{}.log", options_.log_directory, endpoint.node);
  options.network_namespace = member.network_namespace.get();
  // Each node has its own tables: a lock of its own too, where the user may write.
  options.environment = {fmt::format("XTABLES_LOCKFILE={}/xtables.lock", state)};
  options.command = {options_.programs + "/ordeal-agent",
                     "--node",
                     node_name(endpoint.node),
                     "--listen",
                     fmt::format("{}:{}", endpoint.ipv4, endpoint.agent_port),
                     "--token-file",
                     options_.data_directory + "/token",
                     "--pid-file",
                     pid_file(member),
                     "--probe-port",
                     fmt::format("{}", kProbePort),
                     "--state",
                     state};
  for (const Endpoint& peer : endpoints_) {
    options.command.insert(options.command.end(),
                           {"--peer", fmt::format("{}={},{}", node_name(peer.node), peer.ipv4, peer.ipv6)});
  }
  auto process = Process::start(std::move(options));
  if (!process.ok()) return process.error();
  member.agent = std::make_unique<Process>(std::move(process).value());
  return {};
}

Status LocalCluster::find_dead() {
  for (Member& member : members_) {
    for (Process* process : {member.node.get(), member.agent.get()}) {
      if (const auto how = process->ended()) {
        const char* program = process == member.node.get() ? "ordeal-node" : "ordeal-agent";
        if (process == member.node.get() && *how == kEndedByBadSettings)
          return Error{ErrorCode::kInvalidArgument,
                       fmt::format("ordeal-node refuses its settings (see `node` in the plan):\n{}",
                                   tail(process->log()))};
        return Error{ErrorCode::kUnavailable, not_healthy(program, member.endpoint.node,
                                                          fmt::format("ended with {}", *how), *process)};
      }
    }
  }
  return {};
}

Status LocalCluster::wait_until_healthy() {
  Transport transport;
  const MonotonicTime deadline = monotonic_now() + options_.start_timeout;
  // Per member: 0 the node's /healthz, 1 the agent's /faults, which needs the token.
  struct Check {
    Member* member;
    bool agent;
    HttpAnswer last;
    bool healthy = false;
    bool open = false;
  };
  std::vector<Check> checks;
  for (Member& member : members_) {
    checks.push_back({&member, false, {}});
    checks.push_back({&member, true, {}});
  }
  for (;;) {
    if (Status status = find_dead(); !status.ok()) return status;
    for (Check& check : checks) {
      if (check.healthy || check.open) continue;
      HttpRequest request;
      const Endpoint& endpoint = check.member->endpoint;
      request.url = check.agent ? endpoint.agent_url() + "/faults" : endpoint.api_url() + "/healthz";
      if (check.agent) request.bearer_token = token_;
      request.timeout = kNodeHealthTimeout;
      check.open = true;
      transport.start(std::move(request), [&check](HttpAnswer answer) {
        check.open = false;
        check.healthy = answer.answered && answer.status == 200;
        check.last = std::move(answer);
      });
    }
    const MonotonicTime gap_end = monotonic_now() + kHealthGap;
    while (monotonic_now() < gap_end) transport.wait(gap_end);
    const auto sick = std::find_if(checks.begin(), checks.end(), [](const Check& c) { return !c.healthy; });
    if (sick == checks.end()) return {};
    if (sick->agent && sick->last.answered && sick->last.status == 401)
      return answer_error(sick->last, sick->member->endpoint.node);
    if (monotonic_now() < deadline) continue;
    const std::string why = fmt::format(
        "is not healthy after {}: {}", to_text(options_.start_timeout),
        sick->last.answered ? fmt::format("{} {}", sick->last.status, sick->last.body) : sick->last.reason);
    return Error{ErrorCode::kUnavailable,
                 not_healthy(sick->agent ? "ordeal-agent" : "ordeal-node", sick->member->endpoint.node, why,
                             sick->agent ? *sick->member->agent : *sick->member->node)};
  }
}

std::vector<Cluster::Death> LocalCluster::deaths() {
  std::vector<Death> found;
  for (Member& member : members_) {
    for (const bool agent : {false, true}) {
      bool& told = agent ? member.agent_dead : member.node_dead;
      Process& process = agent ? *member.agent : *member.node;
      if (told) continue;
      const auto how = process.ended();
      if (!how) continue;
      told = true;
      found.push_back({member.endpoint.node, fmt::format("{} ended with {}; the end of {}:\n{}",
                                                         agent ? "ordeal-agent" : "the supervisor", *how,
                                                         process.log(), tail(process.log()))});
    }
    const ReplicaEnd end = read_replica_end(pid_file(member));
    if (end.incarnation == member.replica_dead) continue;
    member.replica_dead = end.incarnation;
    found.push_back(
        {member.endpoint.node, fmt::format("the replica ended by itself with {}; the end of {}:\n{}", end.how,
                                           member.node->log(), tail(member.node->log()))});
  }
  return found;
}

std::vector<std::string> LocalCluster::stop() {
  std::vector<std::string> problems;
  if (stopped_) return problems;
  stopped_ = true;
  // Agents first: a dying agent takes its faults away, and nobody strikes a node that is being stopped.
  for (const bool agents : {true, false}) {
    for (Member& member : members_) {
      if (Process* process = (agents ? member.agent : member.node).get()) process->signal(SIGTERM);
    }
    for (Member& member : members_) {
      Process* process = (agents ? member.agent : member.node).get();
      if (process != nullptr && !process->wait(kStopLimit))
        problems.push_back(
            fmt::format("{} did not stop within {} and was killed", process->name(), to_text(kStopLimit)));
    }
  }
  if (::getppid() == 1) {  // only in a PID namespace of our own is every stranger one of ours
    for (const std::string& stranger : strangers())
      problems.push_back(fmt::format("left behind: {}", stranger));
  }
  for (const Member& member : members_) {
    std::error_code error;
    fs::remove_all(member.data, error);
    if (error) problems.push_back(fmt::format("cannot remove {}: {}", member.data, error.message()));
  }
  std::error_code error;
  fs::remove(options_.data_directory + "/token", error);
  fs::remove(options_.data_directory, error);  // Ignored: not empty when the caller keeps other things there
  members_.clear();
  return problems;
}

}  // namespace ordeal::env
