#pragma once
// When faults are due: explicit events at their times or when something happens to a node, and random faults
// one after the other with calm in between. A pure stream, drawn from a random stream of its own, so that
// neither the load nor the outcome of a fault shifts what is drawn next.

#include "common/prng.h"
#include "common/time.h"
#include "nemesis/faults/fault.h"
#include "nemesis/faults/trigger.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ordeal {

/// Faults that are drawn from the seed. A name that stands twice in a list is drawn twice as often.
struct RandomFaults {
  std::vector<std::string> kinds;
  std::vector<std::string> shapes;  ///< of partitions, of other kinds all are drawn from; those that the
                                    ///< cluster is too small for are left out
  std::vector<std::string> targets;  ///< those that fit the kind and the shape are drawn from
  Duration gap_min = seconds(1);  ///< calm, from the end of one fault (or the start of the load) to the next
  Duration gap_max = seconds(3);
  Duration duration_min = seconds(2);
  Duration duration_max = seconds(4);

  friend bool operator==(const RandomFaults&, const RandomFaults&) = default;
};

/// What can be drawn of one kind in a cluster of that size: every shape with every target that fits it, as
/// often as the lists weigh it. Empty: nothing fits. Requires: there is such a kind.
[[nodiscard]] std::vector<FaultRequest> fitting_requests(const RandomFaults& random, std::string_view kind,
                                                         std::uint32_t nodes);

/// A fault that a plan asks for: at a given time, or when something happens to a node.
struct FaultEvent {
  Duration at;      ///< from the start of the load; with a trigger: what happens before that does not count
  Duration length;  ///< from verified in force to the order to remove it
  FaultRequest request;
  std::optional<FaultTrigger> trigger = {};

  friend bool operator==(const FaultEvent&, const FaultEvent&) = default;
};

/// A fault that is due now.
struct DueFault {
  FaultRequest request;
  Duration length;
  bool random = false;  ///< then `random_ended` is owed before another random fault comes
  std::optional<NodeEventKind> trigger = {};  ///< what it waited for

  friend bool operator==(const DueFault&, const DueFault&) = default;
};

class FaultSchedule {
 public:
  /// Times count from the start of the load, which lasts `time_limit`. Requires: each request passes `check`
  /// of its fault, and each kind of `random` has a shape and a target that fit.
  FaultSchedule(std::optional<RandomFaults> random, std::vector<FaultEvent> events, Duration time_limit,
                std::uint32_t nodes, Rng rng);

  /// Something happened that faults may wait for.
  void happened(const NodeEvent& event, Duration elapsed);
  /// When the next fault is due, at the soonest; none while a random fault is on and no event is left but
  /// those that wait for something to happen.
  [[nodiscard]] std::optional<Duration> next() const;
  /// The faults due by `elapsed`, each given once.
  [[nodiscard]] std::vector<DueFault> take(Duration elapsed);
  /// The random fault that was given is gone, or never came to be: calm begins.
  void random_ended(Duration elapsed);
  /// Those whose moment has not come.
  [[nodiscard]] std::vector<FaultEvent> waiting() const;

 private:
  /// An event that waits for something to happen.
  struct Armed {
    FaultEvent event;
    std::uint32_t seen = 0;  ///< how often it has happened
  };
  /// It has happened.
  struct Fired {
    FaultEvent event;
    Duration due;
    NodeId node;  ///< to which it happened
  };

  void draw(Duration from);
  [[nodiscard]] FaultRequest draw_request();

  std::optional<RandomFaults> random_;
  std::vector<FaultEvent> events_;  ///< by time, without triggers
  std::size_t next_event_ = 0;
  std::vector<Armed> armed_;  ///< in the plan's order
  std::vector<Fired> fired_;  ///< in the order in which they fired; not yet due
  Duration time_limit_;
  std::uint32_t nodes_;
  Rng rng_;
  std::vector<std::string>
      kinds_left_;  ///< decks: what is left of the last shuffle, so that no kind is starved
  std::vector<std::string> shapes_left_;
  std::optional<FaultEvent> drawn_;  ///< the next random fault; none while one is on, or when the time is up
};

}  // namespace ordeal
