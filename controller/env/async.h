#pragma once
// Sequences of requests as coroutines in the one thread of the driver: `co_await` a request, several at once,
// or an instant. Nothing here blocks. Destroying a flow drops what it waits for.

#include "common/check.h"
#include "controller/env/transport.h"

#include <coroutine>
#include <exception>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace ordeal::env {

/// A coroutine that runs when it is awaited, and gives a T.
template <class T>
class [[nodiscard]] Async {
 public:
  struct promise_type {
    Async get_return_object() { return Async(Handle::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    struct Final {
      bool await_ready() noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> handle) noexcept {
        const auto next = handle.promise().continuation;
        return next ? next : std::coroutine_handle<>(std::noop_coroutine());
      }
      void await_resume() noexcept {}
    };
    Final final_suspend() noexcept { return {}; }
    void return_value(T result) { value.emplace(std::move(result)); }
    void unhandled_exception() { std::terminate(); }

    std::optional<T> value;
    std::coroutine_handle<> continuation;
  };
  using Handle = std::coroutine_handle<promise_type>;

  explicit Async(Handle handle) : handle_(handle) {}
  Async(Async&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Async& operator=(Async&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Async() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) {
    handle_.promise().continuation = awaiting;
    return handle_;
  }
  T await_resume() { return std::move(*handle_.promise().value); }

  /// For the outermost one, that nobody awaits.
  void resume() { handle_.resume(); }
  [[nodiscard]] bool done() const { return handle_.done(); }

 private:
  Handle handle_;
};

/// What a coroutine without a result gives.
struct Nothing {};

/// Instants that coroutines wait for.
class Alarms {
 public:
  /// `co_await alarms.at(t)`.
  [[nodiscard]] auto at(MonotonicTime time) {
    class Awaiter {
     public:
      Awaiter(Alarms& alarms, MonotonicTime at) : alarms_(alarms), time_(at) {}
      Awaiter(const Awaiter&) = delete;
      Awaiter& operator=(const Awaiter&) = delete;
      ~Awaiter() {
        if (entry_) alarms_.waiting_.erase(*entry_);
      }
      bool await_ready() const { return false; }
      void await_suspend(std::coroutine_handle<> handle) { entry_ = alarms_.waiting_.emplace(time_, handle); }
      void await_resume() {}

     private:
      Alarms& alarms_;
      MonotonicTime time_;
      std::optional<std::multimap<MonotonicTime, std::coroutine_handle<>>::iterator> entry_;
    };
    return Awaiter(*this, time);
  }
  [[nodiscard]] std::optional<MonotonicTime> next() const {
    if (waiting_.empty()) return std::nullopt;
    return waiting_.begin()->first;
  }
  /// Resumes those whose time has come; those that wait anew meanwhile have their turn at the next call.
  void run_due(MonotonicTime now) {
    std::size_t due = 0;
    for (auto it = waiting_.begin(); it != waiting_.end() && it->first <= now; ++it) ++due;
    // The awaiter of the resumed coroutine removes the entry.
    for (; due > 0 && !waiting_.empty() && waiting_.begin()->first <= now; --due)
      waiting_.begin()->second.resume();
  }

 private:
  std::multimap<MonotonicTime, std::coroutine_handle<>> waiting_;
};

/// `co_await fetch(transport, requests)`: all at once, answers in the order of the requests.
class FetchAll {
 public:
  FetchAll(Transport& transport, std::vector<HttpRequest> requests)
      : transport_(transport), requests_(std::move(requests)) {}
  FetchAll(const FetchAll&) = delete;
  FetchAll& operator=(const FetchAll&) = delete;
  ~FetchAll() {
    for (const Transport::Id id : open_) transport_.cancel(id);
  }

  bool await_ready() const { return requests_.empty(); }
  void await_suspend(std::coroutine_handle<> handle) {
    answers_.resize(requests_.size());
    missing_ = requests_.size();
    for (std::size_t i = 0; i < requests_.size(); ++i) {
      open_.push_back(transport_.start(std::move(requests_[i]), [this, i, handle](HttpAnswer answer) {
        answers_[i] = std::move(answer);
        if (--missing_ == 0) handle.resume();
      }));
    }
  }
  std::vector<HttpAnswer> await_resume() { return std::move(answers_); }

 private:
  Transport& transport_;
  std::vector<HttpRequest> requests_;
  std::vector<HttpAnswer> answers_;
  std::vector<Transport::Id> open_;
  std::size_t missing_ = 0;
};

[[nodiscard]] inline FetchAll fetch(Transport& transport, std::vector<HttpRequest> requests) {
  return FetchAll(transport, std::move(requests));
}

/// The outermost coroutines: started, kept until they are done, dropped with this object.
class Flows {
 public:
  void start(Async<Nothing> flow) {
    std::erase_if(flows_, [](const Async<Nothing>& other) { return other.done(); });
    flow.resume();
    if (!flow.done()) flows_.push_back(std::move(flow));
  }

 private:
  std::vector<Async<Nothing>> flows_;
};

}  // namespace ordeal::env
