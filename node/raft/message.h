#pragma once
// What nodes say to each other, and its binary form. Every message carries the sender's term. Decoding trusts
// nothing: anything that does not parse to the last byte gives no message, and allocates no more than the
// message is long.

#include "common/time.h"
#include "node/protocol.h"
#include "node/raft/entry.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

namespace ordeal::raft {

/// "Would you vote for me in `candidate_term`?" Changes nothing at the receiver (thesis 9.6).
struct PreVoteRequest {
  Term candidate_term;
  LogIndex last_index;
  Term last_term;
  friend bool operator==(const PreVoteRequest&, const PreVoteRequest&) = default;
};
struct PreVoteReply {
  Term candidate_term;  ///< of the request
  bool granted = false;
  friend bool operator==(const PreVoteReply&, const PreVoteReply&) = default;
};
/// Raft 5.2.
struct VoteRequest {
  LogIndex last_index;
  Term last_term;
  bool transfer = false;  ///< asked for by the leader: not withheld because a leader is alive (thesis 4.2.3)
  friend bool operator==(const VoteRequest&, const VoteRequest&) = default;
};
struct VoteReply {
  bool granted = false;
  friend bool operator==(const VoteReply&, const VoteReply&) = default;
};

/// Raft 5.3.
struct Append {
  LogIndex prev_index;
  Term prev_term;
  LogIndex commit;
  Chain chain = 0;             ///< of the last entry, or at prev_index when there is none
  std::vector<Entry> entries;  ///< follow prev_index; their chains are not sent
  friend bool operator==(const Append&, const Append&) = default;
};
/// Accepted: everything up to `index` is the leader's and durable. Refused: `index` is the last place where
/// the logs can agree as far as the follower knows, `term` its term there.
struct AppendReply {
  bool accepted = false;
  LogIndex prev_index;  ///< of the append
  LogIndex index;
  Term term;
  friend bool operator==(const AppendReply&, const AppendReply&) = default;
};
/// Holds elections back and confirms leadership: a majority that answers round r followed this leader at some
/// moment after the round was sent (thesis 6.4).
struct Heartbeat {
  LogIndex commit;
  std::uint64_t round = 0;
  MonotonicTime sent_at;  ///< on the leader's clock; echoed, so that a lease counts from the sending
  friend bool operator==(const Heartbeat&, const Heartbeat&) = default;
};
struct HeartbeatReply {
  std::uint64_t round = 0;
  MonotonicTime sent_at;
  LogIndex verified;  ///< the follower's log is known to be this leader's up to here
  friend bool operator==(const HeartbeatReply&, const HeartbeatReply&) = default;
};
/// Tells the commit index without waiting for the next append or heartbeat. Not answered.
struct CommitNotice {
  LogIndex commit;
  friend bool operator==(const CommitNotice&, const CommitNotice&) = default;
};

/// A chunk of a snapshot (Raft 7).
struct SnapshotPart {
  SnapshotId id;
  LogStart start;  ///< of the log after installing it
  std::uint64_t offset = 0;
  Bytes bytes;
  std::uint32_t crc = 0;  ///< CRC-32C of `bytes`
  bool last = false;
  friend bool operator==(const SnapshotPart&, const SnapshotPart&) = default;
};
/// Done: the follower has everything up to `match`, durably. Else it holds the snapshot's first `offset`
/// bytes and wants what follows.
struct SnapshotReply {
  SnapshotId id;
  bool done = false;
  std::uint64_t offset = 0;
  LogIndex match;
  friend bool operator==(const SnapshotReply&, const SnapshotReply&) = default;
};

/// "Start an election now" (thesis 3.10).
struct TimeoutNow {
  friend bool operator==(const TimeoutNow&, const TimeoutNow&) = default;
};

/// A follower wants to answer reads itself: "up to where must I have applied?" (thesis 6.4).
struct ReadIndexRequest {
  std::uint64_t number = 0;
  friend bool operator==(const ReadIndexRequest&, const ReadIndexRequest&) = default;
};
struct ReadIndexReply {
  std::uint64_t number = 0;
  bool confirmed = false;
  LogIndex index;
  friend bool operator==(const ReadIndexReply&, const ReadIndexReply&) = default;
};

/// Requests that a follower passes on. `incarnation` and `number` name the message, so that the leader can
/// take it once although the network may bring it twice.
struct Forward {
  struct Item {
    RequestId id;  ///< chosen by the sender, never used again, not even after a restart
    Bytes command;
    friend bool operator==(const Item&, const Item&) = default;
  };
  std::uint64_t incarnation = 0;
  std::uint64_t number = 0;
  std::vector<Item> items;
  friend bool operator==(const Forward&, const Forward&) = default;
};
struct ForwardReplies {
  struct Item {
    RequestId id;
    std::optional<RefusalCode> refused;
    Bytes reply;  ///< empty when refused
    friend bool operator==(const Item&, const Item&) = default;
  };
  NodeId leader;  ///< whom to ask instead; kNoNode when not known
  std::vector<Item> items;
  friend bool operator==(const ForwardReplies&, const ForwardReplies&) = default;
};

/// The order is the wire's: the index is the kind byte.
using MessageBody = std::variant<PreVoteRequest, PreVoteReply, VoteRequest, VoteReply, Append, AppendReply,
                                 Heartbeat, HeartbeatReply, CommitNotice, SnapshotPart, SnapshotReply,
                                 TimeoutNow, ReadIndexRequest, ReadIndexReply, Forward, ForwardReplies>;

struct Message {
  Term term;
  MessageBody body;
  friend bool operator==(const Message&, const Message&) = default;
};

[[nodiscard]] Bytes encode(const Message& message);
/// The same bytes for a body of a known kind, without a Message around it.
template <class Body>
[[nodiscard]] Bytes encode(Term term, const Body& body);
[[nodiscard]] std::optional<Message> decode_message(std::string_view payload);

/// Builds the payload of an Append entry by entry, so that commands go from the log into it without a copy
/// between.
class AppendWriter {
 public:
  AppendWriter(Term term, LogIndex prev_index, Term prev_term, LogIndex commit)
      : term_(term), prev_index_(prev_index), prev_term_(prev_term), commit_(commit) {}

  void add(const Entry& entry);
  [[nodiscard]] std::uint32_t count() const { return count_; }
  [[nodiscard]] std::size_t bytes() const { return entries_.data().size(); }
  [[nodiscard]] Bytes finish(Chain chain) &&;

 private:
  Term term_;
  LogIndex prev_index_;
  Term prev_term_;
  LogIndex commit_;
  std::uint32_t count_ = 0;
  Encoder entries_;
};

/// "append", "vote-request": for traces.
[[nodiscard]] std::string_view kind_name(const MessageBody& body);
/// One line for traces: what the message says, without its term.
[[nodiscard]] std::string to_text(const MessageBody& body);

}  // namespace ordeal::raft
