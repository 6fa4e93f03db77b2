#include "controller/run/plan_rules.h"

#include "nemesis/faults/catalog.h"
#include "nemesis/faults/partition.h"
#include "nemesis/faults/targets.h"
#include "workloads/catalog.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>

namespace ordeal {
namespace {

using Problem = std::optional<PlanProblem>;

constexpr std::uint32_t kNodesMax = 9;
constexpr Duration kTimeLimitMax = seconds(24 * 3600);
constexpr Duration kClientTimeoutMin = milliseconds(10);
constexpr Duration kClientTimeoutMax = seconds(600);
constexpr Duration kFaultLengthMin = milliseconds(100);
constexpr std::size_t kNameSizeMax = 64;
constexpr std::size_t kEventsMax = 1000;
constexpr std::uint64_t kTriggerCountMax = 1'000'000;

/// Flags that the environment gives to every node.
constexpr std::array<std::string_view, 17> kEnvironmentFlags = {
    "id",           "cluster",     "data",   "listen",           "peer-listen",
    "peer",         "voter",       "join",   "disk-reserve-mib", "receive-timeout",
    "idle-timeout", "clients-max", "config", "protocol",         "plant",
    "supervised",   "pid-file"};

bool contains(const std::vector<std::string_view>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Problem check_name_known(std::string path, std::string_view name,
                         const std::vector<std::string_view>& known) {
  if (contains(known, name)) return std::nullopt;
  return PlanProblem{std::move(path), fmt::format("is '{}'; allowed: {}", name, fmt::join(known, ", "))};
}

Problem check_range(std::string path, std::uint64_t value, std::uint64_t low, std::uint64_t high) {
  if (low <= value && value <= high) return std::nullopt;
  return PlanProblem{std::move(path), fmt::format("is {}; allowed: {} to {}", value, low, high)};
}

Problem check_range(std::string path, Duration value, Duration low, Duration high) {
  if (low <= value && value <= high) return std::nullopt;
  return PlanProblem{std::move(path), fmt::format("is {}; allowed: {} to {}", print_duration(value),
                                                  print_duration(low), print_duration(high))};
}

/// A range to draw from: from `low` to the run's length, and the right way round.
Problem check_span(std::string path, Duration from, Duration to, Duration low, Duration time_limit) {
  const std::string given = fmt::format("is [{}, {}]", print_duration(from), print_duration(to));
  if (to < from) return PlanProblem{std::move(path), given + ", the wrong way round"};
  if (from < low)
    return PlanProblem{std::move(path), fmt::format("{}; allowed: from {}", given, print_duration(low))};
  if (to <= time_limit) return std::nullopt;
  return PlanProblem{std::move(path), fmt::format("{}; allowed: up to time_limit, which is {}", given,
                                                  print_duration(time_limit))};
}

/// Runs the checks in order and gives the first problem.
Problem first(std::initializer_list<std::function<Problem()>> checks) {
  for (const auto& check : checks) {
    if (Problem problem = check()) return problem;
  }
  return std::nullopt;
}

/// The store names a directory after it.
Problem check_plan_name(const std::string& name) {
  const auto fits = [](char c) {
    return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || ('0' <= c && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  };
  const bool good = !name.empty() && name.size() <= kNameSizeMax && name.front() != '.' &&
                    name.front() != '-' && std::all_of(name.begin(), name.end(), fits);
  if (good) return std::nullopt;
  return PlanProblem{"name", fmt::format("is '{}'; allowed: 1 to {} of A-Z a-z 0-9 . _ -, not . or - first",
                                         name, kNameSizeMax)};
}

Problem check_workload(const Plan& plan) {
  const WorkloadPlan& workload = plan.workload;
  const std::uint64_t weights =
      std::uint64_t{workload.read_weight} + workload.write_weight + workload.cas_weight;
  return first({
      [&] { return check_name_known("workload.name", workload.name, workload_names()); },
      [&] { return check_range("workload.keys", workload.keys, 1, 1024); },
      [&] { return check_range("workload.operations_per_key", workload.operations_per_key, 1, 1'000'000); },
      [&] { return check_range("workload.concurrency_per_key", workload.concurrency_per_key, 1, 64); },
      [&] { return check_range("workload.mix.read", workload.read_weight, 0, 1000); },
      [&] { return check_range("workload.mix.write", workload.write_weight, 0, 1000); },
      [&] { return check_range("workload.mix.cas", workload.cas_weight, 0, 1000); },
      [&]() -> Problem {
        if (weights > 0) return std::nullopt;
        return PlanProblem{"workload.mix", "has no weight above 0; give read, write or cas one"};
      },
  });
}

Problem check_operation(const ScriptedOp& op, std::size_t number, const Plan& plan) {
  const std::string path = fmt::format("workload.operations[{}]", number);
  const Value::List* pair = op.value.as_list();
  const bool text = op.value.as_string() != nullptr;
  const bool swap = pair != nullptr && pair->size() == 2 && (*pair)[1].as_string() != nullptr;
  if (op.f != "read" && op.f != "write" && op.f != "cas")
    return PlanProblem{path + ".f", fmt::format("is '{}'; allowed: read, write, cas", op.f)};
  if (op.key.empty()) return PlanProblem{path + ".key", "is empty"};
  if ((op.f == "read" && !op.value.is_nil()) || (op.f == "write" && !text) || (op.f == "cas" && !swap))
    return PlanProblem{path + ".value",
                       "does not fit: none for read, a text for write, [expected, new] for cas"};
  if (op.at < Duration() || op.at > plan.time_limit)
    return PlanProblem{path + ".at", fmt::format("is {}; allowed: up to time_limit, which is {}",
                                                 print_duration(op.at), print_duration(plan.time_limit))};
  if (op.client < plan.load.concurrency) return std::nullopt;
  return PlanProblem{path + ".client", fmt::format("is {}; load.concurrency has clients 0 to {}", op.client,
                                                   plan.load.concurrency - 1)};
}

/// Each operation makes sense, and only a script has any.
Problem check_script(const Plan& plan) {
  const std::vector<ScriptedOp>& operations = plan.workload.operations;
  if (plan.workload.name != "script") {
    if (operations.empty()) return std::nullopt;
    return PlanProblem{"workload.operations", "are for the workload script alone"};
  }
  if (plan.load.open) return PlanProblem{"load.mode", "is open, but a script has its own times"};
  for (std::size_t i = 0; i < operations.size(); ++i) {
    if (Problem problem = check_operation(operations[i], i, plan)) return problem;
  }
  return std::nullopt;
}

/// Closed: a client that finds no room on any key would idle for the whole run.
Problem check_room(const Plan& plan) {
  if (plan.workload.name == "script") return std::nullopt;
  const std::uint64_t room = std::uint64_t{plan.workload.keys} * plan.workload.concurrency_per_key;
  if (plan.load.open || plan.load.concurrency <= room) return std::nullopt;
  return PlanProblem{
      "load.concurrency",
      fmt::format(
          "is {}, but workload.keys x workload.concurrency_per_key leaves room for {} open operations; "
          "raise keys",
          plan.load.concurrency, room)};
}

Problem check_load(const Plan& plan) {
  return first({
      [&] { return check_range("load.concurrency", plan.load.concurrency, 1, 1000); },
      [&] { return check_range("load.rate", plan.load.rate, 0, 1'000'000); },
      [&]() -> Problem {
        if (!plan.load.open || plan.load.rate > 0) return std::nullopt;
        return PlanProblem{"load.rate", "is 0, but an open loop needs a rate; allowed: 1 to 1000000"};
      },
      [&] { return check_room(plan); },
  });
}

Problem check_client(const ClientPlan& client) {
  return first({
      [&] {
        return check_range("client.operation_timeout", client.operation_timeout, kClientTimeoutMin,
                           kClientTimeoutMax);
      },
      [&] {
        return check_range("client.attempt_timeout", client.attempt_timeout, kClientTimeoutMin,
                           kClientTimeoutMax);
      },
      [&]() -> Problem {
        if (!client.retry || client.attempt_timeout < client.operation_timeout) return std::nullopt;
        return PlanProblem{
            "client.attempt_timeout",
            fmt::format("is {}, not below operation_timeout {}: nothing would ever be retried",
                        print_duration(client.attempt_timeout), print_duration(client.operation_timeout))};
      },
  });
}

Problem check_random(const RandomFaults& random, const Plan& plan) {
  if (random.kinds.empty())
    return PlanProblem{"faults.random.kinds", "is empty; leave out faults.random for a run without"};
  if (random.targets.empty()) return PlanProblem{"faults.random.targets", "is empty"};
  for (const std::string& kind : random.kinds) {
    if (Problem problem = check_name_known("faults.random.kinds", kind, fault_names())) return problem;
    if (kind == "partition" && random.shapes.empty())
      return PlanProblem{"faults.random.shapes", "is empty, but kinds has partition"};
  }
  for (const std::string& shape : random.shapes) {
    if (Problem problem = check_name_known("faults.random.shapes", shape, find_fault("partition")->shapes()))
      return problem;
  }
  for (const std::string& target : random.targets) {
    const auto size = target_size(target, plan.nodes);
    if (!size.ok() && names_nodes(target)) {
      return PlanProblem{"faults.random.targets", fmt::format("does not fit: {}", size.error().message)};
    }
  }
  for (const std::string& kind : random.kinds) {
    if (!fitting_requests(random, kind, plan.nodes).empty()) continue;
    return PlanProblem{"faults.random.kinds",
                       fmt::format("has {}, but none of its shapes and targets fit each other and {} nodes",
                                   kind, plan.nodes)};
  }
  return first({
      [&] {
        return check_span("faults.random.gap", random.gap_min, random.gap_max, Duration(), plan.time_limit);
      },
      [&] {
        return check_span("faults.random.duration", random.duration_min, random.duration_max, kFaultLengthMin,
                          plan.time_limit);
      },
  });
}

Problem check_trigger(const FaultTrigger& trigger, const std::string& path, const Plan& plan) {
  if (Status status = check_trigger_node(trigger, plan.nodes); !status.ok())
    return PlanProblem{path + ".node", status.error().message};
  return first({
      [&] { return check_range(path + ".count", trigger.count, 1, kTriggerCountMax); },
      [&] { return check_range(path + ".after", trigger.after, Duration(), plan.time_limit); },
  });
}

Problem check_event(const FaultEvent& event, std::size_t number, const Plan& plan) {
  const std::string path = fmt::format("faults.events[{}]", number);
  FaultRequest request = event.request;
  Duration soonest = event.at;
  if (event.trigger) {
    if (Problem problem = check_trigger(*event.trigger, path, plan)) return problem;
    request = at_node(std::move(request), NodeId(1));  // any will do
    soonest = event.at + event.trigger->after;
  }
  Status status = check_fault(request, plan.nodes);
  if (!status.ok()) return PlanProblem{path, fmt::format("cannot be: {}", status.error().message)};
  if (event.at < Duration()) return PlanProblem{path + ".at", "is negative"};
  if (event.length < kFaultLengthMin) {
    return PlanProblem{path + ".for", fmt::format("is {}; allowed: {} and more", print_duration(event.length),
                                                  print_duration(kFaultLengthMin))};
  }
  if (soonest + event.length <= plan.time_limit) return std::nullopt;
  return PlanProblem{
      path, fmt::format("lasts until {}, beyond time_limit {}", print_duration(soonest + event.length),
                        print_duration(plan.time_limit))};
}

Problem check_faults(const Plan& plan) {
  if (plan.random_faults) {
    if (Problem problem = check_random(*plan.random_faults, plan)) return problem;
  }
  if (plan.fault_events.size() > kEventsMax) {
    return PlanProblem{"faults.events", fmt::format("has {} entries; allowed: up to {}",
                                                    plan.fault_events.size(), kEventsMax)};
  }
  for (std::size_t i = 0; i < plan.fault_events.size(); ++i) {
    if (Problem problem = check_event(plan.fault_events[i], i, plan)) return problem;
  }
  return std::nullopt;
}

/// What ordeal-node takes for a flag; it knows more rules, about flags together, and says so when it starts.
struct NodeFlag {
  std::string_view name;
  std::string_view allowed;
  bool (*fits)(const std::string& value);
};

bool is_count(const std::string& value) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  return error == std::errc() && end == value.data() + value.size() && !value.empty();
}

/// ordeal-node knows no fractions.
bool is_node_duration(const std::string& value) {
  const std::size_t digits = value.find_first_not_of("0123456789");
  constexpr std::array<std::string_view, 5> kUnits = {"ns", "us", "ms", "s", "m"};
  return digits != std::string::npos && digits > 0 &&
         std::find(kUnits.begin(), kUnits.end(), value.substr(digits)) != kUnits.end();
}

template <const auto& kWords>
bool is_word(const std::string& value) {
  return std::find(kWords.begin(), kWords.end(), value) != kWords.end();
}

constexpr std::string_view kDurationAllowed = "a duration such as 250us, 100ms, 5s or 2m";
constexpr std::array<std::string_view, 2> kOnFollower = {"forward", "redirect"};
constexpr std::array<std::string_view, 3> kReadModes = {"read-index", "lease", "log"};
constexpr std::array<std::string_view, 4> kBools = {"true", "on", "false", "off"};
constexpr std::array<std::string_view, 2> kStorages = {"rocksdb", "memory"};
constexpr std::array<std::string_view, 6> kLogLevels = {"trace", "debug", "info", "warn", "error", "off"};

constexpr std::array<NodeFlag, 15> kNodeFlags = {{
    {"on-follower", "forward, redirect", is_word<kOnFollower>},
    {"read-mode", "read-index, lease, log", is_word<kReadModes>},
    {"snapshot-every", "a whole number of entries", is_count},
    {"snapshot-keep", "a whole number of entries", is_count},
    {"snapshot-chunk-bytes", "a whole number of bytes", is_count},
    {"append-bytes-max", "a whole number of bytes", is_count},
    {"inflight-messages-max", "a whole number of messages", is_count},
    {"election-timeout", kDurationAllowed, is_node_duration},
    {"heartbeat", kDurationAllowed, is_node_duration},
    {"pre-vote", "true, false", is_word<kBools>},
    {"check-quorum", "true, false", is_word<kBools>},
    {"clock-drift-max", kDurationAllowed, is_node_duration},
    {"request-timeout", kDurationAllowed, is_node_duration},
    {"storage", "rocksdb, memory", is_word<kStorages>},
    {"log-level", "trace, debug, info, warn, error, off", is_word<kLogLevels>},
}};

Problem check_node_flag(const std::string& name, const std::string& value) {
  const auto* const flag = std::find_if(kNodeFlags.begin(), kNodeFlags.end(),
                                        [&](const NodeFlag& known) { return known.name == name; });
  if (flag == kNodeFlags.end()) {
    const bool taken =
        std::find(kEnvironmentFlags.begin(), kEnvironmentFlags.end(), name) != kEnvironmentFlags.end();
    std::vector<std::string_view> names;
    for (const NodeFlag& known : kNodeFlags) names.push_back(known.name);
    return PlanProblem{
        "node." + name,
        fmt::format("{}; allowed: {}", taken ? "is set by the run itself" : "is no flag of ordeal-node",
                    fmt::join(names, ", "))};
  }
  if (flag->fits(value)) return std::nullopt;
  return PlanProblem{"node." + name, fmt::format("is '{}'; allowed: {}", value, flag->allowed)};
}

Problem check_node_flags(const Plan& plan) {
  for (const auto& [name, value] : plan.node_flags) {
    if (Problem problem = check_node_flag(name, value)) return problem;
  }
  return std::nullopt;
}

Problem check_plants(const Plan& plan) {
  for (const std::string& plant : plan.plants) {
    const bool good =
        plant.size() >= 2 && plant.size() <= 8 && 'A' <= plant.front() && plant.front() <= 'Z' &&
        std::all_of(plant.begin() + 1, plant.end(), [](char c) { return '0' <= c && c <= '9'; });
    if (!good)
      return PlanProblem{"plants",
                         fmt::format("has '{}'; allowed: a letter and a number, such as R5", plant)};
    if (std::count(plan.plants.begin(), plan.plants.end(), plant) > 1)
      return PlanProblem{"plants", fmt::format("has {} twice", plant)};
  }
  return std::nullopt;
}

Problem check_sim(const SimPlan& sim, Duration time_limit) {
  const auto share = [](const char* path, std::uint32_t value) { return check_range(path, value, 0, 1000); };
  return first({
      [&] { return check_span("sim.delay", sim.delay_min, sim.delay_max, Duration(), time_limit); },
      [&] {
        return check_span("sim.client_delay", sim.client_delay_min, sim.client_delay_max, Duration(),
                          time_limit);
      },
      [&] { return check_span("sim.sync", sim.sync_min, sim.sync_max, Duration(), time_limit); },
      [&] { return check_range("sim.slow_max", sim.slow_max, Duration(), time_limit); },
      [&] { return share("sim.slow", sim.slow); },
      [&] { return share("sim.loss", sim.loss); },
      [&] { return share("sim.client_loss", sim.client_loss); },
      [&] { return share("sim.duplicates", sim.duplicates); },
      [&] { return share("sim.kept_by_cuts", sim.kept_by_cuts); },
  });
}

Problem check_expect(const Plan& plan) {
  const bool no_faults = !plan.random_faults && plan.fault_events.empty();
  if (!no_faults || plan.expect_faults == 0) return std::nullopt;
  return PlanProblem{"expect.faults",
                     fmt::format("is {}, but the plan has no faults; set it to 0", plan.expect_faults)};
}

}  // namespace

const std::vector<std::string_view>& protocol_names() {
  static const std::vector<std::string_view> names{"raft"};
  return names;
}

std::optional<PlanProblem> find_problem(const Plan& plan) {
  return first({
      [&] { return check_plan_name(plan.name); },
      [&] { return check_name_known("protocol", plan.protocol, protocol_names()); },
      [&] { return check_range("nodes", plan.nodes, 1, kNodesMax); },
      [&] { return check_range("time_limit", plan.time_limit, seconds(1), kTimeLimitMax); },
      [&] { return check_workload(plan); },
      [&] { return check_script(plan); },
      [&] { return check_load(plan); },
      [&] { return check_client(plan.client); },
      [&] { return check_faults(plan); },
      [&] { return check_node_flags(plan); },
      [&] { return check_plants(plan); },
      [&] { return check_sim(plan.sim, plan.time_limit); },
      [&] { return check_expect(plan); },
  });
}

std::optional<PlanProblem> find_problem_of_real_nodes(const Plan& plan) {
  for (std::size_t i = 0; i < plan.fault_events.size(); ++i) {
    const FaultEvent& event = plan.fault_events[i];
    const std::string path = fmt::format("faults.events[{}]", i);
    if (find_fault(event.request.fault)->simulated())
      return PlanProblem{path + ".fault",
                         fmt::format("is {}, which is for the simulator alone", event.request.fault)};
    if (!event.trigger || traits(event.trigger->kind).on_real_nodes) continue;
    return PlanProblem{path + ".when", fmt::format("is {}, which only the simulator can see",
                                                   traits(event.trigger->kind).name)};
  }
  if (!plan.random_faults) return std::nullopt;
  for (const std::string& kind : plan.random_faults->kinds) {
    if (find_fault(kind)->simulated())
      return PlanProblem{"faults.random.kinds",
                         fmt::format("has {}, which is for the simulator alone", kind)};
  }
  return std::nullopt;
}

Status check_plan(const Plan& plan) {
  const auto problem = find_problem(plan);
  if (!problem) return {};
  return Error{ErrorCode::kInvalidArgument, fmt::format("plan: {} {}", problem->path, problem->message)};
}

}  // namespace ordeal
