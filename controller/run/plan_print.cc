#include "controller/run/plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <iterator>

namespace ordeal {
namespace {

/// Double-quoted YAML: flag values are text of any kind.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += fmt::format("\\{}", c);
    } else if (byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\x{:02X}", byte);
    } else {
      out.push_back(c);
    }
  }
  return out + "\"";
}

std::string list(const std::vector<std::string>& items) {
  return fmt::format("[{}]", fmt::join(items, ", "));
}

std::string range(Duration low, Duration high) {
  return fmt::format("[{}, {}]", print_duration(low), print_duration(high));
}

std::string event_line(const FaultEvent& event) {
  std::string line = fmt::format("    - {{at: {}, for: {}, fault: {}", print_duration(event.at),
                                 print_duration(event.length), event.request.fault);
  if (!event.request.shape.empty()) line += ", shape: " + event.request.shape;
  if (!event.request.target.empty()) line += ", target: " + quoted(event.request.target);
  return line + "}\n";
}

std::string workload_part(const WorkloadPlan& workload) {
  return fmt::format(
      "workload:\n"
      "  name: {}\n"
      "  keys: {}\n"
      "  operations_per_key: {}\n"
      "  concurrency_per_key: {}\n"
      "  values: {}\n"
      "  mix: {{read: {}, write: {}, cas: {}}}\n",
      workload.name, workload.keys, workload.operations_per_key, workload.concurrency_per_key,
      workload.unique_values ? "unique" : "small", workload.read_weight, workload.write_weight,
      workload.cas_weight);
}

std::string load_and_client_parts(const LoadPlan& load, const ClientPlan& client) {
  return fmt::format(
      "load:\n"
      "  mode: {}\n"
      "  concurrency: {}\n"
      "  rate: {}\n"
      "client:\n"
      "  operation_timeout: {}\n"
      "  attempt_timeout: {}\n"
      "  retry: {}\n"
      "  sticky: {}\n",
      load.open ? "open" : "closed", load.concurrency, load.rate, print_duration(client.operation_timeout),
      print_duration(client.attempt_timeout), client.retry, client.sticky);
}

std::string faults_part(const Plan& plan) {
  if (!plan.random_faults && plan.fault_events.empty()) return "faults: {}\n";
  std::string out = "faults:\n";
  if (plan.random_faults) {
    const RandomFaults& random = *plan.random_faults;
    out += fmt::format(
        "  random:\n"
        "    kinds: {}\n"
        "    shapes: {}\n"
        "    targets: {}\n"
        "    gap: {}\n"
        "    duration: {}\n",
        list(random.kinds), list(random.shapes), list(random.targets), range(random.gap_min, random.gap_max),
        range(random.duration_min, random.duration_max));
  }
  if (!plan.fault_events.empty()) out += "  events:\n";
  for (const FaultEvent& event : plan.fault_events) out += event_line(event);
  return out;
}

std::string node_part(const Plan& plan) {
  if (plan.node_flags.empty()) return "node: {}\n";
  std::string out = "node:\n";
  for (const auto& [name, value] : plan.node_flags) out += fmt::format("  {}: {}\n", name, quoted(value));
  return out;
}

}  // namespace

std::string print_plan(const Plan& plan) {
  std::string out =
      fmt::format("version: 1\nname: {}\nprotocol: {}\nnodes: {}\ntime_limit: {}\n", quoted(plan.name),
                  plan.protocol, plan.nodes, print_duration(plan.time_limit));
  if (plan.seed) out += fmt::format("seed: {}\n", *plan.seed);
  out += workload_part(plan.workload);
  out += load_and_client_parts(plan.load, plan.client);
  out += faults_part(plan);
  out += node_part(plan);
  out += fmt::format("plants: {}\nexpect: {{operations: {}, faults: {}}}\n", list(plan.plants),
                     plan.expect_operations, plan.expect_faults);
  return out;
}

}  // namespace ordeal
