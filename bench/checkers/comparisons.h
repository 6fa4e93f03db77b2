#pragma once
// Which checkers are compared with ours, and on what. Each is a checkout of its repository that the caller
// has; a small driver over its public interface is built against it in a directory outside the tree, by
// bench/checkers/anchors/build. What is not given, or cannot be built here, is left out and said so.

#include "bench/checkers/compare.h"

#include <cstdint>
#include <string>
#include <vector>

namespace ordeal::bench {

/// Folders; empty: not given.
struct Checkouts {
  std::string porcupine;
  std::string knossos;
  std::string high_scale_lib;  ///< sources of a library that Knossos needs and Debian has not
  std::string awdit;
  std::string plume;
  std::vector<std::string> histories;  ///< files in Plume's format, beside the generated ones
};

struct Comparing {
  Checkouts checkouts;
  std::vector<std::uint64_t> transaction_operations;  ///< sizes of generated histories for AWDIT and Plume
  std::uint64_t plume_operations_max = 0;             ///< larger ones are not shown to Plume
  std::string program;                                ///< this one
  std::string directory;                              ///< for builds and histories
  Rounds rounds;
};

/// How many comparisons had an answer from another checker.
[[nodiscard]] std::size_t compare_all(const Comparing& comparing);

}  // namespace ordeal::bench
