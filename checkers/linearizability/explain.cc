#include "checkers/linearizability/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace ordeal {
namespace {

constexpr std::size_t kUnusedMax = 6;

std::string when(const HistoryTable& history, std::size_t position) {
  if (history.time(history.size() - 1) == Duration()) return fmt::format("at operation {}", position);
  return fmt::format("at {:.6f}s", history.time(position).seconds());
}

/// "read -> 5", "write 5", "cas [1 2]".
std::string what(const HistoryTable& history, const OperationRow& operation) {
  const Op invoke = history.op(operation.invoke);
  if (invoke.f != "read")
    return invoke.value.is_nil() ? invoke.f : fmt::format("{} {}", invoke.f, to_text(invoke.value));
  if (!operation.completed() || history.type(operation.complete) != OpType::kOk) return "read";
  return fmt::format("read -> {}", to_text(history.pool().value(history.value(operation.complete))));
}

/// Where a value that somebody looked for comes from, in the whole history of the key.
struct Origin {
  const OperationRow* writer = nullptr;   ///< the last that could have written it before the answer
  const OperationRow* aborted = nullptr;  ///< else one that wrote it and failed
  const OperationRow* late = nullptr;     ///< else the first that wrote it after the answer
};

class Explainer {
 public:
  Explainer(const HistoryTable& history, const KeySlice& slice, const ViolationCore& core)
      : history_(history), slice_(slice), problem_(core.problem), furthest_(core.furthest) {}

  Witness run() const {
    Witness witness;
    witness.key = slice_.key;
    for (const std::size_t i : furthest_.tail) witness.longest.push_back(step(operation(i), placed_text(i)));
    witness.state = fmt::format("the register {}", holds());
    const std::size_t stuck = furthest_.returning;
    witness.stuck.push_back(step(operation(stuck), stuck_text(stuck)));
    const std::vector<std::size_t> others = unused();
    for (const std::size_t i : others) witness.stuck.push_back(step(operation(i), unused_text(i)));
    if (problem_.ops[stuck].action.kind != ActionKind::kDeny) add_origin(witness, stuck);
    return witness;
  }

 private:
  [[nodiscard]] const OperationRow& operation(std::size_t i) const {
    return slice_.operations[problem_.ops[i].operation];
  }
  [[nodiscard]] std::string name(std::size_t i) const { return describe(history_, operation(i)); }
  [[nodiscard]] std::string value_text(ValueId value) const {
    return ordeal::value_text(history_, problem_, value);
  }
  /// kUnobserved: a value from before the window that no operation of it looks at.
  [[nodiscard]] ValueId state() const {
    if (furthest_.last_change) return problem_.ops[*furthest_.last_change].action.gives;
    return problem_.any_initial ? furthest_.initial : problem_.initial;
  }
  [[nodiscard]] std::string holds() const {
    const std::string since = furthest_.last_change  ? "since " + name(*furthest_.last_change)
                              : problem_.any_initial ? "from before these operations"
                                                     : "from the beginning";
    return fmt::format("holds {} {}", value_text(state()), since);
  }

  [[nodiscard]] static WitnessStep step(const OperationRow& operation, std::string text) {
    return {.invoke = operation.invoke,
            .complete = operation.completed() ? std::optional<std::size_t>(operation.complete) : std::nullopt,
            .text = std::move(text)};
  }

  [[nodiscard]] std::string placed_text(std::size_t i) const {
    const Action& action = problem_.ops[i].action;
    if (!action.changes()) return name(i);
    return fmt::format("{}: the register holds {}", name(i), value_text(action.gives));
  }

  [[nodiscard]] std::string stuck_text(std::size_t i) const {
    const Action& action = problem_.ops[i].action;
    const std::string& f = history_.f_text(operation(i).invoke);
    const std::string start = fmt::format("{} cannot come next: ", name(i));
    const std::string wanted = value_text(action.expects);
    if (action.kind == ActionKind::kDeny) {
      constexpr std::string_view kText =
          "its mismatch says that the register did not hold {} at some time while it was open, but the "
          "register {}, "
          "and nothing else could change it then";
      return start + fmt::format(kText, wanted, holds());
    }
    if (f == "cas" && failed(operation(i))) {
      if (history_.pool().as_pair(history_.value(operation(i).invoke))->first ==
          problem_.values[action.expects]) {
        return start + fmt::format("it reports a mismatch, yet saw {}, the value that it expected", wanted);
      }
      return start + fmt::format("it saw {}, but the register {}", wanted, holds());
    }
    return start + fmt::format("it {} {}, but the register {}", f == "read" ? "returned" : "expected", wanted,
                               holds());
  }

  [[nodiscard]] bool failed(const OperationRow& operation) const {
    return operation.completed() && history_.type(operation.complete) == OpType::kFail;
  }
  [[nodiscard]] bool writes(const OperationRow& operation, Cell value) const {
    return written_by(history_, operation) == value;
  }

  [[nodiscard]] Origin find_origin(const OperationRow& reader, Cell value) const {
    Origin origin;
    for (const OperationRow& other : slice_.operations) {
      if (other.invoke == reader.invoke || !writes(other, value)) continue;
      if (failed(other)) {
        origin.aborted = &other;
      } else if (other.invoke < reader.complete) {
        origin.writer = &other;
      } else if (origin.late == nullptr) {
        origin.late = &other;
      }
    }
    return origin;
  }

  /// Says why the value that the stuck operation looks for is not there, and adds the one that wrote it to
  /// the guilty.
  void add_origin(Witness& witness, std::size_t stuck) const {
    const ValueId wanted = problem_.ops[stuck].action.expects;
    const std::string text = value_text(wanted);
    const Origin origin = find_origin(operation(stuck), problem_.values[wanted]);
    std::string& why = witness.stuck.front().text;
    if (origin.writer != nullptr) {
      add_writer(witness, *origin.writer, text);
    } else if (!problem_.any_initial && wanted == problem_.initial) {
      why += fmt::format("; {} was there only at the beginning", text);
    } else if (origin.aborted != nullptr) {
      why += fmt::format("; only an operation that failed ever wrote {}", text);
      witness.stuck.push_back(
          step(*origin.aborted, fmt::format("{} cannot come next: it failed, so it did not happen",
                                            describe(history_, *origin.aborted))));
    } else if (origin.late != nullptr) {
      why += fmt::format("; {} was first written later", text);
      witness.stuck.push_back(
          step(*origin.late, fmt::format("{} cannot come next: it was invoked after that answer",
                                         describe(history_, *origin.late))));
    } else {
      why += fmt::format("; no operation ever wrote {}", text);
    }
  }

  void add_writer(Witness& witness, const OperationRow& writer, const std::string& text) const {
    const auto is_writer = [&](const WitnessStep& step) { return step.invoke == writer.invoke; };
    if (std::any_of(witness.stuck.begin(), witness.stuck.end(), is_writer)) return;  // It has its sentence.
    std::string& why = witness.stuck.front().text;
    why += fmt::format("; {} is from {}", text, describe(history_, writer));
    if (std::any_of(witness.longest.begin(), witness.longest.end(), is_writer)) {
      why += ", which is overwritten";
      return;
    }
    const bool over = furthest_.last_change && writer.completed() &&
                      writer.complete < operation(*furthest_.last_change).invoke;
    witness.stuck.push_back(step(
        writer, fmt::format("{} cannot come next: {}", describe(history_, writer),
                            over ? fmt::format("it was over before {} began", name(*furthest_.last_change))
                                 : std::string("it has its place before these operations"))));
  }

  /// The values that would lead to the one that the stuck operation looks for, by operations of the core.
  [[nodiscard]] std::vector<bool> find_useful() const {
    std::vector<bool> useful(problem_.values.size());
    useful[problem_.ops[furthest_.returning].action.expects] = true;
    for (bool grown = true; grown;) {
      grown = false;
      for (const RegisterOp& op : problem_.ops) {
        if (op.action.kind != ActionKind::kCas || !useful[op.action.gives] || useful[op.action.expects])
          continue;
        grown = useful[op.action.expects] = true;
      }
    }
    return useful;
  }

  /// Operations that could have led there, had they fitted, and are not in the order.
  [[nodiscard]] std::vector<std::size_t> unused() const {
    std::vector<std::size_t> out;
    if (furthest_.placed > furthest_.tail.size()) return out;
    const std::vector<bool> useful = find_useful();
    const std::size_t end = problem_.ops[furthest_.returning].response;
    for (std::size_t i = 0; i < problem_.ops.size() && out.size() < kUnusedMax; ++i) {
      const RegisterOp& op = problem_.ops[i];
      if (op.definite() || op.invoke > end || !op.action.changes() || !useful[op.action.gives]) continue;
      const auto& tail = furthest_.tail;
      if (std::find(tail.begin(), tail.end(), i) == tail.end()) out.push_back(i);
    }
    return out;
  }

  [[nodiscard]] std::string unused_text(std::size_t i) const {
    const Action& action = problem_.ops[i].action;
    if (!action.fits(state())) {
      return fmt::format("{} cannot come next: it expects {}, but the register holds {}", name(i),
                         value_text(action.expects), value_text(state()));
    }
    return fmt::format("{} may come next, but no order that goes on from there explains the answer above",
                       name(i));
  }

  const HistoryTable& history_;
  const KeySlice& slice_;
  const RegisterProblem& problem_;
  const Furthest& furthest_;
};

}  // namespace

std::string describe(const HistoryTable& history, const OperationRow& operation) {
  std::string out = fmt::format("p{} {} (invoked {}, ", history.process(operation.invoke),
                                what(history, operation), when(history, operation.invoke));
  if (!operation.completed()) return out + "never answered)";
  const OpType type = history.type(operation.complete);
  if (type == OpType::kInfo) return out + "outcome unknown)";
  return out +
         fmt::format("{} {})", type == OpType::kOk ? "ok" : "failed", when(history, operation.complete));
}

Witness explain(const HistoryTable& history, const KeySlice& slice, const ViolationCore& core) {
  return Explainer(history, slice, core).run();
}

}  // namespace ordeal
