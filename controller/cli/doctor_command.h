#pragma once
// `ordeal doctor`: what this machine can do, and for what it cannot, why and what to install.

#include <string>

namespace ordeal::cli {

/// Prints the checks. 0 when everything that `ordeal run` needs is there, else 2.
[[nodiscard]] int doctor_command(const std::string& store);

}  // namespace ordeal::cli
