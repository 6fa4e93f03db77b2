#pragma once
// An ordered map with a store's contract (node/store.h), and the snapshot duties over it: what a storage in
// memory is made of, that of the real process and the simulator's. A change can be taken back, which is how a
// power loss takes the batches that were not durable.

#include "common/ids.h"
#include "common/result.h"
#include "node/host/duties/snapshot_stream.h"
#include "node/protocol.h"
#include "node/store.h"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace ordeal::host {

class MapState : public StoreView {
 public:
  using Content = std::map<Bytes, Bytes, std::less<>>;

  /// What a batch replaced, in the order of its changes.
  struct Replaced {
    Space space = Space::kLog;
    Bytes key;
    std::optional<Bytes> value;  ///< none: was absent
  };
  using Undo = std::vector<Replaced>;

  Result<std::optional<Bytes>> get(Space space, std::string_view key) const override;
  Status scan(Space space, std::string_view first, std::string_view last,
              const std::function<bool(std::string_view, std::string_view)>& visit) const override;

  /// `undo`: where what is replaced is kept; null: nowhere.
  void change(Batch batch, Undo* undo = nullptr);
  /// Requires: nothing was changed since, or it was taken back.
  void take_back(Undo undo);

  /// Reading this record of Space::kLog is an error until it is written again, or mended.
  void damage(Bytes key) { damaged_ = std::move(key); }
  void mend() { damaged_.reset(); }
  [[nodiscard]] bool damaged() const { return damaged_.has_value(); }

  /// Of everything in Space::kState: equal states have equal digests, however they came about.
  [[nodiscard]] std::uint64_t digest() const { return digest_; }

  [[nodiscard]] const Content& content(Space space) const { return spaces_[static_cast<std::size_t>(space)]; }

 private:
  [[nodiscard]] Content& content(Space space) { return spaces_[static_cast<std::size_t>(space)]; }
  void put(Batch::Change& change, Undo* undo);
  void erase(Content::iterator first, Content::iterator last, Space space, Undo* undo);
  /// To be called for each record of Space::kState that comes or goes.
  void toggle(Space space, std::string_view key, std::string_view value);

  [[nodiscard]] bool reads(Space space, std::string_view key) const {
    return !damaged_ || space != Space::kLog || *damaged_ != key;
  }
  /// To be called for each record that is written or goes.
  void rewrote(Space space, std::string_view key) {
    if (!reads(space, key)) damaged_.reset();
  }

  std::array<Content, 2> spaces_;
  std::optional<Bytes> damaged_;
  std::uint64_t digest_ = 0;
};

/// Snapshots that are being sent and received.
class MapSnapshots {
 public:
  /// `left_out`: first byte of keys that do not get into snapshots (plant R18).
  explicit MapSnapshots(std::optional<char> left_out) : left_out_(left_out) {}

  /// Pins the state as it is now.
  void take(const SnapshotTake& step, const MapState& state);
  /// None when the snapshot was dropped.
  [[nodiscard]] Result<std::optional<SnapshotChunk>> read(const SnapshotRead& step);
  void drop(const SnapshotDrop& step);
  /// kCorruption: a gap, or a stream that does not parse.
  [[nodiscard]] Status stage(const SnapshotStage& step);
  /// The batch that makes the staged stream the state, the step's own batch included. kCorruption: it has no
  /// end. Forgets everything staged.
  [[nodiscard]] Result<Batch> install(SnapshotInstall& step);

 private:
  struct Staged {
    SnapshotParser parser;
    Batch batch;
    std::uint64_t size = 0;
  };

  std::optional<char> left_out_;
  std::map<SnapshotId, SnapshotWriter> writers_;
  std::map<SnapshotId, Staged> staged_;
};

}  // namespace ordeal::host
