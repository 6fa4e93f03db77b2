#pragma once
// `ordeal convert PATH --to FORMAT --output FILE`: a history, ours or another tool's, for another tool.

#include <CLI/CLI.hpp>

#include <cstdint>
#include <string>

namespace ordeal::cli {

struct ConvertCommandOptions {
  std::string path;  ///< a history, or a run's directory in the store
  std::string format;
  std::string to;
  std::string output;
  std::uint64_t memory_mb = 4096;
};

void add_convert_options(CLI::App& command, ConvertCommandOptions& options);
/// Writes the file, or says what the format cannot express. Returns the exit code.
[[nodiscard]] int convert_command(const ConvertCommandOptions& options);

}  // namespace ordeal::cli
