// Golden interaction traces: tests/traces/raft/*.txt. ORDEAL_REWRITE=1 writes what really happens into the
// files; the difference is for a person to judge.

#include "tests/node/raft/trace.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace ordeal::raft::testing {
namespace {

std::vector<std::string> trace_files() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(ORDEAL_SOURCE_DIR "/tests/traces/raft")) {
    if (entry.path().extension() == ".txt") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class RaftTrace : public ::testing::TestWithParam<std::string> {};

TEST_P(RaftTrace, HappensAsWritten) {
  const std::string path = std::string(ORDEAL_SOURCE_DIR "/tests/traces/raft/") + GetParam() + ".txt";
  std::ostringstream written;
  written << std::ifstream(path).rdbuf();
  const std::string happened = Trace().run(written.str());
  if (std::getenv("ORDEAL_REWRITE") != nullptr) {
    std::ofstream(path) << happened;
  } else {
    EXPECT_EQ(happened, written.str());
  }
  // No trace, not even a rewritten one, may show a broken invariant or a command that does not exist.
  EXPECT_EQ(happened.find("INVARIANT BROKEN"), std::string::npos);
  EXPECT_EQ(happened.find("unknown command"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(All, RaftTrace, ::testing::ValuesIn(trace_files()),
                         [](const auto& file) { return file.param; });

TEST(RaftTraces, AreAllThere) {
  EXPECT_GE(trace_files().size(), 12U);
}

}  // namespace
}  // namespace ordeal::raft::testing
