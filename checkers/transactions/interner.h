#pragma once
// Dense numbers for names. Integers, which most names are, take a hash of their own without a Value.

#include "common/value.h"

#include <cstdint>
#include <map>
#include <vector>

namespace ordeal {

class Interner {
 public:
  Interner();

  /// The number of a name; a new name gets the next one.
  [[nodiscard]] std::uint32_t index_of(std::int64_t name);
  [[nodiscard]] std::uint32_t index_of(const Value& name);

  /// Requires: index < size().
  [[nodiscard]] Value value(std::uint32_t index) const;
  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(names_.size()); }

 private:
  void grow();
  [[nodiscard]] std::size_t slot_of(std::int64_t name) const;

  static constexpr std::uint32_t kFree = UINT32_MAX;

  struct Name {
    std::int64_t integer = 0;  ///< or the position in others_
    bool is_integer = true;
  };

  std::vector<Name> names_;
  std::vector<Value> others_;  ///< names that are no integers
  std::map<Value, std::uint32_t> other_index_;
  std::vector<std::uint32_t> table_;  ///< open addressing over the integers: index of a name, or kFree
  std::size_t integers_ = 0;
};

}  // namespace ordeal
