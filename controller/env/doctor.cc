#include "controller/env/doctor.h"

#include "controller/env/agent_wire.h"
#include "controller/env/clocks.h"
#include "controller/env/fd.h"
#include "controller/env/local.h"
#include "controller/env/namespaces.h"
#include "controller/env/process.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <sched.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

namespace ordeal::env {
namespace {

constexpr std::uint64_t kMiB = 1024 * 1024;
constexpr std::uint64_t kDiskMin = 1024 * kMiB;
constexpr std::uint64_t kMemoryMin = 1024 * kMiB;
constexpr double kSyncRateMin = 50;
constexpr int kCoresMin = 2;

DoctorCheck make_check(std::string name, Need need, bool ok, std::string found, std::string remedy) {
  if (ok) remedy.clear();
  return {std::move(name), need, ok, std::move(found), std::move(remedy)};
}

DoctorCheck check_namespaces() {
  const Status status = try_private_namespaces();
  const char* how = ::geteuid() == 0 ? "as root" : "with a user namespace";
  return make_check("private namespaces", Need::kRequired, status.ok(),
                    status.ok() ? how : status.error().message,
                    "see the reason; `--env sim` needs no namespaces");
}

DoctorCheck check_program(const std::string& name, const std::string& package, Need need) {
  const auto path = find_program(name);
  return make_check(name, need, path.has_value(), path.value_or("not found"), "apt-get install " + package);
}

DoctorCheck check_own_program(const std::string& folder, const std::string& name) {
  const std::string path = folder + "/" + name;
  const bool ok = ::access(path.c_str(), X_OK) == 0;
  return make_check(name, Need::kRequired, ok, ok ? path : fmt::format("{}: {}", path, std::strerror(errno)),
                    fmt::format("cmake --build build/dev --target {}", name));
}

/// Something to try in a network namespace that is thrown away.
struct Trial {
  std::string name;
  std::vector<std::string> command;
  std::string input;
  std::string kernel_option;
};

std::vector<Trial> trials() {
  return {{"bridge", {"ip", "-batch", "-"}, "link add ordeal0 type bridge\n", "CONFIG_BRIDGE"},
          {"veth", {"ip", "-batch", "-"}, "link add a0 type veth peer name b0\n", "CONFIG_VETH"}};
}

/// The first line that is not empty, or how it ended.
std::string gist(const CommandOutput& output) {
  const std::size_t begin = std::min(output.text.find_first_not_of("\n "), output.text.size());
  std::string line = output.text.substr(begin, output.text.find('\n', begin) - begin);
  return line.empty() ? fmt::format("exit code {}", output.exit_code) : line;
}

/// Empty when it worked.
std::string problem_of(const Trial& trial) {
  const auto output = run_command(trial.command, trial.input);
  if (!output.ok()) return output.error().message;
  return output->exit_code == 0 ? "" : gist(*output);
}

/// One line per trial, in order; fewer when the namespaces could not be made.
std::vector<std::string> try_in_scratch_network(const std::vector<Trial>& list) {
  std::array<int, 2> fds{};
  if (::pipe2(fds.data(), O_CLOEXEC) != 0) return {};
  const Fd read_end(fds[0]);
  Fd write_end(fds[1]);
  // One more process, since namespaces cannot be left again.
  const pid_t child = ::fork();
  if (child < 0) return {};
  if (child == 0) {
    const auto done = run_in_private_namespaces([&] {
      for (const Trial& trial : list) {
        const std::string line = problem_of(trial) + "\n";
        if (::write(write_end.get(), line.data(), line.size()) < 0) return 1;
      }
      return 0;
    });
    ::_exit(done.ok() ? *done : 1);
  }
  write_end.close();
  std::string text;
  std::array<char, 4096> buffer{};
  for (ssize_t n = 0; (n = ::read(read_end.get(), buffer.data(), buffer.size())) > 0;)
    text.append(buffer.data(), static_cast<std::size_t>(n));
  wait_for_child(child);
  std::vector<std::string> lines;
  for (std::size_t end = 0; (end = text.find('\n')) != std::string::npos; text.erase(0, end + 1))
    lines.push_back(text.substr(0, end));
  return lines;
}

void add_trials(std::vector<DoctorCheck>& checks) {
  const std::vector<Trial> list = trials();
  const std::vector<std::string> problems = try_in_scratch_network(list);
  for (std::size_t i = 0; i < list.size(); ++i) {
    const bool tried = i < problems.size();
    const bool ok = tried && problems[i].empty();
    checks.push_back(make_check(list[i].name, Need::kRequired, ok,
                                ok      ? "works"
                                : tried ? problems[i]
                                        : "not tried: no private namespaces",
                                fmt::format("use a kernel with {}", list[i].kernel_option)));
  }
}

/// The agent tries its own mechanisms, in a namespace that it throws away.
void add_agent_capabilities(const std::string& programs, std::vector<DoctorCheck>& checks) {
  constexpr std::array<std::string_view, 3> kRequiredOnes = {"ipv6", "packet_filter_ipv4",
                                                             "packet_filter_ipv6"};
  const std::string agent = programs + "/ordeal-agent";
  if (::access(agent.c_str(), X_OK) != 0) return;  // said by its own check
  const auto output = run_command({agent, "--capabilities"});
  auto capabilities = output.ok() ? parse_capabilities(output->text) : output.error();
  if (!capabilities.ok()) {
    checks.push_back(make_check("faults", Need::kRequired, false, capabilities.error().message,
                                agent + " --capabilities must print what it can do; build it anew"));
    return;
  }
  for (Capability& capability : *capabilities) {
    const bool required =
        std::find(kRequiredOnes.begin(), kRequiredOnes.end(), capability.name) != kRequiredOnes.end();
    std::replace(capability.name.begin(), capability.name.end(), '_', ' ');
    checks.push_back(make_check(capability.name, required ? Need::kRequired : Need::kOptional,
                                capability.available, capability.detail, capability.install));
  }
}

DoctorCheck check_space(const std::string& directory) {
  struct statvfs space {};
  if (::statvfs(directory.c_str(), &space) != 0)
    return make_check("disk space", Need::kRequired, false,
                      fmt::format("{}: {}", directory, std::strerror(errno)), "name a directory that exists");
  const std::uint64_t free = static_cast<std::uint64_t>(space.f_bavail) * space.f_frsize;
  return make_check("disk space", Need::kRequired, free >= kDiskMin,
                    fmt::format("{} MiB free in {}", free / kMiB, directory),
                    fmt::format("free {} MiB, or choose another directory", kDiskMin / kMiB));
}

DoctorCheck check_sync_rate(const std::string& directory) {
  const auto rate = measure_sync_rate(directory);
  if (!rate.ok())
    return make_check("disk speed", Need::kRequired, false, rate.error().message, "see the reason");
  return make_check(
      "disk speed", Need::kOptional, *rate >= kSyncRateMin,
      fmt::format("{:.0f} synced appends of 256 bytes a second", *rate),
      "choose a directory on a faster disk: below 50/s elections are disturbed by slow writes alone");
}

DoctorCheck check_memory() {
  std::ifstream file("/proc/meminfo");
  std::string key;
  std::uint64_t kib = 0;
  while (file >> key >> kib) {
    if (key == "MemAvailable:") break;
    file.ignore(64, '\n');
  }
  const std::uint64_t bytes = key == "MemAvailable:" ? kib * 1024 : 0;
  return make_check("memory", Need::kOptional, bytes >= kMemoryMin,
                    fmt::format("{} MiB available", bytes / kMiB),
                    "five nodes use about 500 MiB: close other programs");
}

DoctorCheck check_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  const int cores = ::sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 0;
  return make_check("cores", Need::kOptional, cores >= kCoresMin, fmt::format("{}", cores),
                    "with one core lower the rate, or operations will be late");
}

}  // namespace

Result<double> measure_sync_rate(const std::string& directory, Duration length) {
  const std::string path = fmt::format("{}/ordeal-sync-rate-{}", directory, ::getpid());
  const Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600));
  if (!file.open())
    return Error{ErrorCode::kPermissionDenied, fmt::format("cannot write in {}: {}; choose another directory",
                                                           directory, std::strerror(errno))};
  ::unlink(path.c_str());  // gone with the descriptor, however this ends
  const std::array<char, 256> bytes{};
  const MonotonicTime start = monotonic_now();
  std::uint64_t count = 0;
  while (monotonic_now() - start < length) {
    if (::write(file.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()) ||
        ::fdatasync(file.get()) != 0)
      return Error{ErrorCode::kResourceExhausted,
                   fmt::format("cannot write in {}: {}; free space there", directory, std::strerror(errno))};
    ++count;
  }
  return static_cast<double>(count) / (monotonic_now() - start).seconds();
}

std::vector<DoctorCheck> examine_machine(const DoctorOptions& options) {
  const std::string programs = options.programs.empty() ? program_folder() : options.programs;
  const std::string data = options.data_directory.empty() ? "." : options.data_directory;
  std::vector<DoctorCheck> checks;
  checks.push_back(check_namespaces());
  checks.push_back(check_program("ip", "iproute2", Need::kRequired));
  checks.push_back(check_program("iptables-restore", "iptables", Need::kRequired));
  add_trials(checks);
  checks.push_back(check_own_program(programs, "ordeal-node"));
  checks.push_back(check_own_program(programs, "ordeal-agent"));
  add_agent_capabilities(programs, checks);
  checks.push_back(check_space(data));
  checks.push_back(check_sync_rate(data));
  checks.push_back(check_memory());
  checks.push_back(check_cores());
  return checks;
}

}  // namespace ordeal::env
