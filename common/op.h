#pragma once
// One event of a history, in the field's words: an operation of a process is an `invoke` and later at most
// one of `ok` (it happened), `fail` (it did not) or `info` (nobody knows). Faults are recorded in the same
// form under the process `nemesis`. The form on disk is docs/formats/history.md.

#include "common/ids.h"
#include "common/time.h"
#include "common/value.h"

#include <optional>
#include <string>
#include <string_view>

namespace ordeal {

enum class OpType : std::uint8_t { kInvoke, kOk, kFail, kInfo };

/// "invoke", "ok", "fail", "info".
[[nodiscard]] std::string_view to_text(OpType type);
[[nodiscard]] std::optional<OpType> parse_op_type(std::string_view text);

struct Op {
  std::int64_t index = 0;  ///< dense, from 0, in the order of the history
  Duration time;  ///< since the run's start, one monotonic clock; just before send, just after receive
  ProcessId process;
  OpType type = OpType::kInvoke;
  std::string
      f;        ///< read, write, cas, ...; for the nemesis the fault's verb and kind, such as start-partition
  Value key;    ///< nil for operations over several keys and for the nemesis
  Value value;  ///< argument on invoke, result on ok; see the workload
  std::string error;  ///< why not ok; empty on invoke and ok
  NodeId node;        ///< the node that was asked or that answered; kNoNode when not known

  std::optional<Duration> intended;      ///< planned start of an open-loop operation
  std::optional<std::uint64_t> session;  ///< client session
  std::optional<std::uint64_t> version;  ///< the server's order: Version of the value written or read
  std::optional<std::uint64_t> attempt;  ///< tries so far, from 1
  Value::Map extra;                      ///< keys that this version does not know: kept as they are

  friend bool operator==(const Op&, const Op&) = default;
};

/// "12 1.203s p3 invoke write x 7": for messages.
[[nodiscard]] std::string to_text(const Op& op);

}  // namespace ordeal
