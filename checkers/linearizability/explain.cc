#include "checkers/linearizability/explain.h"

#include <fmt/format.h>

#include <algorithm>

namespace ordeal {
namespace {

constexpr std::size_t kUnusedMax = 6;

std::string when(const History& history, std::size_t position) {
  if (history.back().time == Duration()) return fmt::format("at operation {}", position);
  return fmt::format("at {:.6f}s", history[position].time.seconds());
}

/// "read -> 5", "write 5", "cas [1 2]".
std::string what(const History& history, const Operation& operation) {
  const Op& invoke = history[operation.invoke];
  if (invoke.f != "read") return fmt::format("{} {}", invoke.f, to_text(invoke.value));
  if (!operation.complete || history[*operation.complete].type != OpType::kOk) return "read";
  return fmt::format("read -> {}", to_text(history[*operation.complete].value));
}

class Explainer {
 public:
  Explainer(const History& history, const KeySlice& slice, const ViolationCore& core)
      : history_(history), slice_(slice), problem_(core.problem), furthest_(core.furthest) {}

  Witness run() const {
    Witness witness;
    witness.key = slice_.key;
    for (const std::size_t i : furthest_.tail) witness.longest.push_back(step(i, placed_text(i)));
    witness.state = state_text();
    witness.stuck.push_back(step(furthest_.returning, stuck_text(furthest_.returning)));
    for (const std::size_t i : unused()) witness.stuck.push_back(step(i, unused_text(i)));
    return witness;
  }

 private:
  [[nodiscard]] const Operation& operation(std::size_t i) const {
    return slice_.operations[problem_.ops[i].operation];
  }
  [[nodiscard]] std::string name(std::size_t i) const { return describe(history_, operation(i)); }
  [[nodiscard]] std::string value_text(ValueId value) const { return to_text(problem_.values[value]); }
  [[nodiscard]] ValueId state() const {
    return furthest_.last_write ? problem_.ops[*furthest_.last_write].action.gives : problem_.initial;
  }

  [[nodiscard]] WitnessStep step(std::size_t i, std::string text) const {
    return {.invoke = operation(i).invoke, .complete = operation(i).complete, .text = std::move(text)};
  }

  [[nodiscard]] std::string placed_text(std::size_t i) const {
    const Action& action = problem_.ops[i].action;
    if (!action.changes()) return name(i);
    return fmt::format("{}: the register holds {}", name(i), value_text(action.gives));
  }

  [[nodiscard]] std::string state_text() const {
    if (!furthest_.last_write)
      return fmt::format("the register holds {}, as at the beginning", value_text(state()));
    return fmt::format("the register holds {}, from {}", value_text(state()), name(*furthest_.last_write));
  }

  [[nodiscard]] std::string stuck_text(std::size_t i) const {
    const Action& action = problem_.ops[i].action;
    const Op& invoke = history_[operation(i).invoke];
    const std::string start = fmt::format("{} cannot come next: ", name(i));
    if (action.kind == ActionKind::kDeny) {
      return start +
             fmt::format(
                 "its mismatch says that the register did not hold {} at some time while it was open, "
                 "but it {}, and nothing that could change it was open",
                 value_text(action.expects), holds_since());
    }
    if (action.kind == ActionKind::kObserve && invoke.f == "cas" && sees_what_it_expects(invoke, action)) {
      return start + "it reports a mismatch, yet saw the value that it expected";
    }
    const std::string_view verb = invoke.f == "read"               ? "returned"
                                  : action.changes() || !failed(i) ? "expected"
                                                                   : "saw";
    return start + fmt::format("it {} {}, but the register {}; {}", verb, value_text(action.expects),
                               holds_since(), origin(i, action.expects));
  }

  [[nodiscard]] std::string holds_since() const {
    if (!furthest_.last_write) return fmt::format("still holds {}, as at the beginning", value_text(state()));
    return fmt::format("holds {} since {}", value_text(state()), name(*furthest_.last_write));
  }

  [[nodiscard]] bool failed(std::size_t i) const {
    return operation(i).complete && history_[*operation(i).complete].type == OpType::kFail;
  }
  [[nodiscard]] bool sees_what_it_expects(const Op& invoke, const Action& action) const {
    const Value::List* pair = invoke.value.as_list();
    return pair != nullptr && !pair->empty() && pair->front() == problem_.values[action.expects];
  }

  /// Where the value that operation `i` looks for comes from, in the whole history of the key, and why it is
  /// not there.
  [[nodiscard]] std::string origin(std::size_t i, ValueId wanted) const {
    const Value& value = problem_.values[wanted];
    const std::size_t answered = *operation(i).complete;
    const Operation* aborted = nullptr;
    const Operation* late = nullptr;
    const Operation* writer = nullptr;
    for (const Operation& other : slice_.operations) {
      if (other.invoke == operation(i).invoke || !writes(other, value)) continue;
      const bool failed = other.complete && history_[*other.complete].type == OpType::kFail;
      const Operation*& slot = failed ? aborted : other.invoke > answered ? late : writer;
      if (slot == nullptr || slot == writer)
        slot = &other;  // The last that could have, the first that could not.
    }
    const std::string text = to_text(value);
    if (writer != nullptr)
      return fmt::format("{} is from {}, which is overwritten", text, describe(history_, *writer));
    if (wanted == problem_.initial) return fmt::format("{} is only at the beginning", text);
    if (aborted != nullptr) {
      return fmt::format("{} is only from {}, which failed: it did not happen", text,
                         describe(history_, *aborted));
    }
    if (late == nullptr) return fmt::format("no operation ever wrote {}", text);
    return fmt::format("{} is first from {}, invoked after this answer", text, describe(history_, *late));
  }

  [[nodiscard]] bool writes(const Operation& other, const Value& value) const {
    const Op& invoke = history_[other.invoke];
    if (invoke.f == "write") return invoke.value == value;
    const Value::List* pair = invoke.value.as_list();
    return invoke.f == "cas" && pair != nullptr && pair->size() == 2 && pair->back() == value;
  }

  /// Operations of the core that may still happen and are not in the order.
  [[nodiscard]] std::vector<std::size_t> unused() const {
    std::vector<std::size_t> out;
    if (furthest_.placed > furthest_.tail.size()) return out;
    const std::size_t end = problem_.ops[furthest_.returning].response;
    for (std::size_t i = 0; i < problem_.ops.size() && out.size() < kUnusedMax; ++i) {
      const RegisterOp& op = problem_.ops[i];
      if (op.definite() || op.invoke > end || !op.action.changes()) continue;
      if (std::find(furthest_.tail.begin(), furthest_.tail.end(), i) == furthest_.tail.end())
        out.push_back(i);
    }
    return out;
  }

  [[nodiscard]] std::string unused_text(std::size_t i) const {
    const Action& action = problem_.ops[i].action;
    if (!action.fits(state())) {
      return fmt::format("{} cannot come next: it expects {}, but the register holds {}", name(i),
                         value_text(action.expects), value_text(state()));
    }
    return fmt::format(
        "{} may come next, but then the register holds {}, and no order that goes on from there is longer",
        name(i), value_text(action.gives));
  }

  const History& history_;
  const KeySlice& slice_;
  const RegisterProblem& problem_;
  const Furthest& furthest_;
};

}  // namespace

std::string describe(const History& history, const Operation& operation) {
  const Op& invoke = history[operation.invoke];
  std::string out = fmt::format("p{} {} (invoked {}, ", invoke.process, what(history, operation),
                                when(history, operation.invoke));
  if (!operation.complete) return out + "never answered)";
  const Op& completion = history[*operation.complete];
  if (completion.type == OpType::kInfo) return out + "outcome unknown)";
  return out + fmt::format("{} {})", completion.type == OpType::kOk ? "ok" : "failed",
                           when(history, *operation.complete));
}

Witness explain(const History& history, const KeySlice& slice, const ViolationCore& core) {
  return Explainer(history, slice, core).run();
}

}  // namespace ordeal
