#include "controller/cli/campaign.h"

#include "checkers/driver/driver.h"
#include "controller/cli/exit_code.h"
#include "controller/cli/progress_line.h"
#include "controller/cli/recorder.h"
#include "controller/cli/verdict_text.h"
#include "controller/env/clocks.h"
#include "controller/env/doctor.h"
#include "controller/env/driver.h"
#include "controller/env/local.h"
#include "controller/env/namespaces.h"
#include "controller/report/live.h"
#include "controller/report/machine.h"
#include "controller/report/report.h"
#include "controller/run/parts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <memory>
#include <optional>

namespace ordeal::cli {
namespace {

/// Says on standard error what went wrong.
int failed(const Error& error) {
  fmt::print(stderr, "ordeal run: {}\n", error.message);
  return error.code == ErrorCode::kInvalidArgument ? kExitArguments : kExitInternal;
}

std::vector<std::string> repeat_command(const CampaignOptions& options, const std::filesystem::path& run) {
  return {"ordeal", "run",
          "--plan", run / report::file_names::kPlanExecuted,
          "--seed", std::to_string(options.seed)};
}

report::RunInfo describe(const CampaignOptions& options, const std::filesystem::path& run) {
  report::RunInfo info;
  info.name = options.plan.name;
  info.seed = options.seed;
  info.started = env::now().wall;
  info.command = options.argv;
  info.repeat = repeat_command(options, run);
  info.environment = "local";
  info.protocol = options.plan.protocol;
  info.workload = options.plan.workload.name;
  info.nodes = options.plan.nodes;
  info.plants = options.plan.plants;
  info.versions = report::build_versions();
  info.machine = report::describe_machine();
  if (const Result<double> rate = env::measure_sync_rate(run); rate.ok())
    info.machine.fdatasync_per_second = *rate;
  return info;
}

void print_header(const CampaignOptions& options, const report::RunInfo& info,
                  const std::filesystem::path& run) {
  const Plan& plan = options.plan;
  fmt::print("seed {}  plan {}  {} nodes {}  {} {}, {} clients, {}  {:.0f}s\n", options.seed, plan.name,
             plan.nodes, plan.protocol, plan.workload.name, plan.load.open ? "open loop" : "closed loop",
             plan.load.concurrency,
             plan.load.rate == 0 ? std::string("no rate limit") : fmt::format("{}/s", plan.load.rate),
             plan.time_limit.seconds());
  fmt::print(
      "machine: {} cores, {} GiB, {}, fdatasync {}/s\n", info.machine.cores, info.machine.memory_bytes >> 30,
      info.machine.kernel,
      info.machine.fdatasync_per_second ? fmt::format("{:.0f}", *info.machine.fdatasync_per_second) : "?");
  if (!plan.plants.empty()) fmt::print("PLANTED BUGS ARE ON: {}\n", fmt::join(plan.plants, ", "));
  fmt::print("store: {}\n", run.string());
  std::fflush(stdout);
}

/// How late this program was itself: what is late here is late in every latency that the report shows.
void print_lateness(const env::RunReport& driven) {
  const auto text = [](const env::Lateness& late) {
    return fmt::format("p50 {:.1f}, p99 {:.1f}, max {:.1f} ms", late.p50.seconds() * 1e3,
                       late.p99.seconds() * 1e3, late.max.seconds() * 1e3);
  };
  if (driven.wake.count > 0) fmt::print("controller's own lateness: {}\n", text(driven.wake));
  if (driven.invoke.count > 0) fmt::print("invocations after their planned start: {}\n", text(driven.invoke));
}

/// The end of a run, in the terminal.
void print_result(const report::ReportInput& input, const report::VerdictRecord& verdict,
                  const env::RunReport& driven, const std::filesystem::path& run) {
  for (const Finding& finding : input.findings) fmt::print("{}", finding_text(finding));
  const auto& operations = verdict.operations;
  fmt::print("operations: {} ({} ok, {} fail, {} info)\n", operations.invoked, operations.ok, operations.fail,
             operations.info + operations.open);
  const report::FaultCounts& faults = verdict.faults;
  const std::string declined =
      faults.declined == 0 ? "" : fmt::format(" {} declined by the cluster,", faults.declined);
  fmt::print("faults: {} asked for, {} verified in force,{} {} verified healed; final heal {}\n",
             faults.asked, faults.verified, declined, faults.healed,
             verdict.healed ? "verified" : "NOT verified");
  print_lateness(driven);
  for (const std::string& reason : verdict.vacuous) fmt::print("vacuous: {}\n", reason);
  fmt::print("verdict: {}\n", report::to_text(verdict.verdict));
  fmt::print("report: {}\n", (run / report::file_names::kReport).string());
  std::fflush(stdout);
}

class Campaign {
 public:
  Campaign(const CampaignOptions& options, report::RunDirectory run)
      : options_(options), run_(std::move(run)) {}

  int execute() {
    info_ = describe(options_, run_.path());
    if (Status status = write_beginning(); !status.ok()) return failed(status.error());
    print_header(options_, info_, run_.path());
    if (Status status = drive(); !status.ok()) return failed(status.error());
    return judge();
  }

 private:
  Status write_beginning() {
    const std::string executed = print_plan(options_.plan);
    Status status = run_.write_plan_given(options_.plan_given.empty() ? executed : options_.plan_given);
    if (status.ok()) status = run_.write_plan_executed(executed);
    if (status.ok()) status = run_.write_run_info(info_);
    return status;
  }

  /// Cluster up, load and faults, cluster down.
  Status drive() {
    const std::filesystem::path logs = run_.path() / "nodes";
    std::error_code error;
    std::filesystem::create_directories(logs, error);
    if (error)
      return Error{ErrorCode::kPermissionDenied,
                   fmt::format("cannot make {}: {}", logs.string(), error.message())};
    env::LocalCluster::Options cluster_options;
    cluster_options.nodes = options_.plan.nodes;
    cluster_options.protocol = options_.plan.protocol;
    cluster_options.node_flags = options_.plan.node_flags;
    cluster_options.plants = options_.plan.plants;
    cluster_options.programs = options_.programs;
    cluster_options.log_directory = logs;
    cluster_options.data_directory = run_.path() / "data";
    auto cluster = env::LocalCluster::start(std::move(cluster_options));
    if (!cluster.ok()) return cluster.error();
    auto workload = make_workload(options_.plan);
    if (!workload.ok()) return workload.error();
    auto writer = run_.open_history();
    if (!writer.ok()) return writer.error();

    const MonotonicTime start = env::monotonic_now();
    RunLoop loop(options_.plan, options_.seed, *std::move(workload), &make_client, start);
    recorder_.emplace(*std::move(writer), run_.path(), start);
    watch(loop, **cluster);
    end_ = env::monotonic_now();
    summary_ = loop.summary();
    for (const std::string& left : (*cluster)->stop()) fmt::print(stderr, "note: {}\n", left);
    report::remove_live(run_.path());
    checkers_ = loop.workload().checkers();
    if (recorder_->failure()) return *recorder_->failure();
    return {};
  }

  void watch(RunLoop& loop, env::Cluster& cluster) {
    ProgressLine line(stderr, options_.plan.time_limit);
    env::DriverHooks hooks;
    hooks.on_history = [&](std::span<const Op> operations) { recorder_->append(operations); };
    hooks.on_observation = [&](const NodeObservation& observation) {
      recorder_->observe(observation, env::monotonic_now());
    };
    hooks.on_progress = [&](const RunProgress& progress) {
      const MonotonicTime now = env::monotonic_now();
      line.show(progress, now);
      recorder_->progress(progress, now);
    };
    hooks.on_note = [&](const std::string& note) { line.note(note); };
    // A history that cannot be written is like an operator who asks to end: heal, and stop.
    hooks.interrupted = [&] { return env::interrupts() + (recorder_->failure() ? 1U : 0U); };
    driven_ = env::drive(loop, cluster, hooks);
  }

  int judge() {
    fmt::print("checking {} events\n", recorder_->history().size());
    std::fflush(stdout);
    report::ReportInput input;
    input.plan_text = print_plan(options_.plan);
    CheckLimits limits;
    limits.seconds = options_.check_seconds;
    limits.stop = [] { return env::interrupts() > 1; };
    input.history = recorder_->history();
    input.findings = check_history(input.history, checkers_, limits);
    input.summary = summary_;
    info_.ended = env::now().wall;
    info_.leaders = recorder_->leaders(end_);
    info_.phases = recorder_->phases(end_);
    input.info = info_;
    for (const report::RunFile& file : report::list_files(run_.path())) input.files.push_back(file.path);

    const report::VerdictRecord verdict = report::make_verdict(input);
    Status status = run_.write_run_info(info_);
    if (status.ok()) status = run_.write_verdict(verdict);
    const Result<std::string> html = report::render_report(input);
    if (!html.ok()) return failed(html.error());
    if (status.ok()) status = run_.write_report(*html);
    if (!status.ok()) return failed(status.error());
    print_result(input, verdict, driven_, run_.path());
    return verdict.exit_code;
  }

  const CampaignOptions& options_;
  report::RunDirectory run_;
  report::RunInfo info_;
  std::optional<Recorder> recorder_;
  env::RunReport driven_;
  RunSummary summary_;
  MonotonicTime end_;
  std::vector<std::unique_ptr<Checker>> checkers_;
};

}  // namespace

int run_campaign(const CampaignOptions& options) {
  auto run = report::Store(options.store).create(options.plan.name, env::now().wall);
  if (!run.ok()) return failed(run.error());
  return Campaign(options, *std::move(run)).execute();
}

}  // namespace ordeal::cli
