#include "checkers/value_pool.h"

#include "checkers/mix.h"
#include "common/check.h"

#include <cstring>

namespace ordeal {
namespace {

constexpr std::uint64_t kNil = 0;
constexpr std::uint64_t kFalse = 1;
constexpr std::uint64_t kTrue = 2;

std::uint64_t hash_text(std::string_view text) {
  std::uint64_t hash = text.size();
  while (text.size() > 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data(), 8);
    hash = mix(hash ^ word);
    text.remove_prefix(8);
  }
  std::uint64_t word = 0;
  std::memcpy(&word, text.data(), text.size());
  return mix(hash ^ word);
}

std::uint64_t hash_pair(const std::pair<Cell, Cell>& pair) {
  return mix(mix(pair.first.bits) ^ pair.second.bits);
}

/// The next number of a table that may have UINT32_MAX - 1 of them.
std::uint32_t next_number(std::size_t size) {
  ORDEAL_CHECK(size < HashIndex::kNone);
  return static_cast<std::uint32_t>(size);
}

}  // namespace

std::optional<Cell> ValuePool::inline_integer(std::int64_t number) {
  const auto bits = static_cast<std::uint64_t>(number) << kKindBits;
  if (static_cast<std::int64_t>(bits) >> kKindBits != number) return std::nullopt;
  return Cell{bits | kInteger};
}

Cell ValuePool::integer(std::int64_t number) {
  const std::optional<Cell> cell = inline_integer(number);
  return cell ? *cell : other(number);
}

Cell ValuePool::string(std::string_view text) {
  const std::uint32_t fresh = next_number(string_end_.size() - 1);
  const std::uint32_t number = string_index_.find_or_add(
      hash_text(text), fresh, [&](std::uint32_t other) { return string_at(other) == text; },
      [&](std::uint32_t other) { return hash_text(other == fresh ? text : string_at(other)); });
  if (number == fresh) {
    text_ += text;
    string_end_.push_back(text_.size());
  }
  return make(kString, number);
}

Cell ValuePool::pair(Cell first, Cell second) {
  const std::pair<Cell, Cell> wanted(first, second);
  const std::uint32_t fresh = next_number(pairs_.size());
  const std::uint32_t number = pair_index_.find_or_add(
      hash_pair(wanted), fresh, [&](std::uint32_t other) { return pairs_[other] == wanted; },
      [&](std::uint32_t other) { return hash_pair(other == fresh ? wanted : pairs_[other]); });
  if (number == fresh) pairs_.push_back(wanted);
  return make(kPair, number);
}

Cell ValuePool::other(const Value& value) {
  const auto [place, is_new] = other_index_.try_emplace(value, others_.size());
  if (is_new) others_.push_back(value);
  return make(kOther, place->second);
}

Cell ValuePool::cell(const Value& value) {
  if (value.is_nil()) return make(kConstant, kNil);
  if (const bool* truth = value.as_bool()) return make(kConstant, *truth ? kTrue : kFalse);
  if (const std::int64_t* number = value.as_int()) return integer(*number);
  if (const std::string* text = value.as_string()) return string(*text);
  if (const Value::List* list = value.as_list(); list != nullptr && list->size() == 2) {
    const Cell first = cell(list->front());
    return pair(first, cell(list->back()));
  }
  return other(value);
}

std::optional<Cell> ValuePool::find(const Value& value) const {
  if (value.is_nil()) return make(kConstant, kNil);
  if (const bool* truth = value.as_bool()) return make(kConstant, *truth ? kTrue : kFalse);
  if (const std::int64_t* number = value.as_int()) {
    if (const std::optional<Cell> cell = inline_integer(*number)) return cell;
  }
  if (const std::string* text = value.as_string()) {
    const std::uint32_t number =
        string_index_.find(hash_text(*text), [&](std::uint32_t other) { return string_at(other) == *text; });
    return number == HashIndex::kNone ? std::nullopt : std::optional(make(kString, number));
  }
  if (const Value::List* list = value.as_list(); list != nullptr && list->size() == 2) {
    const std::optional<Cell> first = find(list->front());
    const std::optional<Cell> second = find(list->back());
    if (!first || !second) return std::nullopt;
    const std::pair<Cell, Cell> wanted(*first, *second);
    const std::uint32_t number =
        pair_index_.find(hash_pair(wanted), [&](std::uint32_t other) { return pairs_[other] == wanted; });
    return number == HashIndex::kNone ? std::nullopt : std::optional(make(kPair, number));
  }
  const auto at = other_index_.find(value);
  return at == other_index_.end() ? std::nullopt : std::optional(make(kOther, at->second));
}

Value ValuePool::value(Cell cell) const {
  switch (kind_of(cell)) {
    case kConstant:
      if (rest_of(cell) == kNil) return {};
      return rest_of(cell) == kTrue;
    case kInteger:
      return static_cast<std::int64_t>(cell.bits) >> kKindBits;
    case kString:
      return string_at(rest_of(cell));
    case kPair: {
      const auto& [first, second] = pairs_[rest_of(cell)];
      return Value::List{value(first), value(second)};
    }
    case kOther:
      return others_[rest_of(cell)];
  }
  return {};
}

std::optional<std::string_view> ValuePool::as_string(Cell cell) const {
  if (kind_of(cell) != kString) return std::nullopt;
  return string_at(rest_of(cell));
}

std::optional<std::pair<Cell, Cell>> ValuePool::as_pair(Cell cell) const {
  if (kind_of(cell) != kPair) return std::nullopt;
  return pairs_[rest_of(cell)];
}

std::uint64_t ValuePool::bytes() const {
  return text_.capacity() + string_end_.capacity() * sizeof(string_end_[0]) +
         pairs_.capacity() * sizeof(pairs_[0]) + string_index_.bytes() + pair_index_.bytes();
}

}  // namespace ordeal
