#include "controller/report/sections.h"

#include "controller/report/encode.h"
#include "controller/report/run_query.h"
#include "controller/report/store.h"
#include "controller/report/wording.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace ordeal::report {
namespace {

std::string section(std::string_view id, std::string_view heading, std::string_view body) {
  return fmt::format(R"(<section id="{0}" aria-labelledby="{0}-h"><h2 id="{0}-h">{1}</h2>{2}</section>)", id,
                     heading, body);
}

std::string bounds_html(const TimeBounds& bounds) {
  if (bounds.earliest == bounds.latest) return moment_words(bounds.earliest);
  return fmt::format(R"(<span class="bounds">{:.3f} – {}</span>)", bounds.earliest.seconds(),
                     moment_words(bounds.latest));
}

std::string not_seen(std::string_view error) {
  return fmt::format(R"(<span class="bad">not seen</span>{}{})", error.empty() ? "" : ": ",
                     escape_html(error));
}

// --- Timeline ---------------------------------------------------------------------------------------------

struct ErrorGroup {
  std::uint64_t count = 0;
  Duration first;
  Duration last;
};

std::string errors_table(const ReportFacts& facts) {
  constexpr std::size_t kGroupsMax = 40;
  std::map<std::pair<std::string, std::string>, ErrorGroup> groups;
  for (const DigestOperation& operation : facts.digest.operations) {
    if (operation.outcome == Outcome::kOk) continue;
    const Op& op = facts.input.history[operation.complete.value_or(operation.invoke)];
    const std::string error =
        !operation.complete ? "no answer before the end of the history" : clip(printable(op.error), 160);
    ErrorGroup& group = groups[{operation.outcome == Outcome::kFail ? "fail" : "info", error}];
    if (group.count++ == 0) group.first = op.time;
    group.last = op.time;
  }
  if (groups.empty()) return "<p>Every operation ended ok.</p>";
  std::vector<std::pair<std::pair<std::string, std::string>, ErrorGroup>> sorted(groups.begin(),
                                                                                 groups.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second.count > b.second.count; });
  std::string rows;
  for (std::size_t i = 0; i < std::min(kGroupsMax, sorted.size()); ++i) {
    const auto& [name, group] = sorted[i];
    rows += "<tr>" + table_cell("Outcome", name.first) +
            table_cell("Reason", name.second.empty() ? "(none given)" : escape_html(name.second)) +
            table_cell("Count", count_words(group.count)) + table_cell("First", moment_words(group.first)) +
            table_cell("Last", moment_words(group.last)) + "</tr>";
  }
  const std::string more = sorted.size() > kGroupsMax ? fmt::format("<p>{} more reasons are not listed.</p>",
                                                                    sorted.size() - kGroupsMax)
                                                      : "";
  return R"(<table class="cards"><caption>Operations that did not end ok, by reason</caption><thead><tr><th scope="col">Outcome</th>)"
         R"(<th scope="col">Reason</th><th scope="col">Count</th><th scope="col">First</th><th scope="col">Last</th></tr></thead><tbody>)" +
         rows + "</tbody></table>" + more;
}

// --- Latency ----------------------------------------------------------------------------------------------

std::string quantile_cell(std::string_view label, std::int64_t ns) {
  return table_cell(label, ns < 0 ? "–" : length_words(Duration(ns)));
}

std::string slices_table(const Slices& slices) {
  std::string rows;
  for (std::size_t i = 0; i < slices.ok.size(); ++i) {
    rows += "<tr>" + table_cell("From", moment_words(slices.width * static_cast<std::int64_t>(i))) +
            table_cell("ok", count_words(slices.ok[i])) + table_cell("fail", count_words(slices.fail[i])) +
            table_cell("info", count_words(slices.info[i])) + quantile_cell("p50", slices.p50[i]) +
            quantile_cell("p95", slices.p95[i]) + quantile_cell("p99", slices.p99[i]) +
            quantile_cell("longest", slices.longest[i]) + "</tr>";
  }
  return fmt::format(
      R"(<details><summary>The same as a table</summary><div class="scroll tall" tabindex="0" role="group" aria-label="Table of rates and latencies">)"
      R"(<table><caption>Completions and latencies of ok operations, in slices of {}</caption><thead><tr><th scope="col">From</th>)"
      R"(<th scope="col">ok</th><th scope="col">fail</th><th scope="col">info</th><th scope="col">p50</th><th scope="col">p95</th>)"
      R"(<th scope="col">p99</th><th scope="col">longest</th></tr></thead><tbody>{}</tbody></table></div></details>)",
      length_words(slices.width), rows);
}

// --- Faults -----------------------------------------------------------------------------------------------

/// One square per ordered pair: row sends, column receives.
std::string matrix_svg(const FaultRecord& fault, const MeasuredCuts& measured, std::uint32_t nodes) {
  constexpr int kCell = 12;
  const std::set<Cut> asked(fault.cuts.begin(), fault.cuts.end());
  std::string cells;
  for (std::uint32_t from = 0; from < nodes; ++from) {
    for (std::uint32_t to = 0; to < nodes; ++to) {
      const Cut pair{NodeId(from + 1), NodeId(to + 1)};
      if (from == to) continue;
      const bool cut = measured.cuts.contains(pair);
      cells += fmt::format(
          R"(<rect class="{}{}" x="{}" y="{}" width="{}" height="{}"><title>{} to {}: {}</title></rect>)",
          cut ? "cut" : "open", cut == asked.contains(pair) ? "" : " differs", to * kCell, from * kCell,
          kCell - 2, kCell - 2, node_name(pair.from), node_name(pair.to), cut ? "nothing arrives" : "open");
    }
  }
  const std::string label = fmt::format("{} of {} directions let nothing through{}", measured.cuts.size(),
                                        measured.pairs, measured.cuts == asked ? ", as asked" : "");
  return fmt::format(
      R"(<svg class="matrix" role="img" aria-label="{0}" width="{1}" height="{1}" viewBox="0 0 {1} {1}">{2}</svg>)"
      R"(<span class="matrix-words">{0}</span>)",
      label, nodes * kCell, cells);
}

std::string measured_html(const FaultRecord& fault, std::uint32_t nodes) {
  // A picture of a hundred nodes would be no picture.
  constexpr std::uint32_t kMatrixNodesMax = 16;
  const std::optional<MeasuredCuts> cuts = measured_cuts(fault.measured);
  if (cuts && nodes <= kMatrixNodesMax) return matrix_svg(fault, *cuts, nodes);
  const std::string words = describe_measured(fault.measured);
  return words.empty() ? "–" : escape_html(words);
}

std::string fault_row(const FaultRecord& fault, std::uint32_t nodes) {
  return fmt::format(
      R"(<tr data-testid="fault-row">{}{}{}{}{}{}{}</tr>)", table_cell("Fault", escape_html(fault.kind)),
      table_cell("Targets", escape_html(describe_targets(fault, nodes))),
      table_cell("Asked", moment_words(fault.asked)),
      table_cell("In force", fault.began ? bounds_html(*fault.began) : not_seen(fault.apply_error)),
      table_cell("Measured", measured_html(fault, nodes)),
      table_cell("Ordered to end", fault.stop_asked ? moment_words(*fault.stop_asked) : "–"),
      table_cell("Gone", fault.ended ? bounds_html(*fault.ended) : not_seen(fault.heal_error)));
}

std::string details_html(const Value& details) {
  const Value::Map* map = details.as_map();
  if (map == nullptr) return details.is_nil() ? "" : escape_html(value_words(details));
  std::string html;
  for (const auto& [name, value] : *map) {
    const std::string words = value.as_int() != nullptr && *value.as_int() >= 0
                                  ? count_words(static_cast<std::uint64_t>(*value.as_int()))
                                  : value_words(value);
    html += fmt::format(R"(<span class="fact">{} <b>{}</b></span> )", escape_html(name), escape_html(words));
  }
  return html;
}

std::string definition(std::string_view term, std::string_view html) {
  return html.empty() ? "" : fmt::format("<div><dt>{}</dt><dd>{}</dd></div>", term, html);
}

}  // namespace

std::string timeline_section(const ReportFacts& facts) {
  const std::size_t total = facts.digest.operations.size();
  const std::string note =
      facts.shown < total
          ? fmt::format(
                R"(<p class="notice" data-testid="sampled">The timeline and the dots of the latency plot show {} of {} operations: )"
                R"(every guilty one, then those that did not end ok, then an even choice of the rest. All figures, )"
                R"(lines and tables count every operation.</p>)",
                count_words(facts.shown), count_words(total))
          : "";
  return section(
      "timeline", "Timeline",
      R"(<p class="lead">Who led, what was broken, and every operation on the lane of its client. Drag or use the arrow )"
      R"(keys to move, the wheel with Ctrl, two fingers or <kbd>+</kbd> <kbd>−</kbd> to zoom, <kbd>0</kbd> for the whole run, )"
      R"(<kbd>n</kbd> and <kbd>p</kbd> for the next and the previous operation that did not end ok.</p>)" +
          note +
          R"(<div id="timeline-view" class="view" tabindex="0" role="group" aria-label="Timeline of operations, leaders and faults" )"
          R"(aria-describedby="timeline-detail"><p class="noscript">This picture is drawn by the script in this file. The tables below say the same.</p></div>)"
          R"(<p id="timeline-detail" class="detail" role="status" aria-live="polite"></p>)" +
          errors_table(facts));
}

std::string messages_section(const ReportFacts& facts) {
  if (facts.input.diagram.empty()) return {};
  const auto& files = facts.input.files;
  const bool logged = std::find(files.begin(), files.end(), file_names::kMessages) != files.end();
  const std::string log =
      logged
          ? fmt::format(
                R"(<p>Every message, event and fault up to there is in <a href="./{0}">{0}</a>, one a line.</p>)",
                file_names::kMessages)
          : "";
  return section(
      "messages", "Messages",
      R"(<p class="lead">A part of the run as a Lamport diagram: time runs downwards, an arrow is a message from its sending to its )"
      R"(arrival. The first lines say which part it is and what is left out. Point at anything for the whole of it.</p>)" +
          log + R"(<div class="scroll" tabindex="0" role="group" aria-label="Messages between the nodes">)" +
          facts.input.diagram + "</div>");
}

std::string latency_section(const ReportFacts& facts) {
  const LatencyFigures& latency = facts.digest.latency;
  const std::string figures =
      latency.count == 0
          ? "<p>No operation ended ok, so there is no latency to show.</p>"
          : fmt::format(
                R"(<dl class="identity"><div><dt>p50</dt><dd data-testid="p50">{}</dd></div><div><dt>p95</dt><dd>{}</dd></div>)"
                R"(<div><dt>p99</dt><dd data-testid="p99">{}</dd></div><div><dt>longest</dt><dd>{}</dd></div></dl>)",
                length_words(latency.p50), length_words(latency.p95), length_words(latency.p99),
                length_words(latency.longest));
  return section("latency", "Rate and latency",
                 figures +
                     R"(<div id="rate-view" class="view"></div><div id="latency-view" class="view"></div>)" +
                     slices_table(facts.digest.slices));
}

std::string leaders_section(const ReportFacts& facts) {
  const std::vector<LeaderInterval>& leaders = facts.input.info.leaders;
  if (leaders.empty()) return "";
  std::string rows;
  for (const LeaderInterval& leader : leaders) {
    rows += "<tr>" + table_cell("Term", fmt::format("{}", leader.term)) +
            table_cell("Leader", node_name(leader.node)) + table_cell("From", moment_words(leader.from)) +
            table_cell("To", moment_words(leader.to)) +
            table_cell("For", length_words(leader.to - leader.from)) + "</tr>";
  }
  return section(
      "leaders", "Who led when",
      R"(<p class="lead">As each node said of itself when asked. Two leaders at one time need not be wrong: one that was cut off )"
      R"(does not know yet, and cannot get anything accepted.</p><details><summary>)" +
          count_words(leaders.size(), "spell of leadership", "spells of leadership") +
          R"(</summary><table class="cards"><caption>Leaders by term</caption><thead><tr><th scope="col">Term</th>)"
          R"(<th scope="col">Leader</th><th scope="col">From</th><th scope="col">To</th><th scope="col">For</th></tr></thead><tbody>)" +
          rows + "</tbody></table></details>");
}

std::string faults_section(const ReportFacts& facts) {
  if (facts.faults.empty()) return section("faults", "Faults", "<p>No fault was asked for.</p>");
  std::string rows;
  for (const FaultRecord& fault : facts.faults) rows += fault_row(fault, facts.input.info.nodes);
  const std::string heal = facts.input.summary.healed
                               ? "<p>After the load everything was healed, and a probe of every node and "
                                 "every direction confirmed it.</p>"
                               : R"(<p class="bad">The final heal was not confirmed by a probe.</p>)";
  return section(
      "faults", "Faults",
      R"(<p class="lead">A fault counts only when a probe saw it in force, and is over only when a probe saw it gone. )"
      R"(Times are bounds: it began between the two. In the squares a row sends and a column receives; filled: nothing got through.</p>)"
      R"(<table class="cards faults"><caption>Faults in the order of asking</caption><thead><tr><th scope="col">Fault</th><th scope="col">Targets</th>)"
      R"(<th scope="col">Asked</th><th scope="col">In force</th><th scope="col">Measured</th><th scope="col">Ordered to end</th>)"
      R"(<th scope="col">Gone</th></tr></thead><tbody>)" +
          rows + "</tbody></table>" + heal);
}

std::string checks_section(const ReportFacts& facts) {
  std::string rows;
  for (const Finding& finding : facts.input.findings) {
    rows += fmt::format(
        R"(<tr data-testid="finding">{}{}{}</tr>)", table_cell("Checker", escape_html(finding.checker)),
        table_cell("Verdict", fmt::format(R"(<span class="tag {0}">{0}</span>)", to_text(finding.verdict))),
        table_cell("Why", escape_html(finding.why) + "<div class=\"facts\">" + details_html(finding.details) +
                              "</div>"));
  }
  if (rows.empty()) return section("checks", "Checks", "<p>No checker looked at this history.</p>");
  return section(
      "checks", "Checks",
      R"(<table class="cards"><caption>What each checker found</caption><thead><tr><th scope="col">Checker</th><th scope="col">Verdict</th>)"
      R"(<th scope="col">Why</th></tr></thead><tbody>)" +
          rows + "</tbody></table>");
}

std::string machine_section(const ReportFacts& facts) {
  const RunInfo& info = facts.input.info;
  const MachineInfo& machine = info.machine;
  std::string html = "<dl class=\"identity\">";
  html += definition("Cores", machine.cores == 0 ? "" : fmt::format("{}", machine.cores));
  html += definition("Memory", machine.memory_bytes == 0 ? "" : bytes_words(machine.memory_bytes));
  html += definition("Kernel", escape_html(machine.kernel));
  html += definition("System", escape_html(machine.distribution));
  html += definition(
      "fdatasync", machine.fdatasync_per_second
                       ? count_words(static_cast<std::uint64_t>(*machine.fdatasync_per_second)) + " a second"
                       : "");
  for (const auto& [what, version] : info.versions)
    html += definition(escape_html(what), escape_html(version));
  std::string phases;
  for (const PhaseSpan& phase : info.phases) {
    phases += "<tr>" + table_cell("Phase", escape_html(phase.name)) +
              table_cell("From", moment_words(phase.from)) + table_cell("To", moment_words(phase.to)) +
              "</tr>";
  }
  html += "</dl>";
  if (phases.empty()) return section("machine", "Machine and versions", html);
  return section(
      "machine", "Machine and versions",
      html +
          R"(<table class="cards"><caption>Phases of the run</caption><thead><tr><th scope="col">Phase</th><th scope="col">From</th>)"
          R"(<th scope="col">To</th></tr></thead><tbody>)" +
          phases + "</tbody></table>");
}

std::string plan_section(const ReportFacts& facts) {
  std::string files;
  for (const std::string& file : facts.input.files) {
    files += fmt::format(R"(<li><a href="{}">{}</a></li>)", "./" + percent_encode(file), escape_html(file));
  }
  if (!files.empty()) files = "<h3>Files of this run</h3><ul class=\"files\">" + files + "</ul>";
  std::string command;
  for (const std::string& word : facts.input.info.command)
    command += (command.empty() ? "" : " ") + shell_word(word);
  if (!command.empty()) command = "<p>Started as <code>" + escape_html(command) + "</code></p>";
  return section("plan", "Plan as executed",
                 command + R"(<pre tabindex="0" data-testid="plan">)" + escape_html(facts.input.plan_text) +
                     "</pre>" + files);
}

}  // namespace ordeal::report
