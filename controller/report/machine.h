#pragma once
// What machine this is, for run.json: figures from different machines, or from one disk in two moods, do not
// compare.

#include "controller/report/run_info.h"

#include <map>
#include <string>

namespace ordeal::report {

/// Cores, memory, kernel and distribution. The rate of fdatasync belongs to a disk and is measured elsewhere.
[[nodiscard]] MachineInfo describe_machine();

/// This build: ordeal's version, the commit where it is known, the compiler.
[[nodiscard]] std::map<std::string, std::string> build_versions();

}  // namespace ordeal::report
