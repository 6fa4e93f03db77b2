#pragma once
// Whether the cluster serves: a leader is known and an operation was answered. Asked before the load, and
// after the heal before the final reads. The reads of this probe are no part of the history.

#include "controller/run/client_pool.h"

#include <optional>

namespace ordeal {

class Readiness {
 public:
  /// Adds a slot of its own to the pool, which must outlive this.
  explicit Readiness(ClientPool& pool);

  /// Starts anew.
  void reset(MonotonicTime now);
  /// Asks again when it is time to. Does nothing once the cluster was seen to serve.
  void run_due(Now now, NodeId leader, RunOutput& output);
  [[nodiscard]] bool owns(ClientPool::Slot slot) const { return slot == slot_; }
  void ended(const ClientPool::Ended& ended, MonotonicTime now);

  [[nodiscard]] bool ready() const { return ready_; }
  /// When to ask again; none while an answer is awaited or when ready.
  [[nodiscard]] std::optional<MonotonicTime> next_due() const;

 private:
  ClientPool& pool_;
  ClientPool::Slot slot_;
  std::int64_t probes_ = 0;
  MonotonicTime again_;
  bool ready_ = false;
};

}  // namespace ordeal
