// Every plan that is shipped is one that the program reads.

#include "controller/run/plan.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace ordeal {
namespace {

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(Plans, EveryShippedPlanIsAccepted) {
  int plans = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(std::filesystem::path(ORDEAL_SOURCE_DIR) / "plans")) {
    if (entry.path().extension() != ".yaml") continue;
    ++plans;
    const auto plan = parse_plan(read(entry.path()), entry.path().filename().string());
    EXPECT_TRUE(plan.ok()) << (plan.ok() ? "" : plan.error().message);
    EXPECT_TRUE(!plan.ok() || plan->name == entry.path().stem().string()) << entry.path();
  }
  EXPECT_GE(plans, 1);
}

TEST(Plans, DefaultYamlIsTheDefaultPlan) {
  const auto plan =
      parse_plan(read(std::filesystem::path(ORDEAL_SOURCE_DIR) / "plans/default.yaml"), "default.yaml");
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  EXPECT_EQ(*plan, default_plan());
}

}  // namespace
}  // namespace ordeal
