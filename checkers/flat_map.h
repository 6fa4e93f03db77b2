#pragma once
// A map from words of 64 bits for things that come and go by the million: one array, no memory that is left
// behind. Nothing depends on the order of its slots.

#include "checkers/mix.h"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace ordeal {

template <class T>
class FlatMap {
 public:
  FlatMap() : slots_(kSlotsFirst) {}

  /// Null when it is not there. Valid until the next change.
  [[nodiscard]] T* find(std::uint64_t key) {
    const std::size_t at = slot_of(key);
    return slots_[at].used ? &slots_[at].value : nullptr;
  }
  /// Requires: it is not there.
  void insert(std::uint64_t key, T value) {
    if (4 * (size_ + 1) > 3 * slots_.size()) resize(2 * slots_.size());
    slots_[slot_of(key)] = {.key = key, .value = std::move(value), .used = true};
    ++size_;
  }
  void erase(std::uint64_t key) {
    std::size_t hole = slot_of(key);
    if (!slots_[hole].used) return;
    // What stands behind the hole and belongs before it moves up, or it would not be found any more.
    for (std::size_t at = next(hole); slots_[at].used; at = next(at)) {
      const std::size_t home = mix(slots_[at].key) & mask();
      if (((at - home) & mask()) < ((at - hole) & mask())) continue;
      slots_[hole] = std::move(slots_[at]);
      hole = at;
    }
    slots_[hole] = {};
    --size_;
    if (slots_.size() > kSlotsFirst && 8 * size_ < slots_.size()) resize(slots_.size() / 2);
  }

  [[nodiscard]] std::size_t size() const { return size_; }
  /// Memory used.
  [[nodiscard]] std::uint64_t bytes() const { return slots_.size() * sizeof(Slot); }

 private:
  static constexpr std::size_t kSlotsFirst = 16;

  struct Slot {
    std::uint64_t key = 0;
    T value{};
    bool used = false;
  };

  [[nodiscard]] std::size_t mask() const { return slots_.size() - 1; }
  [[nodiscard]] std::size_t next(std::size_t at) const { return (at + 1) & mask(); }
  [[nodiscard]] std::size_t slot_of(std::uint64_t key) const {
    std::size_t at = mix(key) & mask();
    while (slots_[at].used && slots_[at].key != key) at = next(at);
    return at;
  }
  void resize(std::size_t slots) {
    std::vector<Slot> old(slots);
    old.swap(slots_);
    for (Slot& slot : old) {
      if (slot.used) slots_[slot_of(slot.key)] = std::move(slot);
    }
  }

  std::vector<Slot> slots_;
  std::size_t size_ = 0;
};

}  // namespace ordeal
