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

std::vector<FaultRequest> fitting_requests(const RandomFaults& random, std::string_view kind,
                                           std::uint32_t nodes) {
  std::vector<std::string> shapes = random.shapes;
  if (kind != "partition") {
    const auto known = find_fault(kind)->shapes();
    shapes.assign(known.begin(), known.end());
    if (shapes.empty()) shapes.emplace_back();
  }
  std::vector<FaultRequest> requests;
  const auto add = [&](const std::string& shape, const std::string& target) {
    FaultRequest request{std::string(kind), shape, target};
    const bool fits = check_fault(request, nodes).ok();
    if (fits) requests.push_back(std::move(request));
    return fits;
  };
  for (const std::string& shape : shapes) {
    // A shape that takes no target refuses every one.
    bool taken = false;
    for (const std::string& target : random.targets) taken = add(shape, target) || taken;
    const bool takes_targets = check_fault({std::string(kind), shape, "one"}, nodes).ok();
    if (!taken && !takes_targets) add(shape, "");
  }
  return requests;
}

FaultSchedule::FaultSchedule(std::optional<RandomFaults> random, std::vector<FaultEvent> events,
                             Duration time_limit, std::uint32_t nodes, Rng rng)
    : random_(std::move(random)), time_limit_(time_limit), nodes_(nodes), rng_(rng) {
  for (FaultEvent& event : events) {
    if (event.trigger) {
      armed_.push_back({std::move(event)});
    } else {
      events_.push_back(std::move(event));
    }
  }
  std::stable_sort(events_.begin(), events_.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
  draw(Duration());
}

void FaultSchedule::happened(const NodeEvent& event, Duration elapsed) {
  std::vector<Armed> still;
  for (Armed& armed : armed_) {
    const FaultTrigger& trigger = *armed.event.trigger;
    if (elapsed >= armed.event.at && trigger.matches(event)) ++armed.seen;
    if (armed.seen < trigger.count) {
      still.push_back(std::move(armed));
      continue;
    }
    const Duration due = elapsed + trigger.after;
    fired_.push_back({std::move(armed.event), due, event.node});
  }
  armed_ = std::move(still);
}

std::optional<Duration> FaultSchedule::next() const {
  std::optional<Duration> at;
  if (drawn_) at = drawn_->at;
  if (next_event_ < events_.size())
    at = at ? std::min(*at, events_[next_event_].at) : events_[next_event_].at;
  for (const Fired& fired : fired_) at = at ? std::min(*at, fired.due) : fired.due;
  return at;
}

std::vector<DueFault> FaultSchedule::take(Duration elapsed) {
  std::vector<DueFault> due;
  for (; next_event_ < events_.size() && events_[next_event_].at <= elapsed; ++next_event_) {
    due.push_back({events_[next_event_].request, events_[next_event_].length, false});
  }
  std::vector<Fired> later;
  for (Fired& fired : fired_) {
    if (fired.due > elapsed) {
      later.push_back(std::move(fired));
      continue;
    }
    due.push_back({at_node(std::move(fired.event.request), fired.node), fired.event.length, false,
                   fired.event.trigger->kind});
  }
  fired_ = std::move(later);
  if (drawn_ && drawn_->at <= elapsed) {
    due.push_back({std::move(drawn_->request), drawn_->length, true});
    drawn_.reset();
  }
  return due;
}

void FaultSchedule::random_ended(Duration elapsed) {
  draw(elapsed);
}

std::vector<FaultEvent> FaultSchedule::waiting() const {
  std::vector<FaultEvent> events;
  for (const Armed& armed : armed_) events.push_back(armed.event);
  return events;
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
  std::string kind;
  deal(kinds_left_, random_->kinds, rng_, kind);
  std::vector<FaultRequest> fitting = fitting_requests(*random_, kind, nodes_);
  ORDEAL_CHECK(!fitting.empty());
  if (kind == "partition") {
    const auto has = [&](const std::string& shape) {
      return std::any_of(fitting.begin(), fitting.end(),
                         [&](const auto& request) { return request.shape == shape; });
    };
    std::string shape;
    do {
      deal(shapes_left_, random_->shapes, rng_, shape);
    } while (!has(shape));
    std::erase_if(fitting, [&](const auto& request) { return request.shape != shape; });
  }
  return rng_.pick(fitting);
}

}  // namespace ordeal
