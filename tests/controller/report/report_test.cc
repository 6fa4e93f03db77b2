#include "controller/report/report.h"

#include "checkers/formats/json_text.h"
#include "common/byte_text.h"
#include "controller/report/wording.h"
#include "tests/controller/report/sample.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

namespace ordeal::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// What an attacker would like a page to take for its own.
const std::string kHostile =
    "</script><script>alert(1)</script>\"'><img src=x onerror=alert(1)>&amp;<!--\xff\x01";

std::string testid(const std::string& id, const std::string& text) {
  return "data-testid=\"" + id + "\">" + text + "<";
}

TEST(Report, GivesTheFiguresOfTheHistory) {
  const ReportInput input = make_sample({.seed = 3});
  const std::string html = render_report(input).value();
  const OutcomeCounts counts = count_outcomes(input.history);
  EXPECT_THAT(html, HasSubstr(testid("verdict", "Valid")));
  EXPECT_THAT(html, HasSubstr(testid("operations", count_words(counts.invoked))));
  EXPECT_THAT(html, HasSubstr(testid("ok", count_words(counts.ok))));
  EXPECT_THAT(html, HasSubstr(testid("fail", count_words(counts.fail))));
  EXPECT_THAT(html, HasSubstr(testid("info", count_words(counts.info + counts.open))));
  EXPECT_THAT(html, HasSubstr(testid("faults-verified", "6")));
  EXPECT_THAT(html, HasSubstr(testid("seed", "3")));
  EXPECT_THAT(html, HasSubstr(testid("repeat", "ordeal run --plan plan.executed.yaml --seed 3")));
}

TEST(Report, SaysThatAKillShowsRecoveryAndNotDurability) {
  EXPECT_THAT(render_report(make_sample({})).value(), HasSubstr("not-durability"));
  EXPECT_THAT(render_report(make_sample({.faults = false})).value(), Not(HasSubstr("not-durability")));
}

TEST(Report, GivesTheReasonsOfAVacuousRun) {
  ReportInput input = make_sample({.length = seconds(1)});
  input.summary.vacuous = {"no fault was seen in force"};
  const std::string html = render_report(input).value();
  EXPECT_THAT(html, HasSubstr(testid("verdict", "Vacuous")));
  EXPECT_THAT(html, HasSubstr(testid("vacuous", "no fault was seen in force")));
}

TEST(Report, AnInvalidRunThatIsAlsoVacuousStaysInvalid) {
  ReportInput input = make_sample({.violation = true});
  input.summary.vacuous = {"too few operations"};
  const std::string html = render_report(input).value();
  EXPECT_THAT(html, HasSubstr(testid("verdict", "Invalid")));
  EXPECT_THAT(html, HasSubstr("too few operations"));
}

TEST(Report, WithoutFindingsTheVerdictIsUnknown) {
  ReportInput input = make_sample({.length = seconds(1)});
  input.findings.clear();
  EXPECT_THAT(render_report(input).value(), HasSubstr(testid("verdict", "Unknown")));
}

TEST(Report, NeedsNoNetwork) {
  const std::string html = render_report(make_sample({.violation = true})).value();
  // Everything that could load something: the sources of elements, of styles and of scripts.
  EXPECT_FALSE(std::regex_search(html, std::regex(R"((src|href)\s*=\s*["']?(https?:)?//)")));
  EXPECT_THAT(html, Not(HasSubstr("@import")));
  EXPECT_THAT(html, Not(HasSubstr("<link")));
  EXPECT_FALSE(std::regex_search(html, std::regex(R"(url\(\s*["']?[a-z]+:)")));
}

TEST(Report, LinksTheMessagesBesideTheirDiagram) {
  ReportInput input = make_sample({.length = seconds(1)});
  EXPECT_THAT(render_report(input).value(), Not(HasSubstr("id=\"messages\"")));
  input.diagram = "<svg>the diagram</svg>";
  const std::string without = render_report(input).value();
  EXPECT_THAT(without, HasSubstr("<svg>the diagram</svg>"));
  EXPECT_THAT(without, HasSubstr("<a href=\"#messages\">Messages</a>"));
  EXPECT_THAT(without, Not(HasSubstr("messages.jsonl")));
  input.files = {"messages.jsonl"};
  EXPECT_THAT(render_report(input).value(),
              HasSubstr("is in <a href=\"./messages.jsonl\">messages.jsonl</a>, one a line"));
}

ReportInput hostile_input() {
  ReportInput input = make_sample({.length = seconds(2), .violation = true});
  for (Op& op : input.history) {
    if (op.process == kNemesisProcess) continue;
    op.key = kHostile;
    if (!op.value.is_nil()) op.value = kHostile;
    if (!op.error.empty()) op.error = kHostile;
  }
  input.info.name = input.info.protocol = input.info.environment = kHostile;
  input.info.plants = input.info.repeat = input.info.command = {kHostile};
  input.info.versions = {{kHostile, kHostile}};
  input.info.phases = {{kHostile, {}, {}}};
  input.info.machine.kernel = input.info.machine.distribution = kHostile;
  input.plan_text = kHostile;
  input.files = {kHostile, "javascript:alert(1)"};
  input.summary.vacuous = {kHostile};
  Finding& finding = input.findings[0];
  finding.checker = finding.why = kHostile;
  finding.details = Value::Map{{kHostile, kHostile}};
  finding.witnesses[0].key = finding.witnesses[0].state = kHostile;
  for (WitnessStep& step : finding.witnesses[0].longest) step.text = kHostile;
  for (WitnessStep& step : finding.witnesses[0].stuck) step.text = kHostile;
  return input;
}

TEST(Report, TextOfTheRunNeverBecomesMarkup) {
  const std::string html = render_report(hostile_input()).value();
  EXPECT_THAT(html, Not(HasSubstr("<script>alert")));
  EXPECT_THAT(html, Not(HasSubstr("<img")));
  EXPECT_THAT(html, Not(HasSubstr("href=\"javascript:")));
  EXPECT_TRUE(is_utf8(html));
  EXPECT_EQ(html.find('\x01'), std::string::npos);
  const std::regex script("<script");
  const auto scripts =
      std::distance(std::sregex_iterator(html.begin(), html.end(), script), std::sregex_iterator());
  EXPECT_EQ(scripts, 5) << "the data and four scripts of ours";
}

TEST(Report, HostileFaultsNeverBecomeMarkup) {
  ReportInput input = make_sample({.length = seconds(2)});
  for (Op& op : input.history) {
    if (op.process != kNemesisProcess) continue;
    const std::size_t dash = op.f.find('-');
    op.f = op.f.substr(0, dash + 1) + kHostile;
    op.value = Value::Map{
        {"fault", kHostile}, {"kind", kHostile}, {"nodes", Value::List{kHostile}}, {"measured", kHostile}};
    if (op.type == OpType::kOk) op.type = OpType::kInfo, op.error = kHostile;
  }
  const std::string html = render_report(input).value();
  EXPECT_THAT(html, Not(HasSubstr("<script>alert")));
  EXPECT_THAT(html, Not(HasSubstr("<img")));
}

TEST(Report, DataIsJsonAfterTheBrowserReadsIt) {
  const std::string html = render_report(hostile_input()).value();
  const std::string open = "<script type=\"application/json\" id=\"data\">";
  const std::size_t from = html.find(open) + open.size();
  const Result<Value> data = parse_json(html.substr(from, html.find("</script>", from) - from));
  ASSERT_TRUE(data.ok()) << data.error().message;
  EXPECT_NE(data->find("operations"), nullptr);
}

TEST(Report, SaysWhenItShowsNotEveryOperation) {
  const ReportInput input = make_sample({});
  EXPECT_THAT(render_report(input).value(), Not(HasSubstr("data-testid=\"sampled\"")));
  const std::string html = render_report(input, 500).value();
  EXPECT_THAT(html, HasSubstr("data-testid=\"sampled\""));
  EXPECT_THAT(html, HasSubstr("show 500 of " + count_words(count_outcomes(input.history).invoked)));
}

TEST(Report, ARunWithoutOperationsStillHasAReport) {
  ReportInput input;
  input.info.nodes = 5;
  EXPECT_TRUE(render_report(input).ok());
}

TEST(Report, RefusesAHistoryThatIsNotWellFormed) {
  ReportInput input = make_sample({.length = seconds(1)});
  input.history[5].index = 77;
  const Result<std::string> html = render_report(input);
  ASSERT_FALSE(html.ok());
  EXPECT_EQ(html.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(html.error().message, HasSubstr("its index is 77"));
}

TEST(Report, IsTheSameForTheSameInput) {
  const ReportInput input = make_sample({.length = seconds(3)});
  EXPECT_EQ(render_report(input).value(), render_report(input).value());
}

}  // namespace
}  // namespace ordeal::report
