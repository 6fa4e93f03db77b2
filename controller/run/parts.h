#pragma once
// The parts of a run that a plan names: its workload, and its clients.

#include "common/client.h"
#include "common/result.h"
#include "controller/run/plan.h"
#include "workloads/workload.h"

#include <memory>

namespace ordeal {

/// How many clients a run has at once, at most. Closed loop: `concurrency`. Open loop: arrivals do not wait
/// for answers, so that clients are added while none is free, up to ten times `concurrency`; beyond that
/// arrivals wait, and their latency counts from when they should have started.
[[nodiscard]] std::uint32_t clients_max(const Plan& plan);

/// kInvalidArgument: there is no such workload.
[[nodiscard]] Result<std::unique_ptr<Workload>> make_workload(const Plan& plan);

/// A ClientFactory for ordeal-node. A process that ended info is followed by process + clients_max, so that
/// process mod clients_max says which client this is: client i keeps to node 1 + i mod n.
[[nodiscard]] std::unique_ptr<Client> make_client(ProcessId process, const Plan& plan);

}  // namespace ordeal
