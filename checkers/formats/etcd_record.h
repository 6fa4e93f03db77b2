#pragma once
// One operation as the robustness tests of etcd persist it (tests/robustness/report and model in its
// repository), an object with ClientId, Input, Call, Output and Return: what etcd.h makes histories of.

#include "common/result.h"
#include "common/value.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ordeal {

enum class EtcdRequest : std::uint8_t { kRange, kTxn, kLeaseGrant, kLeaseRevoke, kDefragment, kCompact };
/// As etcd spells it: "range", "leaseGrant".
[[nodiscard]] std::string_view to_text(EtcdRequest request);

struct EtcdRange {
  std::string start;
  std::string end;  ///< empty: the key `start` alone
  std::int64_t revision = 0;
  bool keys_only = false;

  /// Whether it is what a register calls a read.
  [[nodiscard]] bool is_get() const { return end.empty() && revision == 0 && !keys_only; }
};

enum class EtcdStepKind : std::uint8_t { kRange, kPut, kDelete };

/// An operation of a transaction.
struct EtcdStep {
  EtcdStepKind kind = EtcdStepKind::kRange;
  EtcdRange range;
  std::string key;  ///< of puts and deletes
  Value value;      ///< of puts: the text, or {hash: N} of a long one
  std::int64_t lease = 0;
};

struct EtcdCondition {
  std::string key;
  std::int64_t revision = 0;  ///< of its last modification; 0: the key is absent
  std::int64_t version = 0;   ///< looked at instead when it is not 0
};

struct EtcdKeyValue {
  std::string key;
  Value value;
  std::int64_t revision = 0;  ///< of its last modification
  std::int64_t version = 0;
};

struct EtcdStepResult {
  std::vector<EtcdKeyValue> found;
  std::int64_t deleted = 0;
};

struct EtcdRecord {
  std::int64_t client = 0;
  std::int64_t call = 0;       ///< ns
  std::int64_t completed = 0;  ///< ns
  EtcdRequest request = EtcdRequest::kRange;
  EtcdRange range;
  std::vector<EtcdCondition> conditions;
  std::vector<EtcdStep> on_success;
  std::vector<EtcdStep> on_failure;
  Value argument;  ///< the request of a range or transaction as it stands in the file

  std::string refused;  ///< an error that says that nothing happened
  std::string error;    ///< an error after which nobody knows
  std::int64_t revision = 0;
  std::string member;
  bool condition_failed = false;
  std::vector<EtcdStepResult> results;  ///< of the steps that were taken, or of the range
  Value answer;                         ///< of a range or transaction as it stands in the file

  std::string place;  ///< "client-1/operations.json: line 7", for messages

  [[nodiscard]] bool answered() const { return refused.empty() && error.empty(); }
  /// The steps that were taken, if it was answered.
  [[nodiscard]] const std::vector<EtcdStep>& taken() const {
    return condition_failed ? on_failure : on_success;
  }
};

/// The error says which member is wrong and what was expected.
[[nodiscard]] Result<EtcdRecord> read_etcd_record(const Value::Map& members);

}  // namespace ordeal
