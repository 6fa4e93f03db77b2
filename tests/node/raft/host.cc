#include "tests/node/raft/host.h"

#include "common/codec.h"

#include <fmt/format.h>

#include <cstdio>

namespace ordeal::raft::testing {

namespace {

constexpr std::string_view kAppliedKey = "applied";
Bytes command_key(LogIndex index) {
  return "c" + big_endian_key(index.value());
}

}  // namespace

Host::Host(RaftConfig given, std::uint64_t seed) : config(std::move(given)), rng(seed) {}

void Host::start(MonotonicTime now) {
  ORDEAL_CHECK(!running());
  Result<std::unique_ptr<Protocol>> made = make_raft(config, store, applied(), times(now), rng);
  if (!made) std::fprintf(stderr, "start of %s: %s\n", node_name(id()).c_str(), made.error().message.c_str());
  ORDEAL_CHECK(made.ok());
  core_ = std::move(made).value();
  written_ = durable_ = Ticket{};
  step(now, {});
}

void Host::kill() {
  lose_power(store.pending());
}

void Host::lose_power(std::size_t kept) {
  core_.reset();
  store.lose_power(kept);
  waiting_.clear();
  pending_.clear();
  executed_report_.reset();
  reports_.clear();
  pinned_.clear();
  staged_.clear();
  outbox.clear();
  requests_ = 0;  // A new process counts from 1 again.
}

void Host::step(MonotonicTime now, std::vector<Input> inputs) {
  take(now, core_->step(times(now), rng, inputs));
}

void Host::take(MonotonicTime /*now*/, Output output) {
  for (Write& write : output.writes) {
    ORDEAL_CHECK(write.ticket == written_ + 1);
    written_ = write.ticket;
    this->write(write.ticket, std::move(write.batch));
  }
  for (Send& send : output.sends) {
    const Ticket after = send.after;
    ORDEAL_CHECK(after <= written_);
    waiting_.push_back({after, std::move(send)});
  }
  for (Refusal& refusal : output.refusals) waiting_.push_back({refusal.after, refusal});
  for (CommittedEntry& entry : output.committed) execute(std::move(entry));
  for (const Answer& given : output.answers) answer(given);
  for (ForwardedReply& reply : output.forwarded_replies) {
    outcomes.push_back({reply.id, std::nullopt, LogIndex{parse_big_endian_key(reply.reply)}, kNoNode});
  }
  for (const SnapshotStep& step : output.snapshots) {
    std::visit([this](const auto& what) { carry_out(what); }, step);
  }
  for (Event& event : output.events) events.push_back(std::move(event));
  next_wake = output.next_wake;
  release();
}

void Host::release() {
  std::erase_if(waiting_, [this](Waiting& waiting) {
    if (waiting.after > durable_) return false;
    if (auto* send = std::get_if<Send>(&waiting.what)) {
      outbox.push_back(std::move(*send));
    } else {
      const auto& refusal = std::get<Refusal>(waiting.what);
      outcomes.push_back({refusal.id, refusal.code, LogIndex{}, refusal.leader});
    }
    return true;
  });
}

bool Host::sync(MonotonicTime now, std::uint32_t writes_max) {
  const Ticket before = durable_;
  std::uint32_t writes = 0;
  while (!pending_.empty() && (writes_max == 0 || writes < writes_max)) {
    if (pending_.front() != Ticket{}) {
      durable_ = pending_.front();
      ++writes;
    }
    pending_.pop_front();
    store.sync(1);
  }
  // Effects of executed entries alone: the core does not wait for them.
  if (durable_ == before) return false;
  step(now, {StorageDone{durable_}});
  return true;
}

void Host::write(Ticket ticket, Batch batch) {
  store.write(std::move(batch));
  pending_.push_back(ticket);
}

bool Host::report(MonotonicTime now) {
  std::vector<Input> inputs = std::exchange(reports_, {});
  if (executed_report_) inputs.emplace_back(std::move(*executed_report_));
  executed_report_.reset();
  if (inputs.empty()) return false;
  step(now, std::move(inputs));
  return true;
}

RequestId Host::propose(MonotonicTime now, Bytes command) {
  const RequestId id = next_request();
  step(now, {ClientRequest{id, std::move(command), false}});
  return id;
}

RequestId Host::read(MonotonicTime now) {
  const RequestId id = next_request();
  step(now, {ClientRequest{id, "read", true}});
  return id;
}

// --- The state machine -----------------------------------------------------------------------------------

LogIndex Host::applied() const {
  const auto record = store.space(Space::kState).find(kAppliedKey);
  if (record == store.space(Space::kState).end()) return LogIndex{};
  return LogIndex{parse_big_endian_key(record->second)};
}

std::map<LogIndex, Bytes> Host::state() const {
  std::map<LogIndex, Bytes> commands;
  for (const auto& [key, value] : store.space(Space::kState)) {
    if (key.front() == 'c') commands.emplace(parse_big_endian_key(std::string_view(key).substr(1)), value);
  }
  return commands;
}

std::optional<Outcome> Host::outcome(RequestId id) const {
  for (const Outcome& outcome : outcomes) {
    if (outcome.id == id) return outcome;
  }
  return std::nullopt;
}

void Host::execute(CommittedEntry entry) {
  ORDEAL_CHECK(entry.index == applied() + 1);
  Batch batch;
  if (store.space(Space::kState).contains(command_key(entry.index))) repeated.push_back(entry.index);
  if (!entry.command.empty()) batch.put(Space::kState, command_key(entry.index), entry.command);
  batch.put(Space::kState, Bytes(kAppliedKey), big_endian_key(entry.index.value()));
  write(Ticket{}, std::move(batch));
  if (!executed_report_) executed_report_.emplace();
  executed_report_->index = entry.index;
  if (entry.origin && !entry.command.empty()) {
    if (entry.origin->node == id()) {
      outcomes.push_back({entry.origin->id, std::nullopt, entry.index, kNoNode});
    } else {
      executed_report_->replies.push_back(
          {entry.origin->node, entry.origin->id, big_endian_key(entry.index.value())});
    }
  }
  executed.push_back(std::move(entry));
}

void Host::answer(const Answer& answer) {
  if (answer.origin.node == id()) {
    outcomes.push_back({answer.origin.id, std::nullopt, applied(), kNoNode});
    return;
  }
  if (!executed_report_) executed_report_ = Executed{applied(), {}};
  executed_report_->replies.push_back(
      {answer.origin.node, answer.origin.id, big_endian_key(applied().value())});
}

// --- Snapshots -------------------------------------------------------------------------------------------

Bytes Host::serialized_state() const {
  Encoder out;
  for (const auto& [key, value] : store.space(Space::kState)) {
    out.bytes(key);
    out.bytes(value);
  }
  return std::move(out).take();
}

void Host::carry_out(const SnapshotTake& step) {
  pinned_[step.id] = serialized_state();
  reports_.emplace_back(SnapshotTaken{step.id, applied()});
  duties.push_back(fmt::format("pins its state after entry {}", applied()));
}

void Host::carry_out(const SnapshotRead& step) {
  const auto pinned = pinned_.find(step.id);
  ORDEAL_CHECK(pinned != pinned_.end());
  const Bytes& all = pinned->second;
  const std::size_t offset = std::min<std::size_t>(step.offset, all.size());
  const std::size_t size = std::min<std::size_t>(step.size_max, all.size() - offset);
  reports_.emplace_back(
      SnapshotChunk{step.id, step.offset, all.substr(offset, size), offset + size == all.size()});
}

void Host::carry_out(const SnapshotDrop& step) {
  pinned_.erase(step.id);
  staged_.erase(step.id);
  duties.emplace_back("lets go of a snapshot");
}

void Host::carry_out(const SnapshotStage& step) {
  Bytes& staged = staged_[step.id];
  if (step.offset == 0) staged.clear();
  ORDEAL_CHECK(step.offset == staged.size());
  staged += step.bytes;
  duties.push_back(fmt::format("stages bytes {}..{}", step.offset, staged.size()));
}

void Host::carry_out(const SnapshotInstall& step) {
  Batch batch = step.batch;
  batch.erase_range(Space::kState, Bytes{'\0'}, Bytes{'\xff'});
  const Bytes& staged = staged_[step.id];
  Decoder in(staged);
  while (in.ok() && !in.at_end()) {
    const Bytes key(in.bytes());
    batch.put(Space::kState, key, Bytes(in.bytes()));
  }
  ORDEAL_CHECK(in.finished());
  // The applied index is the one that the core names, whatever is in the stream.
  batch.put(Space::kState, Bytes(kAppliedKey), big_endian_key(step.index.value()));
  store.write(std::move(batch));
  store.sync(store.pending());
  pending_.clear();
  staged_.erase(step.id);
  if (durable_ != written_) reports_.emplace_back(StorageDone{written_});
  durable_ = written_;
  reports_.emplace_back(SnapshotInstalled{step.id, step.index});
  duties.push_back(fmt::format("installs the state after entry {}", step.index));
}

}  // namespace ordeal::raft::testing
