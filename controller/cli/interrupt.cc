#include "controller/cli/interrupt.h"

#include <atomic>
#include <csignal>

namespace ordeal::cli {
namespace {

std::atomic<bool> asked = false;
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may not wait");

void ask(int /*signal*/) {
  asked = true;
}

}  // namespace

void end_at_next_chance() {
  struct sigaction action = {};
  action.sa_handler = ask;
  action.sa_flags = static_cast<int>(SA_RESETHAND);  // Who asks twice does not want to wait.
  sigemptyset(&action.sa_mask);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaction(signal, &action, nullptr);
}

bool interrupted() {
  return asked;
}

}  // namespace ordeal::cli
