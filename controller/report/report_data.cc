#include "controller/report/report_data.h"

#include "checkers/formats/json_text.h"
#include "common/byte_text.h"
#include "controller/report/document.h"
#include "controller/report/encode.h"
#include "controller/report/wording.h"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <limits>
#include <unordered_map>

namespace ordeal::report {
namespace {

/// Little-endian integers of one size, one after the other.
template <class Integer>
class Column {
 public:
  void add(std::uint64_t value) {
    for (std::size_t i = 0; i < sizeof(Integer); ++i) bytes_ += static_cast<char>((value >> (8 * i)) & 0xFFU);
  }
  [[nodiscard]] Value text() const { return to_base64(bytes_); }

 private:
  std::string bytes_;
};

/// Each distinct text once, numbered in the order of first use.
class Texts {
 public:
  std::uint32_t number_of(const std::string& text) {
    const auto [it, added] = numbers_.try_emplace(text, static_cast<std::uint32_t>(numbers_.size()));
    if (added) list_.emplace_back(text);
    return it->second;
  }
  [[nodiscard]] Value::List take() { return std::move(list_); }

 private:
  std::unordered_map<std::string, std::uint32_t> numbers_;  // Looked up only; the order is that of list_.
  Value::List list_;
};

/// Time in 32 bits: whole microseconds up to 71 minutes, coarser beyond.
std::int64_t unit_ns(Duration end) {
  std::int64_t unit = 1'000;
  while (end.ns() / unit >= std::numeric_limits<std::uint32_t>::max()) unit *= 10;
  return unit;
}

constexpr std::uint32_t kOpen = std::numeric_limits<std::uint32_t>::max();

Value::Map operations_json(const ReportData& data, std::int64_t unit, Texts& texts) {
  Column<std::uint32_t> start;
  Column<std::uint32_t> length;
  Column<std::uint32_t> process;
  Column<std::uint32_t> key;
  Column<std::uint32_t> words;
  Column<std::uint32_t> error;
  Column<std::uint16_t> lane;
  Column<std::uint16_t> node;
  Column<std::uint8_t> outcome;
  Column<std::uint8_t> guilty;
  for (const std::size_t i : data.shown) {
    const DigestOperation& operation = data.digest.operations[i];
    const Op& invoke = data.history[operation.invoke];
    const Op* complete = operation.complete ? &data.history[*operation.complete] : nullptr;
    start.add(static_cast<std::uint64_t>(invoke.time.ns() / unit));
    length.add(complete == nullptr ? kOpen
                                   : static_cast<std::uint64_t>((complete->time - invoke.time).ns() / unit));
    process.add(static_cast<std::uint64_t>(invoke.process.value()));
    key.add(texts.number_of(value_words(invoke.key)));
    words.add(texts.number_of(operation_words(invoke, complete)));
    error.add(texts.number_of(complete == nullptr ? "no answer before the end of the history"
                                                  : clip(printable(complete->error), 200)));
    lane.add(operation.lane);
    node.add(complete != nullptr && complete->node != kNoNode ? complete->node.value() : invoke.node.value());
    outcome.add(static_cast<std::uint8_t>(operation.outcome));
    guilty.add(data.guilty.contains(operation.invoke) ? 1 : 0);
  }
  return {{"count", count_value(data.shown.size())},
          {"total", count_value(data.digest.operations.size())},
          {"start", start.text()},
          {"length", length.text()},
          {"process", process.text()},
          {"key", key.text()},
          {"words", words.text()},
          {"error", error.text()},
          {"lane", lane.text()},
          {"node", node.text()},
          {"outcome", outcome.text()},
          {"guilty", guilty.text()}};
}

template <class Number>
Value::List numbers_json(const std::vector<Number>& numbers) {
  Value::List out;
  for (const Number number : numbers) out.emplace_back(static_cast<std::int64_t>(number));
  return out;
}

Value::Map slices_json(const Slices& slices) {
  return {{"width_ns", slices.width.ns()},     {"ok", numbers_json(slices.ok)},
          {"fail", numbers_json(slices.fail)}, {"info", numbers_json(slices.info)},
          {"p50", numbers_json(slices.p50)},   {"p95", numbers_json(slices.p95)},
          {"p99", numbers_json(slices.p99)},   {"longest", numbers_json(slices.longest)}};
}

Value::List faults_json(const ReportData& data) {
  Value::List out;
  for (const FaultRecord& fault : data.faults) {
    Value::List nodes;
    for (const NodeId node : fault.nodes) nodes.emplace_back(static_cast<std::int64_t>(node.value()));
    out.emplace_back(Value::Map{{"kind", printable(fault.kind)},
                                {"targets", describe_targets(fault, data.nodes)},
                                {"nodes", std::move(nodes)},
                                {"from_ns", fault.from().ns()},
                                {"to_ns", fault.to(data.digest.end).ns()},
                                {"verified", fault.began.has_value()}});
  }
  return out;
}

Value::List leaders_json(const std::vector<LeaderInterval>& leaders) {
  Value::List out;
  for (const LeaderInterval& leader : leaders) {
    out.emplace_back(Value::Map{{"node", count_value(leader.node.value())},
                                {"term", count_value(leader.term.value())},
                                {"from_ns", leader.from.ns()},
                                {"to_ns", leader.to.ns()}});
  }
  return out;
}

}  // namespace

std::string print_report_data(const ReportData& data) {
  const std::int64_t unit = unit_ns(data.digest.end);
  Texts texts;
  Value::Map operations = operations_json(data, unit, texts);
  const Value::Map document{{"unit_ns", unit},
                            {"end_ns", data.digest.end.ns()},
                            {"lanes", count_value(data.digest.lanes)},
                            {"nodes", count_value(data.nodes)},
                            {"operations", std::move(operations)},
                            {"texts", texts.take()},
                            {"slices", slices_json(data.digest.slices)},
                            {"faults", faults_json(data)},
                            {"leaders", leaders_json(data.leaders)}};
  return print_json(document);
}

}  // namespace ordeal::report
