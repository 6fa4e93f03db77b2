#include "controller/report/pages.h"

#include "controller/report/encode.h"
#include "controller/report/live.h"
#include "controller/report/wording.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

namespace ordeal::report {
namespace {

/// `refresh`: seconds after which the browser asks again; 0: never.
std::string page(std::string_view title, int refresh, std::string_view body) {
  return fmt::format(
      R"(<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">{}<title>{} – Ordeal</title><link rel="stylesheet" href="/style.css"></head>
<body><header><p class="brand"><a href="/">Ordeal</a></p><h1>{}</h1></header><main>{}</main></body></html>
)",
      refresh > 0 ? fmt::format(R"(<meta http-equiv="refresh" content="{}">)", refresh) : "", title, title,
      body);
}

std::string tag(std::string_view outcome) {
  return fmt::format(R"(<span class="tag {0}">{0}</span>)", outcome);
}

std::string run_url(const RunEntry& entry) {
  return "/runs/" + percent_encode(entry.id) + "/";
}

std::string started_words(const RunEntry& entry) {
  if (entry.info) return to_iso_text(entry.info->started);
  return escape_html(entry.id.substr(entry.id.find('/') + 1));
}

std::string row(const RunEntry& entry) {
  const std::string name =
      escape_html(entry.info ? entry.info->name : entry.id.substr(0, entry.id.find('/')));
  std::string html = "<tr data-testid=\"run\">" + table_cell("Verdict", tag(outcome_word(entry))) +
                     table_cell("Name", fmt::format(R"(<a href="{}">{}</a>)", escape_html(run_url(entry)),
                                                    name.empty() ? "(no name)" : name)) +
                     table_cell("Started", started_words(entry));
  html += table_cell("Protocol", entry.info ? escape_html(entry.info->protocol) : "");
  html += table_cell("Seed", entry.info ? fmt::format("{}", entry.info->seed) : "");
  html += table_cell("Duration", entry.verdict ? length_words(entry.verdict->length) : "");
  html += table_cell("Operations", entry.verdict ? count_words(entry.verdict->operations.invoked) : "");
  html += table_cell("Faults", entry.verdict ? fmt::format("{} of {}", entry.verdict->faults.verified,
                                                           entry.verdict->faults.asked)
                                             : "");
  return html + "</tr>";
}

/// A column's head: a link that sorts by it, or turns the order round.
std::string head(const RunQuery& query, RunOrder order, std::string_view name) {
  RunQuery next = query;
  const bool current = query.order == order;
  next.order = order;
  next.descending = current ? !query.descending : order != RunOrder::kName;
  next.page = 1;
  const std::string_view sorted = !current           ? ""
                                  : query.descending ? R"( aria-sort="descending")"
                                                     : R"( aria-sort="ascending")";
  const std::string_view arrow = !current ? "" : query.descending ? " ↓" : " ↑";
  return fmt::format(R"(<th scope="col"{}><a href="/?{}">{}{}</a></th>)", sorted,
                     escape_html(print_run_query(next)), name, arrow);
}

std::string search_form(const RunQuery& query) {
  std::string hidden;
  if (query.order != RunOrder::kTime)
    hidden += fmt::format(R"(<input type="hidden" name="sort" value="{}">)", to_text(query.order));
  if (!query.descending) hidden += R"(<input type="hidden" name="order" value="asc">)";
  return fmt::format(
      R"(<form method="get" action="/" role="search"><label for="q">Search</label><input id="q" type="search" name="q" value="{}" )"
      R"(placeholder="name, verdict, protocol, seed=42">{}<button type="submit">Search</button></form>)",
      escape_html(query.text), hidden);
}

std::string page_links(const RunQuery& query, std::size_t pages) {
  if (pages <= 1) return "";
  const auto link = [&](std::size_t number, std::string_view name) {
    RunQuery other = query;
    other.page = number;
    return fmt::format(R"(<a href="/?{}">{}</a> )", escape_html(print_run_query(other)), name);
  };
  std::string html = R"(<nav aria-label="Pages">)";
  if (query.page > 1) html += link(query.page - 1, "← newer page");
  html += fmt::format("page {} of {} ", query.page, pages);
  if (query.page < pages) html += link(query.page + 1, "next page →");
  return html + "</nav>";
}

std::string fact(std::string_view term, std::string_view html) {
  return html.empty() ? "" : fmt::format("<div><dt>{}</dt><dd>{}</dd></div>", term, html);
}

std::string live_html(const RunProgress& live) {
  std::string faults;
  for (const std::string& fault : live.faults_in_force) faults += "<li>" + escape_html(fault) + "</li>";
  return fmt::format(
             R"(<section aria-labelledby="live-h"><h2 id="live-h">Running: {}</h2><dl class="identity" data-testid="live">)",
             to_text(live.phase)) +
         fact("Elapsed", length_words(live.elapsed)) + fact("Operations", count_words(live.invoked)) +
         fact("ok", count_words(live.ok)) + fact("fail", count_words(live.fail)) +
         fact("info", count_words(live.info)) + fact("open", count_words(live.open)) +
         fact("Leader", live.leader == kNoNode
                            ? "none known"
                            : fmt::format("{}, term {}", node_name(live.leader), live.term)) +
         fact("Faults", fmt::format("{} asked, {} in force by probe, {} healed", live.faults_asked,
                                    live.faults_verified, live.faults_healed)) +
         "</dl>" +
         (faults.empty() ? "<p>No fault is in force.</p>" : "<p>In force now:</p><ul>" + faults + "</ul>") +
         "<p><small>This page refreshes itself.</small></p></section>";
}

std::string verdict_html(const VerdictRecord& verdict) {
  std::string reasons;
  for (const std::string& reason : verdict.vacuous) reasons += "<li>" + escape_html(reason) + "</li>";
  for (const Finding& finding : verdict.findings) {
    reasons += fmt::format("<li>{} {}: {}</li>", tag(to_text(finding.verdict)), escape_html(finding.checker),
                           escape_html(finding.why));
  }
  const OutcomeCounts& ops = verdict.operations;
  return R"(<dl class="identity">)" + fact("Duration", length_words(verdict.length)) +
         fact("Operations", count_words(ops.invoked)) + fact("ok", count_words(ops.ok)) +
         fact("fail", count_words(ops.fail)) + fact("info", count_words(ops.info + ops.open)) +
         fact("Faults", fmt::format("{} asked, {} in force by probe, {} healed", verdict.faults.asked,
                                    verdict.faults.verified, verdict.faults.healed)) +
         fact("Exit code", fmt::format("{}", verdict.exit_code)) + "</dl><ul>" + reasons + "</ul>";
}

std::string info_html(const RunInfo& info) {
  std::string repeat;
  for (const std::string& word : info.repeat) repeat += (repeat.empty() ? "" : " ") + shell_word(word);
  return R"(<dl class="identity">)" + fact("Plan", escape_html(info.name)) +
         fact("Seed", fmt::format("{}", info.seed)) + fact("Protocol", escape_html(info.protocol)) +
         fact("Nodes", fmt::format("{}", info.nodes)) + fact("Environment", escape_html(info.environment)) +
         fact("Started", to_iso_text(info.started)) +
         fact("Ended", info.ended ? to_iso_text(*info.ended) : "") + "</dl>" +
         (repeat.empty() ? ""
                         : fmt::format(R"(<p class="repeat"><span>Run it again</span><code>{}</code></p>)",
                                       escape_html(repeat)));
}

std::string files_html(const RunEntry& entry, const std::vector<RunFile>& files) {
  std::string rows;
  for (const RunFile& file : files) {
    rows += fmt::format(R"(<tr><td><a href="{}{}">{}</a></td><td class="number">{}</td></tr>)",
                        escape_html(run_url(entry)), escape_html(percent_encode(file.path)),
                        escape_html(file.path), bytes_words(file.bytes));
  }
  return R"(<section aria-labelledby="files-h"><h2 id="files-h">Files</h2><table><thead><tr><th scope="col">File</th><th scope="col">Size</th></tr></thead><tbody>)" +
         rows + "</tbody></table></section>";
}

std::string label_value(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out;
}

std::string metric(std::string_view name, std::string_view help) {
  return fmt::format("# HELP {0} {1}\n# TYPE {0} gauge\n", name, help);
}

std::string last_run_metrics(const RunEntry& entry) {
  const VerdictRecord& verdict = *entry.verdict;
  const OutcomeCounts& ops = verdict.operations;
  std::string out = metric("ordeal_last_run_info", "The newest finished run.");
  out += fmt::format("ordeal_last_run_info{{run=\"{}\",verdict=\"{}\"}} 1\n", label_value(entry.id),
                     to_text(verdict.verdict));
  out += metric("ordeal_last_run_operations", "Client operations of the newest finished run.");
  for (const auto& [outcome, count] :
       {std::pair{"ok", ops.ok}, {"fail", ops.fail}, {"info", ops.info}, {"open", ops.open}}) {
    out += fmt::format("ordeal_last_run_operations{{outcome=\"{}\"}} {}\n", outcome, count);
  }
  out += metric("ordeal_last_run_faults", "Faults of the newest finished run.");
  for (const auto& [state, count] : {std::pair{"asked", verdict.faults.asked},
                                     {"verified", verdict.faults.verified},
                                     {"healed", verdict.faults.healed}}) {
    out += fmt::format("ordeal_last_run_faults{{state=\"{}\"}} {}\n", state, count);
  }
  out += metric("ordeal_last_run_duration_seconds", "Length of the newest finished run's history.");
  out += fmt::format("ordeal_last_run_duration_seconds {:.3f}\n", verdict.length.seconds());
  if (!entry.info) return out;
  out +=
      metric("ordeal_last_run_started_timestamp_seconds", "When the newest finished run started, Unix time.");
  return out + fmt::format("ordeal_last_run_started_timestamp_seconds {}\n",
                           entry.info->started.ns() / 1'000'000'000);
}

}  // namespace

std::string list_page(const std::vector<RunEntry>& runs, std::size_t total, const RunQuery& query) {
  const std::size_t pages = std::max<std::size_t>(1, (runs.size() + kRunsPerPage - 1) / kRunsPerPage);
  RunQuery shown = query;
  shown.page = std::min(query.page, pages);
  const std::size_t from = (shown.page - 1) * kRunsPerPage;
  std::string rows;
  for (std::size_t i = from; i < std::min(runs.size(), from + kRunsPerPage); ++i) rows += row(runs[i]);
  const bool running =
      std::any_of(runs.begin(), runs.end(), [](const RunEntry& r) { return r.state == RunState::kRunning; });
  const std::string count = query.text.empty() ? count_words(total, "run", "runs")
                                               : fmt::format("{} of {}", count_words(runs.size()),
                                                             count_words(total, "run", "runs"));
  std::string body =
      "<section>" + search_form(shown) + fmt::format(R"(<p data-testid="count">{}</p>)", count);
  if (rows.empty()) {
    body += total == 0 ? "<p>The store is empty. <code>ordeal run</code> fills it.</p>"
                       : "<p>No run has all these words.</p>";
    return page("Runs", 0, body + "</section>");
  }
  body += R"(<table class="cards"><thead><tr>)" + head(shown, RunOrder::kVerdict, "Verdict") +
          head(shown, RunOrder::kName, "Name") + head(shown, RunOrder::kTime, "Started") +
          R"(<th scope="col">Protocol</th><th scope="col">Seed</th>)" +
          head(shown, RunOrder::kDuration, "Duration") + head(shown, RunOrder::kOperations, "Operations") +
          R"(<th scope="col">Faults</th></tr></thead><tbody>)" + rows + "</tbody></table>" +
          page_links(shown, pages) + "</section>";
  return page("Runs", running ? 5 : 0, body);
}

std::string run_page(const RunEntry& entry, const std::vector<RunFile>& files,
                     const std::optional<RunProgress>& live) {
  const auto has = [&](std::string_view name) {
    return std::any_of(files.begin(), files.end(), [&](const RunFile& file) { return file.path == name; });
  };
  std::string body = fmt::format(R"(<section><p class="outcome">{}</p>)", tag(outcome_word(entry)));
  if (entry.state == RunState::kInterrupted) {
    body +=
        "<p>This run has no verdict: its controller was killed or stopped before it could judge. "
        "<code>ordeal check history.jsonl</code> judges what was recorded.</p>";
  }
  if (!entry.problem.empty()) body += "<p class=\"bad\">" + escape_html(entry.problem) + "</p>";
  if (has(file_names::kReport))
    body += fmt::format(R"(<p><a class="action" href="{}report.html">Open the report</a></p>)",
                        escape_html(run_url(entry)));
  if (entry.verdict) body += verdict_html(*entry.verdict);
  if (entry.info) body += info_html(*entry.info);
  body += "</section>";
  if (live) body += live_html(*live);
  body += files_html(entry, files);
  return page(escape_html(entry.id), entry.state == RunState::kRunning ? 2 : 0, body);
}

std::string error_page(int status, std::string_view message) {
  return page(fmt::format("{}", status), 0,
              "<section><p>" + escape_html(message) + R"(</p><p><a href="/">All runs</a></p></section>)");
}

std::string metrics_text(const std::vector<RunEntry>& runs) {
  std::map<std::string_view, std::uint64_t> counts;
  for (const std::string_view word : {"valid", "invalid", "unknown", "vacuous", "running", "interrupted"})
    counts[word] = 0;
  for (const RunEntry& run : runs) ++counts[outcome_word(run)];
  std::string out =
      metric("ordeal_store_runs", "Runs in the store by verdict; running and interrupted ones have none.");
  for (const auto& [word, count] : counts)
    out += fmt::format("ordeal_store_runs{{verdict=\"{}\"}} {}\n", word, count);
  const auto last =
      std::find_if(runs.begin(), runs.end(), [](const RunEntry& run) { return run.verdict.has_value(); });
  return last == runs.end() ? out : out + last_run_metrics(*last);
}

}  // namespace ordeal::report
