#pragma once
// What will happen, by time. Events of the same time happen in the order in which they were pushed, so the
// order of everything is the same on every machine.

#include "common/check.h"
#include "common/time.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace ordeal::sim {

template <class Event>
class EventQueue {
 public:
  void push(MonotonicTime at, Event event) {
    std::uint32_t slot = 0;
    if (free_.empty()) {
      slot = static_cast<std::uint32_t>(events_.size());
      events_.push_back(std::move(event));
    } else {
      slot = free_.back();
      free_.pop_back();
      events_[slot] = std::move(event);
    }
    heap_.push_back({at, ++pushed_, slot});
    std::push_heap(heap_.begin(), heap_.end(), later);
  }

  [[nodiscard]] bool empty() const { return heap_.empty(); }
  /// Requires: not empty.
  [[nodiscard]] MonotonicTime next_time() const { return heap_.front().at; }

  /// Requires: not empty.
  Event pop() {
    ORDEAL_CHECK(!heap_.empty());
    std::pop_heap(heap_.begin(), heap_.end(), later);
    const std::uint32_t slot = heap_.back().slot;
    heap_.pop_back();
    free_.push_back(slot);
    return std::move(events_[slot]);
  }

 private:
  struct Place {
    MonotonicTime at;
    std::uint64_t order = 0;
    std::uint32_t slot = 0;
  };
  static bool later(const Place& a, const Place& b) { return a.at != b.at ? a.at > b.at : a.order > b.order; }

  std::vector<Place> heap_;
  std::vector<Event> events_;  ///< where a place points
  std::vector<std::uint32_t> free_;
  std::uint64_t pushed_ = 0;
};

}  // namespace ordeal::sim
