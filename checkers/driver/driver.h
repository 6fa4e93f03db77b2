#pragma once
// The impure edge of the checkers: reads files, spreads keys over cores, and turns seconds and bytes into a
// Budget. Behind `ordeal check`, and used after a run.

#include "checkers/checker.h"
#include "checkers/driver/load_history.h"
#include "checkers/keyed_checker.h"
#include "common/result.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace ordeal {

/// What a whole check may spend. A limit that is reached makes the verdict unknown with the reason.
struct CheckLimits {
  double seconds = 60;                      ///< of all checkers together; 0 or less: none
  std::uint64_t memory_bytes = 4ULL << 30;  ///< of the searches that run at the same time, together
  std::uint64_t steps_max =
      UINT64_MAX;              ///< states per key: the one limit that gives the same verdict everywhere
  unsigned threads = 0;        ///< 0: one for each core
  std::function<bool()> stop;  ///< asked from several threads; true: give up
};

struct CheckOptions {
  std::string model;   ///< a name of list_models; empty: the usual one of the format
  std::string format;  ///< a name of list_formats; empty: by what the file looks like
  CheckLimits limits;
  bool prove = false;  ///< also say what the verdict rests on; takes as long again
};

struct CheckReport : LoadedHistory {
  std::string model;
  std::size_t operations = 0;     ///< of clients; reads and writes of transactions
  std::vector<Finding> findings;  ///< one per checker
  std::vector<KeyProof> proofs;   ///< one per key, if they were asked for
  double seconds_reading = 0;
  double seconds = 0;  ///< reading and checking

  /// Invalid outranks unknown outranks valid.
  [[nodiscard]] Verdict verdict() const;
};

/// Reads and checks a file, or a folder if `format` names one that has folders; gzip is unpacked. The error
/// names the file and says what to do; what a checker
/// cannot decide is a finding, not an error.
[[nodiscard]] Result<CheckReport> check_file(const std::string& path, const CheckOptions& options);

/// What a checker's verdict rests on, key by key. The error says that the checker gives no proofs. Requires:
/// history.check_well_formed().
[[nodiscard]] Result<std::vector<KeyProof>> prove_history(const HistoryTable& history, const Checker& checker,
                                                          const CheckLimits& limits);

/// What one model says of a history; `model` as in CheckOptions. The error says that there is no such model,
/// or none for such a history.
[[nodiscard]] Result<Finding> check_loaded(const LoadedHistory& loaded, const std::string& model,
                                           const CheckLimits& limits);

/// One finding per checker, in their order. Requires: history.check_well_formed().
[[nodiscard]] std::vector<Finding> check_history(const HistoryTable& history,
                                                 const std::vector<std::unique_ptr<Checker>>& checkers,
                                                 const CheckLimits& limits);

}  // namespace ordeal
