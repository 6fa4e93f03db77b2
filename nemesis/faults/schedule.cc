#include "nemesis/faults/schedule.h"

#include "nemesis/faults/catalog.h"

#include <algorithm>

namespace ordeal {
namespace {

/// The next card of a deck that is shuffled anew when it is used up.
void deal(std::vector<std::string>& left, const std::vector<std::string>& all, Rng& rng, std::string& card) {
  if (left.empty()) {
    left = all;
    rng.shuffle(left);
  }
  card = std::move(left.back());
  left.pop_back();
}

Duration between(Duration low, Duration high, Rng& rng) {
  return Duration(rng.between(low.ns(), high.ns()));
}

}  // namespace

FaultSchedule::FaultSchedule(std::optional<RandomFaults> random, std::vector<FaultEvent> events,
                             Duration time_limit, std::uint32_t nodes, Rng rng)
    : random_(std::move(random)),
      events_(std::move(events)),
      time_limit_(time_limit),
      nodes_(nodes),
      rng_(rng) {
  std::stable_sort(events_.begin(), events_.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
  draw(Duration());
}

std::optional<Duration> FaultSchedule::next() const {
  std::optional<Duration> at;
  if (drawn_) at = drawn_->at;
  if (next_event_ < events_.size())
    at = at ? std::min(*at, events_[next_event_].at) : events_[next_event_].at;
  return at;
}

std::vector<DueFault> FaultSchedule::take(Duration elapsed) {
  std::vector<DueFault> due;
  for (; next_event_ < events_.size() && events_[next_event_].at <= elapsed; ++next_event_) {
    due.push_back({events_[next_event_].request, events_[next_event_].length, false});
  }
  if (drawn_ && drawn_->at <= elapsed) {
    due.push_back({std::move(drawn_->request), drawn_->length, true});
    drawn_.reset();
  }
  return due;
}

void FaultSchedule::random_ended(Duration elapsed) {
  draw(elapsed);
}

void FaultSchedule::draw(Duration from) {
  drawn_.reset();
  if (!random_ || random_->kinds.empty()) return;
  const Duration at = from + between(random_->gap_min, random_->gap_max, rng_);
  const Duration length = between(random_->duration_min, random_->duration_max, rng_);
  FaultRequest request = draw_request();
  // A fault that the end of the load would cut short proves less than its record says.
  if (at + length > time_limit_) return;
  drawn_ = FaultEvent{at, length, std::move(request)};
}

FaultRequest FaultSchedule::draw_request() {
  FaultRequest request;
  deal(kinds_left_, random_->kinds, rng_, request.fault);
  if (request.fault == "partition") deal(shapes_left_, random_->shapes, rng_, request.shape);
  std::vector<std::string> fitting;
  for (const std::string& target : random_->targets) {
    request.target = target;
    if (check_fault(request, nodes_).ok()) fitting.push_back(target);
  }
  request.target = fitting.empty() ? std::string() : rng_.pick(fitting);
  return request;
}

}  // namespace ordeal
