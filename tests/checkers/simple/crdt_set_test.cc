// Sets that converge: on histories that are wrong, and against their definition on random ones.

#include "checkers/formats/jsonl.h"
#include "checkers/simple/crdt.h"
#include "common/prng.h"
#include "tests/checkers/fuzz_range.h"
#include "tests/checkers/history_builder.h"
#include "tests/checkers/simple/told_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace ordeal::testing {
namespace {

using ::testing::HasSubstr;

Finding check_crdt_set(const HistoryBuilder& history) {
  return make_crdt_set_checker()->check(history.history(), {});
}
Value elements(std::initializer_list<int> numbers) {
  Value::List out;
  for (const int number : numbers) out.push_back(number);
  return out;
}

TEST(CrdtSet, NamesALostAddition) {
  HistoryBuilder history;
  const std::size_t added = does(history, 0, "add", 1, 1);
  does(history, 1, "add", 2, 2);
  does(history, 0, "read", {}, elements({2, 1}));
  does(history, 1, "read", {}, elements({1, 2}));
  EXPECT_EQ(check_crdt_set(history).verdict, Verdict::kValid);
  const std::size_t first = does(history, 0, "read", {}, elements({2}));
  does(history, 1, "read", {}, elements({2}));
  const Finding finding = check_crdt_set(history);
  EXPECT_EQ(finding.verdict, Verdict::kInvalid);
  EXPECT_EQ(figure(finding, "lost"), 1);
  EXPECT_EQ(figure(finding, "diverged"), 0);
  EXPECT_EQ(finding.witnesses.at(0).stuck.at(0).invoke, first);
  EXPECT_EQ(finding.witnesses.at(0).stuck.at(1).invoke, added);
}

TEST(CrdtSet, NamesPhantoms) {
  HistoryBuilder history;
  const std::size_t failed = history.invoke(0, "add", 1);
  history.fail(0);
  const std::size_t early = does(history, 1, "read", {}, elements({2}));
  does(history, 1, "add", 2, 2);
  const std::size_t guilty = does(history, 1, "read", {}, elements({1, 2}));
  does(history, 0, "read", {}, elements({1, 2}));
  const Finding finding = check_crdt_set(history);
  EXPECT_EQ(finding.verdict, Verdict::kInvalid);
  EXPECT_EQ(figure(finding, "phantom"), 2);
  EXPECT_EQ(finding.witnesses.at(0).stuck.at(0).invoke, early);
  EXPECT_EQ(finding.witnesses.at(1).stuck.at(0).invoke, guilty);
  EXPECT_EQ(finding.witnesses.at(1).stuck.at(1).invoke, failed);
}

TEST(CrdtSet, NamesWhatWasRaisedFromTheDead) {
  HistoryBuilder history;
  does(history, 0, "add", 1, 1);
  const std::size_t removed = does(history, 0, "remove", 1, 1);
  const std::size_t guilty = does(history, 0, "read", {}, elements({1}));
  does(history, 1, "read", {}, elements({1}));
  const Finding finding = check_crdt_set(history);
  EXPECT_EQ(finding.verdict, Verdict::kInvalid);
  EXPECT_EQ(figure(finding, "resurrected"), 1);
  EXPECT_EQ(finding.witnesses.at(0).stuck.at(0).invoke, guilty);
  EXPECT_EQ(finding.witnesses.at(0).stuck.at(1).invoke, removed);
}

TEST(CrdtSet, ARemoveTakesOnlyWhatItsSessionKnew) {
  HistoryBuilder history;
  does(history, 0, "add", 1, 1);
  does(history, 1, "remove", 1, 1);  // its replica had not heard of it
  does(history, 0, "add", 2, 2);
  does(history, 0, "remove", 2, 2);
  does(history, 2, "add", 2, 2);  // once more
  does(history, 0, "add", 3, 3);
  history.invoke(0, "remove", 3);
  history.info(0);
  for (const int process : {1, 2}) does(history, process, "read", {}, elements({1, 2, 3}));
  EXPECT_EQ(check_crdt_set(history).verdict, Verdict::kValid);
  for (const int process : {1, 2}) does(history, process, "read", {}, elements({2}));
  EXPECT_EQ(check_crdt_set(history).verdict, Verdict::kValid);
}

TEST(CrdtSet, AnUnknownAdditionMayBeThereOrNot) {
  HistoryBuilder history;
  history.invoke(0, "add", 1);
  history.info(0);
  for (const int process : {1, 2}) does(history, process, "read", {}, elements({}));
  EXPECT_EQ(check_crdt_set(history).verdict, Verdict::kValid);
  for (const int process : {1, 2}) does(history, process, "read", {}, elements({1}));
  EXPECT_EQ(check_crdt_set(history).verdict, Verdict::kValid);
  does(history, 1, "remove", 1, 1);
  for (const int process : {1, 2}) does(history, process, "read", {}, elements({1}));
  EXPECT_EQ(figure(check_crdt_set(history), "resurrected"), 1);
}

TEST(CrdtSet, SaysWhenItCannotTell) {
  HistoryBuilder history;
  does(history, 0, "add", 1, 1);
  does(history, 0, "read", {}, elements({1}));
  EXPECT_EQ(check_crdt_set(history).verdict, Verdict::kUnknown);
  does(history, 1, "read", {}, 1);
  does(history, 0, "read", {}, 1);
  EXPECT_EQ(check_crdt_set(history).verdict, Verdict::kUnknown);
  EXPECT_THAT(check_crdt_set(history).why, HasSubstr("operation 4 read 1, which is no list"));
}

/// The rules as they are said, element by element and operation by operation.
class SetByDefinition {
 public:
  explicit SetByDefinition(const History& history)
      : history_(history), operations_(pair_operations(history)) {
    std::size_t quiet = 0;
    for (std::size_t i = 0; i < history.size(); ++i) quiet = history[i].f != "read" ? i + 1 : quiet;
    std::map<NodeId, Operation> last;
    for (const Operation& operation : operations_) {
      if (is(operation, "read") && operation.invoke >= quiet) last[node(operation)] = operation;
    }
    for (const auto& [node, read] : last) finals_.push_back(read);
  }

  std::map<std::string, std::int64_t> count(std::int64_t elements_max) const {
    std::map<std::string, std::int64_t> out = {{"lost", 0}, {"phantom", 0}, {"resurrected", 0}};
    for (std::int64_t element = 0; element <= elements_max; ++element) {
      const auto final_has = [&](bool wanted, std::size_t after) {
        return std::any_of(finals_.begin(), finals_.end(), [&](const Operation& read) {
          return has(read, element) == wanted && after < read.invoke;
        });
      };
      out["lost"] += std::any_of(operations_.begin(), operations_.end(), [&](const Operation& add) {
        return is(add, "add", element) && attempts("remove", element).empty() &&
               final_has(false, *add.complete);
      });
      out["phantom"] += std::any_of(operations_.begin(), operations_.end(), [&](const Operation& read) {
        const auto adds = attempts("add", element);
        return is(read, "read") && has(read, element) &&
               std::none_of(adds.begin(), adds.end(),
                            [&](const Operation& add) { return add.invoke < *read.complete; });
      });
      out["resurrected"] += std::any_of(operations_.begin(), operations_.end(), [&](const Operation& remove) {
        return is(remove, "remove", element) && attempts("add", element).size() == 1 &&
               knew(remove, element) && final_has(true, *remove.complete);
      });
    }
    std::set<std::set<Value>> states;
    for (const Operation& read : finals_) {
      const Value::List& list = *history_[*read.complete].value.as_list();
      states.insert({list.begin(), list.end()});
    }
    out["diverged"] = states.size() > 1 ? 1 : 0;
    return out;
  }

 private:
  NodeId node(const Operation& operation) const { return history_[operation.invoke].node; }
  OpType outcome(const Operation& operation) const {
    return operation.complete ? history_[*operation.complete].type : OpType::kInfo;
  }
  bool is(const Operation& operation, std::string_view f) const {
    return history_[operation.invoke].f == f && outcome(operation) == OpType::kOk;
  }
  bool is(const Operation& operation, std::string_view f, std::int64_t element) const {
    return is(operation, f) && history_[operation.invoke].value == Value(element);
  }
  bool has(const Operation& read, std::int64_t element) const {
    const Value::List& list = *history_[*read.complete].value.as_list();
    return std::find(list.begin(), list.end(), Value(element)) != list.end();
  }
  std::vector<Operation> attempts(std::string_view f, std::int64_t element) const {
    std::vector<Operation> out;
    for (const Operation& operation : operations_) {
      const Op& op = history_[operation.invoke];
      if (op.f == f && op.value == Value(element) && outcome(operation) != OpType::kFail)
        out.push_back(operation);
    }
    return out;
  }
  /// Whether its session had added the element or read it, and it had been added by then.
  bool knew(const Operation& remove, std::int64_t element) const {
    const Operation add = attempts("add", element).front();
    return std::any_of(operations_.begin(), operations_.end(), [&](const Operation& before) {
      return outcome(before) == OpType::kOk && *before.complete < remove.invoke &&
             history_[before.invoke].process == history_[remove.invoke].process &&
             node(before) == node(remove) &&
             (is(before, "add", element) ||
              (is(before, "read") && has(before, element) && add.invoke < *before.complete));
    });
  }

  const History& history_;
  std::vector<Operation> operations_;
  std::vector<Operation> finals_;
};

/// Clients of two or three replicas that forget, invent and disagree now and then.
class RandomSets {
 public:
  explicit RandomSets(Rng rng) : rng_(std::move(rng)), breaks_(rng_.pick(std::vector<int>{0, 0, 1, 4})) {}

  HistoryBuilder tell() {
    for (std::int64_t events = rng_.between(4, 30); events > 0; --events) {
      const std::size_t client = rng_.below(processes_.size());
      if (open_[client].empty()) {
        invoke(client, rng_.pick(std::vector<std::string>{"add", "add", "remove", "read"}));
      } else {
        complete(client);
      }
    }
    for (std::size_t client = 0; client < processes_.size(); ++client) {
      if (!open_[client].empty()) complete(client);
    }
    for (std::size_t client = 0; client < 2; ++client) {
      invoke(client, "read");
      complete(client);
    }
    return std::move(history_);
  }

  static constexpr std::int64_t kElementsMax = 9;

 private:
  bool breaks() { return rng_.below(32) < static_cast<std::uint64_t>(breaks_); }

  void invoke(std::size_t client, const std::string& f) {
    open_[client] = f;
    const bool read = f == "read";
    // Mostly new elements, and mostly one's own to remove.
    const bool fresh = f == "add" && fresh_ <= kElementsMax && rng_.chance(7, 8);
    if (fresh) {
      element_[client] = fresh_++;
    } else if (f != "remove" || rng_.chance(1, 4)) {
      element_[client] = rng_.between(0, kElementsMax);
    }
    const std::size_t at = history_.invoke(processes_[client], f, read ? Value() : Value(element_[client]));
    node_[client] =
        NodeId(static_cast<std::uint32_t>(rng_.chance(1, 6) ? rng_.between(1, 2) : 1 + client % 2));
    history_[at].node = node_[client];
  }

  void complete(std::size_t client) {
    const std::string f = std::exchange(open_[client], "");
    std::size_t at = 0;
    if (f == "read") {
      std::set<std::int64_t> seen = state_;
      for (std::int64_t element = 0; element <= kElementsMax; ++element) {
        if (breaks()) seen.erase(element);
        if (breaks()) seen.insert(element);
      }
      Value::List list;
      for (const std::int64_t element : seen) list.emplace_back(element);
      rng_.shuffle(list);
      at = history_.ok(processes_[client], list);
    } else {
      const bool info = rng_.chance(1, 6);
      const bool fail = !info && rng_.chance(1, 8);
      at = info   ? history_.info(processes_[client])
           : fail ? history_.fail(processes_[client])
                  : history_.ok(processes_[client]);
      if (!fail && (!info || rng_.chance(1, 2)) && !breaks()) {
        if (f == "add") state_.insert(element_[client]);
        if (f == "remove") state_.erase(element_[client]);
      }
      if (info) processes_[client] = next_process_++;
    }
    history_[at].node = node_[client];
  }

  Rng rng_;
  int breaks_;
  int next_process_ = 3;
  std::int64_t fresh_ = 0;
  std::vector<int> processes_ = {0, 1, 2};
  std::vector<std::string> open_ = {"", "", ""};
  std::vector<std::int64_t> element_ = {0, 0, 0};
  std::vector<NodeId> node_ = {NodeId(0), NodeId(0), NodeId(0)};
  std::set<std::int64_t> state_;
  HistoryBuilder history_;
};

TEST(CrdtSetAgainstDefinition, AgreesOnRandomHistories) {
  const FuzzRange range = fuzz_range(20261208, 20'000);
  std::map<std::string, std::uint64_t> seen;
  for (std::uint64_t i = 0; i < range.histories; ++i) {
    const HistoryBuilder history = RandomSets(Rng(range.seed).split("history", i)).tell();
    ASSERT_TRUE(check_well_formed(history.history()).ok());
    const Finding finding = check_crdt_set(history);
    std::int64_t all = 0;
    for (const auto& [name, number] : SetByDefinition(history.history()).count(RandomSets::kElementsMax)) {
      ASSERT_EQ(figure(finding, name), number) << name << ", seed " << range.seed << ", history " << i << '\n'
                                               << print_jsonl(history.history());
      seen[name] += number > 0 ? 1 : 0;
      all += number;
    }
    ASSERT_EQ(finding.verdict == Verdict::kInvalid, all > 0);
    seen["any"] += all > 0 ? 1 : 0;
  }
  EXPECT_GT(seen["any"], range.histories / 4);
  for (const auto& [name, number] : seen) {
    EXPECT_GT(number, range.histories / 50) << name;
    EXPECT_LT(number, range.histories * 7 / 8) << name;
  }
}

TEST(CrdtSet, WithFewerReadsWhatIsValidStaysValid) {
  const FuzzRange range = fuzz_range(20261209, 2'000);
  for (std::uint64_t i = 0; i < range.histories; ++i) {
    const HistoryBuilder history = RandomSets(Rng(range.seed).split("history", i)).tell();
    if (check_crdt_set(history).verdict != Verdict::kValid) continue;
    Rng rng = Rng(range.seed).split("dropped", i);
    std::set<std::size_t> dropped;
    std::size_t quiet = 0;  // of the reads after that, a node's last one is the one that counts
    for (std::size_t at = 0; at < history.history().size(); ++at)
      quiet = history.history()[at].f != "read" ? at + 1 : quiet;
    for (const Operation& operation : pair_operations(history.history())) {
      const bool early = history.history()[operation.invoke].f == "read" && operation.invoke < quiet;
      if (!early || rng.chance(1, 2)) continue;
      dropped.insert(operation.invoke);
      if (operation.complete) dropped.insert(*operation.complete);
    }
    History fewer;
    for (std::size_t at = 0; at < history.history().size(); ++at) {
      if (dropped.contains(at)) continue;
      fewer.push_back(history.history()[at]);
      fewer.back().index = static_cast<std::int64_t>(fewer.size()) - 1;
    }
    ASSERT_NE(make_crdt_set_checker()->check(fewer, {}).verdict, Verdict::kInvalid)
        << "seed " << range.seed << ", history " << i << '\n'
        << print_jsonl(fewer);
  }
}

}  // namespace
}  // namespace ordeal::testing
