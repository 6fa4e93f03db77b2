#pragma once
// Stands where the core thread is: collects what a storage reports, and waits for it without sleeping.

#include "node/host/duties/storage.h"

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

namespace ordeal::host {

class RecordingSink : public StorageSink {
 public:
  void advanced(StorageProgress progress) override {
    const std::lock_guard lock(mutex_);
    progress_.push_back(std::move(progress));
    changed_.notify_all();
  }
  void failed(Error error) override {
    const std::lock_guard lock(mutex_);
    failure_ = std::move(error);
    changed_.notify_all();
  }
  void wrote(Duration sync, std::uint64_t /*bytes*/) override {
    const std::lock_guard lock(mutex_);
    if (sync > Duration(0)) ++syncs_;
  }

  /// Gives each progress to the storage's settle() until `enough` says so; false after a failure.
  template <class Enough>
  bool settle_until(Storage& storage, Enough enough) {
    while (!enough(*this)) {
      std::vector<StorageProgress> taken;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return !progress_.empty() || failure_; });
        if (failure_) return false;
        taken.swap(progress_);
      }
      for (StorageProgress& progress : taken) {
        storage.settle(progress);
        if (progress.durable > durable) durable = progress.durable;
        for (Input& input : progress.inputs) inputs.push_back(std::move(input));
      }
    }
    return true;
  }

  [[nodiscard]] std::optional<Error> failure() {
    const std::lock_guard lock(mutex_);
    return failure_;
  }
  [[nodiscard]] std::optional<Error> wait_for_failure() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return failure_.has_value(); });
    return failure_;
  }
  [[nodiscard]] std::uint64_t syncs() {
    const std::lock_guard lock(mutex_);
    return syncs_;
  }

  // Of the test's thread.
  Ticket durable;
  std::vector<Input> inputs;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<StorageProgress> progress_;  // guarded by mutex_
  std::optional<Error> failure_;           // guarded by mutex_
  std::uint64_t syncs_ = 0;                // guarded by mutex_
};

}  // namespace ordeal::host
