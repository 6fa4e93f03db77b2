#pragma once
// A fault's policy: whom it strikes and with what, decided from a request, the run's view of the cluster and
// the random stream. It acts only through the environment port: the result is a FaultSpec to apply. The
// mechanism is in nemesis/agent.

#include "common/environment.h"
#include "common/prng.h"
#include "common/result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ordeal {

/// What is known of the cluster when a fault is chosen.
struct ClusterView {
  std::vector<NodeId> nodes;  ///< all members, in order
  NodeId leader;              ///< by the highest term seen among reachable nodes; kNoNode when unknown
  std::vector<NodeId> down;   ///< killed or paused just now by faults in force
};

/// A fault as a plan asks for it.
struct FaultRequest {
  std::string fault;   ///< a name of catalog.h
  std::string shape;   ///< of faults that have several, such as isolate-one of partition; else empty
  std::string target;  ///< leader, follower, minority, majority, one, all, names "n1,n3"; empty: one node

  friend bool operator==(const FaultRequest&, const FaultRequest&) = default;
};

class Fault {
 public:
  Fault() = default;
  Fault(const Fault&) = delete;
  Fault& operator=(const Fault&) = delete;
  virtual ~Fault() = default;

  [[nodiscard]] virtual std::string_view name() const = 0;
  /// The shapes that a request may name, in the order in which `ordeal list` shows them; empty: it takes
  /// none.
  [[nodiscard]] virtual std::vector<std::string_view> shapes() const { return {}; }
  /// Only the simulator can do it.
  [[nodiscard]] virtual bool simulated() const { return false; }
  /// Whether a cluster of n1 to n<nodes> can be struck with this at all: the shape and the target are known,
  /// fit each other and name members. The message lists what is allowed.
  [[nodiscard]] virtual Status check(const FaultRequest& request, std::uint32_t nodes) const = 0;
  /// kInvalidArgument: a shape or target that this fault does not know (the message lists those it does).
  /// kUnavailable: cannot strike now (no leader known, everybody is down already); try later.
  [[nodiscard]] virtual Result<FaultSpec> choose(const FaultRequest& request, const ClusterView& cluster,
                                                 Rng& rng) const = 0;
};

}  // namespace ordeal
