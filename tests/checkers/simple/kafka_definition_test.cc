// Append-only logs against the definitions of what is wrong with them, on random histories.

#include "checkers/formats/jsonl.h"
#include "checkers/simple/kafka_log.h"
#include "common/prng.h"
#include "tests/checkers/fuzz_range.h"
#include "tests/checkers/history_builder.h"
#include "tests/checkers/simple/told_history.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace ordeal::testing {
namespace {

Finding judge_kafka(const History& history) {
  return make_kafka_log_checker(FinalPolls::kNotPromised)->check(history, {});
}

/// A message as an operation told it.
struct Told {
  int key = 0;
  int value = 0;
  std::optional<std::int64_t> offset;
};
struct ToldOperation {
  int process = 0;
  OpType outcome = OpType::kOk;
  std::vector<Told> sends = {};
  std::vector<Told> polls = {};
  std::optional<std::set<int>> assigned = {};
};

/// The rules as they are said, pair by pair.
class KafkaByDefinition {
 public:
  explicit KafkaByDefinition(const std::vector<ToldOperation>& operations) : operations_(operations) {
    for (const ToldOperation& operation : operations) {
      if (committed(operation)) enter(operation.sends);
      enter(operation.polls);
    }
  }

  std::map<std::string, std::int64_t> count() {
    for (const auto& [place, values] : at_) counts_["inconsistent-offsets"] += values.size() > 1;
    for (const auto& [message, offsets] : offsets_) counts_["duplicate"] += offsets.size() > 1;
    std::set<Message> all;
    for (const ToldOperation& operation : operations_) {
      bool own = false;
      for (const Told& polled : operation.polls) {
        all.insert(message(polled));
        own |= sends(operation, message(polled));
        const bool aborted = failed(message(polled)) && !attempted(message(polled));
        counts_["G1a"] += aborted && operation.outcome == OpType::kOk;
      }
      counts_["precommitted-read"] += own;
      for (const Told& sent : operation.sends) all.insert(message(sent));
    }
    for (const Message& message : all) count(message);
    for (std::size_t i = 0; i < operations_.size(); ++i) {
      for (const int key : {0, 1}) {
        count_within(operations_[i].polls, key, "int-nonmonotonic-poll", "int-poll-skip");
        count_within(operations_[i].sends, key, "int-nonmonotonic-send", "int-send-skip");
        count_across(i, key, &ToldOperation::polls, "nonmonotonic-poll", "poll-skip");
        if (operations_[i].outcome != OpType::kFail)
          count_across(i, key, &ToldOperation::sends, "nonmonotonic-send", "");
      }
    }
    return counts_;
  }

 private:
  using Message = std::pair<int, int>;  ///< key, value

  static Message message(const Told& told) { return {told.key, told.value}; }
  static bool sends(const ToldOperation& operation, const Message& sent) {
    return std::any_of(operation.sends.begin(), operation.sends.end(),
                       [&](const Told& told) { return message(told) == sent; });
  }
  bool failed(const Message& sent) const {
    return std::any_of(operations_.begin(), operations_.end(), [&](const ToldOperation& operation) {
      return operation.outcome == OpType::kFail && sends(operation, sent);
    });
  }
  bool attempted(const Message& sent) const {
    return std::any_of(operations_.begin(), operations_.end(), [&](const ToldOperation& operation) {
      return operation.outcome != OpType::kFail && sends(operation, sent);
    });
  }
  bool ok_polled(const Message& wanted) const {
    return std::any_of(operations_.begin(), operations_.end(), [&](const ToldOperation& operation) {
      return operation.outcome == OpType::kOk &&
             std::any_of(operation.polls.begin(), operation.polls.end(),
                         [&](const Told& told) { return message(told) == wanted; });
    });
  }
  bool committed(const ToldOperation& operation) const {
    if (operation.outcome != OpType::kInfo) return operation.outcome == OpType::kOk;
    return std::any_of(operation.sends.begin(), operation.sends.end(),
                       [&](const Told& told) { return ok_polled(message(told)); });
  }
  void enter(const std::vector<Told>& records) {
    for (const Told& told : records) {
      if (!told.offset) continue;
      at_[{told.key, *told.offset}].insert(told.value);
      offsets_[message(told)].insert(*told.offset);
    }
  }

  void count(const Message& message) {
    const bool polled = ok_polled(message);
    bool certain = false;
    bool acknowledged = false;
    for (const ToldOperation& operation : operations_) {
      if (!sends(operation, message)) continue;
      certain |= committed(operation);
      acknowledged |= operation.outcome == OpType::kOk;
    }
    counts_["unexpected"] += !failed(message) && !attempted(message);
    counts_["unseen"] += acknowledged && !polled;
    const auto offsets = offsets_.find(message);
    if (polled || !certain || offsets == offsets_.end()) return;
    counts_["lost-write"] += std::any_of(offsets_.begin(), offsets_.end(), [&](const auto& other) {
      return other.first.first == message.first && ok_polled(other.first) &&
             *offsets->second.rbegin() <= *other.second.begin();
    });
  }

  std::optional<std::int64_t> place(const Told& told) const {
    const auto offsets = offsets_.find(message(told));
    if (offsets == offsets_.end()) return std::nullopt;
    if (told.offset) return told.offset;
    return offsets->second.size() == 1 ? std::optional(*offsets->second.begin()) : std::nullopt;
  }
  void count_pair(const Told& before, const Told& after, const std::string& back, const std::string& skip) {
    const auto from = place(before);
    const auto to = place(after);
    if (!from || !to) return;
    if (*to <= *from) {
      ++counts_[back];
    } else if (!skip.empty()) {
      counts_[skip] += std::any_of(at_.begin(), at_.end(), [&](const auto& entry) {
        return entry.first.first == after.key && *from < entry.first.second && entry.first.second < *to;
      });
    }
  }
  static std::vector<Told> of_key(const std::vector<Told>& records, int key) {
    std::vector<Told> out;
    for (const Told& told : records) {
      if (told.key == key) out.push_back(told);
    }
    return out;
  }
  void count_within(const std::vector<Told>& records, int key, const std::string& back,
                    const std::string& skip) {
    const std::vector<Told> own = of_key(records, key);
    for (std::size_t i = 1; i < own.size(); ++i) count_pair(own[i - 1], own[i], back, skip);
  }
  void count_across(std::size_t number, int key, std::vector<Told> ToldOperation::*member,
                    const std::string& back, const std::string& skip) {
    const std::vector<Told> own = of_key(operations_[number].*member, key);
    if (own.empty()) return;
    for (std::size_t i = number; i > 0; --i) {
      const ToldOperation& before = operations_[i - 1];
      if (before.process != operations_[number].process) continue;
      if (before.assigned && before.outcome != OpType::kFail && !before.assigned->contains(key)) return;
      const bool polls = member == &ToldOperation::polls;
      const bool moved = polls ? before.outcome == OpType::kOk : before.outcome != OpType::kFail;
      const std::vector<Told> theirs = of_key(before.*member, key);
      if (!moved || theirs.empty()) continue;
      return count_pair(theirs.back(), own.front(), back, skip);
    }
  }

  const std::vector<ToldOperation>& operations_;
  std::map<std::pair<int, std::int64_t>, std::set<int>> at_;
  std::map<Message, std::set<std::int64_t>> offsets_;
  std::map<std::string, std::int64_t> counts_;
};

/// Producers and consumers of two logs that are broken now and then.
class RandomKafka {
 public:
  explicit RandomKafka(Rng rng) : rng_(std::move(rng)), breaks_(rng_.pick(std::vector<int>{0, 0, 1, 4})) {}

  std::vector<ToldOperation> tell() {
    for (std::int64_t count = rng_.between(2, 14); count > 0; --count) {
      const std::size_t client = rng_.below(processes_.size());
      if (rng_.chance(1, 8)) {
        assign(client);
      } else {
        transact(client);
      }
    }
    if (rng_.chance(3, 4)) poll_everything();
    return std::move(told_);
  }

 private:
  struct Entry {
    std::int64_t offset;
    int value;
  };

  bool breaks() { return rng_.below(24) < static_cast<std::uint64_t>(breaks_); }

  void assign(std::size_t client) {
    ToldOperation out{.process = processes_[client]};
    out.assigned.emplace();
    for (const int key : {0, 1}) {
      if (rng_.chance(2, 3)) {
        out.assigned->insert(key);
      } else {
        position_[client][static_cast<std::size_t>(key)] =
            rng_.below(logs_[static_cast<std::size_t>(key)].size() + 1);
      }
    }
    told_.push_back(std::move(out));
  }

  void transact(std::size_t client) {
    ToldOperation out{.process = processes_[client]};
    const bool only = rng_.chance(1, 2);
    const bool send = rng_.chance(1, 2);
    out.outcome = rng_.chance(1, 8) ? OpType::kInfo : (rng_.chance(1, 10) ? OpType::kFail : OpType::kOk);
    const auto before = position_[client];
    for (std::int64_t steps = rng_.between(1, 3); steps > 0; --steps) {
      const int key = static_cast<int>(rng_.below(2));
      if (only ? send : rng_.chance(1, 2)) {
        out.sends.push_back({.key = key, .value = breaks() ? 1 : next_value_++, .offset = {}});
      } else {
        poll(client, key, out);
      }
    }
    if (out.outcome != OpType::kOk) position_[client] = before;
    commit(out);
    if (out.outcome == OpType::kInfo) processes_[client] = next_process_++;
    told_.push_back(std::move(out));
  }

  void poll(std::size_t client, int key, ToldOperation& out) {
    const std::vector<Entry>& log = logs_[static_cast<std::size_t>(key)];
    std::size_t& position = position_[client][static_cast<std::size_t>(key)];
    if (breaks()) position = rng_.below(log.size() + 1);
    for (std::int64_t count = rng_.between(0, 3); count > 0 && position < log.size(); --count, ++position) {
      const Entry& entry = log[position];
      out.polls.push_back({.key = key, .value = entry.value, .offset = entry.offset});
      if (rng_.chance(1, 16)) out.polls.back().offset.reset();
    }
    if (breaks()) out.polls.push_back({.key = key, .value = 90, .offset = rng_.between(0, 9)});
    if (breaks() && !out.sends.empty()) out.polls.push_back(out.sends.back());
  }

  void commit(ToldOperation& out) {
    for (Told& sent : out.sends) {
      std::vector<Entry>& log = logs_[static_cast<std::size_t>(sent.key)];
      const bool lands = out.outcome == OpType::kOk || (out.outcome == OpType::kInfo && rng_.chance(1, 2));
      std::int64_t& offset = next_offset_[static_cast<std::size_t>(sent.key)];
      offset += rng_.between(1, 2);
      if (lands != breaks()) log.push_back({.offset = offset, .value = sent.value});
      if (breaks()) log.push_back({.offset = ++offset, .value = sent.value});
      const bool says = out.outcome == OpType::kOk ? !rng_.chance(1, 8) : rng_.chance(1, 4);
      if (says) sent.offset = breaks() ? rng_.between(0, offset) : offset;
    }
  }

  void poll_everything() {
    ToldOperation out{.process = next_process_++};
    for (const int key : {0, 1}) {
      for (const Entry& entry : logs_[static_cast<std::size_t>(key)]) {
        if (!breaks()) out.polls.push_back({.key = key, .value = entry.value, .offset = entry.offset});
      }
    }
    told_.push_back(std::move(out));
  }

  Rng rng_;
  int breaks_;
  int next_value_ = 1;
  int next_process_ = 3;
  std::vector<int> processes_ = {0, 1, 2};
  std::vector<std::vector<std::size_t>> position_ = {{0, 0}, {0, 0}, {0, 0}};
  std::vector<std::vector<Entry>> logs_ = {{}, {}};
  std::vector<std::int64_t> next_offset_ = {0, 0};
  std::vector<ToldOperation> told_;
};

/// As Jepsen writes it; each poll is a micro-operation of its own.
History write_down(const std::vector<ToldOperation>& operations) {
  HistoryBuilder history{Value()};
  for (const ToldOperation& operation : operations) {
    Value::List steps;
    for (const Told& sent : operation.sends) {
      const Value offset = sent.offset ? Value(*sent.offset) : Value();
      steps.emplace_back(Value::List{":send", sent.key, Value::List{offset, sent.value}});
    }
    for (const Told& polled : operation.polls) {
      const Value offset = polled.offset ? Value(*polled.offset) : Value();
      const Value::List pair = {Value::List{offset, polled.value}};
      steps.emplace_back(Value::List{"poll", Value::Map{{std::to_string(polled.key), pair}}});
    }
    if (operation.assigned) {
      for (const int key : *operation.assigned) steps.emplace_back(key);
    }
    history.invoke(operation.process, operation.assigned ? "assign" : "txn", steps);
    if (operation.outcome == OpType::kOk) history.ok(operation.process);
    if (operation.outcome == OpType::kFail) history.fail(operation.process);
    if (operation.outcome == OpType::kInfo) history.info(operation.process);
  }
  return history.history();
}

TEST(KafkaAgainstDefinition, AgreesOnRandomHistories) {
  const FuzzRange range = fuzz_range(20261211, 20'000);
  std::map<std::string, std::uint64_t> seen;
  for (std::uint64_t i = 0; i < range.histories; ++i) {
    const std::vector<ToldOperation> told = RandomKafka(Rng(range.seed).split("history", i)).tell();
    const History history = write_down(told);
    ASSERT_TRUE(check_well_formed(history).ok());
    const Finding finding = judge_kafka(history);
    bool violated = false;
    for (const auto& [name, number] : KafkaByDefinition(told).count()) {
      ASSERT_EQ(figure(finding, name), number) << name << ", seed " << range.seed << ", history " << i << '\n'
                                               << print_jsonl(history);
      seen[name] += number > 0 ? 1 : 0;
      violated |= number > 0 && name != "unseen" && name != "int-send-skip";
    }
    ASSERT_EQ(finding.verdict == Verdict::kInvalid, violated);
    seen["any"] += violated ? 1 : 0;
  }
  EXPECT_GT(seen["any"], range.histories / 4);
  for (const auto& [name, number] : seen) {
    EXPECT_GT(number, range.histories / 100) << name;
    EXPECT_LT(number, range.histories * 7 / 8) << name;
  }
}

TEST(KafkaLog, WithFewerPollsWhatIsValidStaysValid) {
  const FuzzRange range = fuzz_range(20261212, 2'000);
  for (std::uint64_t i = 0; i < range.histories; ++i) {
    std::vector<ToldOperation> told = RandomKafka(Rng(range.seed).split("history", i)).tell();
    if (judge_kafka(write_down(told)).verdict != Verdict::kValid) continue;
    Rng rng = Rng(range.seed).split("dropped", i);
    std::vector<ToldOperation> fewer = told;
    for (ToldOperation& operation : fewer) {
      if (rng.chance(1, 2)) operation.polls.clear();
    }
    // What consumers leave out is theirs to explain: all polls together have to be without holes.
    const Finding some = judge_kafka(write_down(fewer));
    for (const char* name :
         {"inconsistent-offsets", "duplicate", "G1a", "unexpected", "precommitted-read", "nonmonotonic-poll",
          "nonmonotonic-send", "int-nonmonotonic-poll", "int-poll-skip", "int-nonmonotonic-send"}) {
      ASSERT_EQ(figure(some, name), 0) << name << ", seed " << range.seed << ", history " << i << '\n'
                                       << print_jsonl(write_down(fewer));
    }
    for (ToldOperation& operation : told) operation.polls.clear();
    ASSERT_NE(judge_kafka(write_down(told)).verdict, Verdict::kInvalid);
  }
}

}  // namespace
}  // namespace ordeal::testing
