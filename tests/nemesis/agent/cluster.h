#pragma once
// Agents, each in a network namespace of its own, joined by a bridge, with a stand-in node beside each. Gone
// with the object.

#include "tests/nemesis/agent/sandbox.h"
#include "tests/support/program.h"

#include <boost/json/object.hpp>

#include <signal.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ordeal::agent::test {

/// arrived[{from, to}][family], from emit on all and collect on all.
using Matrix = std::map<std::pair<int, int>, std::map<std::string, std::int64_t>>;

class Cluster {
 public:
  static constexpr const char* kToken = "open-sesame";
  static constexpr int kCount = 20;  ///< datagrams of a matrix per pair and family

  explicit Cluster(int nodes);
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;
  ~Cluster();

  static std::string ipv4(int node) { return "10.77.0." + std::to_string(node); }
  static std::string ipv6(int node) { return "fd77::" + std::to_string(node); }
  static std::string space(int node) { return "n" + std::to_string(node); }

  HttpAnswer call(int node, const std::string& method, const std::string& target,
                  const std::string& body = "") const;
  /// As call, expecting 200 and a JSON object.
  boost::json::object ask(int node, const std::string& method, const std::string& target,
                          const std::string& body = "") const;
  boost::json::object ask_process(int node) const {
    return ask(node, "POST", "/probe", R"({"kind":"process"})");
  }

  /// Waits for all of `kCount` from every pair that is not in `cut`.
  Matrix matrix(const std::vector<std::pair<int, int>>& cut);
  /// What matrix() gives when exactly these pairs are cut.
  Matrix expected(const std::vector<std::pair<int, int>>& cut) const;

  /// The filter table of a node as iptables-save prints it, without comments and counters.
  static std::string table(int node, bool ipv6);

  [[nodiscard]] std::vector<std::string> agent_command(int node) const;
  void start_agent(int node);
  [[nodiscard]] ordeal::test::Program& agent(int node) { return *agents_.at(node); }
  [[nodiscard]] pid_t guardian(int node) const;
  void kill_agent(int node) { agents_.at(node)->send(SIGKILL); }

 private:
  int nodes_;
  std::uint64_t nonce_ = 0;
  std::map<int, std::unique_ptr<ordeal::test::Program>> stand_ins_;
  std::map<int, std::unique_ptr<ordeal::test::Program>> agents_;
};

}  // namespace ordeal::agent::test
