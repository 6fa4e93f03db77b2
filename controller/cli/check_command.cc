#include "controller/cli/check_command.h"

#include "checkers/driver/driver.h"
#include "controller/cli/exit_code.h"
#include "controller/cli/verdict_text.h"
#include "controller/report/run_info.h"

#include <fmt/format.h>

#include <filesystem>

namespace ordeal::cli {
namespace {

int exit_of_error(const Error& error) {
  switch (error.code) {
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kNotFound:
    case ErrorCode::kPermissionDenied:
    case ErrorCode::kResourceExhausted:
    case ErrorCode::kCorruption:
      return kExitArguments;
    default:
      return kExitInternal;
  }
}

}  // namespace

void add_check_options(CLI::App& command, CheckCommandOptions& options) {
  command.add_option("path", options.path, "history file (plain or gzip) or a run's directory")->required();
  command.add_option("--model", options.model, "what the history should be; see `ordeal list models`");
  command.add_option("--format", options.format,
                     "how it is written; default: by its content; see `ordeal list formats`");
  command.add_option("--seconds", options.seconds, "give up after so long; 0: never")
      ->check(CLI::NonNegativeNumber);
  command.add_option("--memory", options.memory_mb, "give up at so many MiB")->check(CLI::Range(1, 1 << 20));
  command.add_option("--steps", options.steps, "give up after so many states of one key; 0: never");
}

int check_command(const CheckCommandOptions& options) {
  std::string path = options.path;
  if (std::error_code ignored; std::filesystem::is_directory(path, ignored)) path += "/history.jsonl";
  CheckOptions check;
  check.model = options.model;
  check.format = options.format;
  check.limits.seconds = options.seconds;
  check.limits.memory_bytes = options.memory_mb << 20;
  if (options.steps > 0) check.limits.steps_max = options.steps;
  const Result<CheckReport> report = check_file(path, check);
  if (!report.ok()) {
    fmt::print(stderr, "ordeal check: {}\n", report.error().message);
    return exit_of_error(report.error());
  }
  for (const std::string& note : report->notes) fmt::print(stderr, "note: {}\n", note);
  for (const Finding& finding : report->findings) fmt::print("{}", finding_text(finding, report->history));
  fmt::print("{} operations as {}, model {}, {:.3f} s\n", pair_operations(report->history).size(),
             to_text(report->format), report->model, report->seconds);
  fmt::print("verdict: {}\n", to_text(report->verdict()));
  return report::exit_code(report::judge(report->findings, {}));
}

}  // namespace ordeal::cli
