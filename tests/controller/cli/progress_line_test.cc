#include "controller/cli/progress_line.h"

#include <gtest/gtest.h>

namespace ordeal::cli {
namespace {

TEST(ProgressText, ShowsLoadLeaderAndFaults) {
  RunProgress progress;
  progress.phase = RunPhase::kLoad;
  progress.elapsed = milliseconds(12'000);
  progress.invoked = 5210;
  progress.ok = 4980;
  progress.fail = 190;
  progress.info = 40;
  progress.leader = NodeId(2);
  progress.term = Term(4);
  progress.faults_in_force = {"partition n1|n2,n3"};
  EXPECT_EQ(progress_text(progress, seconds(60), 431.0),
            "load         12.0s of 60s  5210 ops (4980 ok 190 fail 40 info)  431/s  leader n2 term 4  | "
            "partition n1|n2,n3");
}

TEST(ProgressText, SaysWhenNobodyLeads) {
  EXPECT_NE(progress_text({}, seconds(60), 0.0).find("no leader"), std::string::npos);
}

TEST(ProgressLine, WritesWholeLinesWhereThereIsNoTerminal) {
  std::FILE* out = std::tmpfile();
  ASSERT_NE(out, nullptr);
  {
    ProgressLine line(out, seconds(60));
    line.show({}, MonotonicTime(0));
    line.show({}, MonotonicTime(1'000'000'000));  // too soon
    line.show({}, MonotonicTime(6'000'000'000));
    line.note("leader n1");
  }
  std::rewind(out);
  std::string text(4096, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), out));
  std::fclose(out);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
  EXPECT_EQ(text.find('\r'), std::string::npos);
}

}  // namespace
}  // namespace ordeal::cli
