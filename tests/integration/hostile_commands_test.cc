// Hostile plans, flags and histories: each is refused with the documented exit code and a message that says
// what is wrong and what to do. The tables are the list; a new way to go wrong is a new row.

#include "tests/integration/hostile_ground.h"
#include "tests/support/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ordeal::test {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using Words = std::vector<std::string>;

constexpr int kArguments = 254;
constexpr int kUnavailable = 255;

void expect_refusal(const Words& command, int code, const std::string& message) {
  const Finished finished = run_program(command, seconds(60));
  EXPECT_FALSE(finished.timed_out) << "it was accepted";
  EXPECT_EQ(finished.exit_code, code) << finished.out << finished.err;
  EXPECT_THAT(finished.out + finished.err, HasSubstr(message));
}

// --- Plans -------------------------------------------------------------------------------------------------

TEST(HostilePlan, IsRefusedWithFileAndLine) {
  struct Row {
    const char* name;
    const char* plan;
    const char* message;
  };
  const std::vector<Row> rows = {
      {"unknown key", "version: 1\nnoodles: 3\n", "p.yaml:2: unknown key 'noodles'; allowed: version, name"},
      {"wrong type", "version: 1\nnodes: many\n", "p.yaml:2: nodes must be a whole number"},
      {"list for map", "- a\n- b\n", "p.yaml:1: the plan must be a map, not a list"},
      {"value for list", "version: 1\nplants: R5\n", "p.yaml:2: plants must be a list, not a value"},
      {"unknown fault", "version: 1\nfaults: {events: [{at: 1s, for: 1s, fault: meteor}]}\n", "p.yaml:2: "},
      {"unknown shape", "version: 1\nfaults: {events: [{at: 1s, for: 1s, fault: partition, shape: star}]}\n",
       "p.yaml:2: "},
      {"unknown target", "version: 1\nfaults: {events: [{at: 1s, for: 1s, fault: kill, target: moon}]}\n",
       "p.yaml:2: "},
      {"duplicate key", "version: 1\nnodes: 3\nnodes: 5\n",
       "p.yaml:3: key 'nodes' stands twice, first in line 2"},
      {"event beyond the end",
       "version: 1\ntime_limit: 10s\nfaults:\n  events:\n    - {at: 9s, for: 5s, fault: kill, target: one}\n",
       "p.yaml:5: faults.events[0] lasts until 14s, beyond time_limit 10s"},
      {"missing version", "nodes: 3\n", "p.yaml:1: the plan lacks 'version: 1'"},
      {"version of the future", "version: 2\n", "this program reads version 1"},
      {"bad duration", "version: 1\ntime_limit: banana\n", "such as 500ms or 1.5s"},
      {"negative duration", "version: 1\ntime_limit: -5s\n", "'-5s' is not a duration"},
      {"number beyond 64 bits", "version: 1\nseed: 99999999999999999999999\n",
       "allowed: up to 18446744073709551615"},
      {"no nodes", "version: 1\nnodes: 0\n", "nodes is 0; allowed: 1 to 9"},
      {"too many nodes", "version: 1\nnodes: 1000\n", "nodes is 1000; allowed: 1 to 9"},
      {"unknown protocol", "version: 1\nprotocol: zab\n", "protocol is 'zab'; allowed: raft"},
      {"unknown workload", "version: 1\nworkload: {name: haystack}\n",
       "workload.name is 'haystack'; allowed: "},
      {"no operation has weight", "version: 1\nworkload: {mix: {read: 0}}\n", "has no weight above 0"},
      {"unknown load", "version: 1\nload: {mode: ajar}\n", "load.mode is 'ajar'; allowed: open, closed"},
      {"unknown bug", "version: 1\nplants: [R99]\n", "there is no planted bug 'R99' in raft; allowed: R1"},
      {"unknown node flag", "version: 1\nnode: {warp-speed: 9}\n",
       "p.yaml:2: node.warp-speed is no flag of ordeal-node; allowed: on-follower"},
      {"not YAML", "{[: not yaml", "p.yaml:1: not YAML: "},
      {"empty", "", "the plan is empty; write at least 'version: 1'"},
  };
  const TemporaryDirectory directory;
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    const std::string file = directory.write("p.yaml", row.plan);
    expect_refusal({"ordeal", "run", "--plan", file, "--store", directory.path()}, kArguments, row.message);
  }
}

// --- Flags -------------------------------------------------------------------------------------------------

struct CommandRow {
  const char* name;
  Words command;
  int code;
  std::string message;
};

void expect_refusals(const std::vector<CommandRow>& rows) {
  for (const CommandRow& row : rows) {
    SCOPED_TRACE(row.name);
    expect_refusal(row.command, row.code, row.message);
  }
}

TEST(HostileFlag, OfOrdealIsRefused) {
  const BusyPort busy;
  expect_refusals({
      {"no command", {"ordeal"}, kArguments, "a command is missing; allowed: run, sim, check"},
      {"unknown command", {"ordeal", "dance"}, kArguments, "'dance' is no command; allowed: run, sim, check"},
      {"unknown flag", {"ordeal", "run", "--bogus"}, kArguments, "--bogus"},
      {"no nodes", {"ordeal", "run", "--nodes", "0"}, kArguments, "nodes is 0; allowed: 1 to 9"},
      {"unknown bug",
       {"ordeal", "run", "--plant", "R99"},
       kArguments,
       "no planted bug 'R99' in raft; allowed: R1"},
      {"bad duration", {"ordeal", "run", "--time-limit", "banana"}, kArguments, "--time-limit: 'banana'"},
      {"seeds the wrong way round", {"ordeal", "sim", "--seeds", "5..1"}, kArguments, "--seeds is '5..1'"},
      {"unknown bug in the simulator", {"ordeal", "sim", "--plant", "R99"}, kArguments, "R99"},
      {"fault of the simulator alone",
       {"ordeal", "run", "--nemesis", "power"},
       kArguments,
       "faults.random.kinds has power, which is for the simulator alone"},
      {"unknown environment", {"ordeal", "run", "--env", "mars"}, kArguments, "--env: mars not in {local"},
      {"negative number",
       {"ordeal", "run", "--concurrency", "-1"},
       kArguments,
       "--concurrency: is '-1'; allowed: a whole number"},
      {"unknown fault",
       {"ordeal", "run", "--nemesis", "meteor"},
       kArguments,
       "allowed: partition, kill, pause, power, clock, packets, disk, transfer, "
       "members"},
      {"name that leaves the store",
       {"ordeal", "run", "--name", "../x"},
       kArguments,
       "name is '../x'; allowed: "},
      {"no runs",
       {"ordeal", "run", "--test-count", "0"},
       kArguments,
       "--test-count: is '0'; allowed: a whole number, 1 to 10000"},
      {"no such plan",
       {"ordeal", "run", "--plan", "/nonexistent.yaml"},
       kArguments,
       "cannot read plan /nonexistent.yaml: No such file"},
      {"directory for a plan", {"ordeal", "run", "--plan", "/"}, kArguments, "it is a directory"},
      {"unknown topic",
       {"ordeal", "list", "nothing"},
       kArguments,
       "nothing not in {bugs,events,faults,formats"},
      {"open to the world", {"ordeal", "serve", "--address", "0.0.0.0"}, kArguments, "say --allow-remote"},
      {"no address", {"ordeal", "serve", "--address", "banana"}, kArguments, "give one such as 127.0.0.1"},
      {"port beyond 16 bits",
       {"ordeal", "serve", "--port", "70000"},
       kArguments,
       "--port: is '70000'; allowed: a whole number"},
      {"busy port",
       {"ordeal", "serve", "--store", "/tmp", "--port", std::to_string(busy.port())},
       kUnavailable,
       std::to_string(busy.port())},
  });
}

Words node(Words more) {
  Words command = {"ordeal-node",
                   "--cluster",
                   "hostile",
                   "--data",
                   "/proc/nowhere",
                   "--listen",
                   "127.0.0.1:1",
                   "--peer-listen",
                   "127.0.0.1:2",
                   "--peer",
                   "n1=127.0.0.1:2/127.0.0.1:1"};
  command.insert(command.end(), more.begin(), more.end());
  return command;
}

TEST(HostileFlag, OfNodeIsRefused) {
  const TemporaryDirectory directory;
  const std::string unknown = directory.write("unknown.yaml", "warp: 1\n");
  const std::string broken = directory.write("broken.yaml", "{[");
  const BusyPort busy;
  const std::string taken = "127.0.0.1:" + std::to_string(busy.port());
  expect_refusals({
      {"no id", node({}), kArguments, "--id is missing"},
      {"bad id", node({"--id", "zero"}), kArguments, "'zero' is no node name; write n1, n2"},
      {"not among its peers", node({"--id", "n2"}), kArguments, "--peer for n2 itself is missing"},
      {"bad peer", node({"--id", "n1", "--peer", "n2=banana"}), kArguments,
       "write n1=HOST:PEERPORT/HOST:APIPORT"},
      {"voter without address", node({"--id", "n1", "--voter", "n7"}), kArguments,
       "--voter n7 has no --peer"},
      {"unknown bug", node({"--id", "n1", "--plant", "R99"}), kArguments, "R99 is no planted bug of raft"},
      {"bad number", node({"--id", "n1", "--snapshot-every", "lots"}), kArguments,
       "'lots' is no whole number"},
      {"bad duration", node({"--id", "n1", "--heartbeat", "banana"}), kArguments,
       "write 250us, 100ms, 5s or 2m"},
      {"unknown storage", node({"--id", "n1", "--storage", "paper"}), kArguments,
       "not one of rocksdb, memory"},
      {"supervisor without pid file", node({"--id", "n1", "--supervised"}), kArguments,
       "--pid-file is missing"},
      {"unknown key in the file", node({"--id", "n1", "--config", unknown}), kArguments,
       "unknown.yaml:1: unknown setting 'warp'; allowed are id"},
      {"file is not YAML", node({"--id", "n1", "--config", broken}), kArguments, "broken.yaml:1: "},
      {"data directory cannot be made", node({"--id", "n1"}), kUnavailable,
       "cannot make data directory /proc/nowhere"},
      {"busy port",
       {"ordeal-node", "--id", "n1", "--cluster", "hostile", "--storage", "memory", "--data",
        directory.path(), "--listen", taken, "--peer-listen", "127.0.0.1:0", "--peer",
        "n1=127.0.0.1:2/" + taken},
       kUnavailable,
       taken},
  });
}

TEST(HostileFlag, OfAgentIsRefused) {
  const TemporaryDirectory directory;
  const std::string state = directory.path() + "/state";
  const std::string empty = directory.write("empty", "");
  const auto agent = [&](const std::string& peer, const std::string& token_file) {
    return Words{"ordeal-agent", "--node",   "n1",         "--listen",     "127.0.0.1:0",
                 "--token-file", token_file, "--pid-file", "/nonexistent", "--peer",
                 peer,           "--state",  state};
  };
  expect_refusals({
      {"no flags", {"ordeal-agent"}, kArguments, "is missing; see --help"},
      {"unknown flag", {"ordeal-agent", "--bogus"}, kArguments, "--bogus"},
      {"bad peer", agent("n1=banana", empty), kArguments, "'banana' is no IPv4 or IPv6 address"},
      {"peer on loopback", agent("n1=127.0.0.1", empty), kArguments, "127.0.0.1 cannot be a peer's address"},
      {"not among its peers", agent("n2=10.77.0.2", empty), kArguments, "n1 is missing"},
  });
}

// --- Histories ---------------------------------------------------------------------------------------------

constexpr const char* kInvoke =
    R"({"index":0,"time":5,"process":0,"type":"invoke","f":"write","key":"x","value":"1"})"
    "\n";
constexpr const char* kOk =
    R"({"index":1,"time":6,"process":0,"type":"ok","f":"write","key":"x","value":"1"})"
    "\n";

std::string second(const std::string& members) {
  return std::string(kInvoke) + R"({"index":1,"time":6,"key":"x","value":"1",)" + members + "}\n";
}

std::string random_bytes(std::size_t size) {
  std::string bytes;
  std::uint64_t x = 42;
  for (std::size_t i = 0; i < size; ++i) {
    x = x * 6364136223846793005ULL + 1442695040888963407ULL;
    bytes.push_back(static_cast<char>(x >> 56));
  }
  return bytes;
}

TEST(HostileHistory, IsRefusedWithThePlace) {
  struct Row {
    const char* name;
    std::string history;
    const char* message;
  };
  const std::vector<Row> rows = {
      {"malformed JSON", std::string(kInvoke) + "{\"index\":1,\n", "line 2: expected one JSON object"},
      {"missing member", "{\"index\":0,\"time\":1}\n",
       "line 1: \"process\" is missing, expected an integer from 0"},
      {"negative process",
       R"({"index":0,"time":1,"process":-3,"type":"invoke","f":"read","key":"x"})"
       "\n",
       "line 1: \"process\" is -3, expected an integer from 0"},
      {"unknown type", second(R"("process":0,"type":"maybe","f":"write")"),
       "line 2: \"type\" is \"maybe\", expected invoke, ok, fail or info"},
      {"gap in the index",
       std::string(kInvoke) + R"({"index":5,"time":6,"process":0,"type":"ok","f":"write"})"
                              "\n",
       "its index is 5, expected 1"},
      {"time goes back",
       std::string(kInvoke) + R"({"index":1,"time":2,"process":0,"type":"ok","f":"write"})"
                              "\n",
       "operation 1: its time is before that of the operation ahead of it"},
      {"process invokes twice", second(R"("process":0,"type":"invoke","f":"write")"),
       "operation 1: process 0 invokes while its operation 0 is open"},
      {"completion of another f", second(R"("process":0,"type":"ok","f":"read")"),
       "operation 1: process 0 completes read but had invoked write at 0"},
      {"completion of nothing", second(R"("process":7,"type":"ok","f":"write")"),
       "process 7 completes an operation that it did not invoke"},
      {"bad base64",
       R"({"index":0,"time":1,"process":0,"type":"invoke","f":"write","value":{"base64":"***"}})"
       "\n",
       "\"base64\" is not padded base64"},
      {"deep JSON", R"({"index":0,"value":)" + std::string(100'000, '[') + "\n", "too deep"},
      {"deep EDN", std::string(100'000, '(') + "\n", "nested deeper than 64"},
      {"random bytes", random_bytes(4096), "say which, as --format takes it"},
      {"truncated gzip", std::string("\x1f\x8b\x08\0\0\0\0\0\0\x03", 10), "the gzip data ends early"},
  };
  const TemporaryDirectory directory;
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    expect_refusal({"ordeal", "check", directory.write("history", row.history)}, kArguments, row.message);
  }
}

TEST(HostileHistory, FlagOrFileIsRefused) {
  const TemporaryDirectory directory;
  const std::string good = directory.write("good", std::string(kInvoke) + kOk);
  expect_refusals({
      {"no file", {"ordeal", "check"}, kArguments, "path is required"},
      {"no such file", {"ordeal", "check", "/nonexistent"}, kArguments, "/nonexistent: No such file"},
      {"run without a history",
       {"ordeal", "check", directory.path()},
       kArguments,
       "a run's directory, which has a history.jsonl"},
      {"unknown model",
       {"ordeal", "check", good, "--model", "abacus"},
       kArguments,
       "there is no model \"abacus\"; give one of register"},
      {"unknown format",
       {"ordeal", "check", good, "--format", "xml"},
       kArguments,
       "there is no format \"xml\"; give one of jsonl"},
      {"another format",
       {"ordeal", "check", good, "--format", "jepsen-log"},
       kArguments,
       "none of 2 lines is an operation"},
      {"no memory",
       {"ordeal", "check", good, "--memory", "0"},
       kArguments,
       "--memory: is '0'; allowed: a whole number, 1 to"},
  });
}

TEST(HostileHistory, WithNothingToJudgeIsUnknown) {
  const TemporaryDirectory directory;
  expect_refusal({"ordeal", "check", directory.write("empty", "")}, 2,
                 "the history has no operations: nothing was checked");
}

TEST(HostileHistory, TruncatedLastLineIsDroppedWithANote) {
  const TemporaryDirectory directory;
  const std::string file = directory.write("history", std::string(kInvoke) + kOk + "{\"index\":2,\"ti");
  expect_refusal({"ordeal", "check", file}, 0,
                 "line 3 has no newline at its end, as when the writer was killed: dropped");
}

}  // namespace
}  // namespace ordeal::test
