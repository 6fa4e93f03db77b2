// Applies the rules to the tree, and shows on planted violations that each of them can fail.

#include "tests/layering/rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

namespace ordeal::layering {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

namespace fs = std::filesystem;

// Functions above the limit that exist already. They may only shrink or go; nothing is added.
const std::map<std::string, std::size_t> kKnownLong = {};

std::vector<SourceFile> tree(const std::vector<std::string>& endings) {
  const fs::path root = ORDEAL_SOURCE_DIR;
  std::vector<SourceFile> files;
  for (auto it = fs::recursive_directory_iterator(root); it != fs::recursive_directory_iterator(); ++it) {
    const std::string path = it->path().lexically_relative(root).generic_string();
    if (it->is_directory()) {
      if (path == "build" || path == "store" || path[0] == '.' || path == "tests/histories")
        it.disable_recursion_pending();
      continue;
    }
    for (const std::string& ending : endings) {
      if (!path.ends_with(ending)) continue;
      std::ostringstream text;
      text << std::ifstream(it->path()).rdbuf();
      files.push_back({path, text.str()});
    }
  }
  return files;
}

TEST(Layering, EveryIncludeIsInTheTable) {
  const auto files = tree({".h", ".cc"});
  ASSERT_GT(files.size(), 20U);
  for (const SourceFile& file : files) EXPECT_THAT(check_includes(file), IsEmpty());
}

TEST(Layering, FilesAreShortAndFinished) {
  for (const SourceFile& file : tree({".h", ".cc"})) EXPECT_THAT(check_text(file), IsEmpty());
}

TEST(Layering, LongFunctionsOnlyShrink) {
  for (const SourceFile& file : tree({".h", ".cc"})) {
    for (const LongFunction& function : long_functions(file)) {
      const auto known = kKnownLong.find(function.name);
      const std::size_t limit = known == kKnownLong.end() ? kFunctionLinesMax : known->second;
      EXPECT_LE(function.lines, limit) << function.name << " has " << function.lines << " lines";
    }
  }
}

TEST(Layering, EverySourceIsBuilt) {
  EXPECT_THAT(check_named(tree({".cc"}), tree({"CMakeLists.txt"})), IsEmpty());
}

TEST(Rules, RefusesFolderThatTheTableForbids) {
  EXPECT_THAT(check_includes({"node/raft/log.cc", "#include \"node/host/host.h\"\n"}),
              ElementsAre(HasSubstr("node/raft/log.cc:1: node/raft may not include node/host/host.h")));
  EXPECT_THAT(check_includes({"checkers/checker.cc", "#include \"checkers/driver/driver.h\"\n"}),
              ElementsAre(HasSubstr("may not include")));
  EXPECT_THAT(check_includes({"node/raft/log.cc", "#include \"node/kv/kv.h\"\n#include \"common/ids.h\"\n"}),
              IsEmpty());
}

TEST(Rules, RefusesLibraryThatTheTableForbids) {
  EXPECT_THAT(check_includes({"node/raft/log.cc", "\n#include <boost/asio.hpp>\n"}),
              ElementsAre(HasSubstr("node/raft/log.cc:2: node/raft may not use Boost.Asio")));
  EXPECT_THAT(check_includes({"node/host/peers.cc", "#include <boost/asio.hpp>\n"}), IsEmpty());
}

TEST(Rules, RefusesClockThreadAndFileInPureFolder) {
  for (const std::string header : {"thread", "chrono", "random", "fstream", "sys/socket.h", "unistd.h"}) {
    EXPECT_THAT(check_includes({"common/ids.cc", "#include <" + header + ">\n"}),
                ElementsAre(HasSubstr("is pure")));
    EXPECT_THAT(check_includes({"node/host/host.cc", "#include <" + header + ">\n"}), IsEmpty());
  }
}

TEST(Rules, RefusesUnknownFolder) {
  EXPECT_THAT(check_includes({"misc/x.cc", ""}), ElementsAre(HasSubstr("not in the table")));
}

TEST(Rules, RefusesUnfinishedAndOverlongFiles) {
  EXPECT_THAT(check_text({"common/a.cc",
                          "// TO"
                          "DO later\n"}),
              ElementsAre(HasSubstr("common/a.cc:1")));
  std::string longer;
  for (std::size_t i = 0; i <= kFileLinesMax; ++i) longer += "\n";
  EXPECT_THAT(check_text({"common/a.cc", longer}), ElementsAre(HasSubstr("split it")));
  EXPECT_THAT(check_text({"common/a.h", "int x;\n"}), ElementsAre(HasSubstr("#pragma once")));
}

std::string function_of(std::size_t body_lines) {
  std::string text =
      "namespace a {\nclass B {\n int c() const { return '{'; }\n};\nint B::long_one(int x) {\n";
  for (std::size_t i = 0; i < body_lines; ++i) text += "  if (x) { call(\"}\"); }  // }\n";
  return text + "}\n}\n";
}

TEST(Rules, FindsLongFunctions) {
  EXPECT_THAT(long_functions({"common/a.cc", function_of(kFunctionLinesMax - 2)}), IsEmpty());
  const auto found = long_functions({"common/a.cc", function_of(kFunctionLinesMax)});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].name, "common/a.cc:B::long_one");
  EXPECT_EQ(found[0].lines, kFunctionLinesMax + 2);
}

TEST(Rules, FindsSourceThatNothingBuilds) {
  const std::vector<SourceFile> lists = {
      {"tests/raft/CMakeLists.txt", "ordeal_test(raft SOURCES log_test.cc)"}};
  EXPECT_THAT(check_named({{"tests/raft/log_test.cc", ""}}, lists), IsEmpty());
  EXPECT_THAT(check_named({{"tests/raft/og_test.cc", ""}, {"tests/kv/log_test.cc", ""}}, lists),
              ElementsAre(HasSubstr("tests/raft/og_test.cc"), HasSubstr("tests/kv/log_test.cc")));
}

}  // namespace
}  // namespace ordeal::layering
