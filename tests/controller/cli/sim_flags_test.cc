#include "controller/cli/sim_flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ordeal::cli {
namespace {

/// What `ordeal sim` would say to these flags; empty when it takes them.
std::string verdict(const std::vector<std::string>& flags) {
  CLI::App app;
  SimCommandOptions options;
  add_sim_options(app, options);
  app.parse(std::vector<std::string>(flags.rbegin(), flags.rend()));  // CLI11 takes them last first
  const Status status = check_sim_flags(options);
  return status.ok() ? "" : status.error().message;
}

TEST(SimFlags, TakesWhatMeansSomethingTogether) {
  for (const std::vector<std::string>& flags : std::vector<std::vector<std::string>>{
           {},
           {"--seed", "4", "--shrink", "x.yaml", "--store", "x"},
           {"--plant", "R5", "--time-limit", "30s", "--protocol", "raft", "--seed", "4"},
           {"--plan", "p.yaml", "--nodes", "3", "--rate", "9", "--open-loop", "--nemesis", "none", "--name",
            "x"},
           {"--plan", "p.yaml", "--seeds", "1..9", "--concurrency", "3", "--workload", "register"},
           {"--seeds", "1..9", "--jobs", "2", "--budget", "5", "--keep-going", "--shrink", "x", "--store",
            "x", "--hashes", "x"},
           {"--campaigns", "5", "--jobs", "1", "--budget", "5", "--no-store", "--plant", "R5"}})
    EXPECT_EQ(verdict(flags), "") << ::testing::PrintToString(flags);
}

TEST(SimFlags, NamesTheFlagThatWouldMeanNothing) {
  EXPECT_THAT(verdict({"--nodes", "3"}), ::testing::StartsWith("--nodes changes a plan"));
  EXPECT_THAT(verdict({"--seed", "1", "--seeds", "1..9"}), ::testing::StartsWith("--seed runs one seed"));
  EXPECT_THAT(verdict({"--jobs", "3"}), ::testing::StartsWith("--jobs is for a hunt"));
  EXPECT_THAT(verdict({"--hashes", "x"}), ::testing::StartsWith("--hashes is for a hunt"));
  EXPECT_THAT(verdict({"--campaigns", "3", "--shrink", "x"}),
              ::testing::StartsWith("--shrink is for a single"));
  EXPECT_THAT(verdict({"--store", "x", "--no-store"}), ::testing::StartsWith("--store says where"));
}

}  // namespace
}  // namespace ordeal::cli
