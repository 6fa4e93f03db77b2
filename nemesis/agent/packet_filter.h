#pragma once
// Puts drop rules into the kernel and takes them out: one iptables-restore transaction per family, read back
// after writing. A listing that cannot be read is an error, never "nothing there".

#include "common/time.h"
#include "nemesis/agent/chain.h"
#include "nemesis/agent/peers.h"
#include "nemesis/agent/reconciler.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace ordeal::agent {

/// Packets dropped on account of a fault from a peer, in each family; only grows while the fault is in force.
using DropCounts = std::map<std::pair<std::string, NodeId>, std::map<Family, std::uint64_t>>;

/// What the kernel holds just now.
struct FilterObservation {
  std::map<Family, ChainState> chains;  ///< of the families that are covered
  DropCounts dropped;
};

/// Reads one family's chain of the network namespace that the caller is in.
[[nodiscard]] Result<ChainState> read_chain(Family family);
/// Removes chain and jumps of ours in one family, and checks that they are gone. Nothing there: nothing is
/// done.
[[nodiscard]] Status remove_chain(Family family);
/// Runs one transaction.
[[nodiscard]] Status restore_chain(Family family, const std::string& text);

class PacketFilter {
 public:
  /// `families`: those that the kernel and the tools can do. Without `kernel_expiry` rules stay until they
  /// are removed.
  PacketFilter(Peers peers, std::vector<Family> families, bool kernel_expiry)
      : peers_(std::move(peers)), families_(std::move(families)), kernel_expiry_(kernel_expiry) {}

  /// Makes exactly these drops be in force; an empty list removes the chain. After an error the state is
  /// unknown: call again, also with an empty list.
  [[nodiscard]] Status write(const std::vector<DropRule>& drops, Now now);

  [[nodiscard]] Result<FilterObservation> observe() const;
  /// Whether these drops are in force as rules, by what was observed.
  [[nodiscard]] Status check(const FilterObservation& observed, const std::string& fault,
                             const std::vector<DropRule>& drops) const;

  [[nodiscard]] const std::vector<Family>& families() const { return families_; }
  [[nodiscard]] bool kernel_expiry() const { return kernel_expiry_; }

 private:
  [[nodiscard]] Status write_family(Family family, const std::vector<ChainRule>& rules);
  [[nodiscard]] std::vector<ChainRule> rules_of(Family family, const std::vector<DropRule>& drops,
                                                Now now) const;
  void add_counts(DropCounts& counts, Family family, const ChainState& state) const;
  [[nodiscard]] NodeId owner_of(Family family, const std::string& address) const;

  Peers peers_;
  std::vector<Family> families_;
  bool kernel_expiry_;
  DropCounts counted_before_;  ///< of rules that were rewritten since; a rewritten rule counts from zero
};

}  // namespace ordeal::agent
