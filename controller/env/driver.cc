#include "controller/env/driver.h"

#include "controller/env/agents.h"
#include "controller/env/clocks.h"
#include "controller/env/observer.h"
#include "controller/env/transport.h"

#include <algorithm>
#include <deque>
#include <map>
#include <utility>

namespace ordeal::env {
namespace {

constexpr Duration kProgressInterval = milliseconds(200);
/// A signal that comes just before the wait does not end it: this is how late it may be noticed.
constexpr Duration kWaitMax = milliseconds(100);
constexpr unsigned kInterruptsToBreakOff = 3;
constexpr std::size_t kSamplesMax = 4'000'000;

class Driver {
 public:
  Driver(RunLoop& loop, Cluster& cluster, const DriverHooks& hooks);

  RunReport run();

 private:
  void step(const RunInput& input);
  void send(Call call);
  void end_calls(const std::vector<CallId>& calls);
  void note_lateness(const RunOutput& output);
  void look_around();
  [[nodiscard]] MonotonicTime next_event() const;

  RunLoop& loop_;
  Cluster& cluster_;
  const DriverHooks& hooks_;
  Transport transport_;
  std::deque<RunInput> inbox_;  ///< what came, in order, not yet told
  std::map<NodeId, std::string> api_urls_;
  std::map<CallId, Transport::Id> calls_;  ///< that are open
  MonotonicTime start_;
  MonotonicTime next_wake_;
  MonotonicTime next_look_;
  unsigned interrupts_ = 0;  ///< told already
  bool finished_ = false;
  RunReport report_;
  std::vector<Duration> wake_lateness_;
  std::vector<Duration> invoke_lateness_;
  Observer observer_;
  Agents agents_;
};

Driver::Driver(RunLoop& loop, Cluster& cluster, const DriverHooks& hooks)
    : loop_(loop),
      cluster_(cluster),
      hooks_(hooks),
      start_(monotonic_now()),
      next_wake_(start_),
      next_look_(start_),
      observer_(cluster.endpoints(), transport_,
                {[this](NodeObservation observation) {
                   hooks_.on_observation(observation);
                   inbox_.emplace_back(std::move(observation));
                 },
                 [this](NodeEvent event) { inbox_.emplace_back(std::move(event)); }}),
      agents_(cluster.endpoints(), cluster.token(), transport_,
              {[this](EnvironmentResult result) { inbox_.emplace_back(std::move(result)); },
               [this](Trouble trouble) { inbox_.emplace_back(std::move(trouble)); }}) {
  for (const Endpoint& endpoint : cluster.endpoints()) api_urls_[endpoint.node] = endpoint.api_url();
}

RunReport Driver::run() {
  while (!finished_ && hooks_.interrupted() < kInterruptsToBreakOff) {
    const MonotonicTime at = monotonic_now();
    if (at >= next_look_) look_around();
    observer_.run_due(at);
    agents_.run_due(at);
    while (!inbox_.empty() && !finished_) {
      const RunInput input = std::move(inbox_.front());
      inbox_.pop_front();
      step(input);
    }
    if (finished_) break;
    if (const MonotonicTime late = monotonic_now(); late >= next_wake_) {
      if (wake_lateness_.size() < kSamplesMax) wake_lateness_.push_back(late - next_wake_);
      step(Wake{});
    } else {
      transport_.wait(next_event());
    }
  }
  hooks_.on_progress(loop_.progress());
  report_.finished = finished_;
  report_.length = monotonic_now() - start_;
  report_.wake = summarize(std::move(wake_lateness_));
  report_.invoke = summarize(std::move(invoke_lateness_));
  return report_;
}

void Driver::step(const RunInput& input) {
  RunOutput output = loop_.step(now(), input);
  ++report_.steps;
  if (!output.history.empty()) hooks_.on_history(output.history);
  end_calls(output.cancels);
  for (Call& call : output.calls) send(std::move(call));
  for (EnvironmentRequest& request : output.environment) agents_.request(std::move(request));
  for (const std::string& note : output.notes) hooks_.on_note(note);
  note_lateness(output);
  next_wake_ = output.next_wake;
  finished_ = output.finished;
}

void Driver::send(Call call) {
  const auto url = api_urls_.find(call.endpoint);
  ORDEAL_CHECK(url != api_urls_.end());
  const CallId id = call.call;
  HttpRequest request;
  request.method = std::move(call.method);
  request.url = url->second + call.target;
  request.body = std::move(call.body);
  ++report_.calls;
  calls_[id] = transport_.start(std::move(request), [this, id](HttpAnswer answer) {
    calls_.erase(id);
    if (answer.answered) {
      inbox_.emplace_back(CallReply{id, answer.status, std::move(answer.body)});
    } else {
      inbox_.emplace_back(CallClosed{id, answer.sent, std::move(answer.reason)});
    }
  });
}

void Driver::end_calls(const std::vector<CallId>& calls) {
  for (const CallId id : calls) {
    const auto it = calls_.find(id);
    if (it == calls_.end()) continue;  // its answer is in the inbox, and will be ignored
    transport_.cancel(it->second);
    calls_.erase(it);
  }
}

void Driver::note_lateness(const RunOutput& output) {
  for (const Op& op : output.history) {
    if (op.type == OpType::kInvoke && op.intended && invoke_lateness_.size() < kSamplesMax)
      invoke_lateness_.push_back(op.time - *op.intended);
  }
}

/// What nobody sends us: signals, programs that died, the time to show progress.
void Driver::look_around() {
  next_look_ = monotonic_now() + kProgressInterval;
  for (; interrupts_ < hooks_.interrupted(); ++interrupts_) inbox_.emplace_back(Interrupt{});
  for (Cluster::Death& death : cluster_.deaths()) {
    inbox_.emplace_back(Trouble{death.node, std::move(death.reason)});
  }
  hooks_.on_progress(loop_.progress());
}

MonotonicTime Driver::next_event() const {
  if (!inbox_.empty()) return monotonic_now();
  MonotonicTime next = std::min({next_wake_, next_look_, monotonic_now() + kWaitMax});
  if (const auto due = observer_.next_due()) next = std::min(next, *due);
  if (const auto due = agents_.next_due()) next = std::min(next, *due);
  return next;
}

}  // namespace

RunReport drive(RunLoop& loop, Cluster& cluster, const DriverHooks& hooks) {
  ORDEAL_CHECK(hooks.on_history != nullptr);
  ORDEAL_CHECK(hooks.on_progress != nullptr);
  ORDEAL_CHECK(hooks.on_note != nullptr);
  ORDEAL_CHECK(hooks.on_observation != nullptr);
  ORDEAL_CHECK(hooks.interrupted != nullptr);
  return Driver(loop, cluster, hooks).run();
}

Lateness summarize(std::vector<Duration> values) {
  Lateness lateness;
  lateness.count = values.size();
  if (values.empty()) return lateness;
  std::sort(values.begin(), values.end());
  const auto quantile = [&](std::size_t percent) { return values[(values.size() - 1) * percent / 100]; };
  lateness.p50 = quantile(50);
  lateness.p99 = quantile(99);
  lateness.max = values.back();
  return lateness;
}

}  // namespace ordeal::env
