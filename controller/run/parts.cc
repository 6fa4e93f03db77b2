#include "controller/run/parts.h"

#include "clients/ordeal_kv.h"
#include "workloads/catalog.h"

namespace ordeal {
namespace {

constexpr std::uint32_t kOpenLoopGrowth = 10;

}  // namespace

std::uint32_t clients_max(const Plan& plan) {
  return plan.load.open ? kOpenLoopGrowth * plan.load.concurrency : plan.load.concurrency;
}

Result<std::unique_ptr<Workload>> make_workload(const Plan& plan) {
  WorkloadOptions options;
  options.name = plan.workload.name;
  options.registers.keys = plan.workload.keys;
  options.registers.operations_per_key = plan.workload.operations_per_key;
  options.registers.concurrency_per_key = plan.workload.concurrency_per_key;
  options.registers.unique_values = plan.workload.unique_values;
  options.registers.read_weight = plan.workload.read_weight;
  options.registers.write_weight = plan.workload.write_weight;
  options.registers.cas_weight = plan.workload.cas_weight;
  options.operations = plan.workload.operations;
  return make_workload(options);
}

std::unique_ptr<Client> make_client(ProcessId process, const Plan& plan) {
  ORDEAL_CHECK(process.value() >= 0);
  const auto client = static_cast<std::uint64_t>(process.value()) % clients_max(plan);
  OrdealKvOptions options;
  options.nodes = plan.nodes;
  options.home = NodeId(static_cast<std::uint32_t>(1 + client % plan.nodes));
  options.sticky = plan.client.sticky;
  options.retry = plan.client.retry;
  options.operation_timeout = plan.client.operation_timeout;
  options.attempt_timeout = plan.client.attempt_timeout;
  return make_ordeal_kv(process, options);
}

}  // namespace ordeal
