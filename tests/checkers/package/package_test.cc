// The checkers as another project gets them: installs the package into a folder of its own, builds the
// examples of docs/checkers-library.md against it, outside the tree, and runs them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/support/program.h"

namespace ordeal::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::string kExamples = ORDEAL_SOURCE_DIR "/docs/examples/checkers-library";
const std::string kValid = kExamples + "/valid.jsonl";
const std::string kStale = kExamples + "/stale-read.jsonl";

/// Runs it to its end, which has to be a good one, and gives what it printed.
std::string run(const std::vector<std::string>& command) {
  const Finished finished = run_program(command, std::chrono::seconds(100));
  EXPECT_EQ(finished.exit_code, 0) << command[0] << '\n' << finished.out << finished.err;
  return finished.out;
}

/// The path of a program; empty when there is none.
std::string find_program(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::string folders = path != nullptr ? path : "";
  for (std::size_t end = 0; !folders.empty(); folders.erase(0, end == std::string::npos ? end : end + 1)) {
    end = folders.find(':');
    const std::string file = folders.substr(0, end) + '/' + name;
    if (access(file.c_str(), X_OK) == 0) return file;
  }
  return "";
}

class CheckersPackage : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<TemporaryDirectory>();
    run({ORDEAL_CMAKE, "--install", ORDEAL_BUILD_DIR, "--component", "ordeal-checkers", "--prefix",
         prefix()});
  }
  static void TearDownTestSuite() { folder_.reset(); }

  static std::string prefix() { return folder_->path() + "/installed"; }
  static std::string library() { return prefix() + "/" ORDEAL_LIBDIR; }

  static std::unique_ptr<TemporaryDirectory> folder_;
};

std::unique_ptr<TemporaryDirectory> CheckersPackage::folder_;

/// What a file includes in quotes.
std::set<std::string> quoted_includes(const std::string& text) {
  const std::string word = "#include \"";
  std::set<std::string> names;
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at)) {
    at += word.size();
    names.insert(text.substr(at, text.find('"', at) - at));
  }
  return names;
}

TEST_F(CheckersPackage, HasEveryHeaderThatItsHeadersInclude) {
  const fs::path root = prefix() + "/include/ordeal";
  ASSERT_TRUE(fs::exists(root / "checkers" / "checker.h"));
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root)) {
    if (!entry.is_regular_file()) continue;
    for (const std::string& name : quoted_includes(read_file(entry.path())))
      EXPECT_TRUE(fs::exists(root / name)) << entry.path() << " includes " << name;
  }
}

TEST_F(CheckersPackage, IsFoundByAnotherProject) {
  const std::string build = folder_->path() + "/build";
  run({ORDEAL_CMAKE, "-S", kExamples, "-B", build, "-G", ORDEAL_GENERATOR, "-DCMAKE_PREFIX_PATH=" + prefix(),
       "-DCMAKE_C_COMPILER=" ORDEAL_CC, "-DCMAKE_CXX_COMPILER=" ORDEAL_CXX});
  run({ORDEAL_CMAKE, "--build", build});
  const std::string out = run({build + "/check_files", kValid, kStale});
  EXPECT_THAT(out, StartsWith(kValid + ": valid\n" + kStale + ": invalid\n  key \"x\": p1 read -> 1 "));
  EXPECT_THAT(out, HasSubstr("\ntwo holders: invalid\n"));
  EXPECT_THAT(run({build + "/check_events"}), StartsWith("fresh read: valid\nstale read: invalid\n"));
}

TEST_F(CheckersPackage, IsConfiguredWithoutWhatTheRestNeeds) {
  std::vector<std::string> command = {ORDEAL_CMAKE,
                                      "-S",
                                      ORDEAL_SOURCE_DIR,
                                      "-B",
                                      folder_->path() + "/alone",
                                      "-G",
                                      ORDEAL_GENERATOR,
                                      "-DORDEAL_ONLY_CHECKERS=ON",
                                      "-DCMAKE_C_COMPILER=" ORDEAL_CC,
                                      "-DCMAKE_CXX_COMPILER=" ORDEAL_CXX};
  for (const std::string name : {"RocksDB", "CURL", "yaml-cpp", "prometheus-cpp", "spdlog", "CLI11", "GTest"})
    command.push_back("-DCMAKE_DISABLE_FIND_PACKAGE_" + name + "=ON");
  run(command);
}

TEST_F(CheckersPackage, IsC99) {
  const std::string program = folder_->path() + "/c_example";
  run({ORDEAL_CC, "-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror", "-I" + prefix() + "/include",
       kExamples + "/check_events.c", "-o", program, "-L" + library(), "-lordeal-checkers",
       "-Wl,-rpath," + library()});
  EXPECT_THAT(run({program}),
              StartsWith("fresh read: valid\nstale read: invalid\n  key \"x\": p1 read -> 1 "));
}

TEST_F(CheckersPackage, IsLoadedByPython) {
  const std::string python = find_program("python3");
  if (python.empty()) GTEST_SKIP() << "there is no python3, and no package of ours needs it";
  const std::string out = run(
      {python, "-B", kExamples + "/check_files.py", library() + "/libordeal-checkers.so.1", kValid, kStale});
  EXPECT_THAT(
      out, StartsWith(kValid + ": valid\n" + kStale + ": invalid\n  [4] p1 read -> 1 (invoked at 0.005000s"));
}

}  // namespace
}  // namespace ordeal::test
