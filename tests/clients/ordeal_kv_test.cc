#include "clients/ordeal_kv.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace ordeal {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kCommitted =
    R"({"committed":true,"index":9,"duplicate":false,"results":[{"ok":true,"value":"5","version":9}]})";

std::string refusal(const char* code, const char* outcome, const char* leader = "") {
  return fmt::format(R"({{"error":{{"code":"{}","message":"","outcome":"{}","leader":"{}"}}}})", code,
                     outcome, leader);
}

Op read_op() {
  Op op;
  op.f = "read";
  op.key = "x";
  return op;
}
Op write_op() {
  Op op = read_op();
  op.f = "write";
  op.value = "5";
  return op;
}
Op cas_op() {
  Op op = read_op();
  op.f = "cas";
  op.value = Value::List{"4", "5"};
  return op;
}

/// A client on a clock that the test turns.
class Bench {
 public:
  explicit Bench(OrdealKvOptions options = {}, ProcessId process = ProcessId(6))
      : client_(process, options) {}

  ClientOutput feed(const ClientInput& input) {
    ClientOutput output = client_.on({now_, WallTime()}, rng_, input);
    for (const TimerRequest& timer : output.timers) timers_.emplace(timer.at, timer.id);
    for (const WireRequest& send : output.sends) sent.push_back(send);
    if (output.outcome) {
      EXPECT_FALSE(outcome.has_value()) << "at most one outcome";
      outcome = output.outcome;
    }
    return output;
  }
  void invoke(const Op& op) { feed(Invoke{op}); }
  ClientOutput reply(int status, const std::string& body) {
    return feed(WireReply{sent.back().id, status, body});
  }
  ClientOutput closed(bool was_sent) { return feed(WireClosed{sent.back().id, was_sent, "refused"}); }
  /// Fires the timers up to `by` from now, in order.
  void pass(Duration by) {
    const MonotonicTime end = now_ + by;
    while (!timers_.empty() && timers_.begin()->first <= end) {
      const auto [at, id] = *timers_.begin();
      timers_.erase(timers_.begin());
      now_ = at;
      feed(TimerFired{id});
    }
    now_ = end;
  }
  [[nodiscard]] MonotonicTime now() const { return now_; }

  std::vector<WireRequest> sent;
  std::optional<ClientOutcome> outcome;

 private:
  OrdealKv client_;
  Rng rng_{1};
  MonotonicTime now_{1'000};
  std::multimap<MonotonicTime, TimerId> timers_;
};

OrdealKvOptions options(bool retry = false) {
  OrdealKvOptions options;
  options.nodes = 5;
  options.home = NodeId(3);
  options.retry = retry;
  options.operation_timeout = seconds(2);
  options.attempt_timeout = milliseconds(500);
  return options;
}

// --- One try ----------------------------------------------------------------------------------------------

TEST(OrdealKv, AsksItsOwnNodeAndGivesTheValueRead) {
  Bench bench(options());
  bench.invoke(read_op());
  ASSERT_EQ(bench.sent.size(), 1U);
  EXPECT_EQ(bench.sent[0].endpoint, NodeId(3));
  EXPECT_EQ(bench.sent[0].method, "POST");
  EXPECT_EQ(bench.sent[0].target, "/v1/txn");
  bench.reply(200, kCommitted);
  EXPECT_EQ(bench.outcome->type, OpType::kOk);
  EXPECT_EQ(bench.outcome->value, Value("5"));
  EXPECT_EQ(bench.outcome->version, 9U);
  EXPECT_EQ(bench.outcome->node, NodeId(3));
}

TEST(OrdealKv, AWriteThatIsNotStickyAsksAnyNode) {
  OrdealKvOptions loose = options();
  loose.sticky = false;
  Bench bench(loose);
  std::set<NodeId> asked;
  for (int i = 0; i < 100; ++i) {
    bench.invoke(write_op());
    asked.insert(bench.sent.back().endpoint);
    bench.reply(200, kCommitted);
    bench.outcome.reset();
  }
  EXPECT_EQ(asked.size(), 5U);
}

TEST(OrdealKv, ACasThatDidNotMatchFailsAndShowsWhatItSaw) {
  Bench bench(options());
  bench.invoke(cas_op());
  bench.reply(200, R"({"committed":false,"results":[{"ok":false,"value":"7","version":3}]})");
  EXPECT_EQ(bench.outcome->type, OpType::kFail);
  EXPECT_EQ(bench.outcome->error, "mismatch");
  EXPECT_EQ(bench.outcome->extra.at("seen"), Value("7"));
  EXPECT_EQ(bench.outcome->value, cas_op().value);
}

TEST(OrdealKv, ATimeOutIsInfoExceptForReads) {
  for (const Op& op : {write_op(), cas_op(), read_op()}) {
    Bench bench(options());
    bench.invoke(op);
    bench.pass(milliseconds(1999));
    EXPECT_FALSE(bench.outcome.has_value());
    bench.pass(milliseconds(1));
    ASSERT_TRUE(bench.outcome.has_value());
    EXPECT_EQ(bench.outcome->type, op.f == "read" ? OpType::kFail : OpType::kInfo) << op.f;
    EXPECT_EQ(bench.outcome->error, "timeout");
  }
}

TEST(OrdealKv, ATimeOutTakesTheRequestBack) {
  Bench bench(options());
  bench.invoke(write_op());
  ClientOutput last = bench.feed(TimerFired{TimerId(1)});
  ASSERT_EQ(last.cancels.size(), 1U);
  EXPECT_EQ(last.cancels[0], bench.sent[0].id);
}

TEST(OrdealKv, ARefusedConnectionIsFailALostOneInfo) {
  Bench refused(options());
  refused.invoke(write_op());
  refused.closed(false);
  EXPECT_EQ(refused.outcome->type, OpType::kFail);
  Bench lost(options());
  lost.invoke(write_op());
  lost.closed(true);
  EXPECT_EQ(lost.outcome->type, OpType::kInfo);
  Bench lost_read(options());
  lost_read.invoke(read_op());
  lost_read.closed(true);
  EXPECT_EQ(lost_read.outcome->type, OpType::kFail);
}

struct ErrorRow {
  int status;
  const char* code;
  const char* outcome;
};

class OrdealKvErrors : public ::testing::TestWithParam<ErrorRow> {};

TEST_P(OrdealKvErrors, DecidesByTheTable) {
  const ErrorRow row = GetParam();
  const bool definite = std::string_view(row.outcome) == "definite";
  for (const Op& op : {write_op(), cas_op(), read_op()}) {
    Bench bench(options());
    bench.invoke(op);
    bench.reply(row.status, refusal(row.code, row.outcome));
    ASSERT_TRUE(bench.outcome.has_value()) << "without retry the first answer decides";
    EXPECT_EQ(bench.outcome->type, definite || op.f == "read" ? OpType::kFail : OpType::kInfo) << op.f;
    EXPECT_EQ(bench.outcome->error, row.code);
    EXPECT_EQ(bench.sent.size(), 1U);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, OrdealKvErrors,
    ::testing::Values(ErrorRow{307, "not_leader", "definite"}, ErrorRow{400, "bad_request", "definite"},
                      ErrorRow{400, "unsupported", "definite"}, ErrorRow{404, "not_found", "definite"},
                      ErrorRow{405, "method_not_allowed", "definite"},
                      ErrorRow{408, "request_timeout", "definite"},
                      ErrorRow{409, "session_expired", "indefinite"},
                      ErrorRow{409, "sequence_too_old", "indefinite"},
                      ErrorRow{409, "membership_busy", "definite"}, ErrorRow{413, "too_large", "definite"},
                      ErrorRow{431, "header_too_large", "definite"}, ErrorRow{500, "internal", "indefinite"},
                      ErrorRow{503, "no_leader", "definite"}, ErrorRow{503, "not_leader", "definite"},
                      ErrorRow{503, "overloaded", "definite"}, ErrorRow{503, "stopping", "definite"},
                      ErrorRow{503, "leadership_lost", "indefinite"}, ErrorRow{504, "timeout", "indefinite"},
                      ErrorRow{507, "disk_full", "definite"}),
    [](const auto& tested) { return fmt::format("{}_{}", tested.param.status, tested.param.code); });

TEST(OrdealKv, AnAnswerThatMakesNoSenseIsInfo) {
  Bench bench(options());
  bench.invoke(write_op());
  bench.reply(200, "<html>");
  EXPECT_EQ(bench.outcome->type, OpType::kInfo);
  EXPECT_THAT(bench.outcome->error, HasSubstr("malformed"));
}

TEST(OrdealKv, AnOperationThatTheStoreCannotDoFailsWithoutARequest) {
  Op append = write_op();
  append.f = "append";
  Op number = write_op();
  number.value = 5;
  for (const Op& op : {append, number}) {
    Bench bench(options());
    bench.invoke(op);
    EXPECT_THAT(bench.sent, IsEmpty());
    EXPECT_EQ(bench.outcome->type, OpType::kFail);
  }
}

TEST(OrdealKv, WhatComesAfterTheOutcomeIsIgnored) {
  Bench bench(options());
  bench.invoke(write_op());
  const WireId first = bench.sent[0].id;
  bench.pass(seconds(2));
  bench.outcome.reset();
  bench.feed(WireReply{first, 200, kCommitted});
  EXPECT_FALSE(bench.outcome.has_value());
  bench.invoke(read_op());
  bench.feed(WireReply{first, 200, kCommitted});
  EXPECT_FALSE(bench.outcome.has_value()) << "an answer to the earlier operation";
  bench.reply(200, kCommitted);
  EXPECT_EQ(bench.outcome->type, OpType::kOk);
}

TEST(OrdealKv, SendsNoSessionWithoutRetry) {
  Bench bench(options(false));
  bench.invoke(write_op());
  EXPECT_EQ(bench.sent[0].body.find("session"), std::string::npos);
}

// --- Retries ----------------------------------------------------------------------------------------------

TEST(OrdealKvRetry, RepeatsTheSamePairAndCountsOneSequenceAnOperation) {
  Bench bench(options(true));
  bench.invoke(write_op());
  bench.closed(true);
  bench.pass(seconds(1));
  ASSERT_GE(bench.sent.size(), 2U);
  EXPECT_EQ(bench.sent[0].body, bench.sent[1].body);
  EXPECT_THAT(bench.sent[0].body, HasSubstr(R"("session":7,"sequence":1)"));
  bench.reply(200, kCommitted);
  EXPECT_EQ(bench.outcome->session, 7U);
  EXPECT_GE(*bench.outcome->attempt, 2U);
  bench.outcome.reset();
  bench.invoke(cas_op());
  EXPECT_THAT(bench.sent.back().body, HasSubstr(R"("session":7,"sequence":2)"));
}

TEST(OrdealKvRetry, ReadsNeedNoSession) {
  Bench bench(options(true));
  bench.invoke(read_op());
  EXPECT_EQ(bench.sent[0].body.find("session"), std::string::npos);
}

TEST(OrdealKvRetry, FollowsTheLeaderThatARefusalNames) {
  Bench bench(options(true));
  bench.invoke(write_op());
  bench.reply(503, refusal("not_leader", "definite", "n5"));
  EXPECT_EQ(bench.sent.size(), 1U) << "it backs off first";
  bench.pass(milliseconds(10));
  ASSERT_EQ(bench.sent.size(), 2U);
  EXPECT_EQ(bench.sent[1].endpoint, NodeId(5));
}

TEST(OrdealKvRetry, GoesToTheNextNodeWithoutAHintOrWithAUselessOne) {
  for (const char* hint : {"", "n3", "n9", "x"}) {
    Bench bench(options(true));
    bench.invoke(write_op());
    bench.reply(503, refusal("no_leader", "definite", hint));
    bench.pass(milliseconds(10));
    ASSERT_EQ(bench.sent.size(), 2U);
    EXPECT_EQ(bench.sent[1].endpoint, NodeId(4)) << hint;
  }
}

TEST(OrdealKvRetry, TriesTheNextNodeWhenATryTakesTooLong) {
  Bench bench(options(true));
  bench.invoke(write_op());
  bench.pass(milliseconds(500));
  ASSERT_EQ(bench.sent.size(), 2U);
  EXPECT_EQ(bench.sent[1].endpoint, NodeId(4));
  bench.reply(200, kCommitted);
  EXPECT_EQ(bench.outcome->type, OpType::kOk);
  EXPECT_EQ(bench.outcome->node, NodeId(4));
}

TEST(OrdealKvRetry, IsFailOnlyWhenEveryTrySurelyDidNothing) {
  Bench all_refused(options(true));
  all_refused.invoke(write_op());
  while (!all_refused.outcome) {
    all_refused.reply(503, refusal("no_leader", "definite"));
    all_refused.pass(milliseconds(320));
  }
  EXPECT_EQ(all_refused.outcome->type, OpType::kFail);
  EXPECT_EQ(all_refused.outcome->error, "no_leader");

  Bench one_unknown(options(true));
  one_unknown.invoke(write_op());
  one_unknown.closed(true);
  one_unknown.pass(milliseconds(10));
  while (!one_unknown.outcome) {
    one_unknown.reply(503, refusal("no_leader", "definite"));
    one_unknown.pass(milliseconds(320));
  }
  EXPECT_EQ(one_unknown.outcome->type, OpType::kInfo);
}

TEST(OrdealKvRetry, ADefiniteRefusalForGoodEndsItAtOnce) {
  for (const char* code : {"bad_request"}) {
    Bench bench(options(true));
    bench.invoke(write_op());
    bench.reply(400, refusal(code, "definite"));
    EXPECT_EQ(bench.outcome->type, OpType::kFail);
  }
  Bench after_unknown(options(true));
  after_unknown.invoke(write_op());
  after_unknown.closed(true);
  after_unknown.pass(milliseconds(10));
  after_unknown.reply(507, refusal("disk_full", "definite"));
  EXPECT_EQ(after_unknown.outcome->type, OpType::kInfo) << "the first try may have happened";
}

TEST(OrdealKvRetry, AnExpiredSessionIsInfo) {
  Bench bench(options(true));
  bench.invoke(write_op());
  bench.reply(409, refusal("session_expired", "indefinite"));
  EXPECT_EQ(bench.outcome->type, OpType::kInfo);
}

TEST(OrdealKvRetry, NeverGoesBeyondTheOperationsTime) {
  for (const Op& op : {write_op(), read_op()}) {
    Bench bench(options(true));
    const MonotonicTime start = bench.now();
    bench.invoke(op);
    bench.pass(seconds(2));
    ASSERT_TRUE(bench.outcome.has_value());
    EXPECT_EQ(bench.outcome->type, op.f == "read" ? OpType::kFail : OpType::kInfo);
    EXPECT_EQ(bench.sent.size(), 4U) << "0, 500, 1000 and 1500 ms";
    const std::size_t tries = bench.sent.size();
    bench.pass(seconds(10));
    EXPECT_EQ(bench.sent.size(), tries);
    EXPECT_GT(bench.now() - start, seconds(2));
  }
}

TEST(OrdealKvRetry, BacksOffLongerEachTime) {
  OrdealKvOptions patient = options(true);
  patient.operation_timeout = seconds(30);
  Bench bench(patient);
  bench.invoke(write_op());
  std::vector<std::size_t> tries_per_second;
  for (int second = 0; second < 5; ++second) {
    const std::size_t before = bench.sent.size();
    for (int i = 0; i < 1000; ++i) {
      bench.reply(503, refusal("overloaded", "definite"));
      bench.pass(milliseconds(1));
    }
    tries_per_second.push_back(bench.sent.size() - before);
  }
  EXPECT_GE(tries_per_second[0], 6U);
  EXPECT_LE(tries_per_second[4], 7U) << "at least 160 ms apart";
}

}  // namespace
}  // namespace ordeal
