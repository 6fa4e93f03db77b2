#pragma once
// Replicas that were left alone agree: strong eventual consistency (Shapiro et al., "Conflict-free replicated
// data types", SSS 2011), as far as clients see it. The final reads of a key, one of each node, return the
// same value.
//
// A read is final when it is ok and has the member `final`, true. When no read of the history has it, those
// are final that were invoked after the last event that is not a read's: the last write, and the last fault.
// The run has to wait before it reads; a node that had no time to hear of everything is taken to differ. A
// node's last final read counts; when nodes are not known, each process stands for one.
//
//   diverged         two final reads of one key differ;
//   digests-differ   at any time: two operations of one key tell the same version vector, the member `vv`,
//                    and different `digest`s: their nodes had the same updates and not the same state.
//
// Values are compared as they are: for sets, whose order means nothing, see crdt.h.

#include "checkers/checker.h"
#include "checkers/simple/finding_builder.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace ordeal {

struct FinalRead {
  OperationRow operation;
  std::string reader;  ///< "n3", or "p3" when the node is not known
};
/// By key, the last final read of each reader, in order of their names.
using FinalReads = std::map<Cell, std::vector<FinalRead>>;

/// O(n log n). Requires: history.check_well_formed().
[[nodiscard]] FinalReads find_final_reads(const HistoryTable& history);
/// The node that answered, or else that was asked.
[[nodiscard]] NodeId node_of(const HistoryTable& history, const OperationRow& operation);

/// Two values with the same form are the same state.
using CanonicalForm = Value (*)(const Value&);

/// Accuses who diverged and whose digests differ. The number of pairs that were compared.
std::int64_t judge_convergence(const HistoryTable& history, const FinalReads& reads, CanonicalForm form,
                               FindingBuilder& builder);

/// Named "convergence". O(n log n). Unknown when there was nothing to compare.
[[nodiscard]] std::unique_ptr<Checker> make_convergence_checker();

}  // namespace ordeal
