#include "sim/write_out.h"

#include "controller/run/arrivals.h"
#include "controller/run/parts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace ordeal::sim {
namespace {

/// As the run loop splits it: the schedule of the random faults alone, whose stream of chance is its own.
FaultSchedule random_schedule(const Plan& plan, std::uint64_t seed) {
  return {plan.random_faults, {}, plan.time_limit, plan.nodes, Rng(seed).split("schedule")};
}

bool by_client(const Op& op) {
  return op.process != kNemesisProcess;
}

/// A member of a fault's value; empty: it has none.
std::string text_of(const Op& op, std::string_view member) {
  const Value* value = op.value.find(member);
  const std::string* text = value == nullptr ? nullptr : value->as_string();
  return text == nullptr ? std::string() : *text;
}

/// Where the fault that was due is begun in the history, or noted as one that could not be.
History::const_iterator find_start(History::const_iterator from, const History& history, const DueFault& due,
                                   Duration at) {
  return std::find_if(from, history.end(), [&](const Op& op) {
    return op.type == OpType::kInvoke && !by_client(op) && op.time >= at &&
           op.f == "start-" + due.request.fault && text_of(op, "shape") == due.request.shape &&
           text_of(op, "target") == due.request.target && op.value.find("when") == nullptr;
  });
}

/// When the fault was gone, or was given up; none: the run ended before.
std::optional<Duration> find_end(History::const_iterator start, const History& history) {
  const Value* id = start->value.find("fault");
  for (auto op = start + 1; op != history.end(); ++op) {
    if (by_client(*op) || op->type == OpType::kInvoke) continue;
    const Value* of = op->value.find("fault");
    const bool same = (id == nullptr) == (of == nullptr) && (id == nullptr || *id == *of);
    if (!same || !op->f.ends_with(start->f.substr(start->f.find('-')))) continue;
    const bool never_was = id == nullptr && op->type == OpType::kInfo;
    const bool gone = op->f.starts_with("stop-") && op->type == OpType::kOk;
    if (never_was || gone) return op->time;
  }
  return std::nullopt;
}

std::vector<std::string> names_in(const Value& list) {
  std::vector<std::string> names;
  for (const Value& item : *list.as_list()) names.push_back(*item.as_string());
  return names;
}

/// The nodes of one side of a partition into two: those that lose what the first sender loses, and it.
std::set<std::string> smaller_side(const Value::List& cuts) {
  std::set<std::string> all;
  std::set<std::string> beyond;
  for (const Value& cut : cuts) {
    const std::vector<std::string> pair = names_in(cut);
    all.insert(pair.begin(), pair.end());
    if (pair[0] == names_in(cuts.front())[0]) beyond.insert(pair[1]);
  }
  std::set<std::string> side;
  std::set_difference(all.begin(), all.end(), beyond.begin(), beyond.end(), std::inserter(side, side.end()));
  return side.size() <= beyond.size() ? side : beyond;
}

/// The target as drawn when no list of nodes says the same.
std::string target_by_name(const FaultRequest& request, const Op& start) {
  if (const Value* node = start.value.find("node")) return *node->as_string();
  if (const Value* nodes = start.value.find("nodes"))
    return fmt::format("{}", fmt::join(names_in(*nodes), ","));
  const Value* cuts = start.value.find("cuts");
  const bool two_sides = request.shape.empty() || request.shape == "isolate-one" || request.shape == "halves";
  if (cuts == nullptr || !two_sides || cuts->as_list()->empty()) return request.target;
  return fmt::format("{}", fmt::join(smaller_side(*cuts->as_list()), ","));
}

}  // namespace

Duration load_start(const Plan& plan, std::uint64_t seed, const History& history) {
  const auto first = std::find_if(history.begin(), history.end(), [](const Op& op) { return by_client(op); });
  if (first == history.end()) {
    const auto fault =
        std::find_if(history.begin(), history.end(), [](const Op& op) { return op.f.starts_with("start-"); });
    const auto due = random_schedule(plan, seed).next();
    return fault != history.end() && due ? fault->time - *due : Duration();
  }
  if (plan.workload.name != "script")
    return first->time -
           (Arrivals(plan.load, MonotonicTime(), Rng(seed).split("arrivals")).next() - MonotonicTime());
  Duration soonest = plan.time_limit;
  for (const ScriptedOp& op : plan.workload.operations) soonest = std::min(soonest, op.at);
  return first->time - soonest;
}

std::vector<FaultEvent> write_out_faults(const Plan& plan, std::uint64_t seed, const History& history,
                                         Targets targets) {
  ORDEAL_CHECK(plan.random_faults.has_value());
  const Duration begin = load_start(plan, seed, history);
  std::vector<FaultEvent> events = plan.fault_events;
  FaultSchedule schedule = random_schedule(plan, seed);
  auto from = history.begin();
  // What comes next, and when, hangs on when the last one ended.
  while (const auto at = schedule.next()) {
    for (DueFault& due : schedule.take(*at)) {
      const auto start = find_start(from, history, due, begin + *at);
      if (start == history.end()) return events;
      if (targets == Targets::kByName && start->value.find("fault") != nullptr)
        due.request.target = target_by_name(due.request, *start);
      events.push_back({*at, due.length, std::move(due.request)});
      const auto end = find_end(start, history);
      if (!end) return events;
      schedule.random_ended(*end - begin);
      from = start + 1;
    }
  }
  return events;
}

std::vector<ScriptedOp> write_out_operations(const Plan& plan, std::uint64_t seed, const History& history) {
  const Duration begin = load_start(plan, seed, history);
  const std::uint32_t clients = clients_max(plan);
  std::vector<ScriptedOp> operations;
  for (const Op& op : history) {
    if (op.type != OpType::kInvoke || !by_client(op)) continue;
    const std::string* key = op.key.as_string();
    if (key == nullptr || op.time - begin > plan.time_limit) continue;
    operations.push_back(
        {op.time - begin, static_cast<std::uint32_t>(op.process.value()) % clients, op.f, *key, op.value});
  }
  return operations;
}

}  // namespace ordeal::sim
