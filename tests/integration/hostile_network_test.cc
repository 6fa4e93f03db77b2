// Hostile bytes at every port of the real programs: each is refused with the documented status or a close,
// and the same process goes on answering. The tables are the list; a new way to go wrong is a new row.

#include "tests/integration/hostile_ground.h"
#include "tests/integration/leftovers.h"

#include "node/host/peer_frame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace ordeal::test {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Rows = std::vector<HostileRow>;

std::string times(std::size_t count, const std::string& text) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) all += text;
  return all;
}

/// As TLS clients begin: a record of type handshake, a hello in it.
std::string tls_hello() {
  std::string bytes("\x16\x03\x01\x00\xc6\x01\x00\x00\xc2\x03\x03", 11);
  for (char c = 0; c < 120; ++c) bytes.push_back(c);
  return bytes;
}

std::string rubbish(std::size_t size) {
  std::string bytes;
  for (std::size_t i = 0; i < size; ++i) bytes.push_back(static_cast<char>(i * 37 + 200));
  return bytes;
}

// --- The node's client port --------------------------------------------------------------------------------

/// A node that leads alone, on RocksDB. Its one peer does not exist.
class NodeUnderTest {
 public:
  /// `before`: a command that runs the one behind it.
  explicit NodeUnderTest(std::vector<std::string> more = {}, std::vector<std::string> before = {}) {
    more.insert(more.end(), {"--voter", "n1", "--election-timeout", "300ms", "--heartbeat", "50ms"});
    std::vector<std::string> command = node_command(1, directory_.path(), ports_, more);
    if (!before.empty()) command[0] = std::string(ORDEAL_BINARY_DIR) + '/' + command[0];
    command.insert(command.begin(), before.begin(), before.end());
    program_ = std::make_unique<Program>(command);
    EXPECT_TRUE(program_->wait_for_text("became-leader", seconds(60)));
  }

  [[nodiscard]] std::uint16_t port() const { return ports_[0]; }
  [[nodiscard]] std::uint16_t peer_port() const { return ports_[1]; }
  [[nodiscard]] Program& program() { return *program_; }
  [[nodiscard]] bool is_healthy() const {
    return status_of(talk(port(), http("GET", "/healthz")).bytes) == 200;
  }
  [[nodiscard]] bool is_well() const {
    return is_healthy() && status_of(talk(port(), http("PUT", "/v1/kv/good", "1")).bytes) == 200;
  }
  /// Whether a row brought through what it had hidden behind something else.
  [[nodiscard]] bool has_key(const std::string& key) const {
    const std::string answer = talk(port(), http("GET", "/v1/kv/" + key)).bytes;
    EXPECT_EQ(status_of(answer), 200) << answer;
    return answer.find("\"value\":null") == std::string::npos;
  }

 private:
  TemporaryDirectory directory_;
  std::vector<std::uint16_t> ports_ = free_ports(4);
  std::unique_ptr<Program> program_;
};

class HostileNetwork : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!enter_private_ground().empty()) GTEST_SKIP() << "SKIPPED, NOT TESTED: " << enter_private_ground();
  }
};

std::string put(const std::string& headers, const std::string& body = "") {
  return http("PUT", "/v1/kv/x", body, headers);
}
std::string txn(const std::string& body) {
  return http("POST", "/v1/txn", body);
}
std::string step(const std::string& members) {
  return txn(R"({"steps":[{)" + members + "}]}");
}
/// A whole request that must never be carried out: it stands where a body is.
const std::string& hidden() {
  static const std::string request = http("PUT", "/v1/kv/hidden", "1");
  return request;
}

Rows bad_requests() {
  return {
      {"unknown path", http("GET", "/v2/nothing"), 404, "no such route; see docs/formats/node-api.md"},
      {"wrong method", http("PATCH", "/v1/kv/x"), 405, "Allow: GET, PUT, DELETE"},
      {"unknown method", http("BREW", "/v1/txn"), 405, "this route takes POST"},
      {"key over the limit", http("GET", "/v1/kv/" + std::string(1025, 'k')), 400,
       "at most 1024 are allowed"},
      {"no key", http("GET", "/v1/kv/"), 400, "a key is empty"},
      {"bad percent-escape", http("GET", "/v1/kv/%zz"), 400, "% needs two hexadecimal digits"},
      {"percent-escape cut off", http("GET", "/v1/kv/a%4"), 400, "the key is not percent-encoded"},
      {"parameter that is no UTF-8", http("PUT", "/v1/kv/x?\xff\xfe=1"), 400,
       "unknown parameter '?'; allowed"},
      {"session without sequence", http("PUT", "/v1/kv/x?session=1", "v"), 400, "come together"},
      {"session that is no number", http("PUT", "/v1/kv/x?session=-1&sequence=1"), 400,
       "'session' must be a whole number"},
      {"value over 1 MiB", http("PUT", "/v1/kv/x", std::string(1024 * 1024 + 1, 'v')), 413,
       "a value has at most 1048576 bytes"},
      {"members nobody knows", http("POST", "/v1/members", R"({"voters":["n9"]})"), 400,
       "n9 has no --peer at this node"},
      {"leadership for nobody", http("POST", "/v1/leadership", R"({"target":5})"), 400,
       "'target' must hold node names: n1, n2"},
  };
}

Rows bad_bodies() {
  return {
      {"no JSON", txn("steps: []"), 400, "the body is no JSON"},
      {"JSON of another shape", txn("[]"), 400, "the body is no JSON object"},
      {"steps of another shape", txn(R"({"steps":5})"), 400, "'steps' must be an array"},
      {"unknown member", txn(R"({"steps":[],"speed":1})"), 400,
       "unknown member 'speed'; allowed are session, sequence, steps"},
      {"missing key", step(R"("op":"get")"), 400, "a step has no 'key'"},
      {"unknown op", step(R"("op":"frob","key":"x")"), 400, "'op' must be get, put, delete, cas or append"},
      {"key over the limit in JSON", step(R"("op":"get","key":")" + std::string(1025, 'k') + '"'), 400,
       "a key has 1025 bytes, at most 1024 are allowed"},
      {"bad base64", step(R"("op":"get","key":{"base64":"@@@"})"), 400, "'key' is no base64"},
      {"invalid UTF-8", step("\"op\":\"get\",\"key\":\"\xff\xfe\""), 400, "the body is no JSON"},
      {"deep JSON", txn(times(100'000, "[")), 400, "too deep"},
      {"something after the JSON", txn(R"({"steps":[{"op":"get","key":"x"}]} more)"), 400, "extra data"},
      {"no steps", txn(R"({"steps":[]})"), 400, "the command has no steps"},
      {"too many steps",
       txn(R"({"steps":[)" + times(128, R"({"op":"get","key":"x"},)") + R"({"op":"get","key":"x"}]})"), 400,
       "129 steps, at most 128 are allowed"},
      {"cas expects a number", step(R"("op":"cas","key":"x","expected":5,"value":"6")"), 400,
       "'expected' must be a string"},
      {"cas by version", step(R"("op":"cas","key":"x","version":"5","value":"6")"), 400,
       "unknown member 'version'; allowed are op, key, expected, value"},
      {"session below 0", txn(R"({"session":-1,"sequence":1,"steps":[{"op":"get","key":"x"}]})"), 400,
       "'session' must be a whole number from 0"},
  };
}

Rows bad_framing() {
  return {
      {"body over the limit, announced", put("Content-Length: 99999999\r\n"), 413,
       "the body is longer than 2097152 bytes"},
      {"body over the limit, chunked",
       put("Transfer-Encoding: chunked\r\n", times(40, "10000\r\n" + std::string(65536, 'x') + "\r\n")), 413,
       "the body is longer than 2097152 bytes"},
      {"body over the limit, asked for first", put("Expect: 100-continue\r\nContent-Length: 99999999\r\n"),
       413, "the body is longer"},
      {"negative length", put("Content-Length: -1\r\n"), 400, "bad Content-Length"},
      {"length that is no number", put("Content-Length: many\r\n"), 400, "bad Content-Length"},
      {"length beyond 64 bits", put("Content-Length: 99999999999999999999\r\n"), 400, "bad Content-Length"},
      {"two lengths", put("Content-Length: 1\r\nContent-Length: 2\r\n", "ab"), 400,
       "multiple Content-Length"},
      {"length, then chunked",
       put("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n" + hidden()), 400,
       "bad Transfer-Encoding"},
      {"chunked, then length",
       put("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n" + hidden()), 400,
       "bad Content-Length"},
      {"coding that is not spoken", put("Transfer-Encoding: gzip\r\n", hidden()), 400,
       "chunked is the only Transfer-Encoding here"},
      {"chunked, but not last", put("Transfer-Encoding: chunked, gzip\r\n", hidden()), 400,
       "chunked is the only Transfer-Encoding here"},
      {"chunk size beyond 64 bits", put("Transfer-Encoding: chunked\r\n", "ffffffffffffffffff\r\n"), 400,
       "bad chunk"},
      {"chunk of 2^64-1 bytes", put("Transfer-Encoding: chunked\r\n", "ffffffffffffffff\r\n"), 413,
       "the body is longer"},
      {"negative chunk", put("Transfer-Encoding: chunked\r\n", "-5\r\n"), 400, "bad chunk"},
      {"chunk longer than it says", put("Transfer-Encoding: chunked\r\n", "3\r\nabcde\r\n"), 400,
       "bad chunk"},
      {"chunk header without end", put("Transfer-Encoding: chunked\r\n", "1;" + std::string(100'000, 'a')),
       431, "the header, or a chunk's, is longer than 8192 bytes"},
      {"trailer without end", put("Transfer-Encoding: chunked\r\n", "0\r\n" + times(50'000, "T: x\r\n")), 431,
       "longer than 8192 bytes"},
      {"header too large", http("GET", "/healthz", "", "X: " + std::string(9000, 'x') + "\r\n"), 431,
       "longer than 8192 bytes"},
      {"too many headers", http("GET", "/healthz", "", times(3000, "A: b\r\n")), 431,
       "longer than 8192 bytes"},
      {"no host", "GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n", 400, "send one Host header"},
      {"two hosts", http("GET", "/healthz", "", "Host: other\r\n"), 400, "send one Host header"},
      {"space before a colon", "GET /healthz HTTP/1.1\r\nHost : a\r\n\r\n", 400, "bad field"},
      {"NUL in the target", std::string("GET /v1/kv/a\0b HTTP/1.1\r\nHost: a\r\n\r\n", 36), 400,
       "bad target"},
      {"NUL in a header", std::string("GET /healthz HTTP/1.1\r\nX: a\0b\r\n\r\n", 33), 400, "bad value"},
      {"good, then bad, then good",
       "PUT /v1/kv/x HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n1rubbish\r\n\r\n" + hidden(), 200,
       "HTTP/1.1 400 Bad Request"},
  };
}

Rows no_http() {
  return {
      {"HTTP/0.9", "GET /healthz\r\n", 400, "speak HTTP/1.1 without TLS"},
      {"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "bad version"},
      {"TLS", tls_hello(), 400, "speak HTTP/1.1 without TLS"},
      {"garbage", rubbish(5000), 400, "speak HTTP/1.1 without TLS"},
      {"zeros", std::string(5000, '\0'), 400, "speak HTTP/1.1 without TLS"},
      {"empty lines", times(100, "\r\n"), 400, "speak HTTP/1.1 without TLS"},
      {"half a header, then gone", "PUT /v1/kv/hidden HT", 0, "", "", true},
      {"half a body, then gone", "PUT /v1/kv/hidden HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n1", 0, "",
       "", true},
      {"nothing, then gone", "", 0, "", "", true},
  };
}

TEST_F(HostileNetwork, ClientsOfTheNodeAreRefused) {
  NodeUnderTest node;
  for (const Rows& rows : {bad_requests(), bad_bodies(), bad_framing(), no_http()}) {
    ASSERT_NO_FATAL_FAILURE(
        expect_refused(node.port(), node.program(), rows, [&] { return node.is_well(); }));
  }
  EXPECT_FALSE(node.has_key("hidden")) << "what stood behind a bad request was carried out";
  expect_clean_end(node.program());
}

TEST_F(HostileNetwork, SlowClientsOfTheNodeAreCutOff) {
  NodeUnderTest node({"--receive-timeout", "1s", "--idle-timeout", "1s"});
  const std::string late = R"("code":"request_timeout","message":"the request did not arrive in time")";
  expect_refused(
      node.port(), node.program(),
      {
          {"nothing is said", "", 0},
          {"half a header", "PUT /v1/kv/x HTTP/1.1\r\nHo", 408, late},
          {"half a body", put("Content-Length: 9\r\n", "1"), 408, late},
          {"half a chunk", put("Transfer-Encoding: chunked\r\n", "9\r\n1"), 408, late},
          {"nothing after the permission to go on", put("Expect: 100-continue\r\nContent-Length: 9\r\n"), 100,
           late},
          {"nothing after a good request", "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", 200, "true"},
      },
      [&] { return node.is_healthy(); });
  expect_clean_end(node.program());
}

TEST_F(HostileNetwork, ClientsBeyondTheLimitAreTold) {
  NodeUnderTest node({"--clients-max", "3"});
  std::vector<std::unique_ptr<Connection>> held;
  for (int i = 0; i < 3; ++i) held.push_back(std::make_unique<Connection>(node.port()));
  const Connection::Received received = talk(node.port(), "");
  EXPECT_TRUE(received.closed);
  EXPECT_THAT(received.bytes, StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(received.bytes, HasSubstr("3 connections are open, no more are taken"));
  // Those that were there first are served all the same.
  held.back()->send(http("GET", "/healthz"));
  EXPECT_EQ(status_of(held.back()->receive().bytes), 200);
  held.clear();
  EXPECT_TRUE(eventually(30, [&] { return node.is_well(); }));
  expect_clean_end(node.program());
}

TEST_F(HostileNetwork, ClientsLeaveFilesForTheNode) {
  NodeUnderTest node({}, {"/usr/bin/prlimit", "--nofile=256:256"});
  EXPECT_TRUE(node.program().wait_for_text("256 files may be open, so 128 clients are taken", seconds(60)));
  std::vector<std::unique_ptr<Connection>> held;
  for (int i = 0; i < 300; ++i) held.push_back(std::make_unique<Connection>(node.port()));
  EXPECT_EQ(status_of(held.back()->receive().bytes), 503);
  held.front()->send(http("PUT", "/v1/kv/x", "1"));
  EXPECT_EQ(status_of(held.front()->receive().bytes), 200);
  held.clear();
  EXPECT_TRUE(eventually(30, [&] { return node.is_well(); }));
  expect_clean_end(node.program());
}

// --- The node's peer port ----------------------------------------------------------------------------------

using host::FrameKind;
using host::Hello;

std::string frame(FrameKind kind, const std::string& payload) {
  Bytes bytes;
  host::append_frame(kind, payload, bytes);
  return bytes;
}
std::string hello(const Hello& hello) {
  return frame(FrameKind::kHello, host::encode(hello));
}
/// `bytes` with those at `place` replaced.
std::string with(std::string bytes, std::size_t place, const std::string& others) {
  return bytes.replace(place, others.size(), others);
}

constexpr std::size_t kVersionPlace = 4;
constexpr std::size_t kKindPlace = 5;
constexpr std::size_t kLengthPlace = 8;
constexpr std::size_t kChecksumPlace = 12;

Rows bad_peers() {
  const std::string good = hello({"hostile", NodeId(2), NodeId(1)});
  const std::string message = frame(FrameKind::kMessage, rubbish(100));
  return {
      {"HTTP", http("GET", "/"), 0, "", "what speaks there is no node: wrong first bytes"},
      {"another version", with(good, kVersionPlace, "\x63"), 0, "",
       "it speaks version 99, this node speaks "},
      {"wrong checksum", with(good, kChecksumPlace, "oops"), 0, "", "the checksum of a frame is wrong"},
      {"another cluster", hello({"other", NodeId(2), NodeId(1)}), 0,
       "n2 is of cluster 'other', n1 is of cluster 'hostile'",
       "n2 is of cluster 'other', n1 is of cluster 'hostile'"},
      {"a cluster that writes into the log", hello({"a\n\x1b[31mb", NodeId(2), NodeId(1)}), 0, "",
       "n2 is of cluster 'a\\x0a\\x1b[31mb'"},
      {"frame cut off, then gone", good.substr(0, good.size() - 3), 0, "", "", true},
      {"frame cut off, then silence", good.substr(0, good.size() - 3), 0, "", "no greeting in time"},
      {"length over the limit", with(good, kLengthPlace, "\xff\xff\xff\xff"), 0, "",
       "a frame of 4294967295 bytes, at most 1024 are allowed here"},
      {"unknown node", hello({"hostile", NodeId(7), NodeId(1)}), 0, "n7 is not among the peers of n1",
       "n7 is not among the peers of n1; give it with --peer"},
      {"our own name", hello({"hostile", NodeId(1), NodeId(1)}), 0, "another process says that it is n1",
       "another process says that it is n1; give each an --id of its own"},
      {"another node's address", hello({"hostile", NodeId(2), NodeId(3)}), 0,
       "n2 looks for n3 and reached n1", "n2 looks for n3 and reached n1: an address is wrong"},
      {"message before the greeting", message, 0, "", "a message before the greeting"},
      {"greeting that does not decode", frame(FrameKind::kHello, "\xff\xff\xff\xffxyz"), 0, "",
       "a greeting does not decode"},
      {"unknown kind", with(good, kKindPlace, "\x4d"), 0, "", "a frame of unknown kind 77"},
      {"two greetings", good + good, 0, "ORDP", "a second greeting"},
      {"message that does not decode", good + message, 0, "ORDP",
       "1 malformed messages so far, the last from n2", true},
      {"long message", good + with(message, kLengthPlace, std::string("\x01\x00\x00\x01", 4)), 0, "ORDP",
       "a frame of 16777217 bytes, at most 16777216 are allowed here"},
  };
}

TEST_F(HostileNetwork, PeersOfTheNodeAreRefused) {
  NodeUnderTest node;
  expect_refused(node.peer_port(), node.program(), bad_peers(), [&] { return node.is_well(); });
  expect_clean_end(node.program());
}

// --- The agent ---------------------------------------------------------------------------------------------

constexpr const char* kToken = "Authorization: Bearer open-sesame\r\n";

std::string ask(const std::string& method, const std::string& target, const std::string& body = "",
                const std::string& headers = "") {
  return http(method, target, body, kToken + headers);
}
std::string fault(const std::string& members, const std::string& id = "f1") {
  return ask("PUT", "/faults/" + id, '{' + members + '}');
}
std::string probe(const std::string& body) {
  return ask("POST", "/probe", body);
}

Rows bad_commands() {
  const std::string ttl = "ttl_ms must be an integer from 1000 to 600000";
  const std::string id = "a fault's id is 1 to 64 of A-Z a-z 0-9 . _ -";
  const std::string kill = R"("kind":"kill","ttl_ms":9000)";
  const std::string cut = R"("kind":"partition","ttl_ms":9000)";
  return {
      {"no token", http("GET", "/faults"), 401, "send the header Authorization: Bearer TOKEN"},
      {"wrong token", http("DELETE", "/faults", "", "Authorization: Bearer open-sesamE\r\n"), 401,
       "Bearer TOKEN"},
      {"token and more", http("DELETE", "/faults", "", "Authorization: Bearer open-sesame2\r\n"), 401,
       "TOKEN"},
      {"token of another scheme", http("GET", "/faults", "", "Authorization: Basic open-sesame\r\n"), 401,
       "Bearer"},
      {"no token, long body", http("PUT", "/faults/f1", "", "Content-Length: 9999999\r\n"), 401,
       "Bearer TOKEN"},
      {"unknown fault", fault(R"("kind":"meteor","ttl_ms":9000)"), 400,
       "kind must be partition, kill or pause, not meteor"},
      {"no fault", fault(R"("ttl_ms":9000)"), 400, "kind is missing"},
      {"fault id with a space", fault(kill, "a%20b"), 400, id},
      {"fault id that leaves", fault(kill, "../x"), 400, id},
      {"fault id of 65", fault(kill, std::string(65, 'a')), 400, id},
      {"no fault id", fault(kill, ""), 400, id},
      {"lease of 0", fault(R"("kind":"kill","ttl_ms":0)"), 400, ttl},
      {"lease below 0", fault(R"("kind":"kill","ttl_ms":-1)"), 400, ttl},
      {"lease too long", fault(R"("kind":"kill","ttl_ms":600001)"), 400, ttl},
      {"lease beyond 63 bits", fault(R"("kind":"kill","ttl_ms":18446744073709551615)"), 400, ttl},
      {"lease that is text", fault(R"("kind":"kill","ttl_ms":"9s")"), 400, ttl},
      {"lease renewed with 0", ask("POST", "/lease", R"({"ttl_ms":0})"), 400, ttl},
      {"unknown member", fault(kill + R"(,"force":true)"), 400, "unknown member force"},
      {"member of another fault", fault(kill + R"(,"drop_from":["n2"])"), 400, "unknown member drop_from"},
      {"partition by address", fault(cut + R"(,"drop_from":["10.0.0.1; iptables -F"])"), 400,
       "drop_from names 10.0.0.1; iptables -F, which is no other member; the others are n2"},
      {"partition from itself", fault(cut + R"(,"drop_from":["n1"])"), 400, "the others are n2"},
      {"partition from nobody", fault(cut + R"(,"drop_from":[])"), 400,
       "drop_from must name at least one member"},
      {"kill where no replica is", fault(kill), 409, "no supervised node here"},
      {"removal of what is not there", ask("DELETE", "/faults/nobody"), 200, R"("state":"absent")"},
      {"probe of rubbish", probe("rubbish"), 400, "this is not JSON"},
      {"unknown probe", probe(R"({"kind":"telepathy"})"), 400,
       "kind must be reach, emit, collect or process"},
      {"probe of strangers", probe(R"({"kind":"collect","nonce":1,"expect_from":["n9"]})"), 400,
       "expect_from names n9, which is no other member"},
      {"probe by the thousand", probe(R"({"kind":"reach","count":100000})"), 400,
       "count must be an integer from 1 to 100"},
      {"probe that is no UTF-8", probe("{\"kind\":\"\xff\"}"), 400, "this is not JSON"},
      {"deep probe", probe(times(60'000, "[")), 400, "too deep"},
      {"unknown path", ask("GET", "/etc/passwd"), 404, "see docs/formats/agent-api.md"},
      {"path that is no UTF-8", ask("GET", "/\xff\xfe"), 404, "there is no /\?\?; see docs"},
      {"wrong method", ask("PATCH", "/faults"), 405, "/faults takes GET, DELETE, not PATCH"},
      {"body over the limit, announced", ask("PUT", "/faults/f1", "", "Content-Length: 65537\r\n"), 413,
       "a body has at most 65536 bytes"},
      {"body over the limit, chunked",
       ask("PUT", "/faults/f1", times(5, "4000\r\n" + std::string(0x4000, 'x') + "\r\n"),
           "Transfer-Encoding: chunked\r\n"),
       413, "a body has at most 65536 bytes"},
      {"coding that is not spoken", ask("DELETE", "/faults", "x", "Transfer-Encoding: gzip\r\n"), 400,
       "chunked is the only Transfer-Encoding here"},
      {"length and chunked",
       ask("DELETE", "/faults", "0\r\n\r\n", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), 400,
       "bad Transfer-Encoding"},
      {"header too large", ask("GET", "/faults", "", "X: " + std::string(9000, 'x') + "\r\n"), 431,
       "a header has at most 8192 bytes"},
      {"TLS", tls_hello(), 400, "speak HTTP/1.1 without TLS"},
      {"garbage", rubbish(5000), 400, "speak HTTP/1.1 without TLS"},
      {"half a header, then gone", "GET /fau", 400, "partial message", "", true},
  };
}

/// The rules of this network namespace, without chains and counters.
std::string rules() {
  std::string all;
  for (const char* program : {"/usr/sbin/iptables", "/usr/sbin/ip6tables"}) {
    const Finished listed = run_program({program, "-S", "INPUT"});
    EXPECT_EQ(listed.exit_code, 0) << listed.err;
    all += listed.out;
  }
  return all;
}

TEST_F(HostileNetwork, CommandersOfTheAgentAreRefused) {
  // Somebody else's rule, which must be there at the end as it was at the beginning.
  EXPECT_EQ(run_program({"/usr/sbin/iptables", "-A", "INPUT", "-s", "10.99.0.9", "-j", "DROP"}).exit_code, 0);
  const std::string before = rules();
  const TemporaryDirectory directory;
  const std::uint16_t port = free_ports(1)[0];
  Program agent({"ordeal-agent", "--node", "n1", "--listen", "127.0.0.1:" + std::to_string(port),
                 "--token-file", directory.write("token", "open-sesame\n"), "--pid-file",
                 directory.path() + "/nobody", "--state", directory.path() + "/state", "--peer",
                 "n1=10.77.0.1", "--peer", "n2=10.77.0.2"});
  ASSERT_TRUE(agent.wait_for_text("listens on", seconds(60)));
  // Well is who answers, and has put nothing in force.
  expect_refused(port, agent, bad_commands(), [&] {
    const std::string faults = talk(port, ask("GET", "/faults")).bytes;
    return status_of(faults) == 200 && faults.find(R"("faults":[])") != std::string::npos &&
           rules() == before;
  });
  EXPECT_EQ(status_of(talk(port, fault(R"("kind":"partition","ttl_ms":9000,"drop_from":["n2"])")).bytes),
            200);
  EXPECT_NE(rules(), before);
  expect_clean_end(agent);
  EXPECT_EQ(rules(), before);
}

}  // namespace
}  // namespace ordeal::test
