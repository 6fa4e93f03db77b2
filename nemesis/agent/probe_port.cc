#include "nemesis/agent/probe_port.h"

#include "nemesis/agent/clock.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <list>
#include <random>
#include <utility>

namespace ordeal::agent {
namespace {

using boost::asio::ip::udp;
using boost::system::error_code;

constexpr int kReceiveBufferSize = 4 * 1024 * 1024;
// A request that is lost on its way would look like a cut in the other direction.
constexpr int kRequestsSent = 3;

/// One family's socket with the datagram being received.
struct Receiver {
  Receiver(boost::asio::io_context& io, Family its_family) : family(its_family), socket(io) {}

  Family family;
  udp::socket socket;
  udp::endpoint source;
  std::array<char, 64> buffer{};  // larger datagrams are cut off and so refused
};

/// One collect that has not been answered.
struct Waiter {
  Waiter(boost::asio::io_context& io, std::uint64_t its_nonce, Expectation its_expectation,
         ProbePort::Collected its_collected)
      : nonce(its_nonce),
        expectation(std::move(its_expectation)),
        collected(std::move(its_collected)),
        timeout(io),
        settle(io) {}

  std::uint64_t nonce;
  Expectation expectation;
  ProbePort::Collected collected;
  boost::asio::steady_timer timeout;
  boost::asio::steady_timer settle;
  bool settling = false;
};

}  // namespace

class ProbePort::Impl {
 public:
  Impl(boost::asio::io_context& io, Peers peers, NodeId self, std::uint16_t port, Metrics& metrics)
      : io_(io),
        peers_(std::move(peers)),
        self_(self),
        port_(port),
        metrics_(metrics),
        table_(peers_, self) {}

  Status open();
  Arrivals emit(std::uint64_t nonce, std::uint32_t count);
  void collect(std::uint64_t nonce, Expectation expectation, Collected collected);
  void reach(std::uint32_t count, Duration timeout, Collected collected);

 private:
  Status open_family(Family family);
  void receive(Receiver& receiver);
  void take(Receiver& receiver, std::size_t size);
  std::uint64_t send(Family family, NodeId peer, const ProbeDatagram& datagram, std::uint32_t count);
  void look(const std::shared_ptr<Waiter>& waiter);
  void finish(const std::shared_ptr<Waiter>& waiter);

  boost::asio::io_context& io_;
  Peers peers_;
  NodeId self_;
  std::uint16_t port_;
  Metrics& metrics_;
  ProbeTable table_;
  std::list<Receiver> receivers_;
  std::list<std::shared_ptr<Waiter>> waiters_;
  std::random_device nonces_;
};

Status ProbePort::Impl::open() {
  for (const Family family : kFamilies) {
    if (peers_.at(self_).of(family).empty()) continue;
    if (Status opened = open_family(family); !opened) return opened;
  }
  return {};
}

Status ProbePort::Impl::open_family(Family family) {
  Receiver& receiver = receivers_.emplace_back(io_, family);
  const std::string& own = peers_.at(self_).of(family).front();
  const auto address = boost::asio::ip::make_address(own);
  error_code error;
  receiver.socket.open(address.is_v4() ? udp::v4() : udp::v6(), error);
  if (error && family == Family::kIpv6) {
    // The kernel has no IPv6: nothing can arrive that way, and the probes will show just that.
    spdlog::warn("no IPv6 here ({}); probing IPv4 alone", error.message());
    receivers_.pop_back();
    return {};
  }
  const int socket = receiver.socket.native_handle();
  const int yes = 1;
  // An address that is still being checked for duplicates, or is set later, can be bound already.
  if (address.is_v4())
    setsockopt(socket, IPPROTO_IP, IP_FREEBIND, &yes, sizeof yes);
  else
    setsockopt(socket, IPPROTO_IPV6, IPV6_FREEBIND, &yes, sizeof yes);
  if (setsockopt(socket, SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveBufferSize, sizeof kReceiveBufferSize) != 0)
    setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &kReceiveBufferSize, sizeof kReceiveBufferSize);
  if (!error) receiver.socket.bind({address, port_}, error);
  if (error)
    return Error{ErrorCode::kResourceExhausted,
                 fmt::format("cannot listen for probes on {} port {}/udp: {}", own, port_, error.message())};
  receive(receiver);
  return {};
}

void ProbePort::Impl::receive(Receiver& receiver) {
  receiver.socket.async_receive_from(boost::asio::buffer(receiver.buffer), receiver.source,
                                     [this, &receiver](error_code error, std::size_t size) {
                                       if (error == boost::asio::error::operation_aborted) return;
                                       if (error) spdlog::warn("receiving probes: {}", error.message());
                                       if (!error) take(receiver, size);
                                       receive(receiver);
                                     });
}

void ProbePort::Impl::take(Receiver& receiver, std::size_t size) {
  const auto datagram = decode({receiver.buffer.data(), size});
  if (!datagram || datagram->sender == self_) return;
  const auto peer = peers_.find(datagram->sender);
  if (peer == peers_.end()) return;
  const auto& addresses = peer->second.of(receiver.family);
  // The filter knows peers by address, so a datagram counts for a peer only if it came from that peer's
  // address.
  if (std::find(addresses.begin(), addresses.end(), receiver.source.address().to_string()) == addresses.end())
    return;
  if (datagram->type == ProbeType::kRequest) {
    send(receiver.family, peer->first, {ProbeType::kProbe, self_, datagram->nonce, 0}, datagram->number);
    return;
  }
  metrics_.count_probe_received(receiver.family);
  table_.record(datagram->nonce, peer->first, receiver.family, datagram->number);
  const auto waiters = waiters_;  // finish() takes from the list
  for (const auto& waiter : waiters) {
    if (waiter->nonce == datagram->nonce) look(waiter);
  }
}

std::uint64_t ProbePort::Impl::send(Family family, NodeId peer, const ProbeDatagram& datagram,
                                    std::uint32_t count) {
  const auto receiver = std::find_if(receivers_.begin(), receivers_.end(),
                                     [&](const Receiver& candidate) { return candidate.family == family; });
  if (receiver == receivers_.end()) return 0;
  const udp::endpoint to(boost::asio::ip::make_address(peers_.at(peer).of(family).front()), port_);
  std::uint64_t sent = 0;
  ProbeDatagram numbered = datagram;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (datagram.type == ProbeType::kProbe) numbered.number = i;
    error_code error;
    receiver->socket.send_to(boost::asio::buffer(encode(numbered)), to, 0, error);
    if (error) continue;  // no route, or no neighbour: the count says so
    ++sent;
    metrics_.count_probe_sent(family);
  }
  return sent;
}

Arrivals ProbePort::Impl::emit(std::uint64_t nonce, std::uint32_t count) {
  Arrivals sent;
  for (const auto& [peer, families] : table_.links()) {
    for (const Family family : families)
      sent[peer][family] = send(family, peer, {ProbeType::kProbe, self_, nonce, 0}, count);
  }
  return sent;
}

void ProbePort::Impl::collect(std::uint64_t nonce, Expectation expectation, Collected collected) {
  auto waiter = std::make_shared<Waiter>(io_, nonce, std::move(expectation), std::move(collected));
  waiters_.push_back(waiter);
  waiter->timeout.expires_after(to_chrono(waiter->expectation.timeout));
  waiter->timeout.async_wait([this, waiter](error_code error) {
    if (!error) finish(waiter);
  });
  look(waiter);
}

void ProbePort::Impl::reach(std::uint32_t count, Duration timeout, Collected collected) {
  const std::uint64_t nonce = (std::uint64_t{nonces_()} << 32U) | nonces_();
  Expectation expectation{{}, count, timeout, {}};
  for (const auto& [peer, families] : table_.links()) {
    expectation.from.insert(peer);
    for (const Family family : families)
      send(family, peer, {ProbeType::kRequest, self_, nonce, count}, kRequestsSent);
  }
  collect(nonce, std::move(expectation), std::move(collected));
}

void ProbePort::Impl::look(const std::shared_ptr<Waiter>& waiter) {
  if (waiter->settling || !table_.satisfies(waiter->nonce, waiter->expectation)) return;
  waiter->settling = true;
  waiter->settle.expires_after(to_chrono(waiter->expectation.settle));
  waiter->settle.async_wait([this, waiter](error_code error) {
    if (!error) finish(waiter);
  });
}

void ProbePort::Impl::finish(const std::shared_ptr<Waiter>& waiter) {
  const auto found = std::find(waiters_.begin(), waiters_.end(), waiter);
  if (found == waiters_.end()) return;  // both timers had fired
  waiters_.erase(found);
  waiter->timeout.cancel();
  waiter->settle.cancel();
  waiter->collected(table_.arrivals(waiter->nonce), table_.satisfies(waiter->nonce, waiter->expectation));
}

ProbePort::ProbePort(boost::asio::io_context& io, Peers peers, NodeId self, std::uint16_t port,
                     Metrics& metrics)
    : impl_(std::make_unique<Impl>(io, std::move(peers), self, port, metrics)) {}
ProbePort::~ProbePort() = default;

Status ProbePort::open() {
  return impl_->open();
}
Arrivals ProbePort::emit(std::uint64_t nonce, std::uint32_t count) {
  return impl_->emit(nonce, count);
}
void ProbePort::collect(std::uint64_t nonce, const Expectation& expectation, Collected collected) {
  impl_->collect(nonce, expectation, std::move(collected));
}
void ProbePort::reach(std::uint32_t count, Duration timeout, Collected collected) {
  impl_->reach(count, timeout, std::move(collected));
}

}  // namespace ordeal::agent
