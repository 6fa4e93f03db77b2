#include "checkers/driver/models.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <optional>

#include "checkers/consistency/consistency.h"
#include "checkers/formats/json_text.h"
#include "checkers/linearizability/linearizable.h"
#include "checkers/simple/bank.h"
#include "checkers/simple/counter.h"
#include "checkers/simple/queue.h"
#include "checkers/simple/set_full.h"
#include "checkers/simple/unique_ids.h"

namespace ordeal {
namespace {

std::optional<RegisterSemantics> find_semantics(std::string_view name) {
  if (name == "register") return RegisterSemantics{};
  if (name == "cas-register") {
    return RegisterSemantics{
        .initial = {}, .failed_cas = FailedCas::kNothing, .nil_read = NilRead::kNothing, .kind = {}};
  }
  if (name == "mutex") {
    return RegisterSemantics{
        .initial = "free", .failed_cas = {}, .nil_read = {}, .kind = RegisterKind::kMutex};
  }
  return std::nullopt;
}

std::unique_ptr<Checker> make_simple_checker(std::string_view name) {
  if (name == "unique-ids") return make_unique_ids_checker();
  if (name == "counter") return make_counter_checker();
  if (name == "set-full") return make_set_full_checker(StaleReads::kAllowed);
  if (name == "set-full-linearizable") return make_set_full_checker(StaleReads::kForbidden);
  if (name == "total-queue") return make_total_queue_checker();
  if (name == "bank") return make_bank_checker({});
  return nullptr;
}

}  // namespace

const std::vector<ModelInfo>& list_models() {
  static const std::vector<ModelInfo> models = [] {
    std::vector<ModelInfo> all = {
        {"register", "linearizable reads, writes and compare-and-sets; nil is absent, a mismatch is a fact"},
        {"cas-register", "the same as Knossos reads it: a nil read and a failed compare-and-set say nothing"},
        {"mutex", "acquire and release, one after the other, whoever does them"},
    };
    const std::vector<ModelInfo> simple = {
        {"unique-ids", "generate: no id twice"},
        {"counter", "add and read: reads between what was added for certain and what may have been"},
        {"set-full", "add and read of all: no element lost, none from nowhere"},
        {"set-full-linearizable", "the same, and no read misses what was there for certain"},
        {"total-queue", "enqueue, dequeue, drain: what goes in comes out once, in any order"},
        {"bank", "read of all accounts: always the same total, no negative balance"},
    };
    all.insert(all.end(), simple.begin(), simple.end());
    for (const ConsistencyLevelInfo& level : list_consistency_levels())
      all.push_back({level.name, level.text});
    return all;
  }();
  return models;
}

Result<std::unique_ptr<Checker>> make_model_checker(std::string_view name) {
  if (std::unique_ptr<Checker> level = make_consistency_checker(name)) return level;
  if (std::unique_ptr<Checker> simple = make_simple_checker(name)) return simple;
  const std::size_t colon = name.find(':');
  std::optional<RegisterSemantics> semantics = find_semantics(name.substr(0, colon));
  if (!semantics) {
    std::vector<std::string_view> names;
    for (const ModelInfo& info : list_models()) names.push_back(info.name);
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("there is no model \"{}\"; give one of {}; :VALUE behind a register's says what "
                             "it holds at the beginning",
                             name.substr(0, colon), fmt::join(names, ", "))};
  }
  if (colon != std::string_view::npos) {
    Result<Value> initial = parse_json(name.substr(colon + 1));
    if (!initial.ok()) {
      return Error{ErrorCode::kInvalidArgument,
                   fmt::format("the initial value in \"{}\" is not JSON: {}", name, initial.error().message)};
    }
    semantics->initial = *std::move(initial);
  }
  return make_linearizable_register_checker(*semantics);
}

std::string_view usual_model(HistoryFormat format) {
  switch (format) {
    case HistoryFormat::kJsonl:
    case HistoryFormat::kJepsenLog:
    case HistoryFormat::kEtcd:
      return "register";
    case HistoryFormat::kEdn:
    case HistoryFormat::kEdnIndependent:
    case HistoryFormat::kJepsenJson:
      return "cas-register";
    case HistoryFormat::kPlume:
    case HistoryFormat::kAwdit:
    case HistoryFormat::kDbcop:
    case HistoryFormat::kDbcopJson:
    case HistoryFormat::kDbcopText:
    case HistoryFormat::kCobra:
      return "causal-convergence";
  }
  return "register";
}

}  // namespace ordeal
