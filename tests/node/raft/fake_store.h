#pragma once
// An ordered map with a store's promises: batches are atomic, visible at once, durable later and in order; a
// power loss takes the batches that were not durable from some point on.

#include "node/store.h"

#include <deque>
#include <map>

namespace ordeal::raft::testing {

class FakeStore final : public StoreView {
 public:
  using Map = std::map<Bytes, Bytes, std::less<>>;

  [[nodiscard]] Result<std::optional<Bytes>> get(Space space, std::string_view key) const override;
  [[nodiscard]] Status scan(
      Space space, std::string_view first, std::string_view last,
      const std::function<bool(std::string_view, std::string_view)>& visit) const override;

  void write(Batch batch);
  /// Batches that a power loss could take.
  [[nodiscard]] std::size_t pending() const { return pending_.size(); }
  /// Makes the oldest `count` pending batches durable.
  void sync(std::size_t count);
  /// All but the oldest `kept` pending batches are gone.
  void lose_power(std::size_t kept);

  [[nodiscard]] const Map& space(Space space) const { return visible_[index(space)]; }
  /// From now on every read of the log fails.
  void fail_reads() { failing_ = true; }
  /// Direct access, to damage what is stored.
  [[nodiscard]] Map& damage(Space space) { return visible_[index(space)]; }

 private:
  static std::size_t index(Space space) { return static_cast<std::size_t>(space); }
  static void carry_out(Map (&maps)[2], const Batch& batch);

  Map visible_[2];
  Map durable_[2];
  std::deque<Batch> pending_;
  bool failing_ = false;
};

}  // namespace ordeal::raft::testing
