#pragma once
// Dense numbers for names of any kind.

#include "checkers/dense_numbers.h"
#include "checkers/value_pool.h"

#include <cstdint>

namespace ordeal {

class Interner {
 public:
  /// The number of a name; a new name gets the next one.
  [[nodiscard]] std::uint32_t index_of(std::int64_t name) {
    return numbers_.number(pool_.integer(name).bits);
  }
  [[nodiscard]] std::uint32_t index_of(const Value& name) { return numbers_.number(pool_.cell(name).bits); }

  /// Requires: index < size().
  [[nodiscard]] Value value(std::uint32_t index) const { return pool_.value(Cell{numbers_.word(index)}); }
  [[nodiscard]] std::uint32_t size() const { return numbers_.size(); }

 private:
  ValuePool pool_;
  DenseNumbers numbers_;
};

}  // namespace ordeal
