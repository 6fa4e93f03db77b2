#include "node/host/duties/map_state.h"

#include <gtest/gtest.h>

namespace ordeal::host {
namespace {

Batch put(const std::string& key, const std::string& value, Space space = Space::kState) {
  Batch batch;
  batch.put(space, key, value);
  return batch;
}

TEST(MapState, DigestTellsStatesApartAndNotHowTheyCameAbout) {
  MapState one;
  one.change(put("a", "1"));
  one.change(put("b", "2"));
  MapState other;
  other.change(put("b", "1"));
  other.change(put("c", "3"));
  other.change(put("a", "1"));
  EXPECT_NE(one.digest(), other.digest());
  other.change(put("b", "2"));
  EXPECT_NE(one.digest(), other.digest());
  Batch erase;
  erase.erase_range(Space::kState, "c", {});
  other.change(erase);
  EXPECT_EQ(one.digest(), other.digest());
  // Not of the state.
  other.change(put("a", "9", Space::kLog));
  EXPECT_EQ(one.digest(), other.digest());
}

TEST(MapState, DigestIsTakenBackWithAChange) {
  MapState state;
  state.change(put("a", "1"));
  const std::uint64_t before = state.digest();
  for (Batch change : {put("a", "2"), put("b", "2")}) {
    MapState::Undo undo;
    change.erase_range(Space::kState, "0", "9");
    state.change(change, &undo);
    EXPECT_NE(state.digest(), before);
    state.take_back(std::move(undo));
    EXPECT_EQ(state.digest(), before);
  }
}

}  // namespace
}  // namespace ordeal::host
