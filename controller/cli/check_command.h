#pragma once
// `ordeal check PATH`: judges a history that is already there, ours or another tool's.

#include <CLI/CLI.hpp>

#include <cstdint>
#include <string>

namespace ordeal::cli {

struct CheckCommandOptions {
  std::string path;  ///< a history, or a run's directory in the store
  std::string model;
  std::string format;
  double seconds = 60;
  std::uint64_t memory_mb = 4096;
  std::uint64_t steps = 0;  ///< 0: no limit
  std::string certificate;  ///< file for what the verdict rests on; empty: none
};

void add_check_options(CLI::App& command, CheckCommandOptions& options);
/// Prints the verdict. Returns the exit code.
[[nodiscard]] int check_command(const CheckCommandOptions& options);

}  // namespace ordeal::cli
