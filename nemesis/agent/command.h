#pragma once
// Runs a program to its end: no shell, a fixed environment, input given, output and errors collected, killed
// past a time limit. Safe from any thread; the program lives in the network namespace of the calling thread.

#include "common/result.h"
#include "common/time.h"

#include <string>
#include <string_view>
#include <vector>

namespace ordeal::agent {

struct CommandOutput {
  std::string out;
  std::string err;
};

inline constexpr Duration kCommandLimit = seconds(5);

/// `command[0]` is looked up in PATH and in the sbin directories. Errors: kUnsupported when there is no such
/// program; kInternal when it fails, with its exit code and what it wrote to standard error, or when the
/// limit passes.
[[nodiscard]] Result<CommandOutput> run_command(const std::vector<std::string>& command,
                                                std::string_view input = {}, Duration limit = kCommandLimit);

/// Where the program is, or empty.
[[nodiscard]] std::string find_program(const std::string& name);

}  // namespace ordeal::agent
