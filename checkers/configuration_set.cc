#include "checkers/configuration_set.h"

#include <algorithm>

namespace ordeal {
namespace {

constexpr std::size_t kTableSizeFirst = 64;

std::uint64_t hash_words(std::span<const std::uint64_t> words) {
  std::uint64_t hash = 0x9e3779b97f4a7c15ULL + words.size();
  for (const std::uint64_t word : words) {
    hash = (hash ^ word) * 0xd6e8feb86659fd93ULL;
    hash ^= hash >> 32;
  }
  hash *= 0xd6e8feb86659fd93ULL;
  return hash ^ (hash >> 32);
}

}  // namespace

ConfigurationSet::ConfigurationSet() : table_(kTableSizeFirst) {}

bool ConfigurationSet::insert(std::span<const std::uint64_t> words) {
  if ((size_ + 1) * 4 > table_.size() * 3) grow();
  const std::uint64_t hash = hash_words(words);
  const std::size_t mask = table_.size() - 1;
  std::size_t at = hash & mask;
  for (; table_[at].words != nullptr; at = (at + 1) & mask) {
    const Entry& entry = table_[at];
    if (entry.hash == hash && entry.words[0] == words.size() &&
        std::equal(words.begin(), words.end(), entry.words + 1)) {
      return false;
    }
  }
  table_[at] = {.hash = hash, .words = store(words)};
  ++size_;
  return true;
}

std::uint64_t ConfigurationSet::bytes() const {
  return table_.size() * sizeof(Entry) + words_stored_ * sizeof(std::uint64_t);
}

void ConfigurationSet::grow() {
  std::vector<Entry> old(table_.size() * 2);
  old.swap(table_);
  const std::size_t mask = table_.size() - 1;
  for (const Entry& entry : old) {
    if (entry.words == nullptr) continue;
    std::size_t at = entry.hash & mask;
    while (table_[at].words != nullptr) at = (at + 1) & mask;
    table_[at] = entry;
  }
}

const std::uint64_t* ConfigurationSet::store(std::span<const std::uint64_t> words) {
  const std::size_t needed = words.size() + 1;
  if (blocks_.empty() || block_used_ + needed > block_capacity_) {
    // Blocks grow from small, so that a thousand small keys do not each take a large one.
    const std::size_t usual =
        std::min(kBlockWords, std::size_t{64} << std::min<std::size_t>(blocks_.size() * 2, 10));
    block_capacity_ = std::max(usual, needed);
    blocks_.push_back(std::make_unique<std::uint64_t[]>(block_capacity_));
    words_stored_ += block_capacity_;
    block_used_ = 0;
  }
  std::uint64_t* place = blocks_.back().get() + block_used_;
  place[0] = words.size();
  std::copy(words.begin(), words.end(), place + 1);
  block_used_ += needed;
  return place;
}

}  // namespace ordeal
