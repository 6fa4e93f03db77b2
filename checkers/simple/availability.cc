#include "checkers/simple/availability.h"

#include "checkers/simple/convergence.h"
#include "checkers/simple/finding_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace ordeal {
namespace {

struct OutcomeCounts {
  std::int64_t ok = 0;
  std::int64_t fail = 0;
  std::int64_t info = 0;

  void add(OpType outcome) {
    std::int64_t& count = outcome == OpType::kOk ? ok : (outcome == OpType::kFail ? fail : info);
    ++count;
  }
  [[nodiscard]] std::int64_t all() const { return ok + fail + info; }
  [[nodiscard]] double ok_fraction() const {
    return all() == 0 ? 0.0 : static_cast<double>(ok) / static_cast<double>(all());
  }
};

/// The longest time between one ok and the next.
struct OkGap {
  Duration last;  ///< the last ok, or the beginning
  Duration from;
  Duration length;
  std::optional<OperationRow> before;  ///< the operation whose ok came at `from`
  std::optional<OperationRow> after;   ///< the one that ended it
  std::optional<OperationRow> last_ok;

  void end_at(Duration now, const std::optional<OperationRow>& ok) {
    if (now - last > length) {
      from = last;
      length = now - last;
      before = last_ok;
      after = ok;
    }
    last = now;
    last_ok = ok;
  }
};

OkGap begin_at(Duration now) {
  return {.last = now, .from = now, .length = {}, .before = {}, .after = {}, .last_ok = {}};
}

std::optional<double> as_number(const Value& value) {
  if (value.as_int() != nullptr) return static_cast<double>(*value.as_int());
  if (value.as_double() != nullptr) return *value.as_double();
  return std::nullopt;
}

class AvailabilityRun {
 public:
  AvailabilityRun(const HistoryTable& history, const AvailabilityLimits& limits)
      : history_(history), limits_(limits), operations_(history.operations()) {}

  Finding finish() && {
    if (operations_.empty()) {
      builder_.give_up("no client did anything");
      return std::move(builder_).finish({});
    }
    for (const OperationRow& operation : operations_) count(operation);
    replay();
    builder_.note("by-f", by_f_text());
    builder_.note("ok-fraction", all_.ok_fraction());
    note_gap("gap", gap_, {});
    note_longest("gap-node", nodes_, [](NodeId node) { return Value(node_name(node)); });
    note_longest("gap-process", processes_, [](std::int64_t process) { return Value(process); });
    judge_fraction();
    judge_gap();
    judge_recovery();
    return std::move(builder_).finish(
        fmt::format("{} of {} operations were ok; the longest time without one was {:.6f}s", all_.ok,
                    all_.all(), gap_.length.seconds()));
  }

 private:
  void count(const OperationRow& operation) {
    const OpType outcome = outcome_of(history_, operation);
    all_.add(outcome);
    by_f_[history_.f_text(operation.invoke)].add(outcome);
    if (outcome != OpType::kOk && not_ok_.size() < kNamedMax) not_ok_.push_back(operation);
  }

  // Event by event: every event of a client is time that it had, every ok ends what was without one.
  void replay() {
    std::vector<std::pair<std::uint32_t, const OperationRow*>> events;
    for (const OperationRow& operation : operations_) {
      events.emplace_back(operation.invoke, &operation);
      if (operation.completed()) events.emplace_back(operation.complete, &operation);
    }
    std::sort(events.begin(), events.end());
    find_heal();
    begin_ = history_.time(events.front().first);
    end_ = history_.time(events.back().first);
    gap_ = begin_at(begin_);
    std::map<std::int64_t, Duration> last_event;
    for (const auto& [position, operation] : events) {
      const Duration now = history_.time(position);
      const std::int64_t process = history_.process(position).value();
      processes_.try_emplace(process, begin_at(now));
      last_event[process] = now;
      const NodeId node = node_of(history_, *operation);
      if (node != kNoNode) nodes_.try_emplace(node, begin_at(begin_));
      if (history_.type(position) == OpType::kOk) succeed(position, *operation);
    }
    gap_.end_at(end_, std::nullopt);
    for (auto& [node, gap] : nodes_) gap.end_at(end_, std::nullopt);
    for (auto& [process, gap] : processes_) gap.end_at(last_event[process], std::nullopt);
  }

  void succeed(std::uint32_t position, const OperationRow& operation) {
    const Duration now = history_.time(position);
    gap_.end_at(now, operation);
    processes_.at(history_.process(position).value()).end_at(now, operation);
    const NodeId node = node_of(history_, operation);
    if (node != kNoNode) nodes_.at(node).end_at(now, operation);
    if (heal_ && !recovery_ && position > *heal_) recovery_ = now - history_.time(*heal_);
  }

  /// When the last fault was over: its end was seen, or at least asked for.
  void find_heal() {
    for (std::uint32_t i = 0; i < history_.size(); ++i) {
      const std::string& f = history_.f_text(i);
      if (history_.process(i) == kNemesisProcess && (f == "heal" || f.starts_with("stop-"))) heal_ = i;
    }
  }

  [[nodiscard]] Value by_f_text() const {
    Value::Map out;
    for (const auto& [f, counts] : by_f_) {
      out[f] = Value::Map{{"ok", counts.ok},
                          {"fail", counts.fail},
                          {"info", counts.info},
                          {"ok-fraction", counts.ok_fraction()}};
    }
    return out;
  }

  void note_gap(std::string_view name, const OkGap& gap, const Value& whose) {
    Value::Map map{{"ns", gap.length.ns()}, {"from", gap.from.ns()}};
    if (!whose.is_nil()) map["name"] = whose;
    builder_.note(name, std::move(map));
  }
  template <class Key, class Text>
  void note_longest(std::string_view name, const std::map<Key, OkGap>& gaps, Text text) {
    const auto longest = std::max_element(gaps.begin(), gaps.end(), [](const auto& a, const auto& b) {
      return a.second.length < b.second.length;
    });
    if (longest != gaps.end()) note_gap(name, longest->second, text(longest->first));
  }

  [[nodiscard]] WitnessStep step(const OperationRow& operation, std::string_view what) const {
    return step_of(operation, fmt::format("{} {} {}", who_and_when(history_, operation),
                                          history_.f_text(operation.invoke), what));
  }
  void accuse(std::string_view name, std::vector<WitnessStep> steps, const std::string& why) {
    Witness witness;
    witness.stuck = std::move(steps);
    builder_.accuse(name, std::move(witness), why);
  }

  void judge_fraction() {
    if (!limits_.ok_fraction || all_.ok_fraction() >= *limits_.ok_fraction) return;
    std::vector<WitnessStep> steps;
    for (const OperationRow& operation : not_ok_)
      steps.push_back(
          step(operation, outcome_of(history_, operation) == OpType::kFail ? "failed" : "ended unknown"));
    accuse("too-few-ok", std::move(steps),
           fmt::format("{} of {} operations were ok, a fraction of {:.6f}; {} was asked for", all_.ok,
                       all_.all(), all_.ok_fraction(), *limits_.ok_fraction));
  }

  void judge_gap() {
    if (!limits_.gap_seconds || gap_.length.seconds() <= *limits_.gap_seconds) return;
    std::vector<WitnessStep> steps;
    if (gap_.before) steps.push_back(step(*gap_.before, "was the last to be ok"));
    if (gap_.after) steps.push_back(step(*gap_.after, "was the next to be ok"));
    accuse("gap-too-long", std::move(steps),
           fmt::format("nothing was ok for {:.6f}s from {:.6f}s on; {}s were allowed", gap_.length.seconds(),
                       gap_.from.seconds(), *limits_.gap_seconds));
  }

  void judge_recovery() {
    if (recovery_) builder_.count("recovery", recovery_->ns());
    if (!limits_.recovery_seconds) return;
    if (!heal_) return builder_.give_up("no fault was healed: nothing can be said of the recovery");
    const Duration healed = history_.time(*heal_);
    if (!recovery_ && (end_ - healed).seconds() <= *limits_.recovery_seconds)
      return builder_.give_up("the history ends too soon after the last fault was healed");
    if (recovery_ && recovery_->seconds() <= *limits_.recovery_seconds) return;
    WitnessStep heal{.invoke = *heal_, .complete = std::nullopt, .text = {}};
    heal.text = fmt::format("the last fault was healed at {:.6f}s", healed.seconds());
    accuse("recovery-too-long", {std::move(heal)},
           recovery_
               ? fmt::format("the next ok came {:.6f}s after the last fault was healed; {}s were allowed",
                             recovery_->seconds(), *limits_.recovery_seconds)
               : fmt::format("nothing was ok for {:.6f}s after the last fault was healed; {}s were allowed",
                             (end_ - healed).seconds(), *limits_.recovery_seconds));
  }

  static constexpr std::size_t kNamedMax = 5;

  const HistoryTable& history_;
  const AvailabilityLimits limits_;
  const std::vector<OperationRow> operations_;
  FindingBuilder builder_{"availability"};
  OutcomeCounts all_;
  std::map<std::string, OutcomeCounts> by_f_;
  std::vector<OperationRow> not_ok_;  ///< the first few
  Duration begin_;
  Duration end_;
  OkGap gap_;
  std::map<NodeId, OkGap> nodes_;
  std::map<std::int64_t, OkGap> processes_;
  std::optional<std::uint32_t> heal_;  ///< position
  std::optional<Duration> recovery_;
};

class Availability final : public Checker {
 public:
  explicit Availability(const AvailabilityLimits& limits) : limits_(limits) {}

  [[nodiscard]] std::string_view name() const override { return "availability"; }
  [[nodiscard]] Finding check(const HistoryTable& history, const Budget& /*budget*/) const override {
    return AvailabilityRun(history, limits_).finish();
  }

 private:
  const AvailabilityLimits limits_;
};

}  // namespace

Result<AvailabilityLimits> AvailabilityLimits::parse(const Value& value) {
  AvailabilityLimits limits;
  limits.ok_fraction = as_number(value);
  if (limits.ok_fraction || value.is_nil()) return limits;
  const Value::Map* map = value.as_map();
  if (map == nullptr)
    return Error{ErrorCode::kInvalidArgument, "the limits of availability are no map and no number"};
  for (const auto& [name, limit] : *map) {
    std::optional<double>* const member = name == "ok-fraction"        ? &limits.ok_fraction
                                          : name == "gap-seconds"      ? &limits.gap_seconds
                                          : name == "recovery-seconds" ? &limits.recovery_seconds
                                                                       : nullptr;
    if (member == nullptr) {
      return Error{
          ErrorCode::kInvalidArgument,
          fmt::format("availability has no limit \"{}\"; give ok-fraction, gap-seconds, recovery-seconds",
                      name)};
    }
    *member = as_number(limit);
    if (!*member)
      return Error{ErrorCode::kInvalidArgument,
                   fmt::format("the limit {} is {}, which is no number", name, to_text(limit))};
  }
  return limits;
}

std::unique_ptr<Checker> make_availability_checker(const AvailabilityLimits& limits) {
  return std::make_unique<Availability>(limits);
}

}  // namespace ordeal
