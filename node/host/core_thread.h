#pragma once
// The one thread that steps the protocol. Others put work into its inbox; it sleeps only when there is none
// and the protocol's next wake lies ahead. A wake-up is paid once per batch, not per item.

#include "node/host/duties/core.h"

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace ordeal::host {

class CoreThread : public StorageSink {
 public:
  /// `on_failure` is called once, on whatever thread saw the failure; `on_wrote` on the storage's thread.
  struct Callbacks {
    std::function<void(const Error&)> on_failure;
    std::function<void(Duration sync, std::uint64_t bytes)> on_wrote;
  };

  explicit CoreThread(Callbacks callbacks) : callbacks_(std::move(callbacks)) {}
  ~CoreThread() override { stop(); }

  /// Requires: not started before. `core` outlives stop().
  void start(Core& core);
  void stop();

  /// Take what is in the vectors and leave them empty. From any thread.
  void submit(std::vector<Submission>& submissions, std::vector<PeerMessage>& messages);
  void control(Control control);

  void advanced(StorageProgress progress) override;
  void failed(Error error) override;
  void wrote(Duration sync, std::uint64_t bytes) override { callbacks_.on_wrote(sync, bytes); }

 private:
  void run(Core& core);
  /// False when it is time to stop. `sleep`: wait until there is work or `wake` has come.
  bool collect(Inbox& inbox, bool sleep, MonotonicTime wake);
  /// Requires: `lock` holds mutex_. Unlocks it.
  void wake_up(std::unique_lock<std::mutex> lock);

  Callbacks callbacks_;
  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable wake_;
  Inbox inbox_;            // guarded by mutex_
  bool sleeping_ = false;  // guarded by mutex_
  bool stopping_ = false;  // guarded by mutex_; only becomes true
  bool failed_ = false;    // guarded by mutex_; only becomes true
};

}  // namespace ordeal::host
