#include "controller/cli/list_command.h"

#include "checkers/driver/models.h"
#include "checkers/formats/formats.h"
#include "checkers/formats/output_formats.h"
#include "common/check.h"
#include "common/node_event.h"
#include "nemesis/faults/catalog.h"
#include "node/host/duties/storage_plants.h"
#include "node/raft/raft.h"
#include "workloads/catalog.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>

namespace ordeal::cli {
namespace {

std::string lines(const std::vector<std::string_view>& names) {
  std::string text;
  for (const std::string_view name : names) text += fmt::format("{}\n", name);
  return text;
}

template <class Info>
std::string table(const std::vector<Info>& infos) {
  std::string text;
  for (const Info& info : infos) text += fmt::format("{:<18} {}\n", info.name, info.text);
  return text;
}

std::string bugs() {
  std::string text = "Planted bugs, off by default: --plant ID, or `plants` in a plan.\n\n";
  std::vector<Plant> plants(raft::raft_plants().begin(), raft::raft_plants().end());
  plants.insert(plants.end(), host::storage_plants().begin(), host::storage_plants().end());
  for (const Plant& plant : plants) {
    text += fmt::format("{:<4} {}: {}\n", plant.id, plant.protocol, plant.text);
    text += fmt::format("       needs:     {}\n       caught by: {}\n       origin:    {}\n", plant.needs,
                        plant.caught_by, plant.origin);
  }
  return text;
}

std::string faults() {
  std::string text = "What a plan may ask for, and its shapes: docs/formats/plan.md.\n\n";
  for (const std::string_view name : fault_names()) {
    const Fault& fault = *find_fault(name);
    text += fmt::format("{:<12} {:<18} {}\n", name, fault.simulated() ? "in the simulator" : "everywhere",
                        fmt::join(fault.shapes(), ", "));
  }
  return text;
}

std::string node_events() {
  std::string text = "What a fault of a plan may wait for: `when`, in docs/formats/plan.md.\n\n";
  for (const NodeEventTraits& kind : node_event_kinds())
    text += fmt::format("{:<20} {}\n", kind.name, kind.on_real_nodes ? "everywhere" : "in the simulator");
  return text;
}

using Printer = std::string (*)();

const std::map<std::string, Printer>& printers() {
  static const std::map<std::string, Printer> all = {
      {"bugs", bugs},
      {"events", node_events},
      {"faults", faults},
      {"formats", [] { return table(list_formats()); }},
      {"models", [] { return table(list_models()); }},
      {"output-formats", [] { return table(list_output_formats()); }},
      {"protocols", [] { return std::string("raft\n"); }},
      {"workloads", [] { return lines(workload_names()); }},
  };
  return all;
}

}  // namespace

std::vector<std::string> list_topics() {
  std::vector<std::string> topics;
  for (const auto& [topic, printer] : printers()) topics.push_back(topic);
  return topics;
}

std::string list_text(const std::string& topic) {
  const auto it = printers().find(topic);
  ORDEAL_CHECK(it != printers().end());
  return it->second();
}

}  // namespace ordeal::cli
