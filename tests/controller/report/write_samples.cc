// report_samples DIRECTORY: writes reports of made-up runs, to look at them in a browser and for
// docs/report.png.

#include "checkers/linearizability/linearizable.h"
#include "controller/report/files.h"
#include "tests/controller/report/sample.h"

#include <cstdio>
#include <filesystem>
#include <string>
#include <utility>

namespace {

using ordeal::report::make_sample;
using ordeal::report::ReportInput;

/// Judged by the real checker.
ReportInput judged(ReportInput input) {
  input.findings = {ordeal::make_linearizable_register_checker()->check(input.history, {})};
  return input;
}

bool write(const std::filesystem::path& path, const ReportInput& input) {
  const auto html = ordeal::report::render_report(input);
  const ordeal::Status status =
      html.ok() ? ordeal::report::replace_file(path, *html) : ordeal::Status(html.error());
  std::fprintf(stderr, "%s: %s\n", path.c_str(), status.ok() ? "written" : status.error().message.c_str());
  return status.ok();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: report_samples DIRECTORY\n");
    return 254;
  }
  const std::filesystem::path directory = argv[1];
  ReportInput vacuous = make_sample({.clients = 3, .length = ordeal::seconds(8), .faults = false});
  vacuous.summary.vacuous = {"0 faults were seen in force, the plan expects at least 1: see the faults below",
                             "the agent of n2 stopped answering after 3.2 s"};
  ReportInput unknown = make_sample({.seed = 3});
  unknown.findings[0].verdict = ordeal::Verdict::kUnknown;
  unknown.findings[0].why =
      "Key r2: gave up after 2,000,000 states; raise --steps or lower concurrency_per_key.";
  const bool done = write(directory / "valid.html", judged(make_sample({}))) &
                    write(directory / "invalid.html", judged(make_sample({.seed = 2, .violation = true}))) &
                    write(directory / "vacuous.html", vacuous) & write(directory / "unknown.html", unknown) &
                    write(directory / "large.html", make_sample({.seed = 4,
                                                                 .clients = 40,
                                                                 .length = ordeal::seconds(120),
                                                                 .think = ordeal::microseconds(2200)}));
  return done ? 0 : 1;
}
