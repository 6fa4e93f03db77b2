#include "checkers/transactions/list_append.h"

#include "checkers/transactions/version_order.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace ordeal {
namespace {

/// Appends that nobody read come after all that was, in an order that nobody knows. With more of them on one
/// key the edges to all would be as many as readers times appends.
constexpr std::size_t kUnreadMax = 8;

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
    add_real_time(times(), nodes_, edges_);
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

  [[nodiscard]] std::vector<TransactionTime> times() const {
    std::vector<TransactionTime> times;
    for (std::uint32_t t = 0; t < history_.transactions.size(); ++t) {
      const ListTransaction& transaction = history_.transactions[t];
      const bool over = transaction.outcome == TransactionOutcome::kCommitted;
      if (versions_.present[t])
        times.push_back({t, transaction.invoke, over ? transaction.complete : UINT32_MAX});
    }
    return times;
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

  const ListHistory& history_;
};

}  // namespace

Result<IsolationFinding> check_list_append(const ListHistory& history) {
  const Result<ListReading> reading = read_versions(history);
  if (!reading.ok()) return reading.error();
  const Reporter reporter(history);
  IsolationFinding finding;
  for (const ListFault& fault : reading->faults) {
    if (auto anomaly = reporter.describe(fault)) finding.add(*std::move(anomaly));
  }
  const DependencyGraph graph = GraphBuilder(history, reading->versions).run();
  add_circles(
      graph, [&](const DependencyEdge& edge) { return reporter.step(edge); }, finding);
  finding.sort();
  return finding;
}

}  // namespace ordeal
