#pragma once
// Sends and polls of append-only logs, one log per key, as Jepsen's kafka workload writes them, in EDN or
// JSON:
//
//   send, poll, txn   a list of [:send KEY VALUE], which an ok answers with [:send KEY [OFFSET VALUE]], and
//   of
//                     [:poll], answered with [:poll {KEY [[OFFSET VALUE] ...]}]. An offset of nil is not
//                     known.
//   assign, subscribe a list of keys, which replace those before; the member `seek-to-beginning?` makes the
//                     consumer begin anew
//
// The member `rebalance-log`, a list of {:keys [KEY ...]}, says whose assignment changed in the meantime.
// Anything else (crash, debug-topic-partitions) changes nothing.

#include "checkers/checker.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ordeal {

/// A message as an operation saw it.
struct KafkaRecord {
  std::uint32_t message = 0;  ///< in KafkaHistory::messages
  std::uint32_t key = 0;      ///< in KafkaHistory::keys
  std::optional<std::int64_t> offset;
};

struct KafkaOperation {
  OperationRow operation;
  OpType outcome = OpType::kInfo;
  std::vector<KafkaRecord> sends;         ///< in their order
  std::vector<KafkaRecord> polls;         ///< in their order; of one key those of one poll after the other
  std::vector<std::uint32_t> rebalanced;  ///< keys, ascending
  bool assigns = false;                   ///< it changes what is assigned
  bool from_beginning = false;
  std::vector<std::uint32_t> assigned;  ///< keys, ascending
};

struct KafkaMessage {
  std::uint32_t key = 0;
  Value value;
};

struct KafkaHistory {
  std::vector<KafkaOperation> operations;  ///< in order of invocation
  std::vector<std::string> keys;
  std::vector<KafkaMessage> messages;
  bool subscribes = false;             ///< consumers may be rebalanced between two polls
  std::optional<std::string> problem;  ///< an operation that is not of this form
};

/// O(n log n). Requires: history.check_well_formed().
[[nodiscard]] KafkaHistory read_kafka(const HistoryTable& history);

}  // namespace ordeal
