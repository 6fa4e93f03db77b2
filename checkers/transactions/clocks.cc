#include "checkers/transactions/clocks.h"

namespace ordeal {
namespace {

constexpr std::size_t kBlockRowsFirst = 8;
constexpr std::size_t kBlockWordsMax = std::size_t{1} << 18;

}  // namespace

Clocks::Clocks(const TransactionTable& table) : table_(table), rows_(table.transaction_count(), nullptr) {
  std::uint32_t* const nothing = new_row();
  std::fill_n(nothing, table.session_count(), 0);
  current_.assign(table.session_count(), nothing);
}

std::uint32_t* Clocks::new_row() {
  const std::size_t width = table_.session_count();
  if (block_used_ == block_rows_) {
    // Blocks grow from small, so that a thousand small histories do not each take a large one.
    const std::size_t most =
        std::max<std::size_t>(kBlockRowsFirst, kBlockWordsMax / std::max<std::size_t>(1, width));
    block_rows_ = std::clamp(2 * block_rows_, kBlockRowsFirst, most);
    block_used_ = 0;
    blocks_.push_back(std::make_unique_for_overwrite<std::uint32_t[]>(block_rows_ * width));
    words_ += block_rows_ * width;
  }
  return blocks_.back().get() + width * block_used_++;
}

std::uint64_t Clocks::bytes() const {
  return words_ * sizeof(std::uint32_t) + rows_.size() * sizeof(rows_[0]);
}

}  // namespace ordeal
