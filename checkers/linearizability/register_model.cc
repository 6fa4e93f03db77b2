#include "checkers/linearizability/register_model.h"

#include <fmt/format.h>

#include <map>
#include <optional>

namespace ordeal {
namespace {

/// Gives each distinct value a number from 1.
class Interner {
 public:
  ValueId operator()(const Value& value) {
    const auto [it, fresh] = ids_.emplace(value, static_cast<ValueId>(values_.size()));
    if (fresh) values_.push_back(value);
    return it->second;
  }
  /// A number that no other value has, so that nothing can write it.
  ValueId unwritable(const Value& value) {
    values_.push_back(value);
    return static_cast<ValueId>(values_.size() - 1);
  }
  std::vector<Value> take() && { return std::move(values_); }

 private:
  std::map<Value, ValueId> ids_;
  std::vector<Value> values_{Value()};
};

class Translator {
 public:
  Translator(const History& history, const RegisterSemantics& semantics)
      : history_(history), semantics_(semantics) {
    problem_.initial = intern_(semantics.initial);
  }

  Status add(const KeySlice& slice, std::size_t position) {
    const Operation& operation = slice.operations[position];
    const Op& invoke = history_[operation.invoke];
    const Op* completion = operation.complete ? &history_[*operation.complete] : nullptr;
    const OpType outcome = completion != nullptr ? completion->type : OpType::kInfo;
    Result<std::optional<Action>> action = translate(invoke, completion, outcome);
    if (!action.ok()) return action.error();
    if (!*action) return {};
    const bool answered = outcome == OpType::kOk || outcome == OpType::kFail;
    problem_.ops.push_back({.operation = position,
                            .action = **action,
                            .invoke = operation.invoke,
                            .response = answered ? *operation.complete : kNever});
    return {};
  }

  RegisterProblem take() && {
    problem_.values = std::move(intern_).take();
    return std::move(problem_);
  }

 private:
  Result<std::optional<Action>> translate(const Op& invoke, const Op* completion, OpType outcome) {
    if (semantics_.kind == RegisterKind::kMutex) {
      if (invoke.f == "acquire") return lock(kMutexFree, kMutexHeld, outcome);
      if (invoke.f == "release") return lock(kMutexHeld, kMutexFree, outcome);
      return unsupported(invoke, "a mutex has acquire and release");
    }
    if (invoke.f == "read") return read(completion, outcome);
    if (invoke.f == "write") return write(invoke, outcome);
    if (invoke.f == "cas") return cas(invoke, completion, outcome);
    return unsupported(invoke, "a register has read, write and cas");
  }
  static Error unsupported(const Op& invoke, std::string_view known) {
    return {ErrorCode::kUnsupported, fmt::format("operation {} is {}; {}", invoke.index, invoke.f, known)};
  }

  std::optional<Action> lock(std::string_view before, std::string_view after, OpType outcome) {
    if (outcome == OpType::kFail) return std::nullopt;
    return Action{.kind = ActionKind::kCas, .expects = intern_(before), .gives = intern_(after)};
  }

  std::optional<Action> read(const Op* completion, OpType outcome) {
    if (outcome != OpType::kOk) return std::nullopt;
    if (completion->value.is_nil() && semantics_.nil_read == NilRead::kNothing) return std::nullopt;
    return Action{.kind = ActionKind::kObserve, .expects = intern_(completion->value), .gives = kUnobserved};
  }

  std::optional<Action> write(const Op& invoke, OpType outcome) {
    if (outcome == OpType::kFail) return std::nullopt;
    return Action{.kind = ActionKind::kWrite, .expects = kUnobserved, .gives = intern_(invoke.value)};
  }

  Result<std::optional<Action>> cas(const Op& invoke, const Op* completion, OpType outcome) {
    const Value::List* pair = invoke.value.as_list();
    if (pair == nullptr || pair->size() != 2) {
      return Error{ErrorCode::kInvalidArgument,
                   fmt::format("operation {}: the value of a cas is [expected new], not {}", invoke.index,
                               to_text(invoke.value))};
    }
    const ValueId expected = intern_(pair->front());
    if (outcome == OpType::kFail) return failed_cas(*completion, expected);
    const ValueId fresh = intern_(pair->back());
    std::optional<Action> action;
    if (expected != fresh) {
      action = {.kind = ActionKind::kCas, .expects = expected, .gives = fresh};
    } else if (outcome ==
               OpType::kOk) {  // It changes nothing: a read; when it may not have matched, nothing at all.
      action = {.kind = ActionKind::kObserve, .expects = expected, .gives = kUnobserved};
    }
    return action;
  }

  std::optional<Action> failed_cas(const Op& completion, ValueId expected) {
    if (semantics_.failed_cas == FailedCas::kNothing || completion.error != "mismatch") return std::nullopt;
    const auto seen = completion.extra.find("seen");
    if (seen == completion.extra.end()) {
      return Action{.kind = ActionKind::kDeny, .expects = expected, .gives = kUnobserved};
    }
    const ValueId id = intern_(seen->second);
    // To have seen the expected value and yet report a mismatch is a lie in any order.
    return Action{.kind = ActionKind::kObserve,
                  .expects = id == expected ? intern_.unwritable(seen->second) : id,
                  .gives = kUnobserved};
  }

  const History& history_;
  const RegisterSemantics& semantics_;
  Interner intern_;
  RegisterProblem problem_;
};

}  // namespace

std::optional<Value> written_by(const Op& invoke) {
  if (invoke.f == "write") return invoke.value;
  if (invoke.f == "acquire") return kMutexHeld;
  if (invoke.f == "release") return kMutexFree;
  const Value::List* pair = invoke.f == "cas" ? invoke.value.as_list() : nullptr;
  if (pair == nullptr || pair->size() != 2) return std::nullopt;
  return pair->back();
}

Result<RegisterProblem> make_register_problem(const History& history, const KeySlice& slice,
                                              const RegisterSemantics& semantics) {
  Translator translator(history, semantics);
  for (std::size_t i = 0; i < slice.operations.size(); ++i) {
    if (Status status = translator.add(slice, i); !status.ok()) return status.error();
  }
  return std::move(translator).take();
}

}  // namespace ordeal
