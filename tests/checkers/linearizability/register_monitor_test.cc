// The monitor says at which response a history first had no order: the same as cutting the history there and
// asking the block algorithm.

#include "checkers/linearizability/register_monitor.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "checkers/formats/jsonl.h"
#include "checkers/linearizability/blocks.h"
#include "checkers/linearizability/first_violation.h"
#include "checkers/linearizability/weaken.h"
#include "tests/checkers/fuzz_range.h"
#include "tests/checkers/linearizability/random_history.h"

namespace ordeal::testing {
namespace {

RegisterProblem unique_problem(const History& history) {
  const HistoryTable table(history);
  const std::vector<KeySlice> slices = split_by_key(table);
  RegisterSemantics semantics;
  semantics.failed_cas = FailedCas::kNothing;
  return make_register_problem(table, slices.at(0), semantics).value();
}

std::optional<std::uint32_t> by_cutting(const RegisterProblem& problem) {
  std::vector<std::uint32_t> responses;
  for (const RegisterOp& op : problem.ops) {
    if (op.definite()) responses.push_back(op.response);
  }
  std::sort(responses.begin(), responses.end());
  const auto first = std::partition_point(responses.begin(), responses.end(), [&](std::uint32_t response) {
    return decide_by_blocks(cut_after(problem, response))->valid;
  });
  if (first == responses.end()) return std::nullopt;
  return *first;
}

void compare_with_cutting(const FuzzRange& range, std::uint32_t operations_max, std::uint32_t processes_max,
                          int lies) {
  std::uint64_t invalid = 0;
  std::uint64_t decided = 0;
  for (std::uint64_t i = 0; i < range.histories; ++i) {
    Rng rng = Rng(range.seed).split("history", i);
    const RandomShape shape{
        .processes = static_cast<std::uint32_t>(rng.between(1, processes_max)),
        .operations = static_cast<std::uint32_t>(rng.between(2, operations_max)),
        .values = 0,
        .unknown_of_16 = static_cast<std::uint32_t>(rng.between(0, 4)),
        .lies_of_16 = rng.chance(1, 2) ? static_cast<std::uint32_t>(rng.between(0, lies)) : 0,
        .failed_cas_sees = false};
    const History history = random_history(rng, shape);
    const RegisterProblem problem = unique_problem(history);
    if (!decide_by_blocks(problem)) continue;
    ++decided;
    const std::optional<std::uint32_t> expected = by_cutting(problem);
    // What is over is forgotten as soon as can be, or not at all in so short a history.
    const std::size_t values_kept = rng.chance(1, 2) ? 1 : RegisterMonitor::kValuesKept;
    ASSERT_EQ(first_violation(problem, values_kept), expected)
        << "seed " << range.seed << ", history " << i << '\n'
        << print_jsonl(history);
    if (expected) ++invalid;
  }
  EXPECT_GT(invalid, decided / 8);
  EXPECT_LT(invalid, decided * 7 / 8);
}

TEST(RegisterMonitor, FindsTheFirstViolationOfSmallHistories) {
  compare_with_cutting(fuzz_range(20261130, 200'000), 12, 5, 4);
}

// Long enough for blocks to be over and forgotten.
TEST(RegisterMonitor, FindsTheFirstViolationOfLongHistories) {
  compare_with_cutting(fuzz_range(20261201, 300), 1'500, 12, 1);
}

TEST(RegisterMonitor, NamesWhatIsWrong) {
  const auto read = [](std::uint64_t value) {
    return MonitoredAction{.kind = MonitoredAction::Kind::kRead, .expects = value, .gives = 0};
  };
  const auto write = [](std::uint64_t value) {
    return MonitoredAction{.kind = MonitoredAction::Kind::kWrite, .expects = 0, .gives = value};
  };
  const auto cas = [](std::uint64_t from, std::uint64_t to) {
    return MonitoredAction{.kind = MonitoredAction::Kind::kCas, .expects = from, .gives = to};
  };
  std::uint64_t at = 0;
  const auto does = [&at](RegisterMonitor& monitor, const MonitoredAction& action) {
    const std::uint64_t invoked = at++;
    monitor.invoke(invoked, action);
    monitor.ok(invoked, at++, action);
  };
  {
    RegisterMonitor monitor(0);
    does(monitor, read(7));
    ASSERT_TRUE(monitor.violation());
    EXPECT_EQ(monitor.violation()->kind, MonitorViolation::Kind::kUnwritten);
    EXPECT_EQ(monitor.violation()->response, at - 1);
  }
  {
    RegisterMonitor monitor(0);
    does(monitor, write(1));
    does(monitor, write(2));
    EXPECT_FALSE(monitor.violation());
    does(monitor, read(1));
    EXPECT_EQ(monitor.violation()->kind, MonitorViolation::Kind::kOrder);
  }
  {
    RegisterMonitor monitor(0);
    does(monitor, cas(0, 1));
    does(monitor, read(0));
    EXPECT_EQ(monitor.violation()->kind, MonitorViolation::Kind::kStale);
  }
  {
    RegisterMonitor monitor(0);
    does(monitor, cas(0, 1));
    does(monitor, cas(0, 2));
    EXPECT_EQ(monitor.violation()->kind, MonitorViolation::Kind::kLostUpdate);
  }
  {
    RegisterMonitor monitor(0);
    monitor.invoke(at, cas(1, 2));
    monitor.invoke(at + 1, cas(2, 1));
    monitor.ok(at, at + 2, cas(1, 2));
    EXPECT_EQ(monitor.violation()->kind, MonitorViolation::Kind::kCasCircle);
  }
  {
    RegisterMonitor monitor(0);
    monitor.invoke(at, write(1));
    monitor.invoke(at + 1, read(1));
    monitor.ok(at + 1, at + 2, read(1));
    EXPECT_FALSE(monitor.violation());
    monitor.fail(at, at + 3, write(1));
    EXPECT_EQ(monitor.violation()->kind, MonitorViolation::Kind::kAbortedRead);
  }
}

// Memory depends on what goes on at once, and 24 bytes or so on each unknown outcome.
TEST(RegisterMonitor, ForgetsWhatIsOver) {
  Rng rng(20261202);
  const RandomShape shape{.processes = 20,
                          .operations = 100'000,
                          .values = 0,
                          .unknown_of_16 = 0,
                          .lies_of_16 = 0,
                          .failed_cas_sees = false};
  const RegisterProblem problem = unique_problem(random_history(rng, shape));
  RegisterMonitor monitor(problem.initial);
  std::uint64_t peak = 0;
  std::vector<std::pair<std::uint32_t, const RegisterOp*>> events;
  for (const RegisterOp& op : problem.ops) {
    events.emplace_back(op.invoke, &op);
    if (op.definite()) events.emplace_back(op.response, &op);
  }
  std::sort(events.begin(), events.end());
  for (const auto& [position, op] : events) {
    const MonitoredAction action{.kind = op->action.kind == ActionKind::kWrite ? MonitoredAction::Kind::kWrite
                                         : op->action.kind == ActionKind::kCas ? MonitoredAction::Kind::kCas
                                                                               : MonitoredAction::Kind::kRead,
                                 .expects = op->action.expects,
                                 .gives = op->action.gives};
    if (position == op->invoke) {
      monitor.invoke(position, action);
      if (!op->definite()) monitor.info(position);
    } else {
      monitor.ok(op->invoke, position, action);
    }
    peak = std::max(peak, monitor.bytes());
  }
  EXPECT_FALSE(monitor.violation());
  EXPECT_LT(peak, 100'000U);
}

}  // namespace
}  // namespace ordeal::testing
