#include "nemesis/faults/catalog.h"

#include "nemesis/faults/clock.h"
#include "nemesis/faults/disk.h"
#include "nemesis/faults/kill.h"
#include "nemesis/faults/members.h"
#include "nemesis/faults/packets.h"
#include "nemesis/faults/partition.h"
#include "nemesis/faults/pause.h"
#include "nemesis/faults/power.h"
#include "nemesis/faults/transfer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

namespace ordeal {
namespace {

const std::array<const Fault*, 9>& all_faults() {
  static const Partition partition;
  static const Kill kill;
  static const Pause pause;
  static const Power power;
  static const Clock clock;
  static const Packets packets;
  static const Disk disk;
  static const Transfer transfer;
  static const Members members;
  static const std::array<const Fault*, 9> all{&partition, &kill, &pause,    &power,  &clock,
                                               &packets,   &disk, &transfer, &members};
  return all;
}

}  // namespace

std::vector<std::string_view> fault_names() {
  std::vector<std::string_view> names;
  for (const Fault* fault : all_faults()) names.push_back(fault->name());
  return names;
}

const Fault* find_fault(std::string_view name) {
  for (const Fault* fault : all_faults()) {
    if (fault->name() == name) return fault;
  }
  return nullptr;
}

Status check_fault(const FaultRequest& request, std::uint32_t nodes) {
  const Fault* fault = find_fault(request.fault);
  if (fault != nullptr) return fault->check(request, nodes);
  return Error{ErrorCode::kInvalidArgument,
               fmt::format("unknown fault '{}'; allowed: {}", request.fault, fmt::join(fault_names(), ", "))};
}

}  // namespace ordeal
