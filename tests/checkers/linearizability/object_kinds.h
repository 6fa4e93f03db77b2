#pragma once
// The objects that linearizability is judged against, told a second time and naively, and random small
// histories of them.

#include "checkers/linearizability/objects/objects.h"
#include "common/prng.h"
#include "tests/checkers/linearizability/any_order.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace ordeal::testing {

/// One kind of object: how it is written down, and what it does, told a second time and naively.
struct Kind {
  std::string name;  ///< of the model, with its initial values
  ObjectFactory factory;
  Value initial;
  Effects effects;
  std::function<Op(Rng&, std::int64_t process)> invocation;
  /// Answers that an ok operation could give, the likely and the unlikely.
  std::function<std::vector<Value>(const Op& invoke, const Value& state)> answers;
};

[[nodiscard]] const std::vector<Kind>& object_kinds();

/// Well-formed, of one key; of clients of an object that is really atomic, now and then with a lie.
[[nodiscard]] History random_object_history(Rng& rng, const Kind& kind);

/// Whether the first `size` events have an order.
[[nodiscard]] bool has_an_order(const History& history, const Kind& kind, std::size_t size);

}  // namespace ordeal::testing
