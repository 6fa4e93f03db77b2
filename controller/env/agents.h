#pragma once
// The environment port, carried out through the agents: each request becomes HTTP to the agents concerned,
// then probes until they show what was asked for, then one result. Leadership and membership are asked of the
// nodes themselves. Nothing here blocks; several requests may be under way. Renews the leases of everything
// in force, which also shows when an agent has died.
//
// A fault's bounds: not before its first request left; not after the probe, or the last agent's word that a
// probe then confirmed.

#include "common/environment.h"
#include "controller/env/addresses.h"
#include "controller/env/agent_wire.h"
#include "controller/env/async.h"
#include "controller/env/node_wire.h"
#include "controller/env/transport.h"
#include "controller/run/run_loop.h"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace ordeal::env {

class Agents {
 public:
  struct Events {
    std::function<void(EnvironmentResult)> result;  ///< once for each request
    /// An agent that is lost, at most once for each; a fault that let go by itself, at most once per node.
    std::function<void(Trouble)> trouble;
  };

  /// `transport` must outlive this. Events come from `request`, `run_due` and the transport's wait.
  Agents(std::vector<Endpoint> endpoints, std::string token, Transport& transport, Events events);
  Agents(const Agents&) = delete;
  Agents& operator=(const Agents&) = delete;

  void request(EnvironmentRequest request);

  void run_due(MonotonicTime now) { alarms_.run_due(now); }
  [[nodiscard]] std::optional<MonotonicTime> next_due() const { return alarms_.next(); }

 private:
  // With what goes before, below the time that the run loop gives to one request (45 s): a heal is 9 + 15 +
  // 10 s.
  static constexpr Duration kInForceLimit = seconds(6);
  static constexpr Duration kGoneLimit = seconds(15);
  static constexpr Duration kServingLimit = seconds(10);
  static constexpr Duration kProbeAgain = milliseconds(100);
  static constexpr const char* kHealedMeanwhile = "everything was healed meanwhile";

  enum class Stage { kApplying, kInForce, kRemoving };
  struct Known {
    FaultSpec spec;
    Stage stage = Stage::kApplying;
    std::map<NodeId, std::uint64_t> incarnations;  ///< of those killed, before
    std::set<NodeId> lapsed;                       ///< where it let go by itself; told
  };
  /// What a probe saw.
  struct Probed {
    std::vector<std::string> wrong;  ///< empty: as expected
    Value measured;
    bool unsupported = false;  ///< by the nodes' protocol, which did nothing
  };

  Async<Nothing> serve(EnvironmentRequest request);
  Async<EnvironmentResult> apply(ApplyFault verb);
  Async<EnvironmentResult> remove(FaultId fault);
  Async<EnvironmentResult> probe(FaultId fault);
  Async<EnvironmentResult> heal_all();
  Async<Nothing> keep_lease(Endpoint endpoint);
  /// The faults on this node that an agent's answer should show in force.
  [[nodiscard]] std::vector<FaultId> in_force_on(NodeId node) const;
  void tell_lapsed(NodeId node, const std::vector<FaultId>& faults, const HttpAnswer& answer);

  /// Sends the PUTs of a fault; the first refusal, if any.
  Async<Status> put(FaultId fault, FaultSpec spec);
  Async<Status> erase(std::string path, std::vector<NodeId> nodes);
  Async<Nothing> note_incarnations(FaultId fault);

  Async<Probed> probe_in_force(FaultId fault);
  Async<Probed> probe_gone(FaultId fault);
  /// Until the partitions known cut exactly what they should, or the time is over.
  Async<Probed> probe_reach(std::optional<FaultId> in_question, bool expected_in_force);
  Async<Probed> probe_processes(FaultId fault, bool expected_in_force);
  Async<Probed> probe_serving(MonotonicTime deadline);

  // Faults that are asked of the cluster itself.
  Async<EnvironmentResult> ask_cluster(FaultId fault, FaultSpec spec);
  Async<Probed> hand_over(FaultId fault, NodeId target);
  /// Until the members are as the faults known want them, whoever has to be asked for it. `fault`: this is
  /// for it, and over when it is.
  Async<Probed> settle_members(std::optional<FaultId> fault, MonotonicTime deadline);
  /// Looks once.
  Async<Probed> probe_cluster(FaultSpec spec);
  /// Of those nodes that answer.
  Async<std::vector<NodeStatus>> ask_statuses();
  Async<Status> ask_node(NodeId node, std::string path, std::string body);
  [[nodiscard]] static bool asked_of_cluster(const FaultSpec& spec);
  [[nodiscard]] Membership wanted_members() const;

  [[nodiscard]] ReachExpectation expectation(std::optional<FaultId> in_question,
                                             bool expected_in_force) const;
  [[nodiscard]] std::string process_problem(NodeId node, const Known& known, const ProcessState& state,
                                            bool expected_in_force) const;
  [[nodiscard]] bool struck_by_another(NodeId node, FaultId but) const;
  [[nodiscard]] std::vector<NodeId> nodes_of(const FaultSpec& spec) const;
  [[nodiscard]] const Endpoint& endpoint(NodeId node) const;
  [[nodiscard]] std::vector<NodeId> all_nodes() const;
  [[nodiscard]] HttpRequest to_agent(NodeId node, std::string method, std::string_view path,
                                     std::string body) const;
  [[nodiscard]] HttpRequest to_node(NodeId node, std::string method, std::string_view path,
                                    std::string body = {}) const;

  std::vector<Endpoint> endpoints_;
  std::string token_;
  Transport& transport_;
  Events events_;
  std::map<FaultId, Known> faults_;
  bool members_struck_ = false;  ///< by any fault so far: the last heal looks after them
  std::uint64_t last_nonce_;     ///< only grows
  Alarms alarms_;
  Flows flows_;  ///< last, so that flows go before what they use
};

}  // namespace ordeal::env
