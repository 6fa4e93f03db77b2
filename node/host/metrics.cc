#include "node/host/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <array>

namespace ordeal::host {
namespace {

using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::BuildHistogram;

constexpr std::array<std::string_view, 3> kOutcomes = {"ok", "definite", "indefinite"};

const prometheus::Histogram::BucketBoundaries kSeconds = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01,
                                                          0.025,  0.05,    0.1,    0.25,  0.5,    1,     2.5};

}  // namespace

class Metrics::Impl {
 public:
  explicit Impl(const std::vector<std::string>& plants) {
    for (std::size_t route = 0; route < kRouteCount; ++route) {
      const std::string name(to_text(static_cast<Route>(route)));
      for (std::size_t outcome = 0; outcome < kOutcomes.size(); ++outcome) {
        requests_[route][outcome] =
            &request_family_.Add({{"route", name}, {"outcome", std::string(kOutcomes[outcome])}});
      }
      lengths_[route] = &length_family_.Add({{"route", name}}, kSeconds);
    }
    auto& active = BuildGauge()
                       .Name("ordeal_plant_active")
                       .Help("A planted bug is on: this node is wrong on purpose")
                       .Register(registry_);
    for (const std::string& plant : plants) active.Add({{"plant", plant}}).Set(1);
  }

  void set(const Gauges& gauges) {
    term_.Set(static_cast<double>(gauges.protocol.term.value()));
    commit_.Set(static_cast<double>(gauges.protocol.commit.value()));
    applied_.Set(static_cast<double>(gauges.protocol.applied.value()));
    last_.Set(static_cast<double>(gauges.protocol.last_index.value()));
    first_.Set(static_cast<double>(gauges.protocol.first_index.value()));
    leader_.Set(gauges.protocol.leader.value());
    for (const std::string role : {"leader", "follower", "candidate", "pre-candidate", "learner"})
      role_family_.Add({{"role", role}}).Set(gauges.protocol.role == role ? 1 : 0);
    connections_.Set(static_cast<double>(gauges.connections));
    disk_full_.Set(gauges.disk_full ? 1 : 0);
    incarnation_.Set(static_cast<double>(gauges.incarnation));
    for (const auto& [node, stats] : gauges.peers) {
      const std::string peer = node_name(node);
      set_counter(bytes_family_.Add({{"peer", peer}, {"direction", "out"}}), stats.bytes_out);
      set_counter(bytes_family_.Add({{"peer", peer}, {"direction", "in"}}), stats.bytes_in);
      set_counter(dropped_family_.Add({{"peer", peer}}), stats.dropped);
      connected_family_.Add({{"peer", peer}}).Set(stats.connected ? 1 : 0);
    }
  }

  prometheus::Registry registry_;
  prometheus::Family<prometheus::Counter>& request_family_ =
      BuildCounter().Name("ordeal_requests_total").Help("Requests answered").Register(registry_);
  prometheus::Family<prometheus::Histogram>& length_family_ =
      BuildHistogram()
          .Name("ordeal_request_seconds")
          .Help("From the last byte of a request to the first of its answer")
          .Register(registry_);
  std::array<std::array<prometheus::Counter*, 3>, kRouteCount> requests_{};
  std::array<prometheus::Histogram*, kRouteCount> lengths_{};

  prometheus::Histogram& syncs_ = BuildHistogram()
                                      .Name("ordeal_storage_sync_seconds")
                                      .Help("Writes of the log file that were synced")
                                      .Register(registry_)
                                      .Add({}, kSeconds);
  prometheus::Counter& written_ = BuildCounter()
                                      .Name("ordeal_storage_bytes_total")
                                      .Help("Bytes handed to the store")
                                      .Register(registry_)
                                      .Add({});

 private:
  static void set_counter(prometheus::Counter& counter, std::uint64_t value) {
    counter.Increment(static_cast<double>(value) - counter.Value());
  }
  prometheus::Gauge& gauge(const std::string& name, const std::string& help) {
    return BuildGauge().Name(name).Help(help).Register(registry_).Add({});
  }

  prometheus::Gauge& term_ = gauge("ordeal_term", "Current term");
  prometheus::Gauge& commit_ = gauge("ordeal_commit_index", "Last entry known to be committed");
  prometheus::Gauge& applied_ = gauge("ordeal_applied_index", "Last entry that was executed");
  prometheus::Gauge& first_ = gauge("ordeal_log_first_index", "Oldest entry in the log");
  prometheus::Gauge& last_ = gauge("ordeal_log_last_index", "Newest entry in the log");
  prometheus::Gauge& leader_ = gauge("ordeal_leader", "Number of the leader; 0: none is known");
  prometheus::Gauge& connections_ = gauge("ordeal_connections", "Connections of clients");
  prometheus::Gauge& disk_full_ = gauge("ordeal_disk_full", "1 while writes are refused for want of space");
  prometheus::Gauge& incarnation_ = gauge("ordeal_incarnation", "Starts of this node since it was made");
  prometheus::Family<prometheus::Gauge>& role_family_ =
      BuildGauge().Name("ordeal_role").Help("1 for the role that the node has").Register(registry_);
  prometheus::Family<prometheus::Counter>& bytes_family_ =
      BuildCounter().Name("ordeal_peer_bytes_total").Help("Bytes from and to peers").Register(registry_);
  prometheus::Family<prometheus::Counter>& dropped_family_ =
      BuildCounter()
          .Name("ordeal_peer_dropped_total")
          .Help("Messages dropped: no connection, or a full queue")
          .Register(registry_);
  prometheus::Family<prometheus::Gauge>& connected_family_ = BuildGauge()
                                                                 .Name("ordeal_peer_connected")
                                                                 .Help("1 while our connection to it stands")
                                                                 .Register(registry_);
};

Metrics::Metrics(const std::vector<std::string>& plants) : impl_(std::make_unique<Impl>(plants)) {}
Metrics::~Metrics() = default;

void Metrics::request(Route route, RequestOutcome outcome, Duration length) {
  const auto index = static_cast<std::size_t>(route);
  impl_->requests_[index][static_cast<std::size_t>(outcome)]->Increment();
  impl_->lengths_[index]->Observe(length.seconds());
}

void Metrics::storage_write(Duration sync, std::uint64_t bytes) {
  if (sync > Duration(0)) impl_->syncs_.Observe(sync.seconds());
  impl_->written_.Increment(static_cast<double>(bytes));
}

std::string Metrics::print(const Gauges& gauges) {
  impl_->set(gauges);
  return prometheus::TextSerializer().Serialize(impl_->registry_.Collect());
}

}  // namespace ordeal::host
