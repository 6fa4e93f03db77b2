// Append-only logs: each violation by its name, and what nobody knows.

#include "checkers/simple/kafka_log.h"

#include "checkers/formats/edn.h"
#include "tests/checkers/history_builder.h"
#include "tests/checkers/simple/told_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace ordeal::testing {
namespace {

using ::testing::HasSubstr;

Finding check_kafka(const History& history, FinalPolls polls = FinalPolls::kNotPromised) {
  return make_kafka_log_checker(polls)->check(history, {});
}

/// Operations as Jepsen writes them, one after the other.
class Kafka {
 public:
  using Pairs = std::vector<std::pair<int, int>>;  ///< offset, value

  static Value send(int key, int offset, int value) {
    return Value::List{":send", key, Value::List{offset, value}};
  }
  static Value send(int key, int value) { return Value::List{":send", key, value}; }
  static Value poll(const std::string& key, const Pairs& pairs) {
    Value::List list;
    for (const auto& [offset, value] : pairs) list.emplace_back(Value::List{offset, value});
    return Value::List{":poll", Value::Map{{key, list}}};
  }

  std::size_t ok(int process, const std::string& f, Value::List steps) {
    return does(history_, process, f, {}, std::move(steps));
  }
  std::size_t info(int process, const std::string& f, Value::List steps) {
    const std::size_t at = history_.invoke(process, f, std::move(steps));
    history_.info(process);
    return at;
  }
  std::size_t fail(int process, const std::string& f, Value::List steps) {
    const std::size_t at = history_.invoke(process, f, std::move(steps));
    history_.fail(process);
    return at;
  }
  Op& operator[](std::size_t position) { return history_[position]; }
  const History& history() const { return history_.history(); }

 private:
  HistoryBuilder history_{Value()};
};

/// That this name was found once and nothing else was, with these operations as witness.
void expect_only(const Kafka& kafka, const std::string& name, const std::vector<std::size_t>& guilty) {
  const Finding finding = check_kafka(kafka.history());
  EXPECT_EQ(finding.verdict, Verdict::kInvalid);
  EXPECT_EQ(figure(finding, name), 1);
  ASSERT_EQ(finding.witnesses.size(), 1U) << finding.why;
  std::vector<std::size_t> named;
  for (const WitnessStep& step : finding.witnesses[0].stuck) named.push_back(step.invoke);
  EXPECT_EQ(named, guilty) << finding.why;
}

TEST(KafkaLog, AGoodLogIsValid) {
  Kafka kafka;
  kafka.ok(0, "assign", {1});
  kafka.ok(0, "send", {Kafka::send(1, 0, 10)});
  kafka.ok(1, "txn", {Kafka::send(1, 2, 11), Kafka::poll("1", {{0, 10}}), Kafka::send(2, 0, 20)});
  kafka.info(2, "send", {Kafka::send(1, 12)});
  kafka.info(3, "send", {Kafka::send(1, 13)});
  kafka.fail(0, "send", {Kafka::send(1, 14)});
  kafka.ok(0, "poll", {Kafka::poll("1", {{0, 10}, {2, 11}})});
  kafka.ok(0, "poll", {Kafka::poll("1", {{3, 12}}), Kafka::poll("2", {{0, 20}})});
  const Finding finding = check_kafka(kafka.history(), FinalPolls::kOfEverything);
  EXPECT_EQ(finding.verdict, Verdict::kValid) << finding.why;
  EXPECT_EQ(figure(finding, "unseen"), 0);
}

TEST(KafkaLog, InconsistentOffsets) {
  Kafka kafka;
  const std::size_t sent = kafka.ok(0, "send", {Kafka::send(1, 5, 10)});
  kafka.info(1, "send", {Kafka::send(1, 11)});
  const std::size_t polled = kafka.ok(2, "poll", {Kafka::poll("1", {{5, 11}})});
  kafka.ok(3, "poll", {Kafka::poll("1", {{5, 10}})});
  expect_only(kafka, "inconsistent-offsets", {sent, polled});
}

TEST(KafkaLog, Duplicate) {
  Kafka kafka;
  const std::size_t sent = kafka.ok(0, "send", {Kafka::send(1, 5, 10)});
  const std::size_t polled = kafka.ok(1, "poll", {Kafka::poll("1", {{5, 10}, {6, 10}})});
  const Finding finding = check_kafka(kafka.history());
  EXPECT_EQ(figure(finding, "duplicate"), 1);
  EXPECT_EQ(finding.witnesses.at(0).stuck.at(0).invoke, sent);
  EXPECT_EQ(finding.witnesses.at(0).stuck.at(1).invoke, polled);
}

TEST(KafkaLog, LostWrite) {
  Kafka kafka;
  const std::size_t lost = kafka.ok(0, "send", {Kafka::send(1, 1, 10)});
  kafka.ok(0, "send", {Kafka::send(1, 2, 11)});
  kafka.ok(0, "send", {Kafka::send(1, 3, 12)});
  EXPECT_EQ(check_kafka(kafka.history()).verdict, Verdict::kUnknown);  // nothing was polled
  const std::size_t seen = kafka.ok(1, "poll", {Kafka::poll("1", {{2, 11}})});
  expect_only(kafka, "lost-write", {lost, seen});
  EXPECT_EQ(figure(check_kafka(kafka.history()), "unseen"), 2);
}

TEST(KafkaLog, AnUnknownSendIsLostOnlyIfAnotherOfItsSendsWasSeen) {
  Kafka kafka;
  const std::size_t unknown = kafka.info(0, "send", {Kafka::send(1, 1, 10), Kafka::send(2, 7, 20)});
  kafka.ok(1, "send", {Kafka::send(1, 2, 11)});
  const std::size_t seen = kafka.ok(2, "poll", {Kafka::poll("1", {{2, 11}})});
  EXPECT_EQ(check_kafka(kafka.history()).verdict, Verdict::kValid);
  kafka.ok(2, "poll", {Kafka::poll("2", {{7, 20}})});
  expect_only(kafka, "lost-write", {unknown, seen});
}

TEST(KafkaLog, AbortedAndUnexpectedReads) {
  Kafka kafka;
  const std::size_t failed = kafka.fail(0, "send", {Kafka::send(1, 10)});
  kafka.fail(1, "poll", {Kafka::poll("1", {{0, 10}})});
  EXPECT_EQ(check_kafka(kafka.history()).verdict, Verdict::kValid);
  const std::size_t aborted = kafka.ok(1, "poll", {Kafka::poll("1", {{0, 10}})});
  expect_only(kafka, "G1a", {failed, aborted});
  const std::size_t invented = kafka.ok(2, "poll", {Kafka::poll("1", {{1, 11}})});
  const Finding finding = check_kafka(kafka.history());
  EXPECT_EQ(figure(finding, "unexpected"), 1);
  EXPECT_EQ(finding.witnesses.at(1).stuck.at(0).invoke, invented);
}

TEST(KafkaLog, PrecommittedRead) {
  Kafka kafka;
  const std::size_t own = kafka.ok(0, "txn", {Kafka::send(1, 0, 10), Kafka::poll("1", {{0, 10}})});
  expect_only(kafka, "precommitted-read", {own});
}

TEST(KafkaLog, PollsThatSkipOrGoBack) {
  Kafka kafka;
  for (int i = 0; i < 4; ++i) kafka.ok(0, "send", {Kafka::send(1, 2 * i, i)});
  kafka.ok(1, "poll", {Kafka::poll("1", {{0, 0}, {2, 1}, {4, 2}, {6, 3}})});
  const std::size_t first = kafka.ok(2, "poll", {Kafka::poll("1", {{0, 0}})});
  const std::size_t skips = kafka.ok(2, "poll", {Kafka::poll("1", {{4, 2}})});
  expect_only(kafka, "poll-skip", {first, skips});
  kafka[skips + 1].value = Value::List{Kafka::poll("1", {{2, 1}})};
  EXPECT_EQ(check_kafka(kafka.history()).verdict, Verdict::kValid);
  const std::size_t back = kafka.ok(2, "poll", {Kafka::poll("1", {{2, 1}})});
  expect_only(kafka, "nonmonotonic-poll", {skips, back});
}

TEST(KafkaLog, AnAssignmentOrASubscriptionChangesWhereOneIs) {
  Kafka kafka;
  for (int i = 0; i < 4; ++i) kafka.ok(0, "send", {Kafka::send(1, i, i)});
  kafka.ok(1, "poll", {Kafka::poll("1", {{0, 0}, {1, 1}, {2, 2}, {3, 3}})});
  const std::size_t assigned = kafka.ok(1, "assign", {2});
  kafka.ok(1, "poll", {Kafka::poll("1", {{0, 0}})});
  EXPECT_EQ(check_kafka(kafka.history()).verdict, Verdict::kValid);
  kafka[assigned + 1].value = Value::List{1, 2};
  EXPECT_EQ(check_kafka(kafka.history()).verdict, Verdict::kInvalid);
  kafka[assigned].extra["seek-to-beginning?"] = true;
  EXPECT_EQ(check_kafka(kafka.history()).verdict, Verdict::kValid);
  kafka[assigned].extra.clear();
  kafka.ok(5, "subscribe", {1});
  const Finding finding = check_kafka(kafka.history());
  EXPECT_EQ(finding.verdict, Verdict::kValid);
  EXPECT_EQ(figure(finding, "nonmonotonic-poll"), 1);
}

TEST(KafkaLog, WithinAnOperation) {
  Kafka kafka;
  for (int i = 0; i < 4; ++i) kafka.ok(0, "send", {Kafka::send(1, i, i)});
  kafka.ok(1, "poll", {Kafka::poll("1", {{0, 0}, {1, 1}, {2, 2}, {3, 3}})});
  const std::size_t polls = kafka.ok(2, "poll", {Kafka::poll("1", {{0, 0}}), Kafka::poll("1", {{2, 2}})});
  expect_only(kafka, "int-poll-skip", {polls});
  kafka[polls + 1].extra["rebalance-log"] = Value::List{Value::Map{{":keys", Value::List{1}}}};
  EXPECT_EQ(check_kafka(kafka.history()).verdict, Verdict::kValid);
  kafka[polls + 1].extra.clear();
  kafka[polls + 1].value = Value::List{Kafka::poll("1", {{2, 2}, {1, 1}})};
  expect_only(kafka, "int-nonmonotonic-poll", {polls});
}

TEST(KafkaLog, SendsThatGoBack) {
  Kafka kafka;
  const std::size_t first = kafka.ok(0, "send", {Kafka::send(1, 5, 10)});
  const std::size_t back = kafka.ok(0, "send", {Kafka::send(1, 4, 11)});
  kafka.ok(1, "poll", {Kafka::poll("1", {{4, 11}, {5, 10}})});
  expect_only(kafka, "nonmonotonic-send", {first, back});

  Kafka within;
  const std::size_t both = within.ok(0, "txn", {Kafka::send(1, 5, 10), Kafka::send(1, 4, 11)});
  within.ok(1, "poll", {Kafka::poll("1", {{4, 11}, {5, 10}})});
  expect_only(within, "int-nonmonotonic-send", {both});

  Kafka skips;
  skips.ok(0, "txn", {Kafka::send(1, 4, 11), Kafka::send(1, 6, 12)});
  skips.ok(1, "send", {Kafka::send(1, 5, 10)});
  skips.ok(1, "poll", {Kafka::poll("1", {{4, 11}, {5, 10}, {6, 12}})});
  const Finding finding = check_kafka(skips.history());
  EXPECT_EQ(finding.verdict, Verdict::kValid);
  EXPECT_EQ(figure(finding, "int-send-skip"), 1);
}

TEST(KafkaLog, UnseenIsAViolationAfterFinalPolls) {
  Kafka kafka;
  kafka.ok(0, "send", {Kafka::send(1, 0, 10)});
  const std::size_t unseen = kafka.ok(0, "send", {Kafka::send(1, 1, 11)});
  kafka.ok(1, "poll", {Kafka::poll("1", {{0, 10}})});
  EXPECT_EQ(check_kafka(kafka.history()).verdict, Verdict::kValid);
  const Finding drained = check_kafka(kafka.history(), FinalPolls::kOfEverything);
  EXPECT_EQ(drained.verdict, Verdict::kInvalid);
  EXPECT_EQ(figure(drained, "unseen"), 1);
  EXPECT_EQ(drained.witnesses.at(0).stuck.at(0).invoke, unseen);
}

TEST(KafkaLog, NamesTheOperationThatItCannotRead) {
  for (const Value& wrong : {Value(5), Value(Value::List{5}), Value(Value::List{Value::List{":push", 1, 2}}),
                             Value(Value::List{Value::List{":poll", Value::Map{{"1", Value::List{7}}}}})}) {
    Kafka kafka;
    kafka.ok(1, "poll", {Kafka::poll("1", {})});
    kafka.ok(0, "send", {Kafka::send(1, 0, 10)});
    const std::size_t at = kafka.ok(0, "txn", {});
    kafka[at + 1].value = wrong;
    const Finding finding = check_kafka(kafka.history());
    EXPECT_EQ(finding.verdict, Verdict::kUnknown);
    EXPECT_THAT(finding.why, HasSubstr("operation 4, txn of p0 at 0.005000s"));
  }
}

TEST(KafkaLog, ReadsWhatJepsenWrites) {
  const Result<ParsedHistory> parsed = parse_edn_history(R"(
{:process 0, :type :invoke, :f :assign, :value [3], :seek-to-beginning? true, :time 1}
{:process 0, :type :ok, :f :assign, :value [3], :seek-to-beginning? true, :time 2}
{:process 1, :type :invoke, :f :send, :value [[:send 3 1] [:send 3 2]], :time 3}
{:process 1, :type :ok, :f :send, :value [[:send 3 [0 1]] [:send 3 [nil 2]]], :time 4}
{:process 0, :type :invoke, :f :poll, :value [[:poll]], :time 5}
{:process 0, :type :ok, :f :poll, :value [[:poll {3 [[0 1]]}]], :rebalance-log [{:keys [3]}], :time 6}
{:process 2, :type :invoke, :f :crash, :value nil, :time 7}
{:process 2, :type :info, :f :crash, :value nil, :time 8}
{:process 0, :type :invoke, :f :poll, :value [[:poll]], :time 9}
{:process 0, :type :ok, :f :poll, :value [[:poll {3 [[1 2]]}]], :time 10}
)");
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  const Finding finding = make_kafka_log_checker(FinalPolls::kOfEverything)->check(parsed->history, {});
  EXPECT_EQ(finding.verdict, Verdict::kValid) << finding.why;
  EXPECT_EQ(figure(finding, "messages"), 2);
  EXPECT_EQ(figure(finding, "keys"), 1);
}

}  // namespace
}  // namespace ordeal::testing
