#pragma once
// A replica without a protocol: a state machine and a map, fed entry by entry.

#include "node/kv/codec.h"
#include "node/kv/state_machine.h"
#include "tests/node/kv/map_store.h"

#include <memory>
#include <utility>

namespace ordeal::kv {

class Replica {
 public:
  explicit Replica(StateMachineOptions options = {}) : machine(make_kv_state_machine(options)) {}

  Reply apply(const Command& command) { return apply_bytes(encode(command)); }
  Reply apply_bytes(std::string_view bytes) {
    ++index;
    auto applied = machine->apply(store, index, bytes);
    store.change(applied->batch);
    last_reply = applied->reply;
    return *decode_reply(applied->reply);
  }
  Reply answer(const Command& command) const {
    return *decode_reply(*machine->answer(store, index, encode(command)));
  }

  MapStore store;
  std::unique_ptr<StateMachine> machine;
  LogIndex index;
  Bytes last_reply;
};

inline Step get(Bytes key) {
  return {StepKind::kGet, std::move(key), {}, {}};
}
inline Step put(Bytes key, Bytes value) {
  return {StepKind::kPut, std::move(key), std::move(value), {}};
}
inline Step erase(Bytes key) {
  return {StepKind::kDelete, std::move(key), {}, {}};
}
inline Step cas(Bytes key, std::optional<Bytes> expected, Bytes value) {
  return {StepKind::kCas, std::move(key), std::move(value), std::move(expected)};
}
inline Step append(Bytes key, Bytes value) {
  return {StepKind::kAppend, std::move(key), std::move(value), {}};
}

}  // namespace ordeal::kv
