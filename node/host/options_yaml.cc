#include "node/host/options.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

namespace ordeal::host {
namespace {

std::string place_of(const std::string& file, const YAML::Mark& mark) {
  return fmt::format("{}:{}", file, mark.line + 1);
}

Error wrong(const std::string& place, std::string_view what) {
  return {ErrorCode::kInvalidArgument, fmt::format("{}: {}", place, what)};
}

Result<ConfigEntry> parse_entry(const YAML::Node& key, const YAML::Node& value, const std::string& file) {
  ConfigEntry entry{key.Scalar(), {}, place_of(file, key.Mark())};
  if (value.IsScalar()) {
    entry.values.push_back(value.Scalar());
    return entry;
  }
  if (!value.IsSequence())
    return wrong(entry.place, fmt::format("'{}' must be a value or a list", entry.name));
  for (const YAML::Node& item : value) {
    if (!item.IsScalar())
      return wrong(place_of(file, item.Mark()), fmt::format("'{}' holds plain values", entry.name));
    entry.values.push_back(item.Scalar());
  }
  return entry;
}

}  // namespace

Result<std::vector<ConfigEntry>> parse_config(const std::string& yaml, const std::string& file) {
  try {
    const YAML::Node root = YAML::Load(yaml);
    std::vector<ConfigEntry> entries;
    if (root.IsNull()) return entries;
    if (!root.IsMap())
      return wrong(place_of(file, root.Mark()), "a configuration is a map of names to values");
    for (const auto& member : root) {
      if (!member.first.IsScalar()) return wrong(place_of(file, member.first.Mark()), "a name must be plain");
      auto entry = parse_entry(member.first, member.second, file);
      if (!entry.ok()) return entry.error();
      for (const ConfigEntry& earlier : entries) {
        if (earlier.name == entry->name)
          return wrong(entry->place,
                       fmt::format("'{}' is set twice, first at {}", entry->name, earlier.place));
      }
      entries.push_back(std::move(*entry));
    }
    return entries;
  } catch (const YAML::Exception& exception) {
    return wrong(place_of(file, exception.mark), exception.msg);
  }
}

}  // namespace ordeal::host
