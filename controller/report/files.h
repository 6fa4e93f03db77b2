#pragma once
// Whole files: read, and replace atomically. Errors name the path and say what to do.

#include "common/result.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace ordeal::report {

/// kNotFound when absent; kResourceExhausted when larger than `bytes_max`.
[[nodiscard]] Result<std::string> read_file(const std::filesystem::path& path,
                                            std::uint64_t bytes_max = 64 * 1024 * 1024);
/// Readers see the old content or the new, never a part: written beside it, then renamed over it.
[[nodiscard]] Status replace_file(const std::filesystem::path& path, std::string_view content);
/// Points the symbolic link at `target`, atomically. What is there and is no symbolic link is an error.
[[nodiscard]] Status replace_link(const std::filesystem::path& link, const std::filesystem::path& target);

/// An Error for a failed system call on a path.
[[nodiscard]] Error path_error(std::string_view action, const std::filesystem::path& path, int error_number);

}  // namespace ordeal::report
