#pragma once
// A file of a folder, for formats that spread a history over several.

#include <string>
#include <string_view>

namespace ordeal {

struct NamedBytes {
  std::string
      name;  ///< within the folder, with '/' between folders; for messages, and where it means a session
  std::string_view bytes;
};

}  // namespace ordeal
