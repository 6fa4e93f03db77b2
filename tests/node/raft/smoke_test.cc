#include <gtest/gtest.h>
#include "tests/node/raft/cluster.h"
namespace ordeal::raft::testing {
namespace {
TEST(Smoke, ElectsAndCommits) {
  Cluster c;
  c.elect(1);
  RequestId a = c.propose(1, "x");
  c.settle();
  ASSERT_TRUE(c.host(1).outcome(a).has_value());
  RequestId b = c.propose(2, "y");
  c.settle();
  ASSERT_TRUE(c.host(2).outcome(b).has_value());
  EXPECT_FALSE(c.host(2).outcome(b)->refused);
  RequestId r = c.read(3);
  c.settle();
  ASSERT_TRUE(c.host(3).outcome(r).has_value());
  EXPECT_EQ(c.host(3).outcome(r)->index, LogIndex{3});
  for (auto& [id, h] : c.hosts()) {
    EXPECT_EQ(h.state().size(), 2u);
    for (auto& e : h.events) printf("%s %s: %s\n", node_name(id).c_str(), e.name.c_str(), e.text.c_str());
  }
  c.elapse(seconds(5));
  EXPECT_TRUE(c.host(1).leads());
  c.kill(1);
  c.elapse(seconds(5));
  ASSERT_NE(c.leader(), nullptr);
  c.restart(1);
  c.elapse(seconds(1));
  EXPECT_EQ(c.violation_text(), "");
}
}  // namespace
}  // namespace ordeal::raft::testing
