#pragma once
// The text side of the packet filter, free of effects: what iptables-restore is given, and what iptables-save
// says. The agent owns one chain per family, to which INPUT jumps first. DROP is on INPUT only: on OUTPUT it
// would give the sender EPERM, which no real partition does.

#include "common/result.h"
#include "nemesis/agent/peers.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ordeal::agent {

inline constexpr std::string_view kChainName = "ORDEAL_IN";
/// Scratch chain for trying out whether the kernel takes a rule; never jumped to.
inline constexpr std::string_view kTrialChainName = "ORDEAL_TRY";
/// Comment of a rule: this and the fault's id.
inline constexpr std::string_view kCommentPrefix = "ordeal:";

struct ChainRule {
  std::string source;  ///< one address in canonical text
  std::string fault;
  std::optional<std::int64_t>
      stop;  ///< last second, since 1970, in which the rule is in force; none: no expiry

  friend bool operator==(const ChainRule&, const ChainRule&) = default;
};

struct CountedRule {
  ChainRule rule;
  std::uint64_t packets = 0;
};

/// What one family's filter table says of our chain. Rules of others are not looked at.
struct ChainState {
  bool present = false;        ///< the chain exists
  bool trial_present = false;  ///< so does the scratch chain
  std::size_t jumps = 0;       ///< rules of INPUT that do nothing but jump to it
  bool jump_first = false;     ///< the first rule of INPUT is such a jump
  std::size_t exemptions = 0;  ///< IPv6 only: rules that let neighbour discovery pass, all before the drops
  std::vector<CountedRule> rules;
  std::vector<std::string> strange;  ///< rules of our chain that this program did not write, as printed
};

/// Last second of force of a rule for a deadline: the kernel's grain is a second, and it is never early.
[[nodiscard]] std::int64_t stop_second(std::int64_t deadline_wall_ns);

/// One transaction that makes the chain hold exactly these rules, in this order, jumped to first. In IPv6
/// neighbour discovery passes: it is to IPv6 what ARP is to IPv4, which this table never sees. Without that,
/// a node that drops a peer's packets cannot resolve its address, and the cut in one direction becomes one in
/// both.
[[nodiscard]] std::string write_chain_text(Family family, const ChainState& before,
                                           const std::vector<ChainRule>& rules);
/// One transaction that removes chain and jumps; empty when there is nothing of ours.
[[nodiscard]] std::string remove_chain_text(const ChainState& before);

/// Reads `iptables-save -c -t filter`. kInternal: this is not such text, so nothing is known.
[[nodiscard]] Result<ChainState> parse_save(std::string_view text);

/// Whether the chain holds exactly these rules and is jumped to once, first. The error says what differs.
[[nodiscard]] Status check_written(Family family, const ChainState& state,
                                   const std::vector<ChainRule>& rules);

}  // namespace ordeal::agent
