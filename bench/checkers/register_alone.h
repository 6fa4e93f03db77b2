#pragma once
// Long histories of one register, where no other checker answers at all: time and memory of ours, from memory
// and from JSON lines, and of the monitor that follows a run event by event.

#include "bench/checkers/compare.h"
#include "bench/checkers/register_load.h"

#include <cstdint>
#include <string>
#include <vector>

namespace ordeal::bench {

/// Makes the history, checks it, and prints the line that check_files prints of a file. The program's exit
/// code.
[[nodiscard]] int check_in_memory(const RegisterShape& shape);
/// Shows the history to the monitor and prints: VERDICT NS EVENTS BYTES_MAX POSITION, the position being that
/// of the first response that no order explains. The program's exit code.
[[nodiscard]] int monitor_in_memory(const RegisterShape& shape);

struct RegisterAlone {
  std::vector<std::uint64_t> operations;
  std::vector<std::uint32_t> clients;
  std::string program;    ///< this one
  std::string directory;  ///< for JSON lines, one file at a time
};

/// Prints a line for each shape. How many could be measured.
[[nodiscard]] std::size_t measure_registers(const RegisterAlone& alone, const Rounds& rounds);

}  // namespace ordeal::bench
