#pragma once
// Quorum arithmetic, apart from the protocol: what has a majority reached, is an election won. A joint quorum
// needs a majority of each half (Raft 6). Nothing here knows what is counted.

#include "common/ids.h"

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

namespace ordeal::raft {

enum class VoteResult { kPending, kWon, kLost };

/// The largest value that a majority of `voters` has reached, given what each has reached; none when there
/// are no voters (they limit nothing).
template <class Value, class ValueOf>
[[nodiscard]] std::optional<Value> majority_reached(const std::vector<NodeId>& voters, ValueOf value_of) {
  if (voters.empty()) return std::nullopt;
  std::vector<Value> values;
  values.reserve(voters.size());
  for (const NodeId voter : voters) values.push_back(value_of(voter));
  // In ascending order, the item at (n - 1) / 2 is reached by it and everything after it: n / 2 + 1 of them.
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// The same for a joint quorum: what a majority of each half has reached. An empty half limits nothing.
template <class Value, class ValueOf>
[[nodiscard]] std::optional<Value> joint_reached(const std::vector<NodeId>& incoming,
                                                 const std::vector<NodeId>& outgoing, ValueOf value_of) {
  const std::optional<Value> in = majority_reached<Value>(incoming, value_of);
  const std::optional<Value> out = majority_reached<Value>(outgoing, value_of);
  if (!in) return out;
  if (!out) return in;
  return std::min(*in, *out);
}

/// Won: a majority granted. Lost: a majority can no longer grant. No voters: won.
[[nodiscard]] VoteResult majority_vote(const std::vector<NodeId>& voters,
                                       const std::map<NodeId, bool>& votes);

/// Won when both halves are won, lost when one is lost.
[[nodiscard]] VoteResult joint_vote(const std::vector<NodeId>& incoming, const std::vector<NodeId>& outgoing,
                                    const std::map<NodeId, bool>& votes);

}  // namespace ordeal::raft
