#include "nemesis/agent/metrics.h"

#include <fmt/format.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <map>
#include <mutex>
#include <utility>

namespace ordeal::agent {
namespace {

using prometheus::Counter;
using prometheus::Gauge;

auto& counter_family(prometheus::Registry& registry, const std::string& name, const std::string& help,
                     const std::string& node) {
  return prometheus::BuildCounter().Name(name).Help(help).Labels({{"node", node}}).Register(registry);
}

auto& gauge_family(prometheus::Registry& registry, const std::string& name, const std::string& help,
                   const std::string& node) {
  return prometheus::BuildGauge().Name(name).Help(help).Labels({{"node", node}}).Register(registry);
}

}  // namespace

struct Metrics::Series {
  explicit Series(const std::string& node)
      : applied(counter_family(registry, "ordeal_agent_faults_applied_total", "Faults put in force", node)),
        failed(counter_family(registry, "ordeal_agent_faults_failed_total",
                              "Faults that could not be put in force", node)),
        expired(counter_family(registry, "ordeal_agent_faults_expired_total", "Faults whose lease ran out",
                               node)),
        in_force(gauge_family(registry, "ordeal_agent_faults_in_force", "Faults in force now", node)),
        dropped(gauge_family(registry, "ordeal_agent_dropped_packets",
                             "Packets dropped on account of faults in force now", node)),
        requests(
            counter_family(registry, "ordeal_agent_http_requests_total", "HTTP requests by status", node)),
        probes_sent(counter_family(registry, "ordeal_agent_probes_sent_total", "Probe datagrams sent", node)),
        probes_received(counter_family(registry, "ordeal_agent_probes_received_total",
                                       "Probe datagrams received", node)) {
    in_force.Add({});
    expired.Add({});
  }

  prometheus::Registry registry;
  std::mutex mutex;  // guards dropped_by_peer; the rest guards itself
  std::map<std::pair<NodeId, Family>, Gauge*> dropped_by_peer;
  prometheus::Family<Counter>& applied;
  prometheus::Family<Counter>& failed;
  prometheus::Family<Counter>& expired;
  prometheus::Family<Gauge>& in_force;
  prometheus::Family<Gauge>& dropped;
  prometheus::Family<Counter>& requests;
  prometheus::Family<Counter>& probes_sent;
  prometheus::Family<Counter>& probes_received;
};

Metrics::Metrics(const std::string& node) : series_(std::make_unique<Series>(node)) {}
Metrics::~Metrics() = default;

void Metrics::count_applied(std::string_view kind) {
  series_->applied.Add({{"kind", std::string(kind)}}).Increment();
}
void Metrics::count_failure(std::string_view kind) {
  series_->failed.Add({{"kind", std::string(kind)}}).Increment();
}
void Metrics::count_expired() {
  series_->expired.Add({}).Increment();
}
void Metrics::set_in_force(std::size_t faults) {
  series_->in_force.Add({}).Set(static_cast<double>(faults));
}

void Metrics::set_dropped(const DropCounts& dropped) {
  std::map<std::pair<NodeId, Family>, std::uint64_t> sums;
  for (const auto& [key, families] : dropped) {
    for (const auto& [family, packets] : families) sums[{key.second, family}] += packets;
  }
  const std::lock_guard lock(series_->mutex);
  for (const auto& [key, packets] : sums) {
    Gauge*& gauge = series_->dropped_by_peer[key];
    if (gauge == nullptr)
      gauge = &series_->dropped.Add(
          {{"from", node_name(key.first)}, {"family", std::string(to_text(key.second))}});
  }
  for (const auto& [key, gauge] : series_->dropped_by_peer) {
    const auto sum = sums.find(key);
    gauge->Set(sum == sums.end() ? 0.0 : static_cast<double>(sum->second));
  }
}

void Metrics::count_request(int status) {
  series_->requests.Add({{"status", fmt::to_string(status)}}).Increment();
}
void Metrics::count_probe_sent(Family family) {
  series_->probes_sent.Add({{"family", std::string(to_text(family))}}).Increment();
}
void Metrics::count_probe_received(Family family) {
  series_->probes_received.Add({{"family", std::string(to_text(family))}}).Increment();
}

std::string Metrics::text() const {
  return prometheus::TextSerializer().Serialize(series_->registry.Collect());
}

}  // namespace ordeal::agent
