#include "node/raft/entry.h"

#include "common/prng.h"

namespace ordeal::raft {

Chain link(Chain previous, const Entry& entry) {
  std::uint64_t seed = previous;
  for (const std::uint64_t part :
       {entry.term.value(), entry.index.value(), static_cast<std::uint64_t>(entry.kind)}) {
    seed = (seed ^ part) * 0x9e3779b97f4a7c15ULL;
    seed ^= seed >> 29;
  }
  return stable_hash(entry.data, seed);
}

Bytes entry_key(LogIndex index) {
  return "e" + big_endian_key(index.value());
}

std::optional<LogIndex> parse_entry_key(std::string_view key) {
  if (key.size() != 9 || key.front() != 'e') return std::nullopt;
  return LogIndex{parse_big_endian_key(key.substr(1))};
}

Bytes encode_entry(const Entry& entry) {
  Encoder out;
  out.id(entry.term);
  out.u8(static_cast<std::uint8_t>(entry.kind));
  out.u64(entry.chain);
  out.raw(entry.data);
  return std::move(out).take();
}

std::optional<Entry> decode_entry(LogIndex index, std::string_view record) {
  constexpr std::size_t kHeaderSize = 8 + 1 + 8;
  if (record.size() < kHeaderSize) return std::nullopt;
  Decoder in(record.substr(0, kHeaderSize));
  Entry entry;
  entry.index = index;
  entry.term = in.id<Term>();
  const std::uint8_t kind = in.u8();
  if (kind > static_cast<std::uint8_t>(EntryKind::kConfiguration)) return std::nullopt;
  entry.kind = static_cast<EntryKind>(kind);
  entry.chain = in.u64();
  entry.data = record.substr(kHeaderSize);
  return entry;
}

void encode(Encoder& out, const LogStart& start) {
  out.id(start.index);
  out.id(start.term);
  out.u64(start.chain);
  encode(out, start.configuration);
}

LogStart decode_log_start(Decoder& in) {
  LogStart start;
  start.index = in.id<LogIndex>();
  start.term = in.id<Term>();
  start.chain = in.u64();
  start.configuration = decode_configuration(in);
  return start;
}

Bytes encode_hard_state(const HardState& state) {
  Encoder out;
  out.id(state.term);
  out.id(state.vote);
  return std::move(out).take();
}

std::optional<HardState> decode_hard_state(std::string_view record) {
  Decoder in(record);
  HardState state;
  state.term = in.id<Term>();
  state.vote = in.id<NodeId>();
  if (!in.finished()) return std::nullopt;
  return state;
}

}  // namespace ordeal::raft
