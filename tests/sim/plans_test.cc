// The plans that bring planted bugs out: each does in the simulator too, and is harmless without the bug.

#include "sim/simulation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

namespace ordeal::sim {
namespace {

constexpr std::uint64_t kTries = 20;

std::vector<std::filesystem::path> plans() {
  const std::filesystem::path folder = std::filesystem::path(ORDEAL_SOURCE_DIR) / "plans/plants";
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

Plan read(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  auto plan = parse_plan(text.str(), file.filename().string());
  EXPECT_TRUE(plan.ok()) << (plan.ok() ? "" : plan.error().message);
  return *std::move(plan);
}

class PlantPlans : public ::testing::TestWithParam<std::filesystem::path> {};

TEST_P(PlantPlans, FailsWithItsBugAndNotWithout) {
  Plan plan = read(GetParam());
  // Clients without a limit are for real machines: simulated ones answer them thousands of times a second.
  if (plan.load.rate == 0) GTEST_SKIP() << "its clients are as fast as they can be";
  std::uint64_t seed = 1;
  while (seed <= kTries) {
    const auto result = simulate(plan, seed, {});
    ASSERT_TRUE(result.ok()) << result.error().message;
    if (result->bad()) break;
    ++seed;
  }
  ASSERT_LE(seed, kTries) << "no failure in so many seeds";
  plan.plants.clear();
  const auto without = simulate(plan, seed, {});
  ASSERT_TRUE(without.ok()) << without.error().message;
  EXPECT_FALSE(without->bad()) << "seed " << seed << ": " << without->kind << ": " << without->why;
}

INSTANTIATE_TEST_SUITE_P(Plans, PlantPlans, ::testing::ValuesIn(plans()),
                         [](const auto& plan) { return plan.param.stem().string(); });

}  // namespace
}  // namespace ordeal::sim
