#include "controller/report/serve.h"

#include "controller/report/browse.h"

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/file_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <chrono>
#include <csignal>
#include <utility>

namespace ordeal::report {
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;

namespace {

// Every asynchronous call gives its error as a value: nothing in this file throws on what a peer does.
constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

WallTime wall_now() {
  return WallTime(std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count());
}

/// The status for a request that could not be read; 0 when nobody is there to be answered.
int status_of(const boost::system::error_code& error) {
  if (error == http::error::header_limit) return 431;
  if (error == http::error::body_limit) return 413;
  const bool gone = error == http::error::end_of_stream || error == http::error::partial_message ||
                    error == beast::error::timeout ||
                    error.category() != http::make_error_code(http::error::bad_target).category();
  return gone ? 0 : 400;
}

template <class Body>
http::response<Body> make_response(const BrowseResponse& answer, unsigned version, bool keep_alive) {
  http::response<Body> out;
  out.result(static_cast<unsigned>(answer.status));
  out.version(version);
  for (const auto& [name, value] : answer.headers) out.set(name, value);
  out.keep_alive(keep_alive);
  return out;
}

class Connections {
 public:
  explicit Connections(std::uint32_t max) : max_(max) {}
  [[nodiscard]] bool full() const { return open_ >= max_; }
  void opened() { ++open_; }
  void closed() { --open_; }

 private:
  std::uint32_t max_;
  std::uint32_t open_ = 0;
};

struct Session {
  beast::tcp_stream stream;
  beast::flat_buffer buffer;
  const ServeLimits& limits;

  void restart_timer() { stream.expires_after(std::chrono::nanoseconds(limits.idle_max.ns())); }

  template <class Body>
  asio::awaitable<bool> send(http::response<Body> out) {
    http::response_serializer<Body> serializer(out);
    restart_timer();
    const auto [error, bytes] = co_await http::async_write(stream, serializer, kAwait);
    co_return !error && out.keep_alive();
  }

  /// True when the connection may be used again.
  asio::awaitable<bool> answer(BrowseResponse answer, unsigned version, bool keep_alive, bool head) {
    const std::uint64_t bytes = answer.file ? answer.file->bytes() : answer.body.size();
    if (head) {
      auto out = make_response<http::empty_body>(answer, version, keep_alive);
      out.content_length(bytes);
      co_return co_await send(std::move(out));
    }
    if (!answer.file) {
      auto out = make_response<http::string_body>(answer, version, keep_alive);
      out.body() = std::move(answer.body);
      out.prepare_payload();
      co_return co_await send(std::move(out));
    }
    auto out = make_response<http::file_body>(answer, version, keep_alive);
    beast::file_posix file;
    file.native_handle(answer.file->release());
    boost::system::error_code error;
    out.body().reset(std::move(file), error);
    if (error) co_return false;
    out.content_length(out.body().size());
    co_return co_await send(std::move(out));
  }
};

asio::awaitable<void> converse(tcp::socket socket, const Browser& browser, const ServeLimits& limits) {
  Session session{beast::tcp_stream(std::move(socket)), beast::flat_buffer(limits.header_bytes_max * 2),
                  limits};
  bool again = true;
  while (again) {
    http::request_parser<http::string_body> parser;
    parser.header_limit(limits.header_bytes_max);
    parser.body_limit(limits.body_bytes_max);
    session.restart_timer();
    const auto [error, bytes] = co_await http::async_read(session.stream, session.buffer, parser, kAwait);
    if (error) {
      const int status = status_of(error);
      if (status != 0) {
        co_await session.answer(text_response(status, "the request could not be read\n"), 11, false, false);
      }
      break;
    }
    const auto& request = parser.get();
    BrowseResponse answer =
        browser.handle({std::string(request.method_string()), std::string(request.target()),
                        std::string(request[http::field::host])},
                       wall_now());
    again = co_await session.answer(std::move(answer), request.version(), request.keep_alive(),
                                    request.method() == http::verb::head);
  }
  boost::system::error_code ignored;  // Ignored: the peer may be gone already.
  session.stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
}

asio::awaitable<void> converse_counted(tcp::socket socket, const Browser& browser, const ServeLimits& limits,
                                       Connections& connections) {
  co_await converse(std::move(socket), browser, limits);
  connections.closed();
}

asio::awaitable<void> turn_away(tcp::socket socket, const ServeLimits& limits) {
  Session session{beast::tcp_stream(std::move(socket)), beast::flat_buffer(), limits};
  co_await session.answer(text_response(503, "too many connections; try again\n"), 11, false, false);
}

Error bind_error(const ServeOptions& options, const boost::system::error_code& error) {
  if (error == asio::error::address_in_use) {
    return {ErrorCode::kResourceExhausted,
            fmt::format("port {} of {} is taken; choose another with --port, or 0 for any free one",
                        options.port, options.address)};
  }
  return {ErrorCode::kInvalidArgument,
          fmt::format("cannot listen on {} port {}: {}", options.address, options.port, error.message())};
}

}  // namespace

struct Server::State {
  State(const ServeOptions& options, const ServeLimits& wanted, std::vector<std::string> hosts)
      : limits(wanted),
        browser(Store(options.store), std::move(hosts)),
        connections(wanted.connections_max) {}

  asio::awaitable<void> accept();

  ServeLimits limits;
  Browser browser;
  Connections connections;
  asio::io_context context{1};
  tcp::acceptor acceptor{context};
  asio::signal_set signals{context};
};

asio::awaitable<void> Server::State::accept() {
  asio::steady_timer pause(context);
  for (;;) {
    auto [error, socket] = co_await acceptor.async_accept(kAwait);
    if (error == asio::error::operation_aborted || !acceptor.is_open()) co_return;
    if (error) {
      // Out of descriptors, most likely: without a pause this loop would spin until one is free.
      pause.expires_after(std::chrono::milliseconds(100));
      co_await pause.async_wait(kAwait);
      continue;
    }
    if (connections.full()) {
      asio::co_spawn(context, turn_away(std::move(socket), limits), asio::detached);
      continue;
    }
    connections.opened();
    asio::co_spawn(context, converse_counted(std::move(socket), browser, limits, connections),
                   asio::detached);
  }
}

Result<std::unique_ptr<Server>> Server::listen(const ServeOptions& options, const ServeLimits& limits) {
  boost::system::error_code error;
  const auto address =
      asio::ip::make_address(options.address == "localhost" ? "127.0.0.1" : options.address, error);
  if (error) {
    return Error{
        ErrorCode::kInvalidArgument,
        fmt::format("'{}' is no address to listen on; give one such as 127.0.0.1 or ::1", options.address)};
  }
  if (!address.is_loopback() && !options.allow_remote) {
    return Error{
        ErrorCode::kInvalidArgument,
        fmt::format("{} can be reached from other machines, and whoever reaches it reads the whole store; "
                    "say --allow-remote if that is meant",
                    options.address)};
  }
  std::vector<std::string> hosts;
  if (address.is_loopback()) hosts = {"localhost", "127.0.0.1", "[::1]", address.to_string()};
  auto state = std::make_unique<State>(options, limits, std::move(hosts));
  const tcp::endpoint endpoint(address, options.port);
  state->acceptor.open(endpoint.protocol(), error);
  if (!error) state->acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) state->acceptor.bind(endpoint, error);
  if (!error) state->acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return bind_error(options, error);
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}
Server::~Server() = default;

std::uint16_t Server::port() const {
  boost::system::error_code ignored;  // Ignored: the acceptor is bound, see listen.
  return state_->acceptor.local_endpoint(ignored).port();
}

std::string Server::url() const {
  boost::system::error_code ignored;  // Ignored: as above.
  const tcp::endpoint endpoint = state_->acceptor.local_endpoint(ignored);
  const std::string address = endpoint.address().to_string();
  const bool v6 = endpoint.address().is_v6();
  return fmt::format("http://{}{}{}:{}/", v6 ? "[" : "", address, v6 ? "]" : "", endpoint.port());
}

void Server::stop_on_signals() {
  boost::system::error_code ignored;  // Ignored: fails for numbers that are no signals only.
  state_->signals.add(SIGINT, ignored);
  state_->signals.add(SIGTERM, ignored);
  state_->signals.async_wait([this](const boost::system::error_code& error, int) {
    if (!error) state_->context.stop();
  });
}

void Server::run() {
  asio::co_spawn(state_->context, state_->accept(), asio::detached);
  state_->context.run();
}

void Server::stop() {
  state_->context.stop();
}

Status serve(const ServeOptions& options, const std::function<void(const std::string& url)>& started) {
  const Result<std::unique_ptr<Server>> server = Server::listen(options);
  if (!server.ok()) return server.error();
  // Before anybody is told: whoever knows the URL may send the signal.
  (*server)->stop_on_signals();
  started((*server)->url());
  (*server)->run();
  return {};
}

}  // namespace ordeal::report
