// The `ordeal-agent` program. Exit codes: 0 ended cleanly, 254 bad arguments, 255 anything else.

#include "nemesis/agent/agent.h"
#include "nemesis/agent/capabilities.h"
#include "nemesis/agent/options.h"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cstdio>
#include <exception>

namespace ordeal::agent {
namespace {

constexpr int kExitArguments = 254;
constexpr int kExitFailure = 255;

int fail(const Error& error) {
  fmt::print(stderr, "ordeal-agent: {}\n", error.message);
  return error.code == ErrorCode::kInvalidArgument ? kExitArguments : kExitFailure;
}

int print_capabilities() {
  if (geteuid() != 0) enter_user_namespace();
  fmt::print("{}\n", capabilities_body(find_capabilities(TryWhere::kScratchOnly)));
  return 0;
}

int run_program(int argc, char** argv) {
  const auto parsed = parse_options(argc, argv);
  if (!parsed) return fail(parsed.error());
  if (parsed->done) return 0;
  if (parsed->options.capabilities) return print_capabilities();
  // No thread of the logger: the guardian is forked from here.
  spdlog::set_default_logger(spdlog::stderr_logger_mt("agent"));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%eZ ordeal-agent %l: %v", spdlog::pattern_time_type::utc);
  const Status ended = run_agent(parsed->options);
  return ended ? 0 : fail(ended.error());
}

}  // namespace
}  // namespace ordeal::agent

int main(int argc, char** argv) {
  try {
    return ordeal::agent::run_program(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "ordeal-agent: {}\n", error.what());
    return 255;
  }
}
