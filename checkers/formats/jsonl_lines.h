#pragma once
// Bytes as they arrive, cut into lines: what the two readers of our own format have in common.

#include "common/result.h"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace ordeal {

class JsonlLines {
 public:
  /// Calls `take` for each line that is complete, without its newline. An error, its own or that of a line
  /// that is too long, begins with the number of the line, from 1; after it nothing more is taken.
  Status feed(std::string_view bytes, const std::function<Status(std::string_view)>& take);
  /// What a person should know at the end of the text: a last line without its newline was dropped.
  [[nodiscard]] std::optional<std::string> note() const;

  [[nodiscard]] std::size_t count() const { return count_; }
  /// Bytes of the beginning of a line whose newline has not come.
  [[nodiscard]] std::size_t partial_size() const { return partial_.size(); }

 private:
  std::string partial_;
  std::size_t count_ = 0;
  bool failed_ = false;
};

}  // namespace ordeal
