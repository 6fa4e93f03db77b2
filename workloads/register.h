#pragma once
// The register workload: reads, writes and compare-and-set over many keys, each of them a register of its
// own, so that a history splits into small ones that can be checked for linearizability. A key is retired
// when it has had its share of operations, or too many that nobody knows the outcome of, and a fresh key
// takes its place.

#include "workloads/workload.h"

#include <cstdint>
#include <deque>
#include <map>
#include <vector>

namespace ordeal {

struct RegisterOptions {
  std::uint32_t keys = 8;  ///< live at a time
  std::uint32_t operations_per_key = 400;
  /// Operations that may be open on a key at once. One that ended `info` may take effect at any later time:
  /// it counts as open for ever.
  std::uint32_t concurrency_per_key = 4;
  bool unique_values = true;  ///< "<process>-<sequence>", so that a value names its write; else "0" to "4"
  std::uint32_t read_weight = 5;
  std::uint32_t write_weight = 3;
  std::uint32_t cas_weight = 2;
};

class RegisterWorkload : public Workload {
 public:
  /// Requires: keys, operations_per_key and concurrency_per_key are positive, and a weight is.
  explicit RegisterWorkload(const RegisterOptions& options);

  [[nodiscard]] std::string_view name() const override { return "register"; }
  [[nodiscard]] std::optional<Op> next(Rng& rng, ProcessId process) override;
  void completed(const Op& invoke, const Op& completion) override;
  /// Every live key and those retired last, each several times, by whichever processes ask.
  [[nodiscard]] std::optional<Op> next_final(Rng& rng, ProcessId process) override;
  [[nodiscard]] bool idempotent(std::string_view f) const override { return f == "read"; }
  [[nodiscard]] std::vector<std::unique_ptr<Checker>> checkers() const override;

 private:
  struct Key {
    std::string name;
    std::uint32_t issued = 0;
    std::uint32_t open = 0;     ///< invoked and not yet completed
    std::uint32_t unknown = 0;  ///< writes and cas that ended info; only grows
    /// What the register was seen to hold, oldest first; nil is "never written". What a cas expects.
    std::vector<Value> seen{Value()};
    std::uint64_t seen_version = 0;  ///< the server's order of the last of these, when it said so
  };

  [[nodiscard]] Key fresh_key();
  [[nodiscard]] bool has_room(const Key& key) const;
  [[nodiscard]] bool worn_out(const Key& key) const;
  void retire(Key& key);
  void learn(Key& key, const Op& completion) const;
  [[nodiscard]] Op make_op(Key& key, Rng& rng, ProcessId process);
  [[nodiscard]] Value fresh_value(Rng& rng, ProcessId process);
  void plan_final_reads(Rng& rng);

  RegisterOptions options_;
  std::vector<Key> live_;
  std::uint64_t keys_made_ = 0;
  std::deque<std::string> retired_;                    ///< the last kRetiredMax
  std::map<ProcessId, std::uint64_t> values_written_;  ///< per process that is in use
  std::optional<std::deque<std::string>> final_reads_;
};

}  // namespace ordeal
