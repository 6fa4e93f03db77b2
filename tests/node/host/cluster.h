#pragma once
// Real ordeal-node processes on loopback, and the few lines of HTTP that tests need.

#include "tests/support/program.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace ordeal::host {

/// Ports that were free a moment ago, all different.
[[nodiscard]] std::vector<std::uint16_t> free_ports(std::size_t count);

struct HttpReply {
  int status = 0;  ///< 0: no answer
  std::string body;
  std::map<std::string, std::string> headers;  ///< names in lower case
};
/// One request on a connection of its own.
[[nodiscard]] HttpReply http(std::uint16_t port, const std::string& method, const std::string& target,
                             const std::string& body = {});
/// Sends bytes as they are and reads until the other side closes or `limit` has passed.
[[nodiscard]] std::string raw(std::uint16_t port, const std::string& bytes,
                              std::chrono::milliseconds limit = std::chrono::seconds(20));

/// The string at a path of members, "" when it is not there: text_at(body, {"error", "code"}).
[[nodiscard]] std::string text_at(const std::string& body, const std::vector<std::string>& path);
[[nodiscard]] std::int64_t number_at(const std::string& body, const std::vector<std::string>& path);

class Cluster {
 public:
  /// `flags`: for every node. Nothing is started.
  explicit Cluster(std::size_t nodes, std::vector<std::string> flags = {});

  void start(std::size_t node, const std::vector<std::string>& more = {});
  void start_all();
  void kill(std::size_t node);
  /// SIGTERM, and how it ended.
  test::Finished stop(std::size_t node);

  /// Number of the node that leads, counted from 1; fails the test when there is none within 30 s.
  [[nodiscard]] std::size_t leader();
  [[nodiscard]] std::size_t follower() { return leader() == 1 ? 2 : 1; }

  [[nodiscard]] std::vector<std::string> command(std::size_t node,
                                                 const std::vector<std::string>& more = {}) const;
  [[nodiscard]] std::uint16_t port(std::size_t node) const { return ports_[node - 1]; }
  [[nodiscard]] std::uint16_t peer_port(std::size_t node) const { return ports_[node - 1 + size_]; }
  [[nodiscard]] const std::string& directory() const { return directory_.path(); }
  [[nodiscard]] test::Program& program(std::size_t node) { return *programs_[node - 1]; }

  HttpReply put(std::size_t node, const std::string& key, const std::string& value);
  HttpReply get(std::size_t node, const std::string& key);
  HttpReply txn(std::size_t node, const std::string& body);
  HttpReply status(std::size_t node);

 private:
  std::size_t size_;
  std::vector<std::string> flags_;
  test::TemporaryDirectory directory_;
  std::vector<std::uint16_t> ports_;  // of the API, then of the peers
  std::vector<std::unique_ptr<test::Program>> programs_;
};

/// Asks until `condition` holds; false after 30 s.
template <class Condition>
[[nodiscard]] bool eventually(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (std::chrono::steady_clock::now() < deadline) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

}  // namespace ordeal::host
