#include "checkers/formats/etcd_record.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "checkers/formats/jepsen_op.h"

namespace ordeal {
namespace {

/// More clients than that would leave no numbers for others.
constexpr std::int64_t kClientMax = std::int64_t{1} << 62;

constexpr std::array<std::pair<std::string_view, EtcdRequest>, 6> kRequests = {{
    {"range", EtcdRequest::kRange},
    {"txn", EtcdRequest::kTxn},
    {"leaseGrant", EtcdRequest::kLeaseGrant},
    {"leaseRevoke", EtcdRequest::kLeaseRevoke},
    {"defragment", EtcdRequest::kDefragment},
    {"compact", EtcdRequest::kCompact},
}};

/// Reads what Go wrote: a member that is missing or null has the zero of its type. What is wrong first is
/// kept; all else is then of no account.
class RecordReader {
 public:
  explicit RecordReader(const Value::Map& members) : members_(members) {}

  Result<EtcdRecord> read() {
    EtcdRecord record;
    const Value whole(members_);
    const std::string_view client = whole.find("ClientId") != nullptr ? "ClientId" : "ClientID";
    record.client = required_integer(whole, client);
    if (record.client < 0 || record.client > kClientMax)
      fail(client, Value(record.client), "an integer from 0 to 2^62");
    record.call = required_integer(whole, "Call");
    record.completed = required_integer(whole, "Return");
    if (record.completed < record.call) fail("Return", Value(record.completed), "no time before the call");
    read_request(object(whole, "Input"), record);
    if (!problem_) read_response(object(whole, "Output"), record);
    if (problem_) return *problem_;
    return record;
  }

 private:
  void fail(std::string_view name, const Value& found, std::string_view what) {
    if (!problem_) {
      problem_ = invalid_argument(fmt::format("\"{}\" is {}, expected {}", name,
                                              found.is_nil() ? "missing" : quote_briefly(found), what));
    }
  }

  const Value& member(const Value& of, std::string_view name) {
    const Value* found = of.find(name);
    return found != nullptr ? *found : nil_;
  }
  /// Nil when it is missing.
  const Value& optional_object(const Value& of, std::string_view name) {
    const Value& found = member(of, name);
    if (found.is_nil() || found.as_map() != nullptr) return found;
    fail(name, found, "an object");
    return nil_;
  }
  const Value& object(const Value& of, std::string_view name) {
    const Value& found = member(of, name);
    if (found.as_map() == nullptr) fail(name, found, "an object");
    return found.as_map() != nullptr ? found : nil_;
  }
  const Value::List& list(const Value& of, std::string_view name) {
    const Value& found = member(of, name);
    if (found.as_list() != nullptr) return *found.as_list();
    if (!found.is_nil()) fail(name, found, "an array");
    return empty_;
  }
  std::int64_t required_integer(const Value& of, std::string_view name) {
    if (member(of, name).is_nil()) fail(name, nil_, "an integer");
    return integer(of, name);
  }
  std::int64_t integer(const Value& of, std::string_view name) {
    const Value& found = member(of, name);
    if (found.as_int() != nullptr) return *found.as_int();
    if (!found.is_nil()) fail(name, found, "an integer");
    return 0;
  }
  std::string text(const Value& of, std::string_view name) {
    const Value& found = member(of, name);
    if (found.as_string() != nullptr) return *found.as_string();
    if (!found.is_nil()) fail(name, found, "a string");
    return {};
  }
  bool flag(const Value& of, std::string_view name) {
    const Value& found = member(of, name);
    if (found.as_bool() != nullptr) return *found.as_bool();
    if (!found.is_nil()) fail(name, found, "true or false");
    return false;
  }

  void read_request(const Value& input, EtcdRecord& record) {
    const std::string type = text(input, "Type");
    const auto* at = kRequests.begin();
    while (at != kRequests.end() && at->first != type) ++at;
    if (at == kRequests.end()) {
      fail("Type", member(input, "Type"), "range, txn, leaseGrant, leaseRevoke, defragment or compact");
      return;
    }
    record.request = at->second;
    if (record.request == EtcdRequest::kRange) {
      record.argument = object(input, "Range");
      record.range = range(record.argument);
    } else if (record.request == EtcdRequest::kTxn) {
      record.argument = object(input, "Txn");
      for (const Value& each : list(record.argument, "Conditions")) {
        record.conditions.push_back({.key = text(each, "Key"),
                                     .revision = integer(each, "ExpectedRevision"),
                                     .version = integer(each, "ExpectedVersion")});
      }
      record.on_success = steps(record.argument, "OperationsOnSuccess");
      record.on_failure = steps(record.argument, "OperationsOnFailure");
    }
  }

  EtcdRange range(const Value& from) {
    return {.start = text(from, "Start"),
            .end = text(from, "End"),
            .revision = integer(from, "Revision"),
            .keys_only = flag(from, "KeysOnly")};
  }

  std::vector<EtcdStep> steps(const Value& from, std::string_view name) {
    std::vector<EtcdStep> steps;
    for (const Value& each : list(from, name)) steps.push_back(step(each));
    return steps;
  }

  EtcdStep step(const Value& from) {
    EtcdStep step;
    const std::string type = text(from, "Type");
    if (type == "range-operation") {
      step.range = range(object(from, "Range"));
    } else if (type == "put-operation") {
      const Value& put = object(from, "Put");
      step.kind = EtcdStepKind::kPut;
      step.key = text(put, "Key");
      step.value = value(put);
      step.lease = integer(put, "LeaseID");
    } else if (type == "delete-operation") {
      step.kind = EtcdStepKind::kDelete;
      step.key = text(object(from, "Delete"), "Key");
    } else {
      fail("Type", member(from, "Type"), "range-operation, put-operation or delete-operation");
    }
    return step;
  }

  /// Long values are kept as their hash. An empty object is the empty text.
  Value value(const Value& of) {
    const Value& found = optional_object(of, "Value");
    if (const std::int64_t hash = integer(found, "Hash"); hash != 0) return Value::Map{{"hash", hash}};
    return text(found, "Value");
  }

  EtcdStepResult result(const Value& from) {
    EtcdStepResult result;
    for (const Value& each : list(from, "KVs")) {
      result.found.push_back({.key = text(each, "Key"),
                              .value = value(each),
                              .revision = integer(each, "ModRevision"),
                              .version = integer(each, "Version")});
    }
    result.deleted = integer(from, "Deleted");
    return result;
  }

  void read_response(const Value& output, EtcdRecord& record) {
    record.refused = text(output, "ClientError");
    record.error = text(output, "Error");
    if (record.error.empty() && flag(output, "Persisted")) record.error = "persisted, but not answered";
    record.revision = integer(output, "Revision");
    record.member = text(output, "member-id");
    if (!record.answered()) return;
    if (record.request == EtcdRequest::kRange) {
      record.answer = object(output, "Range");
      record.results.push_back(result(record.answer));
    } else if (record.request == EtcdRequest::kTxn) {
      record.answer = object(output, "Txn");
      record.condition_failed = flag(record.answer, "Failure");
      for (const Value& each : list(record.answer, "Results")) record.results.push_back(result(each));
      check_results(record);
    }
  }

  void check_results(const EtcdRecord& record) {
    const std::size_t steps = record.taken().size();
    if (record.results.size() != steps)
      fail("Results", member(record.answer, "Results"), fmt::format("one of each of {} operations", steps));
  }

  const Value::Map& members_;
  const Value nil_;
  const Value::List empty_;
  std::optional<Error> problem_;
};

}  // namespace

std::string_view to_text(EtcdRequest request) {
  for (const auto& [text, each] : kRequests) {
    if (each == request) return text;
  }
  return "range";
}

Result<EtcdRecord> read_etcd_record(const Value::Map& members) {
  return RecordReader(members).read();
}

}  // namespace ordeal
