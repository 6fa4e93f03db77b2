#include "controller/report/digest.h"

#include "common/check.h"

#include <algorithm>
#include <map>

namespace ordeal::report {
namespace {

Outcome outcome_of(const History& history, const Operation& operation) {
  if (!operation.complete) return Outcome::kInfo;
  switch (history[*operation.complete].type) {
    case OpType::kOk:
      return Outcome::kOk;
    case OpType::kFail:
      return Outcome::kFail;
    case OpType::kInfo:
    case OpType::kInvoke:
      return Outcome::kInfo;
  }
  return Outcome::kInfo;
}

/// Gives lanes in the order of invocation; a lane is free again when the operation of its process ended in
/// info.
std::uint32_t assign_lanes(const History& history, std::vector<DigestOperation>& operations) {
  std::map<ProcessId, std::uint32_t> lane_of;
  std::multimap<std::size_t, std::uint32_t> retiring;  // position of the info -> its lane
  std::set<std::uint32_t> free;
  std::uint32_t lanes = 0;
  for (DigestOperation& operation : operations) {
    while (!retiring.empty() && retiring.begin()->first < operation.invoke) {
      free.insert(retiring.begin()->second);
      retiring.erase(retiring.begin());
    }
    const ProcessId process = history[operation.invoke].process;
    auto it = lane_of.find(process);
    if (it == lane_of.end()) {
      const std::uint32_t lane = free.empty() ? lanes++ : *free.begin();
      free.erase(lane);
      it = lane_of.emplace(process, lane).first;
    }
    operation.lane = it->second;
    if (operation.outcome == Outcome::kInfo && operation.complete)
      retiring.emplace(*operation.complete, it->second);
  }
  return lanes;
}

std::int64_t quantile(std::vector<std::int64_t>& sorted, int percent) {
  if (sorted.empty()) return -1;
  // Nearest rank: the smallest value that at least `percent` of the values do not exceed.
  const std::size_t rank = (sorted.size() * static_cast<std::size_t>(percent) + 99) / 100;
  return sorted[std::max<std::size_t>(rank, 1) - 1];
}

/// At least 100 ms wide, a round number, and at most `slices_max` of them.
Duration slice_width(Duration end, std::size_t slices_max) {
  for (const std::int64_t ms : {100, 200, 250, 500, 1'000, 2'000, 5'000, 10'000, 30'000, 60'000, 300'000}) {
    if (milliseconds(ms) * static_cast<std::int64_t>(slices_max) > end) return milliseconds(ms);
  }
  return end / static_cast<std::int64_t>(slices_max) + milliseconds(1);
}

Slices slice(const History& history, const std::vector<DigestOperation>& operations, Duration end,
             std::size_t slices_max) {
  Slices slices;
  slices.width = slice_width(end, slices_max);
  const std::size_t count = static_cast<std::size_t>(end.ns() / slices.width.ns()) + 1;
  slices.ok.resize(count);
  slices.fail.resize(count);
  slices.info.resize(count);
  std::vector<std::vector<std::int64_t>> latencies(count);
  for (const DigestOperation& operation : operations) {
    if (!operation.complete) continue;
    const Duration at = history[*operation.complete].time;
    const std::size_t index = static_cast<std::size_t>(at.ns() / slices.width.ns());
    if (operation.outcome == Outcome::kOk) ++slices.ok[index];
    if (operation.outcome == Outcome::kFail) ++slices.fail[index];
    if (operation.outcome == Outcome::kInfo) ++slices.info[index];
    if (operation.outcome == Outcome::kOk) latencies[index].push_back(latency_of(history, operation).ns());
  }
  for (std::vector<std::int64_t>& values : latencies) {
    std::sort(values.begin(), values.end());
    slices.p50.push_back(quantile(values, 50));
    slices.p95.push_back(quantile(values, 95));
    slices.p99.push_back(quantile(values, 99));
    slices.longest.push_back(quantile(values, 100));
  }
  return slices;
}

LatencyFigures latency_figures(const History& history, const std::vector<DigestOperation>& operations) {
  std::vector<std::int64_t> values;
  for (const DigestOperation& operation : operations) {
    if (operation.outcome == Outcome::kOk) values.push_back(latency_of(history, operation).ns());
  }
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  return {values.size(), nanoseconds(quantile(values, 50)), nanoseconds(quantile(values, 95)),
          nanoseconds(quantile(values, 99)), nanoseconds(values.back())};
}

}  // namespace

Duration latency_of(const History& history, const DigestOperation& operation) {
  ORDEAL_CHECK(operation.complete.has_value());
  const Op& invoke = history[operation.invoke];
  return history[*operation.complete].time - invoke.intended.value_or(invoke.time);
}

Digest digest(const History& history, std::size_t slices_max) {
  Digest result;
  if (!history.empty()) result.end = history.back().time;
  for (const Operation& operation : pair_operations(history)) {
    result.operations.push_back({operation.invoke, operation.complete, outcome_of(history, operation), 0});
  }
  result.lanes = assign_lanes(history, result.operations);
  result.slices = slice(history, result.operations, result.end, slices_max);
  result.latency = latency_figures(history, result.operations);
  return result;
}

std::vector<std::size_t> choose_shown(const Digest& digest, const std::set<std::size_t>& always,
                                      std::size_t shown_max) {
  const std::size_t total = digest.operations.size();
  std::vector<std::size_t> shown;
  std::vector<std::size_t> notable;
  std::vector<std::size_t> rest;
  for (std::size_t i = 0; i < total; ++i) {
    const DigestOperation& operation = digest.operations[i];
    if (total <= shown_max || always.contains(operation.invoke)) {
      shown.push_back(i);
    } else {
      (operation.outcome == Outcome::kOk ? rest : notable).push_back(i);
    }
  }
  for (const std::vector<std::size_t>* group : {&notable, &rest}) {
    const std::size_t room = shown_max - std::min(shown_max, shown.size());
    const std::size_t take = std::min(room, group->size());
    for (std::size_t i = 0; i < take; ++i) shown.push_back((*group)[i * group->size() / take]);
  }
  std::sort(shown.begin(), shown.end());
  return shown;
}

}  // namespace ordeal::report
