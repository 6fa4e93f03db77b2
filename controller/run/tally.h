#pragma once
// Counts what a run did, and says why it proves nothing when it does not.

#include "controller/run/fault_runner.h"
#include "controller/run/run_loop.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace ordeal {

class Tally {
 public:
  struct Count {
    std::uint64_t invoked = 0;
    std::uint64_t ok = 0;
    std::uint64_t fail = 0;
    std::uint64_t info = 0;
  };

  void invoked(const Op& op, bool final);
  void completed(const Op& op, bool final);
  /// The run as a whole went wrong: no leader, interrupted, an agent lost.
  void blame(std::string reason) { blames_.push_back(std::move(reason)); }

  [[nodiscard]] const std::vector<std::string>& blames() const { return blames_; }
  [[nodiscard]] Count total() const;
  /// Empty: the run counts. Requires: the load began and the run is over.
  [[nodiscard]] std::vector<std::string> vacuous(const Plan& plan, const FaultRunner::Counts& faults,
                                                 bool healed) const;

 private:
  std::map<std::string, Count> load_;  ///< by f
  Count final_;
  std::vector<std::string> blames_;
};

}  // namespace ordeal
