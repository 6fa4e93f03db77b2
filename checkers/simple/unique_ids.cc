#include "checkers/simple/unique_ids.h"

#include "checkers/dense_numbers.h"
#include "checkers/simple/finding_builder.h"

#include <fmt/format.h>

#include <vector>

namespace ordeal {
namespace {

class UniqueIds final : public Checker {
 public:
  [[nodiscard]] std::string_view name() const override { return "unique-ids"; }

  [[nodiscard]] Finding check(const HistoryTable& history, const Budget& /*budget*/) const override {
    FindingBuilder builder(name());
    DenseNumbers ids;
    std::vector<OperationRow> first;  // by id
    std::int64_t generated = 0;
    builder.count("duplicated", 0);
    for (const OperationRow& operation : history.operations()) {
      if (history.f_text(operation.invoke) != "generate" || outcome_of(history, operation) != OpType::kOk)
        continue;
      ++generated;
      const std::uint32_t id = ids.number(history.value(operation.complete).bits);
      if (id == first.size()) {
        first.push_back(operation);
        continue;
      }
      const std::string text = to_text(result_of(history, operation));
      Witness witness;
      witness.stuck = {
          step_of(first[id], fmt::format("{} got {}", who_and_when(history, first[id]), text)),
          step_of(operation, fmt::format("{} got {} too", who_and_when(history, operation), text))};
      builder.accuse("duplicated", std::move(witness), fmt::format("the id {} was given out twice", text));
    }
    builder.count("generated", generated);
    return std::move(builder).finish(fmt::format("{} ids, all different", generated));
  }
};

}  // namespace

std::unique_ptr<Checker> make_unique_ids_checker() {
  return std::make_unique<UniqueIds>();
}

}  // namespace ordeal
