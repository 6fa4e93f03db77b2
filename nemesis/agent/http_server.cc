#include "nemesis/agent/http_server.h"

#include "nemesis/agent/api.h"
#include "nemesis/agent/clock.h"

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include <charconv>
#include <chrono>
#include <optional>
#include <utility>

namespace ordeal::agent {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using beast::error_code;

struct Shared {
  std::string token;
  HttpServer::Handler handler;
  HttpLimits limits;
  std::size_t connections = 0;  // of the I/O thread
};

std::string_view to_std(beast::string_view text) {
  return {text.data(), text.size()};
}

bool is_authorized(const http::fields& header, const std::string& token) {
  constexpr std::string_view kScheme = "Bearer ";
  const std::string_view given = to_std(header[http::field::authorization]);
  return given.size() > kScheme.size() && beast::iequals(given.substr(0, kScheme.size()), kScheme) &&
         equal_in_constant_time(given.substr(kScheme.size()), token);
}

HttpResponse refusal(int status, std::string_view code, std::string_view message) {
  HttpResponse response;
  response.status = status;
  response.body = error_body(code, message);
  return response;
}

/// One connection. Lives as long as an operation on it is pending.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, std::shared_ptr<Shared> shared)
      : stream_(std::move(socket)), shared_(std::move(shared)) {
    ++shared_->connections;
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() { --shared_->connections; }

  void read_header() {
    parser_.emplace();
    parser_->header_limit(shared_->limits.header_size_max);
    parser_->body_limit(shared_->limits.body_size_max);
    stream_.expires_after(to_chrono(shared_->limits.idle_max));
    http::async_read_header(
        stream_, buffer_, *parser_,
        [self = shared_from_this()](error_code error, std::size_t) { self->on_header(error); });
  }

 private:
  void on_header(error_code error) {
    // A body that is announced too large is an error of the header; who asks still comes first.
    if (error && error != http::error::body_limit) return refuse(error);
    if (!is_authorized(parser_->get(), shared_->token))
      return close_with(
          refusal(401, "unauthorized", "send the header Authorization: Bearer TOKEN with the agent's token"));
    if (error) return refuse(error);
    // RFC 9112 6.3: where such a body ends nobody can know. Beast takes it for empty.
    if (parser_->get().count(http::field::transfer_encoding) > 0 && !parser_->chunked())
      return close_with(refusal(400, "bad_request", "chunked is the only Transfer-Encoding here"));
    stream_.expires_after(to_chrono(shared_->limits.read_max));
    http::async_read(
        stream_, buffer_, *parser_,
        [self = shared_from_this()](error_code read_error, std::size_t) { self->on_request(read_error); });
  }

  void on_request(error_code error) {
    if (error) return refuse(error);
    // How long an answer takes is the handler's affair.
    stream_.expires_never();
    const auto& message = parser_->get();
    keep_alive_ = message.keep_alive();
    HttpRequest request{std::string(to_std(message.method_string())), std::string(to_std(message.target())),
                        message.body()};
    shared_->handler(std::move(request), [self = shared_from_this()](HttpResponse response) {
      asio::post(self->stream_.get_executor(),
                 [self, response = std::move(response)]() mutable { self->write(std::move(response)); });
    });
  }

  /// Answers what is no request, where an answer can help, and closes.
  void refuse(error_code error) {
    if (error == http::error::body_limit)
      return close_with(refusal(413, "too_large",
                                fmt::format("a body has at most {} bytes", shared_->limits.body_size_max)));
    if (error == http::error::header_limit)
      return close_with(
          refusal(431, "header_too_large",
                  fmt::format("a header has at most {} bytes", shared_->limits.header_size_max)));
    if (error == beast::error::timeout || error == http::error::end_of_stream ||
        error.category() != make_error_code(http::error::bad_method).category())
      return;
    close_with(refusal(400, "bad_request", "speak HTTP/1.1 without TLS: " + error.message()));
  }

  void close_with(HttpResponse response) {
    keep_alive_ = false;
    write(std::move(response));
  }

  void write(HttpResponse response) {
    response_.emplace(static_cast<http::status>(response.status), 11);
    response_->set(http::field::content_type, response.content_type);
    if (!response.allow.empty()) response_->set(http::field::allow, response.allow);
    if (response.status == 401) response_->set(http::field::www_authenticate, "Bearer");
    response_->keep_alive(keep_alive_);
    response_->body() = std::move(response.body);
    response_->prepare_payload();
    stream_.expires_after(to_chrono(shared_->limits.read_max));
    http::async_write(stream_, *response_, [self = shared_from_this()](error_code error, std::size_t) {
      self->on_written(error);
    });
  }

  void on_written(error_code error) {
    if (!error && keep_alive_) return read_header();
    stream_.socket().shutdown(tcp::socket::shutdown_send, error);  // Ignored: the connection ends either way
  }

  beast::tcp_stream stream_;
  std::shared_ptr<Shared> shared_;
  beast::flat_buffer buffer_{16 * 1024 + 64 * 1024};
  std::optional<http::request_parser<http::string_body>> parser_;
  std::optional<http::response<http::string_body>> response_;
  bool keep_alive_ = false;
};

Result<tcp::endpoint> parse_endpoint(const std::string& text) {
  const Error wrong{ErrorCode::kInvalidArgument,
                    fmt::format("'{}' is not IP:PORT, such as 10.0.0.1:7000", text)};
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return wrong;
  std::string host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  std::uint16_t port = 0;
  const char* end = text.data() + text.size();
  const auto [stop, failed] = std::from_chars(text.data() + colon + 1, end, port);
  error_code error;
  const auto address = asio::ip::make_address(host, error);
  if (error || failed != std::errc() || stop != end) return wrong;
  return tcp::endpoint(address, port);
}

}  // namespace

class HttpServer::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(asio::io_context& io, std::string token, Handler handler, HttpLimits limits) : acceptor_(io) {
    shared_->token = std::move(token);
    shared_->handler = std::move(handler);
    shared_->limits = limits;
  }

  Status listen(const std::string& address) {
    const auto endpoint = parse_endpoint(address);
    if (!endpoint) return endpoint.error();
    error_code error;
    acceptor_.open(endpoint->protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(*endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error)
      return Error{
          ErrorCode::kResourceExhausted,
          fmt::format("cannot listen on {}: {}; free it or give another --listen", address, error.message())};
    return {};
  }

  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

  void accept() {
    acceptor_.async_accept([self = shared_from_this()](error_code error, tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      if (!error && self->shared_->connections < self->shared_->limits.connections_max) {
        socket.set_option(tcp::no_delay(true), error);  // Ignored: only slower without
        std::make_shared<Session>(std::move(socket), self->shared_)->read_header();
      }
      self->accept();
    });
  }

  void close() {
    error_code error;
    acceptor_.close(error);  // Ignored: it is not used again
  }

 private:
  tcp::acceptor acceptor_;
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

HttpServer::HttpServer(asio::io_context& io, std::string token, Handler handler, HttpLimits limits)
    : impl_(std::make_shared<Impl>(io, std::move(token), std::move(handler), limits)) {}
HttpServer::~HttpServer() {
  impl_->close();
}

Status HttpServer::listen(const std::string& address) {
  return impl_->listen(address);
}
std::uint16_t HttpServer::port() const {
  return impl_->port();
}
void HttpServer::serve() {
  impl_->accept();
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  // The length may be known; the content may not leak.
  if (a.size() != b.size()) return false;
  volatile unsigned char difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    difference = static_cast<unsigned char>(
        difference | (static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i])));
  return difference == 0;
}

}  // namespace ordeal::agent
