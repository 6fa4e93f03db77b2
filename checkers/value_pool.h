#pragma once
// Values as words of 64 bits, for histories of millions of operations. Within one pool two cells are equal
// exactly when their values are. Integers of up to 61 bits are in the cell itself; strings, pairs (the values
// of compare-and-sets) and everything else are kept once.

#include "checkers/hash_index.h"
#include "common/value.h"

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ordeal {

/// A value of a ValuePool. The default is nil. The order means nothing but is always the same.
struct Cell {
  std::uint64_t bits = 0;

  [[nodiscard]] bool is_nil() const { return bits == 0; }
  friend auto operator<=>(const Cell&, const Cell&) = default;
};

class ValuePool {
 public:
  [[nodiscard]] Cell integer(std::int64_t number);
  [[nodiscard]] Cell string(std::string_view text);
  [[nodiscard]] Cell pair(Cell first, Cell second);
  [[nodiscard]] Cell cell(const Value& value);

  /// The cell that the value has already; nothing when it is not in the pool.
  [[nodiscard]] std::optional<Cell> find(const Value& value) const;

  [[nodiscard]] Value value(Cell cell) const;
  /// Nothing when it is no string. Valid until the next string is added.
  [[nodiscard]] std::optional<std::string_view> as_string(Cell cell) const;
  /// Nothing when it is no list of two.
  [[nodiscard]] std::optional<std::pair<Cell, Cell>> as_pair(Cell cell) const;

  /// Memory used beside that of other values, in bytes.
  [[nodiscard]] std::uint64_t bytes() const;

 private:
  enum Kind : std::uint64_t { kConstant, kInteger, kString, kPair, kOther };

  static constexpr int kKindBits = 3;
  static std::optional<Cell> inline_integer(std::int64_t number);
  static Cell make(Kind kind, std::uint64_t rest) { return {rest << kKindBits | kind}; }
  static Kind kind_of(Cell cell) { return static_cast<Kind>(cell.bits & ((1U << kKindBits) - 1)); }
  static std::uint64_t rest_of(Cell cell) { return cell.bits >> kKindBits; }

  [[nodiscard]] std::string_view string_at(std::uint64_t number) const {
    return std::string_view(text_).substr(string_end_[number], string_end_[number + 1] - string_end_[number]);
  }
  [[nodiscard]] Cell other(const Value& value);

  std::string text_;                             ///< all strings, one after the other
  std::vector<std::uint64_t> string_end_ = {0};  ///< where each begins, and at last where the last one ends
  HashIndex string_index_;
  std::vector<std::pair<Cell, Cell>> pairs_;
  HashIndex pair_index_;
  std::vector<Value> others_;
  std::map<Value, std::uint64_t> other_index_;
};

}  // namespace ordeal
