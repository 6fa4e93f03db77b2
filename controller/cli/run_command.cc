#include "controller/cli/run_command.h"

#include "controller/cli/campaign.h"
#include "controller/cli/exit_code.h"
#include "controller/cli/numbers.h"
#include "controller/env/local.h"
#include "controller/env/namespaces.h"
#include "controller/run/plan_rules.h"
#include "node/host/duties/storage_plants.h"
#include "node/raft/raft.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <functional>
#include <random>

namespace ordeal::cli {
namespace {

std::uint64_t draw_seed() {
  std::random_device device;
  return device() % 1'000'000'000;  // Short enough to be typed again.
}

/// kInvalidArgument: there is no such bug.
Status check_plants(const Plan& plan) {
  std::vector<std::string_view> known;
  for (const Plant& plant : raft::raft_plants()) known.push_back(plant.id);
  for (const Plant& plant : host::storage_plants()) known.push_back(plant.id);
  for (const std::string& plant : plan.plants) {
    if (std::find(known.begin(), known.end(), plant) != known.end()) continue;
    return Error{ErrorCode::kInvalidArgument, fmt::format("there is no planted bug '{}' in {}; allowed: {}",
                                                          plant, plan.protocol, fmt::join(known, ", "))};
  }
  return {};
}

/// kInvalidArgument: the plan has what real machines cannot do.
Status check_real(const MadePlan& made, const PlanOptions& options) {
  const auto problem = find_problem_of_real_nodes(made.plan);
  if (!problem) return {};
  // What flags brought in has no line.
  const bool from_file = !made.given.empty() && !options.nemesis;
  const std::string place =
      from_file ? fmt::format("{}:{}", options.plan_file, line_in_plan(made.given, problem->path)) : "plan";
  return Error{ErrorCode::kInvalidArgument, fmt::format("{}: {} {}; run the plan with `ordeal sim --plan`",
                                                        place, problem->path, problem->message)};
}

/// Each asks the run to heal and to end.
constexpr std::array kEndSignals = {SIGINT, SIGTERM, SIGHUP};

volatile std::sig_atomic_t asked_to_end = 0;
volatile pid_t current_run = 0;

void pass_on(int signal) {
  asked_to_end = 1;
  if (current_run > 0) kill(current_run, signal);
}

/// Runs in a child process: entering namespaces binds a process for good, and it can start no other any more
/// when they have ended.
int in_child(const std::function<int()>& run) {
  for (const int signal : kEndSignals) std::signal(signal, pass_on);
  // Held back until there is somebody to pass them on to.
  sigset_t ends;
  sigset_t before;
  sigemptyset(&ends);
  for (const int signal : kEndSignals) sigaddset(&ends, signal);
  sigprocmask(SIG_BLOCK, &ends, &before);
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) {
    fmt::print(stderr, "ordeal run: cannot start a process: {}\n", std::strerror(errno));
    return kExitInternal;
  }
  if (child == 0) {
    setpgid(0, 0);  // A terminal's signals come through the parent alone, once.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(kExitInternal);  // it had died before that line
    for (const int signal : kEndSignals) std::signal(signal, SIG_DFL);
    sigprocmask(SIG_SETMASK, &before, nullptr);
    const int code = run();
    std::fflush(nullptr);
    _exit(code);
  }
  current_run = child;
  sigprocmask(SIG_SETMASK, &before, nullptr);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  current_run = 0;
  return WIFEXITED(status) ? WEXITSTATUS(status) : kExitInternal;
}

int refuse_run(const Error& error) {
  fmt::print(stderr, "ordeal run: {}\n", error.message);
  return error.code == ErrorCode::kUnsupported || error.code == ErrorCode::kInternal ? kExitInternal
                                                                                     : kExitArguments;
}

int isolated(const CampaignOptions& campaign) {
  const Result<int> code = env::run_in_private_namespaces([&] { return run_campaign(campaign); });
  return code.ok() ? *code : refuse_run(code.error());
}

}  // namespace

void add_run_options(CLI::App& command, RunCommandOptions& options) {
  add_plan_options(command, options.plan);
  command.add_option("--env", options.environment, "where: local (namespaces of this machine)")
      ->check(CLI::IsMember({"local"}));
  command.add_option("--store", options.store, "folder that keeps the runs")->check(not_empty());
  command.add_option("--test-count", options.test_count, "how many runs, each with the next seed")
      ->check(whole_number(1, 10'000));
  command.add_option("--check-seconds", options.check_seconds, "seconds for the checkers of a run")
      ->check(seconds_from(0, true));
}

int run_command(const RunCommandOptions& options) {
  Result<MadePlan> made = make_plan(options.plan);
  if (!made.ok()) return refuse_run(made.error());
  if (Status status = check_plants(made->plan); !status.ok()) return refuse_run(status.error());
  if (Status status = check_real(*made, options.plan); !status.ok()) return refuse_run(status.error());
  if (made->plan.sim != SimPlan())
    fmt::print(
        "note: the plan's section sim is for the simulator; here network and disks are the machine's\n");
  CampaignOptions campaign;
  campaign.plan = made->plan;
  campaign.plan_given = made->given;
  campaign.store = options.store;
  // Here, where the path means what it means to the caller: in namespaces of its own a program in a chroot
  // sees its path from the machine's root.
  campaign.programs = env::program_folder();
  campaign.check_seconds = options.check_seconds;
  campaign.argv = options.argv;
  const std::uint64_t first = campaign.plan.seed ? *campaign.plan.seed : draw_seed();
  int worst = kExitValid;
  for (std::uint32_t run = 0; run < options.test_count; ++run) {
    campaign.seed = first + run;
    campaign.plan.seed = campaign.seed;
    if (asked_to_end != 0) {
      fmt::print(stderr, "ordeal run: interrupted after {} of {} runs\n", run, options.test_count);
      return worst_exit(worst, kExitUnknown);
    }
    if (options.test_count > 1) fmt::print("run {} of {}\n", run + 1, options.test_count);
    std::fflush(stdout);
    worst = worst_exit(worst, in_child([&] { return isolated(campaign); }));
  }
  return worst;
}

}  // namespace ordeal::cli
