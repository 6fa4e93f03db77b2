#pragma once
// Quorum arithmetic, apart from the protocol: what has a majority reached, is an election won. A joint quorum
// needs a majority of each half (Raft 6). Nothing here knows what is counted.

#include "common/ids.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <vector>

namespace ordeal::raft {

enum class VoteResult { kPending, kWon, kLost };

/// Planted bugs alone: what else passes for a quorum.
struct QuorumRule {
  bool half_of_even = false;  ///< R22
  bool united = false;        ///< R13
};

/// How many of `voters` nodes decide.
[[nodiscard]] constexpr std::size_t quorum_size(std::size_t voters, QuorumRule rule) {
  // PLANT R22: of an even number, half.
  return rule.half_of_even ? (voters + 1) / 2 : voters / 2 + 1;
}

/// The nodes of both halves, each once.
[[nodiscard]] std::vector<NodeId> unite(const std::vector<NodeId>& incoming,
                                        const std::vector<NodeId>& outgoing);

/// The largest value that a majority of `voters` has reached, given what each has reached; none when there
/// are no voters (they limit nothing).
template <class Value, class ValueOf>
[[nodiscard]] std::optional<Value> majority_reached(const std::vector<NodeId>& voters, ValueOf value_of,
                                                    QuorumRule rule = {}) {
  if (voters.empty()) return std::nullopt;
  std::vector<Value> values;
  values.reserve(voters.size());
  for (const NodeId voter : voters) values.push_back(value_of(voter));
  // In ascending order, the item at n - quorum is reached by it and everything after it: a quorum.
  const std::size_t place = values.size() - quorum_size(values.size(), rule);
  const auto item = values.begin() + static_cast<std::ptrdiff_t>(place);
  std::nth_element(values.begin(), item, values.end());
  return *item;
}

/// The same for a joint quorum: what a majority of each half has reached. An empty half limits nothing.
template <class Value, class ValueOf>
[[nodiscard]] std::optional<Value> joint_reached(const std::vector<NodeId>& incoming,
                                                 const std::vector<NodeId>& outgoing, ValueOf value_of,
                                                 QuorumRule rule = {}) {
  // PLANT R13: a majority of all together.
  if (rule.united) return majority_reached<Value>(unite(incoming, outgoing), value_of, rule);
  const std::optional<Value> in = majority_reached<Value>(incoming, value_of, rule);
  const std::optional<Value> out = majority_reached<Value>(outgoing, value_of, rule);
  if (!in) return out;
  if (!out) return in;
  return std::min(*in, *out);
}

/// Won: a majority granted. Lost: a majority can no longer grant. No voters: won.
[[nodiscard]] VoteResult majority_vote(const std::vector<NodeId>& voters, const std::map<NodeId, bool>& votes,
                                       QuorumRule rule = {});

/// Won when both halves are won, lost when one is lost.
[[nodiscard]] VoteResult joint_vote(const std::vector<NodeId>& incoming, const std::vector<NodeId>& outgoing,
                                    const std::map<NodeId, bool>& votes, QuorumRule rule = {});

}  // namespace ordeal::raft
