// Raft thesis 6.3: "if a server receives a command whose serial number has already been executed, it responds
// immediately without re-executing the request."

#include "node/kv/sessions.h"

#include "tests/node/kv/replica.h"

#include <gtest/gtest.h>

namespace ordeal::kv {
namespace {

Command append_in(std::uint64_t client, std::uint64_t sequence, Bytes value = "a") {
  return {SessionStamp{client, sequence}, {append("l", std::move(value))}};
}

std::size_t list_length(const Replica& replica) {
  const Reply reply = replica.answer({{}, {get("l")}});
  const auto* list = std::get_if<std::vector<Bytes>>(&reply.results.at(0).value);
  return list == nullptr ? 0 : list->size();
}

TEST(KvSessions, RetryIsAnsweredAndNotApplied) {
  Replica replica;
  const Reply first = replica.apply(append_in(7, 1));
  const Reply second = replica.apply(append_in(7, 1));
  EXPECT_FALSE(first.duplicate);
  EXPECT_TRUE(second.duplicate);
  EXPECT_EQ(second.index, first.index);
  EXPECT_EQ(second.results, first.results);
  EXPECT_EQ(list_length(replica), 1U);
}

TEST(KvSessions, RetryOfAbortedCommandStaysAborted) {
  Replica replica;
  const Command command{SessionStamp{7, 1}, {cas("x", "1", "2")}};
  EXPECT_EQ(replica.apply(command).code, ReplyCode::kAborted);
  replica.apply({{}, {put("x", "1")}});
  const Reply retry = replica.apply(command);
  EXPECT_EQ(retry.code, ReplyCode::kAborted);
  EXPECT_TRUE(retry.duplicate);
}

TEST(KvSessions, EarlierSequenceIsTooOld) {
  Replica replica;
  replica.apply(append_in(7, 1));
  replica.apply(append_in(7, 2));
  EXPECT_EQ(replica.apply(append_in(7, 1)).code, ReplyCode::kSequenceTooOld);
  EXPECT_EQ(list_length(replica), 2U);
}

TEST(KvSessions, ClientsDoNotShareSequences) {
  Replica replica;
  replica.apply(append_in(7, 1));
  EXPECT_FALSE(replica.apply(append_in(8, 1)).duplicate);
  EXPECT_EQ(list_length(replica), 2U);
}

TEST(KvSessions, SequenceZeroIsInvalid) {
  Replica replica;
  EXPECT_EQ(replica.apply(append_in(7, 0)).code, ReplyCode::kInvalid);
  EXPECT_EQ(list_length(replica), 0U);
}

TEST(KvSessions, InvalidCommandDoesNotMoveTheSession) {
  Replica replica;
  replica.apply(append_in(7, 1, Bytes(kValueSizeMax, 'a')));
  EXPECT_EQ(replica.apply(append_in(7, 2)).code, ReplyCode::kInvalid);
  EXPECT_EQ(replica.apply({SessionStamp{7, 2}, {put("x", "1")}}).code, ReplyCode::kCommitted);
}

TEST(KvSessions, ReadsLeaveTheTableAlone) {
  Replica replica;
  replica.apply({SessionStamp{7, 1}, {get("x")}});
  EXPECT_TRUE(replica.store.content.empty());
}

TEST(KvSessions, ForgetsTheClientThatIsIdleLongest) {
  Replica replica({.sessions_max = 2});
  replica.apply(append_in(1, 1));
  replica.apply(append_in(2, 1));
  replica.apply(append_in(1, 2));
  replica.apply(append_in(3, 1));
  EXPECT_EQ(replica.apply(append_in(2, 2)).code, ReplyCode::kSessionExpired);
  EXPECT_TRUE(replica.apply(append_in(1, 2)).duplicate);
  EXPECT_EQ(list_length(replica), 4U);
}

TEST(KvSessions, LateFirstSequenceIsTakenWhileNobodyWasForgotten) {
  Replica replica;
  EXPECT_EQ(replica.apply(append_in(1, 5)).code, ReplyCode::kCommitted);
  EXPECT_EQ(replica.apply(append_in(1, 4)).code, ReplyCode::kSequenceTooOld);
}

TEST(KvSessions, TableStaysBounded) {
  Replica replica({.sessions_max = 8});
  for (std::uint64_t client = 1; client <= 100; ++client)
    replica.apply({SessionStamp{client, 1}, {put("x", "1")}});
  // The key, two records for each client, two counters.
  EXPECT_EQ(replica.store.content.size(), 1U + 2 * 8 + 2);
}

}  // namespace
}  // namespace ordeal::kv
