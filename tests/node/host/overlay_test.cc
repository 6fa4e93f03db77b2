#include "node/host/overlay.h"

#include "common/prng.h"

#include <gtest/gtest.h>

#include <map>

namespace ordeal::host {
namespace {

using Content = std::map<Bytes, Bytes, std::less<>>;

class MapBelow : public Overlay::Below {
 public:
  MapBelow(const Content& content, const Bytes& first, const Bytes& last)
      : it_(content.lower_bound(first)), end_(last.empty() ? content.end() : content.lower_bound(last)) {}
  [[nodiscard]] bool valid() const override { return it_ != end_; }
  [[nodiscard]] std::string_view key() const override { return it_->first; }
  [[nodiscard]] std::string_view value() const override { return it_->second; }
  void next() override { ++it_; }

 private:
  Content::const_iterator it_;
  Content::const_iterator end_;
};

void change(const Batch& batch, Content& content) {
  for (const Batch::Change& change : batch.changes) {
    if (change.kind == Batch::Kind::kPut) content[change.key] = change.value;
    if (change.kind == Batch::Kind::kDelete) content.erase(change.key);
    if (change.kind == Batch::Kind::kDeleteRange && change.key < change.value)
      content.erase(content.lower_bound(change.key), content.lower_bound(change.value));
  }
}

Content scan_of(const Overlay& overlay, const Content& below, const Bytes& first, const Bytes& last) {
  Content seen;
  MapBelow range(below, first, last);
  overlay.scan(Space::kLog, first, last, range, [&](std::string_view key, std::string_view value) {
    EXPECT_TRUE(seen.empty() || seen.rbegin()->first < key) << "out of order";
    seen.emplace(key, value);
    return true;
  });
  return seen;
}

TEST(Overlay, HidesWhatLiesBelow) {
  Overlay overlay;
  Batch batch;
  batch.put(Space::kLog, "b", "new");
  batch.erase(Space::kLog, "c");
  overlay.add(batch);
  const Content below = {{"a", "1"}, {"b", "2"}, {"c", "3"}};
  EXPECT_EQ(scan_of(overlay, below, "", ""), (Content{{"a", "1"}, {"b", "new"}}));
}

TEST(Overlay, ScanStopsWhenToldTo) {
  Overlay overlay;
  const Content below = {{"a", "1"}, {"b", "2"}};
  MapBelow range(below, "", "");
  int visits = 0;
  overlay.scan(Space::kLog, "", "", range, [&](std::string_view, std::string_view) { return ++visits < 1; });
  EXPECT_EQ(visits, 1);
}

TEST(Overlay, SettleLetsGoOfOldChangesOnly) {
  Overlay overlay;
  Batch first;
  first.put(Space::kLog, "a", "1");
  Batch second;
  second.put(Space::kLog, "a", "2");
  const std::uint64_t number = overlay.add(first);
  overlay.add(second);
  overlay.settle(number);
  std::string_view value;
  EXPECT_EQ(overlay.find(Space::kLog, "a", value), Overlay::Found::kPresent);
  EXPECT_EQ(value, "2");
  overlay.settle(number + 1);
  EXPECT_EQ(overlay.find(Space::kLog, "a", value), Overlay::Found::kUnknown);
}

TEST(Overlay, SpacesAreApart) {
  Overlay overlay;
  Batch batch;
  batch.put(Space::kLog, "a", "1");
  overlay.add(batch);
  std::string_view value;
  EXPECT_EQ(overlay.find(Space::kState, "a", value), Overlay::Found::kUnknown);
}

TEST(Overlay, ForgetEmptiesOneSpace) {
  Overlay overlay;
  Batch batch;
  batch.put(Space::kLog, "a", "1");
  batch.put(Space::kState, "a", "1");
  const std::uint64_t number = overlay.add(batch);
  overlay.forget(Space::kState);
  std::string_view value;
  EXPECT_EQ(overlay.find(Space::kState, "a", value), Overlay::Found::kUnknown);
  EXPECT_EQ(overlay.find(Space::kLog, "a", value), Overlay::Found::kPresent);
  overlay.settle(number);
  EXPECT_EQ(overlay.find(Space::kLog, "a", value), Overlay::Found::kUnknown);
}

Batch random_batch(Rng& rng) {
  Batch batch;
  const auto key = [&] { return Bytes(1, static_cast<char>('a' + rng.below(8))); };
  for (std::uint64_t n = 1 + rng.below(3); n > 0; --n) {
    switch (rng.below(3)) {
      case 0:
        batch.put(Space::kLog, key(), std::to_string(rng.below(1000)));
        break;
      case 1:
        batch.erase(Space::kLog, key());
        break;
      default: {
        Bytes first = key();
        Bytes last = key();
        if (last < first) std::swap(first, last);
        batch.erase_range(Space::kLog, first, last);
      }
    }
  }
  return batch;
}

// However far the store below has come, and whether or not that was settled, both layers together are what a
// map is that took every batch at once.
TEST(Overlay, RandomBatchesLookLikeOneMap) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Rng rng(seed);
    Overlay overlay;
    Content below;
    Content twin;
    std::vector<Batch> batches;
    std::size_t written = 0;
    for (int i = 0; i < 100; ++i) {
      batches.push_back(random_batch(rng));
      overlay.add(batches.back());
      change(batches.back(), twin);
      while (written < batches.size() && rng.chance(2, 3)) change(batches[written++], below);
      if (rng.chance(1, 2)) overlay.settle(written);
      ASSERT_EQ(scan_of(overlay, below, "", ""), twin) << "seed " << seed << " step " << i;
      Content part(twin.lower_bound("c"), twin.lower_bound("f"));
      ASSERT_EQ(scan_of(overlay, below, "c", "f"), part) << "seed " << seed << " step " << i;
    }
  }
}

}  // namespace
}  // namespace ordeal::host
