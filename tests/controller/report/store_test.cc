#include "controller/report/store.h"

#include "checkers/formats/jsonl.h"
#include "controller/report/files.h"
#include "controller/report/live.h"
#include "tests/controller/report/sample.h"
#include "tests/controller/report/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/resource.h>
#include <sys/stat.h>

#include <chrono>
#include <csignal>
#include <set>

namespace ordeal::report {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

namespace fs = std::filesystem;

constexpr WallTime kStarted(1'795'587'775'000'000'000);  // 2026-11-25T06:22:55Z

WallTime store_now() {
  return WallTime(std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count());
}

Op invoke_op(std::int64_t index, std::string value) {
  Op op;
  op.index = index;
  op.time = microseconds(index);
  op.process = ProcessId(index);
  op.f = "write";
  op.key = "x";
  op.value = std::move(value);
  return op;
}

TEST(Store, GivesEachRunADirectoryNamedForItsTime) {
  const TemporaryDirectory temporary;
  const Store store(temporary.path() / "store");
  const Result<RunDirectory> run = store.create("default", kStarted);
  ASSERT_TRUE(run.ok()) << run.error().message;
  EXPECT_EQ(run->id(), "default/20261125T062255Z");
  EXPECT_TRUE(fs::is_directory(store.root() / "default" / "20261125T062255Z"));
}

TEST(Store, KeepsRunsOfOneSecondApartAndInOrder) {
  const TemporaryDirectory temporary;
  const Store store(temporary.path());
  std::vector<std::string> ids;
  for (int i = 0; i < 12; ++i) ids.push_back(store.create("default", kStarted).value().id());
  ids.push_back(store.create("default", kStarted + seconds(1)).value().id());
  EXPECT_THAT(std::set<std::string>(ids.begin(), ids.end()), SizeIs(13));
  EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
}

TEST(Store, PointsLatestAtTheNewestRun) {
  const TemporaryDirectory temporary;
  const Store store(temporary.path());
  ASSERT_TRUE(store.create("a", kStarted).ok());
  ASSERT_TRUE(store.create("b", kStarted + seconds(1)).ok());
  EXPECT_EQ(fs::read_symlink(store.root() / "latest"), "b/20261125T062256Z");
  EXPECT_EQ(fs::read_symlink(store.root() / "a" / "latest"), "20261125T062255Z");
  EXPECT_EQ(store.find("latest", kStarted).value().id, "b/20261125T062256Z");
  EXPECT_EQ(store.find("a/latest", kStarted).value().id, "a/20261125T062255Z");
}

TEST(Store, RefusesToReplaceAFileThatIsInTheWayOfALink) {
  const TemporaryDirectory temporary;
  ASSERT_TRUE(replace_file(temporary.path() / "latest", "mine").ok());
  const Result<RunDirectory> run = Store(temporary.path()).create("a", kStarted);
  ASSERT_FALSE(run.ok());
  EXPECT_THAT(run.error().message, HasSubstr("is in the way"));
  EXPECT_EQ(read_file(temporary.path() / "latest").value(), "mine");
}

TEST(Store, MakesAnyNameOneHarmlessDirectory) {
  EXPECT_EQ(directory_name("default"), "default");
  EXPECT_EQ(directory_name("../../etc/passwd"), "-.-..-etc-passwd");
  EXPECT_EQ(directory_name(".."), "-.");
  EXPECT_EQ(directory_name(""), "run");
  EXPECT_EQ(directory_name("latest"), "latest-run");
  EXPECT_EQ(directory_name(std::string("a\0b\n", 4)), "a-b-");
  EXPECT_EQ(directory_name("größe <b>"), "gr----e--b-");
  EXPECT_THAT(directory_name(std::string(5000, 'x')), SizeIs(100));
}

TEST(Store, KeepsHostileNamesInsideItsRoot) {
  const TemporaryDirectory temporary;
  const Store store(temporary.path() / "store");
  for (const std::string name : {"../out", "/etc", "a/b/c", "..", "latest", "\xff\xfe"}) {
    const Result<RunDirectory> run = store.create(name, kStarted);
    ASSERT_TRUE(run.ok()) << name << ": " << run.error().message;
    EXPECT_EQ(run->path().parent_path().parent_path(), store.root()) << name;
  }
  EXPECT_THAT(store.list(kStarted).value(), SizeIs(6));
}

TEST(Store, ReadsBackWhatARunWrote) {
  const TemporaryDirectory temporary;
  const Store store(temporary.path());
  const ReportInput sample = make_sample({.length = seconds(2), .violation = true});
  const RunDirectory run = store.create(sample.info.name, sample.info.started).value();
  ASSERT_TRUE(run.write_run_info(sample.info).ok());
  ASSERT_TRUE(run.write_verdict(make_verdict(sample)).ok());
  HistoryWriter writer = run.open_history().value();
  ASSERT_TRUE(writer.append(sample.history).ok());

  const std::vector<RunEntry> entries = store.list(kStarted).value();
  ASSERT_THAT(entries, SizeIs(1));
  EXPECT_EQ(entries[0].state, RunState::kFinished);
  EXPECT_EQ(entries[0].problem, "");
  EXPECT_EQ(entries[0].info->seed, sample.info.seed);
  EXPECT_EQ(entries[0].verdict->verdict, RunVerdict::kInvalid);
  EXPECT_EQ(entries[0].verdict->operations, count_outcomes(sample.history));
  const std::string text = read_file(store.path_of(entries[0]) / file_names::kHistory).value();
  EXPECT_EQ(parse_jsonl(text).value().history, sample.history);
}

TEST(Store, ListsNewestFirstAcrossNames) {
  const TemporaryDirectory temporary;
  const Store store(temporary.path());
  for (const auto& [name, after] : {std::pair{"b", 0}, std::pair{"a", 2}, std::pair{"c", 1}}) {
    ASSERT_TRUE(store.create(name, kStarted + seconds(after)).ok());
  }
  const std::vector<RunEntry> entries = store.list(kStarted).value();
  std::vector<std::string> ids;
  for (const RunEntry& entry : entries) ids.push_back(entry.id);
  EXPECT_THAT(ids, ElementsAre("a/20261125T062257Z", "c/20261125T062256Z", "b/20261125T062255Z"));
}

TEST(Store, AnAbsentRootIsEmptyAndAFileIsAnError) {
  const TemporaryDirectory temporary;
  EXPECT_THAT(Store(temporary.path() / "none").list(kStarted).value(), IsEmpty());
  ASSERT_TRUE(replace_file(temporary.path() / "file", "").ok());
  EXPECT_THAT(Store(temporary.path() / "file").list(kStarted).error().message, HasSubstr("no directory"));
}

TEST(Store, TellsARunningRunFromAKilledOne) {
  const TemporaryDirectory temporary;
  const Store store(temporary.path());
  const RunDirectory run = store.create("a", kStarted).value();
  ASSERT_TRUE(write_live(run.path(), {}).ok());
  EXPECT_EQ(store.find(run.id(), store_now()).value().state, RunState::kRunning);
  EXPECT_EQ(store.find(run.id(), store_now() + kLiveFor * 2).value().state, RunState::kInterrupted);
  remove_live(run.path());
  EXPECT_EQ(store.find(run.id(), store_now()).value().state, RunState::kInterrupted);
}

TEST(Store, OpensARunWhoseDocumentsAreHalfWritten) {
  const TemporaryDirectory temporary;
  const Store store(temporary.path());
  const RunDirectory run = store.create("a", kStarted).value();
  ASSERT_TRUE(replace_file(run.path() / file_names::kRunInfo, R"({"format": 1, "na)").ok());
  ASSERT_TRUE(replace_file(run.path() / file_names::kVerdict, R"({"format": 1, "verdict": "perhaps"})").ok());
  const RunEntry entry = store.find(run.id(), kStarted).value();
  EXPECT_FALSE(entry.info.has_value());
  EXPECT_FALSE(entry.verdict.has_value());
  EXPECT_EQ(entry.state, RunState::kInterrupted);
  EXPECT_THAT(entry.problem, HasSubstr("run.json is not a JSON object"));
  EXPECT_THAT(entry.problem, HasSubstr("'perhaps', expected valid, vacuous, unknown or invalid"));
}

TEST(Store, FindsNothingOutsideItsRoot) {
  const TemporaryDirectory temporary;
  fs::create_directories(temporary.path() / "outside" / "run");
  const Store store(temporary.path() / "store");
  ASSERT_TRUE(store.create("a", kStarted).ok());
  fs::create_directory_symlink("../outside", store.root() / "link");
  for (const std::string id :
       {"../outside/run", "link/run", "a", "a/", "", "/", "a/../a", "a/none", "none/latest"}) {
    const Result<RunEntry> run = store.find(id, kStarted);
    ASSERT_FALSE(run.ok()) << id;
    EXPECT_EQ(run.error().code, ErrorCode::kNotFound) << id;
  }
}

TEST(HistoryWriter, AKilledWriterLosesOnlyTheTornLine) {
  const TemporaryDirectory temporary;
  const fs::path path = temporary.path() / "history.jsonl";
  HistoryWriter writer = HistoryWriter::open(path).value();
  for (std::int64_t i = 0; i < 10; ++i) ASSERT_TRUE(writer.append(History{invoke_op(i, "v")}).ok());
  const std::string whole = read_file(path).value();
  const std::size_t last_line = whole.rfind('\n', whole.size() - 2) + 1;
  for (std::size_t size = last_line; size < whole.size(); ++size) {
    fs::resize_file(path, size);
    const ParsedHistory parsed = parse_jsonl(read_file(path).value()).value();
    EXPECT_THAT(parsed.history, SizeIs(9)) << "cut to " << size << " bytes";
    EXPECT_TRUE(check_well_formed(parsed.history).ok());
    ASSERT_TRUE(replace_file(path, whole).ok());
  }
}

TEST(HistoryWriter, AddsToWhatIsThere) {
  const TemporaryDirectory temporary;
  const fs::path path = temporary.path() / "history.jsonl";
  ASSERT_TRUE(HistoryWriter::open(path).value().append("{}\n").ok());
  ASSERT_TRUE(HistoryWriter::open(path).value().append("[]\n").ok());
  EXPECT_EQ(read_file(path).value(), "{}\n[]\n");
}

// A limit on file size makes write(2) stop short and then fail, as a full disk does.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int) = SIG_DFL;
};

TEST(HistoryWriter, AFullDiskKeepsWholeLinesAndStopsTheRun) {
  const TemporaryDirectory temporary;
  const fs::path path = temporary.path() / "history.jsonl";
  HistoryWriter writer = HistoryWriter::open(path).value();
  {
    const FileSizeLimit limit(25);
    ASSERT_TRUE(writer.append("0123456789\n").ok());
    const Status status = writer.append("abcdefghij\nABCDEFGHIJ\n");
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, ErrorCode::kResourceExhausted);
    EXPECT_THAT(status.error().message, HasSubstr("history.jsonl"));
    EXPECT_THAT(status.error().message, HasSubstr("free some space"));
  }
  EXPECT_EQ(read_file(path).value(), "0123456789\nabcdefghij\n");
  EXPECT_FALSE(writer.append("after a gap\n").ok()) << "space came back, but lines are missing in between";
}

TEST(Files, ReplacingLeavesTheOldContentWhenTheDiskIsFull) {
  const TemporaryDirectory temporary;
  const fs::path path = temporary.path() / "run.json";
  ASSERT_TRUE(replace_file(path, "old").ok());
  {
    const FileSizeLimit limit(10);
    const Status status = replace_file(path, std::string(100, 'x'));
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, ErrorCode::kResourceExhausted);
  }
  EXPECT_EQ(read_file(path).value(), "old");
  EXPECT_THAT(list_files(temporary.path()), SizeIs(1)) << "the draft was not removed";
}

TEST(Files, ReadsNoMoreThanAllowed) {
  const TemporaryDirectory temporary;
  ASSERT_TRUE(replace_file(temporary.path() / "a", std::string(100, 'x')).ok());
  EXPECT_EQ(read_file(temporary.path() / "a", 99).error().code, ErrorCode::kResourceExhausted);
  EXPECT_EQ(read_file(temporary.path() / "none").error().code, ErrorCode::kNotFound);
}

TEST(Files, ListsRegularFilesOnly) {
  const TemporaryDirectory temporary;
  fs::create_directories(temporary.path() / "nodes" / "n1");
  ASSERT_TRUE(replace_file(temporary.path() / "nodes" / "n1" / "node.log", "hello").ok());
  ASSERT_TRUE(replace_file(temporary.path() / "run.json", "{}").ok());
  fs::create_directories(temporary.path() / "data" / "n1");
  ASSERT_TRUE(replace_file(temporary.path() / "data" / "n1" / "000012.sst", "...").ok());
  fs::create_symlink("/etc/passwd", temporary.path() / "nodes" / "passwd");
  ASSERT_EQ(::mkfifo((temporary.path() / "pipe").c_str(), 0600), 0);
  const std::vector<RunFile> files = list_files(temporary.path());
  ASSERT_THAT(files, SizeIs(2));
  EXPECT_EQ(files[0].path, "nodes/n1/node.log");
  EXPECT_EQ(files[0].bytes, 5U);
  EXPECT_EQ(files[1].path, "run.json");
}

}  // namespace
}  // namespace ordeal::report
