#pragma once
// A run's messages, events and faults as JSON lines, in the order of the events: docs/formats/messages.md.
// They are handed on while the run goes on; only the kinds of the messages are remembered.

#include "common/result.h"
#include "sim/excerpt.h"
#include "sim/world.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace ordeal::sim {

inline constexpr std::uint64_t kMessageLogBytesMax = 64 * 1024 * 1024;

class MessageLog : public Spectator {
 public:
  /// Is given whole lines. After its first error it is not called again.
  using Sink = std::function<Status(std::string_view lines)>;

  /// Up to the end of the excerpt, and never more than `bytes_max`.
  MessageLog(std::uint64_t seed, std::uint32_t nodes, Excerpt excerpt, Sink sink,
             std::uint64_t bytes_max = kMessageLogBytesMax);

  void sent(MonotonicTime at, Cut link, std::uint64_t message, const Bytes& payload) override;
  void arrived(MonotonicTime at, Cut link, std::uint64_t message) override;
  void lost(MonotonicTime at, Cut link, std::uint64_t message, std::string_view why) override;
  void started(MonotonicTime at, NodeId node) override;
  void stopped(MonotonicTime at, NodeId node) override;
  void stepped(MonotonicTime at, NodeId node, const raft::Standing& standing) override;
  void happened(MonotonicTime at, NodeId node, const Event& event) override;
  void operation(MonotonicTime at, const Op& op) override;

  /// Writes what went wrong and what is still held. The sink's first error.
  [[nodiscard]] Status finish();

 private:
  struct Seen {
    bool running = false;
    LogIndex commit;
  };

  [[nodiscard]] bool is_over(MonotonicTime at) const { return cut_ || at > excerpt_.to; }
  void message_line(MonotonicTime at, std::string_view what, Cut link, std::uint64_t message,
                    const std::string& more);
  void line(MonotonicTime at, std::string_view what, const std::string& members);
  void put(const std::string& line);
  void flush();

  Excerpt excerpt_;
  Sink sink_;
  std::uint64_t bytes_max_;
  std::uint64_t bytes_ = 0;  ///< written and held
  std::string held_;
  bool cut_ = false;  ///< nothing more is written
  Status status_;
  std::vector<std::string_view> kinds_;  ///< by message number; empty: it makes no sense to a core
  std::vector<Seen> seen_;               ///< by node
};

}  // namespace ordeal::sim
