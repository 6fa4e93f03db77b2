// Reports in a real browser: the scripts run, and what the page shows are the figures of the input. Skipped,
// and said so, where there is no Chromium.

#include "controller/report/files.h"
#include "controller/report/wording.h"
#include "tests/controller/report/sample.h"
#include "tests/controller/report/temporary_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <regex>

namespace ordeal::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string find_browser() {
  for (const std::string path : {"/usr/bin/chromium-headless-shell", "/usr/bin/chromium"}) {
    if (std::filesystem::exists(path)) return path;
  }
  return {};
}

class Chromium : public ::testing::Test {
 protected:
  void SetUp() override {
    browser_ = find_browser();
    if (browser_.empty()) {
      GTEST_SKIP() << "NO BROWSER: reports were not looked at. apt-get install chromium-headless-shell";
    }
  }

  /// The document after its scripts have run. The sandbox of the browser needs namespaces that containers
  /// often refuse; the page is ours.
  std::string dom(const std::string& html, const std::string& flags = "") {
    const std::filesystem::path page = temporary_.path() / "report.html";
    EXPECT_TRUE(replace_file(page, html).ok());
    const std::string command =
        "timeout 60 " + browser_ +
        " --headless --no-sandbox --disable-gpu --user-data-dir=" + (temporary_.path() / "profile").string() +
        " --enable-logging=stderr --v=0 " + flags + " --virtual-time-budget=2000 --dump-dom file://" +
        page.string() + " 2>" + (temporary_.path() / "log").string();
    FILE* pipe = ::popen(command.c_str(), "r");
    std::string out;
    char buffer[65536];
    for (std::size_t size = 1; size > 0;) {
      size = std::fread(buffer, 1, sizeof buffer, pipe);
      out.append(buffer, size);
    }
    EXPECT_EQ(::pclose(pipe), 0) << command;
    log_ = read_file(temporary_.path() / "log").value();
    return out;
  }

  std::string browser_;
  std::string log_;
  TemporaryDirectory temporary_;
};

std::string shown(const std::string& dom, const std::string& id) {
  std::smatch match;
  const std::regex pattern("data-testid=\"" + id + "\">([^<]*)<");
  return std::regex_search(dom, match, pattern) ? match[1].str() : "(not on the page)";
}

TEST_F(Chromium, ShowsTheFiguresOfTheInputAndDrawsThePictures) {
  const ReportInput input = make_sample({.seed = 2, .violation = true});
  const std::string page = dom(render_report(input).value());
  const OutcomeCounts counts = count_outcomes(input.history);
  EXPECT_EQ(shown(page, "verdict"), "Invalid");
  EXPECT_EQ(shown(page, "operations"), count_words(counts.invoked));
  EXPECT_EQ(shown(page, "ok"), count_words(counts.ok));
  EXPECT_EQ(shown(page, "fail"), count_words(counts.fail));
  EXPECT_EQ(shown(page, "info"), count_words(counts.info + counts.open));
  EXPECT_EQ(shown(page, "faults-healed"), "6");
  EXPECT_EQ(shown(page, "state"), input.findings[0].witnesses[0].state);
  EXPECT_THAT(page, HasSubstr("data-drawn=\"yes\"")) << log_;
  EXPECT_THAT(page, HasSubstr("data-operations=\"" + std::to_string(counts.invoked) + "\""));
  EXPECT_THAT(page, HasSubstr("To the violation"));
  EXPECT_THAT(log_, Not(HasSubstr("CONSOLE"))) << "an error or a refused script";
}

TEST_F(Chromium, HostileTextRunsNothing) {
  ReportInput input = make_sample({.length = seconds(1), .violation = true});
  const std::string hostile =
      "</script><script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">";
  for (Op& op : input.history) {
    if (op.process == kNemesisProcess) continue;
    op.key = hostile;
    if (!op.value.is_nil()) op.value = hostile;
  }
  input.info.name = input.plan_text = input.findings[0].why = hostile;
  const std::string page = dom(render_report(input).value());
  EXPECT_THAT(page, HasSubstr("data-drawn=\"yes\"")) << log_;
  EXPECT_THAT(page, Not(HasSubstr("<title>taken")));
  EXPECT_THAT(page, Not(HasSubstr("<img")));
}

TEST_F(Chromium, ThePolicyStopsAScriptThatIsNotOurs) {
  std::string html = render_report(make_sample({.length = seconds(1)})).value();
  const std::string foreign =
      "<script>document.documentElement.setAttribute('data-taken', 'yes')</script></body>";
  html.replace(html.rfind("</body>"), 7, foreign);
  const std::string page = dom(html);
  EXPECT_THAT(page, HasSubstr("data-drawn=\"yes\"")) << log_;
  EXPECT_THAT(page, Not(HasSubstr("data-taken=\"yes\"")));
  EXPECT_THAT(log_, HasSubstr("Content Security Policy"));
}

TEST_F(Chromium, AnEmptyRunDrawsWithoutErrors) {
  ReportInput input;
  const std::string page = dom(render_report(input).value(), "--window-size=390,800");
  EXPECT_THAT(page, HasSubstr("data-drawn=\"yes\"")) << log_;
  EXPECT_THAT(log_, Not(HasSubstr("CONSOLE")));
}

}  // namespace
}  // namespace ordeal::report
