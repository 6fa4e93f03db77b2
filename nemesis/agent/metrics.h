#pragma once
// The agent's own numbers in Prometheus' text form. Safe from any thread.

#include "nemesis/agent/packet_filter.h"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace ordeal::agent {

class Metrics {
 public:
  explicit Metrics(const std::string& node);
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;
  ~Metrics();

  void count_applied(std::string_view kind);
  void count_failure(std::string_view kind);
  void count_expired();
  void set_in_force(std::size_t faults);
  void set_dropped(const DropCounts& dropped);
  void count_request(int status);
  void count_probe_sent(Family family);
  void count_probe_received(Family family);

  /// Text format 0.0.4.
  [[nodiscard]] std::string text() const;

 private:
  struct Series;
  std::unique_ptr<Series> series_;
};

}  // namespace ordeal::agent
