#pragma once
// Console logs of Jepsen, as Porcupine and others keep them:
//
//   INFO  jepsen.util - 3 \t :invoke \t :cas \t [1 2]
//
// with tabs only, or with spaces only where tabs were expanded. The logs say less than they mean: a
// compare-and-set that failed without a reason met another value, so it gets the error `mismatch`; `:fail
// :timed-out` is a failure for reads alone, for the rest it is info. They have no times.

#include "checkers/formats/parsed_history.h"
#include "common/result.h"

#include <string_view>

namespace ordeal {

/// Lines that are no operations are skipped with a note. The error names the line and what was expected.
[[nodiscard]] Result<ParsedHistory> parse_jepsen_log(std::string_view text);

}  // namespace ordeal
