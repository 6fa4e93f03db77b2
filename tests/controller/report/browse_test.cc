#include "controller/report/browse.h"

#include "controller/report/files.h"
#include "controller/report/live.h"
#include "controller/report/run_query.h"
#include "tests/controller/report/sample.h"
#include "tests/controller/report/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <chrono>

namespace ordeal::report {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Optional;

namespace fs = std::filesystem;

WallTime wall_now() {
  return WallTime(std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count());
}

/// A store with one invalid and one valid run, and a secret beside it.
class Browse : public ::testing::Test {
 protected:
  Browse() {
    invalid_ = add(make_sample({.seed = 2, .length = seconds(2), .violation = true}));
    valid_ = add(make_sample({.seed = 3, .length = seconds(4)}));
    EXPECT_TRUE(replace_file(temporary_.path() / "secret", "SECRET").ok());
  }

  std::string add(const ReportInput& input) {
    const RunDirectory run = store_.create(input.info.name, input.info.started).value();
    EXPECT_TRUE(run.write_run_info(input.info).ok());
    EXPECT_TRUE(run.write_verdict(make_verdict(input)).ok());
    EXPECT_TRUE(run.write_report("<!DOCTYPE html>the report").ok());
    fs::create_directories(run.path() / "nodes" / "n1");
    EXPECT_TRUE(replace_file(run.path() / "nodes" / "n1" / "node.log", "a line\n").ok());
    return run.id();
  }

  BrowseResponse get(std::string target, std::string method = "GET",
                     std::string host = "127.0.0.1:8080") const {
    return Browser(store_, {"127.0.0.1", "localhost", "[::1]"})
        .handle({std::move(method), std::move(target), std::move(host)}, wall_now());
  }

  static std::string content(BrowseResponse response) {
    if (!response.file) return response.body;
    std::string bytes(response.file->bytes(), '\0');
    const int descriptor = response.file->release();
    EXPECT_EQ(::read(descriptor, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    ::close(descriptor);
    return bytes;
  }

  TemporaryDirectory temporary_;
  Store store_{temporary_.path() / "store"};
  std::string invalid_;
  std::string valid_;
};

TEST_F(Browse, ListsRunsWithTheirVerdicts) {
  const BrowseResponse response = get("/");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.header("Content-Type"), "text/html; charset=utf-8");
  EXPECT_THAT(response.body, HasSubstr("2 runs"));
  EXPECT_THAT(response.body, HasSubstr("<a href=\"/runs/" + invalid_ + "/\">stale-reads</a>"));
  EXPECT_THAT(response.body, HasSubstr("tag valid"));
}

TEST_F(Browse, SearchesBySeveralWords) {
  const BrowseResponse response = get("/?q=Raft+INVALID");
  EXPECT_THAT(response.body, HasSubstr("1 of 2 runs"));
  EXPECT_THAT(response.body, HasSubstr(invalid_));
  EXPECT_THAT(response.body, Not(HasSubstr(valid_)));
  EXPECT_THAT(get("/?q=raft+nowhere").body, HasSubstr("No run has all these words."));
}

TEST_F(Browse, SortsByQueryParameters) {
  const std::string by_length = get("/?sort=duration").body;
  EXPECT_LT(by_length.find(valid_), by_length.find(invalid_)) << "the longer run first";
  const std::string turned = get("/?sort=duration&order=asc").body;
  EXPECT_GT(turned.find(valid_), turned.find(invalid_));
  EXPECT_THAT(turned, HasSubstr("aria-sort=\"ascending\""));
}

TEST_F(Browse, WhatIsSearchedForIsShownAsText) {
  const std::string body = get("/?q=%3Cscript%3Ealert(1)%3C/script%3E%22").body;
  EXPECT_THAT(body, Not(HasSubstr("<script")));
  EXPECT_THAT(body, HasSubstr("&lt;script&gt;"));
}

TEST_F(Browse, NamesOfRunsAreShownAsText) {
  ReportInput input = make_sample({.length = seconds(1)});
  input.info.name = "<script>alert(1)</script>\"&";
  add(input);
  EXPECT_THAT(get("/").body, Not(HasSubstr("<script")));
}

TEST_F(Browse, ShowsARunAndLinksItsFiles) {
  const BrowseResponse response = get("/runs/" + invalid_ + "/");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body, HasSubstr("Open the report"));
  EXPECT_THAT(response.body, HasSubstr("/runs/" + invalid_ + "/nodes/n1/node.log"));
  EXPECT_THAT(response.body, HasSubstr("no order of its operations explains"));
}

TEST_F(Browse, ARunWithoutTheSlashIsSentToTheOneWith) {
  const BrowseResponse response = get("/runs/" + invalid_);
  EXPECT_EQ(response.status, 302);
  EXPECT_EQ(response.header("Location"), "/runs/" + invalid_ + "/");
  EXPECT_EQ(get("/latest").header("Location"), "/runs/" + valid_ + "/");
}

TEST_F(Browse, ServesFilesWithSafeTypes) {
  BrowseResponse log = get("/runs/" + valid_ + "/nodes/n1/node.log");
  EXPECT_EQ(log.header("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(log.header("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(content(std::move(log)), "a line\n");
  BrowseResponse report = get("/runs/" + valid_ + "/report.html");
  EXPECT_EQ(report.header("Content-Type"), "text/html; charset=utf-8");
  EXPECT_THAT(std::string(report.header("Content-Security-Policy")), HasSubstr("sandbox allow-scripts"));
  EXPECT_EQ(get("/runs/" + valid_ + "/run.json").header("Content-Type"), "application/json; charset=utf-8");
}

TEST_F(Browse, AnHtmlFileThatIsNotTheReportIsText) {
  ASSERT_TRUE(replace_file(store_.root() / valid_ / "nodes" / "n1" / "report.html", "<script>").ok());
  const BrowseResponse response = get("/runs/" + valid_ + "/nodes/n1/report.html");
  EXPECT_EQ(response.header("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_THAT(std::string(response.header("Content-Security-Policy")), HasSubstr("sandbox"));
}

TEST_F(Browse, NoPathLeadsOutOfTheStore) {
  const std::string run = "/runs/" + valid_;
  const std::vector<std::string> targets = {run + "/../../../secret",
                                            run + "/%2e%2e/%2e%2e/%2e%2e/secret",
                                            run + "/..%2f..%2f..%2fsecret",
                                            run + "//etc/passwd",
                                            run + "/nodes/..%5c..%5csecret",
                                            run + "/nodes/%00",
                                            run + "/.hidden",
                                            run + "/%zz",
                                            run + "/%2",
                                            "/../secret",
                                            "//etc/passwd",
                                            "/runs/../secret/x",
                                            "secret",
                                            "",
                                            "http://other/"};
  for (const std::string& target : targets) {
    BrowseResponse response = get(target);
    EXPECT_THAT(response.status, AnyOf(400, 404)) << target;
    EXPECT_THAT(content(std::move(response)), Not(HasSubstr("SECRET"))) << target;
  }
}

TEST_F(Browse, SymbolicLinksAreNotFollowed) {
  const fs::path run = store_.root() / valid_;
  fs::create_symlink(temporary_.path() / "secret", run / "link.log");
  fs::create_directory_symlink(temporary_.path(), run / "linked");
  fs::create_directory_symlink(temporary_.path(), store_.root() / "elsewhere");
  const std::string url = "/runs/" + valid_;
  for (const std::string& target :
       {url + "/link.log", url + "/linked/secret", std::string("/runs/elsewhere/store/latest")}) {
    EXPECT_EQ(get(target).status, 404) << target;
  }
  EXPECT_THAT(get("/runs/" + valid_ + "/").body, Not(HasSubstr("link.log")));
}

TEST_F(Browse, OnlyRegularFilesAreOpened) {
  ASSERT_EQ(::mkfifo((store_.root() / valid_ / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(get("/runs/" + valid_ + "/pipe").status, 404);
  EXPECT_EQ(get("/runs/" + valid_ + "/nodes").status, 404);
  EXPECT_EQ(get("/runs/" + valid_ + "/nodes/n1").status, 404);
}

TEST_F(Browse, RefusesOtherMethods) {
  for (const std::string method : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "get"}) {
    const BrowseResponse response = get("/", method);
    EXPECT_EQ(response.status, 405) << method;
    EXPECT_EQ(response.header("Allow"), "GET, HEAD");
  }
  EXPECT_EQ(get("/", "HEAD").status, 200);
}

TEST_F(Browse, RefusesToBeAskedUnderAnotherName) {
  EXPECT_EQ(get("/", "GET", "evil.example").status, 421);
  EXPECT_EQ(get("/", "GET", "127.0.0.1.evil.example:8080").status, 421);
  EXPECT_EQ(get("/", "GET", "").status, 421);
  EXPECT_EQ(get("/", "GET", "localhost").status, 200);
  EXPECT_EQ(get("/", "GET", "[::1]:8080").status, 200);
}

TEST_F(Browse, EveryAnswerHasThePolicies) {
  for (const std::string target : {"/", "/style.css", "/metrics", "/none", "/runs/x/y/", "/healthz"}) {
    const BrowseResponse response = get(target);
    EXPECT_EQ(response.header("X-Content-Type-Options"), "nosniff") << target;
    EXPECT_THAT(std::string(response.header("Content-Security-Policy")), HasSubstr("default-src 'none'"))
        << target;
  }
}

TEST_F(Browse, ShowsTheLiveRunAndRefreshes) {
  const RunDirectory run = store_.create("now", WallTime(1'795'600'000'000'000'000)).value();
  RunProgress progress;
  progress.phase = RunPhase::kLoad;
  progress.invoked = 4321;
  progress.leader = NodeId(3);
  progress.faults_in_force = {"partition n1 | <b>n2"};
  ASSERT_TRUE(write_live(run.path(), progress).ok());
  const std::string body = get("/runs/" + run.id() + "/").body;
  EXPECT_THAT(body, HasSubstr("http-equiv=\"refresh\""));
  EXPECT_THAT(body, HasSubstr("Running: load"));
  EXPECT_THAT(body, HasSubstr("4,321"));
  EXPECT_THAT(body, HasSubstr("partition n1 | &lt;b&gt;n2"));
  EXPECT_THAT(get("/runs/" + valid_ + "/").body, Not(HasSubstr("http-equiv=\"refresh\"")));
}

TEST_F(Browse, MetricsCountRunsAndDescribeTheLast) {
  const BrowseResponse response = get("/metrics");
  EXPECT_EQ(response.header("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(response.body, HasSubstr("ordeal_store_runs{verdict=\"valid\"} 1\n"));
  EXPECT_THAT(response.body, HasSubstr("ordeal_store_runs{verdict=\"invalid\"} 1\n"));
  EXPECT_THAT(response.body, HasSubstr("ordeal_store_runs{verdict=\"interrupted\"} 0\n"));
  EXPECT_THAT(response.body, HasSubstr("ordeal_last_run_faults{state=\"verified\"} 6\n"));
}

TEST_F(Browse, AnEmptyStoreSaysHowToFillIt) {
  const Browser browser(Store(temporary_.path() / "none"), {});
  EXPECT_THAT(browser.handle({"GET", "/", ""}, wall_now()).body, HasSubstr("The store is empty"));
  EXPECT_EQ(browser.handle({"GET", "/latest", ""}, wall_now()).status, 404);
}

TEST_F(Browse, LongListsHavePages) {
  for (std::size_t i = 0; i < kRunsPerPage; ++i)
    ASSERT_TRUE(store_.create("many", WallTime(1'795'600'000'000'000'000)).ok());
  const std::string first = get("/?q=many").body;
  EXPECT_THAT(first, Not(HasSubstr("page 1 of")));
  EXPECT_THAT(get("/").body, HasSubstr("page 1 of 2"));
  EXPECT_THAT(get("/?page=2").body, HasSubstr(invalid_));
  EXPECT_THAT(get("/?page=99").body, HasSubstr("page 2 of 2"));
}

TEST(RunQueryText, GoesThereAndBack) {
  const RunQuery query{"a b&c=ü%", RunOrder::kOperations, false, 3};
  const RunQuery back = parse_run_query(print_run_query(query));
  EXPECT_EQ(back.text, query.text);
  EXPECT_EQ(back.order, query.order);
  EXPECT_EQ(back.descending, query.descending);
  EXPECT_EQ(back.page, query.page);
  EXPECT_EQ(print_run_query({}), "");
}

TEST(RunQueryText, NonsenseKeepsTheDefaults) {
  const RunQuery query =
      parse_run_query("sort=size&page=-1&page=0&order=&q&&=&x=%zz&page=18446744073709551616");
  EXPECT_EQ(query.order, RunOrder::kTime);
  EXPECT_EQ(query.page, 1U);
  EXPECT_TRUE(query.descending);
}

TEST(SplitPath, DecodesEachPartOnItsOwn) {
  EXPECT_THAT(split_path("/a/b%20c/"), Optional(ElementsAre("a", "b c")));
  EXPECT_THAT(split_path("/"), Optional(ElementsAre()));
  for (const std::string path : {"", "a", "/a//b", "/a/..", "/%2e%2e", "/a%2fb", "/.git", "/a%00", "/%"}) {
    EXPECT_EQ(split_path(path), std::nullopt) << path;
  }
}

}  // namespace
}  // namespace ordeal::report
