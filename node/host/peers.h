#pragma once
// The transport between nodes: to each peer one connection that carries our messages, from each peer those it
// opened to us. Messages to a peer that is not connected, or whose queue is full, are dropped and counted:
// protocols bear loss, and a queue that grows only makes old news. For the I/O thread alone, but for stats().

#include "common/ids.h"
#include "common/result.h"
#include "node/host/addresses.h"
#include "node/host/duties/core.h"
#include "node/protocol.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace ordeal::host {

struct PeerStats {
  bool connected = false;
  std::uint64_t bytes_out = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t dropped = 0;  ///< messages that were not sent
};

struct PeersOptions {
  std::string cluster;
  NodeId self;
  Peers peers;  ///< itself is skipped
  Address listen;
  Duration unacknowledged_max =
      seconds(2);  ///< then a connection is given up (a cut eats packets in silence)
  Duration backoff_min = milliseconds(50);
  Duration backoff_max = milliseconds(1000);
  std::size_t queue_bytes_max = 32UL * 1024 * 1024;
};

class PeerTransport {
 public:
  using OnMessage = std::function<void(PeerMessage message)>;

  PeerTransport() = default;
  PeerTransport(const PeerTransport&) = delete;
  PeerTransport& operator=(const PeerTransport&) = delete;
  virtual ~PeerTransport() = default;

  virtual void send(std::vector<Outgoing>& messages) = 0;
  /// Tells all peers, now and whenever one connects, whether the disk of this node is full.
  virtual void tell_disk_full(bool full) = 0;
  /// What the peer said last of its disk.
  [[nodiscard]] virtual bool disk_full(NodeId peer) const = 0;
  [[nodiscard]] virtual bool any_disk_full() const = 0;
  [[nodiscard]] virtual std::map<NodeId, PeerStats> stats() const = 0;
  virtual void stop() = 0;
};

/// Listens and begins to connect. kUnavailable when the address cannot be bound.
[[nodiscard]] Result<std::unique_ptr<PeerTransport>> make_peer_transport(boost::asio::io_context& io,
                                                                         PeersOptions options,
                                                                         PeerTransport::OnMessage on_message);

}  // namespace ordeal::host
