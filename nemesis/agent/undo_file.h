#pragma once
// What the next agent must undo if this one and its guardian are both killed: the kernel expires rules by
// itself, but a stopped process stays stopped. One small file in the state directory, replaced atomically.

#include "common/result.h"
#include "nemesis/agent/guardian.h"

#include <string>
#include <string_view>

namespace ordeal::agent {

[[nodiscard]] std::string undo_text(const UndoList& list);
/// The processes of a list; deadlines are not kept.
[[nodiscard]] Result<UndoList> parse_undo(std::string_view text);

class UndoFile {
 public:
  explicit UndoFile(const std::string& directory) : path_(directory + "/undo.json") {}

  /// Writes only when the processes differ from what was written last.
  [[nodiscard]] Status save(const UndoList& list);
  /// An empty list when there is no file.
  [[nodiscard]] Result<UndoList> load() const;

 private:
  std::string path_;
  std::string written_;
};

}  // namespace ordeal::agent
