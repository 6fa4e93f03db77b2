#pragma once
// Stamps operations with index and time and appends them to the history of a step's output.

#include "controller/run/run_loop.h"

namespace ordeal {

class Recorder {
 public:
  explicit Recorder(MonotonicTime start) : start_(start) {}

  void append(Op op, MonotonicTime now, RunOutput& output) {
    op.index = next_index_++;
    op.time = now - start_;
    output.history.push_back(std::move(op));
  }
  /// An instant as the history counts it.
  [[nodiscard]] Duration since_start(MonotonicTime time) const { return time - start_; }

 private:
  MonotonicTime start_;
  std::int64_t next_index_ = 0;
};

}  // namespace ordeal
