#include "workloads/register.h"

#include "checkers/linearizability/linearizable.h"

#include <fmt/format.h>

#include <algorithm>

namespace ordeal {
namespace {

constexpr std::size_t kRetiredMax = 1024;  ///< keys remembered for the final reads
constexpr std::size_t kSeenMax = 3;
constexpr std::uint64_t kSmallDomain = 5;

}  // namespace

RegisterWorkload::RegisterWorkload(const RegisterOptions& options) : options_(options) {
  ORDEAL_CHECK(options.keys > 0);
  ORDEAL_CHECK(options.operations_per_key > 0);
  ORDEAL_CHECK(options.concurrency_per_key > 0);
  ORDEAL_CHECK(options.read_weight + options.write_weight + options.cas_weight > 0);
  for (std::uint32_t i = 0; i < options.keys; ++i) live_.push_back(fresh_key());
}

std::optional<Op> RegisterWorkload::next(Rng& rng, ProcessId process) {
  std::vector<std::size_t> candidates;
  for (std::size_t i = 0; i < live_.size(); ++i) {
    if (has_room(live_[i])) candidates.push_back(i);
  }
  if (candidates.empty()) return std::nullopt;
  Key& key = live_[rng.pick(candidates)];
  Op op = make_op(key, rng, process);
  ++key.issued;
  ++key.open;
  if (worn_out(key)) retire(key);
  return op;
}

void RegisterWorkload::completed(const Op& invoke, const Op& completion) {
  // A process that ended info is never used again.
  if (completion.type == OpType::kInfo) values_written_.erase(invoke.process);
  const auto it =
      std::find_if(live_.begin(), live_.end(), [&](const Key& key) { return invoke.key == Value(key.name); });
  if (it == live_.end()) return;  // retired meanwhile
  ORDEAL_CHECK(it->open > 0);
  --it->open;
  learn(*it, completion);
  if (completion.type == OpType::kInfo && !idempotent(invoke.f)) ++it->unknown;
  if (worn_out(*it)) retire(*it);
}

std::optional<Op> RegisterWorkload::next_final(Rng& rng, ProcessId process) {
  if (!final_reads_) plan_final_reads(rng);
  if (final_reads_->empty()) return std::nullopt;
  Op op;
  op.process = process;
  op.f = "read";
  op.key = final_reads_->front();
  final_reads_->pop_front();
  return op;
}

std::vector<std::unique_ptr<Checker>> RegisterWorkload::checkers() const {
  std::vector<std::unique_ptr<Checker>> list;
  list.push_back(make_linearizable_register_checker());
  return list;
}

RegisterWorkload::Key RegisterWorkload::fresh_key() {
  Key key;
  key.name = fmt::format("r{}", ++keys_made_);
  return key;
}

bool RegisterWorkload::has_room(const Key& key) const {
  return key.open + key.unknown < options_.concurrency_per_key;
}

/// With half of its room taken for ever, a key would hold the load back and its search would grow for
/// nothing.
bool RegisterWorkload::worn_out(const Key& key) const {
  return key.issued >= options_.operations_per_key || 2 * key.unknown >= options_.concurrency_per_key;
}

void RegisterWorkload::retire(Key& key) {
  retired_.push_back(std::move(key.name));
  if (retired_.size() > kRetiredMax) retired_.pop_front();
  key = fresh_key();
}

/// Keeps the last few values by the server's order where it is told, since completions overtake each other.
void RegisterWorkload::learn(Key& key, const Op& completion) const {
  Value value;
  if (completion.type == OpType::kOk) {
    const Value::List* pair = completion.value.as_list();
    value = completion.f == "cas" && pair != nullptr && pair->size() == 2 ? (*pair)[1] : completion.value;
  } else if (const auto seen = completion.extra.find("seen"); seen != completion.extra.end()) {
    value = seen->second;
  } else {
    return;
  }
  if (completion.version && *completion.version < key.seen_version) return;
  if (completion.version) key.seen_version = *completion.version;
  std::erase(key.seen, value);
  key.seen.push_back(std::move(value));
  if (key.seen.size() > kSeenMax) key.seen.erase(key.seen.begin());
}

Op RegisterWorkload::make_op(Key& key, Rng& rng, ProcessId process) {
  Op op;
  op.process = process;
  op.key = key.name;
  const std::uint64_t weights =
      std::uint64_t{options_.read_weight} + options_.write_weight + options_.cas_weight;
  const std::uint64_t draw = rng.below(weights);
  if (draw < options_.read_weight) {
    op.f = "read";
  } else if (draw < std::uint64_t{options_.read_weight} + options_.write_weight) {
    op.f = "write";
    op.value = fresh_value(rng, process);
  } else {
    op.f = "cas";
    // Mostly the newest, so that a good share succeeds; at times an older one, which must not.
    const Value expected = rng.chance(7, 8) ? key.seen.back() : rng.pick(key.seen);
    op.value = Value::List{expected, fresh_value(rng, process)};
  }
  return op;
}

/// Text in both modes: a value must come back from a store of bytes as it was written, or a checker would
/// compare 3 with "3" and call a good system wrong.
Value RegisterWorkload::fresh_value(Rng& rng, ProcessId process) {
  if (!options_.unique_values) return fmt::format("{}", rng.below(kSmallDomain));
  return fmt::format("{}-{}", process, ++values_written_[process]);
}

void RegisterWorkload::plan_final_reads(Rng& rng) {
  std::vector<std::string> names(retired_.begin(), retired_.end());
  for (const Key& key : live_) names.push_back(key.name);
  final_reads_.emplace();
  for (int round = 0; round < kFinalReadsPerKey; ++round) {
    rng.shuffle(names);
    final_reads_->insert(final_reads_->end(), names.begin(), names.end());
  }
}

}  // namespace ordeal
