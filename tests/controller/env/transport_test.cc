// The transport against servers on loopback that misbehave on purpose. What counts is `sent`: false only when
// surely not one byte of the request left, since the client then calls the operation failed.

#include "controller/env/transport.h"

#include "controller/env/clocks.h"
#include "controller/env/fd.h"
#include "tests/controller/env/loopback.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace ordeal::env {
namespace {

using testing::HasSubstr;

enum class Answer { kWhole, kRedirect, kCloseUnanswered, kCloseHalfway, kNever };

/// Answers the requests that it gets, in order, as the script says; the last entry holds for all later ones.
class Server {
 public:
  explicit Server(std::vector<Answer> script) : script_(std::move(script)) {
    std::array<int, 2> fds{};
    EXPECT_EQ(::pipe2(fds.data(), O_CLOEXEC), 0);
    stop_read_ = Fd(fds[0]);
    stop_write_ = Fd(fds[1]);
    thread_ = std::thread([this] { serve(); });
  }
  ~Server() {
    stop_write_.close();
    thread_.join();
  }

  [[nodiscard]] std::string url(const std::string& target = "/") const {
    return "http://127.0.0.1:" + std::to_string(listener_.port) + target;
  }
  [[nodiscard]] int requests() const { return requests_; }
  [[nodiscard]] int connections() const { return connections_; }
  /// Of the last request. Requires: it has been answered.
  [[nodiscard]] const std::string& last_head() const { return last_head_; }

 private:
  struct Connection {
    Fd fd;
    std::string input;
  };

  void serve() {
    std::vector<Connection> open;
    for (;;) {
      std::vector<pollfd> fds{{stop_read_.get(), POLLIN, 0}, {listener_.socket.get(), POLLIN, 0}};
      for (const Connection& connection : open) fds.push_back({connection.fd.get(), POLLIN, 0});
      ::poll(fds.data(), fds.size(), -1);
      if (fds[0].revents != 0) return;
      for (std::size_t i = open.size(); i-- > 0;) {
        if (fds[i + 2].revents != 0 && !read_from(open[i])) open.erase(open.begin() + static_cast<long>(i));
      }
      if (fds[1].revents != 0) {
        open.push_back({Fd(::accept4(listener_.socket.get(), nullptr, nullptr, SOCK_CLOEXEC)), {}});
        ++connections_;
      }
    }
  }

  /// False: the connection is to be closed.
  bool read_from(Connection& connection) {
    std::array<char, 4096> buffer{};
    const ssize_t n = ::read(connection.fd.get(), buffer.data(), buffer.size());
    if (n <= 0) return false;
    connection.input.append(buffer.data(), static_cast<std::size_t>(n));
    const std::size_t end = connection.input.find("\r\n\r\n");
    if (end == std::string::npos) return true;
    const std::size_t length_at = connection.input.find("Content-Length: ");
    const std::size_t length =
        length_at == std::string::npos ? 0 : std::stoul(connection.input.substr(length_at + 16));
    if (connection.input.size() < end + 4 + length) return true;
    last_head_ = connection.input.substr(0, end);
    connection.input.clear();
    return answer(connection);
  }

  bool answer(const Connection& connection) {
    const auto number = static_cast<std::size_t>(requests_++);
    switch (script_[std::min(number, script_.size() - 1)]) {
      case Answer::kWhole:
        return write_to(connection, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
      case Answer::kRedirect:
        return write_to(connection,
                        "HTTP/1.1 307 X\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
      case Answer::kCloseHalfway:
        write_to(connection, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe");
        return false;
      case Answer::kCloseUnanswered:
        return false;
      case Answer::kNever:
        return true;
    }
    return false;
  }

  static bool write_to(const Connection& connection, const std::string& text) {
    return ::send(connection.fd.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(text.size());
  }

  std::vector<Answer> script_;
  Listener listener_ = listen_on_loopback();
  Fd stop_read_;
  Fd stop_write_;
  std::atomic<int> requests_{0};
  std::atomic<int> connections_{0};
  std::string last_head_;
  std::thread thread_;
};

HttpRequest post(const std::string& url, Duration timeout = seconds(20)) {
  HttpRequest request;
  request.method = "POST";
  request.url = url;
  request.body = R"({"steps":[]})";
  request.timeout = timeout;
  return request;
}

HttpAnswer run(Transport& transport, HttpRequest request) {
  std::optional<HttpAnswer> answer;
  transport.start(std::move(request), [&](HttpAnswer got) { answer = std::move(got); });
  const MonotonicTime limit = monotonic_now() + seconds(30);
  while (!answer && monotonic_now() < limit) transport.wait(limit);
  EXPECT_TRUE(answer.has_value()) << "no callback";
  return answer.value_or(HttpAnswer{});
}

/// A port on which nobody listens.
std::string refused_url() {
  const Fd probe(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(::bind(probe.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(::getsockname(probe.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  return "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/";
}

TEST(Transport, DeliversAnAnswer) {
  Server server({Answer::kWhole});
  Transport transport;
  HttpRequest request = post(server.url("/v1/txn?x=%20y"));
  request.bearer_token = "secret";
  const HttpAnswer answer = run(transport, std::move(request));
  EXPECT_TRUE(answer.answered);
  EXPECT_TRUE(answer.sent);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "hello");
  EXPECT_THAT(server.last_head(), HasSubstr("POST /v1/txn?x=%20y HTTP/1.1\r\n"));
  EXPECT_THAT(server.last_head(), HasSubstr("Authorization: Bearer secret"));
}

TEST(Transport, KeepsTheConnectionToAnEndpoint) {
  Server server({Answer::kWhole});
  Transport transport;
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(run(transport, post(server.url())).answered);
  EXPECT_EQ(server.connections(), 1);
}

TEST(Transport, LeavesRedirectsToTheClient) {
  Server server({Answer::kRedirect});
  Transport transport;
  const HttpAnswer answer = run(transport, post(server.url()));
  EXPECT_TRUE(answer.answered);
  EXPECT_EQ(answer.status, 307);
}

TEST(TransportSent, IsFalseWhenTheConnectionIsRefused) {
  Transport transport;
  const HttpAnswer answer = run(transport, post(refused_url()));
  EXPECT_FALSE(answer.answered);
  EXPECT_FALSE(answer.sent);
  EXPECT_FALSE(answer.reason.empty());
}

TEST(TransportSent, IsFalseWhenThereIsNoSuchHost) {
  Transport transport;
  const HttpAnswer answer = run(transport, post("http://no-such-host.invalid/"));
  EXPECT_FALSE(answer.answered);
  EXPECT_FALSE(answer.sent);
}

struct Row {
  const char* name;
  std::vector<Answer> script;  ///< the last one is for the request that is judged
};

class TransportSentTrue : public testing::TestWithParam<Row> {};

TEST_P(TransportSentTrue, AndTheRequestIsNotRepeated) {
  const Row& row = GetParam();
  Server server(row.script);
  Transport transport;
  for (std::size_t i = 1; i < row.script.size(); ++i)
    ASSERT_TRUE(run(transport, post(server.url())).answered);
  const HttpAnswer answer = run(transport, post(server.url(), milliseconds(500)));
  EXPECT_FALSE(answer.answered);
  EXPECT_TRUE(answer.sent);
  EXPECT_FALSE(answer.reason.empty());
  EXPECT_TRUE(answer.body.empty());
  EXPECT_EQ(server.requests(), static_cast<int>(row.script.size()));
}

INSTANTIATE_TEST_SUITE_P(
    Endings, TransportSentTrue,
    testing::Values(Row{"ClosedOnAFreshConnection", {Answer::kCloseUnanswered}},
                    // libcurl repeats this one by itself unless it is kept from it.
                    Row{"ClosedOnAReusedConnection", {Answer::kWhole, Answer::kCloseUnanswered}},
                    Row{"ClosedHalfway", {Answer::kCloseHalfway}},
                    Row{"ClosedHalfwayOnAReusedConnection", {Answer::kWhole, Answer::kCloseHalfway}},
                    Row{"TimedOut", {Answer::kNever}},
                    Row{"TimedOutOnAReusedConnection", {Answer::kWhole, Answer::kNever}}),
    [](const auto& row) { return row.param.name; });

// 1. A request is answered; its connection is kept. 2. The server goes, so that nobody listens any more. 3.
// The next request finds the kept connection dead before sending and meets a refusal: nothing was sent.
TEST(TransportSent, IsFalseWhenAKeptConnectionDiedBeforeAndTheServerIsGone) {
  Transport transport;
  std::string url;
  {
    Server server({Answer::kWhole});
    url = server.url();
    ASSERT_TRUE(run(transport, post(url)).answered);
  }
  const HttpAnswer answer = run(transport, post(url));
  EXPECT_FALSE(answer.answered);
  EXPECT_FALSE(answer.sent);
}

TEST(Transport, CancelsWithoutACallbackAndDropsTheConnection) {
  Server server({Answer::kNever, Answer::kWhole});
  Transport transport;
  bool called = false;
  const Transport::Id id = transport.start(post(server.url()), [&](HttpAnswer) { called = true; });
  while (server.requests() == 0) transport.wait(monotonic_now() + milliseconds(5));
  transport.cancel(id);
  EXPECT_EQ(transport.open(), 0u);
  EXPECT_TRUE(run(transport, post(server.url())).answered);
  EXPECT_FALSE(called);
  EXPECT_EQ(server.connections(), 2);
}

TEST(Transport, LetsACallbackCancelAnotherThatEndedWithIt) {
  Server server({Answer::kWhole});
  Transport transport;
  int called = 0;
  std::array<Transport::Id, 2> ids{};
  for (std::size_t i = 0; i < 2; ++i) {
    ids[i] = transport.start(post(server.url()), [&, i](HttpAnswer) {
      ++called;
      transport.cancel(ids[1 - i]);
    });
  }
  const MonotonicTime limit = monotonic_now() + seconds(10);
  while (transport.open() > 0 && monotonic_now() < limit) transport.wait(limit);
  EXPECT_GE(called, 1);
  EXPECT_EQ(transport.open(), 0u);
}

TEST(Transport, WaitsUntilTheInstantAndNoLonger) {
  Transport transport;
  const MonotonicTime until = monotonic_now() + milliseconds(20);
  transport.wait(until);
  EXPECT_GE(monotonic_now(), until);
}

TEST(Transport, SleepsAfterARequestThatTimedOut) {
  const Server server({Answer::kNever});
  Transport transport;
  bool ended = false;
  transport.start(post(server.url(), milliseconds(20)), [&](const HttpAnswer&) { ended = true; });
  while (!ended) transport.wait(monotonic_now() + seconds(20));
  const MonotonicTime until = monotonic_now() + milliseconds(100);
  int waits = 0;
  for (; monotonic_now() < until; ++waits) transport.wait(until);
  EXPECT_LE(waits, 5);  // A timer of libcurl that has fired is not due again and again: that was thousands.
}

TEST(Transport, ManyAtOnce) {
  Server server({Answer::kWhole});
  Transport transport;
  int answered = 0;
  for (int i = 0; i < 64; ++i)
    transport.start(post(server.url()),
                    [&](const HttpAnswer& answer) { answered += answer.answered ? 1 : 0; });
  const MonotonicTime limit = monotonic_now() + seconds(20);
  while (transport.open() > 0 && monotonic_now() < limit) transport.wait(limit);
  EXPECT_EQ(answered, 64);
}

}  // namespace
}  // namespace ordeal::env
