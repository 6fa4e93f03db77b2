#pragma once
// Every workload there is, by name. A new workload is a file beside this one and a line in catalog.cc.

#include "common/result.h"
#include "workloads/register.h"
#include "workloads/script.h"
#include "workloads/workload.h"

#include <memory>
#include <string_view>
#include <vector>

namespace ordeal {

/// What a plan says of its workload; each workload takes what it knows.
struct WorkloadOptions {
  std::string_view name = "register";
  RegisterOptions registers;
  std::vector<ScriptedOp> operations;  ///< of the script
};

/// In the order in which `ordeal list` shows them.
[[nodiscard]] std::vector<std::string_view> workload_names();
/// kInvalidArgument: there is no such workload; the message says which there are.
[[nodiscard]] Result<std::unique_ptr<Workload>> make_workload(const WorkloadOptions& options);

}  // namespace ordeal
