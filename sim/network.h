#pragma once
// The network between nodes, in virtual time: what becomes of a message. Each ordered pair of nodes is a link
// with its own random stream of delays, loss, duplicates and overtaking, a bandwidth, and cuts.
//
// A cut link behaves like packets being dropped under TCP: what is sent into it is lost, or waits for the
// link to come back, as the connection would retransmit it. In a clogged one everything waits.

#include "common/environment.h"
#include "common/ids.h"
#include "common/prng.h"
#include "common/time.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace ordeal::sim {

/// How a link behaves. Shares are of 1,000.
struct Weather {
  Duration delay_min = microseconds(100);
  Duration delay_max = microseconds(500);
  bool exponential = false;  ///< delays are mostly near the least; else uniform
  std::uint32_t slow = 0;    ///< share of messages that take up to `slow_max` longer
  Duration slow_max = milliseconds(100);
  std::uint32_t loss = 0;
  std::uint32_t duplicates = 0;
  bool overtaking = false;             ///< messages may arrive in another order than they were sent
  std::uint64_t bytes_per_second = 0;  ///< 0: without limit
  std::uint32_t kept_by_cuts = 0;      ///< share of messages into a cut that wait for its end

  friend bool operator==(const Weather&, const Weather&) = default;
};

class Network {
 public:
  Network(std::uint32_t nodes, const Weather& weather, const Rng& rng);

  /// When a message that leaves now arrives: never, once, or twice.
  struct Fate {
    std::optional<MonotonicTime> first;
    std::optional<MonotonicTime> second;
    bool waits = false;  ///< it is kept until the cut ends
  };
  [[nodiscard]] Fate send(MonotonicTime now, Cut link, std::size_t bytes);
  /// Whether a message that is about to arrive gets through.
  [[nodiscard]] bool open(Cut link) const { return at(link).cuts == 0 && at(link).clogs == 0; }
  /// Whether one that finds the link not open waits.
  [[nodiscard]] bool keeps(Cut link);

  void cut(Cut link) { ++at(link).cuts; }
  /// True when the link is open again.
  bool uncut(Cut link);
  void clog(Cut link) { ++at(link).clogs; }
  /// True when the link is open again.
  bool unclog(Cut link);
  void set_weather(Cut link, const Weather& weather) { at(link).weather = weather; }
  [[nodiscard]] const Weather& weather(Cut link) const { return at(link).weather; }
  /// From now on nothing is lost, doubled or slow any more; delays stay.
  void calm();
  [[nodiscard]] const Weather& usual_weather() const { return weather_; }

 private:
  struct Link {
    Rng rng;
    Weather weather;
    MonotonicTime last_arrival;  ///< in order: no message arrives before
    MonotonicTime busy_until;    ///< of the line, when it has a bandwidth
    std::uint32_t cuts = 0;      ///< how many faults cut it
    std::uint32_t clogs = 0;     ///< how many faults clog it
  };

  [[nodiscard]] Link& at(Cut link) { return links_[(link.from.value() - 1) * nodes_ + link.to.value() - 1]; }
  [[nodiscard]] const Link& at(Cut link) const {
    return links_[(link.from.value() - 1) * nodes_ + link.to.value() - 1];
  }
  static MonotonicTime arrival(MonotonicTime now, Link& link, std::size_t bytes);

  std::uint32_t nodes_;
  Weather weather_;
  std::vector<Link> links_;
};

}  // namespace ordeal::sim
