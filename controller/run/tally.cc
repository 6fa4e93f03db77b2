#include "controller/run/tally.h"

#include <fmt/format.h>

namespace ordeal {
namespace {

/// Below this, that none succeeded may be chance.
constexpr std::uint64_t kNeverOkMin = 10;

void add(Tally::Count& count, OpType type) {
  switch (type) {
    case OpType::kInvoke:
      ++count.invoked;
      break;
    case OpType::kOk:
      ++count.ok;
      break;
    case OpType::kFail:
      ++count.fail;
      break;
    case OpType::kInfo:
      ++count.info;
      break;
  }
}

}  // namespace

void Tally::invoked(const Op& op, bool final) {
  ORDEAL_CHECK(op.type == OpType::kInvoke);
  add(final ? final_ : load_[op.f], op.type);
}

void Tally::completed(const Op& op, bool final) {
  ORDEAL_CHECK(op.type != OpType::kInvoke);
  add(final ? final_ : load_[op.f], op.type);
}

Tally::Count Tally::total() const {
  Count total = final_;
  for (const auto& [f, count] : load_) {
    total.invoked += count.invoked;
    total.ok += count.ok;
    total.fail += count.fail;
    total.info += count.info;
  }
  return total;
}

std::vector<std::string> Tally::vacuous(const Plan& plan, const FaultRunner::Counts& faults,
                                        bool healed) const {
  std::vector<std::string> reasons = blames_;
  std::uint64_t ok = 0;
  for (const auto& [f, count] : load_) {
    ok += count.ok;
    if (count.invoked >= kNeverOkMin && count.ok == 0)
      reasons.push_back(fmt::format("none of {} {} operations succeeded", count.invoked, f));
  }
  if (ok < plan.expect_operations) {
    reasons.push_back(
        fmt::format("{} operations succeeded; the plan expects at least {}", ok, plan.expect_operations));
  }
  const bool asked = plan.random_faults || !plan.fault_events.empty();
  if (asked && faults.verified < plan.expect_faults) {
    reasons.push_back(fmt::format("{} of {} faults were verified in force; the plan expects at least {}",
                                  faults.verified, faults.asked, plan.expect_faults));
  } else if (faults.verified + faults.skipped < faults.asked) {
    reasons.push_back(fmt::format("{} of {} faults were applied and not seen in force",
                                  faults.asked - faults.skipped - faults.verified, faults.asked));
  }
  if (faults.healed < faults.verified) {
    reasons.push_back(fmt::format("{} of {} faults in force were not seen gone by their own probe",
                                  faults.verified - faults.healed, faults.verified));
  }
  if (!healed) reasons.push_back("the final heal was not verified");
  if (final_.ok == 0) reasons.push_back("no final read was answered: the cluster did not recover");
  return reasons;
}

}  // namespace ordeal
