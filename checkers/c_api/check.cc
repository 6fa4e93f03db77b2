#include <fmt/format.h>

#include <memory>
#include <string>

#include "checkers/c_api/border.h"
#include "checkers/c_api/history_handle.h"
#include "checkers/driver/driver.h"
#include "checkers/formats/json_text.h"

// NOLINTNEXTLINE(readability-identifier-naming): the name of C.
struct ordeal_finding {
  ordeal_verdict verdict = ORDEAL_UNKNOWN;
  std::string why;
  std::string json;
};

namespace ordeal::c_api {
namespace {

ordeal_verdict number_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kValid:
      return ORDEAL_VALID;
    case Verdict::kUnknown:
      return ORDEAL_UNKNOWN;
    case Verdict::kInvalid:
      return ORDEAL_INVALID;
  }
  return ORDEAL_UNKNOWN;
}

/// The limits of a budget; without one those that check_file has too.
Result<CheckLimits> limits_of(const ordeal_budget* budget) {
  CheckLimits limits;
  if (budget == nullptr) return limits;
  if (budget->struct_size != sizeof(ordeal_budget)) {
    return invalid_argument(fmt::format("the budget's struct_size is {}, this library's version {} has {}",
                                        budget->struct_size, ordeal_checkers_version(),
                                        sizeof(ordeal_budget)));
  }
  if (!(budget->seconds >= 0)) {  // also not-a-number
    return invalid_argument(fmt::format("the budget's seconds are {}, expected from 0", budget->seconds));
  }
  if (budget->steps_max > 0) limits.steps_max = budget->steps_max;
  limits.memory_bytes = budget->memory_bytes > 0 ? budget->memory_bytes : UINT64_MAX;
  limits.seconds = budget->seconds;
  limits.threads = budget->threads;
  if (budget->stop != nullptr) {
    limits.stop = [stop = budget->stop, context = budget->stop_context] { return stop(context) != 0; };
  }
  return limits;
}

Status check_whole(const ordeal_history& history) {
  if (!history.whole) {
    return Error{ErrorCode::kResourceExhausted,
                 "memory ran out while an event was added: the history is not whole; free it"};
  }
  if (history.well_formed) return {};
  const Status status = history.loaded.history.check_well_formed();
  if (status.ok()) return {};
  return Error{status.error().code, status.error().message + " (counted from 0)"};
}

std::unique_ptr<ordeal_finding> make_finding(const Finding& finding) {
  auto handle = std::make_unique<ordeal_finding>();
  handle->verdict = number_of(finding.verdict);
  handle->why = finding.why;
  handle->json = print_json(to_value(finding));
  return handle;
}

}  // namespace
}  // namespace ordeal::c_api

// The functions of C are in no namespace.
using namespace ordeal;
using namespace ordeal::c_api;

extern "C" {

ordeal_code ordeal_check(const ordeal_history* history, const char* model, const ordeal_budget* budget,
                         ordeal_finding** finding, char** message) {
  return guarded(message, [&]() -> Status {
    if (finding == nullptr) return null_argument("finding");
    *finding = nullptr;
    if (history == nullptr) return null_argument("history");
    const Result<CheckLimits> limits = limits_of(budget);
    if (!limits.ok()) return limits.error();
    if (Status whole = check_whole(*history); !whole.ok()) return whole;
    const Result<Finding> found = check_loaded(history->loaded, model != nullptr ? model : "", *limits);
    if (!found.ok()) return found.error();
    *finding = make_finding(*found).release();
    return {};
  });
}

ordeal_verdict ordeal_finding_verdict(const ordeal_finding* finding) {
  return finding != nullptr ? finding->verdict : ORDEAL_UNKNOWN;
}

const char* ordeal_finding_why(const ordeal_finding* finding) {
  return finding != nullptr ? finding->why.c_str() : "";
}

const char* ordeal_finding_json(const ordeal_finding* finding) {
  return finding != nullptr ? finding->json.c_str() : "null";
}

void ordeal_finding_free(ordeal_finding* finding) {
  delete finding;
}

}  // extern "C"
