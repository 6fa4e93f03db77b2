#pragma once
// Runs a golden interaction trace: a file of commands, each followed by what the cluster did.
//
//   command arguments
//   ----
//   what happened
//   (an empty line)
//
// Everything else in the file is comment. The commands are listed in tests/traces/raft/README.md.

#include "tests/node/raft/cluster.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ordeal::raft::testing {

class Trace {
 public:
  /// The text with every expected output replaced by the real one.
  std::string run(const std::string& text);

 private:
  struct Arguments {
    std::vector<std::string> words;
    /// The number after the n of word `place`; 0 when there is none.
    [[nodiscard]] std::uint32_t node(std::size_t place) const;
    /// The value of "key=value", or "".
    [[nodiscard]] std::string value(std::string_view key) const;
  };
  std::string carry_out(const std::string& command);
  bool carry_out_cluster(const Arguments& arguments);
  bool carry_out_network(const std::string& name, const Arguments& arguments);
  bool carry_out_node(const std::string& name, const Arguments& arguments);
  bool carry_out_admin(const std::string& name, const Arguments& arguments);
  void watch();
  void say(std::string line) { lines_.push_back(std::move(line)); }
  void say_step(Host& host);
  void say_status(Host& host);
  void say_log(Host& host);

  std::unique_ptr<Cluster> cluster_;
  bool show_all_ = false;
  std::vector<std::string> lines_;
};

}  // namespace ordeal::raft::testing
