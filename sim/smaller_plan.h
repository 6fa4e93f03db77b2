#pragma once
// Ways to make a plan smaller. Each takes a plan to a smaller one and knows nothing of runs: whether what
// remains still fails is for shrink to find out. Most give a plan that check_plan takes when it took the one
// before; those that may not say so.

#include "controller/run/plan.h"

#include <cstdint>
#include <vector>

namespace ordeal::sim {

/// Ends at `limit`, or after a second: what lasts longer is cut short, and what comes later left out.
[[nodiscard]] Plan ended_at(Plan plan, Duration limit);

/// Without the time before the first fault or operation, but for `lead`. What a workload draws it draws from
/// the beginning. Requires: !plan.random_faults.
[[nodiscard]] Plan brought_forward(Plan plan, Duration lead);

/// Its last part alone: what is over before is left out. Requires: !plan.random_faults.
[[nodiscard]] Plan last_part_of(Plan plan, Duration length);

/// A time in which no operation begins and no fault begins or ends.
struct Gap {
  Duration from;
  Duration to;
};
/// Those above `length_min`, in order. Requires: !plan.random_faults.
[[nodiscard]] std::vector<Gap> find_gaps(const Plan& plan, Duration length_min);
/// With `left` of the gap. Requires: it is one of find_gaps.
[[nodiscard]] Plan with_gap_of(Plan plan, Gap gap, Duration left);

/// Every time a multiple of `unit`. May not be valid: what is shorter becomes nothing.
[[nodiscard]] Plan rounded(Plan plan, Duration unit);

/// On the first `nodes` of them. Names of nodes that are gone are left out, and faults that cannot be any
/// more.
[[nodiscard]] Plan on_nodes(Plan plan, std::uint32_t nodes);
/// A script's clients with other numbers, so that each keeps to the node that it had among `nodes`; those of
/// nodes that are gone find another.
[[nodiscard]] Plan clients_at_their_nodes(Plan plan, std::uint32_t nodes);

/// The plan with fewer clients, or with lower numbers for those that a script has: the smallest first.
[[nodiscard]] std::vector<Plan> with_fewer_clients(const Plan& plan);

/// A compare-and-set of a script that expects what nobody writes any more expects what was written before it
/// instead: a chain of them stays one when a link is left out.
[[nodiscard]] Plan with_chains_mended(Plan plan);

/// Every fault begins `late`, and is over so long before the load ends: the final reads find it healed.
[[nodiscard]] Plan with_late_faults(Plan plan, Duration late);

/// Nothing that the simulator alone has: no weather, no faults of its own or that wait for what it alone
/// sees.
[[nodiscard]] Plan without_simulator(Plan plan);

}  // namespace ordeal::sim
