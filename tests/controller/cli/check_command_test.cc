// `ordeal check` of a run's directory: what the run said of its own worth counts too.

#include "controller/cli/check_command.h"

#include "controller/cli/exit_code.h"
#include "controller/report/run_json.h"
#include "tests/support/program.h"

#include <gtest/gtest.h>

namespace ordeal::cli {
namespace {

class CheckOfARun : public testing::Test {
 protected:
  void SetUp() override {
    static_cast<void>(directory_.write(
        "history.jsonl",
        "{\"index\":0,\"time\":1,\"process\":0,\"type\":\"invoke\",\"f\":\"write\",\"key\":"
        "\"x\",\"value\":\"1\"}\n"
        "{\"index\":1,\"time\":2,\"process\":0,\"type\":\"ok\",\"f\":\"write\",\"key\":\"x\","
        "\"value\":\"1\"}\n"));
  }
  void write_verdict(std::vector<std::string> vacuous) {
    report::VerdictRecord record;
    record.verdict = report::RunVerdict::kValid;
    record.exit_code = kExitValid;
    record.vacuous = std::move(vacuous);
    static_cast<void>(directory_.write("verdict.json", report::print_verdict(record)));
  }
  [[nodiscard]] int check() const {
    CheckCommandOptions options;
    options.path = directory_.path();
    return check_command(options);
  }

  test::TemporaryDirectory directory_;
};

TEST_F(CheckOfARun, ThatWasKilledJudgesWhatItRecorded) {
  EXPECT_EQ(check(), kExitValid);
}

TEST_F(CheckOfARun, ThatProvedSomethingIsValid) {
  write_verdict({});
  EXPECT_EQ(check(), kExitValid);
}

TEST_F(CheckOfARun, ThatWasVacuousStaysSo) {
  write_verdict({"no fault was in force"});
  EXPECT_EQ(check(), kExitUnknown);
}

TEST_F(CheckOfARun, WhoseVerdictIsDamagedProvesNothing) {
  static_cast<void>(directory_.write("verdict.json", "{\"verdict\":"));
  EXPECT_EQ(check(), kExitUnknown);
}

}  // namespace
}  // namespace ordeal::cli
