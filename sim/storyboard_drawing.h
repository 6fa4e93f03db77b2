#pragma once
// What a Lamport diagram consists of, and its SVG. Pure geometry: storyboard.h decides what is in it.

#include "common/environment.h"
#include "common/ids.h"
#include "common/time.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ordeal::sim {

struct StoryRow {
  enum class Kind : std::uint8_t { kSend, kArrival, kLoss, kEvent, kOperation, kFault, kEnd };
  enum class Part : std::uint8_t { kNone, kNamed, kGuilty };  ///< of an operation in what was found
  /// What is left out first when there is too much. The order counts.
  enum class Rank : std::uint8_t { kCore, kTurn, kElection, kReplication, kOther, kHeartbeat };

  Kind kind = Kind::kEvent;
  Rank rank = Rank::kOther;
  Part part = Part::kNone;
  std::uint64_t order = 0;  ///< grows with every row of the run
  MonotonicTime at;
  Cut link;  ///< of messages; of an event both are its node; of an operation the node that was asked
  std::uint64_t message = 0;
  bool completes = false;  ///< of an operation: its end
  std::string name;        ///< a message's or an event's kind, an operation's verb
  std::string label;       ///< what is drawn
  std::string text;        ///< the whole of it, shown when pointed at
};

/// Something that lasts.
struct StorySpan {
  enum class Kind : std::uint8_t { kLeads, kDown, kPaused, kFault, kOperation };

  Kind kind = Kind::kLeads;
  NodeId node;              ///< of faults and operations: kNoNode
  std::int64_t number = 0;  ///< of a fault or an operation
  MonotonicTime at;         ///< when it began
  std::uint64_t begin = 0;  ///< rows from this order on
  std::optional<std::uint64_t> end;
  std::string text;
  StoryRow::Part part = StoryRow::Part::kNone;
};

/// Names of rows -> how many.
using StoryCounts = std::map<std::string, std::uint64_t>;

struct StoryFigure {
  std::uint32_t nodes = 0;
  MonotonicTime from;                       ///< of the time that is drawn: the first row may be later
  std::vector<StoryRow> rows;               ///< ascending; not empty
  std::vector<StorySpan> spans;             ///< also those that are over before the first row
  std::map<std::uint64_t, StoryRow> sends;  ///< of the arrivals in `rows`, also from before the first row
  /// Before which row how many were left out between it and the row above.
  std::map<std::size_t, std::uint64_t> gaps;
  StoryCounts left_out;        ///< of that time
  std::uint64_t not_held = 0;  ///< rows before the first
};

/// A self-contained SVG element. Requires: rows.
[[nodiscard]] std::string draw_figure(const StoryFigure& figure);

}  // namespace ordeal::sim
