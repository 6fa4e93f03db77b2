#pragma once
// Three processes of one system on loopback, with their data in a directory of their own; stopped and removed
// with the object, and by the kernel when this process dies.

#include "common/result.h"

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace ordeal::bench {

class Cluster {
 public:
  Cluster() = default;
  Cluster(Cluster&&) = default;
  Cluster& operator=(Cluster&&) = delete;
  ~Cluster();

  /// Starts `ordeal-node` (beside this program) or `etcd` three times and waits for a leader.
  [[nodiscard]] static Result<Cluster> start_ordeal(const std::string& directory);
  [[nodiscard]] static Result<Cluster> start_etcd(const std::string& directory);

  /// The leader's client port on 127.0.0.1.
  [[nodiscard]] std::uint16_t leader_port() const { return leader_port_; }

 private:
  Status spawn(const std::vector<std::string>& command, const std::string& log);

  std::vector<pid_t> processes_;
  std::string directory_;
  std::uint16_t leader_port_ = 0;
};

/// `count` free loopback ports.
[[nodiscard]] std::vector<std::uint16_t> free_ports(std::size_t count);
/// Status and body of an HTTP request to 127.0.0.1; status 0 when nobody answers.
struct Response {
  int status = 0;
  std::string body;
};
[[nodiscard]] Response http_request(std::uint16_t port, const std::string& method, const std::string& target,
                                    const std::string& body);

}  // namespace ordeal::bench
