#include "checkers/transactions/list_append.h"

#include "checkers/transactions/version_order.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>

namespace ordeal {
namespace {

constexpr std::size_t kOfEachNameMax = 4;
/// Appends that nobody read come after all that was, in an order that nobody knows. With more of them on one
/// key the edges to all would be as many as readers times appends.
constexpr std::size_t kUnreadMax = 8;

constexpr DependencyMask mask(std::initializer_list<Dependency> kinds) {
  DependencyMask out = 0;
  for (const Dependency kind : kinds)
    out = static_cast<DependencyMask>(out | static_cast<DependencyMask>(kind));
  return out;
}

/// What circles a level forbids.
struct Forbidden {
  IsolationLevel level;
  DependencyMask kinds;
  bool no_adjacent_rw;
};
constexpr std::array<Forbidden, 4> kForbidden = {{
    {IsolationLevel::kReadUncommitted, mask({Dependency::kWw}), false},
    {IsolationLevel::kReadCommitted, mask({Dependency::kWw, Dependency::kWr}), false},
    {IsolationLevel::kSnapshotIsolation, mask({Dependency::kWw, Dependency::kWr, Dependency::kRw}), true},
    {IsolationLevel::kSerializable, mask({Dependency::kWw, Dependency::kWr, Dependency::kRw}), false},
}};
constexpr std::array<std::pair<SessionOrder, DependencyMask>, 3> kOrders = {{
    {SessionOrder::kNone, 0},
    {SessionOrder::kProcess, mask({Dependency::kProcess})},
    {SessionOrder::kRealtime, mask({Dependency::kProcess, Dependency::kRealtime})},
}};

/// Who depends on whom.
class GraphBuilder {
 public:
  GraphBuilder(const ListHistory& history, const ListVersions& versions)
      : history_(history),
        versions_(versions),
        nodes_(static_cast<std::uint32_t>(history.transactions.size())) {}

  DependencyGraph run() && {
    for (KeyIndex key = 0; key < versions_.order.size(); ++key) add_versions(key);
    for (const ListVersions::ExternalRead& read : versions_.reads) add_read(read);
    add_process_order();
    add_real_time();
    return {static_cast<std::uint32_t>(history_.transactions.size()), nodes_, std::move(edges_)};
  }

 private:
  void edge(std::uint32_t from, std::uint32_t to, Dependency kind, KeyIndex key = 0) {
    if (from != to) edges_.push_back({.from = from, .to = to, .kind = kind, .key = key});
  }

  [[nodiscard]] std::uint32_t writer(std::uint32_t append) const {
    return versions_.appends[append].transaction;
  }
  [[nodiscard]] bool present(std::uint32_t append) const { return versions_.present[writer(append)]; }

  [[nodiscard]] bool knows_unread(KeyIndex key) const { return versions_.unread[key].size() <= kUnreadMax; }

  void add_versions(KeyIndex key) {
    std::uint32_t before = ListVersions::kNobody;
    for (const std::uint32_t append : versions_.order[key]) {
      if (is_aborted(append)) continue;
      if (before != ListVersions::kNobody) edge(before, writer(append), Dependency::kWw, key);
      before = writer(append);
    }
    if (before == ListVersions::kNobody || !knows_unread(key)) return;
    for (const std::uint32_t append : versions_.unread[key])
      edge(before, writer(append), Dependency::kWw, key);
  }

  [[nodiscard]] bool is_aborted(std::uint32_t append) const {
    return history_.transactions[writer(append)].outcome == TransactionOutcome::kAborted;
  }

  void add_read(const ListVersions::ExternalRead& read) {
    const std::vector<std::uint32_t>& order = versions_.order[read.key];
    std::uint32_t last = read.length;
    while (last > 0 && is_aborted(order[last - 1])) --last;
    if (last > 0) edge(writer(order[last - 1]), read.transaction, Dependency::kWr, read.key);
    std::uint32_t next = read.length;
    while (next < order.size() && is_aborted(order[next])) ++next;
    if (next < order.size()) {
      edge(read.transaction, writer(order[next]), Dependency::kRw, read.key);
    } else if (knows_unread(read.key)) {
      for (const std::uint32_t append : versions_.unread[read.key]) {
        edge(read.transaction, writer(append), Dependency::kRw, read.key);
      }
    }
  }

  // An unknown one was issued after those before it; nothing of its process comes after it.
  void add_process_order() {
    std::map<ProcessId, std::uint32_t> last;
    for (std::uint32_t t = 0; t < history_.transactions.size(); ++t) {
      if (!versions_.present[t]) continue;
      const auto [place, is_first] = last.try_emplace(history_.transactions[t].process, t);
      if (is_first) continue;
      edge(place->second, t, Dependency::kProcess);
      place->second = t;
    }
  }

  // Whoever is over is before a point in time, and that is before the next one and before whoever is invoked
  // then.
  void add_real_time() {
    std::vector<std::pair<std::uint32_t, std::uint32_t>> completions;  // position, transaction
    for (std::uint32_t t = 0; t < history_.transactions.size(); ++t) {
      const ListTransaction& transaction = history_.transactions[t];
      if (transaction.outcome == TransactionOutcome::kCommitted)
        completions.emplace_back(transaction.complete, t);
    }
    std::sort(completions.begin(), completions.end());
    std::size_t over = 0;
    std::uint32_t point = ListVersions::kNobody;
    for (std::uint32_t t = 0; t < history_.transactions.size(); ++t) {
      if (!versions_.present[t]) continue;
      const std::uint32_t invoke = history_.transactions[t].invoke;
      if (over < completions.size() && completions[over].first < invoke) {
        const std::uint32_t next = nodes_++;
        if (point != ListVersions::kNobody) edge(point, next, Dependency::kRealtime);
        for (; over < completions.size() && completions[over].first < invoke; ++over) {
          edge(completions[over].second, next, Dependency::kRealtime);
        }
        point = next;
      }
      if (point != ListVersions::kNobody) edge(point, t, Dependency::kRealtime);
    }
  }

  const ListHistory& history_;
  const ListVersions& versions_;
  std::uint32_t nodes_;
  std::vector<DependencyEdge> edges_;
};

class Reporter {
 public:
  explicit Reporter(const ListHistory& history) : history_(history) {}

  [[nodiscard]] std::optional<TransactionAnomaly> describe(const ListFault& fault) const {
    const std::string key = to_text(history_.keys.value(fault.key));
    const std::string element = to_text(history_.element_names.value(fault.element));
    TransactionAnomaly anomaly;
    anomaly.transactions = {fault.reader};
    if (fault.other != ListVersions::kNobody) anomaly.transactions.push_back(fault.other);
    const std::string reader = name(fault.reader);
    const std::string other = fault.other == ListVersions::kNobody ? "" : name(fault.other);
    switch (fault.kind) {
      case ListFault::Kind::kThinAir:
        return filled(anomaly, "thin-air-read", IsolationLevel::kReadUncommitted,
                      fmt::format("{} read {} in {}, which nobody appended", reader, element, key));
      case ListFault::Kind::kAborted:
        return filled(
            anomaly, "G1a", IsolationLevel::kReadCommitted,
            fmt::format("{} read {} in {} from {}, which was aborted", reader, element, key, other));
      case ListFault::Kind::kIntermediate:
        return filled(anomaly, "G1b", IsolationLevel::kReadCommitted,
                      fmt::format("{} read {} up to {}, in the midst of what {} appended", reader, key,
                                  element, other));
      case ListFault::Kind::kDirtyUpdate:
        return filled(anomaly, "dirty-update", IsolationLevel::kReadCommitted,
                      fmt::format("{} appended {} to {} behind an element of {}, which was aborted", reader,
                                  element, key, other));
      case ListFault::Kind::kDuplicate:
        return filled(anomaly, "duplicate-elements", IsolationLevel::kReadUncommitted,
                      fmt::format("{} read {} more than once in {}", reader, element, key));
      case ListFault::Kind::kIncompatible:
        return filled(
            anomaly, "incompatible-order", IsolationLevel::kReadUncommitted,
            fmt::format("{} read {} in {} where a longer list has another element", reader, element, key));
      case ListFault::Kind::kInternal:
        return filled(anomaly, "internal", IsolationLevel::kSnapshotIsolation,
                      fmt::format("{} read of {} what does not follow from its own reads and appends before",
                                  reader, key));
    }
    return std::nullopt;
  }

  [[nodiscard]] TransactionAnomaly describe(const std::vector<DependencyEdge>& circle, IsolationLevel level,
                                            SessionOrder order) const {
    TransactionAnomaly anomaly{.name = circle_name(circle),
                               .text = {},
                               .transactions = {},
                               .steps = {},
                               .weakest = level,
                               .order = order};
    for (const DependencyEdge& edge : circle) {
      anomaly.transactions.push_back(edge.from);
      anomaly.steps.push_back(step(edge));
    }
    anomaly.text = fmt::format("{}", fmt::join(anomaly.steps, "; "));
    return anomaly;
  }

 private:
  static TransactionAnomaly filled(TransactionAnomaly anomaly, std::string_view name, IsolationLevel weakest,
                                   std::string text) {
    anomaly.name = name;
    anomaly.weakest = weakest;
    anomaly.text = std::move(text);
    return anomaly;
  }

  [[nodiscard]] std::string name(std::uint32_t transaction) const {
    return fmt::format("T{}", history_.transactions[transaction].invoke);
  }

  [[nodiscard]] std::string step(const DependencyEdge& edge) const {
    const std::string from = name(edge.from);
    const std::string to = name(edge.to);
    const std::string key = to_text(history_.keys.value(edge.key));
    switch (edge.kind) {
      case Dependency::kWw:
        return fmt::format("{} appended to {} behind {}", to, key, from);
      case Dependency::kWr:
        return fmt::format("{} read in {} what {} appended", to, key, from);
      case Dependency::kRw:
        return fmt::format("{} did not read in {} what {} appended", from, key, to);
      case Dependency::kProcess:
        return fmt::format("{} came after {} in process {}", to, from,
                           history_.transactions[edge.to].process);
      case Dependency::kRealtime:
        return fmt::format("{} began when {} was over", to, from);
    }
    return "";
  }

  const ListHistory& history_;
};

}  // namespace

std::string to_text(IsolationLevel level, SessionOrder order) {
  constexpr std::array<std::string_view, 4> kNames = {"read-uncommitted", "read-committed",
                                                      "snapshot-isolation", "serializable"};
  const std::string name(kNames[static_cast<std::size_t>(level)]);
  if (order == SessionOrder::kNone) return name;
  if (order == SessionOrder::kProcess) return "strong-session-" + name;
  return level == IsolationLevel::kSerializable ? "strict-" + name : "strong-" + name;
}

bool ListAppendFinding::holds(IsolationLevel level, SessionOrder order) const {
  return std::none_of(anomalies.begin(), anomalies.end(), [&](const TransactionAnomaly& anomaly) {
    return anomaly.weakest <= level && anomaly.order <= order;
  });
}

Result<ListAppendFinding> check_list_append(const ListHistory& history) {
  const Result<ListReading> reading = read_versions(history);
  if (!reading.ok()) return reading.error();
  const Reporter reporter(history);
  ListAppendFinding finding;
  std::map<std::string, std::size_t> seen;
  for (const ListFault& fault : reading->faults) {
    const auto anomaly = reporter.describe(fault);
    if (anomaly && seen[anomaly->name]++ < kOfEachNameMax) finding.anomalies.push_back(*anomaly);
  }
  const DependencyGraph graph = GraphBuilder(history, reading->versions).run();
  for (const auto& [order, kinds] : kOrders) {
    for (const Forbidden& forbidden : kForbidden) {
      if (!finding.holds(forbidden.level, order)) continue;
      const auto circle =
          graph.find_circle(static_cast<DependencyMask>(forbidden.kinds | kinds), forbidden.no_adjacent_rw);
      if (!circle.empty()) finding.anomalies.push_back(reporter.describe(circle, forbidden.level, order));
    }
  }
  std::stable_sort(finding.anomalies.begin(), finding.anomalies.end(),
                   [](const TransactionAnomaly& a, const TransactionAnomaly& b) {
                     return std::pair(a.weakest, a.order) < std::pair(b.weakest, b.order);
                   });
  return finding;
}

}  // namespace ordeal
