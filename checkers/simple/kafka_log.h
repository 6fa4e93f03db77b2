#pragma once
// Append-only logs, one per key, that are sent to and polled from: what Kafka and those like it promise, by
// the names of Jepsen's kafka workload. kafka_history.h says how the operations are written. Values are
// unique in their key. What polls saw counts even if the poll failed; what was sent counts when it is ok, or
// when its outcome is unknown and something that it sent was polled by an ok.
//
//   inconsistent-offsets   one offset of a key, two values;
//   duplicate              one value at two offsets;
//   lost-write             sent for certain, at an offset below one that an ok polled, and polled by no ok;
//   G1a                    an ok polled what had failed to be sent;
//   unexpected             polled, and nobody sent it;
//   precommitted-read      an operation polled what it sent itself;
//   nonmonotonic-poll      a process polled again, or went back before, what its last poll of the key ended
//   with; poll-skip              it left out something that is known to lie between the two;
//   nonmonotonic-send      what a process sent later has the smaller offset;
//   int-nonmonotonic-poll, int-poll-skip, int-nonmonotonic-send, int-send-skip
//                          the same within one operation;
//   unseen                 sent for certain, and polled by no ok.
//
// As in Jepsen, int-send-skip is only counted, and so are poll-skip and nonmonotonic-poll when anybody
// subscribed, for a consumer may be rebalanced between two polls. Other than there: an unseen message is no
// violation unless it is asked for, because nobody may have polled that far; and cycles of transactions are
// not looked for.

#include "checkers/checker.h"

#include <memory>

namespace ordeal {

/// Whether everything was polled in the end, so that what is unseen is gone.
enum class FinalPolls : std::uint8_t { kNotPromised, kOfEverything };

/// Named "kafka-log", and "kafka-log-drained" when nothing may stay unseen. O(n log n).
[[nodiscard]] std::unique_ptr<Checker> make_kafka_log_checker(FinalPolls polls);

}  // namespace ordeal
