// The `ordeal` program: parses the command line and calls one command.

#include "controller/cli/check_command.h"
#include "controller/cli/exit_code.h"
#include "controller/cli/list_command.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <functional>
#include <string>

namespace ordeal::cli {
namespace {

/// Adds every command; the chosen one leaves what is to be done in `chosen`.
struct Commands {
  CheckCommandOptions check;
  std::string topic;
  std::function<int()> chosen;

  explicit Commands(CLI::App& app) {
    CLI::App* command = app.add_subcommand("check", "judge a history that is already there");
    add_check_options(*command, check);
    command->callback([this] { chosen = [this] { return check_command(check); }; });

    command =
        app.add_subcommand("list", "what there is: bugs, faults, formats, models, protocols, workloads");
    command->add_option("what", topic, "the topic")->required()->check(CLI::IsMember(list_topics()));
    command->callback([this] {
      chosen = [this] {
        fmt::print("{}", list_text(topic));
        return kExitValid;
      };
    });
  }
};

int run_program(int argc, char** argv) {
  CLI::App app("Ordeal finds out whether a replicated system keeps its promises.", "ordeal");
  app.set_version_flag("--version", std::string("ordeal ") + ORDEAL_VERSION);
  app.require_subcommand(1);
  app.footer(
      "Exit codes: 0 valid, 1 invalid, 2 unknown or vacuous, 254 bad arguments or plan, 255 internal error.");
  Commands commands(app);
  try {
    app.parse(argc, argv);
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
