#include "checkers/causal/causal.h"

#include "checkers/causal/reader_order.h"
#include "checkers/transactions/dependencies.h"
#include "checkers/transactions/digraph.h"
#include "checkers/transactions/explain_order.h"
#include "checkers/transactions/stale_reads.h"
#include "checkers/transactions/walk.h"

#include <algorithm>

namespace ordeal {
namespace {

class CausalCheck {
 public:
  CausalCheck(const TransactionTable& table, const ReadsFrom& reads)
      : table_(table), reads_(reads), base_{reads}, writers_(table, reads), clocks_(table), forced_(table) {}

  CausalFindings run(const Budget& budget, CausalScope scope) && {
    CausalFindings findings;
    findings.causal = check_causal_order();
    if (findings.causal.verdict != Verdict::kValid) {
      findings.convergence = findings.causal;
      findings.memory = findings.causal;
      return findings;
    }
    findings.convergence = check_convergence();
    // What orders all writes for everybody orders them for each transaction.
    if (findings.convergence.verdict != Verdict::kValid) findings.causal = check_each_transaction();
    findings.memory = findings.causal;
    if (findings.causal.verdict == Verdict::kValid && scope == CausalScope::kWithoutMemory) {
      findings.memory = level_unknown("not asked for");
    } else if (findings.causal.verdict == Verdict::kValid) {
      findings.memory = check_causal_memory(table_, reads_, writers_, clocks_, budget);
    }
    return findings;
  }

 private:
  LevelFinding check_causal_order() {
    if (!reads_.faults.empty()) return level_violated(explain_fault(table_, reads_.faults.front()));
    const std::vector<TransactionIndex> ends = session_ends(table_);
    Walk walk(table_, ends, base_);
    const WaitingCircle circle = walk.run([this](TransactionIndex t) { visit(t); });
    if (!circle.steps.empty()) {
      Violation violation{.pattern = "CyclicCO", .reader = std::nullopt, .steps = {}};
      violation.steps = explain_circle(table_, reads_, base_, circle, {});
      return level_violated(std::move(violation));
    }
    if (!stale_) return {};
    return level_violated(
        explain_overwrite(stale_->source == kInitialWriter ? "WriteCOInitRead" : "WriteCORead", table_,
                          reads_, base_, *stale_, {}));
  }

  void visit(TransactionIndex t) {
    clocks_.add(t, base_);
    for_each_overwrite(table_, reads_, writers_, clocks_, t, [this](const Overwrite& found) {
      if (found.source == kInitialWriter || clocks_.precedes(found.source, found.other)) {
        if (!stale_) stale_ = found;
      } else {
        forced_.add(found.other, found.source);
      }
    });
  }

  LevelFinding check_convergence() {
    forced_.sort();
    const WithPrecedences dependencies{base_, forced_};
    const std::vector<TransactionIndex> ends = session_ends(table_);
    Walk walk(table_, ends, dependencies);
    const WaitingCircle circle = walk.run([](TransactionIndex) {});
    if (circle.steps.empty()) return {};
    Violation violation{.pattern = "CyclicCF", .reader = std::nullopt, .steps = {}};
    violation.steps = explain_circle(
        table_, reads_, dependencies, circle,
        [this](TransactionIndex before, TransactionIndex after) { return find_reader(before, after); });
    return level_violated(std::move(violation));
  }

  // One order has to explain all reads of a transaction. Each read by itself is explained, or it would be
  // stale; but two of them may demand opposite orders of what they read.
  LevelFinding check_each_transaction() {
    for (TransactionIndex t = 0; t < table_.transaction_count(); ++t) {
      if (reads_.reads_of(t).size() < 2) continue;
      Precedences own(table_);
      for_each_overwrite(table_, reads_, writers_, clocks_, t,
                         [&](const Overwrite& found) { own.add(found.other, found.source); });
      if (own.size() < 2 || !demands_a_circle(t, own)) continue;
      own.sort();
      PathSearch search(table_);
      Violation violation{.pattern = "FracturedRead", .reader = t, .steps = {}};
      for (const ExternalRead& read : reads_.reads_of(t)) {
        if (read.writer == kInitialWriter) continue;
        const auto path = search.find(read.writer, read.writer, WithPrecedences{base_, own});
        violation.steps = explain_steps(reads_, path, [&](TransactionIndex before, TransactionIndex after) {
          return find_read_of(t, before, after);
        });
        if (!path.empty()) break;
      }
      return level_violated(std::move(violation));
    }
    return {};
  }

  // A circle runs from source to source: one precedes, or is, a writer that has to come before the next.
  [[nodiscard]] bool demands_a_circle(TransactionIndex t, const Precedences& own) const {
    std::vector<TransactionIndex> sources;
    for (const ExternalRead& read : reads_.reads_of(t)) {
      if (read.writer != kInitialWriter) sources.push_back(read.writer);
    }
    std::sort(sources.begin(), sources.end());
    sources.erase(std::unique(sources.begin(), sources.end()), sources.end());
    std::vector<Digraph::Edge> edges;
    own.for_each([&](TransactionIndex other, TransactionIndex source) {
      const auto to = std::lower_bound(sources.begin(), sources.end(), source) - sources.begin();
      for (std::size_t from = 0; from < sources.size(); ++from) {
        if (sources[from] != other && !clocks_.precedes(sources[from], other)) continue;
        edges.push_back({.from = static_cast<std::uint32_t>(from), .to = static_cast<std::uint32_t>(to)});
      }
    });
    return !Digraph(static_cast<std::uint32_t>(sources.size()), std::move(edges)).find_circle().empty();
  }

  /// A read from `after` in this transaction of a key that `before` wrote too.
  [[nodiscard]] OrderStep find_read_of(TransactionIndex reader, TransactionIndex before,
                                       TransactionIndex after) const {
    const auto written = reads_.writes_of(before);
    for (const ExternalRead& read : reads_.reads_of(reader)) {
      if (read.writer == after && std::find(written.begin(), written.end(), read.key) != written.end()) {
        return {.key = read.key, .reader = reader};
      }
    }
    return {};
  }

  /// A read from `after` that sees `before`, which wrote the same key.
  [[nodiscard]] OrderStep find_reader(TransactionIndex before, TransactionIndex after) const {
    for (TransactionIndex t = 0; t < table_.transaction_count(); ++t) {
      if (!clocks_.precedes(before, t)) continue;
      const OrderStep found = find_read_of(t, before, after);
      if (found.reader != kInitialWriter) return found;
    }
    return {};
  }

  const TransactionTable& table_;
  const ReadsFrom& reads_;
  const ReadDependencies base_;
  const Writers writers_;
  Clocks clocks_;
  Precedences forced_;  ///< the relation CF: what a read forces before the write it read
  std::optional<Overwrite> stale_;
};

}  // namespace

CausalFindings check_causal(const TransactionTable& table, const ReadsFrom& reads, const Budget& budget,
                            CausalScope scope) {
  return CausalCheck(table, reads).run(budget, scope);
}

}  // namespace ordeal
