#include "sim/message_log.h"

#include "checkers/formats/json_text.h"
#include "node/raft/message.h"

#include <fmt/format.h>

#include <utility>

namespace ordeal::sim {
namespace {

constexpr std::size_t kHeldMax = 64 * 1024;
constexpr std::size_t kCutLineMax = 256;  ///< room for the line that says that there is no more

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

}  // namespace

MessageLog::MessageLog(std::uint64_t seed, std::uint32_t nodes, Excerpt excerpt, Sink sink,
                       std::uint64_t bytes_max)
    : excerpt_(std::move(excerpt)), sink_(std::move(sink)), bytes_max_(bytes_max), seen_(nodes) {
  // The seed as text: not every reader of JSON has integers of 64 bits.
  put(fmt::format(R"({{"format":1,"seed":"{}","nodes":{}}})", seed, nodes));
}

void MessageLog::put(const std::string& line) {
  if (cut_) return;
  std::string whole = line + "\n";
  if (bytes_ + whole.size() + kCutLineMax > bytes_max_) {
    cut_ = true;
    whole = fmt::format(R"({{"what":"cut","text":"a message log has at most {} bytes; the run went on"}})",
                        bytes_max_) +
            "\n";
  }
  bytes_ += whole.size();
  held_ += whole;
  if (held_.size() >= kHeldMax) flush();
}

void MessageLog::flush() {
  if (status_.ok()) status_ = sink_(std::exchange(held_, {}));
  if (!status_.ok()) cut_ = true;
}

void MessageLog::line(MonotonicTime at, std::string_view what, const std::string& members) {
  put(fmt::format(R"({{"time":{},"what":"{}",{}}})", at.ns(), what, members));
}

void MessageLog::message_line(MonotonicTime at, std::string_view what, Cut link, std::uint64_t message,
                              const std::string& more) {
  const std::string_view kind = message < kinds_.size() ? kinds_[message] : std::string_view();
  line(at, what,
       fmt::format(R"("message":{},"from":"{}","to":"{}","kind":"{}"{})", message, node_name(link.from),
                   node_name(link.to), kind, more));
}

void MessageLog::sent(MonotonicTime at, Cut link, std::uint64_t message, const Bytes& payload) {
  if (is_over(at)) return;
  const auto decoded = raft::decode_message(payload);
  if (kinds_.size() <= message) kinds_.resize(message + 1);
  if (decoded) kinds_[message] = raft::kind_name(decoded->body);
  const std::string said =
      decoded ? fmt::format(R"(,"term":{},"text":{})", decoded->term, quoted(raft::to_text(decoded->body)))
              : "";
  message_line(at, "sent", link, message, fmt::format(R"({},"bytes":{})", said, payload.size()));
}

void MessageLog::arrived(MonotonicTime at, Cut link, std::uint64_t message) {
  if (!is_over(at)) message_line(at, "arrived", link, message, "");
}

void MessageLog::lost(MonotonicTime at, Cut link, std::uint64_t message, std::string_view why) {
  if (!is_over(at)) message_line(at, "lost", link, message, fmt::format(R"(,"text":{})", quoted(why)));
}

void MessageLog::happened(MonotonicTime at, NodeId node, const Event& event) {
  if (is_over(at)) return;
  line(at, "event",
       fmt::format(R"("node":"{}","kind":{},"text":{})", node_name(node), quoted(event.name),
                   quoted(event.text)));
}

void MessageLog::started(MonotonicTime at, NodeId node) {
  seen_[node.value() - 1] = {true, LogIndex()};
  if (!is_over(at)) line(at, "started", fmt::format(R"("node":"{}")", node_name(node)));
}

void MessageLog::stopped(MonotonicTime at, NodeId node) {
  if (!std::exchange(seen_[node.value() - 1].running, false) || is_over(at)) return;
  line(at, "stopped", fmt::format(R"("node":"{}")", node_name(node)));
}

void MessageLog::stepped(MonotonicTime at, NodeId node, const raft::Standing& standing) {
  LogIndex& commit = seen_[node.value() - 1].commit;
  if (standing.commit <= commit || is_over(at)) return;
  commit = standing.commit;
  line(at, "commit",
       fmt::format(R"("node":"{}","index":{},"term":{},"leads":{})", node_name(node), commit, standing.term,
                   standing.leader));
}

void MessageLog::operation(MonotonicTime at, const Op& op) {
  if (is_over(at)) return;
  if (op.process == kNemesisProcess) {
    line(at, "fault",
         fmt::format(R"("index":{},"type":"{}","kind":{},"value":{})", op.index, to_text(op.type),
                     quoted(op.f), print_json(op.value)));
  } else {
    line(at, "operation",
         fmt::format(R"("index":{},"type":"{}","process":{},"kind":{})", op.index, to_text(op.type),
                     op.process, quoted(op.f)));
  }
}

Status MessageLog::finish() {
  if (!excerpt_.kind.empty())
    line(excerpt_.to, "broke",
         fmt::format(R"("kind":{},"text":{})", quoted(excerpt_.kind), quoted(excerpt_.why)));
  flush();
  return status_;
}

}  // namespace ordeal::sim
