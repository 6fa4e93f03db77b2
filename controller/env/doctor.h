#pragma once
// What this machine can do: the checks behind `ordeal doctor`, each with what to do when it fails.

#include "common/result.h"
#include "common/time.h"

#include <string>
#include <vector>

namespace ordeal::env {

enum class Need { kRequired, kOptional };

struct DoctorCheck {
  std::string name;
  Need need = Need::kRequired;  ///< required for runs with --env local
  bool ok = false;
  std::string found;   ///< what was found, or why it is not ok
  std::string remedy;  ///< what to install or do; empty when ok
};

struct DoctorOptions {
  std::string programs;        ///< folder of ordeal-node and ordeal-agent; empty: that of the running program
  std::string data_directory;  ///< where runs will keep their data; its disk is measured
};

/// Requires: no other thread. Takes about two seconds, most of them for the disk. Changes nothing outside of
/// namespaces of its own and a file in the data directory that is removed.
[[nodiscard]] std::vector<DoctorCheck> examine_machine(const DoctorOptions& options);

/// Appends of 256 bytes, each with fdatasync, a second: what bounds a replicated log on this disk. Takes
/// about `length`.
[[nodiscard]] Result<double> measure_sync_rate(const std::string& directory, Duration length = seconds(1));

}  // namespace ordeal::env
