#pragma once
// What machine this is, for run.json: figures from different machines, or from one disk in two moods, do not
// compare.

#include "controller/report/run_info.h"

#include <filesystem>
#include <map>
#include <string>

namespace ordeal::report {

/// Cores, memory, kernel and distribution.
[[nodiscard]] MachineInfo describe_machine();

/// Appends of 128 bytes, each with its own fdatasync, for about `budget`, in a file that is removed again.
/// The rate of one thread. kPermissionDenied or kResourceExhausted when the directory cannot be written to.
[[nodiscard]] Result<double> measure_fdatasync(const std::filesystem::path& directory,
                                               Duration budget = milliseconds(300));

/// This build: ordeal's version, the commit where it is known, the compiler.
[[nodiscard]] std::map<std::string, std::string> build_versions();

}  // namespace ordeal::report
