#pragma once
// The bytes of a history, in a file or in memory, piece by piece, unpacked when they are gzip.

#include "common/result.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace ordeal {

/// Gives `sink` the bytes in order, in pieces of up to a megabyte, and ends with its error if it has one. The
/// error begins with the path.
[[nodiscard]] Status stream_history_file(const std::string& path,
                                         const std::function<Status(std::string_view)>& sink);

/// The same of bytes in memory. The error does not say where from.
[[nodiscard]] Status stream_history_bytes(std::string_view bytes,
                                          const std::function<Status(std::string_view)>& sink);

/// The files below a folder, in the order of their names, which are within the folder and have '/' between
/// folders. Links to folders are not followed. The error names the folder.
[[nodiscard]] Result<std::vector<std::string>> list_folder(const std::string& path);

/// Bytes on disk; 0 when that cannot be known, and for gzip, where it says little.
[[nodiscard]] std::uint64_t plain_file_size(const std::string& path);
/// Bytes in memory; 0 for gzip.
[[nodiscard]] std::uint64_t plain_size(std::string_view bytes);

}  // namespace ordeal
