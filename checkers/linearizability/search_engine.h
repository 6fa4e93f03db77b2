#pragma once
// The search for an order of one object's operations, whatever the object: exact, exponential at worst, so it
// has a budget.
//
// It is that of Wing and Gong (J. Parallel Distrib. Comput. 1993) with Lowe's memo of visited configurations
// and just-in-time linearization (Lowe, CCPE 2017): the history is walked response by response, and an
// operation is placed only when the one that returns needs it. A configuration is therefore small: the state,
// which of the open operations are placed, and how many of each class of unknown operations were used.

#include "checkers/checker.h"
#include "checkers/configuration_set.h"
#include "checkers/linearizability/search_result.h"
#include "checkers/linearizability/timeline.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace ordeal {

/// `Rules` says what the operations do:
///
///   bool looks(op)                          whether the operation never changes the state
///   optional<StateId> apply(op, state)      the state after it; nothing: it cannot come next
///   optional<StateId> apply_unknown(class, state)
///   StateId forget(state, event)            the state without what nothing looks at from this event on
///   bool is_useless(class, event)           whether its count can make no difference any more
///   void list_unknown(view, state, out)     adds the classes worth a try: available, and they fit
///   uint64_t bytes()                        memory of its states
template <class Rules>
class SearchEngine {
 public:
  /// Keeps references to all of them.
  SearchEngine(const Timeline& timeline, const std::vector<UnknownClass>& classes, Rules& rules,
               const Budget& budget)
      : timeline_(timeline),
        classes_(classes),
        rules_(rules),
        budget_(budget),
        mask_words_((timeline.slots + 63) / 64),
        occupant_(timeline.slots, kNone) {}

  /// Tries the initial states one after the other.
  SearchResult run(std::span<const StateId> initials) && {
    for (const StateId initial : initials) {
      const SearchEnd end = run_from(initial);
      if (end != SearchEnd::kNone) return finish(end);
    }
    return finish(SearchEnd::kNone);
  }

  // --- What the rules may ask about the configuration in hand ---

  /// How many events there were.
  [[nodiscard]] std::uint32_t event() const { return event_; }
  /// Calls with each open operation that is not placed.
  template <class Call>
  void for_each_open(const Call& call) const {
    for (const std::uint32_t number : occupant_) {
      if (number != kNone && !is_placed(timeline_.ops[number].slot)) call(number);
    }
  }
  /// Whether a member of the class has begun and is not used.
  [[nodiscard]] bool available(std::uint32_t number) const {
    const auto first = current_.begin() + static_cast<std::ptrdiff_t>(1 + mask_words_);
    const auto it = std::lower_bound(first, current_.end(), pack(number, 0));
    const std::uint32_t used = it != current_.end() && high_half(*it) == number ? low_half(*it) : 0;
    const std::vector<std::uint32_t>& invoked = classes_[number].invoked;
    return used < invoked.size() && invoked[used] <= event_;
  }

 private:
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
  static constexpr std::uint64_t kStepsBetweenStops = 1024;
  static constexpr std::size_t kTailMax = 24;

  // A configuration as words: event and state, the placed open operations as bits by slot, then the classes
  // of unknown operations that were used, each with its count, in order of class.
  static std::uint64_t pack(std::uint32_t high, std::uint32_t low) {
    return (std::uint64_t{high} << 32) | low;
  }
  static std::uint32_t high_half(std::uint64_t word) { return static_cast<std::uint32_t>(word >> 32); }
  static std::uint32_t low_half(std::uint64_t word) { return static_cast<std::uint32_t>(word); }

  /// A configuration whose returning operation is not placed, and what was tried from there.
  struct Frame {
    std::uint32_t event = 0;  ///< the response that waits
    StateId state = 0;
    std::uint32_t last_change = kNone;  ///< source of the operation that gave the state
    std::size_t words = 0;              ///< where its configuration begins
    std::size_t placed = 0;             ///< length of the order so far
    std::size_t choices = 0;            ///< where its choices begin, once they are listed
    std::size_t next_choice = 0;
    bool listed = false;
  };

  /// What can be placed next: an operation, or a member of a class.
  struct Choice {
    std::uint32_t number = 0;
    bool unknown = false;
  };

  SearchEnd run_from(StateId initial) {
    rewind(0);
    current_.assign(1 + mask_words_, 0);
    order_.clear();
    initial_ = state_ = initial;
    last_change_ = kNone;
    if (advance()) return SearchEnd::kFound;
    enter();
    while (!frames_.empty()) {
      if (const std::optional<SearchEnd> end = spent()) return *end;
      const std::optional<Choice> choice = next_choice();
      if (!choice) {
        leave();
        continue;
      }
      place(*choice);
      if (advance()) return SearchEnd::kFound;
      enter();
    }
    return SearchEnd::kNone;
  }

  // --- The configuration in hand: current_, state_, last_change_, event_, order_, occupant_ ---

  [[nodiscard]] bool is_placed(std::uint32_t slot) const {
    return (current_[1 + slot / 64] >> (slot % 64) & 1) != 0;
  }
  void set_placed(std::uint32_t slot) { current_[1 + slot / 64] |= std::uint64_t{1} << (slot % 64); }
  void clear_placed(std::uint32_t slot) { current_[1 + slot / 64] &= ~(std::uint64_t{1} << (slot % 64)); }

  /// Places an open operation that only looks, as soon as it fits: never worse than later.
  void place_if_it_looks(std::uint32_t number) {
    const SlottedOp& op = timeline_.ops[number];
    if (!rules_.looks(number) || is_placed(op.slot) || !rules_.apply(number, state_)) return;
    set_placed(op.slot);
    order_.push_back(op.source);
  }
  void place_all_that_look() {
    for (const std::uint32_t number : occupant_) {
      if (number != kNone) place_if_it_looks(number);
    }
  }

  /// Walks over events up to the response of an operation that is not placed. True: there is none, all is
  /// explained.
  bool advance() {
    for (; event_ < timeline_.events.size(); ++event_) {
      const SearchEvent& event = timeline_.events[event_];
      const std::uint32_t slot = timeline_.ops[event.op].slot;
      if (!event.response) {
        occupant_[slot] = event.op;
        place_if_it_looks(event.op);
        continue;
      }
      state_ = rules_.forget(state_, event_);
      if (!is_placed(slot)) return false;
      clear_placed(slot);
      occupant_[slot] = kNone;
    }
    return true;
  }

  /// Takes the occupants of the slots back to what they were before `event`.
  void rewind(std::uint32_t event) {
    while (event_ > event) {
      const SearchEvent& undone = timeline_.events[--event_];
      occupant_[timeline_.ops[undone.op].slot] = undone.response ? undone.op : kNone;
    }
  }

  void place(Choice choice) {
    if (choice.unknown) {
      state_ = *rules_.apply_unknown(choice.number, state_);
      last_change_ = use(choice.number);
    } else {
      state_ = *rules_.apply(choice.number, state_);
      set_placed(timeline_.ops[choice.number].slot);
      last_change_ = timeline_.ops[choice.number].source;
    }
    order_.push_back(last_change_);
    state_ = rules_.forget(state_, event_);
    place_all_that_look();
  }

  // --- Unknown operations ---

  /// Counts one more use of a class and gives the member: the earliest that is left.
  std::uint32_t use(std::uint32_t number) {
    const auto first = current_.begin() + static_cast<std::ptrdiff_t>(1 + mask_words_);
    auto it = std::lower_bound(first, current_.end(), pack(number, 0));
    if (it == current_.end() || high_half(*it) != number) it = current_.insert(it, pack(number, 0));
    const std::uint32_t used = low_half(*it);
    ++*it;
    return classes_[number].sources[used];
  }
  /// Counts of classes that can never be of use again make configurations differ that do not.
  void forget_useless_classes() {
    const auto useless = [this](std::uint64_t word) { return rules_.is_useless(high_half(word), event_); };
    const auto first = current_.begin() + static_cast<std::ptrdiff_t>(1 + mask_words_);
    current_.erase(std::remove_if(first, current_.end(), useless), current_.end());
  }

  // --- The stack ---

  /// Makes the configuration in hand a frame, unless it was visited before.
  void enter() {
    forget_useless_classes();
    current_[0] = pack(event_, state_);
    ++steps_;
    if (!visited_.insert(current_)) return;
    note_furthest();
    frames_.push_back({.event = event_,
                       .state = state_,
                       .last_change = last_change_,
                       .words = words_.size(),
                       .placed = order_.size(),
                       .choices = 0,
                       .next_choice = 0,
                       .listed = false});
    words_.insert(words_.end(), current_.begin(), current_.end());
  }

  void leave() {
    const Frame& frame = frames_.back();
    words_.resize(frame.words);
    if (frame.listed) choices_.resize(frame.choices);
    frames_.pop_back();
  }

  /// Takes the configuration of the last frame in hand again.
  void restore() {
    const Frame& frame = frames_.back();
    current_.assign(words_.begin() + static_cast<std::ptrdiff_t>(frame.words), words_.end());
    state_ = frame.state;
    last_change_ = frame.last_change;
    order_.resize(frame.placed);
    rewind(frame.event);
  }

  /// The next untried choice of the last frame, whose configuration is then in hand. The operation that
  /// returns comes first, by itself: in most frames nothing else is ever tried.
  std::optional<Choice> next_choice() {
    restore();
    Frame& frame = frames_.back();
    const std::uint32_t returning = timeline_.events[frame.event].op;
    if (frame.next_choice++ == 0) {
      if (!rules_.looks(returning) && rules_.apply(returning, state_)) {
        return Choice{.number = returning, .unknown = false};
      }
      ++frame.next_choice;
    }
    if (!frame.listed) {
      frame.listed = true;
      frame.choices = choices_.size();
      list_open(returning);
      list_unknown();
    }
    const std::size_t at = frame.choices + frame.next_choice - 2;
    if (at >= choices_.size()) return std::nullopt;
    return choices_[at];
  }

  /// Open operations by age.
  void list_open(std::uint32_t returning) {
    const std::size_t begin = choices_.size();
    for_each_open([&](std::uint32_t number) {
      if (number == returning || rules_.looks(number) || !rules_.apply(number, state_)) return;
      choices_.push_back({.number = number, .unknown = false});
    });
    sort_choices(begin);
  }

  void list_unknown() {
    const std::size_t begin = choices_.size();
    listed_.clear();
    rules_.list_unknown(std::as_const(*this), state_, listed_);
    for (const std::uint32_t number : listed_) choices_.push_back({.number = number, .unknown = true});
    sort_choices(begin);
  }

  void sort_choices(std::size_t begin) {
    std::sort(choices_.begin() + static_cast<std::ptrdiff_t>(begin), choices_.end(),
              [](const Choice& a, const Choice& b) { return a.number < b.number; });
  }

  // --- Budget and outcome ---

  [[nodiscard]] std::uint64_t bytes() const {
    return rules_.bytes() + visited_.bytes() + words_.capacity() * sizeof(std::uint64_t) +
           frames_.capacity() * sizeof(Frame) + choices_.capacity() * sizeof(Choice) +
           order_.capacity() * sizeof(std::uint32_t);
  }

  [[nodiscard]] std::optional<SearchEnd> spent() {
    if (steps_ >= budget_.steps_max) return SearchEnd::kSteps;
    if (bytes() > budget_.bytes_max) return SearchEnd::kBytes;
    if (steps_ < next_stop_) return std::nullopt;
    next_stop_ = steps_ + kStepsBetweenStops;
    if (budget_.stopped()) return SearchEnd::kStopped;
    return std::nullopt;
  }

  /// Remembers the configuration in hand if no order came further: first by response, then by length.
  void note_furthest() {
    const bool further = !furthest_ || event_ > furthest_event_ ||
                         (event_ == furthest_event_ && order_.size() > furthest_->placed);
    if (!further) return;
    furthest_event_ = event_;
    if (!furthest_) furthest_.emplace();
    const std::uint32_t returning = timeline_.events[event_].op;
    furthest_->returning = timeline_.ops[returning].source;
    furthest_->placed = order_.size();
    furthest_->tail.assign(order_.end() - static_cast<std::ptrdiff_t>(std::min(order_.size(), kTailMax)),
                           order_.end());
    furthest_->initial = initial_;
    furthest_->state = state_;
    furthest_->last_change.reset();
    if (last_change_ != kNone) furthest_->last_change = last_change_;
    furthest_->waiting.clear();
    for_each_open([&](std::uint32_t number) {
      if (number != returning) furthest_->waiting.push_back(timeline_.ops[number].source);
    });
    std::sort(furthest_->waiting.begin(), furthest_->waiting.end());
  }

  SearchResult finish(SearchEnd end) {
    SearchResult result{.end = end, .steps = steps_, .bytes = bytes(), .order = {}, .furthest = std::nullopt};
    if (end == SearchEnd::kFound) {
      result.order = std::move(order_);
    } else {
      result.furthest = std::move(furthest_);
    }
    return result;
  }

  const Timeline& timeline_;
  const std::vector<UnknownClass>& classes_;
  Rules& rules_;
  const Budget& budget_;
  const std::size_t mask_words_;

  std::vector<std::uint64_t> current_;
  StateId initial_ = 0;
  StateId state_ = 0;
  std::uint32_t last_change_ = kNone;
  std::uint32_t event_ = 0;
  std::vector<std::uint32_t> order_;     ///< sources, as placed
  std::vector<std::uint32_t> occupant_;  ///< by slot: the open operation, or kNone

  std::vector<Frame> frames_;
  std::vector<std::uint64_t> words_;  ///< configurations of the frames, one after the other
  std::vector<Choice> choices_;
  std::vector<std::uint32_t> listed_;  ///< used within list_unknown only
  ConfigurationSet visited_;

  std::uint64_t steps_ = 0;
  std::uint64_t next_stop_ = 0;
  std::uint32_t furthest_event_ = 0;
  std::optional<Furthest> furthest_;
};

}  // namespace ordeal
