#pragma once
// A workload: which abstract operations to run, and which checkers judge the history. It knows no wire
// format. The generator is pure and seeded; the run loop asks it whenever a client is free (closed loop) or
// an arrival is due (open loop), and tells it how each operation ended.

#include "checkers/checker.h"
#include "common/op.h"
#include "common/prng.h"
#include "common/result.h"
#include "common/time.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ordeal {

/// Final reads of each key, by clients of different nodes: each must show the same.
inline constexpr int kFinalReadsPerKey = 5;

/// An operation that has its time and its client.
struct ScheduledOp {
  Duration at;  ///< from the start of the load
  std::uint32_t client = 0;
  Op op;  ///< f, key and value
};

class Workload {
 public:
  Workload() = default;
  Workload(const Workload&) = delete;
  Workload& operator=(const Workload&) = delete;
  virtual ~Workload() = default;

  [[nodiscard]] virtual std::string_view name() const = 0;
  /// The next operation for this process: f, key and value are set. None: nothing to do for it just now
  /// (every key has its full concurrency); it is asked again when an operation ends.
  [[nodiscard]] virtual std::optional<Op> next(Rng& rng, ProcessId process) = 0;
  /// A workload that knows when each operation is due, in order of time: the load's own arrivals are not
  /// used, and `next` is not asked. Null: it does not.
  [[nodiscard]] virtual const std::vector<ScheduledOp>* schedule() const { return nullptr; }
  /// An operation that `next` gave has ended (ok, fail or info).
  virtual void completed(const Op& invoke, const Op& completion) = 0;
  /// The next final read for this process, after the heal: read back what must still be there. None: no more.
  [[nodiscard]] virtual std::optional<Op> next_final(Rng& rng, ProcessId process) = 0;
  /// Time-outs of these are `fail`, not `info`: they change nothing.
  [[nodiscard]] virtual bool idempotent(std::string_view f) const = 0;
  [[nodiscard]] virtual std::vector<std::unique_ptr<Checker>> checkers() const = 0;
};

}  // namespace ordeal
