#include "controller/cli/plan_options.h"

#include "controller/cli/numbers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace ordeal::cli {
namespace {

Result<std::string> read_text(const std::string& path) {
  if (std::error_code ignored; std::filesystem::is_directory(path, ignored))
    return Error{ErrorCode::kNotFound, fmt::format("cannot read plan {}: it is a directory", path)};
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return Error{ErrorCode::kNotFound, fmt::format("cannot read plan {}: {}", path, std::strerror(errno))};
  std::ostringstream text;
  text << file.rdbuf();
  if (file.bad())
    return Error{ErrorCode::kNotFound, fmt::format("cannot read plan {}: it is not a file", path)};
  return text.str();
}

std::vector<std::string> split_commas(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, ',');) parts.push_back(part);
  return parts;
}

/// --nemesis none, or a list of kinds that replaces the plan's random ones.
void choose_nemesis(const std::string& text, Plan& plan) {
  plan.fault_events.clear();
  if (text == "none") {
    plan.random_faults.reset();
    plan.expect_faults = 0;
    return;
  }
  if (!plan.random_faults) plan.random_faults = default_plan().random_faults;
  plan.random_faults->kinds = split_commas(text);
}

}  // namespace

void add_plan_options(CLI::App& command, PlanOptions& options) {
  command.add_option("--plan", options.plan_file, "plan file (docs/formats/plan.md); flags outrank it");
  command.add_option("--name", options.name, "name of the run, its folder in the store");
  command.add_option("--protocol", options.protocol, "replication protocol: raft");
  command.add_option("--nodes", options.nodes, "number of nodes")->check(whole_number(0, UINT32_MAX));
  command.add_option("--concurrency", options.concurrency, "number of clients")
      ->check(whole_number(0, UINT32_MAX));
  command.add_option("--rate", options.rate, "operations a second over all clients; 0: no limit")
      ->check(whole_number(0, UINT32_MAX));
  command.add_flag("--open-loop", options.open_loop,
                   "Poisson arrivals at --rate, latency from the intended start");
  command.add_option("--time-limit", options.time_limit, "length of the load: 60s, 5m");
  command.add_option("--seed", options.seed, "seed of everything that is drawn; default: drawn and printed")
      ->check(whole_number(0));
  command.add_option("--workload", options.workload, "what to run: register");
  command.add_option("--nemesis", options.nemesis, "kinds of random faults, with commas, or none");
  command.add_option("--plant", options.plants,
                     "planted bug to switch on, such as R5 (see `ordeal list bugs`), or none");
}

Result<MadePlan> make_plan(const PlanOptions& options) {
  MadePlan made{.plan = default_plan(), .given = {}};
  Plan& plan = made.plan;
  if (!options.plan_file.empty()) {
    Result<std::string> text = read_text(options.plan_file);
    if (!text.ok()) return text.error();
    Result<Plan> parsed = parse_plan(*text, options.plan_file);
    if (!parsed.ok()) return parsed.error();
    plan = *std::move(parsed);
    made.given = *std::move(text);
  }
  if (options.name) plan.name = *options.name;
  if (options.protocol) plan.protocol = *options.protocol;
  if (options.nodes) plan.nodes = *options.nodes;
  if (options.concurrency) plan.load.concurrency = *options.concurrency;
  if (options.rate) plan.load.rate = *options.rate;
  if (options.open_loop) plan.load.open = true;
  if (options.workload) plan.workload.name = *options.workload;
  if (options.seed) plan.seed = *options.seed;
  if (options.nemesis) choose_nemesis(*options.nemesis, plan);
  const auto none = std::find(options.plants.begin(), options.plants.end(), "none");
  if (none != options.plants.end() && options.plants.size() > 1)
    return Error{ErrorCode::kInvalidArgument, "--plant none stands alone"};
  if (none != options.plants.end()) {
    plan.plants.clear();
  } else if (!options.plants.empty()) {
    plan.plants = options.plants;
  }
  if (options.time_limit) {
    const Result<Duration> limit = parse_duration(*options.time_limit);
    if (!limit.ok()) return Error{limit.error().code, "--time-limit: " + limit.error().message};
    plan.time_limit = *limit;
  }
  if (Status status = check_plan(plan); !status.ok()) return status.error();
  return made;
}

}  // namespace ordeal::cli
