#pragma once
// A closed loop of puts: `connections` clients, each with one put open at a time on a connection of its own,
// from one thread, until `length` has passed. Keys are drawn from `keys` names in turn, values have
// `value_size` bytes.

#include "common/time.h"

#include <cstdint>
#include <string>
#include <vector>

namespace ordeal::bench {

struct Load {
  std::string host;  ///< IPv4 address of the leader
  std::uint16_t port = 0;
  std::uint32_t connections = 64;
  std::uint32_t value_size = 100;
  std::uint32_t keys = 10'000;
  Duration length = seconds(5);
};

struct Measured {
  std::uint64_t puts = 0;
  std::uint64_t errors = 0;
  Duration elapsed;
  std::vector<Duration> latencies;  ///< of the puts that succeeded

  [[nodiscard]] double rate() const { return static_cast<double>(puts) / elapsed.seconds(); }
};

/// Ours: PUT /v1/kv/{key} with the value as the body.
[[nodiscard]] Measured put_by_ordeal(const Load& load);
/// etcd's JSON gateway: POST /v3/kv/put with key and value in base64.
[[nodiscard]] Measured put_by_gateway(const Load& load);
/// etcd's gRPC, one channel a connection, asynchronous.
[[nodiscard]] Measured put_by_grpc(const Load& load);

/// CLOCK_MONOTONIC.
[[nodiscard]] MonotonicTime monotonic_now();

}  // namespace ordeal::bench
