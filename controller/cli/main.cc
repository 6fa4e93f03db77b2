// The `ordeal` program: parses the command line and calls one command.

#include "controller/cli/check_command.h"
#include "controller/cli/convert_command.h"
#include "controller/cli/doctor_command.h"
#include "controller/cli/exit_code.h"
#include "controller/cli/list_command.h"
#include "controller/cli/numbers.h"
#include "controller/cli/run_command.h"
#include "controller/cli/sim_command.h"
#include "controller/report/serve.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>

namespace ordeal::cli {
namespace {

int serve_command(const report::ServeOptions& options) {
  const Status status = report::serve(options, [&](const std::string& url) {
    fmt::print("serving the store at {} (end with Ctrl-C)\n", url);
    if (std::error_code ignored; !std::filesystem::exists(options.store, ignored))
      fmt::print("there is no {} yet: `ordeal run --store {}` makes it\n", options.store.string(),
                 options.store.string());
    std::fflush(stdout);
  });
  if (status.ok()) return kExitValid;
  fmt::print(stderr, "ordeal serve: {}\n", status.error().message);
  return status.error().code == ErrorCode::kInvalidArgument ? kExitArguments : kExitInternal;
}

/// Adds every command; the chosen one leaves what is to be done in `chosen`.
struct Commands {
  RunCommandOptions run;
  CheckCommandOptions check;
  ConvertCommandOptions convert;
  SimCommandOptions sim;
  report::ServeOptions serve;
  std::string store = "store";
  std::string topic;
  std::function<int()> chosen;

  void add_run(CLI::App& app, int argc, char** argv) {
    CLI::App* command =
        app.add_subcommand("run", "run a plan on a cluster of real processes; without flags the default");
    add_run_options(*command, run);
    run.argv.assign(argv, argv + argc);
    command->callback([this] { chosen = [this] { return run_command(run); }; });
  }

  void add_check(CLI::App& app) {
    CLI::App* command = app.add_subcommand("check", "judge a history that is already there");
    add_check_options(*command, check);
    command->callback([this] { chosen = [this] { return check_command(check); }; });
  }

  void add_convert(CLI::App& app) {
    CLI::App* command = app.add_subcommand("convert", "write a history in another tool's format");
    add_convert_options(*command, convert);
    command->callback([this] { chosen = [this] { return convert_command(convert); }; });
  }

  void add_sim(CLI::App& app) {
    CLI::App* command = app.add_subcommand(
        "sim",
        "the same in virtual time: one seed, or a hunt over many; without --plan each seed draws its own");
    add_sim_options(*command, sim);
    sim.argv = run.argv;
    command->callback([this] { chosen = [this] { return sim_command(sim); }; });
  }

  void add_list(CLI::App& app) {
    CLI::App* command = app.add_subcommand(
        "list", "what there is: bugs, faults, formats, models, output-formats, protocols, workloads");
    command->add_option("what", topic, "the topic")->required()->check(CLI::IsMember(list_topics()));
    command->callback([this] {
      chosen = [this] {
        fmt::print("{}", list_text(topic));
        return kExitValid;
      };
    });
  }

  void add_doctor(CLI::App& app) {
    CLI::App* command =
        app.add_subcommand("doctor", "what this machine can do, and what to install for the rest");
    command->add_option("--store", store, "folder that will keep the runs; its disk is measured")
        ->check(not_empty());
    command->callback([this] { chosen = [this] { return doctor_command(store); }; });
  }

  void add_serve(CLI::App& app) {
    CLI::App* command = app.add_subcommand("serve", "browse the store");
    serve.store = "store";
    command->add_option("--store", serve.store, "folder that keeps the runs")->check(not_empty());
    command->add_option("--address", serve.address, "address to listen on");
    command->add_option("--port", serve.port, "port to listen on; 0: any free one")
        ->check(whole_number(0, 65'535));
    command->add_flag("--allow-remote", serve.allow_remote, "permit an address that is not loopback");
    command->callback([this] { chosen = [this] { return serve_command(serve); }; });
  }
};

int run_program(int argc, char** argv) {
  CLI::App app("Ordeal finds out whether a replicated system keeps its promises.", "ordeal");
  app.set_version_flag("--version", std::string("ordeal ") + ORDEAL_VERSION);
  app.require_subcommand(1);
  app.footer(
      "Exit codes: 0 valid, 1 invalid, 2 unknown or vacuous, 254 bad arguments or plan, 255 internal error.");
  Commands commands;
  commands.add_run(app, argc, argv);
  commands.add_sim(app);
  commands.add_check(app);
  commands.add_convert(app);
  commands.add_list(app);
  commands.add_doctor(app);
  commands.add_serve(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::RequiredError& error) {
    if (app.get_subcommands().empty()) {
      std::string names;
      for (const CLI::App* command : app.get_subcommands(nullptr))
        names += (names.empty() ? "" : ", ") + command->get_name();
      fmt::print(stderr, "ordeal: {}; allowed: {}\n",
                 argc > 1 ? fmt::format("'{}' is no command", argv[1]) : "a command is missing", names);
      return kExitArguments;
    }
    return app.exit(error) == 0 ? kExitValid : kExitArguments;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitValid : kExitArguments;
  }
  return commands.chosen();
}

}  // namespace
}  // namespace ordeal::cli

int main(int argc, char** argv) {
  try {
    return ordeal::cli::run_program(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "ordeal: internal error: {}\n", error.what());
    return ordeal::cli::kExitInternal;
  }
}
