#pragma once
// A Lamport diagram (CACM 1978) of a part of a run: a line for each node, time downwards, an arrow for each
// message, a dot for each notable event, and what clients and faults did beside them. One row for each thing
// that happens, so that a busy millisecond has as much room as a calm second. storyboard_drawing.h draws it.

#include "sim/excerpt.h"
#include "sim/storyboard_drawing.h"
#include "sim/world.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ordeal::sim {

inline constexpr std::size_t kStoryRowsMax = 160;

class Storyboard : public Spectator {
 public:
  /// Draws at most `rows_max` rows of the excerpt's time.
  Storyboard(std::uint32_t nodes, Excerpt excerpt, std::size_t rows_max = kStoryRowsMax);

  void sent(MonotonicTime at, Cut link, std::uint64_t message, const Bytes& payload) override;
  void arrived(MonotonicTime at, Cut link, std::uint64_t message) override;
  void lost(MonotonicTime at, Cut link, std::uint64_t message, std::string_view why) override;
  void started(MonotonicTime at, NodeId node) override;
  void stopped(MonotonicTime at, NodeId node) override;
  void stepped(MonotonicTime at, NodeId node, const raft::Standing& standing) override;
  void happened(MonotonicTime at, NodeId node, const Event& event) override;
  void operation(MonotonicTime at, const Op& op) override;

  /// A self-contained SVG element that says what it leaves out. Empty when nothing happened.
  [[nodiscard]] std::string draw() const;

 private:
  /// As last seen.
  struct Seen {
    bool ran = false;
    bool running = false;
    bool leader = false;
    Term term;
    LogIndex commit;
  };

  void add(StoryRow row);
  void fault(MonotonicTime at, const Op& op);
  StorySpan& begin_span(StorySpan::Kind kind, NodeId node, MonotonicTime at, std::string text);
  void end_spans(StorySpan::Kind kind, NodeId node);
  [[nodiscard]] StoryRow::Part part_of(const Op& op) const;
  /// The rows that are drawn, ascending.
  [[nodiscard]] std::vector<std::size_t> chosen() const;
  [[nodiscard]] StoryFigure figure(const std::vector<std::size_t>& rows) const;

  std::uint32_t nodes_;
  Excerpt excerpt_;
  std::size_t rows_max_;
  std::uint64_t order_ = 0;                  ///< of the last thing that happened
  std::deque<StoryRow> rows_;                ///< within the excerpt's time
  std::size_t telling_ = 0;                  ///< of these, how many are no heartbeats
  std::uint64_t dropped_ = 0;                ///< rows of the excerpt that were too many to hold
  std::vector<StorySpan> spans_;             ///< of the whole run up to the excerpt's end
  std::vector<Seen> seen_;                   ///< by node
  std::map<std::uint64_t, StoryRow> sends_;  ///< of the whole run up to the excerpt's end
  std::map<std::int64_t, std::size_t>
      parts_;  ///< position in the history -> index of the excerpt's operation
};

}  // namespace ordeal::sim
