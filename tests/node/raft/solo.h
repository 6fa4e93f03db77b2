#pragma once
// A single core, node 1 of a cluster, fed with messages by the test; what it says is read from its outbox.

#include "node/raft/inspection.h"
#include "node/raft/message.h"
#include "tests/node/raft/host.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace ordeal::raft::testing {

/// Node 1 of a cluster, alone with the test.
class Solo {
 public:
  explicit Solo(std::uint32_t nodes = 3, const std::function<void(RaftConfig&)>& tweak = {},
                std::uint64_t seed = 1)
      : host_(config(nodes, tweak), seed) {
    host_.start(now_);
    host_.sync(now_);
  }

  Host& host() { return host_; }
  [[nodiscard]] ProtocolStatus status() const { return host_.status(); }
  void elapse(Duration duration) { now_ = now_ + duration; }
  void step() { host_.step(now_, {}); }
  void sync() { host_.sync(now_); }
  void report() { host_.report(now_); }
  RequestId propose(Bytes command) { return host_.propose(now_, std::move(command)); }
  RequestId read() { return host_.read(now_); }
  MonotonicTime now() const { return now_; }

  void receive(std::uint32_t from, Term term, MessageBody body) {
    host_.step(now_, {PeerMessage{NodeId{from}, encode(Message{term, std::move(body)})}});
  }
  /// Entries of these terms after prev; the chain is right when prev is the log's beginning or in memory.
  void append(std::uint32_t from, Term term, LogIndex prev, Term prev_term,
              const std::vector<std::uint64_t>& terms, LogIndex commit = {}) {
    Append message{prev, prev_term, commit, chain_at(prev), {}};
    for (const std::uint64_t entry_term : terms) {
      Entry entry{prev + (message.entries.size() + 1), Term{entry_term}, EntryKind::kCommand, 0,
                  "command " + std::to_string(entry_term)};
      message.chain = link(message.chain, entry);
      message.entries.push_back(std::move(entry));
    }
    receive(from, term, std::move(message));
  }
  /// What was sent since the last call.
  std::vector<std::pair<NodeId, Message>> sent() {
    std::vector<std::pair<NodeId, Message>> messages;
    for (const Send& send : std::exchange(host_.outbox, {}))
      messages.emplace_back(send.to, *decode_message(send.payload));
    return messages;
  }
  /// The messages of one kind that were sent since the last call; others are gone.
  template <class Body>
  std::vector<Body> sent_of() {
    std::vector<Body> bodies;
    for (auto& [to, message] : sent()) {
      if (auto* body = std::get_if<Body>(&message.body)) bodies.push_back(std::move(*body));
    }
    return bodies;
  }
  [[nodiscard]] std::vector<std::uint64_t> log_terms() {
    std::vector<std::uint64_t> terms;
    for (const Mark& mark : inspect(host_.core(), LogIndex{1}).marks) terms.push_back(mark.term.value());
    return terms;
  }
  /// Times out and is elected by n2.
  void lead() {
    now_ = std::max(now_, host_.next_wake);
    step();
    receive(2, status().term, PreVoteReply{status().term + 1, true});
    sync();
    receive(2, status().term, VoteReply{true});
    ASSERT_EQ(status().role, "leader");
    sync();
  }
  void acknowledge(std::uint32_t from, LogIndex index) {
    receive(from, status().term, AppendReply{true, LogIndex{}, index, status().term});
  }

 private:
  static RaftConfig config(std::uint32_t nodes, const std::function<void(RaftConfig&)>& tweak) {
    RaftConfig config;
    config.self = NodeId{1};
    for (std::uint32_t n = 1; n <= nodes; ++n) config.voters.emplace_back(n);
    if (tweak) tweak(config);
    return config;
  }
  Chain chain_at(LogIndex index) {
    for (const Mark& mark : inspect(host_.core(), LogIndex{1}).marks) {
      if (mark.index == index) return mark.chain;
    }
    return inspect(host_.core(), LogIndex{1}).start.chain;
  }

  MonotonicTime now_{1'000'000'000};
  Host host_;
};

}  // namespace ordeal::raft::testing
