#pragma once
// `ordeal check PATH`: judges a history that is already there, ours or another tool's.

#include "common/result.h"

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
  std::string minimise;     ///< file for the history without what its violation does not need; empty: none
};

/// The history of a run, if the path is its directory; else the path itself. A folder is no run when `format`
/// names one that has folders.
[[nodiscard]] std::string history_path(const std::string& path, const std::string& format);
/// What the program ends with when a history could not be read or written.
[[nodiscard]] int exit_of_error(const Error& error);

void add_check_options(CLI::App& command, CheckCommandOptions& options);
/// Prints the verdict. Returns the exit code.
[[nodiscard]] int check_command(const CheckCommandOptions& options);

}  // namespace ordeal::cli
