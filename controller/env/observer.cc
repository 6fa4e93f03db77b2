#include "controller/env/observer.h"

#include <algorithm>

namespace ordeal::env {
namespace {

constexpr Duration kInterval = milliseconds(150);
/// A paused node accepts the connection and says nothing.
constexpr Duration kTimeout = milliseconds(500);

}  // namespace

Observer::Observer(std::vector<Endpoint> endpoints, Transport& transport, Callbacks callbacks)
    : transport_(transport), callbacks_(std::move(callbacks)) {
  for (Endpoint& endpoint : endpoints) {
    Watched watched;
    watched.endpoint = std::move(endpoint);
    nodes_.push_back(std::move(watched));
  }
}

Observer::~Observer() {
  for (const Watched& node : nodes_) {
    if (node.open) transport_.cancel(*node.open);
  }
}

void Observer::run_due(MonotonicTime now) {
  for (Watched& node : nodes_) {
    if (node.open || node.next > now) continue;
    node.next = now + kInterval;
    HttpRequest request;
    request.url = node.endpoint.api_url() + "/v1/status";
    request.timeout = kTimeout;
    node.open = transport_.start(std::move(request),
                                 [this, &node](const HttpAnswer& answer) { heard(node, answer); });
  }
}

std::optional<MonotonicTime> Observer::next_due() const {
  std::optional<MonotonicTime> next;
  for (const Watched& node : nodes_) {
    if (!node.open && (!next || node.next < *next)) next = node.next;
  }
  return next;
}

void Observer::heard(Watched& node, const HttpAnswer& answer) {
  node.open.reset();
  NodeObservation observation;
  observation.node = node.endpoint.node;
  std::vector<NodeEvent> events;
  if (answer.answered && answer.status == 200) {
    // Ignored: a status that cannot be read counts as none; the node is not reachable for what we need.
    if (auto status = parse_node_status(answer.body, node.endpoint.node); status.ok()) {
      observation = status->observation;
      if (node.status) events = events_between(*node.status, *status);
      node.status = std::move(status).value();
    }
  }
  if (node.last != observation) {
    node.last = observation;
    callbacks_.observed(std::move(observation));
  }
  for (NodeEvent& event : events) callbacks_.happened(std::move(event));
}

}  // namespace ordeal::env
