#pragma once
// A small HTTP/1.1 server: keep-alive, bearer token, limits on everything a client can make large or slow.
// Runs on the I/O thread; the handler may answer from any thread, once, now or later.

#include "common/result.h"
#include "common/time.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace boost::asio {
class io_context;
}

namespace ordeal::agent {

struct HttpRequest {
  std::string method;
  std::string target;
  std::string body;
};

struct HttpResponse {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  std::string allow;  ///< for 405: the methods that there are
};

struct HttpLimits {
  std::uint32_t header_size_max = 8 * 1024;
  std::uint64_t body_size_max = 64 * 1024;
  std::size_t connections_max = 64;  ///< more are closed at once
  Duration idle_max = seconds(60);   ///< between requests
  Duration read_max = seconds(10);   ///< for the body, once the header is there
};

class HttpServer {
 public:
  using Reply = std::function<void(HttpResponse response)>;
  using Handler = std::function<void(HttpRequest request, Reply reply)>;

  /// `token` must come with every request; without it the answer is 401 and the body is not read.
  HttpServer(boost::asio::io_context& io, std::string token, Handler handler, HttpLimits limits = {});
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  ~HttpServer();

  /// Binds and listens on "IP:PORT" or "[IP]:PORT"; port 0 takes a free one. The error names address and
  /// reason.
  [[nodiscard]] Status listen(const std::string& address);
  [[nodiscard]] std::uint16_t port() const;
  /// Begins to serve. Requires: listen() was ok.
  void serve();

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

/// Compares without telling by its duration where the first difference is.
[[nodiscard]] bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace ordeal::agent
