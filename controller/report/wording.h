#pragma once
// Operations, values and figures in words, for pages. Results are plain text: escape them where they go.

#include "common/op.h"
#include "common/time.h"

#include <cstdint>
#include <optional>
#include <string>

namespace ordeal::report {

/// A value without the quotes of to_text: `3-7`, `nil`, `[1 2]`; printable, clipped.
[[nodiscard]] std::string value_words(const Value& value);
/// "write 3-7", "read → 3-7", "cas 3-7 to 4-1", "read", with "?" or "failed" when not ok. `complete` may be
/// null.
[[nodiscard]] std::string operation_words(const Op& invoke, const Op* complete);
/// "12,345".
[[nodiscard]] std::string count_words(std::uint64_t count);
/// "1 fault", "2 faults".
[[nodiscard]] std::string count_words(std::uint64_t count, std::string_view one, std::string_view many);
/// "12.345 s": a moment of the run.
[[nodiscard]] std::string moment_words(Duration time);
/// "4.1 ms": three digits that count.
[[nodiscard]] std::string length_words(Duration length);
/// "23.5 GiB".
[[nodiscard]] std::string bytes_words(std::uint64_t bytes);

}  // namespace ordeal::report
