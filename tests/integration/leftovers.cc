#include "tests/integration/leftovers.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace ordeal::test {
namespace {

namespace fs = std::filesystem;

std::vector<pid_t> all_processes() {
  std::vector<pid_t> processes;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; })) {
      processes.push_back(static_cast<pid_t>(std::stol(name)));
    }
  }
  return processes;
}

std::string read_text(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

/// Whether a controller that lives is the process or one of its ancestors.
bool is_of_a_run_that_goes_on(pid_t process) {
  for (; process > 1; process = parent_of(process)) {
    if (read_text("/proc/" + std::to_string(process) + "/comm") == "ordeal\n") return true;
  }
  return false;
}

}  // namespace

Machine look_at_machine() {
  Machine machine;
  for (const pid_t process : all_processes()) {
    if (is_of_a_run_that_goes_on(process)) continue;
    std::error_code gone;  // Ignored: the process has ended meanwhile.
    const fs::path name = fs::read_symlink("/proc/" + std::to_string(process) + "/ns/net", gone);
    if (!gone) machine.network_namespaces.insert(name);
  }
  if (std::error_code none; fs::is_directory("/run/netns", none)) {
    for (const auto& entry : fs::directory_iterator("/run/netns"))
      machine.network_namespaces.insert(entry.path());
  }
  std::istringstream mounts(read_text("/proc/self/mounts"));
  for (std::string line; std::getline(mounts, line);) machine.mounts.insert(line);
  for (const auto& entry : fs::directory_iterator("/sys/class/net"))
    machine.links.insert(entry.path().filename());
  return machine;
}

std::vector<pid_t> processes_with(const std::string& text) {
  std::vector<pid_t> found;
  for (const pid_t process : all_processes()) {
    if (process == getpid() || process == getppid()) continue;
    std::string command = read_text("/proc/" + std::to_string(process) + "/cmdline");
    std::replace(command.begin(), command.end(), '\0', ' ');
    if (command.find(text) != std::string::npos) found.push_back(process);
  }
  return found;
}

pid_t parent_of(pid_t process) {
  std::istringstream status(read_text("/proc/" + std::to_string(process) + "/status"));
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("PPid:")) return static_cast<pid_t>(std::stol(line.substr(5)));
  }
  return 0;
}

}  // namespace ordeal::test
