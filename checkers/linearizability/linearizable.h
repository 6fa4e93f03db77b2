#pragma once
// The linearizability checkers: per key, is there one order of the operations, each between its invocation
// and its completion, that explains every answer? For registers (reads, writes and compare-and-sets), and for
// any object with a sequential specification. An operation whose outcome nobody knows may take effect at any
// time after its invocation or never.
//
// Real time is the order of the history: a completion recorded before an invocation precedes it, also at
// equal times.

#include "checkers/checker.h"
#include "checkers/linearizability/object.h"

#include <memory>

namespace ordeal {

/// What a compare-and-set that failed with error `mismatch` says.
enum class FailedCas : std::uint8_t {
  kFact,     ///< the register did not hold the expected value at some time between invocation and completion,
             ///< and held the value that the extra key `seen` gives, if it is there (Porcupine reads it so)
  kNothing,  ///< nothing (Knossos reads it so)
};

/// What a read that answered nil says.
enum class NilRead : std::uint8_t {
  kAbsent,   ///< the register held nothing
  kNothing,  ///< the answer is not known (Knossos reads it so)
};

/// Which operations there are.
enum class RegisterKind : std::uint8_t {
  kRegister,  ///< read, write, cas
  kMutex,     ///< acquire and release: compare-and-sets between "free" and "held", whoever holds it
};

struct RegisterSemantics {
  Value initial;  ///< of every key, before the first operation
  FailedCas failed_cas = FailedCas::kFact;
  NilRead nil_read = NilRead::kAbsent;
  RegisterKind kind = RegisterKind::kRegister;
};

/// Named "linearizable". An operation that the kind has not, or whose value has the wrong form,
/// makes the verdict unknown and is named.
[[nodiscard]] std::unique_ptr<Checker> make_linearizable_register_checker(
    const RegisterSemantics& semantics = {});

/// Named "linearizable", for any object; see objects/objects.h. An operation that the object has not, or
/// whose value has the wrong form, makes the verdict unknown and is named.
[[nodiscard]] std::unique_ptr<Checker> make_linearizable_checker(ObjectFactory factory);

}  // namespace ordeal
