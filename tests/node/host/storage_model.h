#pragma once
// What a storage was handed and what it said is durable: from that, what it may hold after a crash. The rule
// is node/store.h's: a prefix of what was handed over, no shorter than what was reported, and nothing else.

#include "common/ids.h"
#include "node/protocol.h"
#include "node/store.h"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace ordeal::test {

struct StorageState {
  std::array<std::map<Bytes, Bytes>, 2> spaces;  ///< by Space
  LogIndex applied;

  [[nodiscard]] std::map<Bytes, Bytes>& space(Space which) { return spaces[static_cast<std::size_t>(which)]; }
  [[nodiscard]] const std::map<Bytes, Bytes>& space(Space which) const {
    return spaces[static_cast<std::size_t>(which)];
  }
  void change(const Batch& batch);
  bool operator==(const StorageState&) const = default;
};

class StorageModel {
 public:
  // What was handed over, in order.
  void write(Ticket ticket, const Batch& batch);
  void apply(const Batch& effects, LogIndex index);
  /// `content`: what Space::kState becomes.
  void install(std::map<Bytes, Bytes> content, LogIndex index, const Batch& batch);

  // What the storage reported.
  void durable(Ticket ticket);
  /// The last snapshot that was handed over is the state, durably.
  void installed();
  /// It ended in peace: everything is there, as long as the power is.
  void stopped() { stopped_ = true; }
  void power_lost() { stopped_ = false; }

  [[nodiscard]] const StorageState& latest() const { return latest_; }

  /// None when `found` is a prefix that is long enough; it is the state from now on. Otherwise what is wrong.
  [[nodiscard]] std::optional<std::string> reopen(const StorageState& found);
  /// None when every record is one that was handed over for its key, at any time: what is left to ask of a
  /// disk that lied.
  [[nodiscard]] std::optional<std::string> never_written(const StorageState& found) const;

 private:
  struct Step {
    Batch batch;
    std::optional<LogIndex> applied;
    std::optional<std::map<Bytes, Bytes>> content;
    Ticket ticket;
  };
  void take(Step step);
  static void carry_out(const Step& step, StorageState& state);

  StorageState base_;  // as it was opened
  StorageState latest_;
  std::vector<Step> steps_;
  std::size_t durable_steps_ = 0;  // of steps_
  bool stopped_ = false;
  std::set<std::uint64_t> handed_over_;  // hashes of records; only grows
};

/// Where two states differ, in a line.
[[nodiscard]] std::string difference(const StorageState& found, const StorageState& expected);

}  // namespace ordeal::test
