#include "controller/env/reach.h"

#include <fmt/format.h>

namespace ordeal::env {
namespace {

std::string difference(const Cut& pair, const Arrived& arrived, bool should_be_cut) {
  const std::string name = fmt::format("{}->{}", node_name(pair.from), node_name(pair.to));
  if (should_be_cut) {
    if (arrived == Arrived{}) return {};
    return fmt::format("{} should be cut, but {} datagrams came over IPv4 and {} over IPv6", name,
                       arrived.ipv4, arrived.ipv6);
  }
  if (arrived.ipv4 > 0 && arrived.ipv6 > 0) return {};
  const char* family = arrived.ipv4 > 0 ? "IPv6" : arrived.ipv6 > 0 ? "IPv4" : "IPv4 or IPv6";
  return fmt::format("{} should be open, but nothing came over {}", name, family);
}

}  // namespace

std::vector<std::string> differences(const ReachMatrix& matrix, const ReachExpectation& expectation) {
  std::vector<std::string> sentences;
  for (const NodeId from : expectation.nodes) {
    for (const NodeId to : expectation.nodes) {
      const Cut pair{from, to};
      if (from == to || expectation.unknown.contains(pair)) continue;
      const auto it = matrix.find(pair);
      if (it == matrix.end()) {
        sentences.push_back(fmt::format("{}->{} was not measured", node_name(from), node_name(to)));
        continue;
      }
      std::string sentence = difference(pair, it->second, expectation.cut.contains(pair));
      if (!sentence.empty()) sentences.push_back(std::move(sentence));
    }
  }
  return sentences;
}

Value to_value(const ReachMatrix& matrix) {
  Value::List cut;
  for (const auto& [pair, arrived] : matrix) {
    if (arrived == Arrived{}) cut.emplace_back(Value::List{node_name(pair.from), node_name(pair.to)});
  }
  return Value::Map{{"pairs", static_cast<std::int64_t>(matrix.size())}, {"cut", std::move(cut)}};
}

}  // namespace ordeal::env
