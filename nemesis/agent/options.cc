#include "nemesis/agent/options.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <iostream>

namespace ordeal::agent {
namespace {

/// What CLI11 cannot check by itself.
Status complete(Options& options, const std::string& node, const std::vector<std::string>& peers) {
  for (const std::string& peer : peers) {
    if (Status added = add_peer(options.peers, peer); !added) return added;
  }
  for (const auto& [flag, value] : {std::pair{"--node", node},
                                    {"--listen", options.listen},
                                    {"--token-file", options.token_file},
                                    {"--pid-file", options.pid_file},
                                    {"--state", options.state}}) {
    if (value.empty()) return invalid_argument(fmt::format("{} is missing; see --help", flag));
  }
  options.node = parse_node_name(node);
  if (options.node == kNoNode)
    return invalid_argument(fmt::format("--node {}: a node's name is n and a number from 1", node));
  if (options.peers.count(options.node) == 0)
    return invalid_argument(fmt::format("--peer names every member, this node too: {} is missing", node));
  return {};
}

}  // namespace

Result<ParsedOptions> parse_options(int argc, const char* const* argv) {
  ParsedOptions parsed;
  Options& options = parsed.options;
  std::string node;
  std::vector<std::string> peers;
  CLI::App app("ordeal-agent carries out faults on the node beside it.", "ordeal-agent");
  app.set_version_flag("--version", std::string("ordeal-agent ") + ORDEAL_VERSION);
  app.add_option("--node", node, "this node's name, such as n1");
  app.add_option("--listen", options.listen, "IP:PORT of the API");
  app.add_option("--token-file", options.token_file, "file with the bearer token");
  app.add_option("--pid-file", options.pid_file, "pid file of ordeal-node --supervised");
  app.add_option("--peer", peers,
                 "n1=IPV4,IPV6: a member with its addresses; once per member, itself included");
  app.add_option("--probe-port", options.probe_port, "UDP port of the probes, the same on every node")
      ->check(CLI::Range(1, 65535))
      ->capture_default_str();
  app.add_option("--state", options.state,
                 "directory for what the next agent must undo if this one is killed");
  app.add_flag("--capabilities", options.capabilities, "print what this machine can do, as JSON, and exit");
  app.footer("Exit codes: 0 ended cleanly, with every fault removed; 254 bad arguments; 255 anything else.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    app.exit(success);
    parsed.done = true;
    return parsed;
  } catch (const CLI::ParseError& error) {
    return invalid_argument(error.what());
  }
  if (options.capabilities) return parsed;
  if (Status completed = complete(options, node, peers); !completed) return completed.error();
  return parsed;
}

}  // namespace ordeal::agent
