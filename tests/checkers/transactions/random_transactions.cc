#include "tests/checkers/transactions/random_transactions.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace ordeal::testing {
namespace {

class Generator {
 public:
  Generator(Rng& rng, const TransactionShape& shape)
      : rng_(rng), shape_(shape), replicas_(shape.sessions), ended_(shape.sessions, false) {}

  TransactionTable run() && {
    for (std::uint32_t s = 0; s < shape_.sessions; ++s) (void)builder_.session(std::int64_t{s});
    for (std::uint32_t k = 0; k < shape_.keys; ++k)
      (void)builder_.key(Value(std::string(1, static_cast<char>('x' + k))));
    for (std::uint32_t i = 0; i < shape_.transactions; ++i) {
      const auto session = static_cast<std::uint32_t>(rng_.below(shape_.sessions));
      if (!ended_[session]) transaction(session);
      if (rng_.chance(1, 2)) gossip();
    }
    return std::move(builder_).finish().value();
  }

 private:
  using Replica = std::map<KeyIndex, ValueCode>;

  void gossip() {
    const Replica& from = replicas_[rng_.below(shape_.sessions)];
    Replica& to = replicas_[rng_.below(shape_.sessions)];
    for (const auto& [key, value] : from) {
      if (rng_.chance(3, 4)) to[key] = value;
    }
  }

  void transaction(std::uint32_t session) {
    const std::uint32_t t = builder_.begin(session, TransactionOutcome::kCommitted, begun_++);
    Replica replica = replicas_[session];
    const std::uint64_t accesses = rng_.between(1, shape_.accesses_max);
    for (std::uint64_t i = 0; i < accesses; ++i) access(t, replica);
    if (rng_.below(16) < shape_.odd_outcomes_of_16) {
      const bool aborted = rng_.chance(1, 2);
      builder_.set_outcome(t, aborted ? TransactionOutcome::kAborted : TransactionOutcome::kUnknown);
      ended_[session] = !aborted;
      if (aborted && rng_.chance(3, 4)) return;  // Now and then it is seen all the same.
    }
    replicas_[session] = std::move(replica);
  }

  void access(std::uint32_t t, Replica& replica) {
    const auto key = static_cast<KeyIndex>(rng_.below(shape_.keys));
    if (rng_.chance(1, 2)) {
      replica[key] = ++written_;
      builder_.add(t, {.write = true, .key = key, .value = written_});
      return;
    }
    ValueCode value = replica[key];
    if (rng_.below(16) < shape_.lies_of_16) value = rng_.below(written_ + 2);
    builder_.add(t, {.write = false, .key = key, .value = value});
  }

  Rng& rng_;
  const TransactionShape& shape_;
  TransactionTableBuilder builder_;
  std::vector<Replica> replicas_;
  std::vector<bool> ended_;
  ValueCode written_ = kInitialCode;
  std::uint64_t begun_ = 0;
};

}  // namespace

TransactionTable random_transactions(Rng& rng, const TransactionShape& shape) {
  return Generator(rng, shape).run();
}

}  // namespace ordeal::testing
