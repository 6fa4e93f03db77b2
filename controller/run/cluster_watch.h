#pragma once
// What the nodes say of themselves, put together: who leads, by the highest term. An isolated old leader goes
// on claiming a lower one.

#include "common/environment.h"
#include "nemesis/faults/fault.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace ordeal {

class ClusterWatch {
 public:
  explicit ClusterWatch(std::uint32_t nodes);

  /// A note for the log when the leader or its term is another than before. An observation of a node that is
  /// no member is ignored.
  std::optional<std::string> observe(const NodeObservation& observation);

  [[nodiscard]] NodeId leader() const { return view_.leader; }
  [[nodiscard]] Term term() const { return term_; }
  /// Who is down is not known here.
  [[nodiscard]] const ClusterView& view() const { return view_; }

 private:
  std::uint32_t nodes_;
  std::map<NodeId, NodeObservation> seen_;
  ClusterView view_;
  Term term_;
};

}  // namespace ordeal
