#pragma once
// Asks every node for its status again and again, and tells when one says something new. It asks from the
// controller's own address, which no fault cuts off.

#include "common/environment.h"
#include "controller/env/addresses.h"
#include "controller/env/transport.h"

#include <functional>
#include <optional>
#include <vector>

namespace ordeal::env {

class Observer {
 public:
  /// `transport` must outlive this. `tell` is called from the transport's wait.
  Observer(std::vector<Endpoint> endpoints, Transport& transport, std::function<void(NodeObservation)> tell);
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
  };

  void heard(Watched& node, const HttpAnswer& answer);

  std::vector<Watched> nodes_;
  Transport& transport_;
  std::function<void(NodeObservation)> tell_;
};

}  // namespace ordeal::env
