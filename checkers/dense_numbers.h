#pragma once
// Numbers from 0 for words of 64 bits, in the order in which they are first seen.

#include "checkers/hash_index.h"
#include "checkers/mix.h"

#include <cstdint>
#include <vector>

namespace ordeal {

class DenseNumbers {
 public:
  /// The number of a word; a new word gets the next one.
  std::uint32_t number(std::uint64_t word) {
    const std::uint32_t fresh = size();
    const std::uint32_t number = index_.find_or_add(
        mix(word), fresh, [&](std::uint32_t other) { return words_[other] == word; },
        [&](std::uint32_t other) { return mix(other == fresh ? word : words_[other]); });
    if (number == fresh) words_.push_back(word);
    return number;
  }
  /// The next number for a word that `number` shall not find.
  std::uint32_t add_apart(std::uint64_t word) {
    words_.push_back(word);
    return size() - 1;
  }

  [[nodiscard]] std::uint64_t word(std::uint32_t number) const { return words_[number]; }
  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(words_.size()); }

 private:
  std::vector<std::uint64_t> words_;
  HashIndex index_;
};

}  // namespace ordeal
