#include "checkers/transactions/weak_isolation.h"

#include "checkers/transactions/dependencies.h"
#include "checkers/transactions/explain_order.h"
#include "checkers/transactions/walk.h"

#include <algorithm>

namespace ordeal {
namespace {

enum class Level : std::uint8_t { kReadCommitted, kReadAtomic };

class WeakIsolationCheck {
 public:
  WeakIsolationCheck(Level level, const TransactionTable& table, const ReadsFrom& reads,
                     const Writers& writers)
      : level_(level),
        table_(table),
        reads_(reads),
        writers_(writers),
        forced_(table),
        last_read_(table.key_count()),
        first_read_from_(table.transaction_count(), kNone) {}

  LevelFinding run() && {
    if (!reads_.faults.empty()) return level_violated(explain_fault(table_, reads_.faults.front()));
    for (TransactionIndex t = 0; t < table_.transaction_count(); ++t) look_at(t);
    forced_.sort();
    const WithPrecedences dependencies{ReadDependencies{reads_}, forced_};
    const std::vector<TransactionIndex> ends = session_ends(table_);
    Walk walk(table_, ends, dependencies);
    const WaitingCircle circle = walk.run([](TransactionIndex) {});
    if (!circle.steps.empty()) return level_violated(explain(dependencies, circle));
    if (stale_) return level_violated(explain_stale(*stale_));
    return {};
  }

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  struct KeyRead {
    TransactionIndex reader = kInitialWriter;  ///< the transaction that this is of
    std::uint32_t read = kNone;                ///< its last read of the key
  };

  void look_at(TransactionIndex t) {
    const auto reads = reads_.reads_of(t);
    earlier_read_.assign(reads.size(), kNone);
    for (std::uint32_t i = 0; i < reads.size(); ++i) {
      KeyRead& last = last_read_[reads[i].key];
      if (last.reader == t) earlier_read_[i] = last.read;
      last = {.reader = t, .read = i};
      if (reads[i].writer == kInitialWriter) continue;
      std::uint32_t& first = first_read_from_[reads[i].writer];
      if (first == kNone) first = i;
    }
    for (std::uint32_t i = 0; i < reads.size(); ++i) {
      if (reads[i].writer != kInitialWriter && first_read_from_[reads[i].writer] == i)
        compare(t, reads[i].writer, i);
    }
    for (const ExternalRead& read : reads) {
      if (read.writer != kInitialWriter) first_read_from_[read.writer] = kNone;
    }
    if (level_ == Level::kReadAtomic) compare_with_session(t);
  }

  /// `visible` was read from first by the read at `first`; compares it with whom the other reads of its keys
  /// came from.
  void compare(TransactionIndex t, TransactionIndex visible, std::uint32_t first) {
    const auto reads = reads_.reads_of(t);
    const auto written = reads_.writes_of(visible);
    const std::uint32_t begin = level_ == Level::kReadCommitted ? first + 1 : 0;
    if (written.size() > reads.size()) {
      for (std::uint32_t i = begin; i < reads.size(); ++i) {
        if (reads[i].writer != visible && writers_.wrote(reads[i].key, visible)) demand(t, reads[i], visible);
      }
      return;
    }
    for (const KeyIndex key : written) {
      if (last_read_[key].reader != t) continue;
      for (std::uint32_t i = last_read_[key].read; i != kNone && i >= begin; i = earlier_read_[i]) {
        if (reads[i].writer != visible) demand(t, reads[i], visible);
      }
    }
  }

  void compare_with_session(TransactionIndex t) {
    const SessionIndex own = table_.session_of(t);
    for (const ExternalRead& read : reads_.reads_of(t)) {
      const auto segments = writers_.segments_of(read.key);
      const auto segment = std::lower_bound(
          segments.begin(), segments.end(), own,
          [](const Writers::Segment& s, SessionIndex session) { return s.session < session; });
      if (segment == segments.end() || segment->session != own) continue;
      const TransactionIndex other = writers_.last_before(*segment, t);
      if (other != kInitialWriter && other != read.writer) demand(t, read, other);
    }
  }

  void demand(TransactionIndex t, const ExternalRead& read, TransactionIndex other) {
    if (read.writer != kInitialWriter) return forced_.add(other, read.writer);
    if (!stale_) stale_ = Overwrite{.reader = t, .key = read.key, .source = kInitialWriter, .other = other};
  }

  [[nodiscard]] std::string_view pattern() const {
    return level_ == Level::kReadCommitted ? "NonMonotonicRead" : "FracturedRead";
  }

  template <class Dependencies>
  [[nodiscard]] Violation explain(const Dependencies& dependencies, const WaitingCircle& circle) const {
    Violation violation{.pattern = "CyclicCO", .reader = std::nullopt, .steps = {}};
    violation.steps = explain_circle(
        table_, reads_, dependencies, circle,
        [this](TransactionIndex before, TransactionIndex after) { return find_reader(before, after); });
    for (const OrderStep& step : violation.steps) {
      if (step.relation == Relation::kForced) violation.pattern = pattern();
    }
    return violation;
  }

  [[nodiscard]] Violation explain_stale(const Overwrite& found) const {
    const bool session = table_.session_of(found.other) == table_.session_of(found.reader);
    OrderStep step{.from = found.other, .to = found.reader};
    if (!session)
      step = {.from = found.other, .to = found.reader, .relation = Relation::kReads, .key = found.key};
    return {.pattern = pattern(),
            .reader = found.reader,
            .key = found.key,
            .source = kInitialWriter,
            .steps = {step}};
  }

  /// Whoever sees `before` and reads one of its keys from `after`.
  [[nodiscard]] OrderStep find_reader(TransactionIndex before, TransactionIndex after) const {
    for (TransactionIndex t = 0; t < table_.transaction_count(); ++t) {
      const bool session =
          level_ == Level::kReadAtomic && table_.session_of(before) == table_.session_of(t) && before < t;
      bool visible = session || (level_ == Level::kReadAtomic && reads_from(t, before));
      for (const ExternalRead& read : reads_.reads_of(t)) {
        if (visible && read.writer == after && writers_.wrote(read.key, before))
          return {.key = read.key, .reader = t};
        visible = visible || read.writer == before;
      }
    }
    return {};
  }

  [[nodiscard]] bool reads_from(TransactionIndex t, TransactionIndex writer) const {
    const auto reads = reads_.reads_of(t);
    return std::any_of(reads.begin(), reads.end(),
                       [writer](const ExternalRead& read) { return read.writer == writer; });
  }

  const Level level_;
  const TransactionTable& table_;
  const ReadsFrom& reads_;
  const Writers& writers_;
  Precedences forced_;
  std::vector<KeyRead> last_read_;  ///< by key; of the transaction at hand
  std::vector<std::uint32_t>
      earlier_read_;  ///< by read of the transaction at hand: the one before of the same key
  std::vector<std::uint32_t> first_read_from_;  ///< by transaction: the first read from it of the one at hand
  std::optional<Overwrite> stale_;
};

}  // namespace

LevelFinding check_read_committed(const TransactionTable& table, const ReadsFrom& reads,
                                  const Writers& writers) {
  return WeakIsolationCheck(Level::kReadCommitted, table, reads, writers).run();
}

LevelFinding check_read_atomic(const TransactionTable& table, const ReadsFrom& reads,
                               const Writers& writers) {
  return WeakIsolationCheck(Level::kReadAtomic, table, reads, writers).run();
}

}  // namespace ordeal
