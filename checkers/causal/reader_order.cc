#include "checkers/causal/reader_order.h"

#include "checkers/transactions/dependencies.h"
#include "checkers/transactions/explain_order.h"
#include "checkers/transactions/stale_reads.h"
#include "checkers/transactions/walk.h"

#include <fmt/format.h>

#include <algorithm>

namespace ordeal {
namespace {

/// The reads of one session alone.
struct OwnReadDependencies {
  const ReadsFrom& reads;
  TransactionIndex begin;
  TransactionIndex end;

  [[nodiscard]] std::uint32_t count(TransactionIndex t) const {
    return t >= begin && t < end ? ReadDependencies{reads}.count(t) : 0;
  }
  [[nodiscard]] TransactionIndex at(TransactionIndex t, std::uint32_t i) const {
    return ReadDependencies{reads}.at(t, i);
  }
};

template <class Base>
class ReaderOrder {
 public:
  /// `ends`: what the last transaction of the reader sees, by session.
  ReaderOrder(const TransactionTable& table, const ReadsFrom& reads, const Writers& writers,
              SessionIndex reader, std::vector<TransactionIndex> ends, Base base)
      : table_(table),
        reads_(reads),
        writers_(writers),
        reader_(reader),
        ends_(std::move(ends)),
        base_(base),
        forced_(table) {}

  enum class Look : std::uint8_t { kNothingNew, kMore, kViolation };

  /// Looks through the reader's reads. Requires: the clocks are those of the relation so far.
  Look look(const Clocks& clocks) {
    bool more = false;
    for (TransactionIndex t = table_.session_begin(reader_); t < ends_[reader_] && !violation_; ++t) {
      for_each_overwrite(table_, reads_, writers_, clocks, t, [&](const Overwrite& found) {
        if (violation_) return;
        if (found.source == kInitialWriter || clocks.precedes(found.source, found.other)) {
          violation_ = explain_overwrite(found.source == kInitialWriter ? "WriteHBInitRead" : "CyclicHB",
                                         table_, reads_, dependencies(), found, forced_by());
        } else {
          forced_.add(found.other, found.source);
          more = true;
        }
      });
    }
    forced_.sort();
    if (violation_) return Look::kViolation;
    return more ? Look::kMore : Look::kNothingNew;
  }

  /// Makes clocks and looks again, until nothing new follows.
  LevelFinding saturate(const Budget& budget) {
    for (std::uint64_t steps = 0;;) {
      Clocks clocks(table_);
      Walk walk(table_, ends_, dependencies());
      const WaitingCircle circle = walk.run([&](TransactionIndex t) {
        clocks.add(t, dependencies());
        ++steps;
      });
      if (!circle.steps.empty()) return level_violated(explain(circle));
      const Look seen = look(clocks);
      if (seen == Look::kViolation) return level_violated(std::move(*violation_));
      if (seen == Look::kNothingNew) return {};
      if (steps > budget.steps_max || clocks.bytes() > budget.bytes_max || budget.stopped()) {
        return level_unknown(fmt::format("gave up on what session {} saw after {} steps",
                                         to_text(table_.session_name(reader_)), steps));
      }
    }
  }

 private:
  [[nodiscard]] WithPrecedences<Base> dependencies() const { return {base_, forced_}; }

  [[nodiscard]] Violation explain(const WaitingCircle& circle) const {
    Violation violation{.pattern = "CyclicHB", .reader = std::nullopt, .steps = {}};
    violation.steps = explain_circle(table_, reads_, dependencies(), circle, forced_by());
    return violation;
  }

  // The last read of the session that came from `after` saw the most, so it saw `before` if any did.
  [[nodiscard]] ForcedBy forced_by() const {
    return [this](TransactionIndex before, TransactionIndex after) {
      for (TransactionIndex t = ends_[reader_]; t-- > table_.session_begin(reader_);) {
        for (const ExternalRead& read : reads_.reads_of(t)) {
          const auto written = reads_.writes_of(before);
          if (read.writer == after && std::find(written.begin(), written.end(), read.key) != written.end()) {
            return OrderStep{.key = read.key, .reader = t};
          }
        }
      }
      return OrderStep{};
    };
  }

  const TransactionTable& table_;
  const ReadsFrom& reads_;
  const Writers& writers_;
  const SessionIndex reader_;
  const std::vector<TransactionIndex> ends_;
  const Base base_;
  Precedences forced_;
  std::optional<Violation> violation_;
};

/// What the last transaction of a session sees in the causal order, and itself.
std::vector<TransactionIndex> causal_past(const TransactionTable& table, const Clocks& causal,
                                          SessionIndex reader) {
  std::vector<TransactionIndex> ends(table.session_count());
  const TransactionIndex last = table.session_begin(reader + 1) - 1;
  for (SessionIndex s = 0; s < table.session_count(); ++s) {
    ends[s] = s == reader ? last + 1 : table.session_begin(s) + causal.before(last, s);
  }
  return ends;
}

/// The session, and of the others all up to the last that it read from.
std::vector<TransactionIndex> program_past(const TransactionTable& table, const ReadsFrom& reads,
                                           SessionIndex reader) {
  std::vector<TransactionIndex> ends(table.session_count());
  for (SessionIndex s = 0; s < table.session_count(); ++s) ends[s] = table.session_begin(s);
  ends[reader] = table.session_begin(reader + 1);
  for (TransactionIndex t = table.session_begin(reader); t < table.session_begin(reader + 1); ++t) {
    for (const ExternalRead& read : reads.reads_of(t)) {
      if (read.writer == kInitialWriter) continue;
      TransactionIndex& end = ends[table.session_of(read.writer)];
      end = std::max(end, read.writer + 1);
    }
  }
  return ends;
}

bool is_empty(const TransactionTable& table, SessionIndex session) {
  return table.session_begin(session) == table.session_begin(session + 1);
}

}  // namespace

LevelFinding check_causal_memory(const TransactionTable& table, const ReadsFrom& reads,
                                 const Writers& writers, const Clocks& causal, const Budget& budget) {
  LevelFinding worst_so_far;
  for (SessionIndex s = 0; s < table.session_count(); ++s) {
    if (is_empty(table, s)) continue;
    ReaderOrder order(table, reads, writers, s, causal_past(table, causal, s), ReadDependencies{reads});
    // Most sessions see nothing that the causal order does not say already.
    if (order.look(causal) == decltype(order)::Look::kNothingNew) continue;
    LevelFinding finding = order.saturate(budget);
    if (finding.verdict == Verdict::kInvalid) return finding;
    if (finding.verdict == Verdict::kUnknown) worst_so_far = std::move(finding);
  }
  return worst_so_far;
}

LevelFinding check_pram(const TransactionTable& table, const ReadsFrom& reads, const Writers& writers,
                        const Budget& budget) {
  if (!reads.faults.empty()) return level_violated(explain_fault(table, reads.faults.front()));
  LevelFinding worst_so_far;
  for (SessionIndex s = 0; s < table.session_count(); ++s) {
    if (is_empty(table, s)) continue;
    const OwnReadDependencies base{reads, table.session_begin(s), table.session_begin(s + 1)};
    ReaderOrder order(table, reads, writers, s, program_past(table, reads, s), base);
    LevelFinding finding = order.saturate(budget);
    if (finding.verdict == Verdict::kInvalid) return finding;
    if (finding.verdict == Verdict::kUnknown) worst_so_far = std::move(finding);
  }
  return worst_so_far;
}

}  // namespace ordeal
