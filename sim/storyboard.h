#pragma once
// A Lamport diagram (CACM 1978) of the end of a run: a line for each node, time downwards, an arrow for each
// message, a dot for each notable event, and what clients and faults did beside them. One row for each thing
// that happens, so that a busy millisecond has as much room as a calm second.

#include "sim/world.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

namespace ordeal::sim {

class Storyboard : public Spectator {
 public:
  /// Keeps what happened last, `rows_max` rows of it.
  explicit Storyboard(std::uint32_t nodes, std::size_t rows_max = 160) : nodes_(nodes), rows_max_(rows_max) {}

  void sent(MonotonicTime at, Cut link, std::uint64_t message, const Bytes& payload) override;
  void arrived(MonotonicTime at, Cut link, std::uint64_t message) override;
  void happened(MonotonicTime at, NodeId node, const Event& event) override;
  void operation(MonotonicTime at, const Op& op) override;
  /// The last row: what went wrong.
  void broke(MonotonicTime at, std::string why);

  [[nodiscard]] bool empty() const { return rows_.empty(); }
  /// A self-contained SVG element. Empty when nothing happened.
  [[nodiscard]] std::string draw() const;

 private:
  enum class Kind : std::uint8_t { kSend, kArrival, kEvent, kOperation, kFault, kEnd };
  struct Row {
    Kind kind = Kind::kEvent;
    MonotonicTime at;
    Cut link;  ///< of messages; `to` is the node of an event
    std::uint64_t message = 0;
    std::string name;  ///< of a message's kind or of an event
    std::string text;
  };

  void add(Row row);
  [[nodiscard]] std::int64_t x_of(NodeId node) const;
  [[nodiscard]] std::string arrow(const Row& row, std::size_t y_from, std::size_t y_to, bool arrives) const;
  [[nodiscard]] std::string label(const Row& row, std::size_t y) const;

  std::uint32_t nodes_;
  std::size_t rows_max_;
  std::deque<Row> rows_;
};

}  // namespace ordeal::sim
