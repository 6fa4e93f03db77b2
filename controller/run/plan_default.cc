#include "controller/run/plan.h"

namespace ordeal {

// The figures, and why:
//  - a fault lasts 2.75 s and the calm 1 s on average; with the probes before and after, 60 s hold 10 to 14
//  faults;
//  - partitions are drawn as often as kills and pauses together, and leaders are struck more often than their
//  share,
//    since a deposed leader that still talks to its clients is the hardest to get right;
//  - clients are sticky and wait 1 s at most, so that a client of an isolated leader comes back to it during
//  the fault;
//  - 20 clients at 500 operations a second leave room for the 20,000 operations of a minute with some of them
//  stuck.
Plan default_plan() {
  Plan plan;
  plan.load.concurrency = 20;
  plan.client.operation_timeout = seconds(1);
  plan.client.attempt_timeout = milliseconds(400);
  RandomFaults random;
  random.kinds = {"partition", "partition", "kill", "pause"};
  random.shapes = {"isolate-one", "isolate-one", "halves", "majority-ring", "bridge", "one-way", "random"};
  random.targets = {"leader", "leader", "follower", "minority", "one"};
  random.gap_min = milliseconds(500);
  random.gap_max = milliseconds(1500);
  random.duration_min = seconds(2);
  random.duration_max = milliseconds(3500);
  plan.random_faults = random;
  plan.expect_operations = 2000;
  plan.expect_faults = 4;
  return plan;
}

}  // namespace ordeal
