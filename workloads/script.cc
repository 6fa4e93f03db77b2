#include "workloads/script.h"

#include "checkers/linearizability/linearizable.h"

#include <algorithm>
#include <set>

namespace ordeal {
ScriptWorkload::ScriptWorkload(std::vector<ScriptedOp> operations) {
  std::set<std::string> keys;
  for (ScriptedOp& scripted : operations) {
    keys.insert(scripted.key);
    Op op;
    op.f = std::move(scripted.f);
    op.key = std::move(scripted.key);
    op.value = std::move(scripted.value);
    operations_.push_back({scripted.at, scripted.client, std::move(op)});
  }
  std::stable_sort(operations_.begin(), operations_.end(),
                   [](const ScheduledOp& a, const ScheduledOp& b) { return a.at < b.at; });
  for (int round = 0; round < kFinalReadsPerKey; ++round)
    final_reads_.insert(final_reads_.end(), keys.begin(), keys.end());
}

std::optional<Op> ScriptWorkload::next_final(Rng& /*rng*/, ProcessId process) {
  if (final_reads_.empty()) return std::nullopt;
  Op op;
  op.process = process;
  op.f = "read";
  op.key = final_reads_.front();
  final_reads_.pop_front();
  return op;
}

std::vector<std::unique_ptr<Checker>> ScriptWorkload::checkers() const {
  std::vector<std::unique_ptr<Checker>> list;
  list.push_back(make_linearizable_register_checker());
  return list;
}

}  // namespace ordeal
