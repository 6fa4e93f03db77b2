#pragma once
// A store that is a map, for tests of state machines.

#include "node/store.h"

#include <map>

namespace ordeal::kv {

class MapStore : public StoreView {
 public:
  Result<std::optional<Bytes>> get(Space /*space*/, std::string_view key) const override {
    const auto it = content.find(key);
    return it == content.end() ? std::optional<Bytes>() : std::optional<Bytes>(it->second);
  }

  Status scan(Space /*space*/, std::string_view first, std::string_view last,
              const std::function<bool(std::string_view, std::string_view)>& visit) const override {
    for (auto it = content.lower_bound(first); it != content.end(); ++it) {
      if (!last.empty() && it->first >= last) break;
      if (!visit(it->first, it->second)) break;
    }
    return {};
  }

  void change(const Batch& batch) {
    for (const Batch::Change& change : batch.changes) {
      if (change.kind == Batch::Kind::kPut) {
        content[change.key] = change.value;
      } else if (change.kind == Batch::Kind::kDelete) {
        content.erase(change.key);
      } else {
        content.erase(content.lower_bound(change.key), content.lower_bound(change.value));
      }
    }
  }

  std::map<Bytes, Bytes, std::less<>> content;
};

}  // namespace ordeal::kv
