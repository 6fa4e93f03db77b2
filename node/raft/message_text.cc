// Messages as one line of text, for traces and events.

#include "node/raft/message.h"

#include <fmt/format.h>

namespace ordeal::raft {

namespace {

std::string text_of(const PreVoteRequest& m) {
  return fmt::format("for term {}, last entry {}/{}", m.candidate_term, m.last_index, m.last_term);
}
std::string text_of(const PreVoteReply& m) {
  return fmt::format("for term {}, {}", m.candidate_term, m.granted ? "granted" : "refused");
}
std::string text_of(const VoteRequest& m) {
  return fmt::format("last entry {}/{}{}", m.last_index, m.last_term, m.transfer ? ", transfer" : "");
}
std::string text_of(const VoteReply& m) {
  return m.granted ? "granted" : "refused";
}
std::string text_of(const Append& m) {
  std::string text = fmt::format("prev {}/{}, commit {}", m.prev_index, m.prev_term, m.commit);
  if (m.entries.empty()) return text + ", no entries";
  text += ", entries";
  for (const Entry& entry : m.entries) text += fmt::format(" {}/{}", entry.index, entry.term);
  return text;
}
std::string text_of(const AppendReply& m) {
  if (m.accepted) return fmt::format("match {}", m.index);
  return fmt::format("refused prev {}, try {}/{}", m.prev_index, m.index, m.term);
}
std::string text_of(const Heartbeat& m) {
  return fmt::format("commit {}, round {}", m.commit, m.round);
}
std::string text_of(const HeartbeatReply& m) {
  return fmt::format("round {}", m.round);
}
std::string text_of(const CommitNotice& m) {
  return fmt::format("commit {}", m.commit);
}
std::string text_of(const SnapshotPart& m) {
  return fmt::format("up to {}/{} ({}), bytes {}..{}{}", m.start.index, m.start.term,
                     to_text(m.start.configuration), m.offset, m.offset + m.bytes.size(),
                     m.last ? ", last" : "");
}
std::string text_of(const SnapshotReply& m) {
  return m.done ? fmt::format("done, match {}", m.match) : fmt::format("want from byte {}", m.offset);
}
std::string text_of(const TimeoutNow& /*m*/) {
  return "campaign at once";
}
std::string text_of(const ReadIndexRequest& m) {
  return fmt::format("number {}", m.number);
}
std::string text_of(const ReadIndexReply& m) {
  return m.confirmed ? fmt::format("up to {}", m.index) : "not confirmed";
}
std::string text_of(const Forward& m) {
  return fmt::format("message {}, {} requests", m.number, m.items.size());
}
std::string text_of(const ForwardReplies& m) {
  std::size_t refused = 0;
  for (const ForwardReplies::Item& item : m.items) refused += item.refused.has_value() ? 1 : 0;
  return fmt::format("{} replies, {} refusals", m.items.size() - refused, refused);
}

}  // namespace

std::string to_text(const MessageBody& body) {
  return std::visit([](const auto& m) { return text_of(m); }, body);
}

}  // namespace ordeal::raft
