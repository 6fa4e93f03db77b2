#pragma once
// The environment port, carried out through the agents: each request becomes HTTP to the agents concerned,
// then probes until they show what was asked for, then one result. Nothing here blocks; several requests may
// be under way. Renews the leases of everything in force, which also shows when an agent has died.
//
// A fault's bounds: not before its first request left; not after the probe, or the last agent's word that a
// probe then confirmed.

#include "common/environment.h"
#include "controller/env/addresses.h"
#include "controller/env/agent_wire.h"
#include "controller/env/async.h"
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
  enum class Stage { kChanging, kInForce };
  struct Known {
    FaultSpec spec;
    Stage stage = Stage::kChanging;
    std::map<NodeId, std::uint64_t> incarnations;  ///< of those killed, before
    std::set<NodeId> lapsed;                       ///< where it let go by itself; told
  };
  /// What a probe saw.
  struct Probed {
    std::vector<std::string> wrong;  ///< empty: as expected
    Value measured;
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
  Async<Probed> probe_serving(bool with_leader);

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

  std::vector<Endpoint> endpoints_;
  std::string token_;
  Transport& transport_;
  Events events_;
  std::map<FaultId, Known> faults_;
  std::uint64_t last_nonce_;  ///< only grows
  Alarms alarms_;
  Flows flows_;  ///< last, so that flows go before what they use
};

}  // namespace ordeal::env
