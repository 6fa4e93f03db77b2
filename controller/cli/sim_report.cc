#include "controller/cli/sim_report.h"

#include "common/check.h"
#include "controller/env/clocks.h"
#include "controller/report/leaders.h"
#include "controller/report/machine.h"
#include "controller/report/report.h"
#include "controller/report/store.h"
#include "sim/message_log.h"
#include "sim/shrink.h"
#include "sim/storyboard.h"

#include <optional>
#include <utility>

namespace ordeal::cli {
namespace {

/// Tells several what it is told, and notes who led when.
class Onlookers : public sim::Spectator {
 public:
  void add(sim::Spectator& other) { others_.push_back(&other); }
  [[nodiscard]] const report::LeaderLog& leaders() const { return leaders_; }

  void sent(MonotonicTime at, Cut link, std::uint64_t message, const Bytes& payload) override {
    for (sim::Spectator* other : others_) other->sent(at, link, message, payload);
  }
  void arrived(MonotonicTime at, Cut link, std::uint64_t message) override {
    for (sim::Spectator* other : others_) other->arrived(at, link, message);
  }
  void lost(MonotonicTime at, Cut link, std::uint64_t message, std::string_view why) override {
    for (sim::Spectator* other : others_) other->lost(at, link, message, why);
  }
  void started(MonotonicTime at, NodeId node) override {
    for (sim::Spectator* other : others_) other->started(at, node);
  }
  void stopped(MonotonicTime at, NodeId node) override {
    for (sim::Spectator* other : others_) other->stopped(at, node);
  }
  void stepped(MonotonicTime at, NodeId node, const raft::Standing& standing) override {
    for (sim::Spectator* other : others_) other->stepped(at, node, standing);
  }
  void happened(MonotonicTime at, NodeId node, const Event& event) override {
    for (sim::Spectator* other : others_) other->happened(at, node, event);
  }
  void operation(MonotonicTime at, const Op& op) override {
    for (sim::Spectator* other : others_) other->operation(at, op);
  }
  void observed(MonotonicTime at, const NodeObservation& seen) override {
    leaders_.observe(at - MonotonicTime(), seen);
  }

 private:
  std::vector<sim::Spectator*> others_;
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
  if (options.for_real_nodes) info.repeat.emplace_back("--for-real-nodes");
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

Status write(const report::RunDirectory& run, report::ReportInput& input) {
  auto writer = run.open_history();
  if (!writer.ok()) return writer.error();
  Status status = writer->append(input.history);
  if (status.ok()) status = run.write_plan_given(input.plan_text);
  if (status.ok()) status = run.write_plan_executed(input.plan_text);
  if (status.ok()) status = run.write_run_info(input.info);
  if (status.ok()) status = run.write_verdict(report::make_verdict(input));
  if (!status.ok()) return status;
  for (const report::RunFile& file : report::list_files(run.path())) input.files.push_back(file.path);
  const auto html = report::render_report(input);
  return html.ok() ? run.write_report(*html) : Status(html.error());
}

struct Watched {
  sim::SimResult result;
  std::vector<report::LeaderInterval> leaders;
  std::string diagram;
  Status logged;  ///< of messages.jsonl
};

/// A failing run also leaves its messages in the directory.
Result<Watched> watch(const Plan& plan, std::uint64_t seed, const sim::SimResult& known, sim::SimOptions how,
                      const report::RunDirectory& run) {
  const sim::Excerpt excerpt = sim::excerpt_of(known);
  sim::Storyboard board(plan.nodes, excerpt);
  Onlookers onlookers;
  onlookers.add(board);
  std::optional<report::HistoryWriter> file;
  std::optional<sim::MessageLog> log;
  if (known.bad()) {
    auto opened = run.open_messages();
    if (!opened.ok()) return opened.error();
    file.emplace(std::move(*opened));
    log.emplace(seed, plan.nodes, excerpt, [&](std::string_view lines) { return file->append(lines); });
    onlookers.add(*log);
  }
  how.spectator = &onlookers;
  auto result = sim::simulate(plan, seed, how);
  if (!result.ok()) return result.error();
  ORDEAL_CHECK(result->trace_hash == known.trace_hash);  // Looking on changes nothing.
  Watched watched;
  watched.leaders = onlookers.leaders().intervals(result->length);
  watched.diagram = board.draw();
  if (log) watched.logged = log->finish();
  watched.result = *std::move(result);
  return watched;
}

}  // namespace

Result<StoredSim> store_sim_run(const Plan& plan, std::uint64_t seed, const SimReportOptions& options) {
  const sim::SimOptions how = sim::judged_by(options.for_real_nodes);
  const auto known = sim::simulate(plan, seed, how);
  if (!known.ok()) return known.error();
  auto run = report::Store(options.store).create(plan.name, env::now().wall);
  if (!run.ok()) return run.error();
  auto watched = watch(plan, seed, *known, how, *run);
  if (!watched.ok()) return watched.error();
  report::ReportInput input;
  input.plan_text = print_plan(plan);
  input.info = describe(plan, seed, options, run->path());
  input.info.ended = env::now().wall;
  input.info.leaders = std::move(watched->leaders);
  input.history = watched->result.history;
  input.findings = findings_of(watched->result);
  input.summary = watched->result.summary;
  input.diagram = std::move(watched->diagram);
  // A disk that has no room for the messages may have room for the verdict.
  Status status = write(*run, input);
  if (status.ok()) status = watched->logged;
  if (!status.ok()) return status.error();
  return StoredSim{std::move(watched->result), run->path() / report::file_names::kReport};
}

}  // namespace ordeal::cli
