// ordeal-node: one replica, or its supervisor.

#include "node/host/node.h"
#include "node/host/open_storage.h"
#include "node/host/options.h"
#include "node/host/protocols.h"
#include "node/host/supervisor.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <csignal>
#include <cstdio>

int main(int argc, char** argv) {
  namespace host = ordeal::host;
  spdlog::set_default_logger(spdlog::stderr_logger_mt("ordeal-node"));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
  const auto parsed = host::parse_command_line(argc, argv);
  if (!parsed.ok()) {
    std::fprintf(stderr, "ordeal-node: %s\n", parsed.error().message.c_str());
    return host::kExitBadArguments;
  }
  if (!parsed->options) {
    std::fputs(parsed->text.c_str(), stdout);
    return host::kExitStopped;
  }
  const host::NodeOptions& options = *parsed->options;
  spdlog::set_level(spdlog::level::from_str(options.log_level));
  std::signal(SIGPIPE, SIG_IGN);
  if (options.supervised) {
    // What is wrong with the flags is said here and once, not by every replica that is started.
    if (const ordeal::Status status = host::check_protocol(options); !status.ok()) {
      std::fprintf(stderr, "ordeal-node: %s\n", status.error().message.c_str());
      return host::kExitBadArguments;
    }
    return host::run_supervisor(host::replica_arguments(argc, argv), options.pid_file);
  }
  return host::run_node(options,
                        [&](std::optional<char> left_out) { return host::open_storage(options, left_out); });
}
