#include "sim/network.h"

#include "common/check.h"

#include <algorithm>

namespace ordeal::sim {
namespace {

constexpr std::uint64_t kShares = 1000;

Duration delay(Rng& rng, const Weather& weather) {
  const std::int64_t span = (weather.delay_max - weather.delay_min).ns();
  if (!weather.exponential || span == 0)
    return Duration(rng.between(weather.delay_min.ns(), weather.delay_max.ns()));
  // One in twenty would be later than the latest, and is the latest.
  return weather.delay_min + Duration(std::min(rng.exponential(std::max<std::int64_t>(1, span / 3)), span));
}

}  // namespace

Network::Network(std::uint32_t nodes, const Weather& weather, const Rng& rng)
    : nodes_(nodes), weather_(weather) {
  links_.reserve(std::size_t{nodes} * nodes);
  for (std::uint64_t i = 0; i < std::uint64_t{nodes} * nodes; ++i)
    links_.push_back({rng.split("link", i), weather, {}, {}, 0, 0});
}

MonotonicTime Network::arrival(MonotonicTime now, Link& link, std::size_t bytes) {
  const Weather& weather = link.weather;
  MonotonicTime at = now;
  if (weather.bytes_per_second > 0) {
    const auto length = Duration(static_cast<std::int64_t>(bytes * 1'000'000'000 / weather.bytes_per_second));
    link.busy_until = std::max(link.busy_until, now) + length;
    at = link.busy_until;
  }
  at = at + delay(link.rng, weather);
  if (weather.slow > 0 && link.rng.chance(weather.slow, kShares))
    at = at + Duration(link.rng.between(0, weather.slow_max.ns()));
  if (weather.overtaking) return at;
  link.last_arrival = std::max(link.last_arrival, at);
  return link.last_arrival;
}

Network::Fate Network::send(MonotonicTime now, Cut name, std::size_t bytes) {
  Link& link = at(name);
  const Weather& weather = link.weather;
  if (!open(name)) return {std::nullopt, std::nullopt, keeps(name)};
  Fate fate;
  if (weather.loss > 0 && link.rng.chance(weather.loss, kShares)) return fate;
  fate.first = arrival(now, link, bytes);
  if (weather.duplicates > 0 && link.rng.chance(weather.duplicates, kShares))
    fate.second = arrival(now, link, bytes);
  return fate;
}

bool Network::keeps(Cut name) {
  Link& link = at(name);
  if (link.cuts == 0) return true;  // Clogged: nothing is lost.
  return link.weather.kept_by_cuts > 0 && link.rng.chance(link.weather.kept_by_cuts, kShares);
}

void Network::calm() {
  weather_.slow = weather_.loss = weather_.duplicates = 0;
  weather_.bytes_per_second = 0;
  for (Link& link : links_) {
    link.weather = weather_;
    link.last_arrival = link.busy_until = MonotonicTime();  // What piled up is not waited for.
  }
}

bool Network::uncut(Cut name) {
  Link& link = at(name);
  ORDEAL_CHECK(link.cuts > 0);
  --link.cuts;
  return open(name);
}

bool Network::unclog(Cut name) {
  Link& link = at(name);
  ORDEAL_CHECK(link.clogs > 0);
  --link.clogs;
  return open(name);
}

}  // namespace ordeal::sim
