#pragma once
// What a node counts, as Prometheus text. Counting is cheap and may be done on any thread.

#include "common/time.h"
#include "node/host/duties/routes.h"
#include "node/host/peers.h"
#include "node/protocol.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace ordeal::host {

enum class RequestOutcome : std::uint8_t { kOk, kDefinite, kIndefinite };

/// What is true at the moment of asking.
struct Gauges {
  ProtocolStatus protocol;
  std::map<NodeId, PeerStats> peers;
  std::size_t connections = 0;
  bool disk_full = false;
  std::uint64_t incarnation = 0;
  std::map<std::string, std::uint64_t>
      events;  ///< notable events of the core by name, since this process began
};

class Metrics {
 public:
  /// `plants`: planted bugs that are on; each is a gauge with the value 1.
  explicit Metrics(const std::vector<std::string>& plants);
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;
  ~Metrics();

  void request(Route route, RequestOutcome outcome, Duration length);
  void storage_write(Duration sync, std::uint64_t bytes);

  /// Text format 0.0.4.
  [[nodiscard]] std::string print(const Gauges& gauges);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ordeal::host
