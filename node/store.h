#pragma once
// The store contract that cores see: an ordered map of bytes in two spaces, read through StoreView and
// changed by batches that a core returns and the host carries out. The real one is RocksDB (node/host), the
// simulator's is an ordered map with the same promises, which are RocksDB's: a batch is atomic; batches reach
// the disk in the order in which they were given; after power loss unsynced batches are lost as a suffix; a
// damaged record is an error when it is read, never other bytes.

#include "common/ids.h"
#include "common/kv_api.h"
#include "common/result.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

namespace ordeal {

enum class Space : std::uint8_t {
  kLog,    ///< the protocol's own records: entries, term and vote, acceptor state
  kState,  ///< the replicated state, written by StateMachine::apply and by snapshot install alone
};

/// An atomic change.
struct Batch {
  enum class Kind : std::uint8_t { kPut, kDelete, kDeleteRange };
  struct Change {
    Kind kind = Kind::kPut;
    Space space = Space::kLog;
    Bytes key;
    Bytes value;  ///< for kDeleteRange the end of the range, excluded
  };
  std::vector<Change> changes;

  [[nodiscard]] bool empty() const { return changes.empty(); }
  void put(Space space, Bytes key, Bytes value) {
    if (changes.empty()) changes.reserve(4);  // what most batches hold
    changes.push_back({Kind::kPut, space, std::move(key), std::move(value)});
  }
  void erase(Space space, Bytes key) { changes.push_back({Kind::kDelete, space, std::move(key), {}}); }
  /// Deletes keys in [first, last).
  void erase_range(Space space, Bytes first, Bytes last) {
    changes.push_back({Kind::kDeleteRange, space, std::move(first), std::move(last)});
  }
};

/// A readable state of the store. The host shows a core every batch that it was given, durable or not.
class StoreView {
 public:
  StoreView() = default;
  StoreView(const StoreView&) = delete;
  StoreView& operator=(const StoreView&) = delete;
  virtual ~StoreView() = default;

  /// None when absent; an error when the record is damaged or the disk fails.
  [[nodiscard]] virtual Result<std::optional<Bytes>> get(Space space, std::string_view key) const = 0;
  /// Calls `visit(key, value)` for the keys in [first, last) in byte order, until it returns false. An empty
  /// `last` means "to the end of the space".
  [[nodiscard]] virtual Status scan(
      Space space, std::string_view first, std::string_view last,
      const std::function<bool(std::string_view, std::string_view)>& visit) const = 0;
};

/// The replicated state machine (node/kv). Stateless: everything it knows is in Space::kState, so a snapshot
/// is exactly the content of that space.
class StateMachine {
 public:
  StateMachine() = default;
  StateMachine(const StateMachine&) = delete;
  StateMachine& operator=(const StateMachine&) = delete;
  virtual ~StateMachine() = default;

  struct Applied {
    Batch batch;  ///< effects, in Space::kState alone; the host adds the applied index and writes both in one
                  ///< batch
    Bytes reply;  ///< encoded kv::Reply
  };
  /// Applies an encoded kv::Command at `index`. Deterministic: same state, index and command give the same
  /// bytes on every replica. An error means that the store could not be read: the node stops.
  [[nodiscard]] virtual Result<Applied> apply(const StoreView& state, LogIndex index,
                                              std::string_view command) const = 0;
  /// Answers a command from the state without changing it. What a read gets; what a write would get.
  [[nodiscard]] virtual Result<Bytes> answer(const StoreView& state, LogIndex index,
                                             std::string_view command) const = 0;
};

}  // namespace ordeal
