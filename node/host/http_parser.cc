#include "node/host/http_parser.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include <fmt/format.h>

#include <optional>

namespace ordeal::host {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

Method method_of(http::verb verb) {
  switch (verb) {
    case http::verb::get:
      return Method::kGet;
    case http::verb::put:
      return Method::kPut;
    case http::verb::post:
      return Method::kPost;
    case http::verb::delete_:
      return Method::kDelete;
    default:
      return Method::kOther;
  }
}

/// What Beast finds, put where the routes look for it.
class Collector final : public http::basic_parser<true> {
 public:
  explicit Collector(HttpRequest& request) : request_(request) { eager(true); }

  [[nodiscard]] bool waits_for_continue() const { return continue_; }
  void said_continue() { continue_ = false; }
  /// What Beast lets pass and this server refuses; empty: nothing.
  [[nodiscard]] std::string_view objection() const { return objection_; }

 private:
  void on_request_impl(http::verb method, beast::string_view /*text*/, beast::string_view target, int version,
                       beast::error_code& error) override {
    request_.method = method_of(method);
    request_.target.assign(target.data(), target.size());
    needs_host_ = version == 11;
    error = {};
  }
  void on_response_impl(int /*code*/, beast::string_view /*reason*/, int /*version*/,
                        beast::error_code& error) override {
    error = {};
  }
  void on_field_impl(http::field name, beast::string_view /*text*/, beast::string_view value,
                     beast::error_code& error) override {
    error = {};
    if (name == http::field::expect && beast::iequals(value, "100-continue")) continue_ = true;
    if (name == http::field::host) ++hosts_;
    // RFC 9112 6.3: where such a body ends nobody can know. Beast takes it for empty, and then its bytes
    // would be the next request of the connection.
    if (name == http::field::transfer_encoding && !beast::iequals(value, "chunked"))
      object("chunked is the only Transfer-Encoding here", error);
  }
  void on_header_impl(beast::error_code& error) override {
    error = {};
    // RFC 9112 3.2.
    if (hosts_ > 1 || (needs_host_ && hosts_ == 0)) object("send one Host header", error);
  }
  void on_body_init_impl(const boost::optional<std::uint64_t>& size, beast::error_code& error) override {
    if (size) request_.body.reserve(*size);
    error = {};
  }
  std::size_t on_body_impl(beast::string_view body, beast::error_code& error) override {
    request_.body.append(body.data(), body.size());
    error = {};
    return body.size();
  }
  void on_chunk_header_impl(std::uint64_t /*size*/, beast::string_view /*extensions*/,
                            beast::error_code& error) override {
    error = {};
  }
  std::size_t on_chunk_body_impl(std::uint64_t /*rest*/, beast::string_view body,
                                 beast::error_code& error) override {
    return on_body_impl(body, error);
  }
  void on_finish_impl(beast::error_code& error) override { error = {}; }

  void object(std::string_view why, beast::error_code& error) {
    objection_ = why;
    error = http::error::bad_field;
  }

  HttpRequest& request_;
  bool continue_ = false;
  bool needs_host_ = false;
  int hosts_ = 0;  // Host headers so far
  std::string_view objection_;
};

HttpFault fault_of(const beast::error_code& error, std::string_view objection, const HttpLimits& limits) {
  HttpFault fault;
  if (!objection.empty()) {
    fault.error = ApiError::kBadRequest;
    fault.message = objection;
  } else if (error == http::error::header_limit) {
    fault.error = ApiError::kHeaderTooLarge;
    fault.message = fmt::format("the header, or a chunk's, is longer than {} bytes", limits.header_bytes_max);
  } else if (error == http::error::body_limit) {
    fault.error = ApiError::kTooLarge;
    fault.message = fmt::format("the body is longer than {} bytes", limits.body_bytes_max);
  } else {
    fault.error = ApiError::kBadRequest;
    fault.message = "speak HTTP/1.1 without TLS: " + error.message();
  }
  return fault;
}

}  // namespace

class HttpParser::Impl {
 public:
  explicit Impl(HttpLimits limits) : limits_(limits) { reset(); }

  void reset() {
    request_.body.clear();
    parser_.emplace(request_);
    parser_->header_limit(limits_.header_bytes_max);
    parser_->body_limit(limits_.body_bytes_max);
  }

  State feed(std::string_view input, std::size_t& used) {
    used = 0;
    while (!parser_->is_done()) {
      beast::error_code error;
      const std::string_view rest = input.substr(used);
      used += parser_->put(asio::buffer(rest.data(), rest.size()), error);
      if (error == http::error::need_more) {
        // What is left is part of a header, of a chunk's header or of the trailer. Beast limits only the
        // first:
        // 1. a chunk's size is sent; 2. after it a ';' and bytes without end, all of which were kept.
        if (input.size() - used <= limits_.header_bytes_max) break;
        error = http::error::header_limit;
      }
      if (error) {
        fault_ = fault_of(error, parser_->objection(), limits_);
        return State::kFault;
      }
      if (used == input.size()) break;
    }
    if (parser_->is_done()) return State::kDone;
    if (!parser_->is_header_done() || !parser_->waits_for_continue()) return State::kNeedMore;
    parser_->said_continue();
    return State::kNeedContinue;
  }

  HttpLimits limits_;
  HttpRequest request_;
  std::optional<Collector> parser_;
  HttpFault fault_;
};

HttpParser::HttpParser(HttpLimits limits) : impl_(std::make_unique<Impl>(limits)) {}
HttpParser::~HttpParser() = default;

HttpParser::State HttpParser::feed(std::string_view input, std::size_t& used) {
  return impl_->feed(input, used);
}

void HttpParser::reset() {
  impl_->reset();
}

bool HttpParser::keep_alive() const {
  return impl_->parser_->keep_alive();
}

HttpRequest& HttpParser::request() {
  return impl_->request_;
}

const HttpFault& HttpParser::fault() const {
  return impl_->fault_;
}

}  // namespace ordeal::host
