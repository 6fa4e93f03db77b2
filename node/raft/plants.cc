#include "node/raft/plants.h"

#include <array>

namespace ordeal::raft {

namespace {

constexpr std::array<Plant, 25> kPlants = {{
    {"R1", "raft", "the leader commits an entry of an older term by counting copies (against Raft 5.4.2)",
     "three leader changes with partial replication (figure 8 of the paper)",
     "leader completeness, lost acknowledged writes", "logcabin issue 44"},
    {"R2", "raft", "the vote is forgotten at a restart (against Raft 5.2)",
     "restart a voter in the middle of an election", "election safety, linearizability",
     "canonical/raft issue 196"},
    {"R3", "raft", "the answer to a pre-vote counts as a vote (against thesis 9.6)",
     "delay answers until after the pre-vote", "election safety", "canonical/raft issue 196"},
    {"R4", "raft",
     "a follower acknowledges an append when it has received it, also a repeated one, not when it is durable "
     "(against Raft figure 2)",
     "power loss at followers and loss of the leader", "quorum durability, lost acknowledged writes",
     "yugabyte-db issue 32875"},
    {"R5", "raft",
     "a leader answers reads from its own state without asking anybody (against Raft 8, thesis 6.4)",
     "cut a leader off together with a client", "linearizability", "etcd 0.4.1 (Jepsen 2014)"},
    {"R6", "raft",
     "a new leader serves reads before it has committed an entry of its own term (against thesis 6.4)",
     "leader change, then read at once", "linearizability", "text"},
    {"R7", "raft",
     "a lease counts from when the answers arrive, not from when the round was sent (against thesis 6.4.1)",
     "read mode lease; delay the answers, then cut the leader off", "linearizability",
     "text; sofa-jraft issue 34 (by a timer)"},
    {"R8", "raft", "a leader keeps its lease while it hands leadership over (against thesis 6.4.1)",
     "read mode lease; transfer leadership, then cut the old leader off", "linearizability",
     "tikv issue 1593, openraft issue 1748"},
    {"R9", "raft", "a lease is measured on the wall clock (against thesis 6.4.1)",
     "read mode lease without check-quorum; cut the leader off and set its clock back", "linearizability",
     "tikv issue 964"},
    {"R10", "raft", "an append always cuts the log after its place, matching entries too (against Raft 5.3)",
     "reorder or duplicate appends, then crash the leader", "leader completeness, lost acknowledged writes",
     "text"},
    {"R11", "raft",
     "a follower takes the leader's commit index without looking how far its log is verified "
     "(against Raft 5.3, figure 2)",
     "heartbeat to a follower with a divergent tail", "state-machine safety, linearizability", "text"},
    {"R12", "raft",
     "votes are given without comparing logs (against Raft 5.4.1), and nothing but the log decides what an "
     "append deletes",
     "a lagging follower times out first after the leader was killed",
     "leader completeness, lost acknowledged writes", "text"},
    {"R13", "raft",
     "in a joint phase a majority of all voters together decides, not one of each half (against Raft 6)",
     "part the cluster while its members change", "leader completeness, election safety, linearizability",
     "text"},
    {"R14", "raft",
     "a leader accepts a change of members before an entry of its own term is committed, and makes a change "
     "by one voter in one step (against Raft 6 and the correction of thesis 4.1)",
     "leader change between two changes of one voter each", "leader completeness, linearizability",
     "Ongaro's bug in single-server changes (raft-dev, 2015), axon-server issue 120"},
    {"R15", "raft",
     "a node that installs a snapshot keeps the members that the log before it names (against Raft 7)",
     "change members while a follower is away for so long that it needs a snapshot", "election safety",
     "scylladb issue 9551"},
    {"R16", "raft", "a snapshot that is older than the log cuts the entries after it (against Raft 7)",
     "duplicate a snapshot, then crash the leader", "quorum durability, lost acknowledged writes",
     "camunda issue 6092"},
    {"R17", "raft",
     "a snapshot carries the index that was executed when it was asked for, while its contents are later "
     "(against Raft 7)",
     "a snapshot under load, commands without a session", "commands applied twice",
     "text; like NuRaft issue 407"},
    {"R18", "raft", "the table of sessions is left out of snapshots (against thesis 6.3)",
     "lose a reply, restore from a snapshot elsewhere, retry", "commands applied twice", "text"},
    {"R19", "raft",
     "a leader that steps down reports success for proposals that are in its log although they are not "
     "committed",
     "step-down while replication is under way", "lost acknowledged writes", "redpanda issue 3003"},
    {"R20", "raft", "what was sent counts as replicated before it is acknowledged (against Raft 5.3)",
     "drop one append", "quorum durability, lost acknowledged writes", "text"},
    {"R21", "raft",
     "an acknowledgement or a report of the disk counts although it is of an earlier term and its entries "
     "were replaced since (against Raft 5.3)",
     "cut entries whose acknowledgement is late, and write others in their place",
     "quorum durability, leader completeness, lost acknowledged writes",
     "etcd, trace of the append ABA race"},
    {"R22", "raft", "half of an even number of voters is a quorum (against Raft 5.2)",
     "four nodes, parted two and two", "election safety, quorum durability, linearizability", "text"},
    {"R23", "raft", "a follower passes a request on once more after it was executed",
     "forwarding, commands without a session", "commands applied twice", "redisraft issue 13"},
    {"R24", "raft",
     "a pre-vote is refused while a leader is known, be it gone or the one that asks, and a leader is never "
     "forgotten (against thesis 9.6)",
     "kill the leader, or cut what it sends", "no operation completes",
     "hashicorp/raft issue 606, canonical/raft issue 279, tikv issue 3270"},
    {"R25", "raft",
     "a leader that hears from nobody goes on: no check-quorum (against thesis 6.2); and whatever message "
     "arrives, the election timer starts anew (against Raft 5.2)",
     "one-way cut: the leader can send and not hear", "no operation completes", "text"},
}};

}  // namespace

std::span<const Plant> all_plants() {
  return kPlants;
}

Result<PlantSet> PlantSet::parse(const std::vector<std::string>& ids) {
  PlantSet set;
  for (const std::string& id : ids) {
    bool known = false;
    for (std::size_t i = 0; i < kPlants.size(); ++i) {
      if (kPlants[i].id != id) continue;
      set.bits_ |= mask(static_cast<Bug>(i));
      known = true;
    }
    if (known) continue;
    std::string message = "raft has no planted bug " + id + "; there are";
    for (const Plant& plant : kPlants) message += " " + std::string(plant.id);
    return Error{ErrorCode::kInvalidArgument, message};
  }
  return set;
}

std::vector<Plant> PlantSet::active() const {
  std::vector<Plant> on;
  for (std::size_t i = 0; i < kPlants.size(); ++i) {
    if (has(static_cast<Bug>(i))) on.push_back(kPlants[i]);
  }
  return on;
}

}  // namespace ordeal::raft
