#pragma once
// Histories as Jepsen and Knossos write them, in EDN: operations as maps, in one vector or list or one after
// the other, and Porcupine's key-value files, which are such maps with a :key.
//
//   {:process 3, :type :invoke, :f :cas, :value [1 2], :time 1203444, :index 7}
//
// jepsen_op.h says what the members mean.

#include "checkers/formats/jepsen_op.h"
#include "checkers/formats/parsed_history.h"
#include "common/result.h"

#include <string_view>

namespace ordeal {

/// The error names the line and what was expected.
[[nodiscard]] Result<ParsedHistory> parse_edn_history(std::string_view text,
                                                      EdnValues values = EdnValues::kPlain);

}  // namespace ordeal
