#pragma once
// Histories as Jepsen and Knossos write them, in EDN: operations as maps, in one vector or list or one after
// the other, and Porcupine's key-value files, which are such maps with a :key.
//
//   {:process 3, :type :invoke, :f :cas, :value [1 2], :time 1203444, :index 7}
//
// :process is an integer or :nemesis; :type is :invoke, :ok, :fail or :info; :f becomes the operation's f;
// :key, :value and :error are kept; :time is in nanoseconds; other members become extra ones, an :index that
// is not the position too.

#include "checkers/formats/parsed_history.h"
#include "common/result.h"

#include <string_view>

namespace ordeal {

enum class EdnValues : std::uint8_t {
  kPlain,        ///< :value is the operation's
  kIndependent,  ///< :value is [key value], as jepsen.independent writes it
};

/// The error names the line and what was expected.
[[nodiscard]] Result<ParsedHistory> parse_edn_history(std::string_view text,
                                                      EdnValues values = EdnValues::kPlain);

}  // namespace ordeal
