#include "node/host/peers.h"

#include "node/host/clock.h"
#include "node/host/peer_frame.h"

#include <fmt/format.h>
#include <netinet/tcp.h>
#include <spdlog/spdlog.h>
#include <boost/asio.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>

namespace ordeal::host {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using ErrorCodeOf = boost::system::error_code;

constexpr std::size_t kPeerReadSize = 64UL * 1024;
constexpr std::size_t kInboundMax = 64;
constexpr std::chrono::seconds kGreetingLimit{5};
constexpr std::chrono::seconds kConnectLimit{1};

/// Shared by a peer's connections; read by other threads.
struct Counters {
  std::atomic<bool> connected = false;
  std::atomic<std::uint64_t> bytes_out = 0;
  std::atomic<std::uint64_t> bytes_in = 0;
  std::atomic<std::uint64_t> dropped = 0;
  std::atomic<bool> disk_full = false;  // as the peer says
};
using CountersOf = std::map<NodeId, Counters>;

void tune(tcp::socket& socket, Duration unacknowledged_max) {
  ErrorCodeOf ignored;  // Ignored: a connection that is not tuned works as well, only slower.
  socket.set_option(tcp::no_delay(true), ignored);
  socket.set_option(asio::socket_base::keep_alive(true), ignored);
  using UserTimeout = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_USER_TIMEOUT>;
  using KeepIdle = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_KEEPIDLE>;
  using KeepInterval = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_KEEPINTVL>;
  socket.set_option(UserTimeout(static_cast<int>(unacknowledged_max.ms())), ignored);
  socket.set_option(KeepIdle(5), ignored);
  socket.set_option(KeepInterval(5), ignored);
}

/// Our connection to one peer: connects, greets, sends, and begins again when it breaks.
class Outbound : public std::enable_shared_from_this<Outbound> {
 public:
  Outbound(asio::io_context& io, const PeersOptions& options, const PeerAddress& peer, Counters& counters)
      : options_(options),
        peer_(peer),
        counters_(counters),
        resolver_(io),
        socket_(io),
        timer_(io),
        backoff_(options.backoff_min),
        rng_(Rng(static_cast<std::uint64_t>(monotonic_now().ns())).split("backoff", peer.node.value())) {}

  void connect() {
    if (stopped_) return;
    ++attempt_;
    limit(kConnectLimit);
    resolver_.async_resolve(peer_.peer.host, std::to_string(peer_.peer.port),
                            [self = shared_from_this(), attempt = attempt_](
                                ErrorCodeOf error, const tcp::resolver::results_type& found) {
                              if (attempt != self->attempt_) return;
                              if (error) return self->fail(error.message());
                              self->connect_to(found);
                            });
  }

  void send(std::string_view payload) {
    if (!counters_.connected || queue_.size() + payload.size() > options_.queue_bytes_max ||
        payload.size() > kFramePayloadMax) {
      ++counters_.dropped;
      return;
    }
    append_frame(FrameKind::kMessage, payload, queue_);
  }

  void tell_disk_full(bool full) {
    disk_full_ = full;
    if (!counters_.connected) return;  // said when it is
    append_frame(FrameKind::kDisk, std::string_view(full ? "\1" : "\0", 1), queue_);
    flush();
  }

  /// Writes what was queued; many messages become one write.
  void flush() {
    if (writing_ || queue_.empty() || !counters_.connected) return;
    writing_ = true;
    active_.clear();
    active_.swap(queue_);
    asio::async_write(socket_, asio::buffer(active_),
                      [self = shared_from_this(), attempt = attempt_](ErrorCodeOf error, std::size_t size) {
                        if (attempt != self->attempt_) return;
                        self->writing_ = false;
                        if (error) return self->fail(error.message());
                        self->counters_.bytes_out += size;
                        self->flush();
                      });
  }

  void stop() {
    stopped_ = true;
    close();
    resolver_.cancel();
    timer_.cancel();
  }

 private:
  void connect_to(const tcp::resolver::results_type& found) {
    asio::async_connect(socket_, found,
                        [self = shared_from_this(), attempt = attempt_](ErrorCodeOf error, const auto&) {
                          if (attempt != self->attempt_) return;
                          if (error) return self->fail(error.message());
                          self->greet();
                        });
  }

  void greet() {
    tune(socket_, options_.unacknowledged_max);
    active_.clear();
    append_frame(FrameKind::kHello, encode(Hello{options_.cluster, options_.self, peer_.node}), active_);
    limit(kGreetingLimit);
    asio::async_write(socket_, asio::buffer(active_),
                      [self = shared_from_this(), attempt = attempt_](ErrorCodeOf error, std::size_t) {
                        if (attempt != self->attempt_) return;
                        if (error) return self->fail(error.message());
                        self->reader_ = FrameReader();
                        self->read();
                      });
  }

  /// The answer to the greeting; after it nothing comes but the end.
  void read() {
    socket_.async_read_some(
        asio::buffer(reader_.prepare(kFrameHeaderSize + kHelloPayloadMax),
                     kFrameHeaderSize + kHelloPayloadMax),
        [self = shared_from_this(), attempt = attempt_](ErrorCodeOf error, std::size_t size) {
          if (attempt != self->attempt_) return;
          if (error) return self->fail(error.message());
          self->reader_.commit(size);
          self->take_answer();
        });
  }

  void take_answer() {
    const auto frame = reader_.next(kHelloPayloadMax);
    if (!frame.ok()) return fail(frame.error().message);
    if (!frame->has_value()) return read();
    if ((*frame)->kind == FrameKind::kRefused)
      return fail("refused: " + printable((*frame)->payload, kHelloPayloadMax));
    if ((*frame)->kind != FrameKind::kWelcome) return fail("an answer that is no answer");
    if (!counters_.connected) spdlog::info("peer {}: connected", node_name(peer_.node));
    timer_.cancel();
    queue_.clear();
    counters_.connected = true;
    backoff_ = options_.backoff_min;
    last_failure_.clear();
    if (disk_full_) tell_disk_full(true);
    read();
  }

  void limit(std::chrono::seconds length) {
    timer_.expires_after(length);
    timer_.async_wait([self = shared_from_this(), attempt = attempt_](ErrorCodeOf error) {
      if (!error && attempt == self->attempt_ && !self->counters_.connected) self->fail("no answer in time");
    });
  }

  void fail(const std::string& why) {
    if (stopped_) return;
    // Once per reason: a peer that is down for an hour is one line, not thousands.
    if (why != last_failure_)
      spdlog::warn("peer {} at {}: {}", node_name(peer_.node), to_text(peer_.peer), why);
    last_failure_ = why;
    close();
    const std::int64_t half = backoff_.ns() / 2;
    const Duration pause(half + rng_.between(0, half));
    backoff_ = std::min(backoff_ * 2, options_.backoff_max);
    timer_.expires_after(std::chrono::nanoseconds(pause.ns()));
    timer_.async_wait([self = shared_from_this(), attempt = attempt_](ErrorCodeOf error) {
      if (!error && attempt == self->attempt_) self->connect();
    });
  }

  void close() {
    ++attempt_;
    writing_ = false;
    counters_.connected = false;
    queue_.clear();
    ErrorCodeOf ignored;  // Ignored: it is being thrown away.
    socket_.close(ignored);
  }

  const PeersOptions& options_;
  PeerAddress peer_;
  Counters& counters_;
  tcp::resolver resolver_;
  tcp::socket socket_;
  asio::steady_timer timer_;
  Duration backoff_;
  Rng rng_;
  std::uint64_t attempt_ = 0;  // of connecting; completions of an earlier one are void; only grows
  bool stopped_ = false;
  bool writing_ = false;
  bool disk_full_ = false;  // of this node
  Bytes queue_;             // frames that wait
  Bytes active_;            // frames that are being written
  FrameReader reader_;
  std::string last_failure_;
};

/// A connection that a peer opened to us.
class Inbound : public std::enable_shared_from_this<Inbound> {
 public:
  Inbound(tcp::socket socket, const PeersOptions& options, CountersOf& counters,
          const PeerTransport::OnMessage& on_message)
      : socket_(std::move(socket)),
        timer_(socket_.get_executor()),
        options_(options),
        counters_(counters),
        on_message_(on_message) {}

  void start() {
    tune(socket_, options_.unacknowledged_max);
    timer_.expires_after(kGreetingLimit);
    timer_.async_wait([weak = weak_from_this()](ErrorCodeOf error) {
      const auto self = weak.lock();
      if (!error && self && self->from_ == kNoNode) self->fail("no greeting in time");
    });
    read();
  }

  void close() {
    timer_.cancel();
    ErrorCodeOf ignored;  // Ignored: it is being thrown away.
    socket_.close(ignored);
  }

 private:
  void read() {
    socket_.async_read_some(asio::buffer(reader_.prepare(kPeerReadSize), kPeerReadSize),
                            [self = shared_from_this()](ErrorCodeOf error, std::size_t size) {
                              if (error) return self->close();
                              self->reader_.commit(size);
                              if (self->from_ != kNoNode) self->counters_.at(self->from_).bytes_in += size;
                              self->take_frames();
                            });
  }

  void take_frames() {
    while (true) {
      const auto frame = reader_.next(from_ == kNoNode ? kHelloPayloadMax : kFramePayloadMax);
      if (!frame.ok()) return fail(frame.error().message);
      if (!frame->has_value()) break;
      if (from_ == kNoNode) {
        if (!take_hello(**frame)) return;
      } else if ((*frame)->kind == FrameKind::kMessage) {
        on_message_(PeerMessage{from_, Bytes((*frame)->payload)});
      } else if ((*frame)->kind == FrameKind::kDisk) {
        counters_.at(from_).disk_full = (*frame)->payload == "\1";
      } else {
        return fail("a second greeting");
      }
    }
    read();
  }

  bool take_hello(const Frame& frame) {
    if (frame.kind != FrameKind::kHello) return fail("a message before the greeting"), false;
    const auto hello = decode_hello(frame.payload);
    if (!hello.ok()) return fail(hello.error().message), false;
    auto refusal = refuse_hello(*hello, options_.cluster, options_.self);
    if (!refusal && !counters_.contains(hello->from))
      refusal = fmt::format("{} is not among the peers of {}; give it with --peer", node_name(hello->from),
                            node_name(options_.self));
    if (refusal) return refuse(*refusal), false;
    from_ = hello->from;
    counters_.at(from_).disk_full = false;
    timer_.cancel();
    answer(FrameKind::kWelcome, {});
    return true;
  }

  void refuse(const std::string& why) {
    answer(FrameKind::kRefused, std::string_view(why).substr(0, kHelloPayloadMax));
    fail(why);
  }

  /// A few bytes into an empty socket buffer: they fit.
  void answer(FrameKind kind, std::string_view payload) {
    Bytes out;
    append_frame(kind, payload, out);
    ErrorCodeOf ignored;  // Ignored: the next read tells.
    asio::write(socket_, asio::buffer(out), ignored);
  }

  void fail(const std::string& why) {
    ErrorCodeOf error;
    const auto remote = socket_.remote_endpoint(error);
    spdlog::warn("refused a peer connection from {}: {}",
                 error ? std::string("somewhere") : remote.address().to_string(), why);
    close();
  }

  tcp::socket socket_;
  asio::steady_timer timer_;
  const PeersOptions& options_;
  CountersOf& counters_;
  const PeerTransport::OnMessage& on_message_;
  FrameReader reader_;
  NodeId from_;  // kNoNode until the greeting
};

class TcpPeers : public PeerTransport {
 public:
  TcpPeers(asio::io_context& io, PeersOptions options, OnMessage on_message)
      : io_(io), options_(std::move(options)), on_message_(std::move(on_message)), acceptor_(io) {
    for (const auto& [node, peer] : options_.peers) {
      if (node == options_.self) continue;
      outbound_[node] = std::make_shared<Outbound>(io, options_, peer, counters_[node]);
    }
  }

  Status listen() {
    ErrorCodeOf error;
    const auto address = asio::ip::make_address(options_.listen.host, error);
    if (!error) acceptor_.open(tcp::endpoint(address, options_.listen.port).protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(tcp::endpoint(address, options_.listen.port), error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
      return Error{ErrorCode::kUnavailable,
                   fmt::format("cannot listen for peers on {}: {}; free it or give another --peer-listen",
                               to_text(options_.listen), error.message())};
    }
    accept();
    for (auto& [node, connection] : outbound_) connection->connect();
    return {};
  }

  void send(std::vector<Outgoing>& messages) override {
    for (const Outgoing& message : messages) {
      const auto it = outbound_.find(message.to);
      if (it != outbound_.end()) it->second->send(message.payload);
    }
    messages.clear();
    for (auto& [node, connection] : outbound_) connection->flush();
  }

  void tell_disk_full(bool full) override {
    for (auto& [node, connection] : outbound_) connection->tell_disk_full(full);
  }
  [[nodiscard]] bool disk_full(NodeId peer) const override {
    const auto it = counters_.find(peer);
    return it != counters_.end() && it->second.disk_full;
  }
  [[nodiscard]] bool any_disk_full() const override {
    return std::any_of(counters_.begin(), counters_.end(),
                       [](const auto& peer) { return peer.second.disk_full.load(); });
  }

  [[nodiscard]] std::map<NodeId, PeerStats> stats() const override {
    std::map<NodeId, PeerStats> all;
    for (const auto& [node, counters] : counters_)
      all[node] = {counters.connected, counters.bytes_out, counters.bytes_in, counters.dropped};
    return all;
  }

  void stop() override {
    ErrorCodeOf ignored;  // Ignored: it is being thrown away.
    acceptor_.close(ignored);
    for (auto& [node, connection] : outbound_) connection->stop();
    for (auto& weak : inbound_) {
      if (const auto connection = weak.lock()) connection->close();
    }
  }

 private:
  void accept() {
    acceptor_.async_accept([this](ErrorCodeOf error, tcp::socket socket) {
      if (!acceptor_.is_open()) return;
      if (!error) take(std::move(socket));
      accept();
    });
  }

  void take(tcp::socket socket) {
    std::erase_if(inbound_, [](const auto& weak) { return weak.expired(); });
    if (inbound_.size() >= kInboundMax) return;  // closes it
    auto connection = std::make_shared<Inbound>(std::move(socket), options_, counters_, on_message_);
    inbound_.push_back(connection);
    connection->start();
  }

  asio::io_context& io_;
  PeersOptions options_;
  OnMessage on_message_;
  tcp::acceptor acceptor_;
  CountersOf counters_;
  std::map<NodeId, std::shared_ptr<Outbound>> outbound_;
  std::vector<std::weak_ptr<Inbound>> inbound_;
};

}  // namespace

Result<std::unique_ptr<PeerTransport>> make_peer_transport(asio::io_context& io, PeersOptions options,
                                                           PeerTransport::OnMessage on_message) {
  auto transport = std::make_unique<TcpPeers>(io, std::move(options), std::move(on_message));
  if (Status status = transport->listen(); !status.ok()) return status.error();
  return std::unique_ptr<PeerTransport>(std::move(transport));
}

}  // namespace ordeal::host
