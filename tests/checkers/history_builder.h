#pragma once
// Histories for tests, written as a person would tell them: one call per event, one time unit (a millisecond)
// per event.

#include <string>
#include <utility>

#include "common/history.h"

namespace ordeal::testing {

class HistoryBuilder {
 public:
  explicit HistoryBuilder(Value key = "x") : key_(std::move(key)) {}

  /// Each gives the position of its event.
  std::size_t invoke(int process, std::string f, Value value = {}) {
    return add(process, OpType::kInvoke, std::move(f), std::move(value));
  }
  std::size_t ok(int process, Value value) { return complete(process, OpType::kOk, std::move(value)); }
  std::size_t ok(int process) { return complete(process, OpType::kOk, open(process).value); }
  std::size_t fail(int process, std::string error = "refused") {
    const std::size_t at = complete(process, OpType::kFail, open(process).value);
    history_[at].error = std::move(error);
    return at;
  }
  std::size_t info(int process) {
    const std::size_t at = complete(process, OpType::kInfo, open(process).value);
    history_[at].error = "timeout";
    return at;
  }

  /// Invocation and ok in a row; the position of the invocation.
  std::size_t write(int process, Value value) {
    const std::size_t at = invoke(process, "write", std::move(value));
    ok(process);
    return at;
  }
  std::size_t read(int process, Value value) {
    const std::size_t at = invoke(process, "read");
    ok(process, std::move(value));
    return at;
  }
  std::size_t cas(int process, Value expected, Value fresh) {
    const std::size_t at = invoke(process, "cas", Value::List{std::move(expected), std::move(fresh)});
    ok(process);
    return at;
  }

  void key(Value key) { key_ = std::move(key); }
  Op& operator[](std::size_t position) { return history_[position]; }
  [[nodiscard]] const History& history() const { return history_; }

 private:
  [[nodiscard]] const Op& open(int process) const {
    for (std::size_t i = history_.size(); i > 0; --i) {
      if (history_[i - 1].process == ProcessId(process)) return history_[i - 1];
    }
    ORDEAL_CHECK(false);
    return history_.front();
  }
  std::size_t complete(int process, OpType type, Value value) {
    const Op invoked = open(process);
    const std::size_t at = add(process, type, invoked.f, std::move(value));
    history_[at].key = invoked.key;
    return at;
  }
  std::size_t add(int process, OpType type, std::string f, Value value) {
    Op op;
    op.index = static_cast<std::int64_t>(history_.size());
    op.time = milliseconds(op.index + 1);
    op.process = ProcessId(process);
    op.type = type;
    op.f = std::move(f);
    op.key = key_;
    op.value = std::move(value);
    history_.push_back(std::move(op));
    return history_.size() - 1;
  }

  Value key_;
  History history_;
};

}  // namespace ordeal::testing
