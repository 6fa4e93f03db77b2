// Histories that others recorded, against the verdicts that their tools published: tests/histories.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include "checkers/driver/driver.h"

namespace ordeal {
namespace {

namespace fs = std::filesystem;

const fs::path kHistories = fs::path(ORDEAL_SOURCE_DIR) / "tests" / "histories";

void expect_verdict(const fs::path& file, const std::string& model, Verdict expected) {
  CheckOptions options;
  options.model = model;
  options.limits.seconds = 0;
  options.limits.steps_max = 1'000'000;
  const Result<CheckReport> report = check_file(file.string(), options);
  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_EQ(report->verdict(), expected) << file << ": " << report->findings.front().why;
  EXPECT_EQ(report->findings.front().witnesses.empty(), expected != Verdict::kInvalid) << file;
}

std::vector<fs::path> files_of(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

TEST(PublishedVerdicts, PorcupineEtcd) {
  std::ifstream table(kHistories / "porcupine-etcd" / "verdicts.tsv");
  std::map<std::string, int> seen;
  for (std::string file, verdict; table >> file >> verdict;) {
    ++seen[verdict];
    expect_verdict(kHistories / "porcupine-etcd" / file, "",
                   verdict == "valid" ? Verdict::kValid : Verdict::kInvalid);
  }
  EXPECT_EQ(seen["valid"] + seen["invalid"], 60);
  EXPECT_GT(seen["valid"], 0);
  EXPECT_GT(seen["invalid"], 0);
}

TEST(PublishedVerdicts, PorcupineEtcdIsTheSameWhenAFailedCasSaysNothing) {
  std::ifstream table(kHistories / "porcupine-etcd" / "verdicts.tsv");
  for (std::string file, verdict; table >> file >> verdict;) {
    expect_verdict(kHistories / "porcupine-etcd" / file, "cas-register",
                   verdict == "valid" ? Verdict::kValid : Verdict::kInvalid);
  }
}

TEST(PublishedVerdicts, KnossosCasRegisterGood) {
  const std::vector<fs::path> files = files_of(kHistories / "knossos" / "cas-register" / "good");
  EXPECT_EQ(files.size(), 62u);
  for (const fs::path& file : files) expect_verdict(file, "", Verdict::kValid);
}

TEST(PublishedVerdicts, KnossosMutexBad) {
  const std::vector<fs::path> files = files_of(kHistories / "knossos" / "mutex" / "bad");
  EXPECT_EQ(files.size(), 1u);
  for (const fs::path& file : files) {
    expect_verdict(file, "mutex", Verdict::kInvalid);
    expect_verdict(file, "owned-mutex", Verdict::kInvalid);
  }
}

TEST(PublishedVerdicts, PorcupineKeyValue) {
  const std::vector<fs::path> files = files_of(kHistories / "porcupine-kv");
  EXPECT_EQ(files.size(), 4u);
  for (const fs::path& file : files) {
    const bool ok = file.stem().string().ends_with("ok");
    expect_verdict(file, "append", ok ? Verdict::kValid : Verdict::kInvalid);
  }
}

TEST(PublishedVerdicts, KnossosMultiRegister) {
  const std::vector<fs::path> files = files_of(kHistories / "knossos" / "multi-register" / "good");
  EXPECT_EQ(files.size(), 1u);
  for (const fs::path& file : files)
    expect_verdict(file, R"(multi-register:{"x": 0, "y": 0})", Verdict::kValid);
}

TEST(PublishedVerdicts, KnossosCasRegisterBad) {
  const std::vector<fs::path> files = files_of(kHistories / "knossos" / "cas-register" / "bad");
  EXPECT_EQ(files.size(), 5u);
  for (const fs::path& file : files) expect_verdict(file, "", Verdict::kInvalid);
}

}  // namespace
}  // namespace ordeal
