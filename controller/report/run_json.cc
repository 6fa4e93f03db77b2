#include "controller/report/run_json.h"

#include "controller/report/document.h"

#include <fmt/format.h>

#include <charconv>

namespace ordeal::report {
namespace {

// --- Printing ---------------------------------------------------------------------------------------------

Value machine_value(const MachineInfo& machine) {
  Value::Map out{{"cores", count_value(machine.cores)},
                 {"memory_bytes", count_value(machine.memory_bytes)},
                 {"kernel", machine.kernel},
                 {"distribution", machine.distribution}};
  if (machine.fdatasync_per_second) out["fdatasync_per_second"] = *machine.fdatasync_per_second;
  return out;
}

Value phases_value(const std::vector<PhaseSpan>& phases) {
  Value::List out;
  for (const PhaseSpan& phase : phases) {
    out.emplace_back(
        Value::Map{{"name", phase.name}, {"from_ns", phase.from.ns()}, {"to_ns", phase.to.ns()}});
  }
  return out;
}

Value leaders_value(const std::vector<LeaderInterval>& leaders) {
  Value::List out;
  for (const LeaderInterval& leader : leaders) {
    out.emplace_back(Value::Map{{"node", node_name(leader.node)},
                                {"term", count_value(leader.term.value())},
                                {"from_ns", leader.from.ns()},
                                {"to_ns", leader.to.ns()}});
  }
  return out;
}

Value outcomes_value(const OutcomeCounts& counts) {
  return Value::Map{{"invoked", count_value(counts.invoked)},
                    {"ok", count_value(counts.ok)},
                    {"fail", count_value(counts.fail)},
                    {"info", count_value(counts.info)},
                    {"open", count_value(counts.open)}};
}

Value faults_value(const FaultCounts& counts) {
  return Value::Map{{"asked", count_value(counts.asked)},
                    {"verified", count_value(counts.verified)},
                    {"healed", count_value(counts.healed)},
                    {"declined", count_value(counts.declined)}};
}

// --- Reading ----------------------------------------------------------------------------------------------

MachineInfo read_machine(const Value::Map& map) {
  MachineInfo machine;
  machine.cores = static_cast<std::uint32_t>(count_member(map, "cores"));
  machine.memory_bytes = count_member(map, "memory_bytes");
  machine.kernel = text_member(map, "kernel");
  machine.distribution = text_member(map, "distribution");
  const Value rate = any_member(map, "fdatasync_per_second");
  if (rate.as_double() != nullptr) machine.fdatasync_per_second = *rate.as_double();
  if (rate.as_int() != nullptr) machine.fdatasync_per_second = static_cast<double>(*rate.as_int());
  return machine;
}

std::vector<PhaseSpan> read_phases(const Value::Map& document) {
  std::vector<PhaseSpan> phases;
  for (const Value::Map& phase : maps_member(document, "phases")) {
    phases.push_back({text_member(phase, "name"), nanoseconds(int_member(phase, "from_ns")),
                      nanoseconds(int_member(phase, "to_ns"))});
  }
  return phases;
}

std::vector<LeaderInterval> read_leaders(const Value::Map& document) {
  std::vector<LeaderInterval> leaders;
  for (const Value::Map& leader : maps_member(document, "leaders")) {
    leaders.push_back({parse_node_name(text_member(leader, "node")), Term(count_member(leader, "term")),
                       nanoseconds(int_member(leader, "from_ns")), nanoseconds(int_member(leader, "to_ns"))});
  }
  return leaders;
}

std::map<std::string, std::string> read_versions(const Value::Map& document) {
  std::map<std::string, std::string> versions;
  const Value::Map map = map_member(document, "versions");
  for (const auto& [what, version] : map) versions[what] = text_member(map, what);
  return versions;
}

std::vector<WitnessStep> read_steps(const Value::Map& witness, std::string_view name) {
  std::vector<WitnessStep> steps;
  for (const Value::Map& step : maps_member(witness, name)) {
    std::optional<std::size_t> complete;
    if (step.contains("complete")) complete = count_member(step, "complete");
    steps.push_back({count_member(step, "invoke"), complete, text_member(step, "text")});
  }
  return steps;
}

std::optional<Verdict> parse_finding_verdict(std::string_view text) {
  for (const Verdict verdict : {Verdict::kValid, Verdict::kUnknown, Verdict::kInvalid}) {
    if (to_text(verdict) == text) return verdict;
  }
  return std::nullopt;
}

Result<Finding> read_finding(const Value::Map& map) {
  const std::string word = text_member(map, "verdict");
  const std::optional<Verdict> verdict = parse_finding_verdict(word);
  if (!verdict) {
    return Error{
        ErrorCode::kCorruption,
        fmt::format("verdict.json: a finding's verdict is '{}', expected valid, unknown or invalid", word)};
  }
  Finding finding;
  finding.checker = text_member(map, "checker");
  finding.verdict = *verdict;
  finding.why = text_member(map, "why");
  finding.details = any_member(map, "details");
  for (const Value::Map& witness : maps_member(map, "witnesses")) {
    finding.witnesses.push_back({any_member(witness, "key"), read_steps(witness, "longest"),
                                 text_member(witness, "state"), read_steps(witness, "stuck")});
  }
  return finding;
}

/// A seed uses all 64 bits, which JSON numbers do not survive in many readers: it is written as a string.
Result<std::uint64_t> read_seed(const Value::Map& document) {
  const std::string text = text_member(document, "seed");
  std::uint64_t seed = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), seed);
  if (!text.empty() && error == std::errc() && stop == text.data() + text.size()) return seed;
  return Error{ErrorCode::kCorruption,
               fmt::format("run.json: 'seed' is '{}', expected a decimal number as a string", text)};
}

}  // namespace

std::string print_run_info(const RunInfo& info) {
  Value::Map versions;
  for (const auto& [what, version] : info.versions) versions[what] = version;
  Value::Map document{{"name", info.name},
                      {"seed", fmt::format("{}", info.seed)},
                      {"started", to_iso_text(info.started)},
                      {"command", texts_value(info.command)},
                      {"repeat", texts_value(info.repeat)},
                      {"environment", info.environment},
                      {"protocol", info.protocol},
                      {"workload", info.workload},
                      {"nodes", count_value(info.nodes)},
                      {"plants", texts_value(info.plants)},
                      {"versions", std::move(versions)},
                      {"machine", machine_value(info.machine)},
                      {"phases", phases_value(info.phases)},
                      {"leaders", leaders_value(info.leaders)}};
  if (info.ended) document["ended"] = to_iso_text(*info.ended);
  return print_document(std::move(document));
}

Result<RunInfo> parse_run_info(std::string_view text) {
  const Result<Value::Map> parsed = parse_document(text, "run.json");
  if (!parsed.ok()) return parsed.error();
  const Value::Map& document = *parsed;
  const std::optional<WallTime> started = parse_iso_text(text_member(document, "started"));
  if (!started) {
    return Error{ErrorCode::kCorruption,
                 "run.json: 'started' is missing or no time of the form 2026-01-31T12:00:00Z"};
  }
  const Result<std::uint64_t> seed = read_seed(document);
  if (!seed.ok()) return seed.error();
  RunInfo info;
  info.name = text_member(document, "name");
  info.seed = *seed;
  info.started = *started;
  info.ended = parse_iso_text(text_member(document, "ended"));
  info.command = texts_member(document, "command");
  info.repeat = texts_member(document, "repeat");
  info.environment = text_member(document, "environment");
  info.protocol = text_member(document, "protocol");
  info.workload = text_member(document, "workload");
  info.nodes = static_cast<std::uint32_t>(count_member(document, "nodes"));
  info.plants = texts_member(document, "plants");
  info.versions = read_versions(document);
  info.machine = read_machine(map_member(document, "machine"));
  info.phases = read_phases(document);
  info.leaders = read_leaders(document);
  return info;
}

std::string print_verdict(const VerdictRecord& record) {
  Value::List findings;
  for (const Finding& finding : record.findings) findings.push_back(to_value(finding));
  return print_document({{"verdict", to_text(record.verdict)},
                         {"exit_code", record.exit_code},
                         {"vacuous", texts_value(record.vacuous)},
                         {"operations", outcomes_value(record.operations)},
                         {"faults", faults_value(record.faults)},
                         {"healed", record.healed},
                         {"length_ns", record.length.ns()},
                         {"findings", std::move(findings)}});
}

Result<VerdictRecord> parse_verdict(std::string_view text) {
  const Result<Value::Map> parsed = parse_document(text, "verdict.json");
  if (!parsed.ok()) return parsed.error();
  const Value::Map& document = *parsed;
  const std::string word = text_member(document, "verdict");
  const std::optional<RunVerdict> verdict = parse_run_verdict(word);
  if (!verdict) {
    return Error{
        ErrorCode::kCorruption,
        fmt::format("verdict.json: 'verdict' is '{}', expected valid, vacuous, unknown or invalid", word)};
  }
  VerdictRecord record;
  record.verdict = *verdict;
  record.exit_code = static_cast<int>(int_member(document, "exit_code"));
  record.vacuous = texts_member(document, "vacuous");
  const Value::Map operations = map_member(document, "operations");
  record.operations = {count_member(operations, "invoked"), count_member(operations, "ok"),
                       count_member(operations, "fail"), count_member(operations, "info"),
                       count_member(operations, "open")};
  const Value::Map faults = map_member(document, "faults");
  record.faults = {count_member(faults, "asked"), count_member(faults, "verified"),
                   count_member(faults, "healed"), count_member(faults, "declined")};
  record.healed = bool_member(document, "healed");
  record.length = nanoseconds(int_member(document, "length_ns"));
  for (const Value::Map& map : maps_member(document, "findings")) {
    Result<Finding> finding = read_finding(map);
    if (!finding.ok()) return finding.error();
    record.findings.push_back(std::move(finding).value());
  }
  return record;
}

}  // namespace ordeal::report
