// Locks: each of the four findings on histories that are wrong in one way, what nobody knows, and the rules
// against their definitions on random histories.

#include "checkers/simple/lock_safety.h"

#include "checkers/formats/jsonl.h"
#include "common/prng.h"
#include "tests/checkers/fuzz_range.h"
#include "tests/checkers/history_builder.h"
#include "tests/checkers/simple/told_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

namespace ordeal::testing {
namespace {

using ::testing::HasSubstr;

constexpr std::int64_t kMillisecond = 1'000'000;

Finding check_locks(const HistoryBuilder& history, LockPart part = LockPart::kAll) {
  return make_lock_safety_checker(part)->check(history.history(), {});
}

/// An acquire that is ok, with members of its completion; the position of the invocation.
std::size_t acquires(HistoryBuilder& history, int process, Value::Map members = {}) {
  const std::size_t at = does(history, process, "acquire", {}, {});
  history[at + 1].extra = std::move(members);
  return at;
}
std::size_t releases(HistoryBuilder& history, int process) {
  return does(history, process, "release", {}, {});
}
/// An operation that the resource accepts.
std::size_t uses(HistoryBuilder& history, int process, const std::string& f, Value result,
                 Value::Map members = {}) {
  const std::size_t at = does(history, process, f, {}, std::move(result));
  history[at + 1].extra = std::move(members);
  return at;
}

TEST(LockOverlap, NamesBothHolders) {
  HistoryBuilder history;
  acquires(history, 0);
  releases(history, 0);
  const std::size_t first = acquires(history, 1);
  const std::size_t second = acquires(history, 2);
  const Finding finding = check_locks(history);
  EXPECT_EQ(finding.verdict, Verdict::kInvalid);
  EXPECT_EQ(word(finding, "overlap"), "invalid");
  EXPECT_EQ(word(finding, "overrun"), "does-not-apply");
  EXPECT_EQ(word(finding, "fencing"), "does-not-apply");
  EXPECT_EQ(word(finding, "harm"), "does-not-apply");
  EXPECT_EQ(figure(finding, "overlaps"), 1);
  EXPECT_EQ(finding.witnesses.at(0).stuck.at(0).invoke, first);
  EXPECT_EQ(finding.witnesses.at(0).stuck.at(1).invoke, second);
  EXPECT_THAT(finding.why, HasSubstr("p2 got the lock \"x\" at 0.008000s, while p1 held it"));
  EXPECT_EQ(check_locks(history, LockPart::kFencing).verdict, Verdict::kUnknown);
}

TEST(LockOverlap, AHoldEndsWithItsValidity) {
  HistoryBuilder history;
  acquires(history, 0, {{"validity", 4 * kMillisecond}});
  history.invoke(1, "acquire");
  releases(history, 2);
  history.ok(1);  // at 6 ms; the first hold ended at 5
  EXPECT_EQ(check_locks(history).verdict, Verdict::kValid);
  history[1].extra["validity"] = 5 * kMillisecond;  // ends at the same moment
  EXPECT_EQ(check_locks(history).verdict, Verdict::kValid);
  history[1].extra["validity"] = 5 * kMillisecond + 1;
  EXPECT_EQ(check_locks(history).verdict, Verdict::kInvalid);
}

TEST(LockOverlap, LocksAreApart) {
  HistoryBuilder history;
  acquires(history, 0);
  history.key("y");
  acquires(history, 1);
  EXPECT_EQ(check_locks(history).verdict, Verdict::kValid);
}

TEST(LockOverlap, WhatNobodyKnowsIsNoHold) {
  HistoryBuilder history;
  history.invoke(0, "acquire");
  history.info(0);
  acquires(history, 1);
  history.invoke(1, "release");
  history.info(1);
  acquires(history, 2);
  history.invoke(2, "write", 1);
  history.info(2);  // perhaps it crashed, and its session with it
  acquires(history, 3);
  acquires(history, 3);  // once more by the same process
  EXPECT_EQ(check_locks(history).verdict, Verdict::kValid);
  acquires(history, 4);
  EXPECT_EQ(check_locks(history).verdict, Verdict::kInvalid);
}

TEST(LockOverrun, NamesTheClientThatSlept) {
  HistoryBuilder history;
  const std::size_t slept = acquires(history, 0, {{"validity", 3 * kMillisecond}});
  uses(history, 2, "read", {});
  const std::size_t other = acquires(history, 1, {{"validity", 100 * kMillisecond}});
  const std::size_t late = uses(history, 0, "write", 1);
  const Finding finding = check_locks(history);
  EXPECT_EQ(finding.verdict, Verdict::kInvalid);
  EXPECT_EQ(word(finding, "overlap"), "valid");
  EXPECT_EQ(word(finding, "overrun"), "invalid");
  const std::vector<WitnessStep>& steps = finding.witnesses.at(0).stuck;
  EXPECT_EQ(steps.at(0).invoke, slept);
  EXPECT_EQ(steps.at(1).invoke, other);
  EXPECT_EQ(steps.at(2).invoke, late);
  EXPECT_EQ(check_locks(history, LockPart::kOverlap).verdict, Verdict::kValid);
  EXPECT_EQ(check_locks(history, LockPart::kOverrun).verdict, Verdict::kInvalid);
}

TEST(LockOverrun, TheResourceKnowsBetterWhenItWasAccepted) {
  HistoryBuilder history;
  acquires(history, 0, {{"token", "a"}, {"validity", 5 * kMillisecond}});
  const std::size_t sent = history.invoke(0, "write", 1);  // in time, but the network is slow
  for (int i = 0; i < 4; ++i) uses(history, 5, "read", {});
  acquires(history, 1, {{"token", "b"}, {"validity", 100 * kMillisecond}});
  const std::size_t before = uses(history, 1, "write", 2, {{"token", "b"}, {"sequence", 1}});
  const std::size_t done = history.ok(0);
  history[done].extra = {{"token", "a"}, {"sequence", 2}};
  const Finding late = check_locks(history, LockPart::kOverrun);
  EXPECT_EQ(late.verdict, Verdict::kInvalid);
  EXPECT_EQ(late.witnesses.at(0).stuck.at(2).invoke, sent);
  history[before + 1].extra["sequence"] = 3;
  EXPECT_EQ(check_locks(history, LockPart::kOverrun).verdict, Verdict::kValid);
}

TEST(LockOverrun, AnUnknownOutcomeIsNotAccepted) {
  HistoryBuilder history;
  acquires(history, 0, {{"validity", 2 * kMillisecond}});
  uses(history, 2, "read", {});
  acquires(history, 1);
  history.invoke(0, "write", 1);
  history.info(0);
  history.invoke(1, "write", 1);
  history.fail(1);
  EXPECT_EQ(check_locks(history).verdict, Verdict::kValid);
}

TEST(LockFencing, NamesTokensThatComeTwiceOrGoBack) {
  HistoryBuilder history;
  const std::size_t first = does(history, 0, "acquire", {}, 7);
  releases(history, 0);
  const std::size_t twice = acquires(history, 1, {{"fence", 7}});
  releases(history, 1);
  const std::size_t back = acquires(history, 2, {{"token", 6}});
  releases(history, 2);
  const Finding finding = check_locks(history, LockPart::kFencing);
  EXPECT_EQ(finding.verdict, Verdict::kInvalid);
  EXPECT_EQ(figure(finding, "tokens-twice"), 1);
  EXPECT_EQ(figure(finding, "tokens-out-of-order"), 1);
  EXPECT_EQ(figure(finding, "tokens-gone-back"), 0);
  EXPECT_EQ(finding.witnesses.at(0).stuck.at(0).invoke, first);
  EXPECT_EQ(finding.witnesses.at(0).stuck.at(1).invoke, twice);
  EXPECT_EQ(finding.witnesses.at(1).stuck.at(0).invoke, first);
  EXPECT_EQ(finding.witnesses.at(1).stuck.at(1).invoke, back);
  EXPECT_EQ(check_locks(history, LockPart::kOverlap).verdict, Verdict::kValid);
}

TEST(LockFencing, TheHolderMayGetItsTokenAgain) {
  HistoryBuilder history;
  does(history, 0, "acquire", {}, 7);
  does(history, 0, "acquire", {}, 7);
  EXPECT_EQ(check_locks(history, LockPart::kFencing).verdict, Verdict::kValid);
  releases(history, 0);
  does(history, 0, "acquire", {}, 7);
  EXPECT_EQ(check_locks(history, LockPart::kFencing).verdict, Verdict::kInvalid);
}

TEST(LockFencing, NamesWhatTheResourceShouldHaveRefused) {
  HistoryBuilder history;
  does(history, 0, "acquire", {}, 1);
  releases(history, 0);
  does(history, 1, "acquire", {}, 2);
  const std::size_t fresh = uses(history, 1, "write", {}, {{"token", 2}, {"sequence", 5}});
  const std::size_t stale = uses(history, 0, "write", {}, {{"token", 1}, {"sequence", 6}});
  const Finding finding = check_locks(history, LockPart::kFencing);
  EXPECT_EQ(finding.verdict, Verdict::kInvalid);
  EXPECT_EQ(figure(finding, "tokens-gone-back"), 1);
  EXPECT_EQ(finding.witnesses.at(0).stuck.at(0).invoke, fresh);
  EXPECT_EQ(finding.witnesses.at(0).stuck.at(1).invoke, stale);
  history[stale + 1].extra["sequence"] = 4;
  EXPECT_EQ(check_locks(history, LockPart::kFencing).verdict, Verdict::kValid);
}

TEST(LockHarm, NamesTwoUpdatesOfOneValue) {
  HistoryBuilder history;
  acquires(history, 0);
  const std::size_t first = uses(history, 0, "update", Value::List{0, "a"});
  releases(history, 0);
  acquires(history, 1);
  uses(history, 1, "update", Value::List{"a", "b"});
  EXPECT_EQ(check_locks(history, LockPart::kHarm).verdict, Verdict::kValid);
  const std::size_t lost = uses(history, 1, "update", Value::List{0, "c"});
  const Finding finding = check_locks(history, LockPart::kHarm);
  EXPECT_EQ(finding.verdict, Verdict::kInvalid);
  EXPECT_EQ(finding.witnesses.at(0).stuck.at(0).invoke, first);
  EXPECT_EQ(finding.witnesses.at(0).stuck.at(1).invoke, lost);
}

TEST(LockHarm, ACounterHasWhatWasAccepted) {
  HistoryBuilder history;
  acquires(history, 0);
  does(history, 0, "increment", {}, {});
  does(history, 0, "add", 2, {});
  history.invoke(1, "increment");
  history.info(1);
  history.invoke(2, "increment");
  history.fail(2);
  for (const int value : {3, 4}) {
    does(history, 3, "read", {}, value);
    EXPECT_EQ(check_locks(history, LockPart::kHarm).verdict, Verdict::kValid) << value;
  }
  for (const int value : {2, 5}) {
    const std::size_t guilty = does(history, 3, "read", {}, value);
    const Finding finding = check_locks(history, LockPart::kHarm);
    EXPECT_EQ(finding.verdict, Verdict::kInvalid) << value;
    EXPECT_EQ(finding.witnesses.at(0).stuck.at(0).invoke, guilty);
    EXPECT_THAT(finding.why, HasSubstr("but what was accepted makes 3 to 4"));
  }
}

TEST(LockSafety, NamesTheOperationThatItCannotRead) {
  HistoryBuilder fence;
  acquires(fence, 0, {{"fence", "seven"}});
  EXPECT_EQ(check_locks(fence).verdict, Verdict::kUnknown);
  EXPECT_THAT(check_locks(fence).why, HasSubstr("operation 0, acquire of p0"));
  HistoryBuilder validity;
  acquires(validity, 0);
  acquires(validity, 0, {{"validity", -1}});
  EXPECT_THAT(check_locks(validity).why, HasSubstr("operation 2, acquire of p0"));
  HistoryBuilder update;
  acquires(update, 0);
  uses(update, 0, "update", 5);
  EXPECT_THAT(check_locks(update).why, HasSubstr("operation 2 of p0"));
  EXPECT_EQ(check_locks(update).verdict, Verdict::kUnknown);
  EXPECT_EQ(check_locks(update, LockPart::kOverlap).verdict, Verdict::kValid);
  EXPECT_EQ(check_locks(HistoryBuilder()).verdict, Verdict::kUnknown);
}

/// The rules as they are said, each hold and each pair by itself.
class LocksByDefinition {
 public:
  explicit LocksByDefinition(const History& history)
      : history_(history), operations_(pair_operations(history)) {
    for (const Operation& operation : operations_) {
      if (f(operation) == "acquire" && is_ok(operation)) holds_.push_back(hold(operation));
      if (f(operation) == "write" && is_ok(operation)) uses_.push_back(operation);
    }
  }

  using Moment = std::pair<std::int64_t, std::size_t>;
  static constexpr Moment kNever{INT64_MAX, 0};

  std::int64_t overlaps() const {
    return std::count_if(holds_.begin(), holds_.end(), [&](const Hold& b) {
      return b.from < b.until && std::any_of(holds_.begin(), holds_.end(), [&](const Hold& a) {
               return a.process != b.process && a.from < b.from && b.from < a.until;
             });
    });
  }
  std::int64_t twice() const {
    return std::count_if(holds_.begin(), holds_.end(), [&](const Hold& b) {
      return b.token && !b.renewal && std::any_of(holds_.begin(), holds_.end(), [&](const Hold& a) {
               return a.from < b.from && a.token == b.token;
             });
    });
  }
  std::int64_t out_of_order() const {
    return std::count_if(holds_.begin(), holds_.end(), [&](const Hold& b) {
      return std::any_of(holds_.begin(), holds_.end(), [&](const Hold& a) {
        return a.token && b.token && *a.complete<b.invoke&& * a.token> * b.token;
      });
    });
  }
  std::int64_t gone_back() const {
    return std::count_if(uses_.begin(), uses_.end(), [&](const Operation& b) {
      return std::any_of(uses_.begin(), uses_.end(), [&](const Operation& a) {
        if (!token(a) || !token(b) || *token(a) <= *token(b)) return false;
        return sequence(a) && sequence(b) ? *sequence(a) < *sequence(b) : *a.complete < b.invoke;
      });
    });
  }
  std::int64_t overruns() const {
    return std::count_if(uses_.begin(), uses_.end(), [&](const Operation& use) {
      const Hold* own = hold_of(use);
      if (own == nullptr) return false;
      Moment low = at(use.invoke);
      Moment high = at(*use.complete);
      for (const Operation& other : uses_) {
        if (!sequence(other) || !sequence(use)) continue;
        if (*sequence(other) < *sequence(use)) low = std::max(low, at(other.invoke));
        if (*sequence(other) > *sequence(use)) high = std::min(high, at(*other.complete));
      }
      return own->over <= low && std::any_of(holds_.begin(), holds_.end(), [&](const Hold& b) {
               return b.process != own->process && b.from <= low && high < b.until;
             });
    });
  }

 private:
  struct Hold {
    std::size_t invoke;
    std::optional<std::size_t> complete;
    std::int64_t process;
    std::optional<std::int64_t> token;
    Moment from, until, over;
    bool renewal;
  };

  const std::string& f(const Operation& operation) const { return history_[operation.invoke].f; }
  OpType outcome(const Operation& operation) const {
    return operation.complete ? history_[*operation.complete].type : OpType::kInfo;
  }
  bool is_ok(const Operation& operation) const { return outcome(operation) == OpType::kOk; }
  std::int64_t process(const Operation& operation) const {
    return history_[operation.invoke].process.value();
  }
  Moment at(std::size_t position) const { return {history_[position].time.ns(), position}; }
  std::optional<std::int64_t> number(const Operation& operation, const char* name) const {
    const auto& extra = history_[*operation.complete].extra;
    const auto found = extra.find(name);
    return found == extra.end() ? std::nullopt : std::optional(*found->second.as_int());
  }
  std::optional<std::int64_t> token(const Operation& operation) const { return number(operation, "token"); }
  std::optional<std::int64_t> sequence(const Operation& operation) const {
    return number(operation, "sequence");
  }
  Hold hold(const Operation& acquire) const {
    Hold out{acquire.invoke,        acquire.complete, process(acquire), token(acquire),
             at(*acquire.complete), kNever,           kNever,           false};
    const std::optional<std::int64_t> validity = number(acquire, "validity");
    if (validity) {
      out.until = {history_[acquire.invoke].time.ns() + *validity, 0};
      out.over = {history_[*acquire.complete].time.ns() + *validity, 0};
    }
    for (const Operation& later : operations_) {
      if (process(later) != out.process || later.invoke < *acquire.complete) continue;
      const bool releases = f(later) == "release";
      if (releases || (!validity && outcome(later) == OpType::kInfo))
        out.until = std::min(out.until, at(later.invoke));
      if (releases && outcome(later) != OpType::kFail) out.over = std::min(out.over, at(later.invoke));
    }
    const Operation* last = nullptr;
    bool released = false;
    for (const Operation& earlier : operations_) {
      if (process(earlier) != out.process || earlier.invoke >= acquire.invoke) continue;
      if (f(earlier) == "acquire" && is_ok(earlier)) {
        last = &earlier;
        released = false;
      }
      released |= f(earlier) == "release" && outcome(earlier) != OpType::kFail;
    }
    out.renewal = last != nullptr && !released && out.token && token(*last) == out.token;
    return out;
  }

  const Hold* hold_of(const Operation& use) const {
    const Hold* own = nullptr;
    const Hold* any = nullptr;
    bool several = false;
    for (const Hold& hold : holds_) {
      if (*hold.complete > use.invoke || (token(use) && token(use) != hold.token)) continue;
      if (hold.process == process(use) && (own == nullptr || own->from < hold.from)) own = &hold;
      if (any != nullptr) several |= any->process != hold.process;
      if (any == nullptr || any->from < hold.from) any = &hold;
    }
    return own != nullptr || !token(use) || several ? own : any;
  }

  const History& history_;
  std::vector<Operation> operations_;
  std::vector<Hold> holds_;
  std::vector<Operation> uses_;
};

/// Four clients of a lock that is broken now and then.
class RandomLocks {
 public:
  explicit RandomLocks(Rng rng) : rng_(std::move(rng)), breaks_(rng_.pick(std::vector<int>{0, 3, 8})) {}

  HistoryBuilder tell() {
    leases_ = rng_.chance(1, 2);
    sequences_ = rng_.chance(2, 3);
    for (std::int64_t events = rng_.between(4, 30); events > 0; --events) {
      Client& client = clients_[rng_.below(clients_.size())];
      if (client.open.empty()) {
        invoke(client);
      } else {
        complete(client);
      }
    }
    return std::move(history_);
  }

 private:
  struct Client {
    int process;
    std::string open;
    bool holds = false;
    std::int64_t token = 0;
  };

  bool breaks() { return rng_.below(32) < static_cast<std::uint64_t>(breaks_); }

  void invoke(Client& client) {
    client.open = client.holds ? (rng_.chance(1, 2) ? "write" : "release") : "acquire";
    if (breaks()) client.open = rng_.pick(std::vector<std::string>{"acquire", "write", "release"});
    history_.invoke(client.process, client.open);
    if (client.open == "release") held_ = held_ == client.process ? -1 : held_;
  }

  void complete(Client& client) {
    const std::string f = std::exchange(client.open, "");
    if (rng_.chance(1, 12)) {
      history_.info(client.process);
      if (held_ == client.process) held_ = -1;
      client = {.process = next_process_++, .open = {}};
      return;
    }
    const auto now = static_cast<std::int64_t>(history_.history().size()) + 1;
    if (f == "acquire" && held_ >= 0 && held_ != client.process && now < held_until_ && !breaks()) {
      history_.fail(client.process);
      return;
    }
    if (f != "acquire" && rng_.chance(1, 10)) {
      history_.fail(client.process);
      if (f == "release" && held_ < 0) held_ = client.process;
      return;
    }
    Op& op = history_[history_.ok(client.process)];
    if (f == "release") client.holds = false;
    if (f == "acquire") {
      if (leases_) op.extra["validity"] = rng_.between(0, 24) * kMillisecond / 2;
      held_until_ = leases_ ? now + *op.extra["validity"].as_int() / kMillisecond : INT64_MAX;
      client.holds = true;
      held_ = client.process;
      client.token = breaks() ? rng_.between(0, 4) : ++token_;
      if (!rng_.chance(1, 8)) op.extra["token"] = client.token;
    }
    if (f == "write") {
      if (rng_.chance(3, 4)) op.extra["token"] = client.token;
      if (sequences_ && !rng_.chance(1, 16))
        op.extra["sequence"] = breaks() ? rng_.between(0, 5) : ++sequence_;
    }
  }

  Rng rng_;
  int breaks_;
  bool leases_ = false;
  bool sequences_ = false;
  int held_ = -1;
  std::int64_t held_until_ = INT64_MAX;
  int next_process_ = 4;
  std::int64_t token_ = 0;
  std::int64_t sequence_ = 0;
  std::vector<Client> clients_ = {{0, {}}, {1, {}}, {2, {}}, {3, {}}};
  HistoryBuilder history_;
};

TEST(LocksAgainstDefinition, AgreeOnRandomHistories) {
  const FuzzRange range = fuzz_range(20261206, 20'000);
  std::map<std::string, std::uint64_t> invalid;
  for (std::uint64_t i = 0; i < range.histories; ++i) {
    const HistoryBuilder history = RandomLocks(Rng(range.seed).split("history", i)).tell();
    ASSERT_TRUE(check_well_formed(history.history()).ok());
    const Finding finding = check_locks(history);
    const LocksByDefinition definition(history.history());
    const std::map<std::string, std::int64_t> expected = {{"overlaps", definition.overlaps()},
                                                          {"overruns", definition.overruns()},
                                                          {"tokens-twice", definition.twice()},
                                                          {"tokens-out-of-order", definition.out_of_order()},
                                                          {"tokens-gone-back", definition.gone_back()}};
    std::int64_t all = 0;
    for (const auto& [name, number] : expected) {
      ASSERT_EQ(figure(finding, name), number) << name << ", seed " << range.seed << ", history " << i << '\n'
                                               << print_jsonl(history.history());
      invalid[name] += number > 0 ? 1 : 0;
      all += number;
    }
    ASSERT_EQ(finding.verdict == Verdict::kInvalid, all > 0);
    invalid["any"] += all > 0 ? 1 : 0;
  }
  EXPECT_GT(invalid["any"], range.histories / 4);
  for (const auto& [name, number] : invalid) {
    EXPECT_GT(number, range.histories / 50) << name;
    EXPECT_LT(number, range.histories * 7 / 8) << name;
  }
}

TEST(LockSafety, WithFewerUsesWhatIsValidStaysValid) {
  const FuzzRange range = fuzz_range(20261207, 2'000);
  for (std::uint64_t i = 0; i < range.histories; ++i) {
    const HistoryBuilder history = RandomLocks(Rng(range.seed).split("history", i)).tell();
    if (check_locks(history).verdict != Verdict::kValid) continue;
    HistoryBuilder fewer;
    std::set<std::size_t> dropped;
    Rng rng = Rng(range.seed).split("dropped", i);
    for (const Operation& operation : pair_operations(history.history())) {
      const bool write = history.history()[operation.invoke].f == "write" && operation.complete;
      if (!write || history.history()[*operation.complete].type != OpType::kOk || rng.chance(1, 2)) continue;
      dropped.insert({operation.invoke, *operation.complete});
    }
    for (std::size_t at = 0; at < history.history().size(); ++at) {
      if (dropped.contains(at)) continue;
      const Op& op = history.history()[at];
      const int process = static_cast<int>(op.process.value());
      const std::size_t copy = op.type == OpType::kInvoke ? fewer.invoke(process, op.f)
                               : op.type == OpType::kOk   ? fewer.ok(process)
                               : op.type == OpType::kFail ? fewer.fail(process)
                                                          : fewer.info(process);
      fewer[copy].extra = op.extra;
      fewer[copy].time = op.time;
    }
    ASSERT_NE(check_locks(fewer).verdict, Verdict::kInvalid)
        << "seed " << range.seed << ", history " << i << '\n'
        << print_jsonl(fewer.history());
  }
}

}  // namespace
}  // namespace ordeal::testing
