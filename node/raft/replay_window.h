#pragma once
// Recognises messages that were seen before, by their number; numbers may arrive out of order within a bound.

#include <cstdint>
#include <set>

namespace ordeal::raft {

class ReplayWindow {
 public:
  /// True the first time `number` is given. A number far behind the newest ones counts as seen: what came
  /// that late cannot be told from a repetition.
  [[nodiscard]] bool admit(std::uint64_t number) {
    if (number <= floor_ || !seen_.insert(number).second) return false;
    if (seen_.size() > kSizeMax) {
      floor_ = *seen_.begin();
      seen_.erase(seen_.begin());
    }
    return true;
  }

 private:
  static constexpr std::size_t kSizeMax = 1024;
  std::uint64_t floor_ = 0;  ///< numbers count from 1
  std::set<std::uint64_t> seen_;
};

}  // namespace ordeal::raft
