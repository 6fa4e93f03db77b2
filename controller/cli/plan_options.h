#pragma once
// The flags that describe a run, and the plan that they and a plan file make together. Flags outrank the
// file.

#include "controller/run/plan.h"

#include <CLI/CLI.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ordeal::cli {

struct PlanOptions {
  std::string plan_file;
  std::optional<std::string> name;
  std::optional<std::string> protocol;
  std::optional<std::uint32_t> nodes;
  std::optional<std::uint32_t> concurrency;
  std::optional<std::uint32_t> rate;
  std::optional<std::string> time_limit;
  std::optional<std::uint64_t> seed;
  std::optional<std::string> workload;
  bool open_loop = false;
  std::optional<std::string> nemesis;
  std::vector<std::string> plants;
};

/// Adds the flags to a command, in Jepsen's words where it has one.
void add_plan_options(CLI::App& command, PlanOptions& options);

struct MadePlan {
  Plan plan;
  std::string given;  ///< text of the plan file; empty when there was none
};

/// Reads the plan file, if any, and applies the flags. kInvalidArgument and kNotFound say what to mend.
[[nodiscard]] Result<MadePlan> make_plan(const PlanOptions& options);

}  // namespace ordeal::cli
