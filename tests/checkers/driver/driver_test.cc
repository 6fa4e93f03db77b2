#include "checkers/driver/driver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <new>

#include "checkers/driver/models.h"
#include "checkers/formats/jsonl.h"
#include "checkers/keyed_checker.h"
#include "checkers/linearizability/linearizable.h"
#include "tests/checkers/history_builder.h"

namespace ordeal {
namespace {

using ::testing::HasSubstr;
using testing::HistoryBuilder;

/// A folder of its own for each test, gone afterwards.
class CheckFile : public ::testing::Test {
 protected:
  CheckFile()
      : folder_(std::filesystem::temp_directory_path() / ("ordeal-check-" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(folder_);
  }
  ~CheckFile() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) {
    const std::string path = (folder_ / name).string();
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  std::string write_gzip(const std::string& name, const std::string& text) {
    const std::string path = (folder_ / name).string();
    gzFile file = gzopen(path.c_str(), "ab");
    gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
    gzclose(file);
    return path;
  }
  static std::string read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::filesystem::path folder_;
};

std::string error_of(const std::string& path, const CheckOptions& options = {}) {
  const Result<CheckReport> report = check_file(path, options);
  return report.ok() ? "no error" : report.error().message;
}

HistoryBuilder good_history() {
  HistoryBuilder history;
  for (int key = 0; key < 40; ++key) {
    history.key(key);
    history.write(1, 5);
    history.read(2, 5);
  }
  return history;
}

HistoryBuilder bad_history() {
  HistoryBuilder history = good_history();
  history.key(17);
  history.write(1, 6);
  history.read(2, 5);
  return history;
}

TEST_F(CheckFile, GivesTheVerdict) {
  const Result<CheckReport> good = check_file(write("good", print_jsonl(good_history().history())), {});
  ASSERT_TRUE(good.ok());
  EXPECT_EQ(good->verdict(), Verdict::kValid);
  EXPECT_EQ(good->model, "register");
  EXPECT_EQ(good->history.size(), 160u);
  const Result<CheckReport> bad = check_file(write("bad", print_jsonl(bad_history().history())), {});
  ASSERT_TRUE(bad.ok());
  EXPECT_EQ(bad->verdict(), Verdict::kInvalid);
  EXPECT_EQ(bad->findings.at(0).witnesses.at(0).key, Value(17));
}

TEST_F(CheckFile, UnpacksGzipAlsoOfSeveralMembers) {
  const std::string text = print_jsonl(bad_history().history());
  write_gzip("h.gz", text.substr(0, 300));
  const std::string path = write_gzip("h.gz", text.substr(300));
  ASSERT_EQ(read(path).substr(0, 2), "\x1f\x8b");
  const Result<CheckReport> report = check_file(path, {});
  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_EQ(report->history.to_history(), bad_history().history());
  EXPECT_EQ(load_history(read(path), {})->history.to_history(), bad_history().history());
}

TEST_F(CheckFile, ReadsAPipe) {
  const std::string text = print_jsonl(bad_history().history());
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ASSERT_EQ(::write(ends[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  ::close(ends[1]);
  const Result<CheckReport> report = check_file("/dev/fd/" + std::to_string(ends[0]), {});
  ::close(ends[0]);
  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_EQ(report->history.to_history(), bad_history().history());
}

TEST(LoadHistory, ReadsBytesAsItReadsFiles) {
  const std::string text = print_jsonl(bad_history().history());
  const Result<LoadedHistory> loaded = load_history(text, {});
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  EXPECT_EQ(loaded->history.to_history(), bad_history().history());
  EXPECT_EQ(load_history("w 1 2\n", {})->format, HistoryFormat::kAwdit);
  EXPECT_EQ(load_history("<html>", {}).error().message.substr(0, 26), "looks like no history form");
  EXPECT_EQ(load_history("{}\n", {.format = "xml", .memory_bytes = 1000}).error().code,
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(load_history(text, {.format = {}, .memory_bytes = 10}).error().code,
            ErrorCode::kResourceExhausted);
}

TEST_F(CheckFile, RefusesDamagedGzip) {
  const std::string packed = read(write_gzip("whole.gz", print_jsonl(good_history().history())));
  EXPECT_THAT(error_of(write("cut.gz", packed.substr(0, packed.size() / 2))),
              HasSubstr("the gzip data ends early"));
  std::string damaged = packed;
  damaged[packed.size() / 2] = static_cast<char>(damaged[packed.size() / 2] ^ 0x55);
  EXPECT_THAT(error_of(write("damaged.gz", damaged)), HasSubstr("the gzip data"));
  EXPECT_THAT(error_of(write("tail.gz", packed + "tail")), HasSubstr("the gzip data"));
}

TEST_F(CheckFile, BoundsWhatAFileUnpacksTo) {
  CheckOptions options;
  options.limits.memory_bytes = 1 << 20;
  for (const std::string& much : {std::string(8 << 20, ' '), std::string(8 << 20, '[')}) {
    EXPECT_THAT(error_of(write_gzip("bomb" + much.substr(0, 1) + ".gz", much), options),
                HasSubstr("takes more than 1048576 bytes; raise the memory limit"));
  }
}

TEST_F(CheckFile, SaysWhatIsWrongWithAFile) {
  EXPECT_THAT(error_of((folder_ / "none").string()), HasSubstr("none: No such file or directory"));
  EXPECT_THAT(error_of(folder_.string()), HasSubstr("a folder, expected a history file"));
  EXPECT_THAT(error_of(write("html", "<html>")), HasSubstr("say which, as --format takes it"));
  EXPECT_THAT(error_of(write("line", "{\"index\":0}\n")), HasSubstr("line: line 1: \"time\" is missing"));
  History history = good_history().history();
  history[3].index = 7;
  EXPECT_THAT(error_of(write("index", print_jsonl(history))),
              HasSubstr("operation 3: its index is 7, expected 3"));
}

TEST_F(CheckFile, ReadsTheFilesOfAFolder) {
  const std::string operation =
      R"({"ClientId":#,"Input":{"Type":"range","Range":{"Start":"a"}},"Call":1,"Return":2,)"
      R"("Output":{"Range":{"KVs":[]},"Revision":1}})";
  for (const std::string client : {"1", "2"}) {
    std::filesystem::create_directories(folder_ / "report" / ("client-" + client));
    std::string text = operation;
    text[text.find('#')] = client[0];
    write("report/client-" + client + "/operations.json", text);
    write("report/client-" + client + "/watch.json", "no operations");
  }
  CheckOptions options;
  options.format = "etcd";
  const Result<CheckReport> report = check_file((folder_ / "report").string(), options);
  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_EQ(report->operations, 2u);
  EXPECT_EQ(report->model, "register");
  EXPECT_EQ(report->verdict(), Verdict::kValid);
  write("report/client-2/operations.json", "{");
  EXPECT_THAT(error_of((folder_ / "report").string(), options),
              HasSubstr("report: client-2/operations.json: line 1: the JSON object"));
  options.limits.memory_bytes = 10;
  EXPECT_THAT(error_of((folder_ / "report").string(), options), HasSubstr("takes more than 10 bytes"));
}

TEST_F(CheckFile, SaysWhatIsWrongWithAFolder) {
  write("other", "");
  CheckOptions options;
  options.format = "cobra";
  EXPECT_THAT(error_of(folder_.string(), options), HasSubstr("the folder has no file of the format cobra"));
  options.format = "edn";
  EXPECT_THAT(error_of(folder_.string(), options),
              HasSubstr("of a folder of files say which format, cobra or etcd, with --format"));
}

TEST_F(CheckFile, SaysWhatIsWrongWithAnOption) {
  const std::string path = write("good", print_jsonl(good_history().history()));
  CheckOptions options;
  options.model = "queue";
  EXPECT_THAT(
      error_of(path, options),
      HasSubstr("there is no model \"queue\"; give one of register, cas-register, mutex, owned-mutex, "));
  options.model = "register:[";
  EXPECT_THAT(error_of(path, options), HasSubstr("the initial value in \"register:[\" is not JSON"));
  options.model.clear();
  options.format = "xml";
  EXPECT_THAT(error_of(path, options), HasSubstr("there is no format \"xml\""));
}

TEST_F(CheckFile, TakesTheInitialValueFromTheModel) {
  HistoryBuilder history;
  history.read(1, 7);
  const std::string path = write("h", print_jsonl(history.history()));
  CheckOptions options;
  options.model = "register:7";
  EXPECT_EQ(check_file(path, options)->verdict(), Verdict::kValid);
  options.model = "register";
  EXPECT_EQ(check_file(path, options)->verdict(), Verdict::kInvalid);
}

TEST_F(CheckFile, SaysAtOnceThatThereAreNoProofs) {
  CheckOptions options;
  options.model = "convergence";
  options.prove = true;
  EXPECT_THAT(error_of("/no/such/file", options), HasSubstr("what a verdict of \"convergence\" rests on"));
}

// What is unpacked fills whole pieces, and the last one ends with the data.
TEST_F(CheckFile, UnpacksWhatEndsWithAPiece) {
  History history = good_history().history();
  constexpr std::size_t kPiece = std::size_t{1} << 20;
  history.front().extra.emplace("filler", std::string());
  const std::size_t missing = kPiece - print_jsonl(history).size();
  history.front().extra["filler"] = std::string(missing, 'x');
  const std::string text = print_jsonl(history);
  ASSERT_EQ(text.size(), kPiece);
  EXPECT_EQ(check_file(write_gzip("whole", text), {})->verdict(), Verdict::kValid);
}

TEST_F(CheckFile, TakesTheRegistersValuesFromTheModel) {
  const std::string path = write("edn",
                                 "{:type :invoke, :process 0, :f :txn, :value [[:r :x nil] [:r 7 nil]]}\n"
                                 "{:type :ok, :process 0, :f :txn, :value [[:r :x 1] [:r 7 2]]}\n");
  CheckOptions options;
  options.model = R"(multi-register:{"x": 1, "7": 2})";
  EXPECT_EQ(check_file(path, options)->verdict(), Verdict::kValid);
  options.model = R"(multi-register:{"x": 1, "7": 3})";
  EXPECT_THAT(check_file(path, options)->findings.at(0).why,
              HasSubstr("it read 2 from \"7\", which holds 3"));
  options.model = "multi-register:[1]";
  EXPECT_THAT(error_of(path, options), HasSubstr("the registers' values are no map"));
  options.model = "append:1";
  EXPECT_THAT(error_of(path, options), HasSubstr("the model takes no initial value"));
}

TEST_F(CheckFile, ChecksBareTransactionsForLevels) {
  const std::string path = write("plume", "w(1,1,0,0)\nw(2,2,0,1)\nr(2,2,1,2)\nr(1,0,1,3)\n");
  const Result<CheckReport> report = check_file(path, {});
  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_EQ(report->model, "causal-convergence");
  EXPECT_EQ(report->operations, 4u);
  EXPECT_EQ(report->verdict(), Verdict::kInvalid);
  EXPECT_THAT(report->findings.at(0).why, HasSubstr("WriteCOInitRead"));
  CheckOptions options;
  options.model = "read-committed";
  EXPECT_EQ(check_file(path, options)->verdict(), Verdict::kValid);
  options.model = "serializable";
  EXPECT_EQ(check_file(path, options)->verdict(), Verdict::kValid);
  options.model = "strict-serializable";
  EXPECT_THAT(check_file(path, options)->findings.at(0).why, HasSubstr("the format has no times"));
  options.model = "register";
  EXPECT_THAT(error_of(path, options), HasSubstr("model \"register\" needs a history with times"));
  EXPECT_EQ(check_file(write("awdit", "w 1 2\n=====\nr 1 2\nr 1 2\n"), {})->verdict(), Verdict::kValid);
}

TEST_F(CheckFile, ChecksHistoriesForLevels) {
  HistoryBuilder history;
  history.write(1, 5);
  history.read(1, Value());
  const std::string path = write("h", print_jsonl(history.history()));
  CheckOptions options;
  options.model = "read-your-writes";
  const Result<CheckReport> report = check_file(path, options);
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->verdict(), Verdict::kInvalid);
  const Witness& witness = report->findings.at(0).witnesses.at(0);
  EXPECT_EQ(witness.stuck.front().invoke, 2u);
  EXPECT_EQ(witness.stuck.front().complete, 3u);
}

TEST_F(CheckFile, ChecksListsForIsolation) {
  const std::string path = write("lists.edn",
                                 "{:type :invoke, :process 0, :f :txn, :value [[:append x 1]]}\n"
                                 "{:type :ok, :process 0, :f :txn, :value [[:append x 1]]}\n"
                                 "{:type :invoke, :process 1, :f :txn, :value [[:r x nil]]}\n"
                                 "{:type :ok, :process 1, :f :txn, :value [[:r x []]]}\n");
  CheckOptions options;
  options.model = "strict-serializable";
  const Result<CheckReport> strict = check_file(path, options);
  ASSERT_TRUE(strict.ok()) << strict.error().message;
  EXPECT_EQ(strict->verdict(), Verdict::kInvalid);
  EXPECT_THAT(strict->findings.at(0).why, HasSubstr("G-single-realtime"));
  EXPECT_EQ(strict->findings.at(0).witnesses.at(0).stuck.size(), 2u);
  options.model = "serializable";
  EXPECT_EQ(check_file(path, options)->verdict(), Verdict::kValid);
  options.model = "causal";
  EXPECT_EQ(check_file(path, options)->verdict(), Verdict::kUnknown);
}

TEST_F(CheckFile, KeepsTheNotesOfTheReader) {
  const Result<CheckReport> report =
      check_file(write("h", print_jsonl(good_history().history()) + "{\"ind"), {});
  ASSERT_TRUE(report.ok());
  EXPECT_THAT(report->notes, ::testing::ElementsAre(HasSubstr("no newline at its end")));
}

TEST_F(CheckFile, AFileWithoutOperationsIsUnknown) {
  const Result<CheckReport> report = check_file(write("empty", ""), {});
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->verdict(), Verdict::kUnknown);
  EXPECT_EQ(report->findings.at(0).why, "the history has no operations: nothing was checked");
}

TEST_F(CheckFile, AStoppedCheckIsUnknown) {
  CheckOptions options;
  options.limits.stop = [] { return true; };
  const Result<CheckReport> report = check_file(write("h", print_jsonl(good_history().history())), options);
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->verdict(), Verdict::kUnknown);
}

TEST(CheckHistory, DoesNotDependOnTheNumberOfThreads) {
  std::vector<std::unique_ptr<Checker>> checkers;
  checkers.push_back(make_linearizable_register_checker());
  const History history = bad_history().history();
  CheckLimits limits;
  limits.threads = 1;
  const Finding one = check_history(history, checkers, limits).at(0);
  limits.threads = 8;
  const Finding eight = check_history(history, checkers, limits).at(0);
  EXPECT_EQ(one.verdict, Verdict::kInvalid);
  EXPECT_EQ(eight.verdict, one.verdict);
  EXPECT_EQ(eight.why, one.why);
  EXPECT_EQ(eight.details, one.details);
  EXPECT_EQ(one.why, checkers[0]->check(history, {}).why);
}

TEST(CheckHistory, GivesEachCheckerItsFinding) {
  std::vector<std::unique_ptr<Checker>> checkers;
  checkers.push_back(make_linearizable_register_checker());
  checkers.push_back(make_linearizable_register_checker({.initial = 1}));
  HistoryBuilder history;
  history.read(1, 1);
  const std::vector<Finding> findings = check_history(history.history(), checkers, {});
  ASSERT_EQ(findings.size(), 2u);
  EXPECT_EQ(findings[0].verdict, Verdict::kInvalid);
  EXPECT_EQ(findings[1].verdict, Verdict::kValid);
}

/// A checker that runs out of memory.
class GreedyChecker : public KeyedChecker {
 public:
  [[nodiscard]] std::string_view name() const override { return "greedy"; }
  [[nodiscard]] KeyFinding check_key(const HistoryTable&, const KeySlice&, const Budget&) const override {
    throw std::bad_alloc();
  }
};

TEST(CheckHistory, ThrowsInTheCallersThreadWhatItsOwnThreadsThrow) {
  std::vector<std::unique_ptr<Checker>> checkers;
  checkers.push_back(std::make_unique<GreedyChecker>());
  CheckLimits limits;
  limits.threads = 4;
  EXPECT_THROW((void)check_history(good_history().history(), checkers, limits), std::bad_alloc);
}

TEST(Models, EachNameMakesAChecker) {
  for (const ModelInfo& info : list_models()) EXPECT_TRUE(make_model_checker(info.name).ok()) << info.name;
}

TEST(Models, AvailabilityTakesLimits) {
  EXPECT_TRUE(make_model_checker(R"(availability:{"ok-fraction": 0.99, "gap-seconds": 5})").ok());
  for (const char* name : {"availability:{", R"(availability:{"uptime": 1})"})
    EXPECT_FALSE(make_model_checker(name).ok()) << name;
}

}  // namespace
}  // namespace ordeal
