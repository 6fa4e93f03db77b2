#pragma once
// The HTTP side of a node on one I/O thread: connections, limits, time-outs. What a request means is
// routes.h, what is done about it is the handler. One request of a connection is at work at a time, so
// pipelined ones are answered in order.

#include "common/result.h"
#include "common/time.h"
#include "node/host/addresses.h"
#include "node/host/duties/core.h"
#include "node/host/duties/http_message.h"
#include "node/host/duties/routes.h"
#include "node/host/http_parser.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace boost::asio {
class io_context;
}

namespace ordeal::host {

struct HttpServerOptions {
  Address listen;
  HttpLimits limits;
  std::size_t connections_max = 1000;     ///< beyond: 503 and closed
  Duration idle_max = seconds(60);        ///< between requests
  Duration receive_max = seconds(10);     ///< from the first byte of a request to its last
  Duration send_max = seconds(30);        ///< for one answer
  Duration request_timeout = seconds(5);  ///< from the last byte to 504
};

class HttpHandler {
 public:
  HttpHandler() = default;
  HttpHandler(const HttpHandler&) = delete;
  HttpHandler& operator=(const HttpHandler&) = delete;
  virtual ~HttpHandler() = default;

  /// Does what is asked, and gives the answer to HttpServer::answer, at once or later.
  virtual void handle(ClientToken token, Call call) = 0;
  virtual void answered(Route route, const HttpAnswer& answer, Duration length) = 0;
};

class HttpServer {
 public:
  HttpServer() = default;
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  virtual ~HttpServer() = default;

  /// An answer that comes too late, or twice, goes nowhere. On the I/O thread.
  virtual void answer(ClientToken token, HttpAnswer answer) = 0;
  /// Closes everything.
  virtual void stop() = 0;
  [[nodiscard]] virtual std::size_t connections() const = 0;
  /// Requests that wait for their answer, and answers that are being sent.
  [[nodiscard]] virtual std::size_t working() const = 0;
};

/// Listens. kUnavailable when the address cannot be bound. `handler` outlives the server.
[[nodiscard]] Result<std::unique_ptr<HttpServer>> make_http_server(boost::asio::io_context& io,
                                                                   HttpServerOptions options,
                                                                   HttpHandler& handler);

}  // namespace ordeal::host
