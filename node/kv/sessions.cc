#include "node/kv/sessions.h"

#include "common/codec.h"
#include "node/kv/codec.h"

#include <algorithm>
#include <string>

namespace ordeal::kv {
namespace {

constexpr std::string_view kRowPrefix = "sc";
constexpr std::string_view kUsePrefix = "su";
constexpr std::string_view kUseEnd = "sv";
constexpr std::string_view kCountKey = "sn";
constexpr std::string_view kForgottenKey = "se";

Bytes row_key(std::uint64_t client) {
  return Bytes(kRowPrefix) + big_endian_key(client);
}

Bytes use_key(LogIndex index, std::uint64_t client) {
  return Bytes(kUsePrefix) + big_endian_key(index.value()) + big_endian_key(client);
}

Error damaged() {
  return {ErrorCode::kCorruption, "a record of the session table does not decode"};
}

Result<std::uint64_t> read_counter(const StoreView& state, std::string_view key) {
  auto record = state.get(Space::kState, key);
  if (!record.ok()) return record.error();
  if (!record->has_value()) return std::uint64_t{0};
  Decoder decoder(**record);
  const std::uint64_t n = decoder.u64();
  if (!decoder.finished()) return damaged();
  return n;
}

void write_counter(std::string_view key, std::uint64_t n, Batch& batch) {
  Encoder encoder;
  encoder.u64(n);
  batch.put(Space::kState, Bytes(key), std::move(encoder).take());
}

SessionLookup answered(ReplyCode code, LogIndex index) {
  SessionLookup lookup;
  lookup.answer = Reply{.code = code, .duplicate = false, .index = index, .results = {}};
  return lookup;
}

/// Forgets clients, idle longest first, until `surplus` are gone.
Status forget_idle(const StoreView& state, std::uint64_t surplus, Batch& batch) {
  std::uint64_t left = surplus;
  return state.scan(Space::kState, kUsePrefix, kUseEnd, [&](std::string_view key, std::string_view) {
    const std::uint64_t client = parse_big_endian_key(key.substr(kUsePrefix.size() + 8));
    batch.erase(Space::kState, Bytes(key));
    batch.erase(Space::kState, row_key(client));
    return --left > 0;
  });
}

/// Counts a new client and makes room for it.
Status admit(const StoreView& state, std::uint64_t sessions_max, Batch& batch) {
  const auto count = read_counter(state, kCountKey);
  if (!count.ok()) return count.error();
  if (*count < sessions_max) {
    write_counter(kCountKey, *count + 1, batch);
    return {};
  }
  const std::uint64_t surplus = *count + 1 - sessions_max;
  if (Status status = forget_idle(state, surplus, batch); !status.ok()) return status;
  const auto forgotten = read_counter(state, kForgottenKey);
  if (!forgotten.ok()) return forgotten.error();
  write_counter(kForgottenKey, *forgotten + surplus, batch);
  if (surplus > 1) write_counter(kCountKey, sessions_max, batch);
  return {};
}

}  // namespace

Result<SessionLookup> look_up_session(const StoreView& state, LogIndex index, const SessionStamp& stamp) {
  if (stamp.sequence == 0) return answered(ReplyCode::kInvalid, index);
  auto record = state.get(Space::kState, row_key(stamp.client));
  if (!record.ok()) return record.error();
  if (!record->has_value()) {
    if (stamp.sequence == 1) return SessionLookup{};
    const auto forgotten = read_counter(state, kForgottenKey);
    if (!forgotten.ok()) return forgotten.error();
    return *forgotten == 0 ? SessionLookup{} : answered(ReplyCode::kSessionExpired, index);
  }
  Decoder decoder(**record);
  const std::uint64_t last = decoder.u64();
  SessionLookup lookup;
  lookup.last_use = decoder.id<LogIndex>();
  const std::string_view kept = decoder.bytes();
  if (!decoder.finished()) return damaged();
  if (stamp.sequence > last) return lookup;
  if (stamp.sequence < last) return answered(ReplyCode::kSequenceTooOld, index);
  auto reply = decode_reply(kept);
  if (!reply.ok()) return reply.error();
  lookup.answer = std::move(*reply);
  lookup.answer->duplicate = true;
  return lookup;
}

Status remember_reply(const StoreView& state, LogIndex index, const SessionStamp& stamp,
                      const SessionLookup& lookup, std::string_view reply, std::uint64_t sessions_max,
                      Batch& batch) {
  if (lookup.last_use == LogIndex(0)) {
    if (Status status = admit(state, std::max<std::uint64_t>(sessions_max, 1), batch); !status.ok())
      return status;
  } else {
    batch.erase(Space::kState, use_key(lookup.last_use, stamp.client));
  }
  Encoder row;
  row.u64(stamp.sequence);
  row.id(index);
  row.bytes(reply);
  batch.put(Space::kState, row_key(stamp.client), std::move(row).take());
  batch.put(Space::kState, use_key(index, stamp.client), {});
  return {};
}

}  // namespace ordeal::kv
