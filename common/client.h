#pragma once
// The client port: how an abstract operation is asked of one system. A client is a pure state machine, one
// instance per process; it alone decides ok, fail or info by that system's error rules. The simulator and the
// real transport drive the same client.

#include "common/ids.h"
#include "common/op.h"
#include "common/prng.h"
#include "common/time.h"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace ordeal {

/// A request on the wire, named by the client; unique within it.
using WireId = StrongInt<struct WireIdTag>;
using TimerId = StrongInt<struct TimerIdTag>;

/// An HTTP/1.1 request to a node.
struct WireRequest {
  WireId id;
  NodeId endpoint;
  std::string method;  ///< GET, POST, ...
  std::string target;  ///< path and query
  Bytes body;          ///< JSON
};

/// The operation to run next. Requires: the client has none open.
struct Invoke {
  Op op;  ///< an invoke
};
/// An answer to a request, with its HTTP status.
struct WireReply {
  WireId id;
  int status = 0;
  Bytes body;
};
/// The connection was lost or refused before an answer came.
struct WireClosed {
  WireId id;
  bool sent = false;  ///< false only when surely not one byte of the request left: then nothing happened
  std::string reason;
};
struct TimerFired {
  TimerId id;
};
using ClientInput = std::variant<Invoke, WireReply, WireClosed, TimerFired>;

struct TimerRequest {
  TimerId id;
  MonotonicTime at;
};

/// How the open operation ended. The run loop adds index, time and process.
struct ClientOutcome {
  OpType type = OpType::kInfo;  ///< ok, fail or info
  Value value;
  std::string error;
  NodeId node;
  std::optional<std::uint64_t> session;
  std::optional<std::uint64_t> version;
  std::optional<std::uint64_t> attempt;
  Value::Map extra;  ///< further members of the completion, such as `seen` of a cas that did not match
};

struct ClientOutput {
  std::vector<WireRequest> sends;
  std::vector<WireId> cancels;  ///< requests whose answer is no longer wanted; the transport may drop them
  std::vector<TimerRequest> timers;
  std::optional<ClientOutcome>
      outcome;  ///< at most one per Invoke, always given at last (a time-out is info)
};

class Client {
 public:
  Client() = default;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  virtual ~Client() = default;

  /// Replies and timers that belong to an earlier operation are ignored.
  virtual ClientOutput on(Now now, Rng& rng, const ClientInput& input) = 0;
};

}  // namespace ordeal
