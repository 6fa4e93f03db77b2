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
  std::string line = fmt::format("    - {{at: {}", print_duration(event.at));
  if (event.trigger) {
    line += fmt::format(", when: {}", traits(event.trigger->kind).name);
    if (!event.trigger->node.empty()) line += ", node: " + quoted(event.trigger->node);
    line += fmt::format(", count: {}, after: {}", event.trigger->count, print_duration(event.trigger->after));
  }
  line += fmt::format(", for: {}, fault: {}", print_duration(event.length), event.request.fault);
  if (!event.request.shape.empty()) line += ", shape: " + event.request.shape;
  if (!event.request.target.empty()) line += ", target: " + quoted(event.request.target);
  return line + "}\n";
}

std::string value_text(const Value& value) {
  if (const std::string* text = value.as_string()) return quoted(*text);
  const Value::List* pair = value.as_list();
  if (pair == nullptr) return "~";
  std::vector<std::string> items;
  for (const Value& item : *pair) items.push_back(value_text(item));
  return list(items);
}

std::string operation_line(const ScriptedOp& op) {
  std::string line = fmt::format("    - {{at: {}, client: {}, f: {}, key: {}", print_duration(op.at),
                                 op.client, op.f, quoted(op.key));
  if (!op.value.is_nil()) line += ", value: " + value_text(op.value);
  return line + "}\n";
}

std::string script_part(const WorkloadPlan& workload) {
  std::string out = "workload:\n  name: script\n  operations:";
  if (workload.operations.empty()) return out + " []\n";
  out += "\n";
  for (const ScriptedOp& op : workload.operations) out += operation_line(op);
  return out;
}

std::string workload_part(const WorkloadPlan& workload) {
  if (workload.name == "script") return script_part(workload);
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

/// Nothing when it is as usual: a plan for real machines need not speak of it.
std::string sim_part(const SimPlan& sim) {
  if (sim == SimPlan()) return {};
  return fmt::format(
      "sim: {{delay: {}, delays: {}, slow: {}, slow_max: {}, loss: {}, duplicates: {}, overtaking: {}, "
      "bandwidth: {}, "
      "kept_by_cuts: {}, sync: {}, client_delay: {}, client_loss: {}}}\n",
      range(sim.delay_min, sim.delay_max), sim.exponential ? "exponential" : "uniform", sim.slow,
      print_duration(sim.slow_max), sim.loss, sim.duplicates, sim.overtaking, sim.bandwidth, sim.kept_by_cuts,
      range(sim.sync_min, sim.sync_max), range(sim.client_delay_min, sim.client_delay_max), sim.client_loss);
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
  out += sim_part(plan.sim);
  out += fmt::format("plants: {}\nexpect: {{operations: {}, faults: {}}}\n", list(plan.plants),
                     plan.expect_operations, plan.expect_faults);
  return out;
}

}  // namespace ordeal
