#pragma once
// Time since it was made.

#include <chrono>
#include <cstdint>

namespace ordeal::bench {

class Stopwatch {
 public:
  [[nodiscard]] std::int64_t ns() const {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - begin_)
        .count();
  }
  [[nodiscard]] double seconds() const { return static_cast<double>(ns()) / 1e9; }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

}  // namespace ordeal::bench
