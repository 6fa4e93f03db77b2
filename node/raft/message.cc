#include "node/raft/message.h"

#include <array>
#include <type_traits>
#include <utility>

namespace ordeal::raft {

namespace {

constexpr std::uint8_t kWireVersion = 1;
constexpr std::size_t kEntrySizeMin = 8 + 1 + 4;
constexpr std::size_t kForwardItemSizeMin = 8 + 4;
constexpr std::size_t kForwardReplySizeMin = 8 + 1 + 4;
constexpr std::uint8_t kNotRefused = 0xff;
/// No cluster lives long enough to get there; beyond, terms and indexes could overflow.
constexpr std::uint64_t kNumberMax = UINT64_MAX / 2;

template <class Body, class... Bodies>
constexpr std::uint8_t place_among(const std::variant<Bodies...>* /*type*/) {
  std::uint8_t place = 0;
  static_cast<void>(((std::is_same_v<Body, Bodies> || (++place, false)) || ...));
  return place;
}
template <class Body>
constexpr std::uint8_t kind_of() {
  return place_among<Body>(static_cast<const MessageBody*>(nullptr));
}

void encode_time(Encoder& out, MonotonicTime time) {
  out.i64(time.ns());
}
MonotonicTime decode_time(Decoder& in) {
  return MonotonicTime(in.i64());
}

// --- One pair per body -----------------------------------------------------------------------------------

void put(Encoder& out, const PreVoteRequest& m) {
  out.id(m.candidate_term);
  out.id(m.last_index);
  out.id(m.last_term);
}
void take(Decoder& in, PreVoteRequest& m) {
  m.candidate_term = in.id<Term>();
  m.last_index = in.id<LogIndex>();
  m.last_term = in.id<Term>();
}

void put(Encoder& out, const PreVoteReply& m) {
  out.id(m.candidate_term);
  out.boolean(m.granted);
}
void take(Decoder& in, PreVoteReply& m) {
  m.candidate_term = in.id<Term>();
  m.granted = in.boolean();
}

void put(Encoder& out, const VoteRequest& m) {
  out.id(m.last_index);
  out.id(m.last_term);
  out.boolean(m.transfer);
}
void take(Decoder& in, VoteRequest& m) {
  m.last_index = in.id<LogIndex>();
  m.last_term = in.id<Term>();
  m.transfer = in.boolean();
}

void put(Encoder& out, const VoteReply& m) {
  out.boolean(m.granted);
}
void take(Decoder& in, VoteReply& m) {
  m.granted = in.boolean();
}

void put_entry(Encoder& out, const Entry& entry) {
  out.id(entry.term);
  out.u8(static_cast<std::uint8_t>(entry.kind));
  out.bytes(entry.data);
}
Entry take_entry(Decoder& in, LogIndex index) {
  Entry entry;
  entry.index = index;
  entry.term = in.id<Term>();
  const std::uint8_t kind = in.u8();
  if (kind > static_cast<std::uint8_t>(EntryKind::kConfiguration)) in.fail();
  entry.kind = static_cast<EntryKind>(kind);
  entry.data = in.bytes();
  if (entry.kind == EntryKind::kConfiguration && !decode_configuration(std::string_view(entry.data)))
    in.fail();
  if (entry.kind == EntryKind::kCommand && entry.data.empty()) in.fail();
  if (entry.kind == EntryKind::kNoOp && !entry.data.empty()) in.fail();
  return entry;
}

void put_append_header(Encoder& out, LogIndex prev_index, Term prev_term, LogIndex commit, Chain chain,
                       std::uint32_t count) {
  out.id(prev_index);
  out.id(prev_term);
  out.id(commit);
  out.u64(chain);
  out.u32(count);
}
void put(Encoder& out, const Append& m) {
  put_append_header(out, m.prev_index, m.prev_term, m.commit, m.chain,
                    static_cast<std::uint32_t>(m.entries.size()));
  for (const Entry& entry : m.entries) put_entry(out, entry);
}
void take(Decoder& in, Append& m) {
  m.prev_index = in.id<LogIndex>();
  m.prev_term = in.id<Term>();
  m.commit = in.id<LogIndex>();
  m.chain = in.u64();
  const std::uint32_t count = in.count(kEntrySizeMin);
  if (m.prev_index.value() > kNumberMax) in.fail();
  m.entries.reserve(count);
  Term term = m.prev_term;
  for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
    m.entries.push_back(take_entry(in, m.prev_index + (i + 1)));
    if (m.entries.back().term < term) in.fail();
    term = m.entries.back().term;
  }
}

void put(Encoder& out, const AppendReply& m) {
  out.boolean(m.accepted);
  out.id(m.prev_index);
  out.id(m.index);
  out.id(m.term);
}
void take(Decoder& in, AppendReply& m) {
  m.accepted = in.boolean();
  m.prev_index = in.id<LogIndex>();
  m.index = in.id<LogIndex>();
  m.term = in.id<Term>();
}

void put(Encoder& out, const Heartbeat& m) {
  out.id(m.commit);
  out.u64(m.round);
  encode_time(out, m.sent_at);
}
void take(Decoder& in, Heartbeat& m) {
  m.commit = in.id<LogIndex>();
  m.round = in.u64();
  m.sent_at = decode_time(in);
}

void put(Encoder& out, const HeartbeatReply& m) {
  out.u64(m.round);
  encode_time(out, m.sent_at);
  out.id(m.verified);
}
void take(Decoder& in, HeartbeatReply& m) {
  m.round = in.u64();
  m.sent_at = decode_time(in);
  m.verified = in.id<LogIndex>();
}

void put(Encoder& out, const CommitNotice& m) {
  out.id(m.commit);
}
void take(Decoder& in, CommitNotice& m) {
  m.commit = in.id<LogIndex>();
}

void put(Encoder& out, const SnapshotPart& m) {
  out.id(m.id);
  encode(out, m.start);
  out.u64(m.offset);
  out.bytes(m.bytes);
  out.u32(m.crc);
  out.boolean(m.last);
}
void take(Decoder& in, SnapshotPart& m) {
  m.id = in.id<SnapshotId>();
  m.start = decode_log_start(in);
  m.offset = in.u64();
  m.bytes = in.bytes();
  m.crc = in.u32();
  m.last = in.boolean();
  if (m.start.index.value() > kNumberMax) in.fail();
}

void put(Encoder& out, const SnapshotReply& m) {
  out.id(m.id);
  out.boolean(m.done);
  out.u64(m.offset);
  out.id(m.match);
}
void take(Decoder& in, SnapshotReply& m) {
  m.id = in.id<SnapshotId>();
  m.done = in.boolean();
  m.offset = in.u64();
  m.match = in.id<LogIndex>();
}

void put(Encoder& /*out*/, const TimeoutNow& /*m*/) {}
void take(Decoder& /*in*/, TimeoutNow& /*m*/) {}

void put(Encoder& out, const ReadIndexRequest& m) {
  out.u64(m.number);
}
void take(Decoder& in, ReadIndexRequest& m) {
  m.number = in.u64();
}

void put(Encoder& out, const ReadIndexReply& m) {
  out.u64(m.number);
  out.boolean(m.confirmed);
  out.id(m.index);
}
void take(Decoder& in, ReadIndexReply& m) {
  m.number = in.u64();
  m.confirmed = in.boolean();
  m.index = in.id<LogIndex>();
}

void put(Encoder& out, const Forward& m) {
  out.u64(m.incarnation);
  out.u64(m.number);
  out.u32(static_cast<std::uint32_t>(m.items.size()));
  for (const Forward::Item& item : m.items) {
    out.id(item.id);
    out.bytes(item.command);
  }
}
void take(Decoder& in, Forward& m) {
  m.incarnation = in.u64();
  m.number = in.u64();
  const std::uint32_t count = in.count(kForwardItemSizeMin);
  m.items.reserve(count);
  for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
    const RequestId id = in.id<RequestId>();
    m.items.push_back({id, Bytes(in.bytes())});
    if (m.items.back().command.empty()) in.fail();
  }
}

void put(Encoder& out, const ForwardReplies& m) {
  out.u32(m.leader.value());
  out.u32(static_cast<std::uint32_t>(m.items.size()));
  for (const ForwardReplies::Item& item : m.items) {
    out.id(item.id);
    out.u8(item.refused ? static_cast<std::uint8_t>(*item.refused) : kNotRefused);
    out.bytes(item.reply);
  }
}
void take(Decoder& in, ForwardReplies& m) {
  m.leader = NodeId{in.u32()};
  const std::uint32_t count = in.count(kForwardReplySizeMin);
  m.items.reserve(count);
  for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
    ForwardReplies::Item item;
    item.id = in.id<RequestId>();
    const std::uint8_t code = in.u8();
    if (code != kNotRefused) {
      if (code > static_cast<std::uint8_t>(RefusalCode::kTimeout)) in.fail();
      item.refused = static_cast<RefusalCode>(code);
    }
    item.reply = in.bytes();
    m.items.push_back(std::move(item));
  }
}

// --- Dispatch over the variant ---------------------------------------------------------------------------

template <std::size_t kKind>
bool take_kind(Decoder& in, std::size_t kind, MessageBody& body) {
  if (kind != kKind) return false;
  std::variant_alternative_t<kKind, MessageBody> parsed;
  take(in, parsed);
  body = std::move(parsed);
  return true;
}

template <std::size_t... kKinds>
bool take_body(Decoder& in, std::size_t kind, MessageBody& body, std::index_sequence<kKinds...> /*kinds*/) {
  return (take_kind<kKinds>(in, kind, body) || ...);
}

void put_envelope(Encoder& out, std::uint8_t kind, Term term) {
  out.u8(kWireVersion);
  out.u8(kind);
  out.id(term);
}

}  // namespace

template <class Body>
Bytes encode(Term term, const Body& body) {
  Encoder out;
  put_envelope(out, kind_of<Body>(), term);
  put(out, body);
  return std::move(out).take();
}
template Bytes encode(Term term, const PreVoteRequest& body);
template Bytes encode(Term term, const PreVoteReply& body);
template Bytes encode(Term term, const VoteRequest& body);
template Bytes encode(Term term, const VoteReply& body);
template Bytes encode(Term term, const Append& body);
template Bytes encode(Term term, const AppendReply& body);
template Bytes encode(Term term, const Heartbeat& body);
template Bytes encode(Term term, const HeartbeatReply& body);
template Bytes encode(Term term, const CommitNotice& body);
template Bytes encode(Term term, const SnapshotPart& body);
template Bytes encode(Term term, const SnapshotReply& body);
template Bytes encode(Term term, const TimeoutNow& body);
template Bytes encode(Term term, const ReadIndexRequest& body);
template Bytes encode(Term term, const ReadIndexReply& body);
template Bytes encode(Term term, const Forward& body);
template Bytes encode(Term term, const ForwardReplies& body);

Bytes encode(const Message& message) {
  return std::visit([&](const auto& body) { return encode(message.term, body); }, message.body);
}

std::optional<Message> decode_message(std::string_view payload) {
  Decoder in(payload);
  if (in.u8() != kWireVersion) return std::nullopt;
  const std::size_t kind = in.u8();
  Message message;
  message.term = in.id<Term>();
  constexpr auto kKinds = std::make_index_sequence<std::variant_size_v<MessageBody>>();
  if (!take_body(in, kind, message.body, kKinds)) return std::nullopt;
  if (!in.finished() || message.term.value() > kNumberMax) return std::nullopt;
  return message;
}

void AppendWriter::add(const Entry& entry) {
  put_entry(entries_, entry);
  ++count_;
}

Bytes AppendWriter::finish(Chain chain) && {
  Encoder out;
  put_envelope(out, kind_of<Append>(), term_);
  put_append_header(out, prev_index_, prev_term_, commit_, chain, count_);
  out.raw(entries_.data());
  return std::move(out).take();
}

std::string_view kind_name(const MessageBody& body) {
  static constexpr std::array<std::string_view, std::variant_size_v<MessageBody>> kNames = {
      "pre-vote-request", "pre-vote-reply", "vote-request",       "vote-reply",       "append",
      "append-reply",     "heartbeat",      "heartbeat-reply",    "commit-notice",    "snapshot-part",
      "snapshot-reply",   "timeout-now",    "read-index-request", "read-index-reply", "forward",
      "forward-replies"};
  return kNames[body.index()];
}

}  // namespace ordeal::raft
