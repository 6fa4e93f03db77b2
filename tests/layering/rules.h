#pragma once
// The rules of docs/ARCHITECTURE.md, section 4, and docs/STYLE.md that a program can check, as functions of a
// file's path and text. layering_test.cc applies them to the whole tree.

#include <string>
#include <string_view>
#include <vector>

namespace ordeal::layering {

struct SourceFile {
  std::string path;  ///< from the root, with slashes: node/raft/log.cc
  std::string text;
};

/// One broken rule, as "node/raft/log.cc:12: ...".
using Faults = std::vector<std::string>;

/// Includes that section 4 forbids for the file's folder: another folder, a third-party library, or, in a
/// pure folder, a header that brings in sockets, files, threads, clocks or chance.
[[nodiscard]] Faults check_includes(const SourceFile& file);

/// Words that main refuses, and lines above `kFileLinesMax`.
[[nodiscard]] Faults check_text(const SourceFile& file);
inline constexpr std::size_t kFileLinesMax = 600;

/// Functions longer than `kFunctionLinesMax`, found by braces.
struct LongFunction {
  std::string name;  ///< path and first line's text up to the parenthesis
  std::size_t lines = 0;
};
[[nodiscard]] std::vector<LongFunction> long_functions(const SourceFile& file);
inline constexpr std::size_t kFunctionLinesMax = 70;

/// Sources and tests that no CMakeLists.txt names.
[[nodiscard]] Faults check_named(const std::vector<SourceFile>& sources,
                                 const std::vector<SourceFile>& cmake_lists);

}  // namespace ordeal::layering
