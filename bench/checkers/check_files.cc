#include "bench/checkers/check_files.h"

#include <fmt/format.h>

#include <cstdio>

#include "bench/checkers/stopwatch.h"
#include "checkers/driver/driver.h"

namespace ordeal::bench {
namespace {

constexpr std::uint64_t kMemoryBytes = 64ULL << 30;

struct Loaded {
  LoadedHistory history;
  std::int64_t parse_ns = 0;
};

}  // namespace

int check_files(const FileCheck& check) {
  std::vector<Loaded> all;
  for (const std::string& path : check.files) {
    const Stopwatch stopwatch;
    Result<LoadedHistory> loaded = load_history_file(path, {.format = {}, .memory_bytes = kMemoryBytes});
    if (!loaded.ok()) return fmt::print(stderr, "{}\n", loaded.error().message), 1;
    all.push_back({.history = *std::move(loaded), .parse_ns = stopwatch.ns()});
  }
  CheckLimits limits;
  limits.seconds = 0;
  limits.memory_bytes = kMemoryBytes;
  limits.threads = check.threads;
  for (std::uint32_t pass = 0; pass < check.passes; ++pass) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      const Stopwatch stopwatch;
      const Result<Finding> finding = check_loaded(all[i].history, check.model, limits);
      const std::int64_t check_ns = stopwatch.ns();
      if (!finding.ok()) return fmt::print(stderr, "{}\n", finding.error().message), 1;
      fmt::print("{} {} {} {} {}\n", pass, to_text(finding->verdict), check_ns, all[i].parse_ns,
                 check.files[i]);
    }
  }
  return 0;
}

}  // namespace ordeal::bench
