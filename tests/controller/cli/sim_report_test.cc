// A failing run of the simulator in the store: whoever looks at it later must see what the console said.

#include "controller/cli/sim_report.h"

#include "checkers/formats/json_text.h"
#include "controller/cli/check_command.h"
#include "controller/cli/exit_code.h"
#include "controller/report/files.h"
#include "controller/report/run_json.h"
#include "controller/report/store.h"
#include "sim/excerpt.h"
#include "sim/shrink.h"
#include "sim/swarm.h"
#include "tests/support/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>

namespace ordeal::cli {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

Plan drawn(const std::string& plant, std::uint64_t seed) {
  sim::SwarmOptions swarm;
  if (!plant.empty()) swarm.plants = {plant};
  return sim::draw_plan(swarm, seed);
}

struct Failing {
  Plan plan;
  sim::SimResult result;
};

Failing first_failing(const std::string& plant, sim::Outcome outcome) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const Plan plan = drawn(plant, seed);
    auto result = sim::simulate(plan, seed, {});
    if (result.ok() && result->outcome == outcome) return {plan, *std::move(result)};
  }
  ADD_FAILURE() << plant << " is found with no seed";
  return {};
}

class StoredSimRun : public testing::Test {
 protected:
  void store(const Plan& plan, std::uint64_t seed, bool for_real_nodes = false) {
    auto stored = store_sim_run(plan, seed, {directory_.path(), {"ordeal", "sim"}, for_real_nodes});
    ASSERT_TRUE(stored.ok()) << stored.error().message;
    result_ = std::move(stored->result);
    run_ = std::filesystem::path(stored->report).parent_path();
  }
  [[nodiscard]] std::string read(const char* name) const {
    auto text = report::read_file(run_ / name);
    EXPECT_TRUE(text.ok()) << name;
    return text.ok() ? *text : "";
  }
  /// Each line of messages.jsonl.
  [[nodiscard]] std::vector<Value> messages() const {
    std::vector<Value> lines;
    std::istringstream stream(read(report::file_names::kMessages));
    for (std::string line; std::getline(stream, line);) {
      auto value = parse_json(line);
      EXPECT_TRUE(value.ok()) << line;
      lines.push_back(value.ok() ? *value : Value());
    }
    return lines;
  }
  [[nodiscard]] report::RunEntry entry() const {
    const auto entry = report::Store(directory_.path()).find("latest", WallTime());
    EXPECT_TRUE(entry.ok());
    return *entry;
  }

  test::TemporaryDirectory directory_;
  sim::SimResult result_;
  std::filesystem::path run_;
};

std::string word(const Value& line, std::string_view member) {
  const Value* value = line.find(member);
  return value != nullptr && value->as_string() != nullptr ? *value->as_string() : "";
}
std::int64_t time_of(const Value& line) {
  const Value* time = line.find("time");
  return time != nullptr && time->as_int() != nullptr ? *time->as_int() : -1;
}

// The run goes on for a minute after what its history shows, and then there is the liveness phase.
TEST_F(StoredSimRun, ShowsTheTimeAroundTheOperationsThatTheFindingNames) {
  const Failing failing = first_failing("R5", sim::Outcome::kHistory);
  store(failing.plan, failing.result.seed);
  const sim::Excerpt excerpt = sim::excerpt_of(failing.result);
  const std::string html = read(report::file_names::kReport);
  EXPECT_THAT(html, HasSubstr("<svg xmlns="));
  const auto moment = [](MonotonicTime at) {
    std::ostringstream text;
    text.setf(std::ios::fixed);
    text.precision(3);
    text << (at - MonotonicTime()).seconds() << " s";
    return text.str();
  };
  EXPECT_THAT(html, HasSubstr(moment(*excerpt.from) + " to " + moment(excerpt.to) + " of the run"));
  EXPECT_THAT(html, HasSubstr(moment(excerpt.to) + "  linearizable: key"));
  EXPECT_THAT(html, HasSubstr("guilty operation"));
  EXPECT_THAT(html, HasSubstr(R"(<a href="./messages.jsonl">)"));
}

TEST_F(StoredSimRun, KeepsEveryMessageUpToTheFailure) {
  const Failing failing = first_failing("R5", sim::Outcome::kHistory);
  store(failing.plan, failing.result.seed);
  const std::int64_t end = sim::excerpt_of(failing.result).to.ns();
  const std::vector<Value> lines = messages();
  ASSERT_GT(lines.size(), 100U);
  std::int64_t before = 0;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    EXPECT_GE(time_of(lines[i]), before);
    before = time_of(lines[i]);
  }
  EXPECT_EQ(word(lines.back(), "what"), "broke");
  EXPECT_EQ(time_of(lines.back()), end);
  CheckCommandOptions check;
  check.path = run_.string();
  EXPECT_EQ(check_command(check), kExitInvalid) << "it reads the history alone";
}

TEST_F(StoredSimRun, EndsWithTheInvariantThatBroke) {
  const Failing failing = first_failing("R12", sim::Outcome::kInvariant);
  store(failing.plan, failing.result.seed);
  EXPECT_EQ(result_.why, failing.result.why);
  EXPECT_EQ(time_of(messages().back()), failing.result.broken_at->ns());
  EXPECT_THAT(read(report::file_names::kReport), HasSubstr("leads"));
}

TEST_F(StoredSimRun, IsJudgedAsTheConsoleJudgedIt) {
  const Failing failing = first_failing("R12", sim::Outcome::kInvariant);
  for (const bool for_real_nodes : {false, true}) {
    const auto printed = sim::simulate(failing.plan, failing.result.seed, sim::judged_by(for_real_nodes));
    ASSERT_TRUE(printed.ok());
    store(failing.plan, failing.result.seed, for_real_nodes);
    EXPECT_EQ(result_.outcome, printed->outcome);
    EXPECT_EQ(result_.trace_hash, printed->trace_hash);
    const report::RunEntry kept = entry();
    ASSERT_TRUE(kept.verdict && kept.info);
    EXPECT_EQ(kept.verdict->verdict == report::RunVerdict::kInvalid, printed->bad()) << for_real_nodes;
    if (for_real_nodes) {
      EXPECT_NE(result_.outcome, sim::Outcome::kInvariant) << "the history alone counts";
      EXPECT_THAT(kept.info->repeat, Contains("--for-real-nodes"));
    } else {
      EXPECT_THAT(kept.info->repeat, Not(Contains("--for-real-nodes")));
    }
  }
}

TEST_F(StoredSimRun, OfAGoodRunShowsNothingOfTheLivenessPhase) {
  const Plan plan = drawn("", 1);
  store(plan, 1);
  ASSERT_EQ(result_.outcome, sim::Outcome::kGood);
  EXPECT_FALSE(std::filesystem::exists(run_ / report::file_names::kMessages));
  const std::string html = read(report::file_names::kReport);
  EXPECT_THAT(html, Not(HasSubstr("messages.jsonl")));
  const std::size_t words = html.find(" s of the run, a row");
  ASSERT_NE(words, std::string::npos);
  const std::size_t begin = html.rfind("to ", words);
  const double last = std::stod(html.substr(begin + 3, words - begin - 3));
  EXPECT_LE(last, result_.length.seconds() + 0.001);
}

}  // namespace
}  // namespace ordeal::cli
