#include "checkers/transactions/interner.h"

#include "checkers/transactions/mix.h"
#include "common/check.h"

namespace ordeal {

Interner::Interner() : table_(16, kFree) {}

std::size_t Interner::slot_of(std::int64_t name) const {
  const std::size_t mask = table_.size() - 1;
  std::size_t slot = mix(static_cast<std::uint64_t>(name)) & mask;
  while (table_[slot] != kFree && names_[table_[slot]].integer != name) slot = (slot + 1) & mask;
  return slot;
}

void Interner::grow() {
  std::vector<std::uint32_t> old(table_.size() * 2, kFree);
  old.swap(table_);
  for (const std::uint32_t index : old) {
    if (index != kFree) table_[slot_of(names_[index].integer)] = index;
  }
}

std::uint32_t Interner::index_of(std::int64_t name) {
  std::size_t slot = slot_of(name);
  if (table_[slot] != kFree) return table_[slot];
  if (2 * (integers_ + 1) > table_.size()) {
    grow();
    slot = slot_of(name);
  }
  const std::uint32_t index = size();
  table_[slot] = index;
  names_.push_back({.integer = name, .is_integer = true});
  ++integers_;
  return index;
}

std::uint32_t Interner::index_of(const Value& name) {
  if (const std::int64_t* integer = name.as_int()) return index_of(*integer);
  const auto [place, is_new] = other_index_.try_emplace(name, size());
  if (is_new) {
    names_.push_back({.integer = static_cast<std::int64_t>(others_.size()), .is_integer = false});
    others_.push_back(name);
  }
  return place->second;
}

Value Interner::value(std::uint32_t index) const {
  ORDEAL_CHECK(index < names_.size());
  const Name& name = names_[index];
  return name.is_integer ? Value(name.integer) : others_[static_cast<std::size_t>(name.integer)];
}

}  // namespace ordeal
