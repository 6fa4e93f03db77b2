// The top of a report: the verdict in words, the figures, how to run it again, and what the verdict does not
// say.

#include "controller/report/encode.h"
#include "controller/report/sections.h"
#include "controller/report/violation.h"
#include "controller/report/wording.h"

#include <fmt/format.h>

namespace ordeal::report {
namespace {

struct Words {
  std::string_view mark;
  std::string_view name;
  std::string_view says;
};

Words words_of(RunVerdict verdict) {
  switch (verdict) {
    case RunVerdict::kValid:
      return {"✓", "Valid", "Every answer of this run can be explained: the system kept its promise."};
    case RunVerdict::kInvalid:
      return {"✗", "Invalid", "The system broke its promise in this run."};
    case RunVerdict::kUnknown:
      return {"?", "Unknown", "The check did not come to an end, so nothing is shown either way."};
    case RunVerdict::kVacuous:
      return {"∅", "Vacuous", "No rule is broken, but the run proves nothing:"};
  }
  return {};
}

/// The first sentence that explains the verdict: of the finding that decided it.
std::string deciding_why(const ReportFacts& facts) {
  for (const Finding& finding : facts.input.findings) {
    const bool decides =
        (facts.verdict.verdict == RunVerdict::kInvalid && finding.verdict == Verdict::kInvalid) ||
        (facts.verdict.verdict == RunVerdict::kUnknown && finding.verdict == Verdict::kUnknown);
    if (decides) return fmt::format(R"(<p class="why">{}</p>)", escape_html(finding.why));
  }
  if (facts.input.findings.empty()) return "<p class=\"why\">No checker looked at this history.</p>";
  return "";
}

std::string vacuous_reasons(const ReportFacts& facts) {
  const std::vector<std::string>& reasons = facts.input.summary.vacuous;
  if (reasons.empty()) return "";
  std::string items;
  for (const std::string& reason : reasons)
    items += fmt::format("<li data-testid=\"vacuous\">{}</li>", escape_html(reason));
  const std::string lead = facts.verdict.verdict == RunVerdict::kVacuous
                               ? ""
                               : "<p>The run also falls short of what its plan expects:</p>";
  return lead + "<ul class=\"reasons\">" + items + "</ul>";
}

std::string figure(std::string_view id, std::string_view label, std::string_view number,
                   std::string_view note) {
  return fmt::format(
      R"(<div class="figure"><dt>{}</dt><dd><span class="number" data-testid="{}">{}</span>{}</dd></div>)",
      label, id, number, note.empty() ? "" : fmt::format(R"( <small>{}</small>)", note));
}

std::string figures(const ReportFacts& facts) {
  const OutcomeCounts& ops = facts.verdict.operations;
  const FaultCounts& faults = facts.verdict.faults;
  const double length = facts.digest.end.seconds();
  std::string html = "<dl class=\"figures\">";
  html += figure("operations", "Operations", count_words(ops.invoked),
                 length > 0 ? fmt::format("{} a second", count_words(static_cast<std::uint64_t>(
                                                             static_cast<double>(ops.invoked) / length)))
                            : "");
  html += figure("ok", "ok", count_words(ops.ok), "happened");
  html += figure("fail", "fail", count_words(ops.fail), "did not happen");
  html += figure("info", "info", count_words(ops.info + ops.open), "nobody knows");
  html += figure("faults-asked", "Faults", count_words(faults.asked), "asked for");
  html += figure("faults-verified", "in force", count_words(faults.verified), "seen by probe");
  html += figure("faults-healed", "healed", count_words(faults.healed), "seen gone by probe");
  html += figure("duration", "Duration", length_words(facts.digest.end), "");
  return html + "</dl>";
}

std::string command_words(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) line += (line.empty() ? "" : " ") + shell_word(word);
  return line;
}

std::string identity(const ReportFacts& facts) {
  const RunInfo& info = facts.input.info;
  std::string html = fmt::format(
      R"(<dl class="identity"><div><dt>Plan</dt><dd data-testid="plan-name">{}</dd></div>)"
      R"(<div><dt>Seed</dt><dd data-testid="seed">{}</dd></div><div><dt>Protocol</dt><dd>{}</dd></div>)"
      R"(<div><dt>Nodes</dt><dd>{}</dd></div><div><dt>Environment</dt><dd>{}</dd></div>)"
      R"(<div><dt>Started</dt><dd><time>{}</time></dd></div></dl>)",
      escape_html(info.name), info.seed, escape_html(info.protocol), info.nodes,
      escape_html(info.environment), to_iso_text(info.started));
  if (!info.repeat.empty()) {
    html +=
        fmt::format(R"(<p class="repeat"><span>Run it again</span><code data-testid="repeat">{}</code></p>)",
                    escape_html(command_words(info.repeat)));
  }
  return html;
}

std::string plants(const ReportFacts& facts) {
  if (facts.input.info.plants.empty()) return "";
  std::string names;
  for (const std::string& plant : facts.input.info.plants)
    names += (names.empty() ? "" : ", ") + escape_html(plant);
  return fmt::format(
      R"(<p class="notice" data-testid="plants"><strong>Planted bug on: {}.</strong> The nodes of this run )"
      R"(deviate from their algorithm on purpose, to see whether the check finds it.</p>)",
      names);
}

std::string limits(const ReportFacts& facts) {
  std::string items =
      "<li><strong>Valid</strong> says that these operations, with these faults, contradict nothing. It is "
      "no proof "
      "for other runs: another seed takes another path.</li>"
      "<li><strong>Invalid</strong> says that no order of the operations explains the answers. One such run "
      "is enough."
      "</li><li><strong>ok</strong> happened, <strong>fail</strong> did not; <strong>info</strong> (a "
      "time-out, a lost "
      "connection) may have happened or may happen yet, and the check allows for both.</li>";
  bool killed = false;
  for (const FaultRecord& fault : facts.faults) killed = killed || fault.kind == "kill";
  if (killed) {
    items +=
        "<li data-testid=\"not-durability\"><strong>Recovery, not durability.</strong> <code>kill -9</code> "
        "ends a "
        "process; the operating system keeps what the process had written and writes it to the disk later. "
        "Loss of "
        "power, which takes that with it, is not tested here.</li>";
  }
  return "<details class=\"limits\"><summary>What this verdict means, and what it does not</summary><ul>" +
         items + "</ul></details>";
}

}  // namespace

std::string verdict_section(const ReportFacts& facts) {
  const Words words = words_of(facts.verdict.verdict);
  return fmt::format(
      R"(<section class="verdict {0}" aria-labelledby="verdict-word"><p class="stamp"><span class="mark" aria-hidden="true">{1}</span>)"
      R"(<span id="verdict-word" class="word" data-testid="verdict">{2}</span></p>)"
      R"(<p class="says">{3}</p>{4}{5}{6}{7}</section>{8})",
      to_text(facts.verdict.verdict), words.mark, words.name, words.says, deciding_why(facts),
      vacuous_reasons(facts), plants(facts), figures(facts), identity(facts) + limits(facts));
}

std::string violation_section(const ReportFacts& facts) {
  std::string articles;
  std::size_t id = 0;
  for (const Finding& finding : facts.input.findings) {
    for (const Witness& witness : finding.witnesses) {
      articles += violation_html(facts.input.history, witness, facts.faults, facts.input.info.nodes, id++);
    }
  }
  if (articles.empty()) return "";
  return R"(<section id="violation" aria-labelledby="violation-h"><h2 id="violation-h">The violation</h2>)"
         R"(<p class="lead">Each bar is one operation, from the moment before it was sent to the moment after its answer )"
         R"(came. It took effect at one instant in between. Numbers give the order that the check could build; the bars )"
         R"(marked ✗ fit nowhere after it. An arrow joins an answer to an operation that was sent only later, so )"
         R"(those two cannot change places. Distances show order, not length.</p>)" +
         articles + "</section>";
}

}  // namespace ordeal::report
