#include "checkers/keyed_checker.h"

#include <fmt/format.h>

#include <algorithm>

#include "checkers/dense_numbers.h"
#include "common/check.h"

namespace ordeal {
namespace {

constexpr std::size_t kWitnessesMax = 5;

std::string about_key(const Value& key, const std::string& why) {
  return key.is_nil() ? why : fmt::format("key {}: {}", to_text(key), why);
}

/// Sums over the keys, and the first key of each verdict that is not valid.
struct Tally {
  std::int64_t operations = 0;
  std::int64_t states = 0;
  std::int64_t bytes_peak = 0;
  std::int64_t invalid = 0;
  std::int64_t unknown = 0;
  std::string first_invalid;
  std::string first_unknown;

  void add(const KeySlice& slice, const KeyFinding& finding) {
    operations += static_cast<std::int64_t>(slice.operations.size());
    states += static_cast<std::int64_t>(finding.steps);
    bytes_peak = std::max(bytes_peak, static_cast<std::int64_t>(finding.bytes));
    if (finding.verdict == Verdict::kInvalid && invalid++ == 0)
      first_invalid = about_key(slice.key, finding.why);
    if (finding.verdict == Verdict::kUnknown && unknown++ == 0)
      first_unknown = about_key(slice.key, finding.why);
  }
};

std::string explain(const Tally& tally, std::size_t keys) {
  const auto others = [](std::int64_t count, std::string_view word) {
    return count > 1 ? fmt::format(" ({} more keys are {})", count - 1, word) : std::string();
  };
  if (tally.invalid > 0) return tally.first_invalid + others(tally.invalid, "invalid");
  if (tally.unknown > 0) return tally.first_unknown + others(tally.unknown, "unknown");
  if (keys == 0) return "the history has no operations of clients, so there is nothing to violate";
  return fmt::format("{} operations on {} {}: each key has an order that explains every answer",
                     tally.operations, keys, keys == 1 ? "key" : "keys");
}

/// Why it is not known what the operations without a key did, where others have keys.
const std::string* undecided_without_key(const std::vector<KeySlice>& slices,
                                         const std::vector<KeyFinding>& findings) {
  for (std::size_t i = 0; slices.size() > 1 && i < slices.size(); ++i) {
    if (slices[i].key.is_nil() && findings[i].verdict == Verdict::kUnknown) return &findings[i].why;
  }
  return nullptr;
}

}  // namespace

std::vector<KeySlice> split_by_key(const HistoryTable& history) {
  const std::vector<OperationRow> operations = history.operations();
  DenseNumbers keys;
  std::vector<std::uint32_t> key_of;  // by operation
  key_of.reserve(operations.size());
  for (const OperationRow& operation : operations)
    key_of.push_back(keys.number(history.key(operation.invoke).bits));
  std::vector<std::size_t> sizes(keys.size());
  for (const std::uint32_t key : key_of) ++sizes[key];
  std::vector<KeySlice> slices(keys.size());
  for (std::uint32_t key = 0; key < keys.size(); ++key) {
    slices[key].key = history.pool().value(Cell{keys.word(key)});
    slices[key].operations.reserve(sizes[key]);
  }
  for (std::size_t i = 0; i < operations.size(); ++i) slices[key_of[i]].operations.push_back(operations[i]);
  std::sort(slices.begin(), slices.end(), [](const KeySlice& a, const KeySlice& b) { return a.key < b.key; });
  return slices;
}

Result<KeyProof> KeyedChecker::prove_key(const HistoryTable& /*history*/, const KeySlice& /*slice*/,
                                         const Budget& /*budget*/) const {
  return Error{ErrorCode::kUnsupported, fmt::format("the checker \"{}\" gives no proofs", name())};
}

Finding KeyedChecker::check(const HistoryTable& history, const Budget& budget) const {
  const std::vector<KeySlice> slices = split_by_key(history);
  std::vector<KeyFinding> findings;
  findings.reserve(slices.size());
  for (const KeySlice& slice : slices) findings.push_back(check_key(history, slice, budget));
  return combine(slices, findings);
}

Finding KeyedChecker::combine(const std::vector<KeySlice>& slices,
                              const std::vector<KeyFinding>& findings) const {
  ORDEAL_CHECK(slices.size() == findings.size());
  Finding finding{
      .checker = std::string(name()), .verdict = Verdict::kValid, .why = {}, .witnesses = {}, .details = {}};
  Tally tally;
  for (std::size_t i = 0; i < slices.size(); ++i) {
    tally.add(slices[i], findings[i]);
    finding.verdict = worst(finding.verdict, findings[i].verdict);
    if (!findings[i].witness || finding.witnesses.size() == kWitnessesMax) continue;
    finding.witnesses.push_back(*findings[i].witness);
    finding.witnesses.back().key = slices[i].key;
  }
  finding.why = explain(tally, slices.size());
  finding.details = Value::Map{{"keys", static_cast<std::int64_t>(slices.size())},
                               {"operations", tally.operations},
                               {"states", tally.states},
                               {"bytes-peak", tally.bytes_peak},
                               {"invalid-keys", tally.invalid},
                               {"unknown-keys", tally.unknown}};
  if (const std::string* why = undecided_without_key(slices, findings)) {
    finding.verdict = Verdict::kUnknown;
    finding.witnesses.clear();
    finding.why = fmt::format("operations without a key may concern any key, and of them: {}", *why);
  }
  return finding;
}

}  // namespace ordeal
