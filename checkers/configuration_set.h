#pragma once
// The memo of the search: a set of configurations, each a short run of words. Words lie in blocks that never
// move; the table holds their hashes and places. Nothing depends on the order of the table.

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace ordeal {

class ConfigurationSet {
 public:
  ConfigurationSet();

  /// False when the same words were inserted before.
  bool insert(std::span<const std::uint64_t> words);
  [[nodiscard]] std::uint64_t size() const { return size_; }
  /// Memory used, in bytes.
  [[nodiscard]] std::uint64_t bytes() const;

 private:
  static constexpr std::size_t kBlockWords = std::size_t{1} << 16;

  struct Entry {
    std::uint64_t hash = 0;
    const std::uint64_t* words = nullptr;  ///< the length, then the words; null: the entry is free
  };

  void grow();
  const std::uint64_t* store(std::span<const std::uint64_t> words);

  std::vector<Entry> table_;
  std::vector<std::unique_ptr<std::uint64_t[]>> blocks_;
  std::size_t block_used_ = 0;      ///< words of the last block in use
  std::size_t block_capacity_ = 0;  ///< words of the last block
  std::uint64_t words_stored_ = 0;  ///< capacity of all blocks
  std::uint64_t size_ = 0;
};

}  // namespace ordeal
