#include "controller/report/report.h"

#include "common/byte_text.h"
#include "controller/report/assets.h"
#include "controller/report/encode.h"
#include "controller/report/report_data.h"
#include "controller/report/sections.h"
#include "controller/report/violation.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace ordeal::report {
namespace {

const std::array kScripts = {&assets::data_js, &assets::plot_js, &assets::timeline_js, &assets::latency_js};

/// 'sha256-...' of an asset, as a content security policy names it.
std::string policy_hash(const Asset& asset) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < asset.sha256.size(); i += 2) {
    unsigned byte = 0;
    std::from_chars(asset.sha256.data() + i, asset.sha256.data() + i + 2, byte, 16);
    bytes += static_cast<char>(byte);
  }
  return "'sha256-" + to_base64(bytes) + "'";
}

std::string policy() {
  std::string scripts;
  for (const Asset* script : kScripts) scripts += " " + policy_hash(*script);
  return fmt::format("default-src 'none'; style-src {}; script-src{}; base-uri 'none'; form-action 'none'",
                     policy_hash(assets::report_css), scripts);
}

std::string navigation(bool violated, bool messages, bool led) {
  std::string links;
  const auto link = [&](std::string_view id, std::string_view name) {
    links += fmt::format(R"(<li><a href="#{}">{}</a></li>)", id, name);
  };
  if (violated) link("violation", "Violation");
  if (messages) link("messages", "Messages");
  link("timeline", "Timeline");
  link("latency", "Latency");
  link("faults", "Faults");
  if (led) link("leaders", "Leaders");
  link("checks", "Checks");
  link("machine", "Machine");
  link("plan", "Plan");
  return R"(<nav aria-label="Sections"><ul>)" + links + "</ul></nav>";
}

std::string assemble(const ReportFacts& facts, std::string_view data) {
  const RunInfo& info = facts.input.info;
  const std::string violation = violation_section(facts);
  std::string html = fmt::format(
      R"(<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{}">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<title>{}: {} – Ordeal</title>
<style>{}</style></head>
<body><header><p class="brand">Ordeal</p><h1>{}</h1></header>
<main>
)",
      policy(), to_text(facts.verdict.verdict), escape_html(info.name), assets::report_css.text,
      escape_html(info.name));
  html += verdict_section(facts);
  html += navigation(!violation.empty(), !facts.input.diagram.empty(), !info.leaders.empty());
  for (const std::string& part : {violation, messages_section(facts), timeline_section(facts),
                                  latency_section(facts), faults_section(facts), leaders_section(facts),
                                  checks_section(facts), machine_section(facts), plan_section(facts)}) {
    html += part;
    html += '\n';
  }
  html += "</main>\n<footer><p>Made by Ordeal. This file needs no network.</p></footer>\n";
  html += fmt::format("<script type=\"application/json\" id=\"data\">{}</script>\n", escape_script(data));
  for (const Asset* script : kScripts) html += fmt::format("<script>{}</script>\n", script->text);
  return html + "</body></html>\n";
}

}  // namespace

VerdictRecord make_verdict(const ReportInput& input) {
  VerdictRecord record;
  record.verdict = judge(input.findings, input.summary.vacuous);
  record.exit_code = exit_code(record.verdict);
  record.vacuous = input.summary.vacuous;
  record.operations = count_outcomes(input.history);
  record.faults = count_faults(faults_of(input.history));
  record.healed = input.summary.healed;
  if (!input.history.empty()) record.length = input.history.back().time;
  record.findings = input.findings;
  return record;
}

Result<std::string> render_report(const ReportInput& input, std::size_t operations_shown_max) {
  if (const Status status = check_well_formed(input.history); !status.ok()) {
    return Error{ErrorCode::kInvalidArgument,
                 "no report can be made of this history: " + status.error().message};
  }
  const VerdictRecord verdict = make_verdict(input);
  const std::vector<FaultRecord> faults = faults_of(input.history);
  const Digest summary = digest(input.history);
  const std::vector<std::size_t> shown =
      choose_shown(summary, witness_invokes(input.findings), operations_shown_max);
  const std::set<std::size_t> guilty = guilty_invokes(input.findings);
  const std::string data = print_report_data(
      {input.history, summary, faults, input.info.leaders, shown, guilty, input.info.nodes});
  return assemble({input, verdict, summary, faults, shown.size()}, data);
}

}  // namespace ordeal::report
