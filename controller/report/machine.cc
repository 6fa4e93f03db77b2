#include "controller/report/machine.h"

#include "controller/report/build_commit.h"
#include "controller/report/files.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <thread>

namespace ordeal::report {
namespace {

/// The value of PRETTY_NAME in os-release, or nothing.
std::string distribution() {
  const Result<std::string> text = read_file("/etc/os-release");
  if (!text.ok()) return {};
  constexpr std::string_view kKey = "PRETTY_NAME=\"";
  const std::size_t at = text->find(kKey);
  if (at == std::string::npos) return {};
  const std::size_t from = at + kKey.size();
  return text->substr(from, text->find('"', from) - from);
}

/// Cores that this process may use: a container often has fewer than the machine.
std::uint32_t usable_cores() {
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof set, &set) == 0) return static_cast<std::uint32_t>(CPU_COUNT(&set));
  return std::thread::hardware_concurrency();
}

}  // namespace

MachineInfo describe_machine() {
  MachineInfo machine;
  machine.cores = usable_cores();
  machine.memory_bytes = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
                         static_cast<std::uint64_t>(::sysconf(_SC_PAGE_SIZE));
  utsname name{};
  if (::uname(&name) == 0) machine.kernel = fmt::format("{} {} {}", name.sysname, name.release, name.machine);
  machine.distribution = distribution();
  return machine;
}

Result<double> measure_fdatasync(const std::filesystem::path& directory, Duration budget) {
  const std::filesystem::path path = directory / fmt::format(".fdatasync.{}", ::getpid());
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (descriptor < 0) return path_error("write", path, errno);
  ::unlink(path.c_str());  // Gone when the descriptor is closed, also after a kill.
  const std::array<char, 128> block{};
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  Clock::duration spent{};
  std::uint64_t syncs = 0;
  int failure = 0;
  do {
    const bool done = ::write(descriptor, block.data(), block.size()) == static_cast<ssize_t>(block.size()) &&
                      ::fdatasync(descriptor) == 0;
    if (!done) failure = errno;
    ++syncs;
    spent = Clock::now() - start;
  } while (failure == 0 && spent < std::chrono::nanoseconds(budget.ns()));
  ::close(descriptor);
  if (failure != 0) return path_error("sync", path, failure);
  return static_cast<double>(syncs) / std::chrono::duration<double>(spent).count();
}

std::map<std::string, std::string> build_versions() {
  std::map<std::string, std::string> versions{{"ordeal", kBuildVersion}, {"compiler", "g++ " __VERSION__}};
#ifdef __clang__
  versions["compiler"] = __VERSION__;
#endif
  if (kBuildCommit[0] != '\0') versions["commit"] = kBuildCommit;
  return versions;
}

}  // namespace ordeal::report
