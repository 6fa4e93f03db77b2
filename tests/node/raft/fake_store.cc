#include "tests/node/raft/fake_store.h"

#include "common/check.h"

namespace ordeal::raft::testing {

Result<std::optional<Bytes>> FakeStore::get(Space space, std::string_view key) const {
  if (failing_) return Error{ErrorCode::kCorruption, "the record is damaged"};
  const Map& map = visible_[index(space)];
  const auto found = map.find(key);
  if (found == map.end()) return std::optional<Bytes>();
  return std::optional<Bytes>(found->second);
}

Status FakeStore::scan(Space space, std::string_view first, std::string_view last,
                       const std::function<bool(std::string_view, std::string_view)>& visit) const {
  if (failing_) return Error{ErrorCode::kCorruption, "the record is damaged"};
  const Map& map = visible_[index(space)];
  for (auto it = map.lower_bound(first); it != map.end(); ++it) {
    if (!last.empty() && it->first >= last) break;
    if (!visit(it->first, it->second)) break;
  }
  return {};
}

void FakeStore::carry_out(Map (&maps)[2], const Batch& batch) {
  for (const Batch::Change& change : batch.changes) {
    Map& map = maps[index(change.space)];
    switch (change.kind) {
      case Batch::Kind::kPut:
        map.insert_or_assign(change.key, change.value);
        break;
      case Batch::Kind::kDelete:
        map.erase(change.key);
        break;
      case Batch::Kind::kDeleteRange:
        map.erase(map.lower_bound(change.key), map.lower_bound(change.value));
        break;
    }
  }
}

void FakeStore::write(Batch batch) {
  carry_out(visible_, batch);
  pending_.push_back(std::move(batch));
}

void FakeStore::sync(std::size_t count) {
  ORDEAL_CHECK(count <= pending_.size());
  for (; count > 0; --count) {
    carry_out(durable_, pending_.front());
    pending_.pop_front();
  }
}

void FakeStore::lose_power(std::size_t kept) {
  sync(kept);
  pending_.clear();
  visible_[0] = durable_[0];
  visible_[1] = durable_[1];
}

}  // namespace ordeal::raft::testing
