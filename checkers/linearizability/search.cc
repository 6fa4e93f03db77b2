#include "checkers/linearizability/search.h"

#include <algorithm>
#include <limits>

#include "checkers/linearizability/compiled_problem.h"
#include "checkers/configuration_set.h"

namespace ordeal {
namespace {

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint64_t kStepsBetweenStops = 1024;
constexpr std::size_t kTailMax = 24;

// A configuration as words: event and value, the placed open operations as bits by slot, then the classes of
// unknown operations that were used, each with its count, in order of class.
std::uint64_t pack(std::uint32_t high, std::uint32_t low) {
  return (std::uint64_t{high} << 32) | low;
}
std::uint32_t high_half(std::uint64_t word) {
  return static_cast<std::uint32_t>(word >> 32);
}
std::uint32_t low_half(std::uint64_t word) {
  return static_cast<std::uint32_t>(word);
}

/// A configuration whose returning operation is not placed, and what was tried from there.
struct Frame {
  std::uint32_t event = 0;  ///< the response that waits
  ValueId value = kUnobserved;
  std::uint32_t last_write = kNone;  ///< source of the operation that gave the value
  std::size_t words = 0;             ///< where its configuration begins
  std::size_t placed = 0;            ///< length of the order so far
  std::size_t choices = 0;           ///< where its choices begin, once they are listed
  std::size_t next_choice = 0;
  bool listed = false;
};

/// What can be placed next: an operation, or a member of a class.
struct Choice {
  std::uint32_t number = 0;
  bool unknown = false;
};

class Search {
 public:
  Search(const RegisterProblem& problem, const Budget& budget)
      : budget_(budget),
        problem_(compile(problem)),
        mask_words_((problem_.slots + 63) / 64),
        occupant_(problem_.slots, kNone),
        wanted_(problem_.looked_at_until.size(), false) {
    for (const CompiledOp& op : problem_.ops) denies_ = denies_ || op.action.kind == ActionKind::kDeny;
  }

  SearchResult run() && {
    for (const ValueId initial : problem_.initials) {
      const SearchEnd end = run_from(initial);
      if (end != SearchEnd::kNone) return finish(end);
    }
    return finish(SearchEnd::kNone);
  }

 private:
  SearchEnd run_from(ValueId initial) {
    rewind(0);
    current_.assign(1 + mask_words_, 0);
    order_.clear();
    initial_ = value_ = initial;
    last_write_ = kNone;
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

  // --- The configuration in hand: current_, value_, last_write_, event_, order_, occupant_ ---

  [[nodiscard]] bool is_placed(std::uint32_t slot) const {
    return (current_[1 + slot / 64] >> (slot % 64) & 1) != 0;
  }
  void set_placed(std::uint32_t slot) { current_[1 + slot / 64] |= std::uint64_t{1} << (slot % 64); }
  void clear_placed(std::uint32_t slot) { current_[1 + slot / 64] &= ~(std::uint64_t{1} << (slot % 64)); }

  void forget_value_if_unseen() {
    if (problem_.looked_at_until[value_] <= event_) value_ = kUnobserved;
  }

  /// Places an open operation that only looks, as soon as it fits: never worse than later.
  void place_if_it_looks(std::uint32_t number) {
    const CompiledOp& op = problem_.ops[number];
    if (op.action.changes() || is_placed(op.slot) || !op.action.fits(value_)) return;
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
    for (; event_ < problem_.events.size(); ++event_) {
      const SearchEvent& event = problem_.events[event_];
      const std::uint32_t slot = problem_.ops[event.op].slot;
      if (!event.response) {
        occupant_[slot] = event.op;
        place_if_it_looks(event.op);
        continue;
      }
      forget_value_if_unseen();
      if (!is_placed(slot)) return false;
      clear_placed(slot);
      occupant_[slot] = kNone;
    }
    return true;
  }

  /// Takes the occupants of the slots back to what they were before `event`.
  void rewind(std::uint32_t event) {
    while (event_ > event) {
      const SearchEvent& undone = problem_.events[--event_];
      occupant_[problem_.ops[undone.op].slot] = undone.response ? undone.op : kNone;
    }
  }

  void place(Choice choice) {
    const Action& action =
        choice.unknown ? problem_.classes[choice.number].action : problem_.ops[choice.number].action;
    if (choice.unknown) {
      last_write_ = use(choice.number);
    } else {
      set_placed(problem_.ops[choice.number].slot);
      last_write_ = problem_.ops[choice.number].source;
    }
    order_.push_back(last_write_);
    value_ = action.gives;
    forget_value_if_unseen();
    place_all_that_look();
  }

  // --- Unknown operations ---

  [[nodiscard]] auto find_used(std::uint32_t number) {
    return std::lower_bound(current_.begin() + static_cast<std::ptrdiff_t>(1 + mask_words_), current_.end(),
                            pack(number, 0));
  }
  [[nodiscard]] bool available(std::uint32_t number) {
    const auto it = find_used(number);
    const std::uint32_t used = it != current_.end() && high_half(*it) == number ? low_half(*it) : 0;
    const std::vector<std::uint32_t>& invoked = problem_.classes[number].invoked;
    return used < invoked.size() && invoked[used] <= event_;
  }
  /// Counts one more use of a class and gives the member: the earliest that is left.
  std::uint32_t use(std::uint32_t number) {
    auto it = find_used(number);
    if (it == current_.end() || high_half(*it) != number) it = current_.insert(it, pack(number, 0));
    const std::uint32_t used = low_half(*it);
    ++*it;
    return problem_.classes[number].sources[used];
  }
  /// Counts of classes that can never be of use again make configurations differ that do not.
  void forget_useless_classes() {
    if (denies_) return;
    const auto useless = [this](std::uint64_t word) {
      return problem_.looked_at_until[problem_.classes[high_half(word)].action.gives] <= event_;
    };
    const auto first = current_.begin() + static_cast<std::ptrdiff_t>(1 + mask_words_);
    current_.erase(std::remove_if(first, current_.end(), useless), current_.end());
  }

  // --- The stack ---

  /// Makes the configuration in hand a frame, unless it was visited before.
  void enter() {
    forget_useless_classes();
    current_[0] = pack(event_, value_);
    ++steps_;
    if (!visited_.insert(current_)) return;
    note_furthest();
    frames_.push_back({.event = event_,
                       .value = value_,
                       .last_write = last_write_,
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
    value_ = frame.value;
    last_write_ = frame.last_write;
    order_.resize(frame.placed);
    rewind(frame.event);
  }

  /// The next untried choice of the last frame, whose configuration is then in hand. The operation that
  /// returns comes first, by itself: in most frames nothing else is ever tried.
  std::optional<Choice> next_choice() {
    restore();
    Frame& frame = frames_.back();
    const std::uint32_t returning = problem_.events[frame.event].op;
    if (frame.next_choice++ == 0) {
      const Action& action = problem_.ops[returning].action;
      if (action.changes() && action.fits(value_)) return Choice{.number = returning, .unknown = false};
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
    const auto begin = static_cast<std::ptrdiff_t>(choices_.size());
    for (const std::uint32_t number : occupant_) {
      if (number == kNone || number == returning) continue;
      const CompiledOp& op = problem_.ops[number];
      if (op.action.changes() && !is_placed(op.slot) && op.action.fits(value_)) {
        choices_.push_back({.number = number, .unknown = false});
      }
    }
    std::sort(choices_.begin() + begin, choices_.end(),
              [](const Choice& a, const Choice& b) { return a.number < b.number; });
  }

  /// Unknown operations, lazily: one is of use only directly before an operation that needs its value, or to
  /// move the register away from a value that an open operation denies. Any other use can be deleted or made
  /// later.
  void list_unknown() {
    bool denied = false;
    std::vector<ValueId> wanted;
    const auto want = [&](ValueId value) {
      if (wanted_[value]) return;
      wanted_[value] = true;
      wanted.push_back(value);
    };
    for (const std::uint32_t number : occupant_) {
      if (number == kNone || is_placed(problem_.ops[number].slot)) continue;
      const Action& action = problem_.ops[number].action;
      denied = denied || action.kind == ActionKind::kDeny;
      if (action.kind == ActionKind::kObserve || action.kind == ActionKind::kCas) want(action.expects);
    }
    const std::size_t begin = choices_.size();
    for (std::size_t i = 0; i < wanted.size();
         ++i) {  // `wanted` grows in the loop: values that lead to wanted ones
      for (const std::uint32_t number : problem_.classes_giving[wanted[i]]) {
        if (!available(number)) continue;
        const Action& action = problem_.classes[number].action;
        if (action.kind == ActionKind::kCas) want(action.expects);
        if (!denied) list_if_it_fits(number);
      }
    }
    for (const ValueId value : wanted) wanted_[value] = false;
    for (std::uint32_t number = 0; denied && number < problem_.classes.size(); ++number) {
      if (available(number)) list_if_it_fits(number);
    }
    std::sort(choices_.begin() + static_cast<std::ptrdiff_t>(begin), choices_.end(),
              [](const Choice& a, const Choice& b) { return a.number < b.number; });
  }
  void list_if_it_fits(std::uint32_t number) {
    const Action& action = problem_.classes[number].action;
    if (action.gives != value_ && action.fits(value_))
      choices_.push_back({.number = number, .unknown = true});
  }

  // --- Budget and outcome ---

  [[nodiscard]] std::uint64_t bytes() const {
    return visited_.bytes() + words_.capacity() * sizeof(std::uint64_t) + frames_.capacity() * sizeof(Frame) +
           choices_.capacity() * sizeof(Choice) + order_.capacity() * sizeof(std::uint32_t);
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
    const std::uint32_t returning = problem_.events[event_].op;
    furthest_->returning = problem_.ops[returning].source;
    furthest_->placed = order_.size();
    furthest_->tail.assign(order_.end() - static_cast<std::ptrdiff_t>(std::min(order_.size(), kTailMax)),
                           order_.end());
    furthest_->initial = initial_;
    furthest_->last_write.reset();
    if (last_write_ != kNone) furthest_->last_write = last_write_;
    furthest_->waiting.clear();
    for (const std::uint32_t number : occupant_) {
      if (number == kNone || number == returning || is_placed(problem_.ops[number].slot)) continue;
      furthest_->waiting.push_back(problem_.ops[number].source);
    }
    std::sort(furthest_->waiting.begin(), furthest_->waiting.end());
  }

  SearchResult finish(SearchEnd end) {
    SearchResult result{.end = end, .steps = steps_, .bytes = bytes(), .furthest = std::nullopt};
    if (end != SearchEnd::kFound) result.furthest = std::move(furthest_);
    return result;
  }

  const Budget& budget_;
  const CompiledProblem problem_;
  const std::size_t mask_words_;
  bool denies_ = false;

  std::vector<std::uint64_t> current_;
  ValueId initial_ = kUnobserved;
  ValueId value_ = kUnobserved;
  std::uint32_t last_write_ = kNone;
  std::uint32_t event_ = 0;
  std::vector<std::uint32_t> order_;     ///< sources, as placed
  std::vector<std::uint32_t> occupant_;  ///< by slot: the open operation, or kNone

  std::vector<Frame> frames_;
  std::vector<std::uint64_t> words_;  ///< configurations of the frames, one after the other
  std::vector<Choice> choices_;
  std::vector<bool> wanted_;  ///< by ValueId, used within list_unknown only
  ConfigurationSet visited_;

  std::uint64_t steps_ = 0;
  std::uint64_t next_stop_ = 0;
  std::uint32_t furthest_event_ = 0;
  std::optional<Furthest> furthest_;
};

}  // namespace

SearchResult search(const RegisterProblem& problem, const Budget& budget) {
  return Search(problem, budget).run();
}

}  // namespace ordeal
