#include "controller/cli/sim_flags.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace ordeal::cli {
namespace {

struct Flag {
  std::string_view name;
  bool given = false;
};

Status refuse_any(std::initializer_list<Flag> flags, std::string_view why) {
  for (const Flag& flag : flags) {
    if (flag.given) return Error{ErrorCode::kInvalidArgument, fmt::format("{} {}", flag.name, why)};
  }
  return {};
}

/// Without a plan the swarm draws everything but the protocol, its planted bugs and the length.
Status check_without_plan(const PlanOptions& plan) {
  return refuse_any({{"--name", plan.name.has_value()},
                     {"--nodes", plan.nodes.has_value()},
                     {"--concurrency", plan.concurrency.has_value()},
                     {"--rate", plan.rate.has_value()},
                     {"--open-loop", plan.open_loop},
                     {"--workload", plan.workload.has_value()},
                     {"--nemesis", plan.nemesis.has_value()}},
                    "changes a plan, and without one each seed draws its own cluster, load and faults; "
                    "add --plan FILE or leave it out");
}

Status check_campaigns(const SimCommandOptions& options) {
  if (Status status = refuse_any(
          {{"--seed", options.plan.seed.has_value()}, {"--seeds", options.seeds.has_value()}},
          "says which seeds to run, and each hunt of --campaigns has its own; leave one of them out");
      !status.ok())
    return status;
  return refuse_any({{"--keep-going", options.keep_going},
                     {"--shrink", options.shrink.has_value()},
                     {"--hashes", options.hashes.has_value()},
                     {"--store", options.store.has_value()}},
                    "is for a single hunt: those of --campaigns end at the first seed that fails and keep "
                    "nothing; give --seeds FIRST..LAST instead, or leave it out");
}

/// Before hours of work, and not after them.
Status check_writable(std::string_view flag, const std::optional<std::string>& path) {
  if (!path) return {};
  const std::filesystem::path file(*path);
  std::error_code ignored;
  const bool there = std::filesystem::exists(file, ignored);
  const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
  const bool good = there ? !std::filesystem::is_directory(file, ignored) && ::access(file.c_str(), W_OK) == 0
                          : !path->empty() && ::access(folder.c_str(), W_OK) == 0;
  if (good) return {};
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("{} cannot be written: '{}'; give a file in a folder that is there", flag, *path)};
}

}  // namespace

Status check_sim_flags(const SimCommandOptions& options) {
  if (Status status = check_writable("--hashes", options.hashes); !status.ok()) return status;
  if (Status status = check_writable("--shrink", options.shrink); !status.ok()) return status;
  if (options.plan.plan_file.empty()) {
    if (Status status = check_without_plan(options.plan); !status.ok()) return status;
  }
  if (options.no_store) {
    if (Status status =
            refuse_any({{"--store", options.store.has_value()}},
                       "says where to keep a run, and --no-store to keep none; leave one of them out");
        !status.ok())
      return status;
  }
  if (options.campaigns) return check_campaigns(options);
  if (options.seeds)
    return refuse_any({{"--seed", options.plan.seed.has_value()}},
                      "runs one seed, and --seeds hunts over many; leave one of them out");
  return refuse_any({{"--jobs", options.jobs.has_value()},
                     {"--budget", options.budget_seconds.has_value()},
                     {"--keep-going", options.keep_going},
                     {"--hashes", options.hashes.has_value()}},
                    "is for a hunt; add --seeds FIRST..LAST, such as --seeds 1..1000, or leave it out");
}

}  // namespace ordeal::cli
