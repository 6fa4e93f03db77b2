#pragma once
// Operations that other tools recorded, made into a well-formed history: positions become indices, times that
// go back or are missing are repaired with a note, and the nemesis, which Jepsen records as info on both
// sides, gets invocations.

#include "checkers/formats/parsed_history.h"

#include <map>
#include <optional>
#include <string>

namespace ordeal {

class ForeignOps {
 public:
  /// The operation's own index is not looked at; without `time` it has that of the one before.
  void add(Op op, std::optional<Duration> time);
  [[nodiscard]] ParsedHistory finish() &&;
  [[nodiscard]] bool empty() const { return parsed_.history.empty(); }

 private:
  void follow_nemesis(Op& op);

  ParsedHistory parsed_;
  std::map<std::string, std::size_t> nemesis_open_;  ///< how many, by f
  std::size_t times_back_ = 0;
};

}  // namespace ordeal
