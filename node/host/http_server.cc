#include "node/host/http_server.h"

#include "node/host/clock.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <boost/asio.hpp>

#include <algorithm>
#include <chrono>
#include <vector>

namespace ordeal::host {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using Socket = asio::basic_stream_socket<tcp, asio::io_context::executor_type>;
using SystemError = boost::system::error_code;

constexpr std::size_t kHttpReadSize = 16UL * 1024;
constexpr std::chrono::milliseconds kSweepPeriod{100};
constexpr Duration kDrainMax = seconds(2);
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

/// Decides what happens with a finished request; implemented by the server.
class Owner {
 public:
  Owner() = default;
  Owner(const Owner&) = delete;
  Owner& operator=(const Owner&) = delete;
  virtual ~Owner() = default;
  /// Names a request; not 0, and never the same again.
  virtual std::uint32_t next_number() = 0;
  virtual void request_is_here(std::uint32_t slot, std::uint32_t number, HttpRequest& request) = 0;
  virtual void closed(std::uint32_t slot) = 0;
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Socket socket, const HttpServerOptions& options, Owner& owner, std::uint32_t slot)
      : socket_(std::move(socket)), options_(options), owner_(owner), slot_(slot), parser_(options.limits) {}

  void start() {
    SystemError ignored;  // Ignored: only slower without.
    socket_.set_option(tcp::no_delay(true), ignored);
    enter(Phase::kIdle);
    read();
  }

  /// Number of the request that is at work; 0 when none is.
  [[nodiscard]] std::uint32_t at_work() const { return phase_ == Phase::kWorking ? number_ : 0; }
  [[nodiscard]] bool busy() const { return phase_ == Phase::kWorking || phase_ == Phase::kSending; }
  [[nodiscard]] MonotonicTime since() const { return since_; }
  [[nodiscard]] Route route() const { return route_; }
  void set_route(Route route) { route_ = route; }
  [[nodiscard]] const std::string& target() { return parser_.request().target; }
  [[nodiscard]] bool keep_alive() const { return parser_.keep_alive(); }

  /// Sends the answer to the request at work.
  void respond(std::string response, bool keep_alive) {
    output_ = std::move(response);
    enter(Phase::kSending);
    asio::async_write(socket_, asio::buffer(output_),
                      [self = shared_from_this(), keep_alive](SystemError error, std::size_t) {
                        if (error) return self->close();
                        self->sent(keep_alive);
                      });
  }

  /// What has lasted too long.
  enum class Overdue { kNothing, kClose, kReceiving, kWorking };
  [[nodiscard]] Overdue overdue(MonotonicTime now) const {
    const Duration length = now - since_;
    switch (phase_) {
      case Phase::kIdle:
        return length > options_.idle_max ? Overdue::kClose : Overdue::kNothing;
      case Phase::kReceiving:
        return length > options_.receive_max ? Overdue::kReceiving : Overdue::kNothing;
      case Phase::kWorking:
        return length > options_.request_timeout ? Overdue::kWorking : Overdue::kNothing;
      case Phase::kSending:
        return length > options_.send_max ? Overdue::kClose : Overdue::kNothing;
      case Phase::kDraining:
        return length > kDrainMax ? Overdue::kClose : Overdue::kNothing;
    }
    return Overdue::kNothing;
  }

  void fault(const HttpFault& fault) {
    draining_ = true;
    respond(make_response(fault, false), false);
  }

  void close() {
    if (!socket_.is_open()) return;
    SystemError ignored;  // Ignored: it is being thrown away.
    socket_.close(ignored);
    owner_.closed(slot_);
  }

 private:
  enum class Phase { kIdle, kReceiving, kWorking, kSending, kDraining };

  void enter(Phase phase) {
    phase_ = phase;
    since_ = monotonic_now();
  }

  void read() {
    if (input_.size() < end_ + kHttpReadSize) {
      input_.erase(0, begin_);
      end_ -= begin_;
      begin_ = 0;
      input_.resize(std::max(input_.size(), end_ + kHttpReadSize));
    }
    reading_ = true;
    socket_.async_read_some(asio::buffer(input_.data() + end_, kHttpReadSize),
                            [self = shared_from_this()](SystemError error, std::size_t size) {
                              self->reading_ = false;
                              if (error) return self->close();
                              // A sweep may have answered meanwhile: then this is read in vain.
                              if (self->phase_ == Phase::kSending) return;
                              if (self->phase_ == Phase::kDraining) return self->read();
                              self->end_ += size;
                              self->parse();
                            });
  }

  void parse() {
    if (begin_ == end_) {
      enter(Phase::kIdle);
      return read();
    }
    if (phase_ != Phase::kReceiving) enter(Phase::kReceiving);
    std::size_t used = 0;
    const HttpParser::State state = parser_.feed({input_.data() + begin_, end_ - begin_}, used);
    begin_ += used;
    switch (state) {
      case HttpParser::State::kNeedMore:
        return read();
      case HttpParser::State::kNeedContinue:
        return say_continue();
      case HttpParser::State::kFault:
        return fault(parser_.fault());
      case HttpParser::State::kDone:
        enter(Phase::kWorking);
        number_ = owner_.next_number();
        owner_.request_is_here(slot_, number_, parser_.request());
    }
  }

  void say_continue() {
    asio::async_write(socket_, asio::buffer(kContinue),
                      [self = shared_from_this()](SystemError error, std::size_t) {
                        if (error) return self->close();
                        if (self->phase_ != Phase::kReceiving) return;
                        self->begin_ == self->end_ ? self->read() : self->parse();
                      });
  }

  void sent(bool keep_alive) {
    if (keep_alive) {
      parser_.reset();
      phase_ = Phase::kIdle;
      return parse();
    }
    if (!draining_) return close();
    // Closing now would reset the connection while the client still sends, and it would lose the answer.
    SystemError ignored;  // Ignored: the read that follows tells.
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
    enter(Phase::kDraining);
    // A read that a sweep overtook is still out, and its buffer must stay where it is.
    if (!reading_) read();
  }

  Socket socket_;
  const HttpServerOptions& options_;
  Owner& owner_;
  std::uint32_t slot_;
  HttpParser parser_;
  Phase phase_ = Phase::kIdle;
  MonotonicTime since_;       // of the phase
  std::uint32_t number_ = 0;  // of the last request
  Route route_ = Route::kUnknown;
  bool reading_ = false;   // a read is out
  bool draining_ = false;  // read on after the answer; only becomes true
  std::string input_;      // bytes [begin_, end_) are here and not parsed
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::string output_;
};

class BeastServer : public HttpServer, public Owner {
 public:
  BeastServer(asio::io_context& io, HttpServerOptions options, HttpHandler& handler)
      : options_(std::move(options)), handler_(handler), acceptor_(io), timer_(io) {}

  Status listen() {
    SystemError error;
    const auto address = asio::ip::make_address(options_.listen.host, error);
    const tcp::endpoint endpoint(address, options_.listen.port);
    if (!error) acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
      return Error{ErrorCode::kUnavailable,
                   fmt::format("cannot listen for clients on {}: {}; free it or give another --listen",
                               to_text(options_.listen), error.message())};
    }
    accept();
    sweep();
    return {};
  }

  void answer(ClientToken token, HttpAnswer answer) override {
    const auto slot = static_cast<std::uint32_t>(token >> 32);
    const auto number = static_cast<std::uint32_t>(token);
    if (slot >= connections_.size() || !connections_[slot]) return;
    const std::shared_ptr<Connection> connection = connections_[slot];
    if (connection->at_work() != number) return;
    const bool keep_alive = connection->keep_alive();
    handler_.answered(connection->route(), answer, monotonic_now() - connection->since());
    if (const auto* content = std::get_if<HttpContent>(&answer)) {
      connection->respond(make_response(content->status, content->type, content->body, keep_alive),
                          keep_alive);
      return;
    }
    auto& fault = std::get<HttpFault>(answer);
    if (fault.error == ApiError::kRedirect)
      fault.headers += fmt::format("Location: {}{}\r\n", fault.endpoint, connection->target());
    connection->respond(make_response(fault, keep_alive), keep_alive);
  }

  void stop() override {
    SystemError ignored;  // Ignored: it is being thrown away.
    acceptor_.close(ignored);
    timer_.cancel();
    for (std::size_t slot = 0; slot < connections_.size(); ++slot) {
      if (const auto connection = connections_[slot]) connection->close();
    }
  }

  [[nodiscard]] std::size_t connections() const override { return connections_.size() - free_.size(); }
  [[nodiscard]] std::size_t working() const override {
    return static_cast<std::size_t>(std::count_if(connections_.begin(), connections_.end(),
                                                  [](const auto& c) { return c != nullptr && c->busy(); }));
  }

 private:
  void accept() {
    acceptor_.async_accept([this](SystemError error, Socket socket) {
      if (!acceptor_.is_open()) return;
      if (error) {
        // Out of descriptors, most likely: the sweep begins to accept again.
        accepting_ = false;
        spdlog::warn("cannot accept a client: {}", error.message());
        return;
      }
      take(std::move(socket));
      accept();
    });
  }

  void take(Socket socket) {
    if (connections() >= options_.connections_max) {
      const std::string response = make_response(
          HttpFault{ApiError::kOverloaded,
                    fmt::format("{} connections are open, no more are taken", options_.connections_max),
                    {},
                    {},
                    {}},
          false);
      SystemError
          ignored;  // Ignored: a few bytes into an empty socket buffer fit; else the client sees a close.
      socket.non_blocking(true, ignored);
      socket.write_some(asio::buffer(response), ignored);
      socket.shutdown(tcp::socket::shutdown_send, ignored);
      return;
    }
    if (free_.empty()) {
      free_.push_back(static_cast<std::uint32_t>(connections_.size()));
      connections_.emplace_back();
    }
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    connections_[slot] = std::make_shared<Connection>(std::move(socket), options_, *this, slot);
    connections_[slot]->start();
  }

  /// Counted over all connections. Were each to count its own: 1. a request times out here and its connection
  /// ends; 2. the next connection takes the slot and sends its first request, number 1 again; 3. the late
  /// result of the first request answers the second.
  std::uint32_t next_number() override {
    if (++last_number_ == 0) ++last_number_;
    return last_number_;
  }

  void request_is_here(std::uint32_t slot, std::uint32_t number, HttpRequest& request) override {
    Call call = route_request(request);
    connections_[slot]->set_route(call.route);
    const ClientToken token = static_cast<ClientToken>(slot) << 32 | number;
    if (auto* fault = std::get_if<HttpFault>(&call.what)) return answer(token, std::move(*fault));
    handler_.handle(token, std::move(call));
  }

  void closed(std::uint32_t slot) override {
    connections_[slot].reset();
    free_.push_back(slot);
  }

  void sweep() {
    timer_.expires_after(kSweepPeriod);
    timer_.async_wait([this](SystemError error) {
      if (error) return;
      const MonotonicTime now = monotonic_now();
      for (std::size_t slot = 0; slot < connections_.size(); ++slot) {
        if (const auto connection = connections_[slot]) check(*connection, slot, now);
      }
      if (!accepting_) {
        accepting_ = true;
        accept();
      }
      sweep();
    });
  }

  void check(Connection& connection, std::size_t slot, MonotonicTime now) {
    switch (connection.overdue(now)) {
      case Connection::Overdue::kNothing:
        return;
      case Connection::Overdue::kClose:
        return connection.close();
      case Connection::Overdue::kReceiving:
        return connection.fault(
            {ApiError::kRequestTimeout, "the request did not arrive in time", {}, {}, {}});
      case Connection::Overdue::kWorking: {
        const ClientToken token = static_cast<ClientToken>(slot) << 32 | connection.at_work();
        return answer(token,
                      HttpFault{ApiError::kTimeout, "no result in time; it may still come", {}, {}, {}});
      }
    }
  }

  HttpServerOptions options_;
  HttpHandler& handler_;
  asio::basic_socket_acceptor<tcp, asio::io_context::executor_type> acceptor_;
  asio::steady_timer timer_;
  std::vector<std::shared_ptr<Connection>> connections_;  // by slot; null: free
  std::vector<std::uint32_t> free_;                       // slots
  std::uint32_t last_number_ = 0;                         // of a request
  bool accepting_ = true;
};

}  // namespace

Result<std::unique_ptr<HttpServer>> make_http_server(asio::io_context& io, HttpServerOptions options,
                                                     HttpHandler& handler) {
  auto server = std::make_unique<BeastServer>(io, std::move(options), handler);
  if (Status status = server->listen(); !status.ok()) return status.error();
  return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace ordeal::host
