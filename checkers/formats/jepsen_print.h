#pragma once
// Histories as Jepsen, Elle and Porcupine read them, an operation a line.

#include "checkers/formats/printed_history.h"
#include "common/history.h"
#include "common/result.h"

namespace ordeal {

/// Jepsen's maps. What Jepsen has no member for is in members of our own, :ordeal/node and the like, and the
/// nemesis has info on both sides as Jepsen wants it, with the type in :ordeal/type: edn.h reads it all back
/// as it was. The error names the operation and what EDN cannot say.
[[nodiscard]] Result<PrintedHistory> print_edn_history(const History& history);

/// The same, of transactions alone and as Elle wants them: [[:r k nil] [:append k 1]]. Reads and writes of
/// registers are transactions of one micro-operation, a cas that succeeded one of two. The nemesis is left
/// out with a note. The error names an operation that is none of these.
[[nodiscard]] Result<PrintedHistory> print_elle_edn(const History& history);

/// Lines with gets and puts in exactly the form that Porcupine's key-value test matches. Keys and values are
/// strings or else integers. What failed and the nemesis are left out with a note, so are completions that
/// nobody knows, since Porcupine takes what has none for that. The error names an operation that is no read
/// or write, or has what the form has not: quotes, line breaks, the empty string, which is what an absent key
/// holds. Requires: check_well_formed(history).
[[nodiscard]] Result<PrintedHistory> print_porcupine_kv(const History& history);

}  // namespace ordeal
