// bench-checkers: our checkers beside others on the same files, and ours alone on long histories. Called
// without a subcommand it compares; the subcommands are the processes that it starts, one side and round
// each.

#include <fmt/format.h>
#include <stdlib.h>

#include <CLI/CLI.hpp>

#include <cstdio>
#include <filesystem>
#include <string>

#include "bench/checkers/check_files.h"
#include "bench/checkers/comparisons.h"
#include "bench/checkers/register_alone.h"

namespace ordeal::bench {
namespace {

struct Options {
  Comparing comparing;
  RegisterAlone alone;
  bool keep = false;
};

void add_options(CLI::App& app, Options& options) {
  Checkouts& checkouts = options.comparing.checkouts;
  app.add_option("--porcupine", checkouts.porcupine, "checkout of anishathalye/porcupine");
  app.add_option("--knossos", checkouts.knossos, "checkout of jepsen-io/knossos");
  app.add_option("--high-scale-lib", checkouts.high_scale_lib,
                 "checkout of boundary/high-scale-lib, which Knossos needs");
  app.add_option("--awdit", checkouts.awdit, "checkout of lassemoldrup/AWDIT");
  app.add_option("--plume", checkouts.plume, "checkout of dracoooooo/Plume");
  app.add_option("--history", checkouts.histories, "file in Plume's format to compare on as well")
      ->check(CLI::ExistingFile);
  app.add_option("--transactions", options.comparing.transaction_operations,
                 "operations of the generated histories of transactions")
      ->delimiter(',')
      ->default_val("200000,1000000,5000000")
      ->force_callback();
  app.add_option("--plume-max", options.comparing.plume_operations_max,
                 "operations of the largest history that Plume is given")
      ->default_val(1'000'000)
      ->force_callback();
  app.add_option("--registers", options.alone.operations,
                 "operations of the histories of one register; 0: none")
      ->delimiter(',')
      ->default_val("1000000,10000000")
      ->force_callback();
  app.add_option("--clients", options.alone.clients, "clients of one register")
      ->delimiter(',')
      ->default_val("5,20,50")
      ->force_callback();
  app.add_option("--rounds", options.comparing.rounds.count, "interleaved rounds")->check(CLI::Range(1, 100));
  app.add_option("--seconds", options.comparing.rounds.seconds_max, "time limit of one process");
  app.add_option("--work", options.comparing.directory,
                 "where to build and to write histories; it is kept. Otherwise a temporary directory");
}

int compare_and_measure(Options& options, const std::string& program) {
  Comparing& comparing = options.comparing;
  options.keep = !comparing.directory.empty();
  std::error_code error;
  if (options.keep) {
    std::filesystem::create_directories(comparing.directory, error);
  } else {
    comparing.directory = (std::filesystem::temp_directory_path() / "ordeal-bench-XXXXXX").string();
    if (mkdtemp(comparing.directory.data()) == nullptr)
      return fmt::print(stderr, "{} cannot be made\n", comparing.directory), 255;
  }
  comparing.program = options.alone.program = program;
  comparing.rounds.log = comparing.directory + "/errors.log";
  options.alone.directory = comparing.directory;
  std::erase(options.alone.operations, 0U);
  std::size_t compared = compare_all(comparing);
  if (!options.alone.operations.empty()) compared += measure_registers(options.alone, comparing.rounds);
  if (!options.keep) std::filesystem::remove_all(comparing.directory, error);
  if (compared == 0) fmt::print(stderr, "nothing could be compared; see --help for what to give\n");
  return compared == 0 ? 1 : 0;
}

/// OPERATIONS CLIENTS good|bad.
void add_shape(CLI::App& app, RegisterShape& shape, std::string& kind) {
  app.add_option("operations", shape.operations)->required();
  app.add_option("clients", shape.clients)->required()->check(CLI::PositiveNumber);
  app.add_option("kind", kind)->required()->check(CLI::IsMember({"good", "bad"}));
}

int run(int argc, char** argv) {
  CLI::App app("Our checkers beside others, on the same files in the same run", "bench-checkers");
  Options options;
  add_options(app, options);
  FileCheck check;
  RegisterShape shape;
  std::string kind;
  CLI::App* files = app.add_subcommand("check", "our side of a comparison");
  files->add_option("--threads", check.threads, "0: all cores");
  files->add_option("model", check.model)->required();
  files->add_option("passes", check.passes)->required()->check(CLI::PositiveNumber);
  files->add_option("files", check.files)->required();
  CLI::App* in_memory = app.add_subcommand("register-check", "one register, made in memory");
  CLI::App* monitor = app.add_subcommand("register-monitor", "the same, shown to the monitor");
  add_shape(*in_memory, shape, kind);
  add_shape(*monitor, shape, kind);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 254;
  }
  shape.bad = kind == "bad";
  if (files->parsed()) return check_files(check);
  if (in_memory->parsed()) return check_in_memory(shape);
  if (monitor->parsed()) return monitor_in_memory(shape);
  return compare_and_measure(options, argv[0]);
}

}  // namespace
}  // namespace ordeal::bench

int main(int argc, char** argv) {
  return ordeal::bench::run(argc, argv);
}
