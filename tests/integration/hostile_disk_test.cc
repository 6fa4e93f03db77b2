// Starts that cannot go well, each with its exit code and what to do about it, and disks that are full while
// the node runs: writes are refused, reads go on, and room that comes back is used without a restart.

#include "tests/integration/hostile_ground.h"
#include "tests/integration/leftovers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace ordeal::test {
namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using Words = std::vector<std::string>;

constexpr int kStorage = 3;
constexpr int kArguments = 254;
constexpr int kUnavailable = 255;

class HostileDisk : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!enter_private_ground().empty()) GTEST_SKIP() << "SKIPPED, NOT TESTED: " << enter_private_ground();
  }

  const TemporaryDirectory directory_;
};
using HostileStart = HostileDisk;

// --- Starting ----------------------------------------------------------------------------------------------

void expect_no_start(const Words& command, int code, const std::string& message) {
  const Finished finished = run_program(command);
  EXPECT_FALSE(finished.timed_out) << "it started";
  EXPECT_EQ(finished.exit_code, code) << finished.err;
  EXPECT_THAT(finished.err, HasSubstr(message));
}

TEST_F(HostileStart, OnABusyPortIsRefusedBeforeThereIsData) {
  const BusyPort busy;
  const std::uint16_t free = free_ports(1)[0];
  const std::string taken = "127.0.0.1:" + std::to_string(busy.port());
  expect_no_start(
      node_command(1, directory_.path(), {busy.port(), free}), kUnavailable,
      "cannot listen for clients on " + taken + ": Address already in use; free it or give another --listen");
  expect_no_start(node_command(1, directory_.path(), {free, busy.port()}), kUnavailable,
                  "cannot listen for peers on " + taken +
                      ": Address already in use; free it or give another --peer-listen");
  EXPECT_FALSE(fs::exists(directory_.path() + "/n1"));
  expect_no_start({"ordeal-agent", "--node", "n1", "--listen", taken, "--token-file",
                   directory_.write("token", "open-sesame\n"), "--pid-file", directory_.path() + "/nobody",
                   "--state", directory_.path() + "/state", "--peer", "n1=10.77.0.1"},
                  kUnavailable,
                  "cannot listen on " + taken + ": Address already in use; free it or give another --listen");
}

TEST_F(HostileStart, WithBadSettingsIsRefusedBeforeThereIsData) {
  const std::string unknown = directory_.write("unknown.yaml", "heartbeat: 50ms\n\nwarp: 9\n");
  const std::string mistyped = directory_.write("mistyped.yaml", "heartbeat: 50ms\nvoter: [n1, 7]\n");
  struct Row {
    const char* name;
    Words more;
    std::string message;
  };
  const std::vector<Row> rows = {
      {"elections faster than heartbeats",
       {"--election-timeout", "199ms", "--heartbeat", "100ms"},
       "election_timeout: must be at least two heartbeats, else every delay is an election"},
      {"no heartbeat", {"--heartbeat", "0ms"}, "heartbeat: must be positive"},
      {"no snapshots", {"--snapshot-every", "0"}, "snapshot_every: must be positive"},
      {"voter twice", {"--voter", "n1", "--voter", "n1"}, "voters: a node is named twice"},
      {"unknown flag", {"--warp", "9"}, "--warp"},
      {"unknown key in the file",
       {"--config", unknown},
       "unknown.yaml:3: unknown setting 'warp'; allowed are id"},
      {"bad value in the file",
       {"--config", mistyped},
       "mistyped.yaml:2: voter: '7' is no node name; write n1"},
      {"no clients", {"--clients-max", "0"}, "--clients-max must be at least 1"},
      {"no time to be idle", {"--idle-timeout", "0s"}, "--idle-timeout must be longer than nothing"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    expect_no_start(node_command(1, directory_.path(), free_ports(2), row.more), kArguments, row.message);
    EXPECT_FALSE(fs::exists(directory_.path() + "/n1"));
  }
}

/// Starts node 1 of the directory and ends it, so that there is data.
void make_data(const std::string& directory) {
  Program node(node_command(1, directory, free_ports(2)));
  EXPECT_TRUE(node.wait_for_text("became-leader", seconds(60)));
  expect_clean_end(node);
}

TEST_F(HostileStart, WithDataOfAnotherIsRefused) {
  make_data(directory_.path());
  Words other_cluster = node_command(1, directory_.path(), free_ports(2));
  for (std::string& word : other_cluster) {
    if (word == "hostile") word = "another";
  }
  expect_no_start(other_cluster, kArguments,
                  "belongs to hostile/n1, this node is another/n1; give another --data");
  fs::rename(directory_.path() + "/n1", directory_.path() + "/n2");
  expect_no_start(node_command(2, directory_.path(), free_ports(4)), kArguments,
                  "belongs to hostile/n1, this node is hostile/n2; give another --data");
}

TEST_F(HostileStart, WithDataInUseIsRefused) {
  Program first(node_command(1, directory_.path(), free_ports(2)));
  ASSERT_TRUE(first.wait_for_text("became-leader", seconds(60)));
  expect_no_start(node_command(1, directory_.path(), free_ports(2)), kUnavailable,
                  "is in use by another process");
  expect_clean_end(first);
}

TEST_F(HostileStart, WhereNothingCanBeWrittenIsRefused) {
  make_data(directory_.path());
  const std::string file = directory_.write("file", "");
  expect_no_start(node_command(1, file, free_ports(2)), kUnavailable,
                  "cannot make data directory " + file + "/n1: IO error: While mkdir if missing: " + file +
                      "/n1: Not a directory");
  const auto mounted = Mounted::read_only(directory_.path());
  // Not "damaged, remove it": there is nothing wrong with the data.
  expect_no_start(node_command(1, directory_.path(), free_ports(2)), kUnavailable,
                  "n1 is not writable for this user");
  expect_no_start(node_command(2, directory_.path(), free_ports(4)), kUnavailable,
                  "n2: Read-only file system");
}

TEST_F(HostileStart, OnADiskThatIsFullIsRefused) {
  const Mounted disk(directory_.path() + "/disk", 96);
  disk.fill(0);
  expect_no_start(node_command(1, directory_.path() + "/disk", free_ports(2)), kUnavailable,
                  "/disk/n1; free some and start again");
  disk.make_room();
  make_data(directory_.path() + "/disk");
}

TEST_F(HostileStart, WithDamagedDataIsRefused) {
  make_data(directory_.path());
  const std::string current = directory_.path() + "/n1/CURRENT";
  std::string content;
  std::getline(std::ifstream(current), content);
  const auto write = [&](const std::string& text) { std::ofstream(current, std::ios::binary) << text; };
  struct Row {
    const char* name;
    std::string content;
  };
  const std::vector<Row> rows = {{"rubbish", "rubbish\n"},
                                 {"nothing", ""},
                                 {"no newline", content},
                                 {"zeros", std::string(16, '\0')},
                                 {"what is not there", "MANIFEST-999999\n"}};
  const std::string message = "is damaged: ";
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    write(row.content);
    expect_no_start(node_command(1, directory_.path(), free_ports(2)), kStorage, message);
  }
  fs::remove(current);
  expect_no_start(node_command(1, directory_.path(), free_ports(2)), kStorage, message);
  // Nothing was spoilt by trying.
  write(content + '\n');
  make_data(directory_.path());
}

// --- A disk that becomes full ------------------------------------------------------------------------------

constexpr std::size_t kDiskMib = 48;
constexpr std::uint64_t kMib = 1024 * 1024;

/// A node with a disk of its own.
class NodeOnDisk {
 public:
  NodeOnDisk(std::size_t number, const std::string& directory, const std::vector<std::uint16_t>& ports,
             const std::string& election_timeout = "500ms")
      : port_(ports[2 * number - 2]),
        disk_(directory + "/disk" + std::to_string(number), kDiskMib),
        program_(node_command(
            number, directory + "/disk" + std::to_string(number), ports,
            {"--disk-reserve-mib", "8", "--request-timeout", "2s", "--election-timeout", election_timeout})) {
    EXPECT_TRUE(program_.wait_for_text("serves clients", seconds(60)));
  }

  [[nodiscard]] std::string put(const std::string& key, const std::string& value) const {
    return talk(port_, http("PUT", "/v1/kv/" + key, value)).bytes;
  }
  [[nodiscard]] std::string get(const std::string& key) const {
    return talk(port_, http("GET", "/v1/kv/" + key)).bytes;
  }
  [[nodiscard]] bool says(const std::string& text) const {
    return talk(port_, http("GET", "/v1/status")).bytes.find(text) != std::string::npos;
  }
  [[nodiscard]] bool leads() const { return says(R"("role":"leader")"); }
  /// Until it takes writes. What is not a success may only be a refusal.
  [[nodiscard]] bool takes_writes_in_the_end() const {
    return eventually(60, [&] {
      const std::string answer = put("again", "1");
      EXPECT_THAT(status_of(answer), AnyOf(200, 503, 504, 507)) << answer;
      return status_of(answer) == 200;
    });
  }
  [[nodiscard]] bool refuses_writes_in_the_end() const {
    std::string answer;
    const bool refuses = eventually(60, [&] {
      answer = put("refused", "1");
      return status_of(answer) == 507;
    });
    EXPECT_THAT(answer, HasSubstr(R"("code":"disk_full")"));
    EXPECT_THAT(answer, HasSubstr(R"("outcome":"definite")"));
    return refuses;
  }
  const Mounted& disk() { return disk_; }
  Program& program() { return program_; }

 private:
  std::uint16_t port_;
  Mounted disk_;
  Program program_;
};

TEST_F(HostileDisk, FullRefusesWritesAndNothingElse) {
  NodeOnDisk node(1, directory_.path(), free_ports(2));
  ASSERT_TRUE(node.takes_writes_in_the_end());
  // Less than the reserve, less than what a batch is held for, and nothing at all.
  for (const std::uint64_t left : {4 * kMib, kMib / 2, std::uint64_t{0}}) {
    SCOPED_TRACE(std::to_string(left) + " bytes left");
    ASSERT_EQ(status_of(node.put("kept", std::to_string(left))), 200);
    node.disk().fill(left);
    ASSERT_TRUE(node.refuses_writes_in_the_end());
    EXPECT_THAT(node.get("kept"), HasSubstr("\"value\":\"" + std::to_string(left) + '"'));
    EXPECT_TRUE(node.says(R"("incarnation":1)")) << "it was started again";
    node.disk().make_room();
    ASSERT_TRUE(node.takes_writes_in_the_end());
  }
  node.disk().fill(0);
  ASSERT_TRUE(node.refuses_writes_in_the_end());
  expect_clean_end(node.program());
}

TEST_F(HostileDisk, FullAtTheLeaderRefusesWhatIsForwarded) {
  const std::vector<std::uint16_t> ports = free_ports(6);
  // A machine that stalls for a moment must not make another the leader in between.
  std::vector<std::unique_ptr<NodeOnDisk>> nodes;
  for (std::size_t i = 1; i <= 3; ++i)
    nodes.push_back(std::make_unique<NodeOnDisk>(i, directory_.path(), ports, "5s"));
  NodeOnDisk* leader = nullptr;
  ASSERT_TRUE(eventually(60, [&] {
    for (const auto& node : nodes) {
      if (node->leads()) leader = node.get();
    }
    return leader != nullptr;
  }));
  for (const auto& node : nodes) ASSERT_TRUE(node->takes_writes_in_the_end());
  for (const std::uint64_t left : {4 * kMib, std::uint64_t{0}}) {
    SCOPED_TRACE(std::to_string(left) + " bytes left");
    leader->disk().fill(left);
    for (const auto& node : nodes) {
      EXPECT_TRUE(node->refuses_writes_in_the_end());
      EXPECT_EQ(status_of(node->get("again")), 200);
    }
    leader->disk().make_room();
    for (const auto& node : nodes) EXPECT_TRUE(node->takes_writes_in_the_end());
  }
  EXPECT_TRUE(leader->leads()) << "the disk cost it its place";
  for (const auto& node : nodes) expect_clean_end(node->program());
}

TEST_F(HostileDisk, FullWhileAllIsWritten) {
  NodeOnDisk node(1, directory_.path(), free_ports(2));
  ASSERT_TRUE(node.takes_writes_in_the_end());
  // Nobody takes the room away but the node itself, with what it is told to keep.
  int written = 0;
  const std::string value(kMib, 'v');
  std::string answer = node.put("0", value);
  while (status_of(answer) == 200 && written < 200) answer = node.put(std::to_string(++written), value);
  EXPECT_THAT(status_of(answer), AnyOf(504, 507)) << answer.substr(0, 300);
  EXPECT_TRUE(node.refuses_writes_in_the_end());
  EXPECT_GT(written, 0);
  EXPECT_EQ(status_of(node.get("0")), 200);
  expect_clean_end(node.program());
}

}  // namespace
}  // namespace ordeal::test
