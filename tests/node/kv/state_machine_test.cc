#include "node/kv/state_machine.h"

#include "tests/node/kv/replica.h"

#include <gtest/gtest.h>

namespace ordeal::kv {
namespace {

StepResult found(Stored value, std::uint64_t version) {
  return {true, std::move(value), Version(version)};
}
StepResult mismatch(Stored value, std::uint64_t version) {
  return {false, std::move(value), Version(version)};
}
StepResult written(std::uint64_t version) {
  return {true, {}, Version(version)};
}

StepResult only(const Reply& reply) {
  return reply.results.size() == 1 ? reply.results[0] : StepResult{};
}

TEST(KvStateMachine, GetOfKeyNeverWrittenHasVersionZero) {
  Replica replica;
  const Reply reply = replica.apply({{}, {get("x")}});
  EXPECT_EQ(reply.code, ReplyCode::kCommitted);
  EXPECT_EQ(only(reply), found({}, 0));
}

TEST(KvStateMachine, PutGivesTheIndexAsVersion) {
  Replica replica;
  replica.index = LogIndex(41);
  EXPECT_EQ(only(replica.apply({{}, {put("x", "5")}})), written(42));
  EXPECT_EQ(only(replica.answer({{}, {get("x")}})), found(Bytes("5"), 42));
}

TEST(KvStateMachine, DeleteLeavesTombstoneWithItsVersion) {
  Replica replica;
  replica.apply({{}, {put("x", "5")}});
  EXPECT_EQ(only(replica.apply({{}, {erase("x")}})), written(2));
  EXPECT_EQ(only(replica.answer({{}, {get("x")}})), found({}, 2));
}

TEST(KvStateMachine, DeleteOfAbsentKeyLeavesTombstoneToo) {
  Replica replica;
  replica.apply({{}, {erase("x")}});
  EXPECT_EQ(only(replica.answer({{}, {get("x")}})), found({}, 1));
}

TEST(KvStateMachine, CasThatMatchesWrites) {
  Replica replica;
  replica.apply({{}, {put("x", "5")}});
  EXPECT_EQ(only(replica.apply({{}, {cas("x", "5", "6")}})), written(2));
  EXPECT_EQ(only(replica.answer({{}, {get("x")}})), found(Bytes("6"), 2));
}

TEST(KvStateMachine, FailedCasSaysWhatItSaw) {
  Replica replica;
  replica.apply({{}, {put("x", "5")}});
  const Reply reply = replica.apply({{}, {cas("x", "4", "6")}});
  EXPECT_EQ(reply.code, ReplyCode::kAborted);
  EXPECT_EQ(only(reply), mismatch(Bytes("5"), 1));
  EXPECT_EQ(only(replica.answer({{}, {get("x")}})), found(Bytes("5"), 1));
}

TEST(KvStateMachine, CasOnAbsentMatchesNeverWrittenAndDeleted) {
  Replica replica;
  EXPECT_TRUE(only(replica.apply({{}, {cas("x", {}, "1")}})).ok);
  EXPECT_EQ(only(replica.apply({{}, {cas("x", {}, "2")}})), mismatch(Bytes("1"), 1));
  replica.apply({{}, {erase("x")}});
  EXPECT_EQ(only(replica.apply({{}, {cas("x", "1", "2")}})), mismatch({}, 3));
  EXPECT_TRUE(only(replica.apply({{}, {cas("x", {}, "2")}})).ok);
}

TEST(KvStateMachine, AppendMakesAListAndAnswersIt) {
  Replica replica;
  EXPECT_EQ(only(replica.apply({{}, {append("l", "a")}})), found(std::vector<Bytes>{"a"}, 1));
  EXPECT_EQ(only(replica.apply({{}, {append("l", "b")}})), found(std::vector<Bytes>{"a", "b"}, 2));
  EXPECT_EQ(only(replica.answer({{}, {get("l")}})), found(std::vector<Bytes>{"a", "b"}, 2));
}

TEST(KvStateMachine, AppendToPlainValueAborts) {
  Replica replica;
  replica.apply({{}, {put("x", "5")}});
  EXPECT_EQ(only(replica.apply({{}, {append("x", "a")}})), mismatch(Bytes("5"), 1));
}

TEST(KvStateMachine, ListNeverMatchesCas) {
  Replica replica;
  replica.apply({{}, {append("l", "a")}});
  EXPECT_EQ(only(replica.apply({{}, {cas("l", "a", "b")}})), mismatch(std::vector<Bytes>{"a"}, 1));
}

TEST(KvStateMachine, ListThatWouldGrowTooLongIsRefused) {
  Replica replica;
  replica.apply({{}, {append("l", Bytes(kValueSizeMax, 'a'))}});
  const auto before = replica.store.content;
  EXPECT_EQ(replica.apply({{}, {append("l", "b")}}).code, ReplyCode::kInvalid);
  EXPECT_EQ(replica.store.content, before);
}

TEST(KvStateMachine, StepsSeeWhatEarlierStepsWrote) {
  Replica replica;
  const Reply reply = replica.apply(
      {{}, {put("x", "1"), get("x"), cas("x", "1", "2"), erase("x"), get("x"), append("x", "a")}});
  EXPECT_EQ(reply.code, ReplyCode::kCommitted);
  EXPECT_EQ(reply.results[1], found(Bytes("1"), 1));
  EXPECT_TRUE(reply.results[2].ok);
  EXPECT_EQ(reply.results[4], found({}, 1));
  EXPECT_EQ(reply.results[5], found(std::vector<Bytes>{"a"}, 1));
}

TEST(KvStateMachine, AbortedTransactionHasNoEffectAndEndsAtTheFailedStep) {
  Replica replica;
  replica.apply({{}, {put("x", "1")}});
  const auto before = replica.store.content;
  const Reply reply = replica.apply({{}, {put("y", "1"), cas("x", "0", "2"), put("z", "1")}});
  EXPECT_EQ(reply.code, ReplyCode::kAborted);
  ASSERT_EQ(reply.results.size(), 2U);
  EXPECT_FALSE(reply.results[1].ok);
  EXPECT_EQ(replica.store.content, before);
}

TEST(KvStateMachine, BytesThatAreNoCommandHaveNoEffect) {
  Replica replica;
  EXPECT_EQ(replica.apply_bytes("nonsense").code, ReplyCode::kInvalid);
  EXPECT_EQ(replica.apply({{}, {}}).code, ReplyCode::kInvalid);
  EXPECT_EQ(replica.apply({{}, {put("", "v")}}).code, ReplyCode::kInvalid);
  EXPECT_EQ(replica.apply({{}, {put("k", Bytes(kValueSizeMax + 1, 'v'))}}).code, ReplyCode::kInvalid);
  EXPECT_TRUE(replica.store.content.empty());
}

TEST(KvStateMachine, AnswerOfAWriteChangesNothing) {
  Replica replica;
  replica.apply({{}, {put("x", "1")}});
  const auto before = replica.store.content;
  EXPECT_TRUE(only(replica.answer({{}, {cas("x", "1", "2")}})).ok);
  EXPECT_EQ(replica.store.content, before);
}

TEST(KvStateMachine, DamagedRecordIsAnErrorAndNoOtherValue) {
  Replica replica;
  replica.apply({{}, {put("x", "1")}});
  replica.store.content["kx"].pop_back();
  const auto applied = replica.machine->apply(replica.store, LogIndex(2), encode(Command{{}, {get("x")}}));
  ASSERT_FALSE(applied.ok());
  EXPECT_EQ(applied.error().code, ErrorCode::kCorruption);
}

}  // namespace
}  // namespace ordeal::kv
