#pragma once
// A made-up run, the same for the same seed: clients on a register that keeps its promise, with partitions, a
// kill and a pause, and on request one stale read with the finding that a checker gives for it.

#include "controller/report/report.h"

#include <cstdint>

namespace ordeal::report {

struct SampleOptions {
  std::uint64_t seed = 1;
  std::uint32_t nodes = 5;
  std::uint32_t clients = 10;
  std::uint32_t keys = 4;
  Duration length = seconds(40);
  Duration think = milliseconds(8);  ///< mean pause of a client between two operations
  bool violation = false;
  bool faults = true;
};

[[nodiscard]] ReportInput make_sample(const SampleOptions& options);

}  // namespace ordeal::report
