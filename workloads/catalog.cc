#include "workloads/catalog.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace ordeal {

std::vector<std::string_view> workload_names() {
  return {"register", "script"};
}

Result<std::unique_ptr<Workload>> make_workload(const WorkloadOptions& options) {
  if (options.name == "register") {
    return std::unique_ptr<Workload>(std::make_unique<RegisterWorkload>(options.registers));
  }
  if (options.name == "script")
    return std::unique_ptr<Workload>(std::make_unique<ScriptWorkload>(options.operations));
  return Error{ErrorCode::kInvalidArgument, fmt::format("unknown workload '{}'; allowed: {}", options.name,
                                                        fmt::join(workload_names(), ", "))};
}

}  // namespace ordeal
