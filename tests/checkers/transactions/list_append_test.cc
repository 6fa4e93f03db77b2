// Isolation of list-append histories: anomalies by name, and the strong levels by their definitions, executed
// in all orders, on random small histories.

#include "checkers/transactions/list_append.h"

#include "checkers/formats/jsonl.h"
#include "common/prng.h"
#include "tests/checkers/fuzz_range.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>

namespace ordeal::testing {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

/// One micro-operation; of an append the element is the only one in `list`.
struct Micro {
  bool append = false;
  std::string key;
  std::vector<std::int64_t> list;
};
struct ListTxn {
  std::int64_t process = 0;
  OpType outcome = OpType::kOk;
  std::vector<Micro> micros;
  std::size_t invoke = 0;
  std::size_t complete = 0;
};

Micro a(const std::string& key, std::int64_t element) {
  return {.append = true, .key = key, .list = {element}};
}
Micro r(const std::string& key, std::vector<std::int64_t> list) {
  return {.append = false, .key = key, .list = std::move(list)};
}

Value value_of(const std::vector<Micro>& micros, bool with_results) {
  Value::List out;
  for (const Micro& micro : micros) {
    Value::List list;
    for (const std::int64_t element : micro.list) list.push_back(element);
    if (micro.append) {
      out.push_back(Value::List{"append", micro.key, micro.list.front()});
    } else {
      out.push_back(Value::List{"r", micro.key, with_results ? Value(list) : Value()});
    }
  }
  return out;
}

/// Events by the positions of the transactions.
History history_of(const std::vector<ListTxn>& txns) {
  std::map<std::size_t, std::pair<const ListTxn*, OpType>> events;
  for (const ListTxn& txn : txns) {
    events[txn.invoke] = {&txn, OpType::kInvoke};
    events[txn.complete] = {&txn, txn.outcome};
  }
  History history;
  for (const auto& [position, event] : events) {
    Op op;
    op.index = static_cast<std::int64_t>(history.size());
    op.time = nanoseconds(op.index);
    op.process = ProcessId(event.first->process);
    op.type = event.second;
    op.f = "txn";
    op.value = value_of(event.first->micros, op.type == OpType::kOk);
    history.push_back(op);
  }
  return history;
}

/// One after the other, each in a process of its own.
std::vector<ListTxn> serial(std::vector<std::vector<Micro>> micros) {
  std::vector<ListTxn> txns;
  for (std::vector<Micro>& each : micros) {
    const std::size_t at = 2 * txns.size();
    txns.push_back({.process = static_cast<std::int64_t>(txns.size()),
                    .outcome = OpType::kOk,
                    .micros = std::move(each),
                    .invoke = at,
                    .complete = at + 1});
  }
  return txns;
}
/// All at once.
std::vector<ListTxn> concurrent(std::vector<std::vector<Micro>> micros) {
  std::vector<ListTxn> txns = serial(std::move(micros));
  for (std::size_t i = 0; i < txns.size(); ++i) {
    txns[i].invoke = i;
    txns[i].complete = txns.size() + i;
  }
  return txns;
}

IsolationFinding check(const std::vector<ListTxn>& txns) {
  const Result<ListHistory> history = read_list_history(history_of(txns));
  EXPECT_TRUE(history.ok());
  const Result<IsolationFinding> finding = check_list_append(*history);
  EXPECT_TRUE(finding.ok()) << finding.error().message;
  return *finding;
}

std::vector<std::string> names(const std::vector<ListTxn>& txns) {
  std::vector<std::string> out;
  for (const TransactionAnomaly& anomaly : check(txns).anomalies) out.push_back(anomaly.name);
  return out;
}

using Names = std::vector<std::string>;

TEST(ListAppend, NothingIsWrongWithASerialHistory) {
  EXPECT_EQ(names(serial({{a("x", 1)}, {r("x", {1}), a("x", 2), r("x", {1, 2})}, {r("x", {1, 2})}})),
            Names{});
}

TEST(ListAppend, NamesWhatIsWrongWithoutACircle) {
  std::vector<ListTxn> aborted = serial({{a("x", 1)}, {r("x", {1})}});
  aborted[0].outcome = OpType::kFail;
  EXPECT_EQ(names(aborted), Names{"G1a"});
  EXPECT_EQ(names(serial({{a("x", 1), a("x", 2)}, {r("x", {1})}, {r("x", {1, 2})}})).front(), "G1b");
  EXPECT_EQ(names(serial({{r("x", {9})}})), Names{"thin-air-read"});
  EXPECT_EQ(names(serial({{a("x", 1)}, {r("x", {1, 1})}})), Names{"duplicate-elements"});
  EXPECT_EQ(names(concurrent({{a("x", 1)}, {a("x", 2)}, {r("x", {1, 2})}, {r("x", {2})}})),
            Names{"incompatible-order"});
  EXPECT_EQ(names(serial({{a("x", 1)}, {r("x", {1}), a("x", 2), r("x", {1})}})), Names{"internal"});
  EXPECT_EQ(names(serial({{r("x", {1}), a("x", 1)}})), Names{"internal"});
  std::vector<ListTxn> built_upon = serial({{a("x", 1)}, {a("x", 2)}, {r("x", {1, 2})}});
  built_upon[0].outcome = OpType::kFail;
  EXPECT_EQ(names(built_upon), (Names{"G1a", "dirty-update"}));
}

TEST(ListAppend, NamesCirclesByTheirSteps) {
  EXPECT_EQ(
      names(concurrent({{a("x", 1), a("y", 1)}, {a("x", 2), a("y", 2)}, {r("x", {1, 2}), r("y", {2, 1})}}))
          .front(),
      "G0");
  EXPECT_EQ(names(concurrent({{a("x", 1), r("y", {1})}, {a("y", 1), r("x", {1})}})), Names{"G1c"});
  // Read skew.
  EXPECT_EQ(names(concurrent({{a("x", 1), a("y", 1)}, {r("x", {}), r("y", {1})}, {r("x", {1})}})),
            Names{"G-single"});
  // Lost update.
  EXPECT_EQ(names(concurrent({{r("x", {}), a("x", 1)}, {r("x", {}), a("x", 2)}, {r("x", {1, 2})}})),
            Names{"G-single"});
  // Write skew: snapshot isolation allows it.
  const auto skew =
      concurrent({{r("x", {}), a("y", 1)}, {r("y", {}), a("x", 1)}, {r("x", {1}), r("y", {1})}});
  EXPECT_EQ(names(skew), Names{"G2-item"});
  EXPECT_TRUE(check(skew).holds(IsolationLevel::kSnapshotIsolation, SessionOrder::kNone));
  EXPECT_FALSE(check(skew).holds(IsolationLevel::kSerializable, SessionOrder::kNone));
  // Long fork.
  EXPECT_EQ(
      names(concurrent({{a("x", 1)}, {a("y", 1)}, {r("x", {1}), r("y", {})}, {r("x", {}), r("y", {1})}})),
      Names{"G-nonadjacent"});
}

TEST(ListAppend, TellsProcessesAndRealTimeApart) {
  std::vector<ListTxn> stale = serial({{a("x", 1)}, {r("x", {})}, {r("x", {1})}});
  EXPECT_EQ(names(stale), Names{"G-single-realtime"});
  EXPECT_TRUE(check(stale).holds(IsolationLevel::kSerializable, SessionOrder::kProcess));
  EXPECT_FALSE(check(stale).holds(IsolationLevel::kSnapshotIsolation, SessionOrder::kRealtime));
  stale[1].process = stale[0].process;
  EXPECT_EQ(names(stale).front(), "G-single-process");
}

// A read that does not show an append that nobody ever read came before it.
TEST(ListAppend, WhatNobodyReadComesLast) {
  EXPECT_EQ(names(serial({{a("x", 1)}, {a("x", 2)}, {r("x", {1})}})), Names{"G-single-realtime"});
}

TEST(ListAppend, UnknownTransactionsCountWhenTheyWereSeen) {
  std::vector<ListTxn> txns = serial({{a("x", 1)}, {r("x", {})}});
  txns[0].outcome = OpType::kInfo;
  EXPECT_EQ(names(txns), Names{});
  txns.push_back({.process = 7, .outcome = OpType::kOk, .micros = {r("x", {1})}, .invoke = 4, .complete = 5});
  txns.push_back({.process = 8, .outcome = OpType::kOk, .micros = {r("x", {})}, .invoke = 6, .complete = 7});
  EXPECT_EQ(names(txns), Names{"G-single-realtime"});
}

// What was seen of it elsewhere says that it took effect, and so did all that it appended.
TEST(ListAppend, UnknownTransactionsThatWereSeenTookEffectAsAWhole) {
  std::vector<ListTxn> txns = serial({{a("x", 1), a("y", 2)}, {r("x", {1})}, {r("y", {})}});
  txns[0].outcome = OpType::kInfo;
  EXPECT_EQ(names(txns), Names{"G-single-realtime"});
}

TEST(ListAppend, SaysWhyInSentences) {
  const auto txns = concurrent({{a("x", 1), r("y", {1})}, {a("y", 1), r("x", {1})}});
  const std::vector<TransactionAnomaly> anomalies = check(txns).anomalies;
  ASSERT_EQ(anomalies.size(), 1U);
  EXPECT_THAT(anomalies[0].text, HasSubstr("T1 read in \"x\" what T0 appended"));
  EXPECT_THAT(anomalies[0].text, HasSubstr("T0 read in \"y\" what T1 appended"));
}

TEST(ListAppend, RefusesWhatIsNoneOfTheWorkload) {
  const auto error_of = [](Value value) {
    History history(1);
    history[0].f = "txn";
    history[0].value = std::move(value);
    const auto read = read_list_history(history);
    return read.ok() ? "" : read.error().message;
  };
  EXPECT_THAT(error_of(5), HasSubstr("operation 0: expected a list of micro-operations, found 5"));
  EXPECT_THAT(error_of(Value::List{Value::List{"append", "x"}}),
              HasSubstr("expected [append KEY ELEMENT] or [r KEY LIST]"));
  EXPECT_THAT(error_of(Value::List{Value::List{"w", "x", 1}}),
              HasSubstr("expected [append KEY ELEMENT] or [r KEY LIST]"));
  const auto twice = read_list_history(history_of(serial({{a("x", 1)}, {a("x", 1)}})));
  EXPECT_THAT(check_list_append(*twice).error().message,
              HasSubstr("operations 0 and 2 both append 1 to \"x\""));
}

// --- The definitions

using Lists = std::map<std::string, std::vector<std::int64_t>>;

/// Executes a transaction on a state; whether it read what it says it read.
bool execute(const ListTxn& txn, Lists& lists) {
  for (const Micro& micro : txn.micros) {
    if (micro.append) {
      lists[micro.key].push_back(micro.list.front());
    } else if (txn.outcome == OpType::kOk && lists[micro.key] != micro.list) {
      return false;
    }
  }
  return true;
}

bool has_to_precede(const ListTxn& before, const ListTxn& after, SessionOrder order) {
  if (order == SessionOrder::kNone) return false;
  if (before.process == after.process && before.invoke < after.invoke) return true;
  return order == SessionOrder::kRealtime && before.outcome == OpType::kOk && before.complete < after.invoke;
}

bool is_serializable(const std::vector<ListTxn>& txns, SessionOrder order) {
  std::vector<bool> done(txns.size(), false);
  const std::function<bool(const Lists&, std::size_t)> extend = [&](const Lists& lists, std::size_t count) {
    if (count == txns.size()) return true;
    for (std::size_t i = 0; i < txns.size(); ++i) {
      const auto waits = [&](std::size_t other) {
        return !done[other] && other != i && has_to_precede(txns[other], txns[i], order);
      };
      bool early = done[i];
      for (std::size_t other = 0; other < txns.size(); ++other) early = early || waits(other);
      Lists next = lists;
      if (early || !execute(txns[i], next)) continue;
      done[i] = true;
      if (extend(next, count + 1)) return true;
      done[i] = false;
    }
    return false;
  };
  return extend({}, 0);
}

// Each transaction starts at some time, with what was committed by then, and commits later; of two that write
// the same key one has committed before the other starts.
bool is_snapshot_isolated(const std::vector<ListTxn>& txns, SessionOrder order) {
  enum class Phase { kBefore, kRunning, kCommitted };
  std::vector<Phase> phase(txns.size(), Phase::kBefore);
  const auto writes_too = [](const ListTxn& one, const ListTxn& other) {
    return std::any_of(one.micros.begin(), one.micros.end(), [&](const Micro& micro) {
      return micro.append && std::any_of(other.micros.begin(), other.micros.end(), [&](const Micro& second) {
               return second.append && second.key == micro.key;
             });
    });
  };
  const std::function<bool(const Lists&, std::size_t)> extend = [&](const Lists& committed,
                                                                    std::size_t count) {
    if (count == txns.size()) return true;
    for (std::size_t i = 0; i < txns.size(); ++i) {
      Lists next = committed;
      if (phase[i] == Phase::kBefore) {
        bool may = true;
        for (std::size_t other = 0; other < txns.size(); ++other) {
          if (other == i || phase[other] == Phase::kCommitted) continue;
          may = may && !has_to_precede(txns[other], txns[i], order);
          may = may && !(phase[other] == Phase::kRunning && writes_too(txns[i], txns[other]));
        }
        if (!may || !execute(txns[i], next)) continue;
        phase[i] = Phase::kRunning;
        if (extend(committed, count)) return true;
        phase[i] = Phase::kBefore;
      } else if (phase[i] == Phase::kRunning) {
        for (const Micro& micro : txns[i].micros) {
          if (micro.append) next[micro.key].push_back(micro.list.front());
        }
        phase[i] = Phase::kCommitted;
        if (extend(next, count + 1)) return true;
        phase[i] = Phase::kRunning;
      }
    }
    return false;
  };
  return extend({}, 0);
}

/// With any choice of what became of the unknown ones.
bool is_possible(const std::vector<ListTxn>& txns,
                 const std::function<bool(const std::vector<ListTxn>&)>& holds) {
  std::vector<std::size_t> unknown;
  for (std::size_t i = 0; i < txns.size(); ++i) {
    if (txns[i].outcome == OpType::kInfo) unknown.push_back(i);
  }
  for (std::uint32_t chosen = 0; chosen < 1U << unknown.size(); ++chosen) {
    std::vector<ListTxn> some;
    for (std::size_t i = 0; i < txns.size(); ++i) {
      const auto place = std::find(unknown.begin(), unknown.end(), i) - unknown.begin();
      const bool left_out =
          place < static_cast<std::ptrdiff_t>(unknown.size()) && (chosen >> place & 1U) == 0;
      if (txns[i].outcome != OpType::kFail && !left_out) some.push_back(txns[i]);
    }
    if (holds(some)) return true;
  }
  return false;
}

/// Transactions on one state, some on old ones, with a few lies; now and then all elements are read at the
/// end.
std::vector<ListTxn> random_txns(Rng& rng) {
  const std::size_t count = static_cast<std::size_t>(rng.between(2, 5));
  const std::int64_t processes = rng.between(1, 4);
  std::vector<Lists> states = {{}};
  std::vector<ListTxn> txns;
  std::int64_t element = 0;
  std::set<std::int64_t> ended;
  std::map<std::int64_t, std::size_t> free_from;
  std::size_t now = 0;
  const std::uint64_t age = rng.below(3);
  for (std::size_t i = 0; i < count; ++i) {
    ListTxn txn{.process = rng.between(0, processes - 1),
                .outcome = OpType::kOk,
                .micros = {},
                .invoke = 0,
                .complete = 0};
    if (ended.contains(txn.process)) continue;
    Lists view = states[states.size() - 1 - std::min<std::size_t>(states.size() - 1, rng.below(age + 1))];
    Lists latest = states.back();
    for (std::int64_t micros = rng.between(1, 3); micros > 0; --micros) {
      const std::string key = rng.chance(1, 2) ? "x" : "y";
      if (rng.chance(1, 2)) {
        txn.micros.push_back(a(key, ++element));
        view[key].push_back(element);
        latest[key].push_back(element);
      } else {
        txn.micros.push_back(r(key, view[key]));
        if (rng.chance(1, 12) && !view[key].empty()) txn.micros.back().list.pop_back();
      }
    }
    if (rng.chance(1, 8)) txn.outcome = rng.chance(1, 2) ? OpType::kFail : OpType::kInfo;
    if (txn.outcome == OpType::kInfo) ended.insert(txn.process);
    if (txn.outcome == OpType::kOk || rng.chance(1, 2)) states.push_back(latest);
    // Positions are spread so that intervals overlap or not.
    txn.invoke = std::max(free_from[txn.process], now > 6 ? now - rng.below(6) : now) * 10 + i;
    txn.complete = txn.invoke + 10 * static_cast<std::size_t>(rng.between(1, 8)) + 5;
    free_from[txn.process] = txn.complete / 10 + 1;
    now += static_cast<std::size_t>(rng.between(1, 4));
    txns.push_back(txn);
  }
  if (rng.chance(2, 3)) {
    std::size_t end = 0;
    for (const ListTxn& txn : txns) end = std::max(end, txn.complete);
    const Lists& all = states.back();
    ListTxn last{
        .process = 99, .outcome = OpType::kOk, .micros = {}, .invoke = end + 11, .complete = end + 26};
    for (const auto& [key, list] : all) last.micros.push_back(r(key, list));
    if (!last.micros.empty()) txns.push_back(last);
  }
  return txns;
}

/// Whether every append that took effect for certain was read.
bool all_read(const std::vector<ListTxn>& txns) {
  std::set<std::int64_t> read;
  for (const ListTxn& txn : txns) {
    for (const Micro& micro : txn.micros) {
      if (!micro.append && txn.outcome == OpType::kOk) read.insert(micro.list.begin(), micro.list.end());
    }
  }
  return std::all_of(txns.begin(), txns.end(), [&](const ListTxn& txn) {
    return txn.outcome != OpType::kOk ||
           std::all_of(txn.micros.begin(), txn.micros.end(), [&](const Micro& micro) {
             return !micro.append || read.contains(micro.list.front());
           });
  });
}

TEST(ListAppendAgainstBruteForce, AgreesOnRandomHistories) {
  const FuzzRange range = fuzz_range(20261203, 200'000);
  std::map<std::string, std::uint64_t> invalid;
  std::uint64_t complete = 0;
  for (std::uint64_t i = 0; i < range.histories; ++i) {
    Rng rng = Rng(range.seed).split("history", i);
    const std::vector<ListTxn> txns = random_txns(rng);
    const IsolationFinding finding = check(txns);
    const bool told = all_read(txns);
    complete += told ? 1 : 0;
    for (const SessionOrder order : {SessionOrder::kNone, SessionOrder::kProcess, SessionOrder::kRealtime}) {
      for (const IsolationLevel level : {IsolationLevel::kSnapshotIsolation, IsolationLevel::kSerializable}) {
        const bool expected = is_possible(txns, [&](const std::vector<ListTxn>& some) {
          return level == IsolationLevel::kSerializable ? is_serializable(some, order)
                                                        : is_snapshot_isolated(some, order);
        });
        const bool found = finding.holds(level, order);
        // What nobody read may have come in any order, so more may be allowed than is.
        ASSERT_TRUE(found == expected || (found && !told))
            << to_text(level, order) << " holds: " << expected << ", seed " << range.seed << ", history " << i
            << '\n'
            << print_jsonl(history_of(txns));
        if (!expected) ++invalid[to_text(level, order)];
      }
    }
  }
  EXPECT_GT(complete, range.histories / 4);
  for (const auto& [name, count] : invalid) {
    EXPECT_GT(count, range.histories / 20) << name;
    EXPECT_LT(count, range.histories * 19 / 20) << name;
  }
}

}  // namespace
}  // namespace ordeal::testing
