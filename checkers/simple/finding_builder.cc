#include "checkers/simple/finding_builder.h"

#include <fmt/format.h>

#include <utility>

namespace ordeal {
namespace {

constexpr std::size_t kWitnessesMax = 5;

}  // namespace

void FindingBuilder::accuse(std::string_view name, Witness witness, const std::string& why) {
  Value& count = details_[std::string(name)];
  count = (count.as_int() != nullptr ? *count.as_int() : 0) + 1;
  if (finding_.verdict != Verdict::kInvalid) finding_.why = why;
  finding_.verdict = Verdict::kInvalid;
  if (finding_.witnesses.size() < kWitnessesMax) finding_.witnesses.push_back(std::move(witness));
}

void FindingBuilder::give_up(const std::string& why) {
  if (finding_.verdict == Verdict::kInvalid) return;
  finding_.verdict = Verdict::kUnknown;
  finding_.why = why;
}

Finding FindingBuilder::finish(const std::string& valid_why) && {
  if (finding_.verdict == Verdict::kValid) finding_.why = valid_why;
  finding_.details = std::move(details_);
  return std::move(finding_);
}

WitnessStep step_of(const OperationRow& operation, std::string text) {
  WitnessStep step{.invoke = operation.invoke, .complete = std::nullopt, .text = std::move(text)};
  if (operation.completed()) step.complete = operation.complete;
  return step;
}

OpType outcome_of(const HistoryTable& history, const OperationRow& operation) {
  return operation.completed() ? history.type(operation.complete) : OpType::kInfo;
}

Value result_of(const HistoryTable& history, const OperationRow& operation) {
  return history.pool().value(history.value(operation.complete));
}

Value argument_of(const HistoryTable& history, const OperationRow& operation) {
  return history.pool().value(history.value(operation.invoke));
}

std::string who_and_when(const HistoryTable& history, const OperationRow& operation) {
  return fmt::format("p{} at {:.6f}s", history.process(operation.invoke),
                     history.time(operation.invoke).seconds());
}

}  // namespace ordeal
