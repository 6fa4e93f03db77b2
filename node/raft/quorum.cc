#include "node/raft/quorum.h"

namespace ordeal::raft {

VoteResult majority_vote(const std::vector<NodeId>& voters, const std::map<NodeId, bool>& votes) {
  if (voters.empty()) return VoteResult::kWon;
  const std::size_t needed = voters.size() / 2 + 1;
  std::size_t granted = 0;
  std::size_t missing = 0;
  for (const NodeId voter : voters) {
    const auto vote = votes.find(voter);
    if (vote == votes.end()) {
      ++missing;
    } else if (vote->second) {
      ++granted;
    }
  }
  if (granted >= needed) return VoteResult::kWon;
  return granted + missing >= needed ? VoteResult::kPending : VoteResult::kLost;
}

VoteResult joint_vote(const std::vector<NodeId>& incoming, const std::vector<NodeId>& outgoing,
                      const std::map<NodeId, bool>& votes) {
  const VoteResult in = majority_vote(incoming, votes);
  const VoteResult out = majority_vote(outgoing, votes);
  if (in == out) return in;
  if (in == VoteResult::kLost || out == VoteResult::kLost) return VoteResult::kLost;
  return VoteResult::kPending;
}

}  // namespace ordeal::raft
