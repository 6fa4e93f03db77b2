#include "tests/controller/run/fake_cluster.h"

#include "controller/run/parts.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <set>
#include <utility>

namespace ordeal::testing {
namespace {

namespace json = boost::json;

constexpr Duration kRunTimeMax = seconds(600);
constexpr int kSpinsMax = 10;

struct Cell {
  std::optional<std::string> value;
  std::optional<std::string> first;
  std::uint64_t version = 0;
};

class FakeCluster {
 public:
  FakeCluster(const Plan& plan, std::uint64_t seed, const Script& script)
      : plan_(plan), script_(script), rng_(Rng(seed).split("fake")) {}

  Ran run(std::uint64_t seed) {
    auto workload = make_workload(plan_);
    EXPECT_TRUE(workload.ok());
    const MonotonicTime start{1'000'000'000};
    now_ = start_ = start;
    RunLoop loop(plan_, seed, std::move(workload).value(), make_client, start);
    schedule_script(start);
    RunOutput output = loop.step(at(start), Wake{});
    while (take(output), !output.finished) {
      if (now_ > start + kRunTimeMax) {
        ADD_FAILURE() << "the run does not end";
        break;
      }
      const auto next = inputs_.begin();
      if (next != inputs_.end() && next->first.first <= output.next_wake) {
        now_ = next->first.first;
        const RunInput input = effect(next->second);
        inputs_.erase(next);
        output = loop.step(at(now_), input);
      } else {
        EXPECT_GT(output.next_wake, now_);
        // Woken again at once, and again: a driver would spin.
        spins_ = output.next_wake - now_ <= microseconds(1) ? spins_ + 1 : 0;
        if (spins_ > kSpinsMax) {
          ADD_FAILURE() << "the run loop spins at " << to_text(now_ - start);
          break;
        }
        now_ = output.next_wake;
        output = loop.step(at(now_), Wake{});
      }
    }
    ran_.summary = loop.summary();
    ran_.finding = loop.workload().checkers().at(0)->check(ran_.history, Budget{});
    ran_.took = now_ - start;
    return std::move(ran_);
  }

 private:
  struct Delivery {
    RunInput input;
    std::optional<Call> call;  ///< takes effect when it is delivered
  };

  static Now at(MonotonicTime time) { return {time, WallTime(time.ns())}; }

  void schedule_script(MonotonicTime start) {
    for (const auto& [ms, inputs] : script_.at_ms) {
      for (const RunInput& input : inputs) deliver(start + milliseconds(ms), {input, std::nullopt});
    }
    for (std::uint32_t i = 1; i <= plan_.nodes; ++i) {
      NodeObservation observation;
      observation.node = NodeId(i);
      observation.reachable = true;
      observation.term = Term(1);
      observation.role = script_.has_leader && i == 1 ? "leader" : "follower";
      if (script_.has_leader) observation.leader = NodeId(1);
      deliver(start + milliseconds(200), {observation, std::nullopt});
    }
  }

  void deliver(MonotonicTime time, Delivery delivery) {
    inputs_.emplace(std::pair(time, sequence_++), std::move(delivery));
  }

  void take(const RunOutput& output) {
    ++ran_.steps;
    for (const CallId call : output.cancels) open_.erase(call);
    ran_.history.insert(ran_.history.end(), output.history.begin(), output.history.end());
    ran_.notes.insert(ran_.notes.end(), output.notes.begin(), output.notes.end());
    for (const Call& call : output.calls) take_call(call);
    for (const EnvironmentRequest& request : output.environment) take_request(request);
    ran_.open_calls_max = std::max(ran_.open_calls_max, open_.size());
  }

  void take_call(const Call& call) {
    ++ran_.calls;
    EXPECT_TRUE(open_.insert(call.call).second);
    if (script_.silent_from && now_ >= start_ + *script_.silent_from) return;
    const MonotonicTime when =
        now_ + Duration(rng_.between(script_.latency_min.ns(), script_.latency_max.ns()));
    if (rng_.below(1000) < script_.refuse_of_1000) {
      deliver(when, {CallClosed{call.call, false, "connection refused"}, std::nullopt});
    } else if (rng_.below(1000) < script_.lose_of_1000) {
      deliver(when, {CallClosed{call.call, true, "reset"}, call});
    } else {
      deliver(when, {CallReply{call.call, 200, ""}, call});
    }
  }

  void take_request(const EnvironmentRequest& request) {
    ran_.environment.push_back(request);
    if (!script_.environment_answers) return;
    EnvironmentResult result;
    result.id = request.id;
    result.outcome = script_.outcome ? script_.outcome(request) : EnvironmentOutcome::kVerified;
    if (result.outcome != EnvironmentOutcome::kVerified) result.reason = "the script says no";
    result.earliest = now_;
    result.latest = now_ + script_.fault_latency;
    deliver(now_ + script_.fault_latency, {result, std::nullopt});
  }

  RunInput effect(const Delivery& delivery) {
    if (!delivery.call) return forget(delivery.input);
    const std::string body = execute(delivery.call->body);
    if (const auto* reply = std::get_if<CallReply>(&delivery.input)) {
      open_.erase(reply->call);
      return CallReply{reply->call, 200, body};
    }
    return forget(delivery.input);
  }

  RunInput forget(const RunInput& input) {
    if (const auto* closed = std::get_if<CallClosed>(&input)) open_.erase(closed->call);
    return input;
  }

  /// One step, atomically, with sessions.
  std::string execute(const std::string& body) {
    const json::object request = json::parse(body).as_object();
    const json::object& step = request.at("steps").as_array().at(0).as_object();
    const auto text = [&](const char* name) { return std::string(step.at(name).as_string()); };
    const auto* session = request.if_contains("session");
    const auto stamp = session == nullptr
                           ? std::string()
                           : json::serialize(*session) + "/" + json::serialize(request.at("sequence"));
    if (const auto it = answered_.find(stamp); !stamp.empty() && it != answered_.end()) return it->second;
    Cell& cell = cells_[text("key")];
    const std::string op = text("op");
    bool ok = true;
    if (op == "cas") {
      const json::value& expected = step.at("expected");
      ok = expected.is_null() ? !cell.value : cell.value && *cell.value == std::string(expected.as_string());
    }
    const bool shows = op == "get" || !ok;
    const bool stale = op == "get" && cell.first && rng_.below(1000) < script_.stale_of_1000;
    const std::optional<std::string>& shown = stale ? cell.first : cell.value;
    json::value seen = shows && shown ? json::value(*shown) : json::value(nullptr);
    if (op != "get" && ok) {
      cell.value = text("value");
      cell.version = ++version_;
      if (!cell.first) cell.first = cell.value;
    }
    const json::object result{{"ok", ok}, {"value", seen}, {"version", cell.version}};
    const std::string answer = json::serialize(json::object{
        {"committed", ok}, {"index", version_}, {"duplicate", false}, {"results", json::array{result}}});
    if (!stamp.empty()) answered_.emplace(stamp, answer);
    return answer;
  }

  const Plan& plan_;
  const Script& script_;
  Rng rng_;
  MonotonicTime start_;
  MonotonicTime now_;
  std::map<std::pair<MonotonicTime, std::uint64_t>, Delivery> inputs_;
  int spins_ = 0;  ///< wakes in a row that came within a microsecond
  std::uint64_t sequence_ = 0;
  std::set<CallId> open_;
  std::map<std::string, Cell> cells_;
  std::map<std::string, std::string> answered_;
  std::uint64_t version_ = 0;
  Ran ran_;
};

}  // namespace

Ran drive(const Plan& plan, std::uint64_t seed, const Script& script) {
  return FakeCluster(plan, seed, script).run(seed);
}

Plan short_plan() {
  Plan plan;
  plan.name = "short";
  plan.time_limit = seconds(5);
  plan.load.concurrency = 10;
  plan.load.rate = 200;
  plan.client.operation_timeout = seconds(1);
  plan.client.attempt_timeout = milliseconds(300);
  plan.expect_faults = 0;
  return plan;
}

}  // namespace ordeal::testing
