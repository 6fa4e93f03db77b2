#include "tests/nemesis/agent/cluster.h"

#include "nemesis/agent/command.h"
#include "nemesis/agent/proc.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace ordeal::agent::test {
namespace {

using ordeal::test::Program;

constexpr std::chrono::seconds kStartLimit{30};

std::string directory() {
  return "/run/agent-test";
}
std::string pid_file(int node) {
  return fmt::format("{}/node{}.pid", directory(), node);
}

}  // namespace

Cluster::Cluster(int nodes) : nodes_(nodes) {
  std::filesystem::create_directories(directory());
  std::ofstream(directory() + "/token") << kToken << "\n";
  must_run({"ip", "link", "set", "lo", "up"});
  must_run({"ip", "link", "add", "bridge0", "type", "bridge"});
  must_run({"ip", "addr", "add", "10.77.0.254/24", "dev", "bridge0"});
  must_run({"ip", "link", "set", "bridge0", "up"});
  for (int node = 1; node <= nodes_; ++node) {
    const std::string outside = fmt::format("v{}", node);
    must_run({"ip", "netns", "add", space(node)});
    must_run({"ip", "link", "add", outside, "type", "veth", "peer", "name", "eth0", "netns", space(node)});
    must_run({"ip", "link", "set", outside, "master", "bridge0", "up"});
    must_run({"ip", "-n", space(node), "link", "set", "lo", "up"});
    must_run({"ip", "-n", space(node), "link", "set", "eth0", "up"});
    must_run({"ip", "-n", space(node), "addr", "add", ipv4(node) + "/24", "dev", "eth0"});
    must_run({"ip", "-n", space(node), "addr", "add", ipv6(node) + "/64", "dev", "eth0", "nodad"});
    stand_ins_[node] =
        std::make_unique<Program>(std::vector<std::string>{"agent_dummy_node", pid_file(node)});
    EXPECT_TRUE(stand_ins_[node]->wait_for_text("started", kStartLimit));
    start_agent(node);
  }
}

Cluster::~Cluster() {
  agents_.clear();
  stand_ins_.clear();
  for (int node = 1; node <= nodes_; ++node) {
    // A namespace is torn down some time after it was deleted, and its pair with it: the next test would meet
    // the old name. Deleting a link waits.
    must_run({"ip", "link", "del", fmt::format("v{}", node)});
    must_run({"ip", "netns", "del", space(node)});
  }
  must_run({"ip", "link", "del", "bridge0"});
  std::filesystem::remove_all(directory());
}

std::vector<std::string> Cluster::agent_command(int node) const {
  std::vector<std::string> command = {find_program("nsenter"),
                                      "--net=/run/netns/" + space(node),
                                      std::string(ORDEAL_BINARY_DIR) + "/ordeal-agent",
                                      "--node",
                                      space(node),
                                      "--listen",
                                      ipv4(node) + ":7000",
                                      "--token-file",
                                      directory() + "/token",
                                      "--pid-file",
                                      pid_file(node),
                                      "--state",
                                      fmt::format("{}/state{}", directory(), node)};
  for (int peer = 1; peer <= nodes_; ++peer) {
    command.emplace_back("--peer");
    command.push_back(fmt::format("{}={},{}", space(peer), ipv4(peer), ipv6(peer)));
  }
  return command;
}

void Cluster::start_agent(int node) {
  agents_[node] = std::make_unique<Program>(agent_command(node));
  EXPECT_TRUE(agents_[node]->wait_for_text("listens on", kStartLimit));
}

pid_t Cluster::guardian(int node) const {
  const pid_t parent = agents_.at(node)->pid();
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (!std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; })) continue;
    const auto stat = read_stat(std::stoi(name));
    const auto comm = read_small_file("/proc/" + name + "/comm");
    if (stat && comm && stat->parent == parent && *comm == "ordeal-guardian\n") return stat->pid;
  }
  ADD_FAILURE() << "agent " << parent << " has no guardian";
  return 0;
}

HttpAnswer Cluster::call(int node, const std::string& method, const std::string& target,
                         const std::string& body) const {
  return http(ipv4(node), 7000, method, target, body, kToken);
}

boost::json::object Cluster::ask(int node, const std::string& method, const std::string& target,
                                 const std::string& body) const {
  const HttpAnswer answer = call(node, method, target, body);
  EXPECT_EQ(answer.status, 200) << method << ' ' << target << ' ' << body << ": " << answer.body;
  boost::system::error_code error;
  auto value = boost::json::parse(answer.body, error);
  return value.is_object() ? value.get_object() : boost::json::object();
}

Matrix Cluster::matrix(const std::vector<std::pair<int, int>>& cut) {
  ++nonce_;
  for (int node = 1; node <= nodes_; ++node)
    ask(node, "POST", "/probe", fmt::format(R"({{"kind":"emit","nonce":{},"count":{}}})", nonce_, kCount));
  Matrix matrix;
  for (int to = 1; to <= nodes_; ++to) {
    std::vector<std::string> from;
    for (int peer = 1; peer <= nodes_; ++peer) {
      if (peer != to && std::find(cut.begin(), cut.end(), std::pair(peer, to)) == cut.end())
        from.push_back('"' + space(peer) + '"');
    }
    const auto answer = ask(
        to, "POST", "/probe",
        fmt::format(
            R"({{"kind":"collect","nonce":{},"count":{},"expect_from":[{}],"timeout_ms":5000,"settle_ms":50}})",
            nonce_, kCount, fmt::join(from, ",")));
    for (const auto& [peer, counts] : answer.at("collect").as_object()) {
      for (const auto& [family, count] : counts.as_object())
        matrix[{std::stoi(std::string(peer).substr(1)), to}][std::string(family)] =
            count.to_number<std::int64_t>();
    }
  }
  return matrix;
}

Matrix Cluster::expected(const std::vector<std::pair<int, int>>& cut) const {
  Matrix matrix;
  for (int from = 1; from <= nodes_; ++from) {
    for (int to = 1; to <= nodes_; ++to) {
      if (from == to) continue;
      const bool is_cut = std::find(cut.begin(), cut.end(), std::pair(from, to)) != cut.end();
      matrix[{from, to}] = {{"ipv4", is_cut ? 0 : kCount}, {"ipv6", is_cut ? 0 : kCount}};
    }
  }
  return matrix;
}

std::string Cluster::table(int node, bool ipv6) {
  std::istringstream listing(must_run({"nsenter", "--net=/run/netns/" + space(node),
                                       ipv6 ? "ip6tables-save" : "iptables-save", "-t", "filter"}));
  std::string text;
  for (std::string line; std::getline(listing, line);) {
    if (line.starts_with('#')) continue;
    text += line.substr(0, line.find(" [")) + "\n";  // a chain's counters
  }
  return text;
}

}  // namespace ordeal::agent::test
