#include "checkers/formats/etcd.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "checkers/formats/etcd_record.h"
#include "checkers/formats/foreign_ops.h"
#include "checkers/formats/json_objects.h"

namespace ordeal {
namespace {

/// What the whole file tells about the values of revisions.
class RevisionFacts {
 public:
  explicit RevisionFacts(const std::vector<EtcdRecord>& records) {
    for (const EtcdRecord& record : records) {
      for (const EtcdStep& step : record.on_success) count_put(step);
      for (const EtcdStep& step : record.on_failure) count_put(step);
      if (record.answered()) learn_from(record);
    }
  }

  /// The value that a key holds if and only if its last modification is this one; nothing when the file does
  /// not tell.
  [[nodiscard]] std::optional<Value> value_of(const std::string& key, std::int64_t revision) const {
    if (revision == 0) return Value();
    const auto fact = facts_.find({key, revision});
    if (fact == facts_.end() || !fact->second) return std::nullopt;
    const auto puts = puts_.find({key, *fact->second});
    if (puts != puts_.end() && puts->second > 1) return std::nullopt;
    return fact->second;
  }

 private:
  void count_put(const EtcdStep& step) {
    if (step.kind == EtcdStepKind::kPut) ++puts_[{step.key, step.value}];
  }
  void learn_from(const EtcdRecord& record) {
    for (const EtcdStep& step : record.taken()) {
      if (step.kind == EtcdStepKind::kPut) learn(step.key, record.revision, step.value);
    }
    for (std::size_t i = 0; i < record.results.size(); ++i) {
      const bool keys_only =
          record.request == EtcdRequest::kRange ? record.range.keys_only : record.taken()[i].range.keys_only;
      for (const EtcdKeyValue& found : record.results[i].found) {
        if (!keys_only && found.revision > 0) learn(found.key, found.revision, found.value);
      }
    }
  }
  void learn(const std::string& key, std::int64_t revision, const Value& value) {
    const auto [fact, fresh] = facts_.try_emplace({key, revision}, value);
    if (!fresh && fact->second != value) fact->second = std::nullopt;
  }

  std::map<std::pair<std::string, Value>, std::uint64_t> puts_;  ///< whatever became of them
  /// Nothing when answers contradict each other.
  std::map<std::pair<std::string, std::int64_t>, std::optional<Value>> facts_;
};

/// A record as an operation of a history.
struct Meaning {
  std::string f;
  std::vector<Value> keys;  ///< one operation for each
  Value argument;
  Value answer;
  bool changes = true;    ///< whether it may change a key
  bool mismatch = false;  ///< a cas that found another value
  std::optional<std::uint64_t> version;
  Value::Map told;     ///< extra members of the invocation
  Value::Map learned;  ///< and of the completion
};

bool is_get_of(const EtcdStep& step, const std::string& key) {
  return step.kind == EtcdStepKind::kRange && step.range.is_get() && step.range.start == key;
}

class Translator {
 public:
  explicit Translator(const RevisionFacts& facts) : facts_(facts) {}

  /// The error says what cannot be.
  Result<Meaning> translate(const EtcdRecord& record) {
    Result<Meaning> meaning =
        record.request == EtcdRequest::kRange ? range(record, record.range) : transaction(record);
    if (!meaning.ok()) return meaning;
    if (record.answered() && record.revision > 0) meaning->learned.emplace("revision", record.revision);
    if (!record.member.empty()) meaning->learned.emplace("member", record.member);
    return meaning;
  }

  [[nodiscard]] std::vector<std::string> notes() const {
    std::vector<std::string> notes;
    if (unknown_revisions_ > 0) {
      notes.push_back(
          fmt::format("{} compare-and-puts are txn: no answer tells the value of the revision that they "
                      "expect, or it was put twice",
                      unknown_revisions_));
    }
    if (deletes_ > 0) {
      notes.push_back(fmt::format(
          "{} deletes that found their key are writes of nil; that they found it is not judged", deletes_));
    }
    return notes;
  }

 private:
  static Result<Meaning> range(const EtcdRecord& record, const EtcdRange& range) {
    if (range.is_get()) return get(record, range.start);
    Meaning meaning{.f = range.revision != 0 ? "read-at-revision" : "range",
                    .keys = {range.end.empty() ? Value(range.start) : Value()},
                    .argument = record.argument,
                    .answer = record.answer,
                    .changes = false,
                    .version = {},
                    .told = {},
                    .learned = {}};
    return meaning;
  }

  static Result<Meaning> get(const EtcdRecord& record, const std::string& key) {
    Meaning meaning{.f = "read",
                    .keys = {Value(key)},
                    .argument = {},
                    .answer = {},
                    .changes = false,
                    .version = {},
                    .told = {},
                    .learned = {}};
    if (!record.answered()) return meaning;
    const std::vector<EtcdKeyValue>& found = record.results.front().found;
    if (found.empty()) return meaning;
    if (found.size() > 1 || found.front().key != key)
      return invalid_argument(fmt::format("a get of \"{}\" is answered with another key", key));
    meaning.answer = found.front().value;
    if (found.front().revision > 0) meaning.version = static_cast<std::uint64_t>(found.front().revision);
    if (found.front().version > 0) meaning.learned.emplace("key-version", found.front().version);
    return meaning;
  }

  Result<Meaning> transaction(const EtcdRecord& record) {
    if (record.conditions.empty() && record.on_success.size() == 1) {
      const EtcdStep& step = record.on_success.front();
      if (step.kind == EtcdStepKind::kDelete) return remove(record, step.key);
      if (step.kind == EtcdStepKind::kPut) return put(record, step);
      if (step.range.is_get()) return get(record, step.range.start);
    }
    if (is_cas(record)) {
      const EtcdCondition& condition = record.conditions.front();
      if (const std::optional<Value> expected = facts_.value_of(condition.key, condition.revision))
        return cas(record, *expected);
      ++unknown_revisions_;
    }
    return unsupported(record);
  }

  static Meaning change(const EtcdRecord& record, std::string f, const std::string& key, Value argument) {
    Meaning meaning{.f = std::move(f),
                    .keys = {Value(key)},
                    .argument = {},
                    .answer = argument,
                    .version = {},
                    .told = {},
                    .learned = {}};
    meaning.argument = std::move(argument);
    if (record.answered() && record.revision > 0)
      meaning.version = static_cast<std::uint64_t>(record.revision);
    return meaning;
  }

  static Meaning put(const EtcdRecord& record, const EtcdStep& step) {
    // It may go away at any time.
    if (step.lease != 0) {
      Meaning meaning = change(record, "put-with-lease", step.key, step.value);
      meaning.told.emplace("lease", step.lease);
      return meaning;
    }
    return change(record, "write", step.key, step.value);
  }

  Result<Meaning> remove(const EtcdRecord& record, const std::string& key) {
    Meaning meaning = change(record, "write", key, {});
    if (!record.answered()) return meaning;
    if (record.results.front().deleted == 0) {
      meaning.f = "read";
      meaning.version = std::nullopt;
    } else {
      ++deletes_;
    }
    return meaning;
  }

  static bool is_cas(const EtcdRecord& record) {
    if (record.conditions.size() != 1 || record.conditions.front().version != 0 ||
        record.on_success.size() != 1 || record.on_failure.size() > 1)
      return false;
    const std::string& key = record.conditions.front().key;
    const EtcdStep& step = record.on_success.front();
    return step.kind != EtcdStepKind::kRange && step.lease == 0 && step.key == key &&
           (record.on_failure.empty() || is_get_of(record.on_failure.front(), key));
  }

  static Result<Meaning> cas(const EtcdRecord& record, const Value& expected) {
    const EtcdCondition& condition = record.conditions.front();
    Meaning meaning =
        change(record, "cas", condition.key, Value::List{expected, record.on_success.front().value});
    meaning.told.emplace("expected-revision", condition.revision);
    meaning.mismatch = record.answered() && record.condition_failed;
    if (!meaning.mismatch) return meaning;
    meaning.version = std::nullopt;
    if (record.on_failure.empty()) return meaning;
    Result<Meaning> seen = get(record, condition.key);
    if (!seen.ok()) return seen;
    meaning.learned = std::move(seen->learned);
    meaning.learned.emplace("seen", std::move(seen->answer));
    return meaning;
  }

  static Meaning unsupported(const EtcdRecord& record) {
    std::set<std::string> keys;
    for (const std::vector<EtcdStep>* steps : {&record.on_success, &record.on_failure}) {
      for (const EtcdStep& step : *steps) {
        if (step.kind != EtcdStepKind::kRange) keys.insert(step.key);
      }
    }
    Meaning meaning{.f = "txn",
                    .keys = {},
                    .argument = record.argument,
                    .answer = record.answer,
                    .changes = !keys.empty(),
                    .version = {},
                    .told = {},
                    .learned = {}};
    for (const std::string& key : keys) meaning.keys.emplace_back(key);
    if (keys.empty()) meaning.keys.emplace_back();
    return meaning;
  }

  const RevisionFacts& facts_;
  std::uint64_t unknown_revisions_ = 0;
  std::uint64_t deletes_ = 0;
};

/// Puts calls and returns in the order of their times.
class Timeline {
 public:
  void add(ProcessId process, const Value& key, const Meaning& meaning, const EtcdRecord& record) {
    Op call;
    call.process = process;
    call.f = meaning.f;
    call.key = key;
    if (meaning.f != "read") call.value = meaning.argument;
    call.extra = meaning.told;
    push(record.call, false, call);
    Op completion = std::move(call);
    completion.extra = meaning.learned;
    completion.type = outcome(meaning, record);
    completion.error = meaning.mismatch          ? "mismatch"
                       : !record.refused.empty() ? record.refused
                                                 : record.error;
    if (completion.type == OpType::kOk) completion.value = meaning.answer;
    completion.version = meaning.version;
    push(record.completed, true, std::move(completion));
  }

  ParsedHistory finish() && {
    std::sort(events_.begin(), events_.end(), [](const Event& a, const Event& b) {
      return std::tie(a.time, a.completes, a.order) < std::tie(b.time, b.completes, b.order);
    });
    ForeignOps ops;
    for (Event& event : events_) ops.add(std::move(event.op), Duration(event.time));
    return std::move(ops).finish();
  }

 private:
  struct Event {
    std::int64_t time = 0;
    bool completes = false;
    std::size_t order = 0;
    Op op;
  };

  static OpType outcome(const Meaning& meaning, const EtcdRecord& record) {
    if (meaning.mismatch || !record.refused.empty()) return OpType::kFail;
    if (!record.error.empty()) return meaning.changes ? OpType::kInfo : OpType::kFail;
    return OpType::kOk;
  }

  void push(std::int64_t time, bool completes, Op op) {
    events_.push_back({.time = time, .completes = completes, .order = events_.size(), .op = std::move(op)});
  }

  std::vector<Event> events_;
};

class EtcdReader {
 public:
  Result<ParsedHistory> read(std::span<const NamedBytes> files) && {
    for (const NamedBytes& file : files) {
      if (files.size() > 1 && !is_etcd_file(file.name)) {
        ++skipped_;
      } else if (Status read = read_file(file, files.size() > 1); !read.ok()) {
        return read.error();
      }
    }
    if (Status one = check_one_at_a_time(); !one.ok()) return one.error();
    return make_history();
  }

 private:
  Status read_file(const NamedBytes& file, bool named) {
    const std::string prefix = named ? file.name + ": " : "";
    JsonObjects objects(file.bytes);
    while (true) {
      Result<std::optional<JsonObject>> object = objects.next();
      if (!object.ok()) return invalid_argument(prefix + object.error().message);
      if (!*object) return {};
      const std::string place = fmt::format("{}line {}", prefix, (*object)->line);
      Result<EtcdRecord> record = read_etcd_record((*object)->members);
      if (!record.ok()) return invalid_argument(fmt::format("{}: {}", place, record.error().message));
      record->place = place;
      records_.push_back(*std::move(record));
    }
  }

  /// The clients of etcd's tests begin a new number where they do not know an outcome.
  Status check_one_at_a_time() {
    std::stable_sort(records_.begin(), records_.end(), [](const EtcdRecord& a, const EtcdRecord& b) {
      return std::tie(a.client, a.call) < std::tie(b.client, b.call);
    });
    for (std::size_t i = 1; i < records_.size(); ++i) {
      const EtcdRecord& before = records_[i - 1];
      const EtcdRecord& record = records_[i];
      if (record.client != before.client || record.call > before.completed) continue;
      return invalid_argument(fmt::format(
          "{}: client {} calls at {}, but its call before ({}) returns at {}; expected one at a time",
          record.place, record.client, record.call, before.place, before.completed));
    }
    return {};
  }

  Result<ParsedHistory> make_history() {
    const RevisionFacts facts(records_);
    Translator translator(facts);
    Timeline timeline;
    std::int64_t next_process = records_.empty() ? 0 : records_.back().client + 1;
    for (const EtcdRecord& record : records_) {
      if (record.request != EtcdRequest::kRange && record.request != EtcdRequest::kTxn) {
        ++left_out_[to_text(record.request)];
        continue;
      }
      Result<Meaning> meaning = translator.translate(record);
      if (!meaning.ok())
        return invalid_argument(fmt::format("{}: {}", record.place, meaning.error().message));
      for (std::size_t i = 0; i < meaning->keys.size(); ++i) {
        const ProcessId process(i == 0 ? record.client : next_process++);
        timeline.add(process, meaning->keys[i], *meaning, record);
      }
      if (meaning->keys.size() > 1) ++spread_;
    }
    ParsedHistory parsed = std::move(timeline).finish();
    add_notes(translator.notes(), parsed.notes);
    return parsed;
  }

  void add_notes(const std::vector<std::string>& more, std::vector<std::string>& notes) const {
    if (skipped_ > 0) notes.push_back(fmt::format("{} files are no operations.json: left out", skipped_));
    if (!left_out_.empty()) {
      std::vector<std::string> counts;
      for (const auto& [request, count] : left_out_) counts.push_back(fmt::format("{} {}", count, request));
      notes.push_back(
          fmt::format("left out, since they change no key of other operations: {}", fmt::join(counts, ", ")));
    }
    notes.insert(notes.end(), more.begin(), more.end());
    if (spread_ > 0) {
      notes.push_back(fmt::format(
          "{} txn may change several keys and stand once for each, under processes of their own", spread_));
    }
  }

  std::vector<EtcdRecord> records_;  ///< at last by client
  std::map<std::string_view, std::uint64_t> left_out_;
  std::uint64_t skipped_ = 0;
  std::uint64_t spread_ = 0;
};

}  // namespace

Result<ParsedHistory> parse_etcd(std::span<const NamedBytes> files) {
  return EtcdReader().read(files);
}

bool is_etcd_file(std::string_view name) {
  return name == "operations.json" || name.ends_with("/operations.json");
}

}  // namespace ordeal
