#pragma once
// Our side of a comparison, as a process of its own: loads all files, then checks each, and prints what the
// drivers of the other checkers print too, a line for each file and pass:
//
//   PASS VERDICT CHECK_NS PARSE_NS PATH

#include <cstdint>
#include <string>
#include <vector>

namespace ordeal::bench {

struct FileCheck {
  std::string model;
  std::uint32_t passes = 1;
  unsigned threads = 1;  ///< 0: one for each core
  std::vector<std::string> files;
};

/// The program's exit code.
[[nodiscard]] int check_files(const FileCheck& check);

}  // namespace ordeal::bench
