#include "checkers/minimise.h"

#include <algorithm>
#include <map>

namespace ordeal {
namespace {

/// An operation that stays, and what becomes of it.
struct Kept {
  bool write_only = false;
  bool open_at_edge = false;
};

/// Only the write of a compare-and-set.
void make_write(Op& op) {
  const Value::List* pair = op.value.as_list();
  if (op.f != "cas" || pair == nullptr || pair->size() != 2) return;
  const Value fresh = (*pair)[1];
  op.f = "write";
  op.value = fresh;
}

}  // namespace

History minimise(const HistoryTable& history, std::span<const KeyProof> proofs) {
  std::map<std::uint32_t, Kept> kept;  // by invocation
  std::map<std::uint32_t, std::uint32_t> edges;
  for (const KeyProof& proof : proofs) {
    if (proof.verdict != Verdict::kInvalid) continue;
    for (const KeyProof::Part& part : proof.parts) {
      Kept& operation = kept[part.invoke];
      operation.write_only = part.write_only;
      operation.open_at_edge = proof.from && part.invoke < *proof.from;
      edges[part.invoke] = proof.until;
    }
  }
  std::int64_t last_process = 0;
  for (std::size_t i = 0; i < history.size(); ++i)
    last_process = std::max(last_process, history.process(i).value());
  std::map<ProcessId, std::uint32_t> last_of;  // its last invocation that is kept
  for (const auto& [invoke, operation] : kept) last_of[history.process(invoke)] = invoke;
  std::map<std::uint32_t, Op> events;
  for (const OperationRow& operation : history.operations()) {
    const auto found = kept.find(operation.invoke);
    if (found == kept.end()) continue;
    Op invoke = history.op(operation.invoke);
    const bool answered = operation.completed() && history.type(operation.complete) != OpType::kInfo;
    const bool cut = answered && (found->second.open_at_edge || operation.complete > edges[operation.invoke]);
    // If its process goes on, which that of an unknown outcome must not, it gets one of its own.
    if (cut && last_of[invoke.process] > operation.invoke) invoke.process = ProcessId(++last_process);
    if (found->second.write_only) make_write(invoke);
    if (operation.completed()) {
      Op complete = history.op(operation.complete);
      if (cut) {
        complete = invoke;
        complete.time = history.time(operation.complete);
        complete.type = OpType::kInfo;
        complete.error = "left open: what it answered is not needed";
      } else if (found->second.write_only) {
        make_write(complete);
      }
      events.emplace(operation.complete, std::move(complete));
    }
    events.emplace(operation.invoke, std::move(invoke));
  }
  History out;
  for (auto& [position, op] : events) {
    op.index = static_cast<std::int64_t>(out.size());
    out.push_back(std::move(op));
  }
  return out;
}

}  // namespace ordeal
