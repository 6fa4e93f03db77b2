#include "controller/cli/convert_command.h"

#include "checkers/driver/load_history.h"
#include "checkers/formats/output_formats.h"
#include "controller/cli/check_command.h"
#include "controller/cli/exit_code.h"
#include "controller/cli/numbers.h"
#include "controller/report/files.h"

#include <fmt/format.h>

namespace ordeal::cli {
namespace {

Status convert(const ConvertCommandOptions& options) {
  // What is wrong with the command is said before a large file is read.
  const Result<OutputFormat> to = parse_output_format_name(options.to);
  if (!to.ok()) return to.error();
  const Result<LoadedHistory> read =
      load_history_file(history_path(options.path, options.format),
                        {.format = options.format, .memory_bytes = options.memory_mb << 20});
  if (!read.ok()) return read.error();
  const Result<PrintedHistory> printed = read->transactions ? print_transactions(*read->transactions, *to)
                                                            : print_history(read->history.to_history(), *to);
  if (!printed.ok()) {
    return Error{printed.error().code,
                 fmt::format("{} cannot be {}: {}", options.path, options.to, printed.error().message)};
  }
  for (const std::vector<std::string>* notes : {&read->notes, &printed->notes}) {
    for (const std::string& note : *notes) fmt::print(stderr, "note: {}\n", note);
  }
  if (Status written = report::replace_file(options.output, printed->text); !written.ok()) return written;
  const std::size_t operations =
      read->transactions ? read->transactions->access_count() : read->history.operations().size();
  fmt::print("{} operations from {} to {}: {} ({} bytes)\n", operations, to_text(read->format), options.to,
             options.output, printed->text.size());
  return {};
}

}  // namespace

void add_convert_options(CLI::App& command, ConvertCommandOptions& options) {
  command
      .add_option(
          "path", options.path,
          "history file (plain or gzip), a run's directory, or a folder of files with --format cobra or etcd")
      ->required();
  command.add_option("--format", options.format,
                     "how it is written; default: by its content; see `ordeal list formats`");
  command.add_option("--to", options.to, "how to write it; see `ordeal list output-formats`")->required();
  command.add_option("--output", options.output, "the file to write; one that is there is replaced")
      ->required()
      ->check(not_empty());
  command.add_option("--memory", options.memory_mb, "give up at so many MiB of file")
      ->check(whole_number(1, 1 << 20));
}

int convert_command(const ConvertCommandOptions& options) {
  const Status converted = convert(options);
  if (converted.ok()) return kExitValid;
  fmt::print(stderr, "ordeal convert: {}\n", converted.error().message);
  return exit_of_error(converted.error());
}

}  // namespace ordeal::cli
