#pragma once
// Finds things that are numbered from 0 and kept elsewhere, by a hash: four bytes a slot. Nothing depends on
// the order of the slots.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ordeal {

class HashIndex {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  HashIndex() : slots_(kSlotsFirst, kNone) {}

  /// The number of what has this hash and `equal(number)`; if there is none, `fresh`, which is then kept.
  /// `hash_of(number)` gives the hash of what was kept before. Requires: fresh < kNone, and numbers differ.
  template <class Equal, class HashOf>
  std::uint32_t find_or_add(std::uint64_t hash, std::uint32_t fresh, const Equal& equal,
                            const HashOf& hash_of) {
    std::size_t slot = hash & (slots_.size() - 1);
    for (; slots_[slot] != kNone; slot = (slot + 1) & (slots_.size() - 1)) {
      if (equal(slots_[slot])) return slots_[slot];
    }
    slots_[slot] = fresh;
    if (2 * ++size_ > slots_.size()) grow(hash_of);
    return fresh;
  }

  /// kNone when there is none.
  template <class Equal>
  [[nodiscard]] std::uint32_t find(std::uint64_t hash, const Equal& equal) const {
    std::size_t slot = hash & (slots_.size() - 1);
    for (; slots_[slot] != kNone; slot = (slot + 1) & (slots_.size() - 1)) {
      if (equal(slots_[slot])) return slots_[slot];
    }
    return kNone;
  }

  /// Memory used.
  [[nodiscard]] std::uint64_t bytes() const { return slots_.size() * sizeof(slots_[0]); }

 private:
  static constexpr std::size_t kSlotsFirst = 16;

  template <class HashOf>
  void grow(const HashOf& hash_of) {
    std::vector<std::uint32_t> old(2 * slots_.size(), kNone);
    old.swap(slots_);
    for (const std::uint32_t number : old) {
      if (number == kNone) continue;
      std::size_t slot = hash_of(number) & (slots_.size() - 1);
      while (slots_[slot] != kNone) slot = (slot + 1) & (slots_.size() - 1);
      slots_[slot] = number;
    }
  }

  std::vector<std::uint32_t> slots_;
  std::size_t size_ = 0;
};

}  // namespace ordeal
