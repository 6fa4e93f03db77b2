#pragma once
// Cuts a byte stream into requests. A thin cover over Beast's parser that keeps only what the routes need, so
// that a request costs no allocation per header.

#include "node/host/duties/http_message.h"

#include <cstdint>
#include <memory>
#include <string_view>

namespace ordeal::host {

struct HttpLimits {
  std::uint32_t header_bytes_max = 8 * 1024;
  std::uint64_t body_bytes_max = 2 * 1024 * 1024;
};

class HttpParser {
 public:
  enum class State {
    kNeedMore,
    kNeedContinue,  ///< the client waits for "100 Continue" before it sends the body; said once
    kDone,
    kFault,  ///< fault() says why; the stream is of no use any more
  };

  explicit HttpParser(HttpLimits limits);
  HttpParser(const HttpParser&) = delete;
  HttpParser& operator=(const HttpParser&) = delete;
  ~HttpParser();

  /// Takes bytes from the head of `input` and says how many in `used`. To be called again with the rest and
  /// what came after. Requires: the state is kNeedMore or kNeedContinue.
  State feed(std::string_view input, std::size_t& used);
  /// For the next request of the stream.
  void reset();

  [[nodiscard]] bool keep_alive() const;
  [[nodiscard]] HttpRequest& request();
  [[nodiscard]] const HttpFault& fault() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ordeal::host
