#pragma once
// The UDP port over which agents show each other which directions work. Its datagrams come from a peer's own
// address and pass the same INPUT chain as the packets of the system under test. Runs on the I/O thread
// alone.

#include "common/result.h"
#include "nemesis/agent/metrics.h"
#include "nemesis/agent/probe_table.h"

#include <cstdint>
#include <functional>
#include <memory>

namespace boost::asio {
class io_context;
}

namespace ordeal::agent {

class ProbePort {
 public:
  /// What had arrived, and whether all that was expected had.
  using Collected = std::function<void(Arrivals arrivals, bool complete)>;

  ProbePort(boost::asio::io_context& io, Peers peers, NodeId self, std::uint16_t port, Metrics& metrics);
  ProbePort(const ProbePort&) = delete;
  ProbePort& operator=(const ProbePort&) = delete;
  ~ProbePort();

  /// Binds one socket for each family in which this node has an address, and starts to receive.
  [[nodiscard]] Status open();

  /// Sends `count` datagrams to every peer in every family. Gives how many left for each.
  [[nodiscard]] Arrivals emit(std::uint64_t nonce, std::uint32_t count);
  void collect(std::uint64_t nonce, const Expectation& expectation, Collected collected);
  /// Asks every peer for `count` datagrams and collects them.
  void reach(std::uint32_t count, Duration timeout, Collected collected);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ordeal::agent
