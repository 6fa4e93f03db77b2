#pragma once
// The script: operations on registers that are written down one by one, each with its time and its client.
// What a failing run is shrunk to, and what a person writes who wants one history and no other. Judged like
// the register workload.

#include "common/time.h"
#include "workloads/workload.h"

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace ordeal {

struct ScriptedOp {
  Duration at;               ///< from the start of the load; later when the client is not free then
  std::uint32_t client = 0;  ///< counted from 0
  std::string f;             ///< read, write, cas
  std::string key;
  Value value;  ///< text for write, [expected new] for cas

  friend bool operator==(const ScriptedOp&, const ScriptedOp&) = default;
};

class ScriptWorkload : public Workload {
 public:
  explicit ScriptWorkload(std::vector<ScriptedOp> operations);

  [[nodiscard]] std::string_view name() const override { return "script"; }
  [[nodiscard]] std::optional<Op> next(Rng& /*rng*/, ProcessId /*process*/) override { return std::nullopt; }
  [[nodiscard]] const std::vector<ScheduledOp>* schedule() const override { return &operations_; }
  void completed(const Op& /*invoke*/, const Op& /*completion*/) override {}
  /// Every key of the script, several times.
  [[nodiscard]] std::optional<Op> next_final(Rng& rng, ProcessId process) override;
  [[nodiscard]] bool idempotent(std::string_view f) const override { return f == "read"; }
  [[nodiscard]] std::vector<std::unique_ptr<Checker>> checkers() const override;

 private:
  std::vector<ScheduledOp> operations_;  ///< by time
  std::deque<std::string> final_reads_;
};

}  // namespace ordeal
