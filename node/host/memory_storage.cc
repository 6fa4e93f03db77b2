#include "node/host/memory_storage.h"

#include "node/host/duties/map_state.h"

namespace ordeal::host {
namespace {

class MemoryStorage : public Storage {
 public:
  explicit MemoryStorage(std::optional<char> left_out) : snapshots_(left_out) {}

  [[nodiscard]] const StoreView& view() const override { return state_; }
  [[nodiscard]] LogIndex applied_at_open() const override { return LogIndex(0); }
  [[nodiscard]] std::uint64_t incarnation() const override { return 1; }

  void start(StorageSink& sink) override { sink_ = &sink; }
  void stop() override {}

  void write(Ticket ticket, Batch batch) override {
    state_.change(std::move(batch));
    progress_.durable = ticket;
  }
  void apply(Batch effects, LogIndex /*index*/) override { state_.change(std::move(effects)); }

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
  void snapshot(const SnapshotTake& take, LogIndex applied) {
    snapshots_.take(take, state_);
    progress_.inputs.emplace_back(SnapshotTaken{take.id, applied});
  }

  void snapshot(const SnapshotRead& read, LogIndex /*applied*/) {
    auto chunk = snapshots_.read(read);
    if (!chunk.ok()) return sink_->failed(chunk.error());
    if (*chunk) progress_.inputs.emplace_back(std::move(**chunk));
  }

  void snapshot(const SnapshotDrop& drop, LogIndex /*applied*/) { snapshots_.drop(drop); }

  void snapshot(const SnapshotStage& stage, LogIndex /*applied*/) {
    if (const Status status = snapshots_.stage(stage); !status.ok()) sink_->failed(status.error());
  }

  void snapshot(SnapshotInstall& install, LogIndex /*applied*/) {
    auto batch = snapshots_.install(install);
    if (!batch.ok()) return sink_->failed(batch.error());
    state_.change(std::move(*batch));
    progress_.inputs.emplace_back(SnapshotInstalled{install.id, install.index});
  }

  MapState state_;
  MapSnapshots snapshots_;
  StorageSink* sink_ = nullptr;
  StorageProgress progress_;
};

}  // namespace

std::unique_ptr<Storage> make_memory_storage(std::optional<char> left_out) {
  return std::make_unique<MemoryStorage>(left_out);
}

}  // namespace ordeal::host
