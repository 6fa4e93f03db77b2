#include "controller/cli/doctor_command.h"

#include "controller/cli/exit_code.h"
#include "controller/env/doctor.h"

#include <fmt/format.h>

#include <filesystem>

namespace ordeal::cli {
namespace {

/// Where runs will write: the store, or what is there of its path.
std::string existing_folder(const std::string& store) {
  std::filesystem::path path = std::filesystem::absolute(store);
  while (!path.empty() && !std::filesystem::is_directory(path) && path != path.root_path())
    path = path.parent_path();
  return path;
}

}  // namespace

int doctor_command(const std::string& store) {
  int code = kExitValid;
  for (const env::DoctorCheck& check :
       env::examine_machine({.programs = "", .data_directory = existing_folder(store)})) {
    const bool required = check.need == env::Need::kRequired;
    const char* mark = check.ok ? "ok" : required ? "MISSING" : "no";
    fmt::print("{:<8} {:<28} {}\n", mark, check.name, check.found);
    if (!check.remedy.empty()) fmt::print("{:<8} {:<28} -> {}\n", "", "", check.remedy);
    if (!check.ok && required) code = kExitUnknown;
  }
  fmt::print("{}\n",
             code == kExitValid ? "`ordeal run` can work here." : "`ordeal run` cannot work here yet.");
  return code;
}

}  // namespace ordeal::cli
