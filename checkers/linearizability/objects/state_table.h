#pragma once
// Numbers for states that are sequences of words, and for anything else that can be compared.

#include "checkers/hash_index.h"
#include "checkers/linearizability/search_result.h"
#include "checkers/mix.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

namespace ordeal {

class StateTable {
 public:
  StateId number(std::span<const std::uint64_t> words) {
    const auto fresh = static_cast<StateId>(ends_.size() - 1);
    const StateId found = index_.find_or_add(
        hash(words), fresh, [&](StateId other) { return std::ranges::equal((*this)[other], words); },
        [&](StateId other) { return hash(other == fresh ? words : (*this)[other]); });
    if (found == fresh) {
      words_.insert(words_.end(), words.begin(), words.end());
      ends_.push_back(words_.size());
    }
    return found;
  }
  /// Valid until the next new number.
  [[nodiscard]] std::span<const std::uint64_t> operator[](StateId state) const {
    return std::span(words_).subspan(ends_[state], ends_[state + 1] - ends_[state]);
  }
  [[nodiscard]] std::uint64_t bytes() const {
    return (words_.capacity() + ends_.capacity()) * sizeof(std::uint64_t) + index_.bytes();
  }

 private:
  static std::uint64_t hash(std::span<const std::uint64_t> words) {
    std::uint64_t hash = words.size();
    for (const std::uint64_t word : words) hash = mix(hash ^ word);
    return hash;
  }

  std::vector<std::uint64_t> words_;
  std::vector<std::uint64_t> ends_ = {0};
  HashIndex index_;
};

/// Numbers from 0, in the order in which things are first seen.
template <class Thing>
class Numbering {
 public:
  std::uint32_t number(const Thing& thing) {
    const auto [it, fresh] = numbers_.emplace(thing, static_cast<std::uint32_t>(things_.size()));
    if (fresh) things_.push_back(thing);
    return it->second;
  }
  [[nodiscard]] const Thing& operator[](std::uint32_t number) const { return things_[number]; }
  [[nodiscard]] std::size_t size() const { return things_.size(); }

 private:
  std::map<Thing, std::uint32_t> numbers_;
  std::vector<Thing> things_;
};

}  // namespace ordeal
