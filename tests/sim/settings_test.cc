#include "sim/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ordeal::sim {
namespace {

using ::testing::HasSubstr;

TEST(Settings, TakeTheFlagsThatANodeWouldGet) {
  Plan plan = default_plan();
  plan.node_flags = {{"election-timeout", "700ms"},
                     {"request-timeout", "3s"},
                     {"on-follower", "redirect"},
                     {"check-quorum", "false"}};
  plan.plants = {"R18"};
  plan.sim.delay_max = milliseconds(20);
  plan.sim.loss = 7;
  plan.sim.sync_max = milliseconds(9);
  const auto settings = Settings::read(plan);
  ASSERT_TRUE(settings.ok()) << settings.error().message;
  EXPECT_EQ(settings->election_timeout(), milliseconds(700));
  EXPECT_EQ(settings->request_timeout(), seconds(3));
  EXPECT_FALSE(settings->forwards());
  EXPECT_FALSE(settings->bears_deaf_nodes());
  EXPECT_TRUE(settings->left_out_of_snapshots().has_value());
  EXPECT_EQ(settings->weather().delay_max, milliseconds(20));
  EXPECT_EQ(settings->weather().loss, 7U);
  EXPECT_EQ(settings->disk().sync_max, milliseconds(9));
}

TEST(Settings, ExpectLivenessOnlyOfANetworkThatIsFasterThanElections) {
  Plan plan = default_plan();
  plan.node_flags["election-timeout"] = "400ms";
  plan.node_flags["heartbeat"] = "50ms";
  plan.sim.delay_max = milliseconds(99);
  EXPECT_TRUE(Settings::read(plan)->can_be_live());
  plan.sim.delay_max = milliseconds(100);
  EXPECT_FALSE(Settings::read(plan)->can_be_live());
}

TEST(Settings, NameTheFlagWhoseValueIsBad) {
  const auto refusal = [](const std::string& flag, const std::string& value) {
    Plan plan = default_plan();
    plan.node_flags[flag] = value;
    const auto settings = Settings::read(plan);
    return settings.ok() ? "taken" : settings.error().message;
  };
  EXPECT_THAT(refusal("election-timeout", "soon"), HasSubstr("node.election-timeout: 'soon'"));
  EXPECT_THAT(refusal("snapshot-every", "12x"), HasSubstr("node.snapshot-every is no whole number: 12x"));
  EXPECT_THAT(refusal("heartbeat", "5s"), HasSubstr("heartbeat"));
}

}  // namespace
}  // namespace ordeal::sim
