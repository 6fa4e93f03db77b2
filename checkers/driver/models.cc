#include "checkers/driver/models.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <optional>

#include "checkers/consistency/consistency.h"
#include "checkers/formats/json_text.h"
#include "checkers/linearizability/linearizable.h"
#include "checkers/linearizability/objects/objects.h"
#include "checkers/simple/availability.h"
#include "checkers/simple/bank.h"
#include "checkers/simple/convergence.h"
#include "checkers/simple/counter.h"
#include "checkers/simple/crdt.h"
#include "checkers/simple/kafka_log.h"
#include "checkers/simple/lock_safety.h"
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

/// Objects that are judged by the search.
std::optional<ObjectFactory> find_object(std::string_view name, const Value& initial) {
  if (name == "owned-mutex") return make_mutex({});
  if (name == "reentrant-mutex") return make_mutex({.reentrant = true, .fenced = false});
  if (name == "fenced-mutex") return make_mutex({.reentrant = false, .fenced = true});
  if (name == "reentrant-fenced-mutex") return make_mutex({.reentrant = true, .fenced = true});
  if (name == "linearizable-counter") return make_counter();
  if (name == "linearizable-set") return make_set();
  if (name == "fifo-queue") return make_fifo_queue();
  if (name == "append") return make_append();
  if (name == "multi-register") return make_multi_register(initial);
  return std::nullopt;
}

std::unique_ptr<Checker> make_simple_checker(std::string_view name) {
  if (name == "unique-ids") return make_unique_ids_checker();
  if (name == "counter") return make_counter_checker();
  if (name == "set-full") return make_set_full_checker(StaleReads::kAllowed);
  if (name == "set-full-linearizable") return make_set_full_checker(StaleReads::kForbidden);
  if (name == "total-queue") return make_total_queue_checker();
  if (name == "bank") return make_bank_checker({});
  if (name == "convergence") return make_convergence_checker();
  if (name == "crdt-set") return make_crdt_set_checker();
  if (name == "crdt-counter") return make_crdt_counter_checker();
  if (name == "crdt-register") return make_crdt_register_checker();
  if (name == "kafka-log") return make_kafka_log_checker(FinalPolls::kNotPromised);
  if (name == "kafka-log-drained") return make_kafka_log_checker(FinalPolls::kOfEverything);
  if (name == "lock-safety") return make_lock_safety_checker(LockPart::kAll);
  if (name == "lock-overlap") return make_lock_safety_checker(LockPart::kOverlap);
  if (name == "lock-overrun") return make_lock_safety_checker(LockPart::kOverrun);
  if (name == "lock-fencing") return make_lock_safety_checker(LockPart::kFencing);
  if (name == "lock-harm") return make_lock_safety_checker(LockPart::kHarm);
  return nullptr;
}

/// availability, or availability:LIMITS.
Result<std::unique_ptr<Checker>> make_availability(std::string_view name) {
  const std::size_t colon = name.find(':');
  Result<Value> value = colon == std::string_view::npos ? Value() : parse_json(name.substr(colon + 1));
  if (!value.ok()) {
    return invalid_argument(
        fmt::format("the limits in \"{}\" are not JSON: {}", name, value.error().message));
  }
  const Result<AvailabilityLimits> limits = AvailabilityLimits::parse(*value);
  if (!limits.ok()) return limits.error();
  return make_availability_checker(*limits);
}

}  // namespace

const std::vector<ModelInfo>& list_models() {
  static const std::vector<ModelInfo> models = [] {
    std::vector<ModelInfo> all = {
        {"register", "linearizable reads, writes and compare-and-sets; nil is absent, a mismatch is a fact"},
        {"cas-register", "the same as Knossos reads it: a nil read and a failed compare-and-set say nothing"},
        {"mutex", "acquire and release, one after the other, whoever does them"},
        {"owned-mutex", "the same, and only the process that acquired it can release it"},
        {"reentrant-mutex", "the same, and the holder may acquire it again"},
        {"fenced-mutex", "an owned mutex whose acquires answer with numbers that grow"},
        {"reentrant-fenced-mutex", "both; the holder gets the same number again"},
        {"append", "linearizable appends to a text or a list, reads and writes of all of it"},
        {"fifo-queue", "linearizable enqueue and dequeue; a dequeue of nil found it empty"},
        {"linearizable-set", "linearizable add, remove, contains and read of all"},
        {"linearizable-counter", "linearizable add, increment, decrement and read"},
        {"multi-register",
         "linearizable transactions of reads and writes of several registers; a nil read says nothing"},
    };
    const std::vector<ModelInfo> simple = {
        {"unique-ids", "generate: no id twice"},
        {"counter", "add and read: reads between what was added for certain and what may have been"},
        {"set-full", "add and read of all: no element lost, none from nowhere"},
        {"set-full-linearizable", "the same, and no read misses what was there for certain"},
        {"total-queue", "enqueue, dequeue, drain: what goes in comes out once, in any order"},
        {"bank", "read of all accounts: always the same total, no negative balance"},
        {"availability",
         "how much was ok, for how long nothing was; availability:{\"ok-fraction\": 0.99, "
         "\"gap-seconds\": 5, \"recovery-seconds\": 10} sets limits"},
        {"convergence",
         "read: in the end every node reads the same; equal vectors, equal digests at any time"},
        {"crdt-set", "the same, with add and remove: nothing lost, from nowhere or raised from the dead"},
        {"crdt-counter", "the same, with add, increment, decrement: reads in bounds, the end a possible sum"},
        {"crdt-register", "the same, with write: what is read was written; one value, or all that stay"},
        {"kafka-log",
         "Jepsen's kafka: send, poll and txn over logs with offsets; nothing lost, twice or back"},
        {"kafka-log-drained", "the same, and everything was polled in the end: nothing stays unseen"},
        {"lock-safety", "acquire, release and what they guard: no overlap, overrun, fencing fault or harm"},
        {"lock-overlap", "two processes never hold one lock at the same time for certain"},
        {"lock-overrun", "nothing is accepted after its hold was over and while another has the lock"},
        {"lock-fencing", "fencing tokens are unique, grow, and never go back at the resource"},
        {"lock-harm", "no update under a lock is lost: a counter's last read, updates of [read, written]"},
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
  const std::string_view model = name.substr(0, colon);
  if (model == "availability") return make_availability(name);
  std::optional<RegisterSemantics> semantics = find_semantics(model);
  if (!semantics && !find_object(model, {})) {
    std::vector<std::string_view> names;
    for (const ModelInfo& info : list_models()) names.push_back(info.name);
    return Error{ErrorCode::kInvalidArgument,
                 fmt::format("there is no model \"{}\"; give one of {}; :VALUE behind a register's says what "
                             "it holds at the beginning",
                             model, fmt::join(names, ", "))};
  }
  std::optional<Value> initial;
  if (colon != std::string_view::npos) {
    Result<Value> value = parse_json(name.substr(colon + 1));
    if (!value.ok()) {
      return Error{ErrorCode::kInvalidArgument,
                   fmt::format("the initial value in \"{}\" is not JSON: {}", name, value.error().message)};
    }
    initial = *std::move(value);
  }
  if (!semantics) {
    const bool takes = model == "multi-register";
    if (initial && (!takes || initial->as_map() == nullptr)) {
      return Error{
          ErrorCode::kInvalidArgument,
          fmt::format("{} in \"{}\"",
                      takes ? "the registers' values are no map" : "the model takes no initial value", name)};
    }
    return make_linearizable_checker(*find_object(model, initial.value_or(Value())));
  }
  if (initial) semantics->initial = *std::move(initial);
  return make_linearizable_register_checker(*semantics);
}

std::string_view usual_model(HistoryFormat format) {
  if (has_bare_transactions(format)) return "causal-convergence";
  switch (format) {
    case HistoryFormat::kEdn:
    case HistoryFormat::kEdnIndependent:
    case HistoryFormat::kJepsenJson:
      return "cas-register";
    default:
      return "register";
  }
}

}  // namespace ordeal
