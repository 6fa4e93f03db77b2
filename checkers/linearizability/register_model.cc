#include "checkers/linearizability/register_model.h"

#include <fmt/format.h>

#include <optional>

#include "checkers/dense_numbers.h"

namespace ordeal {
namespace {

class Translator {
 public:
  Translator(const HistoryTable& history, const RegisterSemantics& semantics)
      : history_(history),
        semantics_(semantics),
        read_(history.find_name("read")),
        write_(history.find_name("write")),
        cas_(history.find_name("cas")),
        acquire_(history.find_name("acquire")),
        release_(history.find_name("release")) {
    values_.add_apart(0);  // kUnobserved
    problem_.initial_value = semantics.initial;
    problem_.initial = number(initial_cell());
  }

  Status add(const KeySlice& slice, std::uint32_t position) {
    const OperationRow& operation = slice.operations[position];
    const OpType outcome = operation.completed() ? history_.type(operation.complete) : OpType::kInfo;
    Result<std::optional<Action>> action = translate(operation, outcome);
    if (!action.ok()) return action.error();
    if (!*action) return {};
    const bool answered = outcome == OpType::kOk || outcome == OpType::kFail;
    problem_.ops.push_back({.operation = position,
                            .action = **action,
                            .invoke = operation.invoke,
                            .response = answered ? operation.complete : kNever});
    return {};
  }

  void reserve(std::size_t operations) { problem_.ops.reserve(operations); }
  RegisterProblem take() && {
    problem_.values.reserve(values_.size());
    for (ValueId value = 0; value < values_.size(); ++value)
      problem_.values.push_back(Cell{values_.word(value)});
    return std::move(problem_);
  }

 private:
  [[nodiscard]] Cell initial_cell() const {
    if (semantics_.kind == RegisterKind::kMutex && semantics_.initial == Value("free")) return kMutexFree;
    if (semantics_.kind == RegisterKind::kMutex && semantics_.initial == Value("held")) return kMutexHeld;
    return history_.pool().find(semantics_.initial).value_or(kOnlyInitial);
  }

  Result<std::optional<Action>> translate(const OperationRow& operation, OpType outcome) {
    const OpName f = history_.f(operation.invoke);
    if (semantics_.kind == RegisterKind::kMutex) {
      if (f == acquire_) return lock(kMutexFree, kMutexHeld, outcome);
      if (f == release_) return lock(kMutexHeld, kMutexFree, outcome);
      return unsupported(operation, "a mutex has acquire and release");
    }
    if (f == read_) return read(operation, outcome);
    if (f == write_) return write(operation, outcome);
    if (f == cas_) return cas(operation, outcome);
    return unsupported(operation, "a register has read, write and cas");
  }
  [[nodiscard]] Error unsupported(const OperationRow& operation, std::string_view known) const {
    return {ErrorCode::kUnsupported, fmt::format("operation {} is {}; {}", operation.invoke,
                                                 history_.f_text(operation.invoke), known)};
  }

  ValueId number(Cell value) { return values_.number(value.bits); }

  std::optional<Action> lock(Cell before, Cell after, OpType outcome) {
    if (outcome == OpType::kFail) return std::nullopt;
    return Action{.kind = ActionKind::kCas, .expects = number(before), .gives = number(after)};
  }

  std::optional<Action> read(const OperationRow& operation, OpType outcome) {
    if (outcome != OpType::kOk) return std::nullopt;
    const Cell value = history_.value(operation.complete);
    if (value.is_nil() && semantics_.nil_read == NilRead::kNothing) return std::nullopt;
    return Action{.kind = ActionKind::kObserve, .expects = number(value), .gives = kUnobserved};
  }

  std::optional<Action> write(const OperationRow& operation, OpType outcome) {
    if (outcome == OpType::kFail) return std::nullopt;
    return Action{.kind = ActionKind::kWrite,
                  .expects = kUnobserved,
                  .gives = number(history_.value(operation.invoke))};
  }

  Result<std::optional<Action>> cas(const OperationRow& operation, OpType outcome) {
    const auto pair = history_.pool().as_pair(history_.value(operation.invoke));
    if (!pair) {
      return Error{ErrorCode::kInvalidArgument,
                   fmt::format("operation {}: the value of a cas is [expected new], not {}", operation.invoke,
                               to_text(history_.pool().value(history_.value(operation.invoke))))};
    }
    const ValueId expected = number(pair->first);
    if (outcome == OpType::kFail) return failed_cas(operation.complete, expected);
    const ValueId fresh = number(pair->second);
    std::optional<Action> action;
    if (expected != fresh) {
      action = {.kind = ActionKind::kCas, .expects = expected, .gives = fresh};
    } else if (outcome ==
               OpType::kOk) {  // It changes nothing: a read; when it may not have matched, nothing at all.
      action = {.kind = ActionKind::kObserve, .expects = expected, .gives = kUnobserved};
    }
    return action;
  }

  std::optional<Action> failed_cas(std::uint32_t completion, ValueId expected) {
    if (semantics_.failed_cas == FailedCas::kNothing ||
        history_.pool().as_string(history_.error(completion)) != "mismatch") {
      return std::nullopt;
    }
    const std::optional<Cell> seen = history_.extra(completion, "seen");
    if (!seen) return Action{.kind = ActionKind::kDeny, .expects = expected, .gives = kUnobserved};
    const ValueId id = number(*seen);
    // To have seen the expected value and yet report a mismatch is a lie in any order: nothing writes what
    // has a number apart.
    return Action{.kind = ActionKind::kObserve,
                  .expects = id == expected ? values_.add_apart(seen->bits) : id,
                  .gives = kUnobserved};
  }

  const HistoryTable& history_;
  const RegisterSemantics& semantics_;
  const std::optional<OpName> read_;
  const std::optional<OpName> write_;
  const std::optional<OpName> cas_;
  const std::optional<OpName> acquire_;
  const std::optional<OpName> release_;
  DenseNumbers values_;
  RegisterProblem problem_;
};

}  // namespace

std::optional<Cell> written_by(const HistoryTable& history, const OperationRow& operation) {
  const std::string& f = history.f_text(operation.invoke);
  if (f == "write") return history.value(operation.invoke);
  if (f == "acquire") return kMutexHeld;
  if (f == "release") return kMutexFree;
  const auto pair = f == "cas" ? history.pool().as_pair(history.value(operation.invoke)) : std::nullopt;
  if (!pair) return std::nullopt;
  return pair->second;
}

std::string value_text(const HistoryTable& history, const RegisterProblem& problem, ValueId value) {
  if (value == kUnobserved) return "another value";
  const Cell cell = problem.values[value];
  if (cell == kMutexFree) return "\"free\"";
  if (cell == kMutexHeld) return "\"held\"";
  return to_text(cell == kOnlyInitial ? problem.initial_value : history.pool().value(cell));
}

Result<RegisterProblem> make_register_problem(const HistoryTable& history, const KeySlice& slice,
                                              const RegisterSemantics& semantics) {
  Translator translator(history, semantics);
  translator.reserve(slice.operations.size());
  for (std::uint32_t i = 0; i < slice.operations.size(); ++i) {
    if (Status status = translator.add(slice, i); !status.ok()) return status.error();
  }
  return std::move(translator).take();
}

}  // namespace ordeal
