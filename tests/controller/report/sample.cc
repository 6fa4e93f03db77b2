#include "tests/controller/report/sample.h"

#include "common/prng.h"
#include "controller/report/faults.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace ordeal::report {
namespace {

struct Planned {
  FaultSpec spec;
  Duration from;
  Duration to;
};

std::vector<NodeId> all_nodes(std::uint32_t count) {
  std::vector<NodeId> nodes;
  for (std::uint32_t n = 1; n <= count; ++n) nodes.emplace_back(n);
  return nodes;
}

/// Both directions between the first `size` nodes from `first` on and the others.
PartitionFault split_off(std::uint32_t nodes, std::uint32_t first, std::uint32_t size) {
  PartitionFault fault;
  const auto inside = [&](NodeId n) { return n.value() >= first && n.value() < first + size; };
  for (const NodeId a : all_nodes(nodes)) {
    for (const NodeId b : all_nodes(nodes)) {
      if (a != b && inside(a) != inside(b)) fault.cuts.push_back({a, b});
    }
  }
  return fault;
}

std::vector<Planned> planned_faults(const SampleOptions& options) {
  if (!options.faults) return {};
  const Duration part = options.length / 40;
  PartitionFault one_way;
  for (const NodeId node : all_nodes(options.nodes)) {
    if (node != NodeId(4)) one_way.cuts.push_back({NodeId(4), node});
  }
  return {{split_off(options.nodes, 1, 1), part * 4, part * 8},
          {KillFault{{NodeId(2), NodeId(3)}}, part * 10, part * 13},
          {one_way, part * 15, part * 19},
          {PauseFault{{NodeId(5)}}, part * 21, part * 24},
          {split_off(options.nodes, 2, 2), part * 27, part * 31},
          {KillFault{{NodeId(1)}}, part * 33, part * 36}};
}

Value measured(const FaultSpec& spec, std::uint32_t nodes) {
  if (const auto* partition = std::get_if<PartitionFault>(&spec)) {
    return Value::Map{{"pairs", static_cast<std::int64_t>(nodes * (nodes - 1))},
                      {"cut", *to_value(*partition).find("cuts")}};
  }
  const auto* kill = std::get_if<KillFault>(&spec);
  Value::Map states;
  for (const NodeId node : kill != nullptr ? kill->nodes : std::get<PauseFault>(spec).nodes) {
    states[node_name(node)] = Value::Map{{"alive", kill == nullptr}, {"stopped", kill == nullptr}};
  }
  return states;
}

Op nemesis_op(Duration time, OpType type, std::string f, Value value) {
  Op op;
  op.time = time;
  op.process = kNemesisProcess;
  op.type = type;
  op.f = std::move(f);
  op.value = std::move(value);
  return op;
}

Value with_bounds(const Value& value, Duration earliest, Duration latest, Value probe) {
  Value out = value;
  Value::Map& map = *out.as_map();
  map["earliest"] = earliest.ns();
  map["latest"] = latest.ns();
  map["measured"] = std::move(probe);
  return out;
}

void add_fault(const Planned& fault, int id, std::uint32_t nodes, History& history) {
  Value value = to_value(fault.spec);
  (*value.as_map())["fault"] = id;
  const std::string kind(fault_kind(fault.spec));
  const Duration lag = milliseconds(35);
  history.push_back(nemesis_op(fault.from, OpType::kInvoke, "start-" + kind, value));
  history.push_back(
      nemesis_op(fault.from + lag * 6, OpType::kOk, "start-" + kind,
                 with_bounds(value, fault.from + lag, fault.from + lag * 5, measured(fault.spec, nodes))));
  history.push_back(nemesis_op(fault.to, OpType::kInvoke, "stop-" + kind, value));
  history.push_back(nemesis_op(fault.to + lag * 7, OpType::kOk, "stop-" + kind,
                               with_bounds(value, fault.to + lag, fault.to + lag * 6, Value())));
}

/// An operation before it is known what it answers.
struct Attempt {
  ProcessId process;
  Duration start;
  Duration end;
  Duration effect;  ///< when it takes effect, for those that do
  OpType outcome = OpType::kOk;
  std::string error;
  std::string f;
  int key = 0;
  NodeId node;
  std::string written;
};

bool strikes(const Planned& fault, NodeId node, Duration at) {
  if (at < fault.from || at > fault.to) return false;
  if (const auto* partition = std::get_if<PartitionFault>(&fault.spec)) {
    const auto count = std::count_if(partition->cuts.begin(), partition->cuts.end(),
                                     [&](const Cut& cut) { return cut.from == node; });
    return count >= 3;
  }
  const auto* kill = std::get_if<KillFault>(&fault.spec);
  const std::vector<NodeId>& nodes = kill != nullptr ? kill->nodes : std::get<PauseFault>(fault.spec).nodes;
  return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
}

void decide_outcome(Attempt& attempt, const std::vector<Planned>& faults, Rng& rng) {
  for (const Planned& fault : faults) {
    if (!strikes(fault, attempt.node, attempt.start)) continue;
    const bool dead = std::holds_alternative<KillFault>(fault.spec);
    attempt.outcome = dead ? OpType::kFail : OpType::kInfo;
    attempt.end =
        attempt.start + (dead ? microseconds(300) : seconds(1) + microseconds(rng.between(0, 4000)));
    attempt.error = dead ? "connection refused" : "timeout";
    // A killed client waits before it tries again.
    if (dead) attempt.effect = attempt.start;
  }
}

std::vector<Attempt> make_attempts(const SampleOptions& options, const std::vector<Planned>& faults) {
  Rng rng(options.seed);
  std::vector<Attempt> attempts;
  ProcessId fresh(options.clients);
  for (std::uint32_t client = 0; client < options.clients; ++client) {
    ProcessId process(client);
    Duration now = milliseconds(5) * static_cast<std::int64_t>(client + 1);
    for (int number = 1; now < options.length; ++number) {
      Attempt attempt;
      attempt.process = process;
      attempt.start = now;
      attempt.node = NodeId(client % options.nodes + 1);
      const auto usual = microseconds(900 + rng.exponential(1500));
      attempt.end = now + (rng.chance(1, 150) ? usual * 12 : usual);
      attempt.effect = now + (attempt.end - now) * rng.between(20, 80) / 100;
      attempt.key = static_cast<int>(rng.below(options.keys));
      const std::uint64_t kind = rng.below(10);
      attempt.f = kind < 5 ? "read" : kind < 8 ? "write" : "cas";
      attempt.written = fmt::format("{}-{}", client, number);
      decide_outcome(attempt, faults, rng);
      now = attempt.end + nanoseconds(rng.exponential(options.think.ns()) + 100'000);
      if (attempt.outcome == OpType::kFail) now += milliseconds(rng.between(80, 160));
      if (attempt.outcome == OpType::kInfo) process = fresh, ++fresh;
      attempts.push_back(std::move(attempt));
    }
  }
  return attempts;
}

/// Lets the attempts take effect one after the other on registers, which makes the history linearizable.
void answer(std::vector<Attempt>& attempts, History& history) {
  std::sort(attempts.begin(), attempts.end(),
            [](const Attempt& a, const Attempt& b) { return a.effect < b.effect; });
  std::map<int, std::string> registers;
  std::uint64_t version = 0;
  for (const Attempt& attempt : attempts) {
    Op invoke;
    invoke.time = attempt.start;
    invoke.process = attempt.process;
    invoke.f = attempt.f;
    invoke.key = fmt::format("r{}", attempt.key);
    invoke.node = attempt.node;
    std::string& state = registers[attempt.key];
    const Value seen = state.empty() ? Value() : Value(state);
    if (attempt.f == "write") invoke.value = attempt.written;
    if (attempt.f == "cas") invoke.value = Value::List{seen, attempt.written};
    Op complete = invoke;
    complete.time = attempt.end;
    complete.type = attempt.outcome;
    complete.error = attempt.error;
    if (attempt.outcome == OpType::kOk) {
      if (attempt.f == "read") complete.value = seen;
      if (attempt.f != "read") state = attempt.written;
      complete.version = ++version;
    }
    history.push_back(std::move(invoke));
    history.push_back(std::move(complete));
  }
}

void put_in_order(History& history) {
  std::stable_sort(history.begin(), history.end(), [](const Op& a, const Op& b) { return a.time < b.time; });
  for (std::size_t i = 0; i < history.size(); ++i) history[i].index = static_cast<std::int64_t>(i);
}

WitnessStep step_of(const Operation& operation, std::string text) {
  return {operation.invoke, operation.complete, std::move(text)};
}

/// Makes a late read answer what was there three writes ago, and tells it as a checker would.
Finding plant_stale_read(History& history, const std::vector<Planned>& faults) {
  const Duration from =
      faults.empty() ? Duration() : faults.back().from + (faults.back().to - faults.back().from) / 5;
  std::vector<Operation> writes;
  for (const Operation& operation : pair_operations(history)) {
    if (!operation.complete || history[*operation.complete].type != OpType::kOk) continue;
    const Op& invoke = history[operation.invoke];
    if (invoke.key != Value("r1")) continue;
    if (invoke.f != "read") writes.push_back(operation);
    const bool late_read = invoke.f == "read" && invoke.time > from && writes.size() > 4;
    if (!late_read || *writes.back().complete > operation.invoke) continue;
    const auto written = [&](std::size_t back) {
      const Value& value = history[writes[writes.size() - back].invoke].value;
      return value.as_list() == nullptr ? value : (*value.as_list())[1];
    };
    const std::string stale = *written(3).as_string();
    const std::string fresh = *written(1).as_string();
    history[*operation.complete].value = stale;
    Witness witness;
    witness.key = "r1";
    for (std::size_t back = 4; back > 0; --back) {
      witness.longest.push_back(
          step_of(writes[writes.size() - back], fmt::format("r1 becomes {}", *written(back).as_string())));
    }
    witness.state = fmt::format("r1 = {}", fresh);
    witness.stuck = {step_of(
        operation,
        fmt::format("read answered {}, but r1 is {} here: {} had been overwritten", stale, fresh, stale))};
    return {"linearizable",
            Verdict::kInvalid,
            fmt::format("Key r1: no order of its operations explains that process {} read {}.",
                        invoke.process, stale),
            {witness},
            {}};
  }
  return {"linearizable", Verdict::kUnknown, "the sample has no read to spoil", {}, {}};
}

std::vector<LeaderInterval> sample_leaders(const SampleOptions& options) {
  const Duration part = options.length / 40;
  if (!options.faults) return {{NodeId(1), Term(1), Duration(), options.length}};
  return {{NodeId(1), Term(1), Duration(), part * 5}, {NodeId(2), Term(2), part * 5 - part / 3, part * 10},
          {NodeId(4), Term(4), part * 11, part * 16}, {NodeId(5), Term(5), part * 17, part * 22},
          {NodeId(1), Term(6), part * 23, part * 33}, {NodeId(3), Term(8), part * 34, options.length}};
}

RunInfo sample_info(const SampleOptions& options) {
  RunInfo info;
  info.name = options.violation ? "stale-reads" : "default";
  info.seed = options.seed;
  info.started = WallTime(1'795'587'775'000'000'000);
  info.ended = info.started + options.length;
  info.command = {"ordeal", "run", "--plan", "plans/default.yaml"};
  info.repeat = {"ordeal", "run", "--plan", "plan.executed.yaml", "--seed", fmt::format("{}", options.seed)};
  info.environment = "local";
  info.protocol = "raft";
  info.workload = "register";
  info.nodes = options.nodes;
  if (options.violation) info.plants = {"R12"};
  info.versions = {
      {"ordeal", "0.1.0"}, {"commit", "4785807"}, {"compiler", "g++ 12.2.0"}, {"rocksdb", "7.8.3"}};
  info.machine = {2, 25'769'803'776, "Linux 6.1.0 x86_64", "Debian GNU/Linux 12 (bookworm)", 4056.0};
  info.phases = {{"starting", Duration(), milliseconds(5)}, {"load", milliseconds(5), options.length}};
  info.leaders = sample_leaders(options);
  return info;
}

}  // namespace

ReportInput make_sample(const SampleOptions& options) {
  ReportInput input;
  const std::vector<Planned> faults = planned_faults(options);
  std::vector<Attempt> attempts = make_attempts(options, faults);
  answer(attempts, input.history);
  int id = 0;
  for (const Planned& fault : faults) add_fault(fault, ++id, options.nodes, input.history);
  put_in_order(input.history);
  input.info = sample_info(options);
  Finding finding{"linearizable", Verdict::kValid, "All keys are linearizable.", {}, {}};
  if (options.violation) finding = plant_stale_read(input.history, faults);
  const OutcomeCounts counts = count_outcomes(input.history);
  finding.details = Value::Map{{"keys", static_cast<std::int64_t>(options.keys)},
                               {"operations", static_cast<std::int64_t>(counts.invoked)},
                               {"states visited", static_cast<std::int64_t>(counts.invoked * 3)}};
  input.findings = {finding};
  input.summary.healed = true;
  input.plan_text = fmt::format(
      "version: 1\nname: {}\nprotocol: raft\nnodes: {}\nseed: {}\nworkload:\n  name: register\n  keys: {}\n",
      input.info.name, options.nodes, options.seed, options.keys);
  input.files = {"history.jsonl",      "nodes/n1/agent.log", "nodes/n1/node.log",
                 "plan.executed.yaml", "run.json",           "verdict.json"};
  return input;
}

}  // namespace ordeal::report
