#pragma once
// A violation, drawn and told so that someone who meets linearizability for the first time can follow it: the
// operations as bars on a lane per process, the order that could be built, the state it reached, and why no
// operation can come next.

#include "checkers/checker.h"
#include "controller/report/faults.h"

#include <set>
#include <string>
#include <vector>

namespace ordeal::report {

/// A figure (SVG) and sentences (HTML) for one witness. Steps that point outside the history are left out.
/// `id` makes the element ids of several figures on one page differ.
[[nodiscard]] std::string violation_html(const History& history, const Witness& witness,
                                         const std::vector<FaultRecord>& faults, std::uint32_t nodes,
                                         std::size_t id);

/// Positions of the invocations that a page must not leave out: every step of every witness; and of the
/// guilty alone.
[[nodiscard]] std::set<std::size_t> witness_invokes(const std::vector<Finding>& findings);
[[nodiscard]] std::set<std::size_t> guilty_invokes(const std::vector<Finding>& findings);

}  // namespace ordeal::report
