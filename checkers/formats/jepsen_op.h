#pragma once
// One operation as Jepsen records it, a map of members, whose words are keywords in EDN and strings in JSON:
//
//   {:process 3, :type :invoke, :f :cas, :value [1 2], :time 1203444, :index 7}
//   {"process":3,"type":"invoke","f":"cas","value":[1,2],"time":1203444,"index":7}
//
// process is an integer or nemesis; type is invoke, ok, fail or info; f becomes the operation's f, and an
// operation without one whose value is a list is a `txn`, as Elle has it; key, value and error are kept; time
// is in nanoseconds; other members become extra ones, an index that is not the position too. Members of our
// own printer (jepsen_print.h), :ordeal/type, node, intended, session, version and attempt, are those of the
// operation.

#include "common/op.h"
#include "common/result.h"

#include <optional>

namespace ordeal {

enum class EdnValues : std::uint8_t {
  kPlain,        ///< :value is the operation's
  kIndependent,  ///< :value is [key value], as jepsen.independent writes it
};

enum class JepsenSyntax : std::uint8_t { kEdn, kJson };

struct JepsenOp {
  Op op;
  std::optional<Duration> time;
};

/// `position` is that of the operation in its file, from 0. The error says which member is wrong and what was
/// expected.
[[nodiscard]] Result<JepsenOp> read_jepsen_op(Value::Map members, std::size_t position, JepsenSyntax syntax,
                                              EdnValues values = EdnValues::kPlain);

/// For messages: a file may hold anything, of any length.
[[nodiscard]] std::string quote_briefly(const Value& value);

}  // namespace ordeal
