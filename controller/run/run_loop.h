#pragma once
// The run loop: a pure state machine that turns a plan into operations, faults and a history. Its driver (the
// real one in controller/env, the virtual one in sim) tells it what happened and does what it asks; nothing
// here waits.
//
// Phases: wait for a leader and a first answered operation; load with faults; heal everything; final reads;
// done.

#include "common/client.h"
#include "common/environment.h"
#include "common/history.h"
#include "common/node_event.h"
#include "common/prng.h"
#include "common/time.h"
#include "controller/run/plan.h"
#include "workloads/workload.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace ordeal {

/// A request on the wire, named across all clients of the run.
using CallId = StrongInt<struct CallIdTag>;

// --- What the driver tells ---

struct CallReply {
  CallId call;
  int status = 0;
  Bytes body;
};
struct CallClosed {
  CallId call;
  bool sent = false;  ///< false only when surely not one byte of the request left
  std::string reason;
};
/// The operator wants the run to end now: heal, final reads, then finish.
struct Interrupt {};
/// Something went wrong in the cluster that no plan asks for: an agent no longer answers, a replica ended by
/// itself, a fault let go before its time. The run goes on, and is vacuous.
struct Trouble {
  NodeId node;
  std::string what;
};
/// Time has passed.
struct Wake {};
using RunInput = std::variant<Wake, CallReply, CallClosed, EnvironmentResult, NodeObservation, NodeEvent,
                              Trouble, Interrupt>;

// --- What the driver does ---

struct Call {
  CallId call;
  NodeId endpoint;
  std::string method;
  std::string target;
  Bytes body;
};
struct RunOutput {
  /// To be appended and flushed, in order, before anything else in this output is done.
  std::vector<Op> history;
  std::vector<Call> calls;  ///< to be sent now: the invocation's time stamp is this step's `now`
  std::vector<CallId> cancels;
  std::vector<EnvironmentRequest> environment;
  std::vector<std::string> notes;  ///< for the log: leader changes, faults in force
  MonotonicTime next_wake;         ///< step again at this time at the latest
  bool finished = false;
};

enum class RunPhase : std::uint8_t { kStarting, kLoad, kHealing, kFinalReads, kDone };
[[nodiscard]] std::string_view to_text(RunPhase phase);

/// For the live line and for reports.
struct RunProgress {
  RunPhase phase = RunPhase::kStarting;
  Duration elapsed;  ///< since the start of the load
  std::uint64_t invoked = 0;
  std::uint64_t ok = 0;
  std::uint64_t fail = 0;
  std::uint64_t info = 0;
  std::uint64_t open = 0;
  NodeId leader;
  Term term;
  std::vector<std::string> faults_in_force;  ///< "partition n1|n2,n3"
  std::uint64_t faults_asked = 0;
  std::uint64_t faults_verified = 0;  ///< in force by probe
  std::uint64_t faults_healed = 0;    ///< gone by probe
};

/// What is judged about the run itself, beside the history.
struct RunSummary {
  RunProgress progress;
  bool healed = false;               ///< the final heal was verified
  std::vector<std::string> vacuous;  ///< reasons why the run proves nothing; empty: it counts
};

using ClientFactory = std::unique_ptr<Client> (*)(ProcessId process, const Plan& plan);

class RunLoop {
 public:
  /// `seed` is the run's; the plan's own is not looked at. History times count from `start`.
  RunLoop(Plan plan, std::uint64_t seed, std::unique_ptr<Workload> workload, ClientFactory make_client,
          MonotonicTime start);
  RunLoop(const RunLoop&) = delete;
  RunLoop& operator=(const RunLoop&) = delete;
  ~RunLoop();

  RunOutput step(Now now, const RunInput& input);

  [[nodiscard]] RunProgress progress() const;
  [[nodiscard]] RunSummary summary() const;
  [[nodiscard]] const Workload& workload() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ordeal
