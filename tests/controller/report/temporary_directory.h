#pragma once
// A directory of a test's own, removed with everything in it.

#include "common/check.h"

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace ordeal::report {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "ordeal-report-XXXXXX").string();
    ORDEAL_CHECK(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;  // Ignored: what stays behind is in the directory for temporary files.
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace ordeal::report
