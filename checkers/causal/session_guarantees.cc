#include "checkers/causal/session_guarantees.h"

#include "checkers/transactions/digraph.h"
#include "checkers/transactions/explain_order.h"

namespace ordeal {
namespace {

constexpr std::uint32_t kNone = UINT32_MAX;

enum class Guarantee : std::uint8_t {
  kReadYourWrites,
  kMonotonicReads,
  kMonotonicWrites,
  kWritesFollowReads
};

/// What a session did with a key so far. Writes are slots of Writers.
struct SessionKey {
  SessionIndex session = kNone;  ///< whose this is; another session begins anew
  std::uint32_t last_read = kNone;
  std::uint32_t first_write = kNone;  ///< the session's writes of a key are neighbours
  std::uint32_t writes = 0;
  // Read your writes: of the first `newest_among` own writes this one is the newest, for it was read then.
  std::uint32_t newest = kNone;
  std::uint32_t newest_among = 0;
  std::uint32_t collector =
      kNone;  ///< a node after the first `collected` own writes, or after all that was read
  std::uint32_t collected = 0;
};

/// The orders that one guarantee demands, as a graph over the writes of each key. Collectors are nodes that
/// stand for "after all of these", so that the graph is not larger than the history.
class GuaranteeGraph {
 public:
  GuaranteeGraph(Guarantee guarantee, const TransactionTable& table, const ReadsFrom& reads,
                 const Writers& writers)
      : guarantee_(guarantee),
        table_(table),
        reads_(reads),
        writers_(writers),
        nodes_(writers.slot_count()),
        keys_(table.key_count()) {}

  LevelFinding run() && {
    for (TransactionIndex t = 0; t < table_.transaction_count() && !violation_; ++t) {
      for (const ExternalRead& read : reads_.reads_of(t)) this->read(t, read);
      for (const KeyIndex key : reads_.writes_of(t)) write(t, key);
    }
    if (violation_) return level_violated(std::move(*violation_));
    const std::vector<Digraph::Edge> circle = Digraph(nodes_, std::move(edges_)).find_circle();
    return circle.empty() ? LevelFinding{} : level_violated(explain(circle));
  }

 private:
  SessionKey& key_of(TransactionIndex t, KeyIndex key) {
    SessionKey& state = keys_[key];
    const SessionIndex session = table_.session_of(t);
    if (state.session != session) state = {.session = session};
    return state;
  }

  void order(std::uint32_t before, std::uint32_t after, TransactionIndex because) {
    edges_.push_back({.from = before, .to = after, .label = because});
  }

  void read(TransactionIndex t, const ExternalRead& read) {
    SessionKey& state = key_of(t, read.key);
    const bool initial = read.writer == kInitialWriter;
    const std::uint32_t slot = initial ? kNone : writers_.slot_of(read.key, read.writer);
    switch (guarantee_) {
      case Guarantee::kReadYourWrites:
        if (initial && state.writes > 0) return stale(t, read, writers_.writer_at(state.first_write));
        if (!initial) read_after_own_writes(t, state, slot);
        return;
      case Guarantee::kMonotonicReads:
        if (initial && state.last_read != kNone) return stale(t, read, writers_.writer_at(state.last_read));
        if (initial) return;
        if (state.last_read != kNone && state.last_read != slot) order(state.last_read, slot, t);
        state.last_read = slot;
        return;
      case Guarantee::kWritesFollowReads:
        if (!initial) collect(state, slot, t);
        return;
      case Guarantee::kMonotonicWrites:
        return;
    }
  }

  void write(TransactionIndex t, KeyIndex key) {
    SessionKey& state = key_of(t, key);
    const std::uint32_t slot = writers_.slot_of(key, t);
    if (guarantee_ == Guarantee::kMonotonicWrites && state.writes > 0) order(slot - 1, slot, t);
    if (guarantee_ == Guarantee::kWritesFollowReads && state.collector != kNone)
      order(state.collector, slot, t);
    if (state.writes++ == 0) state.first_write = slot;
  }

  /// All own writes so far are the one that was read, or come before it.
  void read_after_own_writes(TransactionIndex t, SessionKey& state, std::uint32_t slot) {
    if (state.writes == 0) return;
    const bool own = slot >= state.first_write && slot < state.first_write + state.writes;
    if (!own) {
      for (; state.collected < state.writes; ++state.collected)
        collect(state, state.first_write + state.collected, t);
      return order(state.collector, slot, t);
    }
    if (state.newest != kNone && state.newest != slot) order(state.newest, slot, t);
    for (; state.newest_among < state.writes; ++state.newest_among) {
      const std::uint32_t other = state.first_write + state.newest_among;
      if (other != slot) order(other, slot, t);
    }
    state.newest = slot;
  }

  void collect(SessionKey& state, std::uint32_t slot, TransactionIndex because) {
    const std::uint32_t collector = nodes_++;
    if (state.collector != kNone) order(state.collector, collector, because);
    order(slot, collector, because);
    state.collector = collector;
  }

  /// The initial value was read, and something comes before that.
  void stale(TransactionIndex t, const ExternalRead& read, TransactionIndex other) {
    violation_ = Violation{
        .pattern = pattern(),
        .reader = t,
        .key = read.key,
        .source = kInitialWriter,
        .steps = {{.from = other, .to = t, .relation = Relation::kForced, .key = read.key, .reader = t}}};
  }

  [[nodiscard]] std::string_view pattern() const {
    switch (guarantee_) {
      case Guarantee::kReadYourWrites:
        return "ReadNotYourWrite";
      case Guarantee::kMonotonicReads:
        return "NonMonotonicRead";
      case Guarantee::kMonotonicWrites:
        return "NonMonotonicWrite";
      case Guarantee::kWritesFollowReads:
        return "WriteBeforeRead";
    }
    return "";
  }

  /// Steps over collectors are put together.
  [[nodiscard]] Violation explain(const std::vector<Digraph::Edge>& circle) const {
    Violation violation{.pattern = pattern(), .reader = std::nullopt, .steps = {}};
    const auto is_write = [this](std::uint32_t node) { return node < writers_.slot_count(); };
    std::size_t first = 0;
    while (!is_write(circle[first].from)) ++first;
    for (std::size_t i = 0; i < circle.size();) {
      const Digraph::Edge& edge = circle[(first + i) % circle.size()];
      std::size_t last = i;
      while (!is_write(circle[(first + last) % circle.size()].to)) ++last;
      const Digraph::Edge& end = circle[(first + last) % circle.size()];
      violation.steps.push_back({.from = writers_.writer_at(edge.from),
                                 .to = writers_.writer_at(end.to),
                                 .relation = Relation::kForced,
                                 .key = key_at(edge.from),
                                 .reader = end.label});
      i = last + 1;
    }
    if (!violation.steps.empty()) violation.key = violation.steps.front().key;
    return violation;
  }

  [[nodiscard]] KeyIndex key_at(std::uint32_t slot) const {
    KeyIndex key = 0;
    for (const KeyIndex candidate : reads_.writes_of(writers_.writer_at(slot))) {
      if (writers_.slot_of(candidate, writers_.writer_at(slot)) == slot) key = candidate;
    }
    return key;
  }

  const Guarantee guarantee_;
  const TransactionTable& table_;
  const ReadsFrom& reads_;
  const Writers& writers_;
  std::uint32_t nodes_;
  std::vector<Digraph::Edge> edges_;
  std::vector<SessionKey> keys_;  ///< by key; of the session at hand
  std::optional<Violation> violation_;
};

}  // namespace

SessionGuaranteeFindings check_session_guarantees(const TransactionTable& table, const ReadsFrom& reads,
                                                  const Writers& writers) {
  if (!reads.faults.empty()) {
    const LevelFinding fault = level_violated(explain_fault(table, reads.faults.front()));
    return {.read_your_writes = fault,
            .monotonic_reads = fault,
            .monotonic_writes = fault,
            .writes_follow_reads = fault};
  }
  const auto check = [&](Guarantee guarantee) {
    return GuaranteeGraph(guarantee, table, reads, writers).run();
  };
  return {.read_your_writes = check(Guarantee::kReadYourWrites),
          .monotonic_reads = check(Guarantee::kMonotonicReads),
          .monotonic_writes = check(Guarantee::kMonotonicWrites),
          .writes_follow_reads = check(Guarantee::kWritesFollowReads)};
}

}  // namespace ordeal
