#include "tests/node/host/storage_model.h"

#include "common/prng.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace ordeal::test {
namespace {

std::uint64_t record_hash(Space space, std::string_view key, std::string_view value) {
  return stable_hash(value, stable_hash(key, static_cast<std::uint64_t>(space)));
}

std::string short_text(std::string_view value) {
  return fmt::format("{}... ({} bytes)", value.substr(0, 12), value.size());
}

}  // namespace

void StorageState::change(const Batch& batch) {
  for (const Batch::Change& change : batch.changes) {
    auto& content = space(change.space);
    switch (change.kind) {
      case Batch::Kind::kPut:
        content[change.key] = change.value;
        break;
      case Batch::Kind::kDelete:
        content.erase(change.key);
        break;
      case Batch::Kind::kDeleteRange:
        content.erase(content.lower_bound(change.key), content.lower_bound(change.value));
        break;
    }
  }
}

void StorageModel::carry_out(const Step& step, StorageState& state) {
  if (step.content) state.space(Space::kState) = *step.content;
  state.change(step.batch);
  if (step.applied) state.applied = *step.applied;
}

void StorageModel::take(Step step) {
  for (const Batch::Change& change : step.batch.changes)
    handed_over_.insert(record_hash(change.space, change.key, change.value));
  carry_out(step, latest_);
  steps_.push_back(std::move(step));
}

void StorageModel::write(Ticket ticket, const Batch& batch) {
  take({batch, std::nullopt, std::nullopt, ticket});
}

void StorageModel::apply(const Batch& effects, LogIndex index) {
  take({effects, index, std::nullopt, Ticket(0)});
}

void StorageModel::install(std::map<Bytes, Bytes> content, LogIndex index, const Batch& batch) {
  take({batch, index, std::move(content), Ticket(0)});
}

void StorageModel::durable(Ticket ticket) {
  for (std::size_t i = durable_steps_; i < steps_.size(); ++i) {
    if (steps_[i].ticket != Ticket(0) && steps_[i].ticket <= ticket) durable_steps_ = i + 1;
  }
}

void StorageModel::installed() {
  for (std::size_t i = durable_steps_; i < steps_.size(); ++i) {
    if (steps_[i].content) durable_steps_ = i + 1;
  }
}

std::optional<std::string> StorageModel::reopen(const StorageState& found) {
  if (std::exchange(stopped_, false)) durable_steps_ = steps_.size();
  StorageState state = base_;
  std::optional<std::size_t> short_prefix;
  std::string nearest;
  for (std::size_t steps = 0; steps <= steps_.size(); ++steps) {
    if (steps > 0) carry_out(steps_[steps - 1], state);
    const bool same = state == found;
    if (same && steps >= durable_steps_) {
      base_ = found;
      latest_ = found;
      steps_.clear();
      durable_steps_ = 0;
      return std::nullopt;
    }
    if (same) short_prefix = steps;
    if (steps == durable_steps_) nearest = difference(found, state);
  }
  if (short_prefix)
    return fmt::format("lost: {} steps were handed over, {} reported durable, {} are there", steps_.size(),
                       durable_steps_, *short_prefix);
  return fmt::format("no prefix: of {} steps, {} reported durable; against those: {}", steps_.size(),
                     durable_steps_, nearest);
}

std::optional<std::string> StorageModel::never_written(const StorageState& found) const {
  for (const Space space : {Space::kLog, Space::kState}) {
    for (const auto& [key, value] : found.space(space)) {
      if (!handed_over_.contains(record_hash(space, key, value)))
        return fmt::format("wrong bytes: {} holds {}, which nobody wrote", key, short_text(value));
    }
  }
  return std::nullopt;
}

std::string difference(const StorageState& found, const StorageState& expected) {
  std::string text;
  if (found.applied != expected.applied)
    text += fmt::format("applied index {} instead of {}; ", found.applied.value(), expected.applied.value());
  for (const Space space : {Space::kLog, Space::kState}) {
    const char* name = space == Space::kLog ? "log" : "state";
    for (const auto& [key, value] : expected.space(space)) {
      const auto it = found.space(space).find(key);
      if (it == found.space(space).end()) text += fmt::format("{} {} is missing; ", name, key);
      if (it != found.space(space).end() && it->second != value)
        text +=
            fmt::format("{} {} is {} instead of {}; ", name, key, short_text(it->second), short_text(value));
    }
    for (const auto& [key, value] : found.space(space)) {
      if (!expected.space(space).contains(key))
        text += fmt::format("{} {} is {}, too many; ", name, key, short_text(value));
    }
  }
  return text.substr(0, 600);
}

}  // namespace ordeal::test
