// Availability: the figures, and each of the limits.

#include "checkers/simple/availability.h"

#include "common/prng.h"
#include "tests/checkers/fuzz_range.h"
#include "tests/checkers/history_builder.h"
#include "tests/checkers/simple/told_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace ordeal::testing {
namespace {

using ::testing::HasSubstr;

Finding measure(const HistoryBuilder& history, const Value& limits = {}) {
  const Result<AvailabilityLimits> parsed = AvailabilityLimits::parse(limits);
  EXPECT_TRUE(parsed.ok());
  return make_availability_checker(*parsed)->check(history.history(), {});
}
std::int64_t gap_of(const Finding& finding, std::string_view name) {
  return *finding.details.find(name)->find("ns")->as_int() / 1'000'000;
}

/// Two oks, a fault, three ms of nothing, and another ok. One event a ms.
struct Outage {
  HistoryBuilder history;
  std::size_t before, after, heal;

  Outage() {
    does(history, 0, "write", 1, 1);                          // 1 and 2 ms
    before = does(history, 1, "read", {}, 1);                 // 3 and 4
    history[history.invoke(-1, "start-partition")].key = {};  // 5
    history.invoke(0, "write", 2);                            // 6
    history.info(0);                                          // 7
    heal = history.invoke(-1, "heal");                        // 8
    history[heal].key = {};
    history.invoke(1, "write", 3);            // 9
    history.fail(1);                          // 10
    after = does(history, 2, "read", {}, 1);  // 11 and 12
    for (std::size_t i = 0; i < history.history().size(); ++i) history[i].node = NodeId(i < 6 ? 1 : 2);
    history[heal].node = kNoNode;
  }
};

TEST(Availability, CountsAndMeasures) {
  const Outage outage;
  const Finding finding = measure(outage.history);
  EXPECT_EQ(finding.verdict, Verdict::kValid);
  const Value& writes = *finding.details.find("by-f")->find("write");
  EXPECT_EQ(*writes.find("ok"), Value(1));
  EXPECT_EQ(*writes.find("fail"), Value(1));
  EXPECT_EQ(*writes.find("info"), Value(1));
  EXPECT_DOUBLE_EQ(*finding.details.find("ok-fraction")->as_double(), 0.6);
  EXPECT_EQ(gap_of(finding, "gap"), 8);
  EXPECT_EQ(*finding.details.find("gap")->find("from"), Value(4'000'000));
  EXPECT_EQ(*finding.details.find("gap-node")->find("name"), Value("n2"));
  EXPECT_EQ(gap_of(finding, "gap-node"), 11);
  EXPECT_EQ(*finding.details.find("gap-process")->find("name"), Value(1));
  EXPECT_EQ(gap_of(finding, "gap-process"), 6);
  EXPECT_EQ(figure(finding, "recovery"), 4'000'000);
}

TEST(Availability, NamesWhatBrokeALimit) {
  const Outage outage;
  EXPECT_EQ(measure(outage.history, 0.6).verdict, Verdict::kValid);
  const Finding few = measure(outage.history, Value::Map{{"ok-fraction", 0.7}});
  EXPECT_EQ(few.verdict, Verdict::kInvalid);
  EXPECT_EQ(few.witnesses.at(0).stuck.at(0).invoke, 5U);
  EXPECT_EQ(few.witnesses.at(0).stuck.at(1).invoke, 8U);
  EXPECT_THAT(few.why, HasSubstr("3 of 5 operations were ok"));

  EXPECT_EQ(measure(outage.history, Value::Map{{"gap-seconds", 0.008}}).verdict, Verdict::kValid);
  const Finding gap = measure(outage.history, Value::Map{{"gap-seconds", 0.007}});
  EXPECT_EQ(gap.verdict, Verdict::kInvalid);
  EXPECT_EQ(gap.witnesses.at(0).stuck.at(0).invoke, outage.before);
  EXPECT_EQ(gap.witnesses.at(0).stuck.at(1).invoke, outage.after);

  EXPECT_EQ(measure(outage.history, Value::Map{{"recovery-seconds", 0.004}}).verdict, Verdict::kValid);
  const Finding slow = measure(outage.history, Value::Map{{"recovery-seconds", 0.003}});
  EXPECT_EQ(slow.verdict, Verdict::kInvalid);
  EXPECT_EQ(slow.witnesses.at(0).stuck.at(0).invoke, outage.heal);
}

TEST(Availability, SaysWhenItCannotTell) {
  EXPECT_EQ(measure(HistoryBuilder()).verdict, Verdict::kUnknown);
  HistoryBuilder calm;
  does(calm, 0, "write", 1, 1);
  EXPECT_EQ(measure(calm, Value::Map{{"recovery-seconds", 1}}).verdict, Verdict::kUnknown);
  const std::size_t heal = calm.invoke(-1, "heal");
  calm[heal].key = {};
  calm.invoke(0, "write", 1);
  EXPECT_EQ(measure(calm, Value::Map{{"recovery-seconds", 1}}).verdict, Verdict::kUnknown);
  EXPECT_EQ(measure(calm, Value::Map{{"recovery-seconds", 0}}).verdict, Verdict::kInvalid);
}

TEST(Availability, RefusesLimitsThatItDoesNotKnow) {
  EXPECT_THAT(AvailabilityLimits::parse(Value::Map{{"uptime", 1}}).error().message, HasSubstr("\"uptime\""));
  EXPECT_THAT(AvailabilityLimits::parse(Value::Map{{"gap-seconds", "long"}}).error().message,
              HasSubstr("gap-seconds"));
  EXPECT_FALSE(AvailabilityLimits::parse("all").ok());
}

TEST(Availability, TheLongestGapIsThatOfTheDefinition) {
  const FuzzRange range = fuzz_range(20261210, 2'000);
  for (std::uint64_t i = 0; i < range.histories; ++i) {
    Rng rng = Rng(range.seed).split("history", i);
    HistoryBuilder history;
    for (std::int64_t operations = rng.between(1, 12); operations > 0; --operations) {
      const int process = static_cast<int>(rng.below(3));
      history.invoke(process, "write");
      if (rng.chance(1, 2)) {
        history.ok(process);
      } else {
        history.fail(process);
      }
    }
    std::vector<std::int64_t> times = {1};
    for (const Op& op : history.history()) {
      if (op.type == OpType::kOk) times.push_back(op.time.ms());
    }
    times.push_back(history.history().back().time.ms());
    std::int64_t longest = 0;
    for (std::size_t t = 1; t < times.size(); ++t) longest = std::max(longest, times[t] - times[t - 1]);
    ASSERT_EQ(gap_of(measure(history), "gap"), longest) << "seed " << range.seed << ", history " << i;
  }
}

}  // namespace
}  // namespace ordeal::testing
