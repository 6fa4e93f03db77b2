#include "checkers/causal/sequential.h"

#include "checkers/causal/causal.h"
#include "checkers/causal/serial_search.h"
#include "checkers/transactions/clocks.h"
#include "checkers/transactions/dependencies.h"
#include "checkers/transactions/explain_order.h"
#include "checkers/transactions/stale_reads.h"
#include "checkers/transactions/walk.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace ordeal {
namespace {

class Saturation {
 public:
  Saturation(const TransactionTable& table, const ReadsFrom& reads)
      : table_(table),
        reads_(reads),
        writers_(table, reads),
        forced_(table),
        rank_(table.transaction_count()) {}

  SequentialFinding run(const Budget& budget) && {
    for (std::uint64_t steps = 0;;) {
      forced_.sort();
      Clocks clocks(table_);
      std::uint32_t place = 0;
      const std::vector<TransactionIndex> ends = session_ends(table_);
      Walk walk(table_, ends, dependencies());
      const WaitingCircle circle = walk.run([&](TransactionIndex t) {
        clocks.add(t, dependencies());
        rank_[t] = place++;
      });
      if (!circle.steps.empty()) return {.level = level_violated(explain(circle)), .order = {}};
      if (!add_what_follows(clocks)) break;
      steps += place;
      if (steps > budget.steps_max || budget.stopped()) {
        return {.level = level_unknown(
                    fmt::format("no verdict: gave up after {} steps, before anything was searched", steps)),
                .order = {}};
      }
    }
    SerialSearchResult found = search_serial_order(table_, reads_, writers_, forced_, rank_, budget);
    LevelFinding level{.verdict = found.verdict, .violation = std::nullopt, .why = std::move(found.why)};
    if (found.verdict == Verdict::kInvalid)
      level.violation = Violation{.pattern = "NoSerialOrder", .reader = std::nullopt, .steps = {}};
    std::erase_if(found.order, [this](TransactionIndex t) { return !reads_.present[t]; });
    return {.level = std::move(level), .order = std::move(found.order)};
  }

 private:
  [[nodiscard]] WithPrecedences<ReadDependencies> dependencies() const {
    return {ReadDependencies{reads_}, forced_};
  }

  // Whoever else wrote the key comes before the source of a read, if it comes before the reader; and after
  // the reader, if it comes after the source. Whether anything is new.
  bool add_what_follows(const Clocks& clocks) {
    bool more = false;
    const auto add = [&](TransactionIndex before, TransactionIndex after) {
      forced_.add(before, after);
      more = true;
    };
    for (TransactionIndex t = 0; t < table_.transaction_count(); ++t) {
      for_each_overwrite(table_, reads_, writers_, clocks, t, [&](const Overwrite& found) {
        // Before an initial value there is nothing: the circle with the reader says so.
        add(found.other, found.source == kInitialWriter ? found.other : found.source);
      });
      for (const ExternalRead& read : reads_.reads_of(t)) {
        for (const Writers::Segment& segment : writers_.segments_of(read.key)) {
          const TransactionIndex later = first_after(segment, read.writer, t, clocks);
          if (later != kInitialWriter && !clocks.precedes(t, later)) add(t, later);
        }
      }
    }
    return more;
  }

  /// The first writer in the segment, but for the reader itself, that the source comes before.
  [[nodiscard]] TransactionIndex first_after(const Writers::Segment& segment, TransactionIndex source,
                                             TransactionIndex reader, const Clocks& clocks) const {
    const auto all = writers_.writers_in(segment);
    auto at = all.begin();
    if (source != kInitialWriter) {
      at = std::partition_point(all.begin(), all.end(),
                                [&](TransactionIndex writer) { return !clocks.precedes(source, writer); });
    }
    if (at != all.end() && *at == reader) ++at;
    return at == all.end() ? kInitialWriter : *at;
  }

  [[nodiscard]] Violation explain(const WaitingCircle& circle) const {
    Violation violation{.pattern = "CyclicSerialOrder", .reader = std::nullopt, .steps = {}};
    violation.steps = explain_circle(
        table_, reads_, dependencies(), circle,
        [this](TransactionIndex before, TransactionIndex after) { return find_reason(before, after); });
    return violation;
  }

  /// A read from `after` of a key that `before` wrote too, or by `before` of a key that `after` overwrites.
  [[nodiscard]] OrderStep find_reason(TransactionIndex before, TransactionIndex after) const {
    for (const ExternalRead& read : reads_.reads_of(before)) {
      if (writers_.wrote(read.key, after)) return {.key = read.key, .reader = before};
    }
    for (const KeyIndex key : reads_.writes_of(before)) {
      if (!writers_.wrote(key, after)) continue;
      for (TransactionIndex t = 0; t < table_.transaction_count(); ++t) {
        for (const ExternalRead& read : reads_.reads_of(t)) {
          if (read.writer == after && read.key == key) return {.key = key, .reader = t};
        }
      }
    }
    return {};
  }

  const TransactionTable& table_;
  const ReadsFrom& reads_;
  const Writers writers_;
  Precedences forced_;
  std::vector<std::uint32_t> rank_;  ///< by transaction: its place in the last walk
};

}  // namespace

SequentialFinding check_sequential(const TransactionTable& table, const ReadsFrom& reads,
                                   const Budget& budget) {
  CausalFindings causal = check_causal(table, reads, budget, CausalScope::kWithoutMemory);
  if (causal.convergence.verdict != Verdict::kValid)
    return {.level = std::move(causal.convergence), .order = {}};
  return Saturation(table, reads).run(budget);
}

}  // namespace ordeal
