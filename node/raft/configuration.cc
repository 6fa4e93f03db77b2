#include "node/raft/configuration.h"

#include <algorithm>

namespace ordeal::raft {

namespace {

bool holds(const std::vector<NodeId>& nodes, NodeId node) {
  return std::binary_search(nodes.begin(), nodes.end(), node);
}

void normalize(std::vector<NodeId>& nodes) {
  std::sort(nodes.begin(), nodes.end());
  nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
}

void encode_nodes(Encoder& out, const std::vector<NodeId>& nodes) {
  out.u32(static_cast<std::uint32_t>(nodes.size()));
  for (const NodeId node : nodes) out.u32(node.value());
}

std::vector<NodeId> decode_nodes(Decoder& in) {
  std::vector<NodeId> nodes;
  const std::uint32_t count = in.count(4);
  nodes.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    const NodeId node{in.u32()};
    if (node == kNoNode || (!nodes.empty() && node <= nodes.back())) in.fail();
    nodes.push_back(node);
  }
  return nodes;
}

void append_names(std::string& text, std::string_view label, const std::vector<NodeId>& nodes) {
  if (nodes.empty()) return;
  if (!text.empty()) text += ", ";
  text += label;
  for (const NodeId node : nodes) text += " " + node_name(node);
}

}  // namespace

bool Configuration::is_voter(NodeId node) const {
  return holds(voters, node) || holds(outgoing, node);
}

std::vector<NodeId> Configuration::members() const {
  std::vector<NodeId> all = voters;
  all.insert(all.end(), outgoing.begin(), outgoing.end());
  all.insert(all.end(), learners.begin(), learners.end());
  normalize(all);
  return all;
}

Configuration normalized(Configuration configuration) {
  normalize(configuration.voters);
  normalize(configuration.outgoing);
  normalize(configuration.learners);
  return configuration;
}

std::optional<std::string> find_fault(const Configuration& configuration) {
  if (configuration.voters.empty()) return "a cluster needs at least one voter";
  if (holds(configuration.voters, kNoNode) || holds(configuration.learners, kNoNode)) {
    return "node ids are counted from 1";
  }
  for (const NodeId node : configuration.learners) {
    if (holds(configuration.voters, node))
      return node_name(node) + " cannot be a voter and a learner at once";
  }
  return std::nullopt;
}

std::string to_text(const Configuration& configuration) {
  std::string text;
  append_names(text, "voters", configuration.voters);
  append_names(text, "outgoing", configuration.outgoing);
  append_names(text, "learners", configuration.learners);
  return text.empty() ? "nobody" : text;
}

void encode(Encoder& out, const Configuration& configuration) {
  encode_nodes(out, configuration.voters);
  encode_nodes(out, configuration.outgoing);
  encode_nodes(out, configuration.learners);
}

Bytes encode(const Configuration& configuration) {
  Encoder out;
  encode(out, configuration);
  return std::move(out).take();
}

Configuration decode_configuration(Decoder& in) {
  Configuration configuration;
  configuration.voters = decode_nodes(in);
  configuration.outgoing = decode_nodes(in);
  configuration.learners = decode_nodes(in);
  for (const NodeId node : configuration.learners) {
    if (holds(configuration.voters, node)) in.fail();
  }
  return configuration;
}

std::optional<Configuration> decode_configuration(std::string_view bytes) {
  Decoder in(bytes);
  Configuration configuration = decode_configuration(in);
  if (!in.finished()) return std::nullopt;
  return configuration;
}

}  // namespace ordeal::raft
