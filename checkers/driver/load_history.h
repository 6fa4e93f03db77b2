#pragma once
// A history out of a file or out of memory, in any format, plain or gzip. Lines of our own format never exist
// as text all at once; other formats are read whole.

#include "checkers/formats/formats.h"
#include "checkers/history_table.h"
#include "common/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ordeal {

struct LoadOptions {
  std::string format;                       ///< a name of list_formats; empty: by what the bytes look like
  std::uint64_t memory_bytes = 4ULL << 30;  ///< that the history may take
};

struct LoadedHistory {
  HistoryFormat format = HistoryFormat::kJsonl;
  HistoryTable history;                          ///< well-formed
  std::optional<TransactionTable> transactions;  ///< instead of the history, of formats that have no more
  std::vector<std::string> notes;                ///< how it was read
};

/// A file, or a folder if `format` names one that has folders. The error names the file, the line where there
/// is one, and says what to do.
[[nodiscard]] Result<LoadedHistory> load_history_file(const std::string& path, const LoadOptions& options);
/// The same of bytes in memory, which it does not keep.
[[nodiscard]] Result<LoadedHistory> load_history(std::string_view bytes, const LoadOptions& options);

}  // namespace ordeal
