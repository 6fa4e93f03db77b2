#include "checkers/formats/foreign_ops.h"

#include <fmt/format.h>

#include <utility>

namespace ordeal {

void ForeignOps::add(Op op, std::optional<Duration> time) {
  History& history = parsed_.history;
  const Duration before = history.empty() ? Duration() : history.back().time;
  op.index = static_cast<std::int64_t>(history.size());
  op.time = time.value_or(before);
  if (!history.empty() && op.time < before) {
    ++times_back_;
    op.time = before;
  }
  if (op.process == kNemesisProcess) follow_nemesis(op);
  history.push_back(std::move(op));
}

/// An info that completes nothing begins something.
void ForeignOps::follow_nemesis(Op& op) {
  std::size_t& open = nemesis_open_[op.f];
  if (op.type == OpType::kInfo && open == 0) op.type = OpType::kInvoke;
  if (op.type == OpType::kInvoke) {
    ++open;
  } else if (open > 0) {
    --open;
  }
}

ParsedHistory ForeignOps::finish() && {
  if (times_back_ > 0) {
    parsed_.notes.push_back(
        fmt::format("{} times go back; the order of the file is kept and they are raised to the one before",
                    times_back_));
  }
  return std::move(parsed_);
}

}  // namespace ordeal
