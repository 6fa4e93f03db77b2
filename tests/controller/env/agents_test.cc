// What Agents asks of the nodes, against nodes on loopback that say what the test wants them to say.

#include "controller/env/agents.h"

#include "controller/env/clocks.h"
#include "controller/env/fd.h"
#include "tests/controller/env/loopback.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace ordeal::env {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const NodeId kN1(1);
const NodeId kN2(2);
const NodeId kN3(3);

/// One request after the other, each on a connection of its own. Without an answer the connection is closed.
class FakeNode {
 public:
  /// Called in this object's thread.
  using Answer = std::function<std::optional<std::string>(const std::string& request)>;

  explicit FakeNode(Answer answer) : answer_(std::move(answer)) {
    thread_ = std::thread([this] { serve(); });
  }
  FakeNode(const FakeNode&) = delete;
  FakeNode& operator=(const FakeNode&) = delete;
  ~FakeNode() {
    ::shutdown(listener_.socket.get(), SHUT_RDWR);
    thread_.join();
  }

  [[nodiscard]] std::uint16_t port() const { return listener_.port; }

 private:
  void serve() {
    for (;;) {
      const Fd connection(::accept4(listener_.socket.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!connection.open()) return;
      const auto answer = answer_(read_request(connection));
      if (answer) ::send(connection.get(), answer->data(), answer->size(), MSG_NOSIGNAL);
    }
  }

  static std::string read_request(const Fd& connection) {
    std::string text;
    for (;;) {
      const std::size_t end = text.find("\r\n\r\n");
      const std::size_t length_at = text.find("Content-Length: ");
      const std::size_t length = length_at == std::string::npos ? 0 : std::stoul(text.substr(length_at + 16));
      if (end != std::string::npos && text.size() >= end + 4 + length) return text;
      std::array<char, 4096> buffer{};
      const ssize_t n = ::read(connection.get(), buffer.data(), buffer.size());
      if (n <= 0) return text;
      text.append(buffer.data(), static_cast<std::size_t>(n));
    }
  }

  Answer answer_;
  Listener listener_ = listen_on_loopback();
  std::thread thread_;
};

std::string http(int status, const std::string& body) {
  return fmt::format("HTTP/1.1 {} X\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{}", status,
                     body.size(), body);
}

/// Three nodes and what they were asked for. Status answers come from `leader` and `members`.
class FakeCluster {
 public:
  /// Of a POST, called with the lock held; may change the members below.
  using Control = std::function<std::optional<std::string>(FakeCluster& cluster, const std::string& body)>;

  explicit FakeCluster(Control control) : control_(std::move(control)) {
    for (const NodeId node : {kN1, kN2, kN3}) {
      nodes_.push_back(std::make_unique<FakeNode>(
          [this, node](const std::string& request) { return answer(node, request); }));
    }
  }

  [[nodiscard]] std::vector<Endpoint> endpoints() const {
    std::vector<Endpoint> endpoints;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      Endpoint endpoint;
      endpoint.node = NodeId(static_cast<std::uint32_t>(i + 1));
      endpoint.ipv4 = "127.0.0.1";
      endpoint.api_port = nodes_[i]->port();
      endpoint.agent_port = nodes_[i]->port();
      endpoints.push_back(endpoint);
    }
    return endpoints;
  }
  [[nodiscard]] std::vector<std::string> asked() {
    const std::scoped_lock lock(mutex_);
    return asked_;
  }

  // Guarded by the lock.
  NodeId leader = kN1;
  std::string members = R"({"voters":["n1","n2","n3"],"learners":[]})";

 private:
  std::optional<std::string> answer(NodeId node, const std::string& request) {
    const std::scoped_lock lock(mutex_);
    if (request.starts_with("GET /v1/status")) {
      return http(200, fmt::format(R"({{"node":"{}","role":"{}","term":3,{})", node_name(node),
                                   node == leader ? "leader" : "follower", members.substr(1)));
    }
    asked_.push_back(request.substr(request.find("\r\n\r\n") + 4));
    return control_(*this, asked_.back());
  }

  std::mutex mutex_;
  Control control_;
  std::vector<std::string> asked_;
  std::vector<std::unique_ptr<FakeNode>> nodes_;  ///< last, so that their threads end first
};

/// Asks for all these at once; the results in the order of the requests.
std::vector<EnvironmentResult> apply(FakeCluster& cluster, const std::vector<FaultSpec>& specs) {
  Transport transport;
  std::map<EnvironmentRequestId, EnvironmentResult> results;
  Agents agents(cluster.endpoints(), "token", transport,
                {[&](EnvironmentResult result) { results.emplace(result.id, std::move(result)); },
                 [](const Trouble&) {}});
  for (std::uint32_t i = 1; i <= specs.size(); ++i)
    agents.request({EnvironmentRequestId(i), ApplyFault{FaultId(i), specs[i - 1]}});
  const MonotonicTime give_up = monotonic_now() + seconds(30);
  while (results.size() < specs.size() && monotonic_now() < give_up) {
    transport.wait(std::min(give_up, agents.next_due().value_or(give_up)));
    agents.run_due(monotonic_now());
  }
  EXPECT_EQ(results.size(), specs.size());
  std::vector<EnvironmentResult> list;
  for (auto& [id, result] : results) list.push_back(std::move(result));
  return list;
}

std::optional<std::string> accept_members(FakeCluster& cluster, const std::string& body) {
  cluster.members = body;
  return http(200, R"({"accepted":true})");
}

TEST(Agents, AskForTheMembersThatAreWantedAfterTheWaitForTheStatuses) {
  FakeCluster cluster(&accept_members);
  const auto results = apply(cluster, {MembersFault{{kN1, kN2}, {}}, MembersFault{{kN1, kN3}, {}}});
  for (const EnvironmentResult& result : results)
    EXPECT_EQ(result.outcome, EnvironmentOutcome::kVerified) << result.reason;
  for (const std::string& body : cluster.asked()) EXPECT_EQ(body, R"({"voters":["n1"],"learners":[]})");
}

TEST(Agents, TakeATransferForDoneThoughTheAnswerToTheRequestWasLost) {
  FakeCluster cluster([](FakeCluster& it, const std::string&) -> std::optional<std::string> {
    it.leader = kN2;
    return std::nullopt;
  });
  const auto results = apply(cluster, {TransferFault{kN2}});
  EXPECT_EQ(results[0].outcome, EnvironmentOutcome::kVerified) << results[0].reason;
  EXPECT_THAT(cluster.asked(), ElementsAre(R"({"target":"n2"})"));
}

TEST(Agents, DoNotAskForATransferAgainThatTheClusterRefuses) {
  FakeCluster cluster([](FakeCluster&, const std::string&) -> std::optional<std::string> {
    return http(400, R"({"error":{"code":"bad_request","message":"no voter","outcome":"definite"}})");
  });
  const auto results = apply(cluster, {TransferFault{kN2}});
  EXPECT_EQ(results[0].outcome, EnvironmentOutcome::kDeclined);
  EXPECT_THAT(results[0].reason, HasSubstr("n1 refuses: 400 bad_request: no voter"));
  EXPECT_THAT(cluster.asked(), ElementsAre(R"({"target":"n2"})"));
}

TEST(Agents, CallWhatTheProtocolDoesNotKnowUnsupported) {
  for (const FaultSpec& spec : {FaultSpec(TransferFault{kN2}), FaultSpec(MembersFault{{kN1, kN2}, {}})}) {
    FakeCluster cluster([](FakeCluster&, const std::string&) -> std::optional<std::string> {
      return http(400, R"({"error":{"code":"unsupported","message":"fixed","outcome":"definite"}})");
    });
    const auto results = apply(cluster, {spec});
    EXPECT_EQ(results[0].outcome, EnvironmentOutcome::kUnsupported);
    EXPECT_THAT(results[0].reason, HasSubstr("n1 refuses: 400 unsupported: fixed"));
    EXPECT_EQ(cluster.asked().size(), 1U);
  }
}

}  // namespace
}  // namespace ordeal::env
