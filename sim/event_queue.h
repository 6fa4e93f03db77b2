#pragma once
// What will happen, by time. Events of the same time happen in the order in which they were pushed, so the
// order of everything is the same on every machine.

#include "common/check.h"
#include "common/time.h"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

namespace ordeal::sim {

template <class Event>
class EventQueue {
 public:
  /// `event`: an Event, or what one can be assigned from.
  template <class Given>
  void push(MonotonicTime at, Given&& event) {
    if (free_.empty()) {
      free_.push_back(static_cast<std::uint32_t>(events_.size()));
      events_.emplace_back();
    }
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    events_[slot] = std::forward<Given>(event);
    heap_.push_back({at, ++pushed_, slot});
    std::push_heap(heap_.begin(), heap_.end(), Later());
  }

  [[nodiscard]] bool empty() const { return heap_.empty(); }
  /// Requires: not empty.
  [[nodiscard]] MonotonicTime next_time() const { return heap_.front().at; }

  /// Gives the next event to `happen`, which may push others and may leave it moved from. It stays where it
  /// is meanwhile: events are large, and there are many. Requires: not empty.
  template <class Happen>
  void pop(Happen happen) {
    ORDEAL_CHECK(!heap_.empty());
    std::pop_heap(heap_.begin(), heap_.end(), Later());
    const std::uint32_t slot = heap_.back().slot;
    heap_.pop_back();
    happen(events_[slot]);
    free_.push_back(slot);
  }

 private:
  struct Place {
    MonotonicTime at;
    std::uint64_t order = 0;
    std::uint32_t slot = 0;
  };
  struct Later {
    bool operator()(const Place& a, const Place& b) const {
      return a.at != b.at ? a.at > b.at : a.order > b.order;
    }
  };

  std::vector<Place> heap_;
  std::deque<Event> events_;  ///< where a place points; a push moves none of the others
  std::vector<std::uint32_t> free_;
  std::uint64_t pushed_ = 0;
};

}  // namespace ordeal::sim
