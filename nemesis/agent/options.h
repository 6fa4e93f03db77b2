#pragma once
// The command line of ordeal-agent.

#include "common/result.h"
#include "nemesis/agent/peers.h"

#include <cstdint>
#include <string>
#include <vector>

namespace ordeal::agent {

struct Options {
  NodeId node;
  std::string listen;
  std::string token_file;
  std::string pid_file;
  Peers peers;
  std::uint16_t probe_port = 7001;
  std::string state;
  bool capabilities = false;  ///< print them and exit; the rest is not needed then
};

struct ParsedOptions {
  Options options;
  bool done = false;  ///< help or version was asked for and printed
};

/// kInvalidArgument with one line that names the flag and what it must be.
[[nodiscard]] Result<ParsedOptions> parse_options(int argc, const char* const* argv);

}  // namespace ordeal::agent
