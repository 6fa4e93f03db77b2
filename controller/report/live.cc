#include "controller/report/live.h"

#include "controller/report/document.h"
#include "controller/report/files.h"
#include "controller/report/store.h"

#include <array>
#include <system_error>

namespace ordeal::report {
namespace {

constexpr std::array kPhases = {RunPhase::kStarting, RunPhase::kLoad, RunPhase::kHealing,
                                RunPhase::kFinalReads, RunPhase::kDone};

}  // namespace

std::string print_live(const RunProgress& progress) {
  return print_document({{"phase", to_text(progress.phase)},
                         {"elapsed_ns", progress.elapsed.ns()},
                         {"invoked", count_value(progress.invoked)},
                         {"ok", count_value(progress.ok)},
                         {"fail", count_value(progress.fail)},
                         {"info", count_value(progress.info)},
                         {"open", count_value(progress.open)},
                         {"leader", progress.leader == kNoNode ? "" : node_name(progress.leader)},
                         {"term", count_value(progress.term.value())},
                         {"faults_in_force", texts_value(progress.faults_in_force)},
                         {"faults_asked", count_value(progress.faults_asked)},
                         {"faults_verified", count_value(progress.faults_verified)},
                         {"faults_healed", count_value(progress.faults_healed)}});
}

Result<RunProgress> parse_live(std::string_view text) {
  const Result<Value::Map> parsed = parse_document(text, "live.json");
  if (!parsed.ok()) return parsed.error();
  const Value::Map& document = *parsed;
  RunProgress progress;
  for (const RunPhase phase : kPhases) {
    if (to_text(phase) == text_member(document, "phase")) progress.phase = phase;
  }
  progress.elapsed = nanoseconds(int_member(document, "elapsed_ns"));
  progress.invoked = count_member(document, "invoked");
  progress.ok = count_member(document, "ok");
  progress.fail = count_member(document, "fail");
  progress.info = count_member(document, "info");
  progress.open = count_member(document, "open");
  progress.leader = parse_node_name(text_member(document, "leader"));
  progress.term = Term(count_member(document, "term"));
  progress.faults_in_force = texts_member(document, "faults_in_force");
  progress.faults_asked = count_member(document, "faults_asked");
  progress.faults_verified = count_member(document, "faults_verified");
  progress.faults_healed = count_member(document, "faults_healed");
  return progress;
}

Status write_live(const std::filesystem::path& run, const RunProgress& progress) {
  return replace_file(run / file_names::kLive, print_live(progress));
}

void remove_live(const std::filesystem::path& run) {
  std::error_code ignored;  // Ignored: a live.json that stays behind goes stale after kLiveFor.
  std::filesystem::remove(run / file_names::kLive, ignored);
}

}  // namespace ordeal::report
