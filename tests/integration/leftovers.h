#pragma once
// What a run must not leave behind on the machine: network namespaces, mounts, processes.

#include <sys/types.h>

#include <set>
#include <string>
#include <vector>

namespace ordeal::test {

/// A picture of the machine; two are equal when nothing came or went. Runs that go on are left out: others
/// may be at work here too.
struct Machine {
  std::set<std::string> network_namespaces;  ///< of all processes, and those with a name
  std::set<std::string> mounts;              ///< of this process's mount namespace
  std::set<std::string> links;               ///< network interfaces of this process's network namespace
};
[[nodiscard]] Machine look_at_machine();

/// Processes whose command line holds the text, this process and its ancestors left out.
[[nodiscard]] std::vector<pid_t> processes_with(const std::string& text);

/// 0 when the process is gone.
[[nodiscard]] pid_t parent_of(pid_t process);

/// Asks again until the condition holds, or until so many seconds have passed. True when it held.
template <class Condition>
bool eventually(int seconds, Condition condition);

}  // namespace ordeal::test

#include <unistd.h>

#include <chrono>

template <class Condition>
bool ordeal::test::eventually(int seconds, Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    usleep(50'000);  // Polling a machine that tells nobody when it has changed.
  }
  return true;
}
