#pragma once
// The client of ordeal-node: a register operation becomes one POST /v1/txn, and the answer, or its absence,
// becomes ok, fail or info by the error table of docs/formats/node-api.md.
//
// fail means surely not happened: refused definitely, or the connection was refused before a byte left.
// Everything else without an answer is info: time-outs, lost connections, answers that make no sense. A read
// changes nothing, so its failure is always fail.
//
// With retry on, one operation is tried again within its time, at the leader that a refusal names or at the
// next node, with the same session and sequence, so that it is applied once. Then it is fail only when every
// try surely did nothing.

#include "common/client.h"
#include "common/kv_api.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace ordeal {

struct KvAnswer;

struct OrdealKvOptions {
  std::uint32_t nodes = 1;  ///< n1 to n<nodes>
  NodeId home{1};           ///< the node that a sticky client asks first
  bool sticky = true;       ///< false: a node at random for each operation
  bool retry = false;
  Duration operation_timeout = seconds(5);
  Duration attempt_timeout = seconds(1);  ///< with retry: then the next node is tried
};

class OrdealKv : public Client {
 public:
  /// Its session is process + 1, so a process that is renewed gets a session of its own.
  OrdealKv(ProcessId process, const OrdealKvOptions& options);

  ClientOutput on(Now now, Rng& rng, const ClientInput& input) override;

 private:
  struct Operation {
    Op op;
    kv::Command command;
    MonotonicTime deadline;
    TimerId deadline_timer;
    TimerId retry_timer;           ///< the end of the try in flight, or of the back-off
    std::optional<WireId> flight;  ///< the try that waits for an answer
    NodeId endpoint;               ///< asked last
    std::uint64_t attempts = 0;
    bool may_have_happened = false;  ///< a try ended without a definite answer; only becomes true
    std::string error;               ///< of the last try
  };

  void invoke(Now now, Rng& rng, const Invoke& input, ClientOutput& output);
  void reply(Now now, Rng& rng, const WireReply& input, ClientOutput& output);
  void closed(Now now, Rng& rng, const WireClosed& input, ClientOutput& output);
  void timer(Now now, const TimerFired& input, ClientOutput& output);

  [[nodiscard]] std::optional<kv::Command> make_command(const Op& op);
  void try_once(Now now, ClientOutput& output);
  /// The try in flight ended without success: back off and try `next`, or give the outcome.
  void try_failed(Now now, Rng& rng, bool try_elsewhere, NodeId next, ClientOutput& output);
  void succeed(const KvAnswer& answer, ClientOutput& output);
  void give_up(ClientOutput& output);
  [[nodiscard]] ClientOutcome outcome(OpType type) const;
  [[nodiscard]] NodeId next_node(NodeId node) const;

  std::uint64_t session_;
  OrdealKvOptions options_;
  std::uint64_t sequence_ = 0;  ///< of the last command that carried one; only grows
  WireId last_wire_;
  TimerId last_timer_;
  std::optional<Operation> open_;
};

[[nodiscard]] std::unique_ptr<Client> make_ordeal_kv(ProcessId process, const OrdealKvOptions& options);

}  // namespace ordeal
