#pragma once
// `ordeal serve`: the browser of the store over HTTP. One thread, loopback unless told otherwise; GET and
// HEAD alone.

#include "common/result.h"
#include "common/time.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace ordeal::report {

struct ServeOptions {
  std::filesystem::path store;
  std::string address = "127.0.0.1";  ///< "localhost" is 127.0.0.1
  std::uint16_t port = 8080;          ///< 0: any free port
  bool allow_remote = false;          ///< without it an address that is not loopback is refused
};

struct ServeLimits {
  std::uint32_t header_bytes_max = 8 * 1024;
  std::uint32_t body_bytes_max = 1024;  ///< of a request, which has no use for one
  std::uint32_t connections_max = 64;   ///< more are answered 503
  Duration idle_max = seconds(15);      ///< to send a request or take an answer
};

class Server {
 public:
  /// Binds and listens. kInvalidArgument: the address; kResourceExhausted: the port is taken, with what to
  /// do.
  [[nodiscard]] static Result<std::unique_ptr<Server>> listen(const ServeOptions& options,
                                                              const ServeLimits& limits = {});
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  [[nodiscard]] std::uint16_t port() const;
  /// "http://127.0.0.1:8080/".
  [[nodiscard]] std::string url() const;
  /// From now on SIGINT and SIGTERM stop the server instead of ending the process.
  void stop_on_signals();
  /// Serves until stopped.
  void run();
  /// From any thread.
  void stop();

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

/// Listens, tells `started` the server's URL, and serves until SIGINT or SIGTERM.
[[nodiscard]] Status serve(const ServeOptions& options,
                           const std::function<void(const std::string& url)>& started);

}  // namespace ordeal::report
