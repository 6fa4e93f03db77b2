#pragma once
// The clients of a run, each in a slot: carries their requests, answers and timers between them and the
// driver. Names of requests are unique across all clients on the driver's side and per client on the other.

#include "common/client.h"
#include "controller/run/run_loop.h"

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <tuple>
#include <vector>

namespace ordeal {

class ClientPool {
 public:
  using Slot = std::size_t;

  /// An operation is over.
  struct Ended {
    Slot slot;
    Op invoke;
    ClientOutcome outcome;
  };

  /// `plan` must outlive the pool. Each process draws from a stream of its own of `rng`.
  ClientPool(const Plan& plan, ClientFactory make_client, const Rng& rng);

  Slot add(ProcessId process);
  /// A new client in place of one whose process is used up. Requires: !busy(slot).
  void renew(Slot slot, ProcessId process);
  [[nodiscard]] std::size_t size() const { return slots_.size(); }
  [[nodiscard]] ProcessId process(Slot slot) const { return slots_[slot].process; }
  [[nodiscard]] bool busy(Slot slot) const { return slots_[slot].open.has_value(); }

  /// The node asked first; kNoNode when the client asked none. Requires: !busy(slot).
  struct Started {
    NodeId node;
    std::optional<Ended> ended;  ///< over at once
  };
  [[nodiscard]] Started invoke(Slot slot, const Op& op, Now now, RunOutput& output);
  /// Answers to calls that are not waited for any more are ignored.
  [[nodiscard]] std::optional<Ended> reply(const CallReply& reply, Now now, RunOutput& output);
  [[nodiscard]] std::optional<Ended> closed(const CallClosed& closed, Now now, RunOutput& output);

  [[nodiscard]] std::optional<MonotonicTime> next_timer() const;
  /// Fires the earliest timer. Requires: it is due.
  [[nodiscard]] std::optional<Ended> fire_timer(Now now, RunOutput& output);

  /// Drops the open operation: its client is not asked, and must be renewed before it is used again.
  /// Requires: busy(slot).
  Op abandon(Slot slot, RunOutput& output);

 private:
  using TimerKey = std::tuple<MonotonicTime, Slot, TimerId>;
  struct SlotState {
    ProcessId process;
    std::unique_ptr<Client> client;
    Rng rng{0};
    std::optional<Op> open;
    std::map<WireId, CallId> calls;  ///< that wait for an answer
    std::set<TimerKey> timers;
  };
  struct Wire {
    Slot slot;
    WireId id;
  };

  std::optional<Ended> feed(Slot slot, Now now, const ClientInput& input, RunOutput& output);
  /// The client's name of a call, which is not waited for any more from now on.
  std::optional<Wire> take_call(CallId call);
  void drop_pending(Slot slot, RunOutput& output);

  const Plan& plan_;
  ClientFactory make_client_;
  Rng rng_;
  std::vector<SlotState> slots_;
  std::map<CallId, Wire> calls_;
  std::set<TimerKey> timers_;  ///< of all slots
  CallId last_call_;
};

}  // namespace ordeal
