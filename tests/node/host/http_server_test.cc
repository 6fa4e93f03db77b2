// The server inside this process, with a handler that answers when the test says so.

#include "node/host/http_server.h"
#include "tests/node/host/cluster.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <boost/asio/io_context.hpp>

#include <chrono>

namespace ordeal::host {
namespace {

/// Keeps the tokens of the requests and answers nothing.
class Silent : public HttpHandler {
 public:
  void handle(ClientToken token, Call /*call*/) override { tokens.push_back(token); }
  void answered(Route /*route*/, const HttpAnswer& /*answer*/, Duration /*length*/) override {}

  std::vector<ClientToken> tokens;
};

class HttpServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    HttpServerOptions options;
    options.listen = {"127.0.0.1", port};
    auto made = make_http_server(io, options, handler);
    ASSERT_TRUE(made.ok()) << made.error().message;
    server = *std::move(made);
  }
  void TearDown() override {
    if (server) server->stop();
    io.run_for(std::chrono::seconds(1));
  }

  /// A new connection with a request under way; its descriptor.
  int ask() {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    EXPECT_EQ(::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    constexpr std::string_view kRequest = "GET /v1/status HTTP/1.1\r\nHost: n1\r\n\r\n";
    EXPECT_EQ(::send(socket, kRequest.data(), kRequest.size(), 0), static_cast<ssize_t>(kRequest.size()));
    const std::size_t before = handler.tokens.size();
    until([&] { return handler.tokens.size() > before; });
    return socket;
  }
  template <class Condition>
  void until(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!condition()) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline);
      io.run_one_for(std::chrono::milliseconds(100));
    }
  }

  std::uint16_t port = free_ports(1)[0];
  boost::asio::io_context io;
  Silent handler;
  std::unique_ptr<HttpServer> server;
};

// Two answers to one request: the second must not reach the client that came after in the same place.
TEST_F(HttpServerTest, LateAnswerDoesNotReachTheNextConnection) {
  const int first = ask();
  server->answer(handler.tokens.at(0), HttpContent{"in time"});
  ::close(first);
  until([&] { return server->connections() == 0; });
  const int second = ask();
  EXPECT_NE(handler.tokens.at(1), handler.tokens.at(0));
  server->answer(handler.tokens.at(0), HttpContent{"too late"});
  char byte = 0;
  EXPECT_EQ(::recv(second, &byte, 1, MSG_DONTWAIT), -1);
  EXPECT_EQ(server->working(), 1U);
  ::close(second);
}

}  // namespace
}  // namespace ordeal::host
