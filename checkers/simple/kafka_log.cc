#include "checkers/simple/kafka_log.h"

#include "checkers/simple/finding_builder.h"
#include "checkers/simple/kafka_history.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace ordeal {
namespace {

constexpr std::uint32_t kNoOne = UINT32_MAX;

/// What is known of a message. Operations are numbers in KafkaHistory::operations.
struct MessageStory {
  std::uint32_t sender = kNoOne;  ///< may have sent it, and did if `sent`
  std::uint32_t failed = kNoOne;  ///< failed to send it
  std::uint32_t reader = kNoOne;  ///< an ok that polled it
  bool named = false;             ///< as one that nobody sent
  bool sent = false;              ///< for certain
  bool acknowledged = false;
  std::optional<std::int64_t> first;  ///< the least offset in the log
  std::int64_t last = 0;              ///< the greatest
};

/// A message at its place in the log, with the operation that says so.
struct LogEntry {
  std::uint32_t key = 0;
  std::int64_t offset = 0;
  std::uint32_t message = 0;
  std::uint32_t operation = 0;

  [[nodiscard]] bool same_place(const LogEntry& other) const {
    return key == other.key && offset == other.offset;
  }
};

/// Where a process left off in a key.
struct LeftOff {
  KafkaRecord record;
  std::uint32_t operation = 0;
};
using LeftOffs = std::map<std::int64_t, std::map<std::uint32_t, LeftOff>>;  ///< by process, by key

class KafkaRun {
 public:
  KafkaRun(const HistoryTable& history, FinalPolls polls, std::string_view name)
      : history_(history),
        drained_(polls == FinalPolls::kOfEverything),
        builder_(name),
        kafka_(read_kafka(history)) {}

  Finding finish() && {
    for (const char* name :
         {"inconsistent-offsets", "duplicate", "lost-write", "G1a", "unexpected", "precommitted-read",
          "nonmonotonic-poll", "poll-skip", "nonmonotonic-send", "int-nonmonotonic-poll", "int-poll-skip",
          "int-nonmonotonic-send", "int-send-skip", "unseen"}) {
      figures_[name] = 0;
    }
    stories_.resize(kafka_.messages.size());
    tell_stories();
    build_log();
    judge_log();
    for (std::uint32_t i = 0; i < kafka_.operations.size(); ++i) judge(i);
    judge_losses();
    return std::move(*this).conclude();
  }

 private:
  [[nodiscard]] const KafkaOperation& at(std::uint32_t number) const { return kafka_.operations[number]; }

  void tell_stories() {
    for (std::uint32_t i = 0; i < kafka_.operations.size(); ++i) {
      const KafkaOperation& operation = at(i);
      const bool ok = operation.outcome == OpType::kOk;
      for (const KafkaRecord& record : operation.sends) {
        MessageStory& story = stories_[record.message];
        if (operation.outcome == OpType::kFail) {
          story.failed = i;
        } else if (ok || story.sender == kNoOne) {
          story.sender = i;
        }
        story.acknowledged |= ok;
      }
      for (const KafkaRecord& record : operation.polls) {
        MessageStory& story = stories_[record.message];
        if (ok && story.reader == kNoOne) story.reader = i;
        any_polled_ = true;
      }
    }
    for (const KafkaOperation& operation : kafka_.operations) {
      if (!must_have_committed(operation)) continue;
      for (const KafkaRecord& record : operation.sends) stories_[record.message].sent = true;
    }
  }

  /// It says so, or an ok has polled something that it sent.
  [[nodiscard]] bool must_have_committed(const KafkaOperation& operation) const {
    if (operation.outcome == OpType::kOk) return true;
    if (operation.outcome == OpType::kFail) return false;
    return std::any_of(operation.sends.begin(), operation.sends.end(),
                       [&](const KafkaRecord& record) { return stories_[record.message].reader != kNoOne; });
  }

  void build_log() {
    for (std::uint32_t i = 0; i < kafka_.operations.size(); ++i) {
      const KafkaOperation& operation = at(i);
      const auto enter = [&](const std::vector<KafkaRecord>& records) {
        for (const KafkaRecord& record : records) {
          if (!record.offset) continue;
          log_.push_back(
              {.key = record.key, .offset = *record.offset, .message = record.message, .operation = i});
        }
      };
      if (must_have_committed(operation)) enter(operation.sends);
      enter(operation.polls);
    }
    std::sort(log_.begin(), log_.end(), [](const LogEntry& a, const LogEntry& b) {
      return std::tie(a.key, a.offset, a.message, a.operation) <
             std::tie(b.key, b.offset, b.message, b.operation);
    });
    offsets_.resize(kafka_.keys.size());
    for (const LogEntry& entry : log_) {
      std::vector<std::int64_t>& offsets = offsets_[entry.key];
      if (offsets.empty() || offsets.back() != entry.offset) offsets.push_back(entry.offset);
      MessageStory& story = stories_[entry.message];
      if (!story.first) story.first = entry.offset;
      story.last = entry.offset;
    }
  }

  void judge_log() {
    std::map<std::uint32_t, const LogEntry*> first;  // by message, of those that have several offsets
    std::set<std::uint32_t> duplicated;
    const LogEntry* place = nullptr;
    bool divided = false;
    for (const LogEntry& entry : log_) {
      if (place == nullptr || !place->same_place(entry)) {
        place = &entry;
        divided = false;
      } else if (entry.message != place->message && !std::exchange(divided, true)) {
        accuse("inconsistent-offsets", entry.key,
               {step(place->operation, fmt::format("saw {} there", text(place->message))),
                step(entry.operation, fmt::format("saw {} there", text(entry.message)))},
               fmt::format("offset {} of key {} has {} and {}", entry.offset, kafka_.keys[entry.key],
                           text(place->message), text(entry.message)));
      }
      const MessageStory& story = stories_[entry.message];
      if (*story.first == story.last) continue;
      const auto [other, fresh] = first.emplace(entry.message, &entry);
      if (fresh || other->second->offset == entry.offset || !duplicated.insert(entry.message).second)
        continue;
      accuse("duplicate", entry.key,
             {step(other->second->operation, fmt::format("saw it at offset {}", other->second->offset)),
              step(entry.operation, fmt::format("saw it at offset {}", entry.offset))},
             fmt::format("{} is in key {} at offset {} and at offset {}", text(entry.message),
                         kafka_.keys[entry.key], other->second->offset, entry.offset));
    }
  }

  void judge(std::uint32_t number) {
    const KafkaOperation& operation = at(number);
    if (operation.assigns) return assign(operation);
    for (const KafkaRecord& record : operation.polls) judge_origin(number, record);
    judge_own(number);
    const Names polls{.back = "nonmonotonic-poll", .skip = "poll-skip", .verb = "polled"};
    const Names sends{.back = "nonmonotonic-send", .skip = {}, .verb = "sent to"};
    const bool moves = operation.outcome == OpType::kOk;
    follow(number, operation.polls, {"int-nonmonotonic-poll", "int-poll-skip", "polled"}, polls, last_polls_,
           moves);
    const bool judged = operation.outcome != OpType::kFail;
    follow(number, operation.sends, {"int-nonmonotonic-send", "int-send-skip", "sent to"},
           judged ? sends : Names{}, last_sends_, judged);
  }

  void assign(const KafkaOperation& operation) {
    const std::int64_t process = history_.process(operation.operation.invoke).value();
    for (LeftOffs* all : {&last_polls_, &last_sends_}) {
      std::map<std::uint32_t, LeftOff>& by_key = (*all)[process];
      if (operation.from_beginning && all == &last_polls_) by_key.clear();
      std::erase_if(by_key, [&](const auto& item) {
        return !std::binary_search(operation.assigned.begin(), operation.assigned.end(), item.first);
      });
    }
  }

  void judge_origin(std::uint32_t number, const KafkaRecord& record) {
    MessageStory& story = stories_[record.message];
    if (story.sender != kNoOne) return;
    if (story.failed == kNoOne) {
      if (std::exchange(story.named, true)) return;
      const std::string why = fmt::format("{} polled {} of key {}, which nobody sent", who(number),
                                          text(record.message), kafka_.keys[record.key]);
      accuse("unexpected", record.key, {step_of(at(number).operation, why)}, why);
    } else if (at(number).outcome == OpType::kOk) {
      const std::string why = fmt::format("{} polled {} of key {}, which had failed to be sent", who(number),
                                          text(record.message), kafka_.keys[record.key]);
      accuse("G1a", record.key, {step(story.failed, "failed to send it"), step_of(at(number).operation, why)},
             why);
    }
  }

  void judge_own(std::uint32_t number) {
    const KafkaOperation& operation = at(number);
    if (operation.sends.empty() || operation.polls.empty()) return;
    std::set<std::uint32_t> own;
    for (const KafkaRecord& record : operation.sends) own.insert(record.message);
    for (const KafkaRecord& record : operation.polls) {
      if (!own.contains(record.message)) continue;
      const std::string why = fmt::format("{} polled {} of key {}, which it was itself about to send",
                                          who(number), text(record.message), kafka_.keys[record.key]);
      return accuse("precommitted-read", record.key, {step_of(operation.operation, why)}, why);
    }
  }

  struct Names {
    std::string_view back;
    std::string_view skip;
    std::string_view verb;
  };

  /// Compares neighbours of one key within an operation, and the first with where the process had left off.
  void follow(std::uint32_t number, const std::vector<KafkaRecord>& records, const Names& within,
              const Names& across, LeftOffs& left_offs, bool moves) {
    if (records.empty()) return;
    const KafkaOperation& operation = at(number);
    std::map<std::uint32_t, LeftOff>& by_key =
        left_offs[history_.process(operation.operation.invoke).value()];
    std::map<std::uint32_t, const KafkaRecord*> last;  // by key, in this operation
    for (const KafkaRecord& record : records) {
      const auto [before, first] = last.try_emplace(record.key, &record);
      const bool rebalanced =
          std::binary_search(operation.rebalanced.begin(), operation.rebalanced.end(), record.key);
      if (!first && (!rebalanced || &left_offs == &last_sends_)) {
        compare({.record = *before->second, .operation = number}, {.record = record, .operation = number},
                within);
      } else if (first && !across.back.empty()) {
        const auto left = by_key.find(record.key);
        if (left != by_key.end()) compare(left->second, {.record = record, .operation = number}, across);
      }
      before->second = &record;
    }
    if (!moves) return;
    for (const auto& [key, record] : last)
      by_key.insert_or_assign(key, LeftOff{.record = *record, .operation = number});
  }

  /// The offset that it says, or the only one that its message has; nothing when the message is not in the
  /// log.
  [[nodiscard]] std::optional<std::int64_t> place_of(const KafkaRecord& record) const {
    const MessageStory& story = stories_[record.message];
    if (!story.first || record.offset) return story.first ? record.offset : std::nullopt;
    return *story.first == story.last ? story.first : std::nullopt;
  }

  void compare(const LeftOff& before, const LeftOff& after, const Names& names) {
    const std::optional<std::int64_t> from = place_of(before.record);
    const std::optional<std::int64_t> to = place_of(after.record);
    if (!from || !to) return;
    const std::vector<std::int64_t>& offsets = offsets_[after.record.key];
    const auto next = std::upper_bound(offsets.begin(), offsets.end(), *from);
    const bool back = *to <= *from;
    if (!back && (names.skip.empty() || next == offsets.end() || *next >= *to)) return;
    const std::string& key = kafka_.keys[after.record.key];
    const std::string why =
        back ? fmt::format("{} {} key {} at offset {} after offset {}", who(after.operation), names.verb, key,
                           *to, *from)
             : fmt::format("{} {} key {} at offset {} after offset {}, and skipped offset {}",
                           who(after.operation), names.verb, key, *to, *from, *next);
    std::vector<WitnessStep> steps = {step_of(at(after.operation).operation, why)};
    if (before.operation != after.operation)
      steps.insert(steps.begin(), step(before.operation, fmt::format("left off at offset {}", *from)));
    accuse(back ? names.back : names.skip, after.record.key, std::move(steps), why);
  }

  void judge_losses() {
    // By key: the message that an ok polled and that lies farthest, at its least offset.
    std::vector<std::uint32_t> farthest(kafka_.keys.size(), kNoOne);
    for (std::uint32_t i = 0; i < stories_.size(); ++i) {
      std::uint32_t& best = farthest[kafka_.messages[i].key];
      if (stories_[i].reader == kNoOne || !stories_[i].first) continue;
      if (best == kNoOne || *stories_[best].first < *stories_[i].first) best = i;
    }
    for (std::uint32_t i = 0; i < stories_.size(); ++i) {
      const MessageStory& story = stories_[i];
      if (story.reader != kNoOne) continue;
      const std::uint32_t key = kafka_.messages[i].key;
      if (story.acknowledged) {
        accuse("unseen", key, {step(story.sender, "sent it, and was told that it is there")},
               fmt::format("{} was sent to key {} and never polled", text(i), kafka_.keys[key]));
      }
      if (!story.sent || !story.first || farthest[key] == kNoOne) continue;
      const MessageStory& seen = stories_[farthest[key]];
      if (story.last > *seen.first) continue;
      accuse("lost-write", key,
             {step(story.sender, fmt::format("sent it: offset {}", story.last)),
              step(seen.reader, fmt::format("polled offset {}", *seen.first))},
             fmt::format("{} was sent to key {} at offset {}, and never polled, though offset {} was",
                         text(i), kafka_.keys[key], story.last, *seen.first));
    }
  }

  [[nodiscard]] std::string who(std::uint32_t number) const {
    return who_and_when(history_, at(number).operation);
  }
  [[nodiscard]] std::string text(std::uint32_t message) const {
    return to_text(kafka_.messages[message].value);
  }
  [[nodiscard]] WitnessStep step(std::uint32_t number, std::string_view what) const {
    return step_of(at(number).operation, fmt::format("{} {}", who(number), what));
  }

  /// Whether it is a violation, and not only worth counting.
  [[nodiscard]] bool forbidden(std::string_view name) const {
    if (name == "int-send-skip") return false;
    if (name == "unseen") return drained_;
    return !kafka_.subscribes || (name != "poll-skip" && name != "nonmonotonic-poll");
  }

  void accuse(std::string_view name, std::uint32_t key, std::vector<WitnessStep> steps,
              const std::string& why) {
    ++figures_[std::string(name)];
    if (!forbidden(name)) return;
    Witness witness;
    witness.key = kafka_.keys[key];
    witness.stuck = std::move(steps);
    builder_.accuse(name, std::move(witness), why);
  }

  Finding conclude() && {
    for (const auto& [name, number] : figures_) builder_.count(name, number);
    builder_.count("messages", static_cast<std::int64_t>(kafka_.messages.size()));
    builder_.count("keys", static_cast<std::int64_t>(kafka_.keys.size()));
    if (kafka_.problem) {
      builder_.give_up(*kafka_.problem);
    } else if (!any_polled_) {
      builder_.give_up("no poll returned anything: nothing was checked");
    }
    return std::move(builder_).finish(fmt::format("{} messages of {} keys, each log as it was promised",
                                                  kafka_.messages.size(), kafka_.keys.size()));
  }

  const HistoryTable& history_;
  const bool drained_;
  FindingBuilder builder_;
  const KafkaHistory kafka_;
  std::vector<MessageStory> stories_;
  std::vector<LogEntry> log_;
  std::vector<std::vector<std::int64_t>> offsets_;  ///< by key: all that are known, ascending
  LeftOffs last_polls_;
  LeftOffs last_sends_;
  std::map<std::string, std::int64_t> figures_;
  bool any_polled_ = false;
};

class KafkaLog final : public Checker {
 public:
  explicit KafkaLog(FinalPolls polls) : polls_(polls) {}

  [[nodiscard]] std::string_view name() const override {
    return polls_ == FinalPolls::kOfEverything ? "kafka-log-drained" : "kafka-log";
  }
  [[nodiscard]] Finding check(const HistoryTable& history, const Budget& /*budget*/) const override {
    return KafkaRun(history, polls_, name()).finish();
  }

 private:
  const FinalPolls polls_;
};

}  // namespace

std::unique_ptr<Checker> make_kafka_log_checker(FinalPolls polls) {
  return std::make_unique<KafkaLog>(polls);
}

}  // namespace ordeal
