#include "controller/cli/sim_report.h"

#include "controller/env/clocks.h"
#include "controller/report/leaders.h"
#include "controller/report/machine.h"
#include "controller/report/report.h"
#include "controller/report/store.h"
#include "sim/storyboard.h"

#include <fmt/format.h>

namespace ordeal::cli {
namespace {

/// Also who led when.
class Onlooker : public sim::Storyboard {
 public:
  using Storyboard::Storyboard;

  void observed(MonotonicTime at, const NodeObservation& seen) override {
    leaders_.observe(at - MonotonicTime(), seen);
  }
  [[nodiscard]] const report::LeaderLog& leaders() const { return leaders_; }

 private:
  report::LeaderLog leaders_;
};

report::RunInfo describe(const Plan& plan, std::uint64_t seed, const SimReportOptions& options,
                         const std::filesystem::path& run) {
  report::RunInfo info;
  info.name = plan.name;
  info.seed = seed;
  info.started = env::now().wall;
  info.command = options.argv;
  info.repeat = {
      "ordeal", "sim", "--plan", run / report::file_names::kPlanExecuted, "--seed", std::to_string(seed)};
  info.environment = "sim";
  info.protocol = plan.protocol;
  info.workload = plan.workload.name;
  info.nodes = plan.nodes;
  info.plants = plan.plants;
  info.versions = report::build_versions();
  info.machine = report::describe_machine();
  return info;
}

/// What the simulator found beside the checkers, in a checker's words.
std::vector<Finding> findings_of(const sim::SimResult& result) {
  std::vector<Finding> findings;
  if (result.bad() && result.outcome != sim::Outcome::kHistory) {
    Finding finding;
    finding.checker = result.kind;
    finding.verdict = Verdict::kInvalid;
    finding.why = result.why;
    findings.push_back(std::move(finding));
  }
  findings.insert(findings.end(), result.findings.begin(), result.findings.end());
  return findings;
}

Status write(report::RunDirectory& run, const report::ReportInput& input, const std::string& plan_text) {
  auto writer = run.open_history();
  if (!writer.ok()) return writer.error();
  Status status = writer->append(input.history);
  if (status.ok()) status = run.write_plan_given(plan_text);
  if (status.ok()) status = run.write_plan_executed(plan_text);
  if (status.ok()) status = run.write_run_info(input.info);
  if (status.ok()) status = run.write_verdict(report::make_verdict(input));
  if (!status.ok()) return status;
  const auto html = report::render_report(input);
  return html.ok() ? run.write_report(*html) : Status(html.error());
}

}  // namespace

Result<StoredSim> store_sim_run(const Plan& plan, std::uint64_t seed, const SimReportOptions& options) {
  Onlooker onlooker(plan.nodes);
  sim::SimOptions how;
  how.spectator = &onlooker;
  auto result = sim::simulate(plan, seed, how);
  if (!result.ok()) return result.error();
  if (result->bad())
    onlooker.broke(result->broken_at.value_or(MonotonicTime() + result->length),
                   fmt::format("{}: {}", result->kind, result->why));
  auto run = report::Store(options.store).create(plan.name, env::now().wall);
  if (!run.ok()) return run.error();
  report::ReportInput input;
  input.plan_text = print_plan(plan);
  input.info = describe(plan, seed, options, run->path());
  input.info.ended = env::now().wall;
  input.info.leaders = onlooker.leaders().intervals(result->length);
  input.history = result->history;
  input.findings = findings_of(*result);
  input.summary = result->summary;
  input.diagram = onlooker.draw();
  if (Status status = write(*run, input, input.plan_text); !status.ok()) return status.error();
  return StoredSim{*std::move(result), run->path() / report::file_names::kReport};
}

}  // namespace ordeal::cli
