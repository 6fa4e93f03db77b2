#include "node/host/memory_storage.h"

#include "node/host/snapshot_stream.h"

#include <array>
#include <map>

namespace ordeal::host {
namespace {

using Content = std::map<Bytes, Bytes, std::less<>>;

class MemoryView : public StoreView {
 public:
  Result<std::optional<Bytes>> get(Space space, std::string_view key) const override {
    const Content& content = spaces_[static_cast<std::size_t>(space)];
    const auto it = content.find(key);
    return it == content.end() ? std::optional<Bytes>() : std::optional<Bytes>(it->second);
  }

  Status scan(Space space, std::string_view first, std::string_view last,
              const std::function<bool(std::string_view, std::string_view)>& visit) const override {
    const Content& content = spaces_[static_cast<std::size_t>(space)];
    for (auto it = content.lower_bound(first); it != content.end(); ++it) {
      if (!last.empty() && it->first >= last) break;
      if (!visit(it->first, it->second)) break;
    }
    return {};
  }

  [[nodiscard]] Content& space(Space space) { return spaces_[static_cast<std::size_t>(space)]; }

  void change(Batch batch) {
    for (Batch::Change& change : batch.changes) {
      Content& content = space(change.space);
      switch (change.kind) {
        case Batch::Kind::kPut:
          content[std::move(change.key)] = std::move(change.value);
          break;
        case Batch::Kind::kDelete:
          content.erase(change.key);
          break;
        case Batch::Kind::kDeleteRange:
          content.erase(content.lower_bound(change.key), content.lower_bound(change.value));
          break;
      }
    }
  }

 private:
  std::array<Content, 2> spaces_;
};

class MapCursor : public StateCursor {
 public:
  explicit MapCursor(Content content) : content_(std::move(content)), it_(content_.begin()) {}

  void seek(std::string_view key) override { it_ = content_.lower_bound(key); }
  [[nodiscard]] bool valid() const override { return it_ != content_.end(); }
  [[nodiscard]] std::string_view key() const override { return it_->first; }
  [[nodiscard]] std::string_view value() const override { return it_->second; }
  void next() override { ++it_; }
  [[nodiscard]] Status status() const override { return {}; }

 private:
  Content content_;
  Content::iterator it_;
};

class MemoryStorage : public Storage {
 public:
  explicit MemoryStorage(std::optional<char> left_out) : left_out_(left_out) {}

  [[nodiscard]] const StoreView& view() const override { return view_; }
  [[nodiscard]] LogIndex applied_at_open() const override { return LogIndex(0); }
  [[nodiscard]] std::uint64_t incarnation() const override { return 1; }

  void start(StorageSink& sink) override { sink_ = &sink; }
  void stop() override {}

  void write(Ticket ticket, Batch batch) override {
    view_.change(std::move(batch));
    progress_.durable = ticket;
  }
  void apply(Batch effects, LogIndex /*index*/) override { view_.change(std::move(effects)); }

  void carry_out(SnapshotStep step, LogIndex applied) override {
    std::visit([&](auto& what) { snapshot(what, applied); }, step);
  }

  void flush() override {
    if (progress_.durable == Ticket(0) && progress_.inputs.empty()) return;
    StorageProgress progress;
    std::swap(progress, progress_);
    sink_->wrote(Duration(0), 0);
    sink_->advanced(std::move(progress));
  }
  void settle(const StorageProgress& /*progress*/) override {}
  [[nodiscard]] bool disk_full() const override { return false; }

 private:
  struct Staged {
    SnapshotParser parser;
    Content content;
    std::uint64_t size = 0;
  };

  void snapshot(const SnapshotTake& take, LogIndex applied) {
    writers_.insert_or_assign(
        take.id, SnapshotWriter(std::make_unique<MapCursor>(view_.space(Space::kState)), left_out_));
    progress_.inputs.emplace_back(SnapshotTaken{take.id, applied});
  }

  void snapshot(const SnapshotRead& read, LogIndex /*applied*/) {
    const auto it = writers_.find(read.id);
    if (it == writers_.end()) return;  // dropped before
    auto piece = it->second.read(read.offset, read.size_max);
    if (!piece.ok()) return sink_->failed(piece.error());
    progress_.inputs.emplace_back(SnapshotChunk{read.id, read.offset, std::move(piece->bytes), piece->last});
  }

  void snapshot(const SnapshotDrop& drop, LogIndex /*applied*/) {
    writers_.erase(drop.id);
    staged_.erase(drop.id);
  }

  void snapshot(const SnapshotStage& stage, LogIndex /*applied*/) {
    if (stage.offset == 0) staged_.insert_or_assign(stage.id, Staged{});
    Staged& staged = staged_[stage.id];
    if (staged.size != stage.offset) return sink_->failed(gap());
    staged.size += stage.bytes.size();
    const Status status = staged.parser.feed(stage.bytes, [&](std::string_view key, std::string_view value) {
      staged.content[Bytes(key)] = value;
    });
    if (!status.ok()) sink_->failed(status.error());
  }

  void snapshot(SnapshotInstall& install, LogIndex /*applied*/) {
    const auto it = staged_.find(install.id);
    if (it == staged_.end() || !it->second.parser.finished()) return sink_->failed(gap());
    view_.space(Space::kState) = std::move(it->second.content);
    staged_.clear();
    view_.change(std::move(install.batch));
    progress_.inputs.emplace_back(SnapshotInstalled{install.id, install.index});
  }

  static Error gap() {
    return {ErrorCode::kCorruption, "a snapshot that is being installed has a gap or no end"};
  }

  std::optional<char> left_out_;
  MemoryView view_;
  StorageSink* sink_ = nullptr;
  StorageProgress progress_;
  std::map<SnapshotId, SnapshotWriter> writers_;
  std::map<SnapshotId, Staged> staged_;
};

}  // namespace

std::unique_ptr<Storage> make_memory_storage(std::optional<char> left_out) {
  return std::make_unique<MemoryStorage>(left_out);
}

}  // namespace ordeal::host
