#pragma once
// What `ordeal-node` is told, by flags and by a YAML file with the same names. Flags outrank the file.

#include "common/ids.h"
#include "common/result.h"
#include "common/time.h"
#include "node/host/addresses.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ordeal::host {

enum class StorageKind : std::uint8_t { kRocksdb, kMemory };
enum class OnFollower : std::uint8_t { kForward, kRedirect };
enum class ReadModeOption : std::uint8_t { kReadIndex, kLease, kLog };

struct NodeOptions {
  NodeId id;
  std::string cluster;
  std::string data;
  Address listen;
  Address peer_listen;
  Peers peers;
  std::vector<NodeId> voters;  ///< of a cluster that is born; by default all peers
  bool join = false;           ///< wait to be added to a cluster that exists: no voters
  std::string protocol = "raft";
  std::vector<std::string> plants;
  OnFollower on_follower = OnFollower::kForward;
  ReadModeOption read_mode = ReadModeOption::kReadIndex;
  std::uint64_t snapshot_every = 10'000;
  std::uint64_t snapshot_keep = 1'000;
  std::uint64_t snapshot_chunk_bytes = 256 * 1024;
  std::uint64_t append_bytes_max = 1024 * 1024;
  std::uint64_t inflight_messages_max = 256;
  Duration election_timeout = milliseconds(1000);
  Duration heartbeat = milliseconds(100);
  bool pre_vote = true;
  bool check_quorum = true;
  Duration clock_drift_max = milliseconds(100);
  Duration request_timeout = seconds(5);
  Duration receive_timeout = seconds(10);  ///< for one request to arrive
  Duration idle_timeout = seconds(60);     ///< of a client's connection, between requests
  std::uint64_t clients_max = 1000;        ///< connections of clients
  StorageKind storage = StorageKind::kRocksdb;
  std::uint64_t disk_reserve_mib = 64;
  std::string log_level = "info";
  bool supervised = false;
  std::string pid_file;
};

/// Options, or text to print (help) with exit code 0.
struct CommandLine {
  std::optional<NodeOptions> options;
  std::string text;
};

/// Reads the flags and the file that `--config` names. Errors (kInvalidArgument) name the flag, or file and
/// line.
[[nodiscard]] Result<CommandLine> parse_command_line(int argc, const char* const* argv);

/// One setting from a file.
struct ConfigEntry {
  std::string name;
  std::vector<std::string> values;  ///< a sequence gives several
  std::string place;                ///< "node.yaml:3"
};
[[nodiscard]] Result<std::vector<ConfigEntry>> parse_config(const std::string& yaml, const std::string& file);

/// "250us", "100ms", "5s", "2m".
[[nodiscard]] Result<Duration> parse_duration(std::string_view text);

}  // namespace ordeal::host
