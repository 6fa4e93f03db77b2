#include "node/host/duties/map_state.h"

#include "common/prng.h"

#include <iterator>
#include <utility>

namespace ordeal::host {
namespace {

class MapCursor : public StateCursor {
 public:
  explicit MapCursor(MapState::Content content) : content_(std::move(content)), it_(content_.begin()) {}

  void seek(std::string_view key) override { it_ = content_.lower_bound(key); }
  [[nodiscard]] bool valid() const override { return it_ != content_.end(); }
  [[nodiscard]] std::string_view key() const override { return it_->first; }
  [[nodiscard]] std::string_view value() const override { return it_->second; }
  void next() override { ++it_; }
  [[nodiscard]] Status status() const override { return {}; }

 private:
  MapState::Content content_;
  MapState::Content::iterator it_;
};

Error unreadable() {
  return {ErrorCode::kCorruption, "a record of the log cannot be read"};
}

Error gap() {
  return {ErrorCode::kCorruption, "a snapshot that is being installed has a gap or no end"};
}

}  // namespace

// --- MapState ---------------------------------------------------------------------------------------------

Result<std::optional<Bytes>> MapState::get(Space space, std::string_view key) const {
  if (!reads(space, key)) return unreadable();
  const Content& content = this->content(space);
  const auto it = content.find(key);
  return it == content.end() ? std::optional<Bytes>() : std::optional<Bytes>(it->second);
}

Status MapState::scan(Space space, std::string_view first, std::string_view last,
                      const std::function<bool(std::string_view, std::string_view)>& visit) const {
  const Content& content = this->content(space);
  if (!last.empty() && last <= first) return {};
  const auto end = last.empty() ? content.end() : content.lower_bound(last);
  for (auto it = content.lower_bound(first); it != end; ++it) {
    if (!reads(space, it->first)) return unreadable();
    if (!visit(it->first, it->second)) break;
  }
  return {};
}

void MapState::toggle(Space space, std::string_view key, std::string_view value) {
  // Exclusive or: the order does not matter, and what came is taken out by the same.
  if (space == Space::kState) digest_ ^= stable_hash(value, stable_hash(key));
}

void MapState::put(Batch::Change& change, Undo* undo) {
  rewrote(change.space, change.key);
  Content& content = this->content(change.space);
  const auto it = content.lower_bound(change.key);
  toggle(change.space, change.key, change.value);
  if (it == content.end() || it->first != change.key) {
    if (undo != nullptr) undo->push_back({change.space, change.key, std::nullopt});
    content.emplace_hint(it, std::move(change.key), std::move(change.value));
  } else {
    toggle(change.space, it->first, it->second);
    if (undo != nullptr) undo->push_back({change.space, std::move(change.key), std::move(it->second)});
    it->second = std::move(change.value);
  }
}

void MapState::erase(Content::iterator first, Content::iterator last, Space space, Undo* undo) {
  Content& content = this->content(space);
  while (first != last) {
    toggle(space, first->first, first->second);
    rewrote(space, first->first);
    auto node = content.extract(first++);
    if (undo != nullptr) undo->push_back({space, std::move(node.key()), std::move(node.mapped())});
  }
}

void MapState::change(Batch batch, Undo* undo) {
  if (undo != nullptr) undo->reserve(undo->size() + batch.changes.size());
  for (Batch::Change& change : batch.changes) {
    Content& content = this->content(change.space);
    switch (change.kind) {
      case Batch::Kind::kPut:
        put(change, undo);
        break;
      case Batch::Kind::kDelete: {
        const auto it = content.find(change.key);
        if (it != content.end()) erase(it, std::next(it), change.space, undo);
        break;
      }
      case Batch::Kind::kDeleteRange:
        erase(content.lower_bound(change.key),
              change.value.empty() ? content.end() : content.lower_bound(change.value), change.space, undo);
        break;
    }
  }
}

void MapState::take_back(Undo undo) {
  for (auto replaced = undo.rbegin(); replaced != undo.rend(); ++replaced) {
    Content& content = this->content(replaced->space);
    const auto it = content.find(replaced->key);
    if (it != content.end()) erase(it, std::next(it), replaced->space, nullptr);
    if (!replaced->value) continue;
    toggle(replaced->space, replaced->key, *replaced->value);
    content.emplace(std::move(replaced->key), std::move(*replaced->value));
  }
}

// --- MapSnapshots -----------------------------------------------------------------------------------------

void MapSnapshots::take(const SnapshotTake& step, const MapState& state) {
  writers_.insert_or_assign(
      step.id, SnapshotWriter(std::make_unique<MapCursor>(state.content(Space::kState)), left_out_));
}

Result<std::optional<SnapshotChunk>> MapSnapshots::read(const SnapshotRead& step) {
  const auto it = writers_.find(step.id);
  if (it == writers_.end()) return std::optional<SnapshotChunk>();
  auto piece = it->second.read(step.offset, step.size_max);
  if (!piece.ok()) return piece.error();
  return std::optional<SnapshotChunk>({step.id, step.offset, std::move(piece->bytes), piece->last});
}

void MapSnapshots::drop(const SnapshotDrop& step) {
  writers_.erase(step.id);
  staged_.erase(step.id);
}

Status MapSnapshots::stage(const SnapshotStage& step) {
  if (step.offset == 0) staged_.insert_or_assign(step.id, Staged{});
  Staged& staged = staged_[step.id];
  if (staged.size != step.offset) return gap();
  staged.size += step.bytes.size();
  return staged.parser.feed(step.bytes, [&](std::string_view key, std::string_view value) {
    staged.batch.put(Space::kState, Bytes(key), Bytes(value));
  });
}

Result<Batch> MapSnapshots::install(SnapshotInstall& step) {
  const auto it = staged_.find(step.id);
  if (it == staged_.end() || !it->second.parser.finished()) return gap();
  Batch batch;
  batch.erase_range(Space::kState, {}, {});
  for (Batch* part : {&it->second.batch, &step.batch}) {
    batch.changes.insert(batch.changes.end(), std::make_move_iterator(part->changes.begin()),
                         std::make_move_iterator(part->changes.end()));
  }
  staged_.clear();
  return batch;
}

}  // namespace ordeal::host
