// Stands in for `ordeal-node --supervised --pid-file FILE`: a supervisor and a replica of three threads that
// does nothing but use some CPU. The contract with the agent is docs/formats/node-api.md, section Program.

#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <string>
#include <thread>

namespace {

[[noreturn]] void run_replica() {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const auto work = [] {
    volatile unsigned counter = 0;
    while (true) {
      counter = counter + 1;
      if (counter % 1024 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  };
  std::thread(work).detach();
  std::thread(work).detach();
  while (true) work();
}

struct Supervisor {
  std::string file;
  pid_t replica = 0;
  unsigned incarnation = 0;

  void write() const {
    const std::string fresh = file + ".new";
    std::ofstream(fresh) << fmt::format(R"({{"supervisor": {}, "replica": {}, "incarnation": {}}})", getpid(),
                                        replica, incarnation);
    rename(fresh.c_str(), file.c_str());
  }
  void start() {
    if (replica != 0) return;
    const pid_t child = fork();
    if (child == 0) run_replica();
    replica = child;
    ++incarnation;
    write();
  }
  void notice_death() {
    if (replica == 0 || waitpid(replica, nullptr, WNOHANG) != replica) return;
    replica = 0;
    write();
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: {} PID_FILE\n", argv[0]);
    return 254;
  }
  sigset_t handled;
  sigemptyset(&handled);
  for (const int signal : {SIGCHLD, SIGUSR1, SIGTERM}) sigaddset(&handled, signal);
  sigprocmask(SIG_BLOCK, &handled, nullptr);
  Supervisor supervisor{argv[1]};
  supervisor.start();
  fmt::print("started\n");
  std::fflush(stdout);
  while (true) {
    switch (sigwaitinfo(&handled, nullptr)) {
      case SIGCHLD:
        supervisor.notice_death();
        break;
      case SIGUSR1:
        supervisor.start();
        break;
      case SIGTERM:
        return 0;
      default:
        break;
    }
  }
}
