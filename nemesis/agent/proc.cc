#include "nemesis/agent/proc.h"

#include "nemesis/agent/fd.h"
#include "nemesis/agent/json.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <ctime>
#include <memory>

namespace ordeal::agent {
namespace {

constexpr std::size_t kSmallFileMax = 64 * 1024;

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::vector<std::string_view> fields_of(std::string_view text) {
  std::vector<std::string_view> fields;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(" \n"), text.size());
    if (end > 0) fields.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return fields;
}

std::vector<pid_t> threads_of(pid_t pid) {
  std::vector<pid_t> threads;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(fmt::format("/proc/{}/task", pid).c_str()),
                                                      closedir);
  if (directory == nullptr) return threads;
  while (const dirent* entry =
             readdir(directory.get())) {  // NOLINT(concurrency-mt-unsafe): own directory stream
    if (const auto thread = parse_number<pid_t>(entry->d_name)) threads.push_back(*thread);
  }
  std::sort(threads.begin(), threads.end());
  return threads;
}

std::optional<ProcessStat> read_stat_file(const std::string& path) {
  const auto text = read_small_file(path);
  return text ? parse_stat(*text) : std::nullopt;
}

}  // namespace

std::optional<ProcessStat> parse_stat(std::string_view text) {
  const std::size_t name_begin = text.find('(');
  const std::size_t name_end = text.rfind(')');
  if (name_begin == std::string_view::npos || name_end == std::string_view::npos || name_end < name_begin)
    return std::nullopt;
  const auto before = fields_of(text.substr(0, name_begin));
  const auto after = fields_of(text.substr(name_end + 1));  // from field 3, the state
  if (before.size() != 1 || after.size() < 20 || after[0].size() != 1) return std::nullopt;
  const auto pid = parse_number<pid_t>(before[0]);
  const auto parent = parse_number<pid_t>(after[1]);
  const auto start = parse_number<std::uint64_t>(after[19]);
  if (!pid || !parent || !start) return std::nullopt;
  return ProcessStat{*pid, after[0][0], *parent, *start};
}

Result<PidFile> parse_pid_file(std::string_view text) {
  auto object = JsonObject::parse(text);
  if (!object) return object.error();
  PidFile file;
  const auto supervisor = object->integer("supervisor", 1, INT32_MAX);
  if (!supervisor) return supervisor.error();
  const auto replica = object->integer("replica", 0, INT32_MAX);
  if (!replica) return replica.error();
  const auto incarnation = object->integer("incarnation", 0, INT64_MAX);
  if (!incarnation) return incarnation.error();
  file.supervisor = static_cast<pid_t>(*supervisor);
  file.replica = static_cast<pid_t>(*replica);
  file.incarnation = static_cast<std::uint64_t>(*incarnation);
  return file;
}

std::optional<ProcessStat> read_stat(pid_t pid) {
  return read_stat_file(fmt::format("/proc/{}/stat", pid));
}

std::vector<char> thread_states(pid_t pid) {
  std::vector<char> states;
  for (const pid_t thread : threads_of(pid)) {
    // A thread may end between the two readings.
    if (const auto stat = read_stat_file(fmt::format("/proc/{}/task/{}/stat", pid, thread)))
      states.push_back(stat->state);
  }
  return states;
}

bool all_threads_stopped(pid_t pid) {
  const std::vector<char> states = thread_states(pid);
  return !states.empty() &&
         std::all_of(states.begin(), states.end(), [](char c) { return c == 'T' || c == 't'; });
}

std::optional<std::int64_t> cpu_time_ns(pid_t pid) {
  clockid_t clock = 0;
  timespec time{};
  if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &time) != 0) return std::nullopt;
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

bool is_alive(const ProcessRef& process) {
  if (process.pid <= 0) return false;
  const auto stat = read_stat(process.pid);
  return stat && stat->alive() && stat->start_ticks == process.start_ticks;
}

Status send_signal(const ProcessRef& process, int signal) {
  const Error gone{ErrorCode::kNotFound, fmt::format("process {} is gone", process.pid)};
  if (process.pid <= 0) return gone;
  // The descriptor pins the process; the start time is compared afterwards, so no reuse of the pid can come
  // between.
  const Fd handle(static_cast<int>(syscall(SYS_pidfd_open, process.pid, 0)));
  if (!handle.is_open()) {
    if (errno == ESRCH) return gone;
    return Error{ErrorCode::kInternal, fmt::format("pidfd_open({}): {}", process.pid, std::strerror(errno))};
  }
  if (!is_alive(process)) return gone;
  if (syscall(SYS_pidfd_send_signal, handle.get(), signal, nullptr, 0) == 0) return {};
  if (errno == ESRCH) return gone;
  if (errno == EPERM)
    return Error{ErrorCode::kPermissionDenied,
                 fmt::format("may not signal process {}: run the agent as the same user or with CAP_KILL",
                             process.pid)};
  return Error{ErrorCode::kInternal,
               fmt::format("signal to process {}: {}", process.pid, std::strerror(errno))};
}

Result<std::string> read_small_file(const std::string& path) {
  const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open())
    return Error{errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kInternal,
                 fmt::format("cannot read {}: {}", path, std::strerror(errno))};
  std::string text;
  std::array<char, 4096> buffer{};
  while (text.size() <= kSmallFileMax) {
    const ssize_t got = read(file.get(), buffer.data(), buffer.size());
    if (got < 0)
      return Error{ErrorCode::kInternal, fmt::format("cannot read {}: {}", path, std::strerror(errno))};
    if (got == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return Error{ErrorCode::kInvalidArgument, fmt::format("{} is larger than {} bytes", path, kSmallFileMax)};
}

}  // namespace ordeal::agent
