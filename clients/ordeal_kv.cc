#include "clients/ordeal_kv.h"

#include "clients/kv_wire.h"

#include <fmt/format.h>

#include <algorithm>

namespace ordeal {
namespace {

constexpr Duration kBackOffFirst = milliseconds(10);
constexpr Duration kBackOffMax = milliseconds(320);

/// Doubles with each try, and is drawn from its upper half, so that clients refused together do not come back
/// together.
Duration back_off(std::uint64_t attempts, Rng& rng) {
  Duration full = kBackOffFirst;
  for (std::uint64_t i = 1; i < attempts && full < kBackOffMax; ++i) full = full * 2;
  return Duration(rng.between(full.ns() / 2, full.ns()));
}

const std::string* text(const Value& value) {
  return value.as_string();
}

/// Nothing when the operation is not one of a register of bytes.
std::optional<kv::Step> make_step(const Op& op) {
  const std::string* key = text(op.key);
  if (key == nullptr) return std::nullopt;
  kv::Step step;
  step.key = *key;
  if (op.f == "read") return step;
  if (op.f == "write") {
    const std::string* value = text(op.value);
    if (value == nullptr) return std::nullopt;
    step.kind = kv::StepKind::kPut;
    step.value = *value;
    return step;
  }
  const Value::List* pair = op.value.as_list();
  if (op.f != "cas" || pair == nullptr || pair->size() != 2) return std::nullopt;
  const std::string* expected = text((*pair)[0]);
  const std::string* value = text((*pair)[1]);
  if (value == nullptr || (expected == nullptr && !(*pair)[0].is_nil())) return std::nullopt;
  step.kind = kv::StepKind::kCas;
  if (expected != nullptr) step.expected = *expected;
  step.value = *value;
  return step;
}

}  // namespace

OrdealKv::OrdealKv(ProcessId process, const OrdealKvOptions& options)
    : session_(static_cast<std::uint64_t>(process.value()) + 1), options_(options) {
  ORDEAL_CHECK(process.value() >= 0);
  ORDEAL_CHECK(options.home != kNoNode);
  ORDEAL_CHECK(options.home.value() <= options.nodes);
}

ClientOutput OrdealKv::on(Now now, Rng& rng, const ClientInput& input) {
  ClientOutput output;
  if (const auto* start = std::get_if<Invoke>(&input)) {
    invoke(now, rng, *start, output);
  } else if (!open_) {
    // Ignored: it belongs to an operation that has its outcome.
  } else if (const auto* answer = std::get_if<WireReply>(&input)) {
    reply(now, rng, *answer, output);
  } else if (const auto* lost = std::get_if<WireClosed>(&input)) {
    closed(now, rng, *lost, output);
  } else {
    timer(now, std::get<TimerFired>(input), output);
  }
  return output;
}

void OrdealKv::invoke(Now now, Rng& rng, const Invoke& input, ClientOutput& output) {
  ORDEAL_CHECK(!open_);
  open_ = Operation{};
  open_->op = input.op;
  open_->endpoint =
      options_.sticky ? options_.home : NodeId(static_cast<std::uint32_t>(1 + rng.below(options_.nodes)));
  auto command = make_command(input.op);
  if (!command) {
    open_->error = fmt::format("{} of this key and value is not an operation of ordeal-kv", input.op.f);
    give_up(output);
    return;
  }
  open_->command = std::move(*command);
  open_->deadline = now.monotonic + options_.operation_timeout;
  open_->deadline_timer = ++last_timer_;
  output.timers.push_back({open_->deadline_timer, open_->deadline});
  try_once(now, output);
}

void OrdealKv::reply(Now now, Rng& rng, const WireReply& input, ClientOutput& output) {
  if (open_->flight != input.id) return;
  open_->flight.reset();
  const KvAnswer answer = decode_answer(open_->command.steps.front().kind, input.status, input.body);
  if (answer.kind == KvAnswerKind::kDone || answer.kind == KvAnswerKind::kNotMatched) {
    succeed(answer, output);
    return;
  }
  open_->error = answer.error;
  if (answer.kind == KvAnswerKind::kIndefinite) open_->may_have_happened = true;
  const bool hinted =
      answer.leader != kNoNode && answer.leader.value() <= options_.nodes && answer.leader != open_->endpoint;
  try_failed(now, rng, answer.try_elsewhere, hinted ? answer.leader : next_node(open_->endpoint), output);
}

void OrdealKv::closed(Now now, Rng& rng, const WireClosed& input, ClientOutput& output) {
  if (open_->flight != input.id) return;
  open_->flight.reset();
  open_->error = fmt::format("{}: {}", input.sent ? "connection lost" : "not sent", input.reason);
  if (input.sent) open_->may_have_happened = true;
  try_failed(now, rng, true, next_node(open_->endpoint), output);
}

void OrdealKv::timer(Now now, const TimerFired& input, ClientOutput& output) {
  const bool at_end = input.id == open_->deadline_timer;
  if (!at_end && input.id != open_->retry_timer) return;
  if (open_->flight) {
    output.cancels.push_back(*open_->flight);
    open_->flight.reset();
    open_->error = "timeout";
    open_->may_have_happened = true;
    if (!at_end) open_->endpoint = next_node(open_->endpoint);
  }
  if (at_end) {
    give_up(output);
  } else {
    try_once(now, output);
  }
}

std::optional<kv::Command> OrdealKv::make_command(const Op& op) {
  auto step = make_step(op);
  if (!step) return std::nullopt;
  kv::Command command;
  command.steps.push_back(std::move(*step));
  if (options_.retry && !command.read_only()) command.session = {session_, ++sequence_};
  return command;
}

void OrdealKv::try_once(Now now, ClientOutput& output) {
  ++open_->attempts;
  open_->flight = ++last_wire_;
  output.sends.push_back(
      {*open_->flight, open_->endpoint, "POST", "/v1/txn", encode_transaction(open_->command)});
  if (!options_.retry) return;
  open_->retry_timer = ++last_timer_;
  const MonotonicTime end = now.monotonic + options_.attempt_timeout;
  if (end < open_->deadline) output.timers.push_back({open_->retry_timer, end});
}

void OrdealKv::try_failed(Now now, Rng& rng, bool try_elsewhere, NodeId next, ClientOutput& output) {
  const bool again = options_.retry && try_elsewhere;
  const MonotonicTime at = now.monotonic + (again ? back_off(open_->attempts, rng) : Duration());
  if (!again || at >= open_->deadline) {
    give_up(output);
    return;
  }
  open_->endpoint = next;
  open_->retry_timer = ++last_timer_;
  output.timers.push_back({open_->retry_timer, at});
}

void OrdealKv::succeed(const KvAnswer& answer, ClientOutput& output) {
  const bool done = answer.kind == KvAnswerKind::kDone;
  ClientOutcome result = outcome(done ? OpType::kOk : OpType::kFail);
  if (done) {
    if (open_->op.f == "read") result.value = answer.value;
    result.version = answer.version;
  } else {
    result.error = answer.error;
    result.extra.emplace("seen", answer.value);
  }
  output.outcome = std::move(result);
  open_.reset();
}

void OrdealKv::give_up(ClientOutput& output) {
  const bool unknown = open_->may_have_happened && !open_->command.read_only();
  ClientOutcome result = outcome(unknown ? OpType::kInfo : OpType::kFail);
  result.error = open_->error;
  output.outcome = std::move(result);
  open_.reset();
}

ClientOutcome OrdealKv::outcome(OpType type) const {
  ClientOutcome result;
  result.type = type;
  result.value = open_->op.value;
  result.node = open_->endpoint;
  if (open_->command.session) result.session = open_->command.session->client;
  if (options_.retry && open_->attempts > 0) result.attempt = open_->attempts;
  return result;
}

NodeId OrdealKv::next_node(NodeId node) const {
  return NodeId(node.value() % options_.nodes + 1);
}

std::unique_ptr<Client> make_ordeal_kv(ProcessId process, const OrdealKvOptions& options) {
  return std::make_unique<OrdealKv>(process, options);
}

}  // namespace ordeal
