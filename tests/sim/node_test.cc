#include "sim/node.h"

#include "node/kv/state_machine.h"
#include "node/raft/entry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ordeal::sim {
namespace {

using ::testing::HasSubstr;

/// Notes how a node ended.
class Watch : public NodeOutlet {
 public:
  void send(NodeId /*from*/, NodeId /*to*/, Bytes /*payload*/) override {}
  void answer(NodeId /*node*/, std::uint64_t /*token*/, int /*status*/, std::string /*body*/) override {}
  void disk_busy(NodeId /*node*/, Duration /*length*/) override { busy = true; }
  void wake_at(NodeId /*node*/, MonotonicTime /*at*/) override {}
  void stepped(NodeId /*node*/, const Protocol& /*protocol*/) override {}
  void happened(NodeId /*node*/, const Event& /*event*/) override {}
  void ended(NodeId /*node*/, std::string reason) override { end = std::move(reason); }
  void refused(NodeId /*node*/, std::string reason) override { refusal = std::move(reason); }

  bool busy = false;
  std::string end;
  std::string refusal;
};

class NodeLives : public ::testing::Test {
 protected:
  NodeLives()
      : settings_(*Settings::read(default_plan())),
        node_(NodeId(1), settings_, *machine_, NodeClock(Duration(), WallTime(1)), Rng(1), watch_) {}

  /// Its first life, until what it writes at first is durable.
  void live_once() {
    node_.start(MonotonicTime());
    ASSERT_TRUE(watch_.busy);
    node_.disk_done(MonotonicTime(1'000'000));
  }
  /// Behind the back of the node, as damage does.
  void overwrite(std::string_view key, const Bytes& value) {
    Batch batch;
    batch.put(Space::kLog, Bytes(key), value);
    node_.storage().apply(std::move(batch), LogIndex());
  }

  std::unique_ptr<StateMachine> machine_ = kv::make_kv_state_machine();
  Settings settings_;
  Watch watch_;
  Node node_;
};

TEST_F(NodeLives, StartsAgainFromWhatItWrote) {
  live_once();
  node_.stop(/*power=*/true);
  node_.start(MonotonicTime(2'000'000));
  EXPECT_TRUE(node_.running());
  EXPECT_EQ(watch_.refusal + watch_.end, "");
}

TEST_F(NodeLives, RefusesARecordThatDoesNotParse) {
  live_once();
  node_.stop(/*power=*/true);
  overwrite(raft::kHardStateKey, "rubbish");
  node_.start(MonotonicTime(2'000'000));
  EXPECT_FALSE(node_.running());
  EXPECT_THAT(watch_.refusal, HasSubstr("the record of term and vote does not parse"));
  EXPECT_EQ(watch_.end, "");
}

TEST_F(NodeLives, RefusesAStateThatIsAheadOfItsLog) {
  live_once();
  node_.stop(/*power=*/true);
  node_.storage().apply({}, LogIndex(77));
  node_.start(MonotonicTime(2'000'000));
  EXPECT_FALSE(node_.running());
  EXPECT_THAT(watch_.refusal, HasSubstr("they do not belong together"));
}

TEST_F(NodeLives, EndsWithoutRefusingWhenASyncFails) {
  node_.start(MonotonicTime());
  node_.storage().health().failing = true;
  node_.disk_done(MonotonicTime(1'000'000));
  EXPECT_FALSE(node_.running());
  EXPECT_THAT(watch_.end, HasSubstr("sync of the log failed"));
  EXPECT_EQ(watch_.refusal, "");
}

}  // namespace
}  // namespace ordeal::sim
