#include "node/host/options.h"

#include "node/host/peer_frame.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <map>
#include <sstream>

namespace ordeal::host {
namespace {

/// Of what one message of a protocol carries: with all that is around it, it fits a frame (peer_frame.h), and
/// what does not is never sent.
constexpr std::uint64_t kMessageBytesMax = kFramePayloadMax / 4;

template <class T>
Status set(Result<T> parsed, T& target) {
  if (!parsed.ok()) return parsed.error();
  target = std::move(*parsed);
  return {};
}

Result<NodeId> parse_node(const std::string& text) {
  const NodeId node = parse_node_name(text);
  if (node == kNoNode) return invalid_argument(fmt::format("'{}' is no node name; write n1, n2, ...", text));
  return node;
}

Result<bool> parse_bool(const std::string& text) {
  if (text == "true" || text == "on") return true;
  if (text == "false" || text == "off") return false;
  return invalid_argument(fmt::format("'{}' is neither true nor false", text));
}

Result<std::uint64_t> parse_count(const std::string& text) {
  std::uint64_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc() || end != text.data() + text.size() || text.empty())
    return invalid_argument(fmt::format("'{}' is no whole number", text));
  return n;
}

template <class Enum, std::size_t Size>
Result<Enum> parse_word(const std::string& text,
                        const std::array<std::pair<std::string_view, Enum>, Size>& words) {
  std::string allowed;
  for (const auto& [word, value] : words) {
    if (text == word) return value;
    allowed += allowed.empty() ? std::string(word) : fmt::format(", {}", word);
  }
  return invalid_argument(fmt::format("'{}' is not one of {}", text, allowed));
}

Status set_path(const std::string& text, std::string& target) {
  if (text.empty()) return invalid_argument("it is empty");
  target = text;
  return {};
}

Status add_peer(const std::string& text, NodeOptions& options) {
  auto peer = parse_peer(text);
  if (!peer.ok()) return peer.error();
  const NodeId node = peer->node;
  if (!options.peers.emplace(node, std::move(*peer)).second)
    return invalid_argument(fmt::format("{} is given twice", node_name(node)));
  return {};
}

Status add_voter(const std::string& text, NodeOptions& options) {
  auto node = parse_node(text);
  if (!node.ok()) return node.error();
  options.voters.push_back(*node);
  return {};
}

Status add_plant(const std::string& text, NodeOptions& options) {
  options.plants.push_back(text);
  return {};
}

Status set_log_level(const std::string& text, NodeOptions& options) {
  constexpr std::array<std::pair<std::string_view, bool>, 6> kLevels = {
      {{"trace", true}, {"debug", true}, {"info", true}, {"warn", true}, {"error", true}, {"off", true}}};
  if (const auto known = parse_word(text, kLevels); !known.ok()) return known.error();
  options.log_level = text;
  return {};
}

/// A setting that takes text, as a flag or in the file.
struct Setting {
  std::string name;
  std::string help;
  bool repeatable = false;
  Status (*apply)(const std::string& text, NodeOptions& options) = nullptr;
};

constexpr std::array<std::pair<std::string_view, OnFollower>, 2> kOnFollower = {
    {{"forward", OnFollower::kForward}, {"redirect", OnFollower::kRedirect}}};
constexpr std::array<std::pair<std::string_view, ReadModeOption>, 3> kReadModes = {
    {{"read-index", ReadModeOption::kReadIndex},
     {"lease", ReadModeOption::kLease},
     {"log", ReadModeOption::kLog}}};
constexpr std::array<std::pair<std::string_view, StorageKind>, 2> kStorageKinds = {
    {{"rocksdb", StorageKind::kRocksdb}, {"memory", StorageKind::kMemory}}};

const std::vector<Setting>& settings() {
  using Text = const std::string&;
  using Options = NodeOptions&;
  static const std::vector<Setting> all = {
      {"id", "name of this node: n1", false, [](Text t, Options o) { return set(parse_node(t), o.id); }},
      {"cluster", "name of the cluster; nodes of another are refused", false,
       [](Text t, Options o) { return set_path(t, o.cluster); }},
      {"data", "directory of the data", false, [](Text t, Options o) { return set_path(t, o.data); }},
      {"listen", "IP:PORT for clients", false,
       [](Text t, Options o) { return set(parse_address(t), o.listen); }},
      {"peer-listen", "IP:PORT for peers", false,
       [](Text t, Options o) { return set(parse_address(t), o.peer_listen); }},
      {"peer", "n1=HOST:PEERPORT/HOST:APIPORT, one per member, itself included", true, add_peer},
      {"voter", "a member of the cluster that is born; default: every peer", true, add_voter},
      {"join", "true: wait to be added to a cluster that exists", false,
       [](Text t, Options o) { return set(parse_bool(t), o.join); }},
      {"protocol", "raft", false, [](Text t, Options o) { return set_path(t, o.protocol); }},
      {"plant", "a planted bug to put in force: R5", true, add_plant},
      {"on-follower", "forward or redirect", false,
       [](Text t, Options o) { return set(parse_word(t, kOnFollower), o.on_follower); }},
      {"read-mode", "read-index, lease or log", false,
       [](Text t, Options o) { return set(parse_word(t, kReadModes), o.read_mode); }},
      {"snapshot-every", "entries between snapshots", false,
       [](Text t, Options o) { return set(parse_count(t), o.snapshot_every); }},
      {"snapshot-keep", "entries kept behind the applied one", false,
       [](Text t, Options o) { return set(parse_count(t), o.snapshot_keep); }},
      {"snapshot-chunk-bytes", "of one message of a snapshot", false,
       [](Text t, Options o) { return set(parse_count(t), o.snapshot_chunk_bytes); }},
      {"append-bytes-max", "of the entries in one message; a single larger one still goes", false,
       [](Text t, Options o) { return set(parse_count(t), o.append_bytes_max); }},
      {"inflight-messages-max", "of entries to a peer, unanswered", false,
       [](Text t, Options o) { return set(parse_count(t), o.inflight_messages_max); }},
      {"election-timeout", "1000ms", false,
       [](Text t, Options o) { return set(parse_duration(t), o.election_timeout); }},
      {"heartbeat", "100ms", false, [](Text t, Options o) { return set(parse_duration(t), o.heartbeat); }},
      {"pre-vote", "true or false", false, [](Text t, Options o) { return set(parse_bool(t), o.pre_vote); }},
      {"check-quorum", "true or false", false,
       [](Text t, Options o) { return set(parse_bool(t), o.check_quorum); }},
      {"clock-drift-max", "100ms; how far clocks may part within an election timeout, for leases", false,
       [](Text t, Options o) { return set(parse_duration(t), o.clock_drift_max); }},
      {"request-timeout", "5s", false,
       [](Text t, Options o) { return set(parse_duration(t), o.request_timeout); }},
      {"receive-timeout", "10s; a request that takes longer to arrive is answered 408", false,
       [](Text t, Options o) { return set(parse_duration(t), o.receive_timeout); }},
      {"idle-timeout", "60s; a connection without a request for so long is closed", false,
       [](Text t, Options o) { return set(parse_duration(t), o.idle_timeout); }},
      {"clients-max", "1000; connections of clients beyond are answered 503", false,
       [](Text t, Options o) { return set(parse_count(t), o.clients_max); }},
      {"storage", "rocksdb or memory", false,
       [](Text t, Options o) { return set(parse_word(t, kStorageKinds), o.storage); }},
      {"disk-reserve-mib", "below so much free space writes are refused", false,
       [](Text t, Options o) { return set(parse_count(t), o.disk_reserve_mib); }},
      {"log-level", "trace, debug, info, warn, error or off", false, set_log_level},
      {"pid-file", "where a supervisor notes its process and the replica's", false,
       [](Text t, Options o) { return set_path(t, o.pid_file); }},
  };
  return all;
}

/// `place`: file and line, or empty for a flag.
Status apply(const std::string& name, const std::string& place, const std::vector<std::string>& values,
             NodeOptions& options) {
  const auto& all = settings();
  const auto setting = std::find_if(all.begin(), all.end(), [&](const Setting& s) { return s.name == name; });
  if (setting == all.end()) {
    std::string allowed;
    for (const Setting& known : all) allowed += (allowed.empty() ? "" : ", ") + known.name;
    return invalid_argument(fmt::format("{}: unknown setting '{}'; allowed are {}", place, name, allowed));
  }
  const std::string where = place.empty() ? "--" + name : fmt::format("{}: {}", place, name);
  if (!setting->repeatable && values.size() != 1)
    return invalid_argument(fmt::format("{} takes one value", where));
  for (const std::string& value : values) {
    if (const Status status = setting->apply(value, options); !status.ok())
      return invalid_argument(fmt::format("{}: {}", where, status.error().message));
  }
  return {};
}

/// `given`: the settings that flags set; they outrank the file.
Status apply_file(const std::string& file, const std::map<std::string, std::vector<std::string>>& given,
                  NodeOptions& options) {
  std::ifstream stream(file);
  if (!stream) return invalid_argument(fmt::format("--config: cannot read {}", file));
  std::ostringstream text;
  text << stream.rdbuf();
  const auto entries = parse_config(text.str(), file);
  if (!entries.ok()) return entries.error();
  NodeOptions discarded;
  for (const ConfigEntry& entry : *entries) {
    NodeOptions& target = given.contains(entry.name) ? discarded : options;
    if (Status status = apply(entry.name, entry.place, entry.values, target); !status.ok()) return status;
  }
  return {};
}

Status check_complete(NodeOptions& options) {
  const auto missing = [](std::string_view flag) {
    return invalid_argument(fmt::format("--{} is missing", flag));
  };
  if (options.id == kNoNode) return missing("id");
  if (options.cluster.empty()) return missing("cluster");
  if (options.data.empty() && options.storage == StorageKind::kRocksdb) return missing("data");
  if (options.listen.host.empty()) return missing("listen");
  if (options.peer_listen.host.empty()) return missing("peer-listen");
  if (!options.peers.contains(options.id))
    return invalid_argument(fmt::format("--peer for {} itself is missing", node_name(options.id)));
  for (const NodeId voter : options.voters) {
    if (!options.peers.contains(voter))
      return invalid_argument(fmt::format("--voter {} has no --peer", node_name(voter)));
  }
  if (options.join && !options.voters.empty())
    return invalid_argument("--join true and --voter exclude each other");
  if (options.voters.empty() && !options.join) {
    for (const auto& [node, peer] : options.peers) options.voters.push_back(node);
  }
  if (options.supervised && options.pid_file.empty()) return missing("pid-file");
  for (const auto& [flag, length] : {std::pair{"request-timeout", options.request_timeout},
                                     {"receive-timeout", options.receive_timeout},
                                     {"idle-timeout", options.idle_timeout}}) {
    if (length <= Duration(0)) return invalid_argument(fmt::format("--{} must be longer than nothing", flag));
  }
  for (const auto& [flag, count] : {std::pair{"clients-max", std::uint64_t{options.clients_max}},
                                    {"inflight-messages-max", options.inflight_messages_max}}) {
    if (count == 0) return invalid_argument(fmt::format("--{} must be at least 1", flag));
  }
  for (const auto& [flag, bytes] : {std::pair{"snapshot-chunk-bytes", options.snapshot_chunk_bytes},
                                    {"append-bytes-max", options.append_bytes_max}}) {
    if (bytes == 0 || bytes > kMessageBytesMax)
      return invalid_argument(fmt::format("--{} must be from 1 to {}", flag, kMessageBytesMax));
  }
  return {};
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  std::int64_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  constexpr std::array<std::pair<std::string_view, std::int64_t>, 5> kUnits = {
      {{"ns", 1}, {"us", 1'000}, {"ms", 1'000'000}, {"s", 1'000'000'000}, {"m", 60'000'000'000}}};
  for (const auto& [name, size] : kUnits) {
    if (error == std::errc() && unit == name && n >= 0 && n <= std::int64_t{1'000'000'000'000'000'000} / size)
      return Duration(n * size);
  }
  return invalid_argument(fmt::format("'{}' is no duration; write 250us, 100ms, 5s or 2m", text));
}

Result<CommandLine> parse_command_line(int argc, const char* const* argv) {
  CLI::App app("One replica of an Ordeal cluster.", "ordeal-node");
  std::map<std::string, std::vector<std::string>> given;
  NodeOptions options;
  std::string config;
  app.add_option("--config", config, "YAML file with the same names as the flags");
  app.add_flag("--supervised", options.supervised, "be a supervisor that runs the replica as a child");
  for (const Setting& setting : settings()) {
    app.add_option_function<std::vector<std::string>>(
           "--" + setting.name,
           [&given, name = setting.name](const std::vector<std::string>& values) { given[name] = values; },
           setting.help)
        ->type_name("TEXT")
        ->expected(1, setting.repeatable ? 1000 : 1)
        ->take_all();
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return CommandLine{std::nullopt, app.help()};
  } catch (const CLI::ParseError& error) {
    return invalid_argument(error.what());
  }
  if (!config.empty()) {
    if (Status status = apply_file(config, given, options); !status.ok()) return status.error();
  }
  for (const auto& [name, values] : given) {
    if (Status status = apply(name, "", values, options); !status.ok()) return status.error();
  }
  if (Status status = check_complete(options); !status.ok()) return status.error();
  return CommandLine{std::move(options), {}};
}

}  // namespace ordeal::host
