#include "nemesis/agent/api.h"

#include "nemesis/agent/json.h"

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <limits>

namespace ordeal::agent {
namespace {

namespace json = boost::json;

constexpr std::int64_t kNonceMax = std::numeric_limits<std::int64_t>::max();

json::string_view view(std::string_view text) {
  return {text.data(), text.size()};
}

std::string names_of(const std::set<NodeId>& nodes) {
  std::string text;
  for (const NodeId node : nodes) text += (text.empty() ? "" : ", ") + node_name(node);
  return text;
}

Result<std::set<NodeId>> read_nodes(JsonObject& object, std::string_view member,
                                    const std::set<NodeId>& allowed) {
  const auto names = object.texts(member);
  if (!names) return names.error();
  std::set<NodeId> nodes;
  for (const std::string& name : *names) {
    const NodeId node = parse_node_name(name);
    if (allowed.count(node) == 0)
      return invalid_argument(fmt::format("{} names {}, which is no other member; the others are {}", member,
                                          name, names_of(allowed)));
    if (!nodes.insert(node).second) return invalid_argument(fmt::format("{} names {} twice", member, name));
  }
  return nodes;
}

Result<ProbeRequest> read_emit(JsonObject& object) {
  const auto nonce = object.integer("nonce", 0, kNonceMax);
  if (!nonce) return nonce.error();
  const auto count = object.integer_or("count", 1, kProbeCountMax, 20);
  if (!count) return count.error();
  return ProbeRequest(EmitProbe{static_cast<std::uint64_t>(*nonce), static_cast<std::uint32_t>(*count)});
}

Result<ProbeRequest> read_collect(JsonObject& object, const std::set<NodeId>& others) {
  const auto nonce = object.integer("nonce", 0, kNonceMax);
  if (!nonce) return nonce.error();
  const auto count = object.integer_or("count", 1, kProbeCountMax, 20);
  if (!count) return count.error();
  const auto timeout = object.integer_or("timeout_ms", 0, kProbeTimeoutMsMax, 0);
  if (!timeout) return timeout.error();
  const auto settle = object.integer_or("settle_ms", 0, kProbeTimeoutMsMax, 0);
  if (!settle) return settle.error();
  Expectation expectation{others, static_cast<std::uint32_t>(*count), milliseconds(*timeout),
                          milliseconds(*settle)};
  if (object.has("expect_from")) {
    const auto from = read_nodes(object, "expect_from", others);
    if (!from) return from.error();
    expectation.from = *from;
  }
  return ProbeRequest(CollectProbe{static_cast<std::uint64_t>(*nonce), std::move(expectation)});
}

Result<ProbeRequest> read_reach(JsonObject& object) {
  const auto count = object.integer_or("count", 1, kReachCountMax, 20);
  if (!count) return count.error();
  const auto timeout = object.integer_or("timeout_ms", 1, kProbeTimeoutMsMax, 400);
  if (!timeout) return timeout.error();
  return ProbeRequest(ReachProbe{static_cast<std::uint32_t>(*count), milliseconds(*timeout)});
}

Result<ProbeRequest> read_probe(JsonObject& object, const std::set<NodeId>& others) {
  const auto kind = object.text("kind");
  if (!kind) return kind.error();
  if (*kind == "emit") return read_emit(object);
  if (*kind == "collect") return read_collect(object, others);
  if (*kind == "reach") return read_reach(object);
  if (*kind == "process") return ProbeRequest(ProcessProbe{});
  return invalid_argument(fmt::format("kind must be reach, emit, collect or process, not {}", *kind));
}

Result<Duration> read_lease(JsonObject& object) {
  const auto ttl = object.integer("ttl_ms", kLeaseMsMin, kLeaseMsMax);
  if (!ttl) return ttl.error();
  return milliseconds(*ttl);
}

json::object to_json(const FaultAnswer& answer) {
  json::object object{{"fault", answer.fault}};
  if (answer.kind) object["kind"] = view(to_text(*answer.kind));
  object["state"] = view(to_text(answer.state));
  object["asked_ns"] = answer.asked.ns();
  object["done_ns"] = answer.done.ns();
  return object;
}

json::object to_json(const std::map<Family, std::uint64_t>& counts) {
  json::object object;
  for (const auto& [family, packets] : counts) object[view(to_text(family))] = packets;
  return object;
}

json::object to_json(const FaultView& fault) {
  json::object object = to_json(fault.answer);
  if (!fault.reason.empty()) object["reason"] = fault.reason;
  object["expires_in_ms"] = fault.expires_in.ms();
  if (fault.answer.kind != FaultKind::kPartition) return object;
  json::array from;
  json::object dropped;
  for (const NodeId node : fault.drop_from) from.emplace_back(node_name(node));
  for (const auto& [node, counts] : fault.dropped) dropped[node_name(node)] = to_json(counts);
  object["drop_from"] = std::move(from);
  object["dropped"] = std::move(dropped);
  return object;
}

}  // namespace

bool is_fault_id(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  };
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), allowed);
}

Result<PutRequest> parse_put(std::string_view body, const std::set<NodeId>& others) {
  auto object = JsonObject::parse(body);
  if (!object) return object.error();
  const auto text = object->text("kind");
  if (!text) return text.error();
  const auto kind = parse_fault_kind(*text);
  if (!kind) return invalid_argument(fmt::format("kind must be partition, kill or pause, not {}", *text));
  const auto lease = read_lease(*object);
  if (!lease) return lease.error();
  PutRequest request{{*kind, {}}, *lease};
  if (*kind == FaultKind::kPartition) {
    const auto from = read_nodes(*object, "drop_from", others);
    if (!from) return from.error();
    if (from->empty()) return invalid_argument("drop_from must name at least one member");
    request.body.drop_from = *from;
  }
  if (Status finished = object->finish(); !finished) return finished.error();
  return request;
}

Result<Duration> parse_lease(std::string_view body) {
  auto object = JsonObject::parse(body);
  if (!object) return object.error();
  const auto lease = read_lease(*object);
  if (!lease) return lease.error();
  if (Status finished = object->finish(); !finished) return finished.error();
  return *lease;
}

Result<ProbeRequest> parse_probe(std::string_view body, const std::set<NodeId>& others) {
  auto object = JsonObject::parse(body);
  if (!object) return object.error();
  auto request = read_probe(*object, others);
  if (!request) return request.error();
  if (Status finished = object->finish(); !finished) return finished.error();
  return request;
}

std::string answer_body(const FaultAnswer& answer) {
  return json::serialize(to_json(answer));
}

std::string answers_body(const std::vector<FaultAnswer>& answers) {
  json::array array;
  for (const FaultAnswer& answer : answers) array.emplace_back(to_json(answer));
  return json::serialize(json::object{{"faults", std::move(array)}});
}

std::string list_body(const std::vector<FaultView>& views, MonotonicTime now) {
  json::array array;
  for (const FaultView& fault : views) array.emplace_back(to_json(fault));
  return json::serialize(json::object{{"now_ns", now.ns()}, {"faults", std::move(array)}});
}

std::string replica_body(const ReplicaObservation& observed) {
  return json::serialize(json::object{{"replica", observed.replica},
                                      {"alive", observed.alive},
                                      {"state", std::string(1, observed.state)},
                                      {"threads_stopped", observed.threads_stopped},
                                      {"incarnation", observed.incarnation},
                                      {"cpu_ns", observed.cpu_ns},
                                      {"start_ticks", observed.start_ticks}});
}

std::string arrivals_body(std::string_view kind, const Arrivals& arrivals, std::optional<std::uint32_t> sent,
                          bool complete) {
  json::object peers;
  for (const auto& [node, counts] : arrivals) {
    json::object peer = to_json(counts);
    if (sent) peer["sent"] = *sent;
    peers[node_name(node)] = std::move(peer);
  }
  return json::serialize(json::object{{view(kind), std::move(peers)}, {"complete", complete}});
}

std::string error_body(std::string_view code, std::string_view message) {
  return json::serialize(
      json::object{{"error", json::object{{"code", view(code)}, {"message", view(message)}}}});
}

}  // namespace ordeal::agent
