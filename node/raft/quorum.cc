#include "node/raft/quorum.h"

#include <iterator>

namespace ordeal::raft {

std::vector<NodeId> unite(const std::vector<NodeId>& incoming, const std::vector<NodeId>& outgoing) {
  std::vector<NodeId> all;
  std::set_union(incoming.begin(), incoming.end(), outgoing.begin(), outgoing.end(), std::back_inserter(all));
  return all;
}

VoteResult majority_vote(const std::vector<NodeId>& voters, const std::map<NodeId, bool>& votes,
                         QuorumRule rule) {
  if (voters.empty()) return VoteResult::kWon;
  const std::size_t needed = quorum_size(voters.size(), rule);
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
                      const std::map<NodeId, bool>& votes, QuorumRule rule) {
  // PLANT R13, continued.
  if (rule.united) return majority_vote(unite(incoming, outgoing), votes, rule);
  const VoteResult in = majority_vote(incoming, votes, rule);
  const VoteResult out = majority_vote(outgoing, votes, rule);
  if (in == out) return in;
  if (in == VoteResult::kLost || out == VoteResult::kLost) return VoteResult::kLost;
  return VoteResult::kPending;
}

}  // namespace ordeal::raft
