#include "common/history.h"

#include <fmt/format.h>

#include <map>

namespace ordeal {
namespace {

Status broken(std::size_t position, std::string rule) {
  return Error{ErrorCode::kInvalidArgument, fmt::format("operation {}: {}", position, rule)};
}

/// What is known of the processes at one point of the history.
struct Processes {
  std::map<ProcessId, std::optional<std::size_t>> open;  ///< client processes: their open invocation
  std::map<ProcessId, std::size_t> ended;                ///< client processes that ended with info, and where
  std::map<std::string, std::size_t> nemesis_open;       ///< open invocations of the nemesis, counted by f
};

Status follow_nemesis(const Op& op, std::size_t position, Processes& processes) {
  std::size_t& open = processes.nemesis_open[op.f];
  if (op.type == OpType::kInvoke) {
    ++open;
    return {};
  }
  if (open == 0) return broken(position, fmt::format("nemesis completes {} which it never invoked", op.f));
  --open;
  return {};
}

Status follow_client(const History& history, std::size_t position, Processes& processes) {
  const Op& op = history[position];
  std::optional<std::size_t>& open = processes.open[op.process];
  if (op.type == OpType::kInvoke) {
    if (open)
      return broken(position,
                    fmt::format("process {} invokes while its operation {} is open", op.process, *open));
    if (const auto it = processes.ended.find(op.process); it != processes.ended.end()) {
      return broken(position, fmt::format("process {} invokes although it ended with info at {}", op.process,
                                          it->second));
    }
    open = position;
    return {};
  }
  if (!open)
    return broken(position,
                  fmt::format("process {} completes an operation that it did not invoke", op.process));
  const Op& invoke = history[*open];
  if (invoke.f != op.f) {
    return broken(position, fmt::format("process {} completes {} but had invoked {} at {}", op.process, op.f,
                                        invoke.f, *open));
  }
  if (invoke.key != op.key) {
    return broken(position, fmt::format("process {} completes key {} but had invoked key {} at {}",
                                        op.process, to_text(op.key), to_text(invoke.key), *open));
  }
  if (op.type == OpType::kInfo) processes.ended.emplace(op.process, position);
  open.reset();
  return {};
}

}  // namespace

Status check_well_formed(const History& history) {
  Processes processes;
  for (std::size_t i = 0; i < history.size(); ++i) {
    const Op& op = history[i];
    if (op.index != static_cast<std::int64_t>(i))
      return broken(i, fmt::format("its index is {}, expected {}", op.index, i));
    if (i > 0 && op.time < history[i - 1].time)
      return broken(i, "its time is before that of the operation ahead of it");
    Status status = op.process == kNemesisProcess ? follow_nemesis(op, i, processes)
                                                  : follow_client(history, i, processes);
    if (!status.ok()) return status;
  }
  return {};
}

std::vector<Operation> pair_operations(const History& history) {
  std::vector<Operation> operations;
  std::map<ProcessId, std::size_t> open;  // process -> position in operations
  for (std::size_t i = 0; i < history.size(); ++i) {
    const Op& op = history[i];
    if (op.process == kNemesisProcess) continue;
    if (op.type == OpType::kInvoke) {
      open[op.process] = operations.size();
      operations.push_back({.invoke = i, .complete = std::nullopt});
    } else {
      operations[open.at(op.process)].complete = i;
    }
  }
  return operations;
}

}  // namespace ordeal
