#include "checkers/transactions/isolation.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>

namespace ordeal {
namespace {

constexpr std::ptrdiff_t kOfEachNameMax = 4;

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

}  // namespace

std::string to_text(IsolationLevel level, SessionOrder order) {
  constexpr std::array<std::string_view, 4> kNames = {"read-uncommitted", "read-committed",
                                                      "snapshot-isolation", "serializable"};
  const std::string name(kNames[static_cast<std::size_t>(level)]);
  if (order == SessionOrder::kNone) return name;
  if (order == SessionOrder::kProcess) return "strong-session-" + name;
  return level == IsolationLevel::kSerializable ? "strict-" + name : "strong-" + name;
}

bool IsolationFinding::holds(IsolationLevel level, SessionOrder order) const {
  return std::none_of(anomalies.begin(), anomalies.end(), [&](const TransactionAnomaly& anomaly) {
    return anomaly.weakest <= level && anomaly.order <= order;
  });
}

void IsolationFinding::add(TransactionAnomaly anomaly) {
  const auto alike = std::count_if(anomalies.begin(), anomalies.end(), [&](const TransactionAnomaly& other) {
    return other.name == anomaly.name;
  });
  if (alike < kOfEachNameMax) anomalies.push_back(std::move(anomaly));
}

void IsolationFinding::sort() {
  std::stable_sort(anomalies.begin(), anomalies.end(),
                   [](const TransactionAnomaly& a, const TransactionAnomaly& b) {
                     return std::pair(a.weakest, a.order) < std::pair(b.weakest, b.order);
                   });
}

void add_circles(const DependencyGraph& graph, const DescribeEdge& describe, IsolationFinding& finding) {
  for (const auto& [order, kinds] : kOrders) {
    for (const Forbidden& forbidden : kForbidden) {
      if (!finding.holds(forbidden.level, order)) continue;
      const auto circle =
          graph.find_circle(static_cast<DependencyMask>(forbidden.kinds | kinds), forbidden.no_adjacent_rw);
      if (circle.empty()) continue;
      TransactionAnomaly anomaly{.name = circle_name(circle),
                                 .text = {},
                                 .transactions = {},
                                 .steps = {},
                                 .weakest = forbidden.level,
                                 .order = order};
      for (const DependencyEdge& edge : circle) {
        anomaly.transactions.push_back(edge.from);
        anomaly.steps.push_back(describe(edge));
      }
      anomaly.text = fmt::format("{}", fmt::join(anomaly.steps, "; "));
      finding.anomalies.push_back(std::move(anomaly));
    }
  }
}

void add_real_time(std::span<const TransactionTime> times, std::uint32_t& nodes,
                   std::vector<DependencyEdge>& edges) {
  constexpr std::uint32_t kNoPoint = UINT32_MAX;
  const auto edge = [&](std::uint32_t from, std::uint32_t to) {
    edges.push_back({.from = from, .to = to, .kind = Dependency::kRealtime, .key = 0});
  };
  std::vector<std::pair<std::uint32_t, std::uint32_t>> completions;  // position, transaction
  for (const TransactionTime& time : times) {
    if (time.complete != UINT32_MAX) completions.emplace_back(time.complete, time.transaction);
  }
  std::sort(completions.begin(), completions.end());
  std::size_t over = 0;
  std::uint32_t point = kNoPoint;
  for (const TransactionTime& time : times) {
    if (over < completions.size() && completions[over].first < time.invoke) {
      const std::uint32_t next = nodes++;
      if (point != kNoPoint) edge(point, next);
      for (; over < completions.size() && completions[over].first < time.invoke; ++over)
        edge(completions[over].second, next);
      point = next;
    }
    if (point != kNoPoint) edge(point, time.transaction);
  }
}

}  // namespace ordeal
