#include "node/kv/state_machine.h"

#include "node/kv/codec.h"
#include "node/kv/sessions.h"

#include <map>
#include <string>
#include <utility>

namespace ordeal::kv {
namespace {

/// What a key holds and since when; version 0 for a key that was never written.
struct Record {
  Stored value;
  Version version;
};

Bytes data_key(std::string_view key) {
  Bytes full;
  full.reserve(key.size() + 1);
  full.push_back(kDataPrefix);
  full.append(key);
  return full;
}

Bytes encode_record(const Record& record) {
  Encoder encoder;
  encoder.id(record.version);
  encode_stored(encoder, record.value);
  return std::move(encoder).take();
}

std::size_t size_of(const std::vector<Bytes>& list) {
  std::size_t size = 0;
  for (const Bytes& item : list) size += item.size();
  return size;
}

/// One command at work: reads go to the state below what its own earlier steps wrote.
class Transaction {
 public:
  Transaction(const StoreView& state, LogIndex index) : state_(state), version_(index.value()) {}

  /// Runs the steps in order up to the first that is not ok. An error is that of the store.
  Result<Reply> run(const Command& command) {
    Reply reply;
    reply.index = LogIndex(version_.value());
    for (const Step& step : command.steps) {
      auto result = run_step(step);
      if (!result.ok()) return result.error();
      const bool step_ok = result->ok;
      reply.results.push_back(std::move(*result));
      if (step_ok) continue;
      reply.code = ReplyCode::kAborted;
      break;
    }
    if (!too_long_) return reply;
    return Reply{.code = ReplyCode::kInvalid, .duplicate = false, .index = reply.index, .results = {}};
  }

  /// What the steps wrote, in key order.
  void write_to(Batch& batch) const {
    for (const auto& [key, record] : written_) batch.put(Space::kState, data_key(key), encode_record(record));
  }

 private:
  Result<StepResult> run_step(const Step& step) {
    switch (step.kind) {
      case StepKind::kGet:
        return get(step);
      case StepKind::kPut:
        return write(step.key, step.value);
      case StepKind::kDelete:
        return write(step.key, {});
      case StepKind::kCas:
        return compare_and_set(step);
      case StepKind::kAppend:
        return append(step);
    }
    return StepResult{};
  }

  Result<StepResult> get(const Step& step) const {
    auto found = read(step.key);
    if (!found.ok()) return found.error();
    return StepResult{true, std::move(found->value), found->version};
  }

  StepResult write(const Bytes& key, Stored value) {
    written_[key] = Record{std::move(value), version_};
    return StepResult{true, {}, version_};
  }

  Result<StepResult> compare_and_set(const Step& step) {
    auto found = read(step.key);
    if (!found.ok()) return found.error();
    const bool matches = step.expected ? found->value == Stored(*step.expected)
                                       : std::holds_alternative<std::monostate>(found->value);
    if (!matches) return StepResult{false, std::move(found->value), found->version};
    return write(step.key, step.value);
  }

  Result<StepResult> append(const Step& step) {
    auto found = read(step.key);
    if (!found.ok()) return found.error();
    if (std::holds_alternative<Bytes>(found->value))
      return StepResult{false, std::move(found->value), found->version};
    std::vector<Bytes> list;
    if (auto* stored = std::get_if<std::vector<Bytes>>(&found->value)) list = std::move(*stored);
    list.push_back(step.value);
    if (size_of(list) > kValueSizeMax) {
      too_long_ = true;
      return StepResult{};
    }
    StepResult result = write(step.key, list);
    result.value = std::move(list);
    return result;
  }

  Result<Record> read(const Bytes& key) const {
    if (const auto own = written_.find(key); own != written_.end()) return own->second;
    auto bytes = state_.get(Space::kState, data_key(key));
    if (!bytes.ok()) return bytes.error();
    if (!bytes->has_value()) return Record{};
    Decoder decoder(**bytes);
    Record record;
    record.version = decoder.id<Version>();
    record.value = decode_stored(decoder);
    if (!decoder.finished()) return Error{ErrorCode::kCorruption, "the record of a key does not decode"};
    return record;
  }

  const StoreView& state_;
  Version version_;
  std::map<Bytes, Record> written_;
  bool too_long_ = false;  // an append would have made a list longer than kValueSizeMax
};

Bytes invalid(LogIndex index) {
  return encode(Reply{.code = ReplyCode::kInvalid, .duplicate = false, .index = index, .results = {}});
}

class KvStateMachine : public StateMachine {
 public:
  explicit KvStateMachine(StateMachineOptions options) : options_(options) {}

  Result<Applied> apply(const StoreView& state, LogIndex index, std::string_view bytes) const override {
    const auto command = decode_command(bytes);
    if (!command.ok() || find_fault(*command)) return Applied{{}, invalid(index)};
    // A read is harmless when it runs twice, and most reads never reach the log: sessions are for writes.
    const bool in_session = command->session && !command->read_only();
    SessionLookup lookup;
    if (in_session) {
      auto found = look_up_session(state, index, *command->session);
      if (!found.ok()) return found.error();
      lookup = std::move(*found);
      if (lookup.answer) return Applied{{}, encode(*lookup.answer)};
    }
    return run(state, index, *command, in_session, lookup);
  }

  Result<Bytes> answer(const StoreView& state, LogIndex index, std::string_view bytes) const override {
    const auto command = decode_command(bytes);
    if (!command.ok() || find_fault(*command)) return invalid(index);
    auto reply = Transaction(state, index).run(*command);
    if (!reply.ok()) return reply.error();
    return encode(*reply);
  }

 private:
  Result<Applied> run(const StoreView& state, LogIndex index, const Command& command, bool in_session,
                      const SessionLookup& lookup) const {
    Transaction transaction(state, index);
    const auto reply = transaction.run(command);
    if (!reply.ok()) return reply.error();
    Applied applied;
    applied.reply = encode(*reply);
    if (reply->code == ReplyCode::kCommitted) transaction.write_to(applied.batch);
    if (in_session && reply->code != ReplyCode::kInvalid) {
      const Status status = remember_reply(state, index, *command.session, lookup, applied.reply,
                                           options_.sessions_max, applied.batch);
      if (!status.ok()) return status.error();
    }
    return applied;
  }

  StateMachineOptions options_;
};

}  // namespace

std::unique_ptr<StateMachine> make_kv_state_machine(StateMachineOptions options) {
  return std::make_unique<KvStateMachine>(options);
}

}  // namespace ordeal::kv
