#pragma once
// What every printer gives: the bytes, and what a person should know about what is not in them.

#include <string>
#include <vector>

namespace ordeal {

struct PrintedHistory {
  std::string text;
  std::vector<std::string> notes;
};

}  // namespace ordeal
