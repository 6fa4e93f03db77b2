#include "bench/put/load.h"

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/core/detail/base64.hpp>
#include <boost/beast/http.hpp>

#include <fmt/format.h>

#include <ctime>
#include <functional>
#include <memory>

namespace ordeal::bench {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;

using MakeRequest = std::function<http::request<http::string_body>(std::uint64_t number)>;

/// What the connections of one load share.
struct Shared {
  MakeRequest make_request;
  MonotonicTime deadline;
  std::uint64_t next = 0;
  Measured measured;
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(asio::io_context& io, Shared& shared) : socket_(io), shared_(shared) {}

  void start(const tcp::endpoint& endpoint) {
    socket_.connect(endpoint);
    socket_.set_option(tcp::no_delay(true));
    put();
  }

 private:
  void put() {
    begin_ = monotonic_now();
    if (begin_ >= shared_.deadline) return;
    request_ = shared_.make_request(shared_.next++);
    http::async_write(socket_, request_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (error) return self->failed();
      self->read();
    });
  }

  void read() {
    response_ = {};
    http::async_read(socket_, buffer_, response_,
                     [self = shared_from_this()](beast::error_code error, std::size_t) {
                       if (error || self->response_.result_int() != 200) return self->failed();
                       ++self->shared_.measured.puts;
                       self->shared_.measured.latencies.push_back(monotonic_now() - self->begin_);
                       self->put();
                     });
  }

  void failed() { ++shared_.measured.errors; }  // The connection ends; the report shows it.

  tcp::socket socket_;
  Shared& shared_;
  beast::flat_buffer buffer_;
  http::request<http::string_body> request_;
  http::response<http::string_body> response_;
  MonotonicTime begin_;
};

Measured put_by_http(const Load& load, MakeRequest make_request) {
  asio::io_context io(1);
  Shared shared{.make_request = std::move(make_request), .deadline = {}, .next = 0, .measured = {}};
  const MonotonicTime begin = monotonic_now();
  shared.deadline = begin + load.length;
  const tcp::endpoint endpoint(asio::ip::make_address(load.host), load.port);
  for (std::uint32_t i = 0; i < load.connections; ++i)
    std::make_shared<Connection>(io, shared)->start(endpoint);
  io.run();
  shared.measured.elapsed = monotonic_now() - begin;
  return shared.measured;
}

http::request<http::string_body> request_of(http::verb verb, const std::string& target, const Load& load) {
  http::request<http::string_body> request(verb, target, 11);
  request.set(http::field::host, load.host);
  return request;
}

std::string base64(const std::string& bytes) {
  std::string out(beast::detail::base64::encoded_size(bytes.size()), '\0');
  out.resize(beast::detail::base64::encode(out.data(), bytes.data(), bytes.size()));
  return out;
}

}  // namespace

MonotonicTime monotonic_now() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return MonotonicTime(static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec);
}

Measured put_by_ordeal(const Load& load) {
  const std::string value(load.value_size, 'v');
  return put_by_http(load, [&](std::uint64_t number) {
    auto request = request_of(http::verb::put, fmt::format("/v1/kv/key-{}", number % load.keys), load);
    request.body() = value;
    request.prepare_payload();
    return request;
  });
}

Measured put_by_gateway(const Load& load) {
  const std::string value = base64(std::string(load.value_size, 'v'));
  return put_by_http(load, [&](std::uint64_t number) {
    auto request = request_of(http::verb::post, "/v3/kv/put", load);
    request.set(http::field::content_type, "application/json");
    request.body() = fmt::format(R"({{"key":"{}","value":"{}"}})",
                                 base64(fmt::format("key-{}", number % load.keys)), value);
    request.prepare_payload();
    return request;
  });
}

}  // namespace ordeal::bench
