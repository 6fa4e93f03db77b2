#include "controller/cli/check_command.h"

#include "checkers/driver/driver.h"
#include "checkers/formats/certificate.h"
#include "checkers/formats/jsonl.h"
#include "checkers/minimise.h"
#include "controller/cli/exit_code.h"
#include "controller/cli/numbers.h"
#include "controller/cli/verdict_text.h"
#include "controller/report/files.h"
#include "controller/report/run_json.h"
#include "controller/report/store.h"

#include <fmt/format.h>

#include <filesystem>

namespace ordeal::cli {
namespace {

/// Why the run that left this directory proves nothing, in its own words. Its verdict may be of other
/// checkers than those asked for now, so only this is taken from it.
std::vector<std::string> vacuous_reasons(const std::filesystem::path& run) {
  const std::filesystem::path file = run / report::file_names::kVerdict;
  const Result<std::string> text = report::read_file(file);
  if (!text.ok() && text.error().code == ErrorCode::kNotFound) {
    fmt::print(stderr, "note: the run did not come to its verdict; what it recorded until then is judged\n");
    return {};
  }
  if (!text.ok()) return {text.error().message};
  const Result<report::VerdictRecord> record = report::parse_verdict(*text);
  if (!record.ok()) return {fmt::format("{}: {}", file.string(), record.error().message)};
  return record->vacuous;
}

bool is_run_directory(const std::string& path, const std::string& format_name) {
  const Result<HistoryFormat> format = parse_format_name(format_name);
  const bool folder_format = format.ok() && is_folder_format(*format);
  std::error_code ignored;  // Ignored: what cannot be asked about fails to open.
  return !folder_format &&
         std::filesystem::exists(std::filesystem::path(path) / report::file_names::kHistory, ignored);
}

}  // namespace

int exit_of_error(const Error& error) {
  switch (error.code) {
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kUnsupported:
    case ErrorCode::kNotFound:
    case ErrorCode::kPermissionDenied:
    case ErrorCode::kResourceExhausted:
    case ErrorCode::kCorruption:
      return kExitArguments;
    default:
      return kExitInternal;
  }
}

std::string history_path(const std::string& path, const std::string& format) {
  if (!is_run_directory(path, format)) return path;
  return std::filesystem::path(path) / report::file_names::kHistory;
}

void add_check_options(CLI::App& command, CheckCommandOptions& options) {
  command
      .add_option(
          "path", options.path,
          "history file (plain or gzip), a run's directory, or a folder of files with --format cobra or etcd")
      ->required();
  command.add_option("--model", options.model, "what the history should be; see `ordeal list models`");
  command.add_option("--format", options.format,
                     "how it is written; default: by its content; see `ordeal list formats`");
  command.add_option("--seconds", options.seconds, "give up after so many seconds; 0: never")
      ->check(seconds_from(0));
  command.add_option("--memory", options.memory_mb, "give up at so many MiB")
      ->check(whole_number(1, 1 << 20));
  command.add_option("--steps", options.steps, "give up after so many states of one key; 0: never")
      ->check(whole_number(0));
  command.add_option("--certificate", options.certificate,
                     "file for what the verdict rests on, for ordeal-verify; takes as long again");
  command.add_option("--minimise", options.minimise,
                     "file for the history without what its violation does not need");
}

namespace {

/// Files beside the verdict, as far as they were asked for.
Status write_files(const CheckCommandOptions& options, const CheckReport& report) {
  if (!options.certificate.empty()) {
    const std::string text = print_certificate(report.model, report.history.size(), report.proofs);
    if (Status written = report::replace_file(options.certificate, text); !written.ok()) return written;
    fmt::print("certificate: {}\n", options.certificate);
  }
  if (options.minimise.empty()) return {};
  const History small = minimise(report.history, report.proofs);
  if (small.empty()) {
    fmt::print("minimised: nothing is written, since no key is invalid\n");
    return {};
  }
  if (Status written = report::replace_file(options.minimise, print_jsonl(small)); !written.ok())
    return written;
  fmt::print("minimised: {} ({} of {} events)\n", options.minimise, small.size(), report.history.size());
  return {};
}

}  // namespace

int check_command(const CheckCommandOptions& options) {
  std::vector<std::string> vacuous;
  if (is_run_directory(options.path, options.format)) vacuous = vacuous_reasons(options.path);
  CheckOptions check;
  check.model = options.model;
  check.format = options.format;
  check.limits.seconds = options.seconds;
  check.limits.memory_bytes = options.memory_mb << 20;
  if (options.steps > 0) check.limits.steps_max = options.steps;
  check.prove = !options.certificate.empty() || !options.minimise.empty();
  const Result<CheckReport> report = check_file(history_path(options.path, options.format), check);
  if (!report.ok()) {
    fmt::print(stderr, "ordeal check: {}\n", report.error().message);
    return exit_of_error(report.error());
  }
  for (const std::string& note : report->notes) fmt::print(stderr, "note: {}\n", note);
  for (const Finding& finding : report->findings) fmt::print("{}", finding_text(finding));
  fmt::print("{} operations as {}, model {}, {:.3f} s of which {:.3f} s reading\n", report->operations,
             to_text(report->format), report->model, report->seconds, report->seconds_reading);
  if (const Status written = write_files(options, *report); !written.ok()) {
    fmt::print(stderr, "ordeal check: {}\n", written.error().message);
    return exit_of_error(written.error());
  }
  for (const std::string& reason : vacuous) fmt::print("vacuous: {}\n", reason);
  const report::RunVerdict verdict = report::judge(report->findings, vacuous);
  fmt::print("verdict: {}\n", report::to_text(verdict));
  return report::exit_code(verdict);
}

}  // namespace ordeal::cli
