#pragma once
// The live line of a run: rewritten in place on a terminal, one line every few seconds elsewhere.

#include "common/time.h"
#include "controller/run/run_loop.h"

#include <cstdio>
#include <optional>
#include <string>

namespace ordeal::cli {

/// "load 12.0s of 60s  5210 ops (4980 ok 190 fail 40 info)  431/s  leader n2 term 4  | partition n1|n2,n3".
[[nodiscard]] std::string progress_text(const RunProgress& progress, Duration time_limit, double rate);

class ProgressLine {
 public:
  /// Writes to `out`, in place when it is a terminal.
  ProgressLine(std::FILE* out, Duration time_limit);
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  ~ProgressLine();

  /// Shows what has changed; cheap to call often.
  void show(const RunProgress& progress, MonotonicTime now);
  /// A line of its own, above the live line.
  void note(const std::string& text);

 private:
  void erase();

  std::FILE* out_;
  Duration time_limit_;
  bool terminal_;
  bool drawn_ = false;
  std::optional<MonotonicTime> last_;
  std::uint64_t last_invoked_ = 0;
};

}  // namespace ordeal::cli
