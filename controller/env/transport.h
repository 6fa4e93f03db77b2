#pragma once
// HTTP/1.1 over libcurl in one thread: requests to nodes and agents, answers as callbacks from `wait`. Keeps
// connections alive per endpoint and never sends a request twice: libcurl by itself repeats a request whose
// reused connection died before the first byte of an answer, and a write that was carried out twice would
// look like a broken cluster.

#include "common/ids.h"
#include "common/time.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace ordeal::env {

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  Bytes body;
  std::string bearer_token;  ///< empty: none
  Duration timeout = seconds(60);
};

struct HttpAnswer {
  bool answered = false;  ///< a whole answer came
  int status = 0;         ///< when answered
  Bytes body;             ///< when answered
  /// False only when surely not one byte of the request left. True when answered.
  bool sent = false;
  std::string reason;  ///< when not answered
};

class Transport {
 public:
  using Id = std::uint64_t;
  using Callback = std::function<void(HttpAnswer)>;

  Transport();
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  /// Open requests are dropped, their callbacks are not called.
  ~Transport();

  /// The request leaves now, or within the next `wait` when a connection has to be made first. The callback
  /// is called once, from `wait`, unless the request is cancelled before; it may start and cancel requests.
  Id start(HttpRequest request, Callback callback);
  /// Drops the request and its connection. Nothing happens when it has ended.
  void cancel(Id id);

  /// Waits until `until` at the latest, or until something has happened on a socket or a signal came; then
  /// calls the callbacks of what has ended. Answers are stamped by the caller in the callback: right after
  /// the socket was read.
  void wait(MonotonicTime until);

  [[nodiscard]] std::size_t open() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ordeal::env
