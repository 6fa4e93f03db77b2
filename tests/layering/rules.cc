#include "tests/layering/rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <span>

namespace ordeal::layering {
namespace {

struct Folder {
  std::string_view path;
  std::vector<std::string_view> may_include;  ///< folders, besides itself
  std::vector<std::string_view> third_party;  ///< names of kLibraries
  bool pure = false;
};

// The table of docs/ARCHITECTURE.md, section 4. The longest matching path counts.
const std::vector<Folder>& table() {
  static const std::vector<Folder> folders = {
      {"common", {}, {"fmt"}, true},
      {"checkers", {"common"}, {"fmt"}, true},
      {"checkers/formats", {"common", "checkers"}, {"fmt", "Boost.JSON"}, true},
      {"checkers/driver", {"common", "checkers"}, {"fmt", "zlib"}, false},
      {"checkers/c_api", {"common", "checkers"}, {"fmt"}, false},
      {"verify", {}, {"Boost.JSON"}, false},
      {"workloads", {"common", "checkers"}, {"fmt"}, true},
      {"clients", {"common"}, {"fmt", "Boost.JSON"}, true},
      {"nemesis/faults", {"common"}, {"fmt"}, true},
      {"nemesis/agent",
       {"common"},
       {"fmt", "Boost.Asio", "Boost.Beast", "Boost.JSON", "prometheus", "spdlog", "CLI11"},
       false},
      {"node/protocol.h", {"common", "node/store.h"}, {"fmt"}, true},
      {"node/store.h", {"common"}, {"fmt"}, true},
      {"node/kv", {"common", "node/protocol.h", "node/store.h"}, {"fmt"}, true},
      {"node/raft", {"common", "node/protocol.h", "node/store.h", "node/kv"}, {"fmt"}, true},
      {"node/host",
       {"common", "node", "node/host/duties"},
       {"fmt", "Boost.Asio", "Boost.Beast", "Boost.JSON", "Boost.URL", "rocksdb", "prometheus", "spdlog",
        "yaml-cpp", "CLI11"},
       false},
      {"node/host/duties",
       {"common", "node/protocol.h", "node/store.h", "node/kv"},
       {"fmt", "Boost.JSON"},
       true},
      {"sim",
       {"common", "checkers", "workloads", "clients", "nemesis/faults", "node/protocol.h", "node/store.h",
        "node/kv", "node/raft", "node/host/duties", "controller/run"},
       {"fmt"},
       true},
      {"controller/run",
       {"common", "checkers", "workloads", "clients", "nemesis/faults"},
       {"fmt", "yaml-cpp"},
       true},
      {"controller/env",
       {"common", "clients", "nemesis/faults", "controller/run"},
       {"fmt", "curl", "Boost.Asio", "Boost.JSON", "yaml-cpp", "spdlog"},
       false},
      {"controller/report",
       {"common", "checkers", "controller/run"},
       {"fmt", "Boost.JSON", "Boost.Asio", "Boost.Beast", "Boost.URL", "prometheus"},
       false},
      {"controller/cli",
       {"common", "checkers", "workloads", "clients", "nemesis/faults", "node/raft", "node/kv",
        "node/host/duties", "node/protocol.h", "node/store.h", "controller", "sim"},
       {"fmt", "CLI11", "spdlog"},
       false},
      {"docs/examples", {"common", "checkers"}, {}, false},
      {"bench",
       {"common", "checkers", "clients", "controller/run", "sim"},
       {"fmt", "Boost.Asio", "Boost.Beast", "Boost.JSON", "CLI11", "benchmark"},
       false},
  };
  return folders;
}

struct Library {
  std::string_view prefix;
  std::string_view name;
};
constexpr std::array kLibraries = {
    Library{"fmt/", "fmt"},
    Library{"boost/json", "Boost.JSON"},
    Library{"boost/asio", "Boost.Asio"},
    Library{"boost/beast", "Boost.Beast"},
    Library{"boost/url", "Boost.URL"},
    Library{"boost/system", "Boost.Asio"},
    Library{"rocksdb/", "rocksdb"},
    Library{"curl/", "curl"},
    Library{"yaml-cpp/", "yaml-cpp"},
    Library{"prometheus/", "prometheus"},
    Library{"spdlog/", "spdlog"},
    Library{"CLI/", "CLI11"},
    Library{"zlib.h", "zlib"},
    Library{"benchmark/", "benchmark"},
    Library{"boost/", "Boost, other"},
};

// Standard and system headers that a pure folder does without.
constexpr std::array<std::string_view, 19> kImpure = {
    "thread",    "mutex",   "shared_mutex", "condition_variable", "future",
    "semaphore", "latch",   "barrier",      "stop_token",         "chrono",
    "random",    "fstream", "filesystem",   "iostream",           "ctime",
    "time.h",    "cstdio",  "stdio.h",      "syncstream"};

bool has_prefix(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

bool in_folder(std::string_view path, std::string_view folder) {
  return path == folder || (has_prefix(path, folder) && path[folder.size()] == '/');
}

const Folder* folder_of(std::string_view path) {
  const Folder* best = nullptr;
  for (const Folder& folder : table()) {
    if (in_folder(path, folder.path) && (best == nullptr || folder.path.size() > best->path.size()))
      best = &folder;
  }
  return best;
}

bool allowed_here(const Folder& folder, std::string_view include) {
  if (folder_of(include) == &folder) return true;
  return std::any_of(folder.may_include.begin(), folder.may_include.end(),
                     [&](std::string_view allowed) { return in_folder(include, allowed); });
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

struct Include {
  std::string_view target;
  bool quoted = false;
};

Include include_on(std::string_view line) {
  if (!has_prefix(line, "#include ")) return {};
  const std::string_view rest = line.substr(9);
  if (rest.size() < 3) return {};
  const bool quoted = rest[0] == '"';
  const std::size_t end = rest.find(quoted ? '"' : '>', 1);
  return end == std::string_view::npos ? Include{} : Include{rest.substr(1, end - 1), quoted};
}

std::string fault_of(const Folder& folder, const Include& include, std::string_view path) {
  if (include.quoted) {
    if (allowed_here(folder, include.target)) return {};
    return fmt::format("{} may not include {} (docs/ARCHITECTURE.md, section 4)", folder.path,
                       include.target);
  }
  for (const Library& library : kLibraries) {
    if (!has_prefix(include.target, library.prefix)) continue;
    const auto& third = folder.third_party;
    if (std::find(third.begin(), third.end(), library.name) != third.end()) return {};
    return fmt::format("{} may not use {} (docs/ARCHITECTURE.md, section 4)", folder.path, library.name);
  }
  if (!folder.pure || path == "common/check.cc") return {};
  const bool system = include.target.find('/') != std::string_view::npos || include.target.ends_with(".h");
  if (system || std::find(kImpure.begin(), kImpure.end(), include.target) != kImpure.end()) {
    return fmt::format("{} is pure and may not include <{}>", folder.path, include.target);
  }
  return {};
}

/// The line without what stands in comments, strings and characters, so that braces can be counted.
std::string code_of(std::string_view line, bool& in_comment) {
  std::string out;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (in_comment) {
      if (line.substr(i, 2) == "*/") in_comment = false, ++i;
    } else if (line.substr(i, 2) == "/*") {
      in_comment = true;
    } else if (line.substr(i, 2) == "//") {
      break;
    } else if (line[i] == '"' ||
               (line[i] == '\'' && (i == 0 || !std::isalnum(static_cast<unsigned char>(line[i - 1]))))) {
      const char quote = line[i];
      for (++i; i < line.size() && line[i] != quote; ++i) i += line[i] == '\\' ? 1 : 0;
    } else {
      out += line[i];
    }
  }
  return out;
}

/// What opens with a brace and holds other things, rather than being a function itself.
bool is_container(std::string_view head) {
  for (const std::string_view word : {"namespace", "class ", "struct ", "enum ", "union ", "extern \"C\""}) {
    if (head.find(word) != std::string_view::npos && head.find('(') == std::string_view::npos) return true;
  }
  return false;
}

std::string folder_name(std::string_view path) {
  return std::string(path.substr(0, std::min(path.rfind('/'), path.size())));
}

}  // namespace

Faults check_includes(const SourceFile& file) {
  Faults faults;
  const Folder* folder = folder_of(file.path);
  if (folder == nullptr) {
    if (!has_prefix(file.path, "tests/"))
      faults.push_back(file.path + ": its folder is not in the table of tests/layering");
    return faults;
  }
  std::size_t number = 0;
  for (const std::string_view line : lines_of(file.text)) {
    ++number;
    const Include include = include_on(line);
    if (include.target.empty()) continue;
    const std::string fault = fault_of(*folder, include, file.path);
    if (!fault.empty()) faults.push_back(fmt::format("{}:{}: {}", file.path, number, fault));
  }
  return faults;
}

Faults check_text(const SourceFile& file) {
  Faults faults;
  const auto lines = lines_of(file.text);
  if (lines.size() > kFileLinesMax) {
    faults.push_back(fmt::format("{}: {} lines, at most {} are allowed: split it", file.path, lines.size(),
                                 kFileLinesMax));
  }
  for (std::size_t i = 0; i < lines.size(); ++i) {
    for (const std::string_view word : {"TO"
                                        "DO",
                                        "FIX"
                                        "ME",
                                        "XX"
                                        "X:"}) {
      if (lines[i].find(word) != std::string_view::npos) {
        faults.push_back(fmt::format("{}:{}: {} is refused on main: do it, or say it in an issue", file.path,
                                     i + 1, word));
      }
    }
  }
  if (file.path.ends_with(".h") && file.text.find("#pragma once") == std::string::npos) {
    faults.push_back(file.path + ": a header begins with #pragma once");
  }
  return faults;
}

std::vector<LongFunction> long_functions(const SourceFile& file) {
  std::vector<LongFunction> found;
  std::vector<bool> containers;  // the braces that are open, outermost first
  std::string head;              // code since the last ; { or }
  std::string name;
  std::size_t begin = 0;
  std::size_t depth_inside = 0;  // braces open inside the current function; 0: not in one
  bool in_comment = false;
  std::size_t number = 0;
  for (const std::string_view line : lines_of(file.text)) {
    ++number;
    if (has_prefix(line, "#")) continue;
    for (const char c : code_of(line, in_comment)) {
      if (c == '{') {
        if (depth_inside > 0) {
          ++depth_inside;
        } else if (is_container(head) || head.find('(') == std::string::npos) {
          containers.push_back(true);
        } else {
          depth_inside = 1;
          begin = number;
          name = head.substr(0, head.find('('));
        }
        head.clear();
      } else if (c == '}') {
        if (depth_inside > 0) {
          if (--depth_inside == 0 && number - begin + 1 > kFunctionLinesMax) {
            const std::size_t start = name.find_last_of(" \n*&");
            found.push_back({file.path + ":" + name.substr(start == std::string::npos ? 0 : start + 1),
                             number - begin + 1});
          }
        } else if (!containers.empty()) {
          containers.pop_back();
        }
        head.clear();
      } else if (c == ';' && depth_inside == 0) {
        head.clear();
      } else if (depth_inside == 0) {
        head += c;
      }
    }
    head += ' ';
  }
  return found;
}

Faults check_named(const std::vector<SourceFile>& sources, const std::vector<SourceFile>& cmake_lists) {
  Faults faults;
  for (const SourceFile& source : sources) {
    const std::string base = source.path.substr(source.path.rfind('/') + 1);
    const bool named = std::any_of(cmake_lists.begin(), cmake_lists.end(), [&](const SourceFile& list) {
      const std::string folder = folder_name(list.path);
      if (!has_prefix(source.path, folder == list.path ? "" : folder + '/')) return false;
      for (std::size_t at = list.text.find(base); at != std::string::npos;
           at = list.text.find(base, at + 1)) {
        const char before = at == 0 ? ' ' : list.text[at - 1];
        if (std::isspace(static_cast<unsigned char>(before)) || before == '/' || before == '(') return true;
      }
      return false;
    });
    if (!named) faults.push_back(source.path + ": no CMakeLists.txt names it, so nothing builds it");
  }
  return faults;
}

}  // namespace ordeal::layering
