#include "common/ids.h"

#include <charconv>

namespace ordeal {

std::string node_name(NodeId node) {
  return fmt::format("n{}", node);
}

NodeId parse_node_name(std::string_view text) {
  if (text.size() < 2 || text[0] != 'n' || text[1] == '0') return kNoNode;
  std::uint32_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + 1, end, number);
  if (error != std::errc() || stop != end) return kNoNode;
  return NodeId(number);
}

}  // namespace ordeal
