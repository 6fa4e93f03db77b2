// Faults that wait for something to happen to a node strike at that very moment of virtual time.

#include "sim/simulation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ordeal::sim {
namespace {

using Kind = NodeEventKind;

struct Strike {
  MonotonicTime at;
  std::string target;

  friend bool operator==(const Strike&, const Strike&) = default;
};

/// What the cores told, and the first pause.
struct Seen {
  std::map<std::string, std::vector<Strike>> events;
  std::optional<Strike> strike;
  std::optional<MonotonicTime> first_kill;
  std::optional<MonotonicTime> restart;
};

class Witness : public Spectator {
 public:
  void happened(MonotonicTime at, NodeId node, const Event& event) override {
    seen.events[event.name].push_back({at, node_name(node)});
  }
  void operation(MonotonicTime at, const Op& op) override {
    if (op.process != kNemesisProcess || op.type != OpType::kInvoke) return;
    if (op.f == "start-pause" && !seen.strike)
      seen.strike = Strike{at, *op.value.find("target")->as_string()};
    if (op.f == "start-kill" && !seen.first_kill) seen.first_kill = at;
    if (op.f == "stop-kill" && !seen.restart) seen.restart = at;
  }

  Seen seen;
};

FaultEvent event(Duration at, Duration length, FaultRequest request) {
  return {at, length, std::move(request)};
}

/// All that can be waited for happens in it, most of it more than once.
Plan eventful() {
  Plan plan;
  plan.nodes = 3;
  plan.time_limit = seconds(30);
  plan.workload.keys = 4;
  plan.load.concurrency = 12;
  plan.load.rate = 100;
  plan.node_flags = {
      {"election-timeout", "300ms"}, {"heartbeat", "60ms"}, {"snapshot-every", "20"}, {"snapshot-keep", "5"}};
  for (std::int64_t at = 1; at < 25; at += 8) {
    plan.fault_events.push_back(event(seconds(at), seconds(2), {"kill", "", "leader"}));
    plan.fault_events.push_back(event(seconds(at + 3), seconds(2), {"partition", "isolate-one", "leader"}));
    plan.fault_events.push_back(event(seconds(at + 6), milliseconds(300), {"transfer", "", "follower"}));
    plan.fault_events.push_back(
        event(milliseconds(at * 1000 + 6500), seconds(1), {"members", "remove", "follower"}));
  }
  plan.expect_faults = plan.expect_operations = 0;
  return plan;
}

Plan with(Plan plan, FaultTrigger trigger, Duration at = {}) {
  plan.fault_events.push_back(
      {at, milliseconds(100), {"pause", "", std::string(kThatNode)}, std::move(trigger)});
  return plan;
}

SimResult run(const Plan& plan, Witness& witness, std::uint64_t seed = 1) {
  SimOptions options;
  options.spectator = &witness;
  auto result = simulate(plan, seed, options);
  EXPECT_TRUE(result.ok()) << (result.ok() ? "" : result.error().message);
  if (!result.ok()) return {};
  EXPECT_EQ(result->outcome, Outcome::kGood) << result->why;
  return *std::move(result);
}

Seen run(const Plan& plan, std::uint64_t seed = 1) {
  Witness witness;
  static_cast<void>(run(plan, witness, seed));  // Ignored: the witness tells.
  return witness.seen;
}

/// The kinds that a core tells of: the witness hears the same from the spectator's side.
class ToldByCores : public ::testing::TestWithParam<Kind> {};

TEST_P(ToldByCores, StrikeAtThatEventAndNotBefore) {
  const std::string core_event(traits(GetParam()).core_event);
  Plan plan = eventful();
  // With a short log who has a tail of its own gets a snapshot, and nothing is cut.
  if (GetParam() == Kind::kLogCut) plan.node_flags.erase("snapshot-every");
  if (GetParam() == Kind::kLogCut) plan.node_flags.erase("snapshot-keep");
  for (std::uint32_t count = 1; count <= 2; ++count) {
    Seen witness = run(with(plan, {GetParam(), "", count}));
    ASSERT_TRUE(witness.first_kill && witness.strike) << core_event;
    const MonotonicTime load_start = *witness.first_kill - seconds(1);
    std::vector<Strike> since;
    for (const Strike& told : witness.events[core_event]) {
      if (told.at >= load_start) since.push_back(told);
    }
    ASSERT_GE(since.size(), count) << core_event;
    EXPECT_EQ(*witness.strike, since[count - 1]) << core_event << ", time " << count;
  }
}

INSTANTIATE_TEST_SUITE_P(Trigger, ToldByCores,
                         ::testing::Values(Kind::kLeaderElected, Kind::kLeaderSteppedDown,
                                           Kind::kElectionStarted, Kind::kLogCut, Kind::kLogCompacted,
                                           Kind::kSnapshotStarted, Kind::kSnapshotInstalled,
                                           Kind::kMembersChanged, Kind::kTransferStarted),
                         [](const auto& param) {
                           std::string name(traits(param.param).name);
                           std::erase(name, '-');
                           return name;
                         });

TEST(Trigger, DelayIsToTheNanosecond) {
  const Strike at_once = *run(with(eventful(), {Kind::kLeaderElected})).strike;
  const Strike later = *run(with(eventful(), {Kind::kLeaderElected, "", 1, microseconds(1234)})).strike;
  EXPECT_EQ(later, (Strike{at_once.at + microseconds(1234), at_once.target}));
}

TEST(Trigger, ANodeIsStartedWhenItsKillIsTakenAway) {
  const Seen witness = run(with(eventful(), {Kind::kNodeStarted}));
  ASSERT_TRUE(witness.strike && witness.restart);
  EXPECT_EQ(witness.strike->at, *witness.restart);
}

// --- What no core tells of --------------------------------------------------------------------------------

/// A message takes 1 ms, a sync 50 ms; the leader dies after a second, and the two that are left elect
/// another.
Plan clockwork() {
  Plan plan;
  plan.nodes = 3;
  plan.time_limit = seconds(10);
  plan.load.concurrency = 1;
  plan.load.rate = 2;
  plan.node_flags = {{"pre-vote", "false"}};
  plan.sim.delay_min = plan.sim.delay_max = milliseconds(1);
  plan.sim.sync_min = plan.sim.sync_max = milliseconds(50);
  plan.fault_events.push_back(event(seconds(1), seconds(6), {"kill", "", "leader"}));
  plan.expect_faults = plan.expect_operations = 0;
  return plan;
}

/// The first seed with which the two do not stand at once and split the vote.
std::uint64_t seed_with_one_candidate() {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Seen seen = run(clockwork(), seed);
    const auto later = [&](const Strike& told) { return told.at > *seen.first_kill; };
    const auto& stood = seen.events["election-started"];
    if (std::count_if(stood.begin(), stood.end(), later) == 1) return seed;
  }
  ADD_FAILURE() << "every vote was split";
  return 1;
}

/// The first after the leader was killed.
Strike strike(FaultTrigger trigger) {
  static const std::uint64_t seed = seed_with_one_candidate();
  const auto found = run(with(clockwork(), std::move(trigger), seconds(1)), seed).strike;
  EXPECT_TRUE(found.has_value());
  return found.value_or(Strike{});
}

TEST(Trigger, FollowsAnElectionThroughTheDisksAndTheNetwork) {
  const Strike stands = strike({Kind::kElectionStarted});
  const std::string voter = strike({Kind::kVoteGranted}).target;
  EXPECT_NE(voter, stands.target);
  const auto after = [&](std::int64_t ms) { return stands.at + milliseconds(ms); };
  // The candidate's term and vote go to its disk before it asks; so does the vote that it is given, and the
  // entry that opens the term, at both.
  EXPECT_EQ(strike({Kind::kTermChanged, stands.target}), (Strike{after(0), stands.target}));
  EXPECT_EQ(strike({Kind::kBeforeSync, stands.target}), (Strike{after(0), stands.target}));
  EXPECT_EQ(strike({Kind::kBeforeSync, "candidate"}), (Strike{after(0), stands.target}));
  EXPECT_EQ(strike({Kind::kAfterSync, stands.target}), (Strike{after(50), stands.target}));
  EXPECT_EQ(strike({Kind::kVoteGranted}), (Strike{after(51), voter}));
  EXPECT_EQ(strike({Kind::kTermChanged, voter}), (Strike{after(51), voter}));
  EXPECT_EQ(strike({Kind::kBeforeSync, "follower"}), (Strike{after(51), voter}));
  EXPECT_EQ(strike({Kind::kAfterSync, voter}), (Strike{after(101), voter}));
  EXPECT_EQ(strike({Kind::kLeaderElected}), (Strike{after(102), stands.target}));
  EXPECT_EQ(strike({Kind::kEntryAppended, stands.target}), (Strike{after(102), stands.target}));
  EXPECT_EQ(strike({Kind::kBeforeSync, "leader"}), (Strike{after(102), stands.target}));
  EXPECT_EQ(strike({Kind::kEntryAppended, voter}), (Strike{after(103), voter}));
  EXPECT_EQ(strike({Kind::kEntryCommitted, stands.target}), (Strike{after(154), stands.target}));
  EXPECT_EQ(strike({Kind::kBeforeSync, voter, 2}), (Strike{after(103), voter}));
}

TEST(Trigger, PowerLostBeforeASyncTakesWhatWasToBeSynced) {
  Plan plan = clockwork();
  plan.fault_events = {{seconds(2),
                        milliseconds(500),
                        {"power", "", std::string(kThatNode)},
                        FaultTrigger{Kind::kBeforeSync, "follower"}}};
  int took = 0;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    const auto result = simulate(plan, seed, {});
    ASSERT_TRUE(result.ok());
    EXPECT_EQ(result->outcome, Outcome::kGood) << result->why;
    EXPECT_EQ(result->summary.progress.faults_healed, 1U) << "seed " << seed;
    for (const Mark mark : result->marks) took += mark == Mark::kPowerTookWrites ? 1 : 0;
  }
  EXPECT_GT(took, 0) << "a suffix is lost, which may be empty";
}

TEST(Trigger, ALeaderIsWhoWasElectedJustNow) {
  Plan plan = eventful();
  plan.fault_events.push_back(
      {{}, milliseconds(100), {"pause", "", "leader"}, FaultTrigger{Kind::kLeaderElected}});
  Witness witness;
  const SimResult result = run(plan, witness);
  const auto struck = std::find_if(result.history.begin(), result.history.end(),
                                   [](const Op& op) { return op.f == "start-pause"; });
  ASSERT_NE(struck, result.history.end());
  for (const Strike& elected : witness.seen.events["became-leader"]) {
    if (elected.at != witness.seen.strike->at) continue;
    EXPECT_EQ(*struck->value.find("nodes"), Value(Value::List{elected.target}));
    return;
  }
  FAIL() << "nobody was elected when it struck";
}

TEST(Trigger, RepeatsBitForBit) {
  const Plan plan = with(eventful(), {Kind::kBeforeSync, "follower", 9});
  const auto once = simulate(plan, 3, {});
  const auto again = simulate(plan, 3, {});
  ASSERT_TRUE(once.ok() && again.ok());
  EXPECT_EQ(once->trace_hash, again->trace_hash);
  EXPECT_EQ(once->history, again->history);
}

}  // namespace
}  // namespace ordeal::sim
