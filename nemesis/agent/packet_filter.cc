#include "nemesis/agent/packet_filter.h"

#include "nemesis/agent/command.h"

#include <fmt/format.h>

#include <algorithm>

namespace ordeal::agent {
namespace {

std::string program(Family family, std::string_view what) {
  return fmt::format("{}tables-{}", family == Family::kIpv4 ? "ip" : "ip6", what);
}

bool has_source(const ChainState& state, const std::string& fault, const std::string& address) {
  return std::any_of(state.rules.begin(), state.rules.end(), [&](const CountedRule& counted) {
    return counted.rule.fault == fault && counted.rule.source == address;
  });
}

}  // namespace

Result<ChainState> read_chain(Family family) {
  auto listing = run_command({program(family, "save"), "-c", "-t", "filter"});
  if (!listing) return listing.error();
  return parse_save(listing->out);
}

Status restore_chain(Family family, const std::string& text) {
  const auto restored = run_command({program(family, "restore"), "-w", "3", "--noflush"}, text);
  return restored ? Status() : Status(restored.error());
}

Status remove_chain(Family family) {
  auto before = read_chain(family);
  if (!before) return before.error();
  const std::string text = remove_chain_text(*before);
  if (text.empty()) return {};
  if (Status restored = restore_chain(family, text); !restored) return restored;
  const auto after = read_chain(family);
  if (!after) return after.error();
  if (after->present || after->jumps > 0)
    return Error{ErrorCode::kInternal,
                 fmt::format("the chain {} is still there after removing it", kChainName)};
  return {};
}

Status PacketFilter::write(const std::vector<DropRule>& drops, Now now) {
  for (const Family family : families_) {
    const std::vector<ChainRule> rules = rules_of(family, drops, now);
    if (Status written = write_family(family, rules); !written) return written;
  }
  for (auto counts = counted_before_.begin(); counts != counted_before_.end();) {
    const bool wanted = std::any_of(drops.begin(), drops.end(), [&](const DropRule& drop) {
      return drop.fault == counts->first.first && drop.from == counts->first.second;
    });
    counts = wanted ? std::next(counts) : counted_before_.erase(counts);
  }
  return {};
}

Status PacketFilter::write_family(Family family, const std::vector<ChainRule>& rules) {
  const auto before = read_chain(family);
  if (!before) return before.error();
  const std::string text =
      rules.empty() ? remove_chain_text(*before) : write_chain_text(family, *before, rules);
  if (text.empty()) return {};
  if (Status restored = restore_chain(family, text); !restored) return restored;
  // Packets between this reading and the transaction are not counted: a few microseconds of each renewal.
  add_counts(counted_before_, family, *before);
  const auto after = read_chain(family);
  if (!after) return after.error();
  if (!rules.empty()) return check_written(family, *after, rules);
  if (after->present || after->jumps > 0)
    return Error{ErrorCode::kInternal,
                 fmt::format("the chain {} is still there after removing it", kChainName)};
  return {};
}

std::vector<ChainRule> PacketFilter::rules_of(Family family, const std::vector<DropRule>& drops,
                                              Now now) const {
  std::vector<ChainRule> rules;
  for (const DropRule& drop : drops) {
    const WallTime deadline = now.wall + (drop.deadline - now.monotonic);
    const auto stop = kernel_expiry_ ? std::optional(stop_second(deadline.ns())) : std::nullopt;
    for (const std::string& address : peers_.at(drop.from).of(family))
      rules.push_back({address, drop.fault, stop});
  }
  return rules;
}

Result<FilterObservation> PacketFilter::observe() const {
  FilterObservation observed;
  observed.dropped = counted_before_;
  for (const Family family : families_) {
    auto state = read_chain(family);
    if (!state) return state.error();
    add_counts(observed.dropped, family, *state);
    observed.chains.emplace(family, std::move(*state));
  }
  return observed;
}

Status PacketFilter::check(const FilterObservation& observed, const std::string& fault,
                           const std::vector<DropRule>& drops) const {
  for (const auto& [family, state] : observed.chains) {
    for (const DropRule& drop : drops) {
      if (drop.fault != fault) continue;
      for (const std::string& address : peers_.at(drop.from).of(family)) {
        if (!has_source(state, fault, address))
          return Error{ErrorCode::kInternal,
                       fmt::format("the rule that drops packets from {} is gone", address)};
        if (state.jumps == 0)
          return Error{ErrorCode::kInternal,
                       fmt::format("INPUT no longer jumps to {} ({})", kChainName, to_text(family))};
      }
    }
  }
  return {};
}

void PacketFilter::add_counts(DropCounts& counts, Family family, const ChainState& state) const {
  for (const CountedRule& counted : state.rules) {
    const NodeId peer = owner_of(family, counted.rule.source);
    if (peer != kNoNode) counts[{counted.rule.fault, peer}][family] += counted.packets;
  }
}

NodeId PacketFilter::owner_of(Family family, const std::string& address) const {
  for (const auto& [node, addresses] : peers_) {
    const auto& list = addresses.of(family);
    if (std::find(list.begin(), list.end(), address) != list.end()) return node;
  }
  return kNoNode;
}

}  // namespace ordeal::agent
