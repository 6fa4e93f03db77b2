#include "tests/checkers/linearizability/random_history.h"

#include <utility>
#include <vector>

namespace ordeal::testing {
namespace {

struct Client {
  std::int64_t process = 0;
  bool open = false;
  bool done = false;  // took effect
  Op invoke;
  Op answer;
};

class Simulation {
 public:
  Simulation(Rng& rng, const RandomShape& shape) : rng_(rng), shape_(shape), clients_(shape.processes) {
    for (Client& client : clients_) client.process = next_process_++;
  }

  History run() {
    while (invoked_ < shape_.operations || any_open()) {
      Client& client = clients_[rng_.below(clients_.size())];
      if (!client.open) {
        if (invoked_ < shape_.operations) invoke(client);
      } else if (!client.done) {
        if (rng_.chance(1, 2)) take_effect(client);
      } else if (rng_.chance(1, 2)) {
        complete(client);
      }
    }
    return std::move(history_);
  }

 private:
  bool any_open() const {
    for (const Client& client : clients_) {
      if (client.open) return true;
    }
    return false;
  }

  Value some_value() {
    if (shape_.values > 0) return static_cast<std::int64_t>(rng_.below(shape_.values));
    return static_cast<std::int64_t>(rng_.below(static_cast<std::uint64_t>(fresh_) + 1));
  }
  Value value_to_write() { return shape_.values > 0 ? some_value() : Value(fresh_++); }
  Value value_to_expect() { return rng_.chance(1, 2) ? state_ : rng_.chance(1, 8) ? Value() : some_value(); }

  void record(Op op, OpType type, std::int64_t process) {
    if (!rng_.chance(1, 3)) ++time_;  // Equal times now and then.
    op.index = static_cast<std::int64_t>(history_.size());
    op.time = nanoseconds(time_);
    op.process = ProcessId(process);
    op.type = type;
    op.key = "x";
    history_.push_back(std::move(op));
  }

  void invoke(Client& client) {
    ++invoked_;
    client.open = true;
    client.done = false;
    client.invoke = Op();
    const std::uint64_t kind = rng_.below(3);
    client.invoke.f = kind == 0 ? "read" : kind == 1 ? "write" : "cas";
    if (kind == 1) client.invoke.value = value_to_write();
    if (kind == 2) {
      const Value expected = value_to_expect();
      client.invoke.value = Value::List{expected, value_to_write()};
    }
    client.answer = client.invoke;
    record(client.invoke, OpType::kInvoke, client.process);
  }

  void take_effect(Client& client) {
    client.done = true;
    Op& answer = client.answer;
    answer.type = OpType::kOk;
    if (answer.f == "read") {
      answer.value = state_;
    } else if (answer.f == "write") {
      state_ = answer.value;
    } else if (const Value::List& pair = *answer.value.as_list(); pair[0] == state_) {
      state_ = pair[1];
    } else {
      mismatch(answer);
    }
  }

  void mismatch(Op& answer) {
    answer.type = OpType::kFail;
    answer.error = "mismatch";
    if (shape_.failed_cas_sees && rng_.chance(2, 3)) answer.extra.emplace("seen", state_);
  }

  void lie(Op& answer) {
    if (answer.f == "read") {
      answer.value = rng_.chance(1, 8) ? Value() : some_value();
    } else if (answer.f == "write") {
      answer.type = OpType::kFail;
      answer.error = "refused";
    } else if (answer.type == OpType::kOk) {
      mismatch(answer);
    } else {
      answer.type = OpType::kOk;
      answer.error.clear();
      answer.extra.clear();
    }
  }

  void complete(Client& client) {
    client.open = false;
    if (rng_.below(16) < shape_.unknown_of_16) {
      if (rng_.chance(1, 2)) {
        client.answer = client.invoke;
        client.answer.error = "timeout";
        record(client.answer, OpType::kInfo, client.process);
      }
      client.process = next_process_++;
      return;
    }
    if (rng_.below(16) < shape_.lies_of_16) lie(client.answer);
    record(client.answer, client.answer.type, client.process);
  }

  Rng& rng_;
  const RandomShape& shape_;
  std::vector<Client> clients_;
  History history_;
  Value state_;
  std::uint32_t invoked_ = 0;
  std::int64_t next_process_ = 0;
  std::int64_t time_ = 0;
  std::int64_t fresh_ = 0;
};

}  // namespace

History random_history(Rng& rng, const RandomShape& shape) {
  return Simulation(rng, shape).run();
}

}  // namespace ordeal::testing
