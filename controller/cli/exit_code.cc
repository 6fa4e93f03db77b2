#include "controller/cli/exit_code.h"

#include <algorithm>
#include <array>

namespace ordeal::cli {

int worst_exit(int a, int b) {
  static constexpr std::array kRank = {kExitValid, kExitUnknown, kExitInternal, kExitInvalid, kExitArguments};
  const auto rank = [](int code) {
    const auto* const it = std::find(kRank.begin(), kRank.end(), code);
    return it == kRank.end() ? std::find(kRank.begin(), kRank.end(), kExitInternal) : it;
  };
  return std::max(rank(a), rank(b)) == rank(a) ? a : b;
}

}  // namespace ordeal::cli
