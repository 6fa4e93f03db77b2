#pragma once
// Who is a member. A configuration takes effect as soon as it is in a node's log, committed or not (Raft 6).

#include "common/codec.h"
#include "common/ids.h"

#include <optional>
#include <string>
#include <vector>

namespace ordeal::raft {

/// All lists are sorted and without repetition. While `outgoing` is not empty the configuration is joint
/// (C-old,new): `voters` is the new half. A node in `outgoing` may be a learner at the same time: it votes
/// until the joint phase ends.
struct Configuration {
  std::vector<NodeId> voters;
  std::vector<NodeId> outgoing;
  std::vector<NodeId> learners;

  [[nodiscard]] bool joint() const { return !outgoing.empty(); }
  /// Votes, in either half.
  [[nodiscard]] bool is_voter(NodeId node) const;
  /// Everybody, sorted.
  [[nodiscard]] std::vector<NodeId> members() const;
  /// C-new of this C-old,new.
  [[nodiscard]] Configuration final_half() const { return {voters, {}, learners}; }

  friend bool operator==(const Configuration&, const Configuration&) = default;
};

/// Sorts the lists and removes repetitions.
[[nodiscard]] Configuration normalized(Configuration configuration);

/// Why these cannot be the members of a cluster, or nothing. Requires sorted lists.
[[nodiscard]] std::optional<std::string> find_fault(const Configuration& configuration);

/// "voters n1 n2 n3, learners n4".
[[nodiscard]] std::string to_text(const Configuration& configuration);

void encode(Encoder& out, const Configuration& configuration);
[[nodiscard]] Bytes encode(const Configuration& configuration);
/// Fails the decoder when the lists are not sorted sets of nodes.
[[nodiscard]] Configuration decode_configuration(Decoder& in);
[[nodiscard]] std::optional<Configuration> decode_configuration(std::string_view bytes);

}  // namespace ordeal::raft
