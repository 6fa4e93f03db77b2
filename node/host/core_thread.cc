#include "node/host/core_thread.h"

#include "node/host/clock.h"

#include <chrono>
#include <iterator>

namespace ordeal::host {
namespace {

template <class T>
void move_all(std::vector<T>& from, std::vector<T>& to) {
  if (to.empty()) {
    to.swap(from);
  } else {
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
  }
  from.clear();
}

}  // namespace

void CoreThread::start(Core& core) {
  thread_ = std::thread([this, &core] { run(core); });
}

void CoreThread::stop() {
  std::unique_lock lock(mutex_);
  stopping_ = true;
  wake_up(std::move(lock));
  if (thread_.joinable()) thread_.join();
}

void CoreThread::submit(std::vector<Submission>& submissions, std::vector<PeerMessage>& messages) {
  std::unique_lock lock(mutex_);
  move_all(submissions, inbox_.submissions);
  move_all(messages, inbox_.messages);
  wake_up(std::move(lock));
}

void CoreThread::control(Control control) {
  std::unique_lock lock(mutex_);
  inbox_.controls.push_back(std::move(control));
  wake_up(std::move(lock));
}

void CoreThread::advanced(StorageProgress progress) {
  std::unique_lock lock(mutex_);
  inbox_.storage.push_back(std::move(progress));
  wake_up(std::move(lock));
}

void CoreThread::failed(Error error) {
  {
    const std::lock_guard lock(mutex_);
    if (failed_) return;
    failed_ = true;
  }
  callbacks_.on_failure(error);
}

void CoreThread::wake_up(std::unique_lock<std::mutex> lock) {
  const bool asleep = sleeping_;
  sleeping_ = false;
  lock.unlock();
  if (asleep) wake_.notify_one();
}

bool CoreThread::collect(Inbox& inbox, bool sleep, MonotonicTime wake) {
  std::unique_lock lock(mutex_);
  if (sleep && inbox_.empty() && !stopping_) {
    const std::chrono::steady_clock::time_point until{std::chrono::nanoseconds(wake.ns())};
    sleeping_ = true;
    wake_.wait_until(lock, until, [this] { return !inbox_.empty() || stopping_; });
    sleeping_ = false;
  }
  std::swap(inbox, inbox_);
  return !stopping_ && !failed_;
}

void CoreThread::run(Core& core) {
  Inbox inbox;
  while (collect(inbox, !core.owes_turn(), core.next_wake())) {
    if (const Status status = core.turn(read_clocks(), inbox); !status.ok()) {
      failed(status.error());
      return;
    }
  }
}

}  // namespace ordeal::host
