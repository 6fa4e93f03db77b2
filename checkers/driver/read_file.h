#pragma once
// A whole file in memory, unpacked when it is gzip.

#include "common/result.h"

#include <cstdint>
#include <string>

namespace ordeal {

/// `bytes_max` bounds the unpacked text, so that neither a huge file nor a small one that unpacks to a huge
/// one fills the memory. The error names the file and what to do.
[[nodiscard]] Result<std::string> read_history_file(const std::string& path, std::uint64_t bytes_max);

}  // namespace ordeal
