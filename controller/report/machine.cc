#include "controller/report/machine.h"

#include "controller/report/build_commit.h"
#include "controller/report/files.h"

#include <fmt/format.h>

#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

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

std::map<std::string, std::string> build_versions() {
  std::map<std::string, std::string> versions{{"ordeal", kBuildVersion}, {"compiler", "g++ " __VERSION__}};
#ifdef __clang__
  versions["compiler"] = __VERSION__;
#endif
  if (kBuildCommit[0] != '\0') versions["commit"] = kBuildCommit;
  return versions;
}

}  // namespace ordeal::report
