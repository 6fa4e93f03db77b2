#pragma once
// Asks every node for its status again and again, and tells when one says something new, and what has
// happened to it that faults may wait for. It asks from the
// controller's own address, which no fault cuts off.

#include "common/environment.h"
#include "controller/env/addresses.h"
#include "controller/env/node_wire.h"
#include "controller/env/transport.h"

#include <functional>
#include <optional>
#include <vector>

namespace ordeal::env {

class Observer {
 public:
  struct Callbacks {
    std::function<void(NodeObservation)> observed;
    std::function<void(NodeEvent)> happened;  ///< after the observation that showed it
  };

  /// `transport` must outlive this. The callbacks are called from the transport's wait.
  Observer(std::vector<Endpoint> endpoints, Transport& transport, Callbacks callbacks);
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;
  ~Observer();

  /// Asks whom it is time to ask.
  void run_due(MonotonicTime now);
  [[nodiscard]] std::optional<MonotonicTime> next_due() const;

 private:
  struct Watched {
    Endpoint endpoint;
    MonotonicTime next;
    std::optional<Transport::Id> open;
    std::optional<NodeObservation> last;
    std::optional<NodeStatus> status;  ///< when it last had one
  };

  void heard(Watched& node, const HttpAnswer& answer);

  std::vector<Watched> nodes_;
  Transport& transport_;
  Callbacks callbacks_;
};

}  // namespace ordeal::env
