#pragma once
// The plan: everything that one run does, as data. Read from YAML text (docs/formats/plan.md) or built by
// flags; the plan that was executed is stored with the run, so that it can be run again, in any environment.

#include "common/ids.h"
#include "common/result.h"
#include "common/time.h"
#include "nemesis/faults/schedule.h"
#include "workloads/script.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ordeal {

struct WorkloadPlan {
  std::string name = "register";
  std::uint32_t keys = 8;
  std::uint32_t operations_per_key = 400;
  std::uint32_t concurrency_per_key = 4;
  bool unique_values = true;
  std::uint32_t read_weight = 5;
  std::uint32_t write_weight = 3;
  std::uint32_t cas_weight = 2;
  std::vector<ScriptedOp> operations;  ///< of the workload script, and of no other

  friend bool operator==(const WorkloadPlan&, const WorkloadPlan&) = default;
};

struct LoadPlan {
  bool open = false;
  std::uint32_t concurrency = 10;
  std::uint32_t rate = 500;  ///< operations a second; 0: no limit (closed loop only)

  friend bool operator==(const LoadPlan&, const LoadPlan&) = default;
};

struct ClientPlan {
  Duration operation_timeout = seconds(5);
  Duration attempt_timeout = seconds(1);
  bool retry = false;
  bool sticky = true;

  friend bool operator==(const ClientPlan&, const ClientPlan&) = default;
};

/// The machines of the simulator; real ones are as they are. Shares are of 1,000.
struct SimPlan {
  Duration delay_min = microseconds(100);  ///< of a message between nodes
  Duration delay_max = microseconds(500);
  bool exponential = false;  ///< mostly near `delay_min`, rarely near `delay_max`; else uniform
  std::uint32_t slow = 0;    ///< share of messages that take up to `slow_max` longer
  Duration slow_max = milliseconds(100);
  std::uint32_t loss = 0;
  std::uint32_t duplicates = 0;
  bool overtaking = false;               ///< messages arrive in any order
  std::uint64_t bandwidth = 0;           ///< of a link, bytes a second; 0: without limit
  std::uint32_t kept_by_cuts = 0;        ///< share of messages into a partition that arrive after it
  Duration sync_min = microseconds(50);  ///< of the disk
  Duration sync_max = microseconds(500);
  Duration client_delay_min = microseconds(50);  ///< between a client and a node, each way
  Duration client_delay_max = microseconds(400);
  std::uint32_t client_loss = 0;  ///< share of requests, and of answers, that are lost

  friend bool operator==(const SimPlan&, const SimPlan&) = default;
};

struct Plan {
  std::string name = "default";
  std::string protocol = "raft";
  std::uint32_t nodes = 5;
  Duration time_limit = seconds(60);
  std::optional<std::uint64_t> seed;
  WorkloadPlan workload;
  LoadPlan load;
  ClientPlan client;
  std::optional<RandomFaults> random_faults;
  std::vector<FaultEvent> fault_events;
  std::map<std::string, std::string> node_flags;  ///< name without dashes -> value, for ordeal-node
  std::vector<std::string> plants;
  SimPlan sim;
  std::uint64_t expect_operations = 100;
  std::uint64_t expect_faults = 1;

  friend bool operator==(const Plan&, const Plan&) = default;
};

/// Parses YAML. `name` is the file's name for messages: "plan.yaml:7: ...".
[[nodiscard]] Result<Plan> parse_plan(std::string_view text, std::string_view name);
/// The YAML of a plan, every key written out; parse_plan gives the same plan again.
[[nodiscard]] std::string print_plan(const Plan& plan);
/// Where a setting such as "faults.events[1].when" stands in a plan's text, or what it is in. Requires:
/// parse_plan has taken the text.
[[nodiscard]] int line_in_plan(std::string_view text, std::string_view path);
/// Ranges and names that parse_plan checks, for plans that flags changed.
[[nodiscard]] Status check_plan(const Plan& plan);
/// The plan of `./run` without arguments.
[[nodiscard]] Plan default_plan();

/// "500ms", "2s", "1.5s", "1m", "2h"; also us and ns.
[[nodiscard]] Result<Duration> parse_duration(std::string_view text);
/// In the largest unit that needs no fraction; parse_duration gives the same again.
[[nodiscard]] std::string print_duration(Duration duration);

}  // namespace ordeal
