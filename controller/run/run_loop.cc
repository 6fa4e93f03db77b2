#include "controller/run/run_loop.h"

#include "controller/run/arrivals.h"
#include "controller/run/client_pool.h"
#include "controller/run/cluster_watch.h"
#include "controller/run/fault_runner.h"
#include "controller/run/parts.h"
#include "controller/run/readiness.h"
#include "controller/run/recorder.h"
#include "controller/run/tally.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <set>

namespace ordeal {
namespace {

constexpr Duration kStartTimeout = seconds(30);
constexpr Duration kFaultsGoneTimeout = seconds(45);  ///< above the time-out of one request
constexpr Duration kRecoverTimeout = seconds(15);
constexpr Duration kFinalReadsTimeout = seconds(15);
/// A client that was refused rests, or those of a dead node would use the rate up with refusals.
constexpr Duration kRefusedRest = milliseconds(50);
constexpr Duration kHeartbeat = seconds(1);
constexpr Duration kLateMax = seconds(1);  ///< of an open loop, before it is worth a note

using Slot = ClientPool::Slot;

}  // namespace

std::string_view to_text(RunPhase phase) {
  switch (phase) {
    case RunPhase::kStarting:
      return "starting";
    case RunPhase::kLoad:
      return "load";
    case RunPhase::kHealing:
      return "healing";
    case RunPhase::kFinalReads:
      return "final reads";
    case RunPhase::kDone:
      return "done";
  }
  return "unknown";
}

struct RunLoop::State {
  State(Plan the_plan, std::uint64_t seed, std::unique_ptr<Workload> the_workload, ClientFactory make_client,
        MonotonicTime at);

  // What the driver tells.
  void on(const Wake&) {}
  void on(const CallReply& reply) { finish(clients.reply(reply, now, *output)); }
  void on(const CallClosed& closed) { finish(clients.closed(closed, now, *output)); }
  void on(const EnvironmentResult& result) { faults.result(result, now.monotonic, *output); }
  void on(const NodeObservation& observation);
  void on(const NodeEvent& event) { faults.happened(event, now.monotonic); }
  void on(const Trouble& trouble);
  void on(const Interrupt&);

  // The phases, each until it is over: then true, and the next one has begun.
  bool run_phase();
  bool run_starting();
  bool run_load();
  bool run_healing();
  bool run_final_reads();
  void begin_load();
  void begin_healing();
  void begin_final_reads();
  void begin_done();

  // The load.
  void dispatch_load();
  void dispatch_schedule(const std::vector<ScheduledOp>& schedule);
  bool dispatch_final_reads();
  std::optional<Slot> free_slot();
  void start(Slot slot, Op op, std::optional<MonotonicTime> planned);
  void finish(std::optional<ClientPool::Ended> ended);
  void fire_due();
  void add_client();
  [[nodiscard]] std::uint64_t open_operations() const;

  [[nodiscard]] MonotonicTime next_wake() const;
  [[nodiscard]] bool in_final_reads() const { return phase == RunPhase::kFinalReads; }

  const Plan plan;
  const Rng rng;
  const std::unique_ptr<Workload> workload;
  const MonotonicTime start_time;

  Now now;                      ///< of this step; never goes back
  RunOutput* output = nullptr;  ///< of this step
  RunPhase phase = RunPhase::kStarting;
  MonotonicTime phase_start;
  MonotonicTime load_start;  ///< set when the load begins
  MonotonicTime load_end;    ///< set when it ends
  bool load_began = false;
  bool interrupted = false;
  bool hurried = false;  ///< interrupted twice: no final reads

  Recorder recorder;
  ClientPool clients;
  Readiness readiness;
  ClusterWatch cluster;
  FaultRunner faults;
  Arrivals arrivals;
  Tally tally;

  Rng workload_rng;

  std::vector<Slot> load_slots;
  std::deque<Slot> idle;                               ///< first in, first out: every client gets its turn
  std::deque<std::pair<MonotonicTime, Slot>> resting;  ///< by time
  bool starved = false;                    ///< the workload had nothing; asked again when an operation ends
  std::size_t next_scheduled = 0;          ///< of a workload with a schedule
  std::map<Slot, std::deque<Op>> waiting;  ///< due, and their client is not free
  std::set<Slot> final_ops;                ///< slots whose open operation is a final read
  bool heal_asked = false;
  std::optional<MonotonicTime> recovery_start;  ///< when the heal was verified, or given up
};

// --- Construction -----------------------------------------------------------------------------------------

RunLoop::State::State(Plan the_plan, std::uint64_t seed, std::unique_ptr<Workload> the_workload,
                      ClientFactory make_client, MonotonicTime at)
    : plan(std::move(the_plan)),
      rng(seed),
      workload(std::move(the_workload)),
      start_time(at),
      now{at, WallTime()},
      phase_start(at),
      recorder(at),
      clients(plan, make_client, rng),
      readiness(clients),
      cluster(plan.nodes),
      faults(rng.split("faults"), recorder),
      arrivals(plan.load, at, rng.split("arrivals")),
      workload_rng(rng.split("workload")) {
  ORDEAL_CHECK(workload != nullptr);
  ORDEAL_CHECK(check_plan(plan).ok());
  for (std::uint32_t i = 0; i < plan.load.concurrency; ++i) add_client();
  readiness.reset(at);
}

void RunLoop::State::add_client() {
  const auto number = static_cast<std::int64_t>(load_slots.size());
  const Slot slot = clients.add(ProcessId(number));
  load_slots.push_back(slot);
  idle.push_back(slot);
}

// --- What the driver tells --------------------------------------------------------------------------------

void RunLoop::State::on(const NodeObservation& observation) {
  if (auto note = cluster.observe(observation)) output->notes.push_back(std::move(*note));
}

void RunLoop::State::on(const Trouble& trouble) {
  std::string what = fmt::format("{}: {}", node_name(trouble.node), trouble.what);
  tally.blame(what);
  output->notes.push_back(std::move(what));
}

/// Once: end the load, heal, read, finish. Again: do not wait for the reads either.
void RunLoop::State::on(const Interrupt&) {
  output->notes.push_back("interrupted");
  hurried = interrupted;
  if (!interrupted) tally.blame(fmt::format("interrupted in phase {}", to_text(phase)));
  interrupted = true;
  if (phase == RunPhase::kStarting || (hurried && in_final_reads())) {
    begin_done();
  } else if (phase == RunPhase::kLoad) {
    begin_healing();
  }
}

// --- The phases -------------------------------------------------------------------------------------------

bool RunLoop::State::run_phase() {
  switch (phase) {
    case RunPhase::kStarting:
      return run_starting();
    case RunPhase::kLoad:
      return run_load();
    case RunPhase::kHealing:
      return run_healing();
    case RunPhase::kFinalReads:
      return run_final_reads();
    case RunPhase::kDone:
      return false;
  }
  return false;
}

bool RunLoop::State::run_starting() {
  readiness.run_due(now, cluster.leader(), *output);
  if (readiness.ready()) {
    begin_load();
    return true;
  }
  if (now.monotonic < phase_start + kStartTimeout) return false;
  tally.blame(cluster.leader() == kNoNode
                  ? fmt::format("no leader within {}", to_text(kStartTimeout))
                  : fmt::format("no operation was answered within {}, though {} leads",
                                to_text(kStartTimeout), node_name(cluster.leader())));
  begin_done();
  return true;
}

void RunLoop::State::begin_load() {
  phase = RunPhase::kLoad;
  phase_start = load_start = now.monotonic;
  load_began = true;
  FaultSchedule schedule(plan.random_faults, plan.fault_events, plan.time_limit, plan.nodes,
                         rng.split("schedule"));
  faults.begin(std::move(schedule), load_start);
  arrivals = Arrivals(plan.load, load_start, rng.split("arrivals"));
  output->notes.push_back("load begins");
}

bool RunLoop::State::run_load() {
  if (now.monotonic >= load_start + plan.time_limit) {
    begin_healing();
    return true;
  }
  faults.run_due(now.monotonic, cluster.view(), *output);
  dispatch_load();
  return false;
}

void RunLoop::State::begin_healing() {
  phase = RunPhase::kHealing;
  phase_start = load_end = now.monotonic;
  if (const Duration late = now.monotonic - arrivals.next(); plan.load.open && late > kLateMax) {
    output->notes.push_back(
        fmt::format("the open loop was {} behind its schedule when the load ended", to_text(late)));
  }
  faults.stop(now.monotonic, *output);
  output->notes.push_back("load ended; healing");
}

/// First each fault by itself, so that the history says when it was gone; then everything; then until the
/// cluster serves again.
bool RunLoop::State::run_healing() {
  faults.run_due(now.monotonic, cluster.view(), *output);
  if (!heal_asked) {
    if (!faults.quiet() && now.monotonic < phase_start + kFaultsGoneTimeout) return false;
    heal_asked = true;
    faults.heal_all(now.monotonic, *output);
  }
  if (!faults.heal_verified()) return false;
  if (!recovery_start) {
    recovery_start = now.monotonic;
    readiness.reset(now.monotonic);
  }
  readiness.run_due(now, cluster.leader(), *output);
  const bool waited_enough = now.monotonic >= *recovery_start + kRecoverTimeout;
  if (!readiness.ready() && !waited_enough && !hurried) return false;
  begin_final_reads();
  return true;
}

void RunLoop::State::begin_final_reads() {
  phase = RunPhase::kFinalReads;
  phase_start = now.monotonic;
  output->notes.push_back("final reads");
}

bool RunLoop::State::run_final_reads() {
  const bool in_time = !hurried && now.monotonic < phase_start + kFinalReadsTimeout;
  if (in_time && dispatch_final_reads()) return false;
  if (in_time && open_operations() > 0) return false;
  begin_done();
  return true;
}

/// What is still open has no known outcome.
void RunLoop::State::begin_done() {
  phase = RunPhase::kDone;
  phase_start = now.monotonic;
  for (const Slot slot : load_slots) {
    if (!clients.busy(slot)) continue;
    Op op = clients.abandon(slot, *output);
    op.type = OpType::kInfo;
    op.error = "the run ended";
    tally.completed(op, final_ops.contains(slot));
    recorder.append(std::move(op), now.monotonic, *output);
  }
  output->notes.push_back("run ended");
}

// --- Operations -------------------------------------------------------------------------------------------

void RunLoop::State::dispatch_load() {
  if (const auto* schedule = workload->schedule()) return dispatch_schedule(*schedule);
  const MonotonicTime at = now.monotonic;
  while (!starved && arrivals.next() <= at) {
    const auto slot = free_slot();
    if (!slot) return;
    auto op = workload->next(workload_rng, clients.process(*slot));
    if (!op) {
      idle.push_front(*slot);
      starved = true;
      return;
    }
    const MonotonicTime planned = arrivals.take(at);
    start(*slot, std::move(*op), plan.load.open ? std::optional(planned) : std::nullopt);
  }
}

void RunLoop::State::dispatch_schedule(const std::vector<ScheduledOp>& schedule) {
  for (; next_scheduled < schedule.size(); ++next_scheduled) {
    const ScheduledOp& due = schedule[next_scheduled];
    if (load_start + due.at > now.monotonic) break;
    waiting[load_slots[due.client % load_slots.size()]].push_back(due.op);
  }
  for (auto& [slot, operations] : waiting) {
    const auto free = std::find(idle.begin(), idle.end(), slot);
    if (operations.empty() || free == idle.end()) continue;
    idle.erase(free);
    Op op = std::move(operations.front());
    operations.pop_front();
    start(slot, std::move(op), std::nullopt);
  }
}

/// False: nothing is left to read, or everybody is busy reading.
bool RunLoop::State::dispatch_final_reads() {
  bool left = true;
  while (left && !idle.empty()) {
    const Slot slot = idle.front();
    auto op = workload->next_final(workload_rng, clients.process(slot));
    left = op.has_value();
    if (!left) break;
    idle.pop_front();
    final_ops.insert(slot);
    start(slot, std::move(*op), std::nullopt);
  }
  return left;
}

/// In an open loop a client is added while there is room and none is free.
std::optional<Slot> RunLoop::State::free_slot() {
  if (idle.empty() && plan.load.open && load_slots.size() < clients_max(plan)) add_client();
  if (idle.empty()) return std::nullopt;
  const Slot slot = idle.front();
  idle.pop_front();
  return slot;
}

void RunLoop::State::start(Slot slot, Op op, std::optional<MonotonicTime> planned) {
  op.type = OpType::kInvoke;
  op.process = clients.process(slot);
  if (planned) op.intended = recorder.since_start(*planned);
  auto started = clients.invoke(slot, op, now, *output);
  op.node = started.node;
  tally.invoked(op, final_ops.contains(slot));
  recorder.append(std::move(op), now.monotonic, *output);
  finish(std::move(started.ended));
}

void RunLoop::State::finish(std::optional<ClientPool::Ended> ended) {
  if (!ended) return;
  if (readiness.owns(ended->slot)) {
    readiness.ended(*ended, now.monotonic);
    return;
  }
  const Slot slot = ended->slot;
  ClientOutcome& outcome = ended->outcome;
  Op op = ended->invoke;
  op.type = outcome.type;
  op.value = std::move(outcome.value);
  op.error = std::move(outcome.error);
  op.node = outcome.node;
  op.session = outcome.session;
  op.version = outcome.version;
  op.attempt = outcome.attempt;
  op.extra = std::move(outcome.extra);
  const bool final = final_ops.erase(slot) > 0;
  tally.completed(op, final);
  if (!final) workload->completed(ended->invoke, op);
  starved = false;
  if (op.type == OpType::kInfo) clients.renew(slot, clients.process(slot) + clients_max(plan));
  const bool refused = op.type == OpType::kFail && op.error != "mismatch";
  if (refused && !plan.load.open) {
    resting.emplace_back(now.monotonic + kRefusedRest, slot);
  } else {
    idle.push_back(slot);
  }
  recorder.append(std::move(op), now.monotonic, *output);
}

void RunLoop::State::fire_due() {
  for (auto timer = clients.next_timer(); timer && *timer <= now.monotonic; timer = clients.next_timer()) {
    finish(clients.fire_timer(now, *output));
  }
  while (!resting.empty() && resting.front().first <= now.monotonic) {
    idle.push_back(resting.front().second);
    resting.pop_front();
  }
}

std::uint64_t RunLoop::State::open_operations() const {
  const Tally::Count total = tally.total();
  return total.invoked - total.ok - total.fail - total.info;
}

MonotonicTime RunLoop::State::next_wake() const {
  MonotonicTime soonest = now.monotonic + kHeartbeat;
  const auto consider = [&](std::optional<MonotonicTime> at) {
    if (at) soonest = std::min(soonest, *at);
  };
  consider(clients.next_timer());
  const bool asks_readiness = phase == RunPhase::kStarting || (phase == RunPhase::kHealing && recovery_start);
  if (asks_readiness) consider(readiness.next_due());
  consider(faults.next_due());
  if (!resting.empty()) consider(resting.front().first);
  if (phase == RunPhase::kLoad) {
    consider(load_start + plan.time_limit);
    const bool free = !idle.empty() || (plan.load.open && load_slots.size() < clients_max(plan));
    if (const auto* schedule = workload->schedule()) {
      if (next_scheduled < schedule->size()) consider(load_start + (*schedule)[next_scheduled].at);
    } else if (free && !starved) {
      consider(arrivals.next());
    }
  }
  // What is due was done: a time that has passed could only make the driver spin.
  return std::max(soonest, now.monotonic + microseconds(1));
}

// --- The class --------------------------------------------------------------------------------------------

RunLoop::RunLoop(Plan plan, std::uint64_t seed, std::unique_ptr<Workload> workload, ClientFactory make_client,
                 MonotonicTime start)
    : state_(std::make_unique<State>(std::move(plan), seed, std::move(workload), make_client, start)) {}

RunLoop::~RunLoop() = default;

RunOutput RunLoop::step(Now now, const RunInput& input) {
  RunOutput output;
  State& state = *state_;
  state.output = &output;
  state.now = {std::max(now.monotonic, state.now.monotonic), now.wall};
  if (state.phase != RunPhase::kDone) {
    std::visit([&](const auto& told) { state.on(told); }, input);
    state.fire_due();
    while (state.run_phase()) {
    }
  }
  output.finished = state.phase == RunPhase::kDone;
  output.next_wake = state.next_wake();
  state.output = nullptr;
  return output;
}

RunProgress RunLoop::progress() const {
  const State& state = *state_;
  const Tally::Count total = state.tally.total();
  RunProgress progress;
  progress.phase = state.phase;
  if (state.load_began) {
    progress.elapsed =
        (state.phase == RunPhase::kLoad ? state.now.monotonic : state.load_end) - state.load_start;
  }
  progress.invoked = total.invoked;
  progress.ok = total.ok;
  progress.fail = total.fail;
  progress.info = total.info;
  progress.open = state.open_operations();
  progress.leader = state.cluster.leader();
  progress.term = state.cluster.term();
  progress.faults_in_force = state.faults.in_force();
  progress.faults_asked = state.faults.counts().asked;
  progress.faults_verified = state.faults.counts().verified;
  progress.faults_healed = state.faults.counts().healed;
  return progress;
}

RunSummary RunLoop::summary() const {
  const State& state = *state_;
  RunSummary summary;
  summary.progress = progress();
  summary.healed = state.faults.heal_verified() == true;
  if (state.phase != RunPhase::kDone) {
    summary.vacuous.emplace_back("the run has not ended");
  } else if (!state.load_began) {
    summary.vacuous = state.tally.blames();
  } else {
    summary.vacuous = state.tally.vacuous(state.plan, state.faults.counts(), summary.healed);
  }
  return summary;
}

const Workload& RunLoop::workload() const {
  return *state_->workload;
}

}  // namespace ordeal
