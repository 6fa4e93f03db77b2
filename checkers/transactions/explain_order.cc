#include "checkers/transactions/explain_order.h"

namespace ordeal {
namespace {

OrderStep explain_step(const ReadsFrom& reads, const PathStep& step, const ForcedBy& forced_by) {
  OrderStep out{.from = step.from, .to = step.to};
  if (step.session) return out;
  for (const ExternalRead& read : reads.reads_of(step.to)) {
    if (read.writer != step.from) continue;
    out.relation = Relation::kReads;
    out.key = read.key;
    return out;
  }
  const OrderStep reason = forced_by(step.from, step.to);
  out.relation = Relation::kForced;
  out.key = reason.key;
  out.reader = reason.reader;
  return out;
}

}  // namespace

Violation explain_fault(const TransactionTable& table, const FaultyRead& fault) {
  return {.pattern = to_text(fault.fault),
          .reader = fault.reader,
          .key = table.access(fault.access).key,
          .source = fault.writer,
          .steps = {}};
}

std::vector<OrderStep> explain_steps(const ReadsFrom& reads, const std::vector<PathStep>& path,
                                     const ForcedBy& forced_by) {
  std::vector<OrderStep> steps;
  steps.reserve(path.size());
  for (const PathStep& step : path) steps.push_back(explain_step(reads, step, forced_by));
  return steps;
}

}  // namespace ordeal
