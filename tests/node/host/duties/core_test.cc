// The host's duties at the top of node/protocol.h, one by one, with a protocol that does what it is told.

#include "node/host/duties/core.h"

#include "node/host/memory_storage.h"
#include "node/kv/codec.h"
#include "node/kv/state_machine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ordeal::host {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Gives the outputs that a test has prepared and keeps the inputs.
class ScriptedProtocol : public Protocol, public LeadershipControl {
 public:
  LeadershipControl* leadership() override { return this; }
  Result<Output> transfer(Now /*now*/, Rng& /*rng*/, NodeId /*target*/) override { return Output(); }
  Output step(Now /*now*/, Rng& /*rng*/, std::span<const Input> inputs) override {
    seen.assign(inputs.begin(), inputs.end());
    Output output = std::move(next);
    next = Output();
    return output;
  }
  [[nodiscard]] ProtocolStatus status() const override { return {}; }

  Output next;
  std::vector<Input> seen;
};

class RecordingOutlet : public CoreOutlet {
 public:
  void hand_over(std::vector<Delivery>& deliveries, std::vector<Outgoing>& outgoing) override {
    for (Delivery& delivery : deliveries) delivered.push_back(std::move(delivery));
    for (const Outgoing& message : outgoing) sent.push_back(message.payload);
    deliveries.clear();
    outgoing.clear();
  }
  void happened(const Event& event) override { events.push_back(event.name); }
  void stepped() override { ++steps; }

  std::vector<Delivery> delivered;
  std::vector<Bytes> sent;
  std::vector<std::string> events;
  int steps = 0;
};

/// Keeps what the storage reports until the test hands it on, as a slow disk would.
class HeldSink : public StorageSink {
 public:
  void advanced(StorageProgress progress) override { held.push_back(std::move(progress)); }
  void failed(Error error) override { failures.push_back(error.message); }
  void wrote(Duration /*sync*/, std::uint64_t /*bytes*/) override {}
  std::vector<StorageProgress> held;
  std::vector<std::string> failures;
};

class CoreTest : public ::testing::Test {
 protected:
  CoreTest() { storage->start(sink); }

  void turn() { ASSERT_TRUE(core.turn({MonotonicTime(now_ns), {}}, inbox).ok()); }
  void disk_comes_along() {
    inbox.storage.swap(sink.held);
    turn();
  }
  RequestId submit(ClientToken token) {
    inbox.submissions.push_back({token, "command", false});
    turn();
    return std::get<ClientRequest>(protocol.seen.back()).id;
  }

  static Bytes put(Bytes key, Bytes value) {
    return kv::encode(kv::Command{{}, {{kv::StepKind::kPut, std::move(key), std::move(value), {}}}});
  }
  static Bytes get(Bytes key) {
    return kv::encode(kv::Command{{}, {{kv::StepKind::kGet, std::move(key), {}, {}}}});
  }
  static Write write(std::uint64_t ticket) {
    Write write{Ticket(ticket), {}};
    write.batch.put(Space::kLog, "k", std::to_string(ticket));
    return write;
  }

  std::unique_ptr<Storage> storage = make_memory_storage({});
  HeldSink sink;
  ScriptedProtocol protocol;
  RecordingOutlet outlet;
  std::unique_ptr<StateMachine> machine = kv::make_kv_state_machine();
  Core core{CoreParts{NodeId(1), storage.get(), &protocol, machine.get(), &outlet, seconds(10)}, Rng(1)};
  Inbox inbox;
  std::int64_t now_ns = 0;
};

TEST_F(CoreTest, SendWaitsForItsTicketAndOthersPassIt) {
  protocol.next.writes = {write(1)};
  protocol.next.sends = {{NodeId(2), "waits", Ticket(1)}, {NodeId(2), "free", Ticket(0)}};
  turn();
  EXPECT_THAT(outlet.sent, ElementsAre("free"));
  disk_comes_along();
  EXPECT_THAT(outlet.sent, ElementsAre("free", "waits"));
}

// Who watches the protocol must not take two steps for one: between them other members may decide.
TEST_F(CoreTest, TellsOfEachStepOfATurn) {
  turn();
  EXPECT_EQ(outlet.steps, 1);
  inbox.controls.push_back(
      [](Core& asked, Now at) { EXPECT_TRUE(asked.transfer_leadership(at, NodeId(2)).ok()); });
  turn();
  EXPECT_EQ(outlet.steps, 3);
}

TEST_F(CoreTest, SendWaitsForItsOwnTicketAndNoEarlierOne) {
  protocol.next.writes = {write(1)};
  turn();
  auto first = std::move(sink.held);
  sink.held.clear();
  protocol.next.writes = {write(2)};
  protocol.next.sends = {{NodeId(2), "second", Ticket(2)}};
  turn();
  inbox.storage = std::move(first);
  turn();
  EXPECT_THAT(outlet.sent, IsEmpty());
  disk_comes_along();
  EXPECT_THAT(outlet.sent, ElementsAre("second"));
}

TEST_F(CoreTest, RefusalWaitsForItsTicket) {
  const RequestId id = submit(5);
  protocol.next.writes = {write(1)};
  protocol.next.refusals = {{id, RefusalCode::kNotLeader, NodeId(3), Ticket(1)}};
  turn();
  EXPECT_THAT(outlet.delivered, IsEmpty());
  disk_comes_along();
  ASSERT_EQ(outlet.delivered.size(), 1U);
  EXPECT_EQ(outlet.delivered[0].token, 5U);
  EXPECT_EQ(std::get<Refused>(outlet.delivered[0].result).leader, NodeId(3));
}

TEST_F(CoreTest, DurableTicketIsReportedToTheProtocol) {
  protocol.next.writes = {write(1), write(2)};
  turn();
  disk_comes_along();
  ASSERT_EQ(protocol.seen.size(), 1U);
  EXPECT_EQ(std::get<StorageDone>(protocol.seen[0]).ticket, Ticket(2));
}

TEST_F(CoreTest, CommittedEntriesAreExecutedInOrderAndReported) {
  const RequestId id = submit(5);
  protocol.next.committed = {{LogIndex(1), put("x", "1"), std::nullopt},
                             {LogIndex(2), {}, std::nullopt},
                             {LogIndex(3), put("x", "2"), Origin{NodeId(1), id}},
                             {LogIndex(4), put("y", "3"), Origin{NodeId(2), RequestId(77)}}};
  turn();
  ASSERT_EQ(outlet.delivered.size(), 1U);
  EXPECT_EQ(kv::decode_reply(std::get<Bytes>(outlet.delivered[0].result))->index, LogIndex(3));
  EXPECT_TRUE(core.owes_turn());
  turn();
  const auto executed = std::get<Executed>(protocol.seen.at(0));
  EXPECT_EQ(executed.index, LogIndex(4));
  ASSERT_EQ(executed.replies.size(), 1U);
  EXPECT_EQ(executed.replies[0].origin, NodeId(2));
  EXPECT_EQ(executed.replies[0].id, RequestId(77));
  EXPECT_FALSE(core.owes_turn());
}

TEST_F(CoreTest, AnswerSeesWhatTheSameOutputCommitted) {
  const RequestId id = submit(5);
  protocol.next.committed = {{LogIndex(1), put("x", "1"), std::nullopt}};
  protocol.next.answers = {{Origin{NodeId(1), id}, get("x")}};
  turn();
  ASSERT_EQ(outlet.delivered.size(), 1U);
  const auto reply = kv::decode_reply(std::get<Bytes>(outlet.delivered[0].result));
  EXPECT_EQ(reply->results.at(0).value, kv::Stored(Bytes("1")));
  EXPECT_EQ(reply->index, LogIndex(1));
}

TEST_F(CoreTest, AnswerForAnotherNodeGoesBackToTheProtocol) {
  protocol.next.answers = {{Origin{NodeId(2), RequestId(9)}, get("x")}};
  turn();
  turn();
  EXPECT_EQ(std::get<Executed>(protocol.seen.at(0)).replies.at(0).id, RequestId(9));
}

TEST_F(CoreTest, RequestIsAnsweredOnce) {
  const RequestId id = submit(5);
  protocol.next.forwarded_replies = {{id, "first"}, {id, "second"}};
  turn();
  ASSERT_EQ(outlet.delivered.size(), 1U);
  EXPECT_EQ(std::get<Bytes>(outlet.delivered[0].result), "first");
}

TEST_F(CoreTest, ForgottenAndUnknownRequestsAreAnsweredToNobody) {
  const RequestId id = submit(5);
  now_ns += seconds(11).ns();
  turn();
  protocol.next.forwarded_replies = {{id, "late"}, {RequestId(999), "unknown"}, {RequestId(0), "never"}};
  turn();
  EXPECT_THAT(outlet.delivered, IsEmpty());
}

TEST_F(CoreTest, SnapshotStepsComeBackAsInputs) {
  protocol.next.committed = {{LogIndex(1), put("x", "1"), std::nullopt}};
  protocol.next.snapshots = {SnapshotTake{SnapshotId(3)}, SnapshotRead{SnapshotId(3), 0, 100}};
  turn();
  inbox.storage.swap(sink.held);
  turn();
  ASSERT_EQ(protocol.seen.size(), 3U);
  const auto taken = std::find_if(protocol.seen.begin(), protocol.seen.end(), [](const Input& input) {
    return std::holds_alternative<SnapshotTaken>(input);
  });
  ASSERT_NE(taken, protocol.seen.end());
  EXPECT_EQ(std::get<SnapshotTaken>(*taken).index, LogIndex(1));
}

TEST_F(CoreTest, UnreadableStateEndsTheNode) {
  Batch damage;
  damage.put(Space::kState, "kx", "not a record");
  storage->apply(damage, LogIndex(0));
  protocol.next.answers = {{Origin{NodeId(1), RequestId(1)}, get("x")}};
  const Status status = core.turn({}, inbox);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kCorruption);
}

TEST_F(CoreTest, EventsReachTheLog) {
  protocol.next.events = {{"became-leader", "n1 leads"}};
  turn();
  EXPECT_THAT(outlet.events, ElementsAre("became-leader"));
}

}  // namespace
}  // namespace ordeal::host
