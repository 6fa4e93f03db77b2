// Bad input of every kind to a real process: each gives a clear answer, and the node goes on.

#include "tests/node/host/cluster.h"

#include "node/host/peer_frame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>

namespace ordeal::host {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class HostileTest : public ::testing::Test {
 protected:
  HostileTest() {
    cluster.start_all();
    static_cast<void>(cluster.leader());
  }
  ~HostileTest() override { EXPECT_EQ(http(cluster.port(1), "GET", "/healthz").status, 200); }

  Cluster cluster{1, {"--storage", "memory"}};
};

TEST_F(HostileTest, OversizedHeaderIs431) {
  EXPECT_THAT(
      raw(cluster.port(1), "GET / HTTP/1.1\r\nHost: n1\r\nX: " + std::string(10'000, 'x') + "\r\n\r\n"),
      StartsWith("HTTP/1.1 431"));
}

TEST_F(HostileTest, OversizedBodyIs413AlsoWhenItIsSent) {
  const std::string body(3'000'000, 'x');
  EXPECT_THAT(
      raw(cluster.port(1), "PUT /v1/kv/x HTTP/1.1\r\nHost: n1\r\nContent-Length: 3000000\r\n\r\n" + body),
      StartsWith("HTTP/1.1 413"));
}

TEST_F(HostileTest, ValueOverAMegabyteIs413) {
  EXPECT_EQ(cluster.put(1, "x", std::string(1024 * 1024 + 1, 'x')).status, 413);
}

TEST_F(HostileTest, ValueOfAMegabyteIsTaken) {
  EXPECT_EQ(cluster.put(1, "x", std::string(1024 * 1024, 'x')).status, 200);
}

TEST_F(HostileTest, GarbageIs400AndClosed) {
  EXPECT_THAT(raw(cluster.port(1), std::string("\x16\x03\x01\x02 tls hello\r\n\r\n")),
              StartsWith("HTTP/1.1 400"));
}

TEST_F(HostileTest, SlowClientIs408) {
  const std::string answer =
      raw(cluster.port(1), "PUT /v1/kv/x HTTP/1.1\r\nHost: n1\r\nContent-Length: 100\r\n\r\nonly this");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 408"));
  EXPECT_THAT(answer, HasSubstr(R"("outcome":"definite")"));
}

TEST_F(HostileTest, PipelinedRequestsAreAnsweredInOrder) {
  std::string requests;
  for (int i = 0; i < 50; ++i) {
    requests += "PUT /v1/kv/p HTTP/1.1\r\nHost: n1\r\nContent-Length: 2\r\n\r\n" + std::to_string(10 + i);
    requests += "GET /v1/kv/p HTTP/1.1\r\nHost: n1\r\n\r\n";
  }
  requests += "GET /healthz HTTP/1.1\r\nHost: n1\r\nConnection: close\r\n\r\n";
  const std::string answers = raw(cluster.port(1), requests);
  std::size_t at = 0;
  for (int i = 0; i < 50; ++i) {
    at = answers.find("\"value\":\"" + std::to_string(10 + i) + "\"", at);
    ASSERT_NE(at, std::string::npos) << i;
  }
  EXPECT_THAT(answers.substr(at), HasSubstr(R"({"ok":true})"));
}

TEST_F(HostileTest, TruncatedRequestThenCloseHarmsNobody) {
  EXPECT_THAT(raw(cluster.port(1), "PUT /v1/kv/x HT", std::chrono::milliseconds(50)), IsEmpty());
}

TEST_F(HostileTest, GarbageAtThePeerPortIsClosed) {
  EXPECT_THAT(raw(cluster.peer_port(1), "GET / HTTP/1.1\r\nHost: n1\r\n\r\n"), IsEmpty());
  EXPECT_TRUE(cluster.program(1).wait_for_text("wrong first bytes", std::chrono::seconds(10)));
}

TEST_F(HostileTest, TruncatedFrameIsClosedInTime) {
  Bytes frame;
  append_frame(FrameKind::kHello, encode(Hello{"test", NodeId(2), NodeId(1)}), frame);
  EXPECT_THAT(raw(cluster.peer_port(1), frame.substr(0, frame.size() - 3)), IsEmpty());
  EXPECT_TRUE(cluster.program(1).wait_for_text("no greeting in time", std::chrono::seconds(10)));
}

TEST_F(HostileTest, PeerOfAnotherClusterIsRefusedByName) {
  Bytes frame;
  append_frame(FrameKind::kHello, encode(Hello{"other", NodeId(2), NodeId(1)}), frame);
  EXPECT_THAT(raw(cluster.peer_port(1), frame), HasSubstr("n2 is of cluster 'other'"));
  EXPECT_TRUE(cluster.program(1).wait_for_text("n2 is of cluster 'other'", std::chrono::seconds(10)));
}

TEST_F(HostileTest, PeerOfAnotherVersionIsRefused) {
  Bytes frame;
  append_frame(FrameKind::kHello, encode(Hello{"test", NodeId(2), NodeId(1)}), frame);
  frame[4] = 9;
  EXPECT_THAT(raw(cluster.peer_port(1), frame), IsEmpty());
  EXPECT_TRUE(cluster.program(1).wait_for_text("it speaks version 9", std::chrono::seconds(10)));
}

TEST_F(HostileTest, PeerThatIsNotAMemberIsRefused) {
  Bytes frame;
  append_frame(FrameKind::kHello, encode(Hello{"test", NodeId(2), NodeId(1)}), frame);
  EXPECT_THAT(raw(cluster.peer_port(1), frame), HasSubstr("n2 is not among the peers"));
}

// --- Starting

TEST(HostileStart, BusyPortIsOneLineAnd255) {
  Cluster cluster(1, {"--storage", "memory"});
  cluster.start_all();
  static_cast<void>(cluster.leader());
  const test::Finished second = test::run_program(cluster.command(1));
  EXPECT_EQ(second.exit_code, 255);
  EXPECT_THAT(second.err,
              HasSubstr("cannot listen for clients on 127.0.0.1:" + std::to_string(cluster.port(1))));
}

TEST(HostileStart, UnknownPlantAndProtocolAre254) {
  const Cluster cluster(1, {"--storage", "memory"});
  EXPECT_EQ(test::run_program(cluster.command(1, {"--plant", "R99"})).exit_code, 254);
  const test::Finished protocol = test::run_program(cluster.command(1, {"--protocol", "zab"}));
  EXPECT_EQ(protocol.exit_code, 254);
  EXPECT_THAT(protocol.err, HasSubstr("zab"));
}

TEST(HostileStart, BadFlagIs254AlsoUnderASupervisor) {
  const Cluster cluster(1);
  const test::Finished finished = test::run_program(
      cluster.command(1, {"--supervised", "--pid-file", cluster.directory() + "/pid", "--plant", "R99"}));
  EXPECT_EQ(finished.exit_code, 254);
  EXPECT_THAT(finished.err, HasSubstr("R99"));
}

TEST(HostileStart, HeartbeatThatIsTooLongIs254) {
  const Cluster cluster(1, {"--storage", "memory"});
  auto command = cluster.command(1, {});
  for (std::string& word : command) {
    if (word == "50ms") word = "5s";
  }
  EXPECT_EQ(test::run_program(command).exit_code, 254);
}

TEST(HostileStart, DataOfAnotherNodeIs254) {
  Cluster cluster(2);
  cluster.start(1);
  ASSERT_TRUE(eventually([&] { return cluster.status(1).status == 200; }));
  EXPECT_EQ(cluster.stop(1).exit_code, 0);
  std::filesystem::rename(cluster.directory() + "/n1", cluster.directory() + "/n2");
  const test::Finished finished = test::run_program(cluster.command(2));
  EXPECT_EQ(finished.exit_code, 254);
  EXPECT_THAT(finished.err, HasSubstr("belongs to test/n1"));
}

TEST(HostileStart, DamagedDataIs3) {
  Cluster cluster(1);
  cluster.start(1);
  static_cast<void>(cluster.leader());
  ASSERT_TRUE(eventually([&] { return cluster.put(1, "x", std::string(1000, 'x')).status == 200; }));
  cluster.kill(1);
  for (const auto& entry : std::filesystem::directory_iterator(cluster.directory() + "/n1")) {
    if (entry.path().extension() != ".log" || entry.file_size() == 0) continue;
    std::fstream stream(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    stream.seekp(100);
    stream << "damage damage damage";
  }
  const test::Finished finished = test::run_program(cluster.command(1));
  EXPECT_EQ(finished.exit_code, 3);
  EXPECT_THAT(finished.err, HasSubstr("is damaged"));
}

TEST(HostileStart, DiskWithoutRoomAnswers507AndReadsGoOn) {
  // No disk has so much room.
  Cluster cluster(1, {"--disk-reserve-mib", "1000000000"});
  cluster.start_all();
  static_cast<void>(cluster.leader());
  const HttpReply put = cluster.put(1, "x", "1");
  EXPECT_EQ(put.status, 507);
  EXPECT_EQ(text_at(put.body, {"error", "outcome"}), "definite");
  EXPECT_TRUE(eventually([&] { return cluster.get(1, "x").status == 200; }));
}

}  // namespace
}  // namespace ordeal::host
