#include "checkers/transactions/register_isolation.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "checkers/transactions/reads_from.h"
#include "checkers/transactions/writers.h"

namespace ordeal {
namespace {

/// With more values that may have come next, the edges to all would be as many as readers times values.
constexpr std::size_t kNextMax = 8;

/// The order of the values of each key, as far as it is known. A value stands for the transaction that wrote
/// it last.
class VersionOrder {
 public:
  VersionOrder(const TransactionTable& table, const ReadsFrom& reads, const Writers& writers,
               std::span<const VersionClaim> claims)
      : table_(table),
        reads_(reads),
        writers_(writers),
        next_(writers.slot_count()),
        follows_(writers.slot_count()),
        first_(table.key_count()) {
    add_claims(claims);
    add_reads_before_writes();
    for (KeyIndex key = 0; key < table.key_count(); ++key) {
      for (const TransactionIndex writer : writers_.writers_of(key)) {
        if (!follows_[writers_.slot_of(key, writer)]) first_[key].push_back(writer);
      }
    }
  }

  /// Whoever wrote a value that is known to come after the writer's; kInitialWriter: that nothing is known to
  /// precede.
  [[nodiscard]] std::span<const TransactionIndex> after(KeyIndex key, TransactionIndex writer) const {
    return writer == kInitialWriter ? first_[key] : next_[writers_.slot_of(key, writer)];
  }

  /// Two writers of a key whose order is not known.
  struct Unordered {
    KeyIndex key = 0;
    TransactionIndex one = 0;
    TransactionIndex other = 0;
  };
  /// The values of a key are in one chain when a walk from the first meets all of them.
  [[nodiscard]] std::optional<Unordered> find_unordered() const {
    for (KeyIndex key = 0; key < table_.key_count(); ++key) {
      const auto all = writers_.writers_of(key);
      if (all.empty()) continue;
      if (first_[key].size() > 1) return Unordered{key, first_[key][0], first_[key][1]};
      if (first_[key].empty()) return Unordered{key, all.front(), all.back()};  // a circle
      std::size_t met = 1;
      for (TransactionIndex at = first_[key].front(); met < all.size(); ++met) {
        const auto next = after(key, at);
        const auto direct = std::ranges::find_if(
            next, [&](TransactionIndex other) { return leads_to_all(key, other, next); });
        if (direct == next.end())
          return Unordered{key, next.empty() ? at : next.front(), next.empty() ? all.back() : next.back()};
        at = *direct;
      }
    }
    return std::nullopt;
  }

  [[nodiscard]] const std::vector<TransactionAnomaly>& conflicts() const { return conflicts_; }

 private:
  void add(KeyIndex key, TransactionIndex before, TransactionIndex after) {
    if (before == after) return;
    std::vector<TransactionIndex>& next = next_[writers_.slot_of(key, before)];
    if (std::ranges::find(next, after) != next.end()) return;
    next.push_back(after);
    follows_[writers_.slot_of(key, after)] = true;
  }

  /// Whether each of the others comes directly behind `value`: of those that come after something, it is the
  /// next.
  [[nodiscard]] bool leads_to_all(KeyIndex key, TransactionIndex value,
                                  std::span<const TransactionIndex> others) const {
    return std::ranges::all_of(others, [&](TransactionIndex other) {
      const auto next = after(key, value);
      return other == value || std::ranges::find(next, other) != next.end();
    });
  }

  void add_claims(std::span<const VersionClaim> claims) {
    if (claims.empty()) return;
    std::map<std::pair<KeyIndex, ValueCode>, TransactionIndex> writer_of;
    for (TransactionIndex t = 0; t < table_.transaction_count(); ++t) {
      for (std::uint32_t i = table_.access_begin(t); reads_.present[t] && i < table_.access_begin(t + 1);
           ++i) {
        const Access access = table_.access(i);
        if (access.write) writer_of[{access.key, access.value}] = t;
      }
    }
    std::map<std::pair<KeyIndex, std::uint64_t>, TransactionIndex> by_version;
    for (const VersionClaim& claim : claims) {
      const auto writer = writer_of.find({claim.key, claim.value});
      if (writer == writer_of.end()) continue;  // the initial value, or one that a faulty read made up
      const auto [place, fresh] = by_version.try_emplace({claim.key, claim.version}, writer->second);
      if (!fresh && place->second != writer->second) conflict(claim, place->second, writer->second);
    }
    const std::pair<const std::pair<KeyIndex, std::uint64_t>, TransactionIndex>* before = nullptr;
    for (const auto& entry : by_version) {
      if (before != nullptr && before->first.first == entry.first.first)
        add(entry.first.first, before->second, entry.second);
      before = &entry;
    }
  }

  void conflict(const VersionClaim& claim, TransactionIndex one, TransactionIndex other) {
    conflicts_.push_back(
        {.name = "incompatible-order",
         .text = fmt::format("T{} and T{} both wrote version {} of {}", table_.origin(one),
                             table_.origin(other), claim.version, to_text(table_.key_name(claim.key))),
         .transactions = {one, other},
         .steps = {},
         .weakest = IsolationLevel::kReadUncommitted,
         .order = SessionOrder::kNone});
  }

  void add_reads_before_writes() {
    for (TransactionIndex t = 0; t < table_.transaction_count(); ++t) {
      if (!reads_.present[t]) continue;
      for (const ExternalRead& read : reads_.reads_of(t)) {
        if (read.writer != kInitialWriter && writers_.wrote(read.key, t)) add(read.key, read.writer, t);
      }
    }
  }

  const TransactionTable& table_;
  const ReadsFrom& reads_;
  const Writers& writers_;
  std::vector<std::vector<TransactionIndex>> next_;   ///< by slot: what is known to come after
  std::vector<bool> follows_;                         ///< by slot: something is known to come before
  std::vector<std::vector<TransactionIndex>> first_;  ///< by key: that nothing is known to come before
  std::vector<TransactionAnomaly> conflicts_;
};

class RegisterIsolation {
 public:
  RegisterIsolation(const TransactionTable& table, const ReadsFrom& reads,
                    std::span<const VersionClaim> claims, std::span<const std::uint32_t> completes)
      : table_(table),
        reads_(reads),
        writers_(table, reads),
        order_(table, reads, writers_, claims),
        completes_(completes),
        nodes_(table.transaction_count()) {}

  RegisterIsolationFinding run() && {
    for (const FaultyRead& fault : reads_.faults) finding_.add(describe(fault));
    for (const TransactionAnomaly& conflict : order_.conflicts()) finding_.add(conflict);
    find_lost_updates();
    add_dependencies();
    add_sessions();
    if (!completes_.empty()) add_real_time(times(), nodes_, edges_);
    const DependencyGraph graph(table_.transaction_count(), nodes_, std::move(edges_));
    add_circles(
        graph, [this](const DependencyEdge& edge) { return step(edge); }, finding_);
    finding_.sort();
    if (const auto pair = order_.find_unordered()) {
      finding_.unordered =
          fmt::format("nobody knows which of the values of {} that {} and {} wrote came first",
                      key(pair->key), name(pair->one), name(pair->other));
    }
    return std::move(finding_);
  }

 private:
  [[nodiscard]] std::string name(TransactionIndex t) const { return fmt::format("T{}", table_.origin(t)); }
  [[nodiscard]] std::string key(KeyIndex key) const { return to_text(table_.key_name(key)); }

  [[nodiscard]] TransactionAnomaly describe(const FaultyRead& fault) const {
    const Access access = table_.access(fault.access);
    TransactionAnomaly anomaly;
    anomaly.transactions = {fault.reader};
    if (fault.writer != kInitialWriter) anomaly.transactions.push_back(fault.writer);
    const std::string read = fmt::format("{} read {} in {}", name(fault.reader),
                                         to_text(table_.value_name(access.value)), key(access.key));
    const auto filled = [&](std::string_view pattern, IsolationLevel weakest, std::string text) {
      anomaly.name = pattern;
      anomaly.weakest = weakest;
      anomaly.text = std::move(text);
      return anomaly;
    };
    switch (fault.fault) {
      case ReadFault::kThinAir:
        return filled("thin-air-read", IsolationLevel::kReadUncommitted, read + ", which nobody wrote");
      case ReadFault::kAborted:
        return filled("G1a", IsolationLevel::kReadCommitted,
                      fmt::format("{} from {}, which was aborted", read, name(fault.writer)));
      case ReadFault::kIntermediate:
        return filled("G1b", IsolationLevel::kReadCommitted,
                      fmt::format("{} from {}, which wrote another value later", read, name(fault.writer)));
      case ReadFault::kFuture:
        return filled("future-read", IsolationLevel::kReadCommitted,
                      read + ", which it wrote itself only later");
      case ReadFault::kNotOwnWrite:
      case ReadFault::kNotLastOwnWrite:
        return filled("internal", IsolationLevel::kSnapshotIsolation,
                      read + ", which is not what it had written itself last");
    }
    return anomaly;
  }

  /// Of two that read the same value and wrote the key, one did not see the other.
  void find_lost_updates() {
    std::map<std::pair<KeyIndex, TransactionIndex>, TransactionIndex> updater;  // by what was read
    for (TransactionIndex t = 0; t < table_.transaction_count(); ++t) {
      if (!reads_.present[t]) continue;
      for (const ExternalRead& read : reads_.reads_of(t)) {
        if (!writers_.wrote(read.key, t)) continue;
        const auto [place, fresh] = updater.try_emplace({read.key, read.writer}, t);
        if (fresh || place->second == t) continue;
        finding_.add({.name = "lost-update",
                      .text = fmt::format(
                          "{} and {} both read {} from {} and wrote it", name(place->second), name(t),
                          key(read.key), read.writer == kInitialWriter ? "the beginning" : name(read.writer)),
                      .transactions = {place->second, t},
                      .steps = {},
                      .weakest = IsolationLevel::kSnapshotIsolation,
                      .order = SessionOrder::kNone});
      }
    }
  }

  void edge(TransactionIndex from, TransactionIndex to, Dependency kind, KeyIndex key) {
    if (from != to) edges_.push_back({.from = from, .to = to, .kind = kind, .key = key});
  }

  void add_dependencies() {
    for (KeyIndex key = 0; key < table_.key_count(); ++key) {
      for (const TransactionIndex writer : writers_.writers_of(key)) {
        for (const TransactionIndex next : order_.after(key, writer))
          edge(writer, next, Dependency::kWw, key);
      }
    }
    for (TransactionIndex t = 0; t < table_.transaction_count(); ++t) {
      if (!reads_.present[t]) continue;
      for (const ExternalRead& read : reads_.reads_of(t)) {
        if (read.writer != kInitialWriter) edge(read.writer, t, Dependency::kWr, read.key);
        const auto next = order_.after(read.key, read.writer);
        if (next.size() > kNextMax) continue;
        for (const TransactionIndex other : next) edge(t, other, Dependency::kRw, read.key);
      }
    }
  }

  void add_sessions() {
    TransactionIndex before = kInitialWriter;
    for (TransactionIndex t = 0; t < table_.transaction_count(); ++t) {
      if (!reads_.present[t]) continue;
      if (before != kInitialWriter && table_.session_of(before) == table_.session_of(t))
        edge(before, t, Dependency::kProcess, 0);
      before = t;
    }
  }

  [[nodiscard]] std::vector<TransactionTime> times() const {
    std::vector<TransactionTime> times;
    for (TransactionIndex t = 0; t < table_.transaction_count(); ++t) {
      if (!reads_.present[t]) continue;
      const bool over = table_.outcome(t) == TransactionOutcome::kCommitted;
      times.push_back({t, static_cast<std::uint32_t>(table_.origin(t)), over ? completes_[t] : UINT32_MAX});
    }
    std::ranges::sort(times, {}, &TransactionTime::invoke);
    return times;
  }

  [[nodiscard]] std::string step(const DependencyEdge& edge) const {
    const std::string from = name(edge.from);
    const std::string to = name(edge.to);
    switch (edge.kind) {
      case Dependency::kWw:
        return fmt::format("{} wrote {} after {}", to, key(edge.key), from);
      case Dependency::kWr:
        return fmt::format("{} read in {} what {} wrote", to, key(edge.key), from);
      case Dependency::kRw:
        return fmt::format("{} did not read in {} what {} wrote", from, key(edge.key), to);
      case Dependency::kProcess:
        return fmt::format("{} came after {} in session {}", to, from,
                           to_text(table_.session_name(table_.session_of(edge.to))));
      case Dependency::kRealtime:
        return fmt::format("{} began when {} was over", to, from);
    }
    return "";
  }

  const TransactionTable& table_;
  const ReadsFrom& reads_;
  const Writers writers_;
  const VersionOrder order_;
  const std::span<const std::uint32_t> completes_;
  std::uint32_t nodes_;
  std::vector<DependencyEdge> edges_;
  RegisterIsolationFinding finding_;
};

}  // namespace

Result<RegisterIsolationFinding> check_register_isolation(const TransactionTable& table,
                                                          std::span<const VersionClaim> versions,
                                                          std::span<const std::uint32_t> completes) {
  const Result<ReadsFrom> reads = resolve_reads(table);
  if (!reads.ok()) return reads.error();
  return RegisterIsolation(table, *reads, versions, completes).run();
}

}  // namespace ordeal
