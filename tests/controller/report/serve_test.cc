// The server on real loopback sockets: what the pure handler cannot show.

#include "controller/report/serve.h"

#include "controller/report/files.h"
#include "tests/controller/report/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <thread>

namespace ordeal::report {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

/// A connection that sends bytes as they are and reads until the server closes.
class Connection {
 public:
  explicit Connection(std::uint16_t port) : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval patience{20, 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    connected_ = ::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { ::close(descriptor_); }

  [[nodiscard]] bool connected() const { return connected_; }
  void send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  [[nodiscard]] std::string read_all() const {
    std::string out;
    char buffer[4096];
    for (ssize_t size = 1; size > 0;) {
      size = ::recv(descriptor_, buffer, sizeof buffer, 0);
      if (size > 0) out.append(buffer, static_cast<std::size_t>(size));
    }
    return out;
  }

 private:
  int descriptor_;
  bool connected_ = false;
};

class Serve : public ::testing::Test {
 protected:
  void start(const ServeLimits& limits = {}) {
    auto server = Server::listen({.store = temporary_.path(), .port = 0}, limits);
    ASSERT_TRUE(server.ok()) << server.error().message;
    server_ = std::move(server).value();
    thread_ = std::thread([this] { server_->run(); });
  }
  ~Serve() override {
    if (server_) server_->stop();
    if (thread_.joinable()) thread_.join();
  }

  std::string exchange(std::string_view request) const {
    const Connection connection(server_->port());
    connection.send(request);
    return connection.read_all();
  }
  std::string get(const std::string& path) const {
    return exchange("GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
  }

  TemporaryDirectory temporary_;
  std::unique_ptr<Server> server_;
  std::thread thread_;
};

TEST_F(Serve, AnswersOverHttp) {
  start();
  const std::string answer = get("/healthz");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("X-Content-Type-Options: nosniff\r\n"));
  EXPECT_TRUE(answer.ends_with("\r\n\r\nok\n")) << answer;
}

TEST_F(Serve, SendsAFileWholeAndItsHeadWithoutABody) {
  std::filesystem::create_directories(temporary_.path() / "a" / "t" / "nodes");
  const std::string content(300'000, 'x');
  ASSERT_TRUE(replace_file(temporary_.path() / "a" / "t" / "nodes" / "big.log", content).ok());
  start();
  const std::string answer = get("/runs/a/t/nodes/big.log");
  EXPECT_THAT(answer, HasSubstr("Content-Length: 300000\r\n"));
  EXPECT_TRUE(answer.ends_with("\r\n\r\n" + content));
  const std::string head =
      exchange("HEAD /runs/a/t/nodes/big.log HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(head, HasSubstr("Content-Length: 300000\r\n"));
  EXPECT_TRUE(head.ends_with("\r\n\r\n")) << head.size();
}

TEST_F(Serve, KeepsAConnectionForSeveralRequests) {
  start();
  const std::string two = exchange(
      "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
      "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_NE(two.find("HTTP/1.1 200"), two.rfind("HTTP/1.1 200"));
}

TEST_F(Serve, RefusesWhatIsTooLargeOrNoHttp) {
  start();
  EXPECT_THAT(exchange("GET / HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(9'000, 'x') + "\r\n\r\n"),
              StartsWith("HTTP/1.1 431"));
  EXPECT_THAT(exchange("GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\n"),
              StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(exchange("complete nonsense\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(exchange("POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 405"));
  EXPECT_THAT(get("/healthz"), StartsWith("HTTP/1.1 200")) << "the server goes on";
}

TEST_F(Serve, ClosesAConnectionThatSaysNothing) {
  start({.idle_max = milliseconds(50)});
  EXPECT_EQ(exchange(""), "");
  EXPECT_EQ(exchange("GET / HT"), "");
}

TEST_F(Serve, TurnsConnectionsAboveTheLimitAway) {
  start({.connections_max = 2});
  const Connection first(server_->port());
  const Connection second(server_->port());
  // Both are taken for sure once both were answered.
  for (const Connection* connection : {&first, &second})
    connection->send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const Connection third(server_->port());
  EXPECT_THAT(third.read_all(), StartsWith("HTTP/1.1 503"));
}

TEST_F(Serve, ABusyPortIsSaidClearly) {
  start();
  const auto second = Server::listen({.store = temporary_.path(), .port = server_->port()});
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::kResourceExhausted);
  EXPECT_THAT(second.error().message, HasSubstr("is taken; choose another with --port"));
}

TEST(ServeOptions, OtherMachinesAreKeptOutUnlessAllowed) {
  for (const std::string address : {"0.0.0.0", "::", "192.0.2.1"}) {
    const auto server = Server::listen({.store = "/nowhere", .address = address, .port = 0});
    ASSERT_FALSE(server.ok()) << address;
    EXPECT_EQ(server.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(server.error().message, HasSubstr("--allow-remote"));
  }
  EXPECT_TRUE(
      Server::listen({.store = "/nowhere", .address = "0.0.0.0", .port = 0, .allow_remote = true}).ok());
}

TEST(ServeOptions, WhatIsNoAddressIsSaidClearly) {
  EXPECT_THAT(Server::listen({.store = "/nowhere", .address = "nonsense"}).error().message,
              HasSubstr("'nonsense' is no address"));
  const auto server = Server::listen({.store = "/nowhere", .address = "localhost", .port = 0});
  ASSERT_TRUE(server.ok());
  EXPECT_THAT((*server)->url(), StartsWith("http://127.0.0.1:"));
}

TEST(ServeSignals, StopsOnSigterm) {
  const TemporaryDirectory temporary;
  const Status status = serve({.store = temporary.path(), .port = 0}, [](const std::string& url) {
    EXPECT_THAT(url, StartsWith("http://127.0.0.1:"));
    ::kill(::getpid(), SIGTERM);
  });
  EXPECT_TRUE(status.ok());
}

}  // namespace
}  // namespace ordeal::report
