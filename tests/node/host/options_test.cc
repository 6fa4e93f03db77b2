#include "node/host/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace ordeal::host {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::vector<std::string> kComplete = {"--id",          "n1",
                                            "--cluster",     "c",
                                            "--data",        "/tmp/x",
                                            "--listen",      "127.0.0.1:8000",
                                            "--peer-listen", "127.0.0.1:9000",
                                            "--peer",        "n1=127.0.0.1:9000/127.0.0.1:8000",
                                            "--peer",        "n2=[::1]:9000/node-2:8000"};

Result<CommandLine> parse(std::vector<std::string> more, const std::vector<std::string>& base = kComplete) {
  std::vector<std::string> words = {"ordeal-node"};
  words.insert(words.end(), base.begin(), base.end());
  words.insert(words.end(), more.begin(), more.end());
  std::vector<const char*> argv;
  for (const std::string& word : words) argv.push_back(word.c_str());
  return parse_command_line(static_cast<int>(argv.size()), argv.data());
}

std::string failure_of(const Result<CommandLine>& parsed) {
  return parsed.ok() ? "no failure" : parsed.error().message;
}

class ConfigFile {
 public:
  explicit ConfigFile(const std::string& text) {
    std::string name = "/tmp/ordeal-options-XXXXXX";
    const int file = mkstemp(name.data());
    EXPECT_GE(file, 0);
    std::ofstream(name) << text;
    path = name;
  }
  ConfigFile(const ConfigFile&) = delete;
  ConfigFile& operator=(const ConfigFile&) = delete;
  ~ConfigFile() { std::filesystem::remove(path); }
  std::string path;
};

TEST(Options, DefaultsAreThoseOfTheDocument) {
  const auto parsed = parse({});
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  const NodeOptions& options = *parsed->options;
  EXPECT_EQ(options.id, NodeId(1));
  EXPECT_EQ(options.peers.at(NodeId(2)).api, (Address{"node-2", 8000}));
  EXPECT_EQ(options.peers.at(NodeId(2)).peer, (Address{"::1", 9000}));
  EXPECT_THAT(options.voters, ElementsAre(NodeId(1), NodeId(2)));
  EXPECT_EQ(options.election_timeout, milliseconds(1000));
  EXPECT_EQ(options.storage, StorageKind::kRocksdb);
  EXPECT_TRUE(options.pre_vote);
}

TEST(Options, FlagsSetEverything) {
  const auto parsed = parse({"--plant",
                             "R5",
                             "--plant",
                             "R6",
                             "--on-follower",
                             "redirect",
                             "--read-mode",
                             "lease",
                             "--snapshot-every",
                             "50",
                             "--snapshot-keep",
                             "5",
                             "--snapshot-chunk-bytes",
                             "6",
                             "--append-bytes-max",
                             "8",
                             "--inflight-messages-max",
                             "3",
                             "--clock-drift-max",
                             "9ms",
                             "--election-timeout",
                             "300ms",
                             "--heartbeat",
                             "50ms",
                             "--pre-vote",
                             "false",
                             "--check-quorum",
                             "false",
                             "--request-timeout",
                             "2s",
                             "--receive-timeout",
                             "3s",
                             "--idle-timeout",
                             "4s",
                             "--clients-max",
                             "7",
                             "--storage",
                             "memory",
                             "--log-level",
                             "debug",
                             "--voter",
                             "n1",
                             "--supervised",
                             "--pid-file",
                             "/tmp/p"});
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  const NodeOptions& options = *parsed->options;
  EXPECT_THAT(options.plants, ElementsAre("R5", "R6"));
  EXPECT_EQ(options.on_follower, OnFollower::kRedirect);
  EXPECT_EQ(options.read_mode, ReadModeOption::kLease);
  EXPECT_EQ(options.snapshot_every, 50U);
  EXPECT_EQ(options.snapshot_chunk_bytes, 6U);
  EXPECT_EQ(options.append_bytes_max, 8U);
  EXPECT_EQ(options.inflight_messages_max, 3U);
  EXPECT_EQ(options.clock_drift_max, milliseconds(9));
  EXPECT_EQ(options.heartbeat, milliseconds(50));
  EXPECT_FALSE(options.pre_vote);
  EXPECT_FALSE(options.check_quorum);
  EXPECT_EQ(options.request_timeout, seconds(2));
  EXPECT_EQ(options.receive_timeout, seconds(3));
  EXPECT_EQ(options.idle_timeout, seconds(4));
  EXPECT_EQ(options.clients_max, 7U);
  EXPECT_EQ(options.storage, StorageKind::kMemory);
  EXPECT_THAT(options.voters, ElementsAre(NodeId(1)));
  EXPECT_TRUE(options.supervised);
}

TEST(Options, BadFlagsAreNamed) {
  EXPECT_THAT(failure_of(parse({"--id", "x1"})), HasSubstr("--id"));
  EXPECT_THAT(failure_of(parse({"--heartbeat", "soon"})), HasSubstr("--heartbeat: 'soon' is no duration"));
  EXPECT_THAT(failure_of(parse({"--pre-vote", "maybe"})), HasSubstr("--pre-vote"));
  EXPECT_THAT(failure_of(parse({"--storage", "tape"})), HasSubstr("rocksdb, memory"));
  EXPECT_THAT(failure_of(parse({"--peer", "n2=127.0.0.1:1/127.0.0.1:2"})), HasSubstr("twice"));
  EXPECT_THAT(failure_of(parse({"--peer", "n3=127.0.0.1:1"})), HasSubstr("HOST:PEERPORT/HOST:APIPORT"));
  EXPECT_THAT(failure_of(parse({"--peer", "n3=127.0.0.1:99999/127.0.0.1:1"})), HasSubstr("no address"));
  EXPECT_THAT(failure_of(parse({"--voter", "n9"})), HasSubstr("n9"));
  EXPECT_THAT(failure_of(parse({"--colour", "red"})), HasSubstr("--colour"));
  EXPECT_THAT(failure_of(parse({"--idle-timeout", "0s"})), HasSubstr("--idle-timeout"));
  EXPECT_THAT(failure_of(parse({"--clients-max", "0"})), HasSubstr("--clients-max"));
  for (const char* flag : {"--snapshot-chunk-bytes", "--append-bytes-max"}) {
    EXPECT_THAT(failure_of(parse({flag, "0"})), HasSubstr(flag));
    EXPECT_THAT(failure_of(parse({flag, "4194305"})), AllOf(HasSubstr(flag), HasSubstr("4194304")));
    EXPECT_EQ(failure_of(parse({flag, "4194304"})), "no failure");
  }
  EXPECT_THAT(failure_of(parse({"--inflight-messages-max", "0"})), HasSubstr("--inflight-messages-max"));
  EXPECT_THAT(failure_of(parse({"--supervised"})), HasSubstr("--pid-file"));
  EXPECT_THAT(failure_of(parse({"--config", "/nonexistent.yaml"})), HasSubstr("/nonexistent.yaml"));
}

TEST(Options, MissingFlagsAreNamed) {
  for (std::size_t i = 0; i < 5; ++i) {
    std::vector<std::string> base = kComplete;
    const std::string flag = base[2 * i];
    base.erase(base.begin() + static_cast<std::ptrdiff_t>(2 * i),
               base.begin() + static_cast<std::ptrdiff_t>(2 * i + 2));
    EXPECT_THAT(failure_of(parse({}, base)), HasSubstr(flag + " is missing"));
  }
}

TEST(Options, FileSetsAndFlagsOutrank) {
  const ConfigFile file("heartbeat: 50ms\nplant: [R5, R6]\nread-mode: log\n");
  const auto parsed = parse({"--config", file.path, "--heartbeat", "70ms"});
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  EXPECT_EQ(parsed->options->heartbeat, milliseconds(70));
  EXPECT_THAT(parsed->options->plants, ElementsAre("R5", "R6"));
  EXPECT_EQ(parsed->options->read_mode, ReadModeOption::kLog);
}

TEST(Options, FileMistakesAreNamedWithTheirLine) {
  const auto failure = [](const std::string& text) {
    const ConfigFile file(text);
    std::string message = failure_of(parse({"--config", file.path}));
    const std::size_t at = message.find(file.path);
    return at == std::string::npos ? message : message.replace(at, file.path.size(), "F");
  };
  EXPECT_THAT(failure("heartbeat: 50ms\ncolour: red\n"), HasSubstr("F:2: unknown setting 'colour'"));
  EXPECT_THAT(failure("heartbeat: soon\n"), HasSubstr("F:1: heartbeat: 'soon'"));
  EXPECT_THAT(failure("\nheartbeat: [1s, 2s]\n"), HasSubstr("F:2: heartbeat takes one value"));
  EXPECT_THAT(failure("heartbeat: 1s\nheartbeat: 2s\n"), HasSubstr("F:2: 'heartbeat' is set twice"));
  EXPECT_THAT(failure("heartbeat: {a: 1}\n"), HasSubstr("F:1"));
  EXPECT_THAT(failure("- a\n"), HasSubstr("F:1: a configuration is a map"));
  EXPECT_THAT(failure("heartbeat: [1s\n"), HasSubstr("F:"));
}

TEST(Options, HelpIsText) {
  const auto parsed = parse({"--help"});
  ASSERT_TRUE(parsed.ok());
  EXPECT_FALSE(parsed->options.has_value());
  EXPECT_THAT(parsed->text, HasSubstr("--on-follower"));
}

TEST(Options, Durations) {
  EXPECT_EQ(*parse_duration("250us"), microseconds(250));
  EXPECT_EQ(*parse_duration("2m"), seconds(120));
  for (const std::string text : {"", "5", "s", "-1s", "1.5s", "1 s", "1h", "99999999999999999s"})
    EXPECT_FALSE(parse_duration(text).ok()) << text;
}

}  // namespace
}  // namespace ordeal::host
