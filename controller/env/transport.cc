#include "controller/env/transport.h"

#include "common/check.h"
#include "controller/env/clocks.h"
#include "controller/env/fd.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace ordeal::env {
namespace {

constexpr long kConnectTimeoutMs = 2'000;
/// Idle connections older than this are not used again: shorter than any server here keeps them.
constexpr long kIdleSecondsMax = 20;
constexpr long kConnectionsMax = 1'024;

struct Transfer {
  Transport::Id id = 0;
  CURL* easy = nullptr;  ///< null when done
  HttpRequest request;
  Transport::Callback callback;
  /// libcurl said that the connection stands and the request is sent next. Until then not one byte has left;
  /// from then on nobody knows.
  bool send_began = false;
  std::array<char, CURL_ERROR_SIZE> error{};
  HttpAnswer answer;
};

// --- libcurl's callbacks ---------------------------------------------------------------------------------

/// Called each time before a request is sent: the second time is libcurl's own repetition, which is refused.
int before_send(void* data, char*, char*, int, int) {
  auto* transfer = static_cast<Transfer*>(data);
  return std::exchange(transfer->send_began, true) ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

/// A new connection after the request was sent would be for a repetition as well.
curl_socket_t open_socket(void* data, curlsocktype, curl_sockaddr* address) {
  if (static_cast<Transfer*>(data)->send_began) return CURL_SOCKET_BAD;
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

std::size_t receive(char* bytes, std::size_t, std::size_t size, void* data) {
  static_cast<Transfer*>(data)->answer.body.append(bytes, size);
  return size;
}

template <class Value>
void set(CURL* easy, CURLoption option, Value value) {
  ORDEAL_CHECK(curl_easy_setopt(easy, option, value) == CURLE_OK);
}

void set_method(CURL* easy, const HttpRequest& request) {
  if (request.method == "GET" && request.body.empty()) {
    set(easy, CURLOPT_HTTPGET, 1L);
    return;
  }
  set(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  if (request.body.empty() && request.method != "POST" && request.method != "PUT") return;
  set(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  set(easy, CURLOPT_POSTFIELDS, request.body.c_str());
}

void configure(Transfer& transfer, curl_slist* headers) {
  CURL* easy = transfer.easy;
  set(easy, CURLOPT_URL, transfer.request.url.c_str());
  set_method(easy, transfer.request);
  set(easy, CURLOPT_HTTPHEADER, headers);
  set(easy, CURLOPT_PRIVATE, &transfer);
  set(easy, CURLOPT_ERRORBUFFER, transfer.error.data());
  set(easy, CURLOPT_WRITEFUNCTION, &receive);
  set(easy, CURLOPT_WRITEDATA, &transfer);
  set(easy, CURLOPT_PREREQFUNCTION, &before_send);
  set(easy, CURLOPT_PREREQDATA, &transfer);
  set(easy, CURLOPT_OPENSOCKETFUNCTION, &open_socket);
  set(easy, CURLOPT_OPENSOCKETDATA, &transfer);
  set(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(transfer.request.timeout.ms()));
  set(easy, CURLOPT_CONNECTTIMEOUT_MS, kConnectTimeoutMs);
  set(easy, CURLOPT_MAXAGE_CONN, kIdleSecondsMax);
  set(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(easy, CURLOPT_PROTOCOLS_STR, "http");
  set(easy, CURLOPT_NOSIGNAL, 1L);
  set(easy, CURLOPT_NOPROXY, "*");  // never what http_proxy names
  set(easy, CURLOPT_PATH_AS_IS, 1L);
}

std::uint32_t epoll_events(int what) {
  std::uint32_t events = 0;
  if (what == CURL_POLL_IN || what == CURL_POLL_INOUT) events |= EPOLLIN;
  if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT) events |= EPOLLOUT;
  return events;
}

int curl_events(std::uint32_t events) {
  int flags = 0;
  if ((events & EPOLLIN) != 0) flags |= CURL_CSELECT_IN;
  if ((events & EPOLLOUT) != 0) flags |= CURL_CSELECT_OUT;
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) flags |= CURL_CSELECT_ERR;
  return flags;
}

}  // namespace

struct Transport::State {
  State();
  ~State();

  static int watch_socket(CURL*, curl_socket_t socket, int what, void* data, void* known);
  static int set_timer(CURLM*, long timeout_ms, void* data);

  CURL* take_easy();
  curl_slist* headers_for(const std::string& token);
  void release(Transfer& transfer);
  void act(curl_socket_t socket, int flags);
  void collect_done();
  void call_back();

  CURLM* multi = nullptr;
  Fd epoll;
  Fd timer;
  std::optional<MonotonicTime> curl_deadline;  ///< when libcurl wants to be called at the latest
  Id last_id = 0;
  std::unordered_map<Id, std::unique_ptr<Transfer>> transfers;
  std::vector<Id> done;  ///< ended, callback not called yet; some may have been cancelled since
  std::vector<CURL*> idle;
  std::map<std::string, curl_slist*> headers;  ///< by bearer token
};

Transport::State::State() {
  static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  ORDEAL_CHECK(initialised == CURLE_OK);
  multi = curl_multi_init();
  ORDEAL_CHECK(multi != nullptr);
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, &State::watch_socket);
  curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, &State::set_timer);
  curl_multi_setopt(multi, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, kConnectionsMax);
  epoll = Fd(::epoll_create1(EPOLL_CLOEXEC));
  timer = Fd(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  ORDEAL_CHECK(epoll.open());
  ORDEAL_CHECK(timer.open());
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = timer.get();
  ORDEAL_CHECK(::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, timer.get(), &event) == 0);
}

Transport::State::~State() {
  for (auto& [id, transfer] : transfers) release(*transfer);
  for (CURL* easy : idle) curl_easy_cleanup(easy);
  curl_multi_cleanup(multi);
  for (auto& [token, list] : headers) curl_slist_free_all(list);
}

int Transport::State::watch_socket(CURL*, curl_socket_t socket, int what, void* data, void* known) {
  auto* state = static_cast<State*>(data);
  if (what == CURL_POLL_REMOVE) {
    // Ignored: a socket that is closed already has left the set by itself.
    ::epoll_ctl(state->epoll.get(), EPOLL_CTL_DEL, socket, nullptr);
    return 0;
  }
  epoll_event event{};
  event.events = epoll_events(what);
  event.data.fd = socket;
  const int operation = known == nullptr ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  if (::epoll_ctl(state->epoll.get(), operation, socket, &event) != 0 && errno == EEXIST)
    ::epoll_ctl(state->epoll.get(), EPOLL_CTL_MOD, socket, &event);
  curl_multi_assign(state->multi, socket, state);  // any non-null mark: known from now on
  return 0;
}

int Transport::State::set_timer(CURLM*, long timeout_ms, void* data) {
  auto* state = static_cast<State*>(data);
  if (timeout_ms < 0) {
    state->curl_deadline.reset();
  } else {
    state->curl_deadline = monotonic_now() + milliseconds(timeout_ms);
  }
  return 0;
}

CURL* Transport::State::take_easy() {
  if (idle.empty()) {
    CURL* easy = curl_easy_init();
    ORDEAL_CHECK(easy != nullptr);
    return easy;
  }
  CURL* easy = idle.back();
  idle.pop_back();
  return easy;
}

curl_slist* Transport::State::headers_for(const std::string& token) {
  curl_slist*& list = headers[token];
  if (list == nullptr) {
    list = curl_slist_append(list, "Content-Type: application/json");
    list = curl_slist_append(list, "Expect:");  // no round trip before a large body
    if (!token.empty()) list = curl_slist_append(list, ("Authorization: Bearer " + token).c_str());
    ORDEAL_CHECK(list != nullptr);
  }
  return list;
}

/// Takes the transfer from libcurl; a connection on which it is under way is closed.
void Transport::State::release(Transfer& transfer) {
  if (transfer.easy == nullptr) return;
  curl_multi_remove_handle(multi, transfer.easy);
  curl_easy_reset(transfer.easy);
  idle.push_back(std::exchange(transfer.easy, nullptr));
}

void Transport::State::act(curl_socket_t socket, int flags) {
  int running = 0;
  ORDEAL_CHECK(curl_multi_socket_action(multi, socket, flags, &running) == CURLM_OK);
}

void Transport::State::collect_done() {
  int left = 0;
  while (CURLMsg* message = curl_multi_info_read(multi, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode result = message->data.result;
    char* data = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &data);
    auto* transfer = reinterpret_cast<Transfer*>(data);
    HttpAnswer& answer = transfer->answer;
    answer.sent = transfer->send_began;
    answer.answered = result == CURLE_OK;
    if (answer.answered) {
      long status = 0;
      curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
      answer.status = static_cast<int>(status);
    } else {
      answer.body.clear();
      answer.reason = transfer->error[0] != '\0' ? transfer->error.data() : curl_easy_strerror(result);
    }
    release(*transfer);
    done.push_back(transfer->id);
  }
}

void Transport::State::call_back() {
  for (const Id id : std::exchange(done, {})) {
    const auto it = transfers.find(id);
    if (it == transfers.end()) continue;  // cancelled by a callback before
    const std::unique_ptr<Transfer> transfer = std::move(it->second);
    transfers.erase(it);
    transfer->callback(std::move(transfer->answer));
  }
}

Transport::Transport() : state_(std::make_unique<State>()) {}
Transport::~Transport() = default;

Transport::Id Transport::start(HttpRequest request, Callback callback) {
  auto transfer = std::make_unique<Transfer>();
  transfer->id = ++state_->last_id;
  transfer->request = std::move(request);
  transfer->callback = std::move(callback);
  transfer->easy = state_->take_easy();
  configure(*transfer, state_->headers_for(transfer->request.bearer_token));
  const Id id = transfer->id;
  ORDEAL_CHECK(curl_multi_add_handle(state_->multi, transfer->easy) == CURLM_OK);
  state_->transfers.emplace(id, std::move(transfer));
  state_->act(CURL_SOCKET_TIMEOUT, 0);  // send now, not at the next wait
  return id;
}

void Transport::cancel(Id id) {
  const auto it = state_->transfers.find(id);
  if (it == state_->transfers.end()) return;
  state_->release(*it->second);
  state_->transfers.erase(it);
}

void Transport::wait(MonotonicTime until) {
  State& state = *state_;
  state.collect_done();  // what ended while a request was started
  MonotonicTime deadline = state.done.empty() ? until : MonotonicTime(1);
  if (state.curl_deadline) deadline = std::min(deadline, *state.curl_deadline);
  itimerspec timer{};
  const std::int64_t ns = std::max<std::int64_t>(deadline.ns(), 1);  // 0 would disarm it
  timer.it_value.tv_sec = ns / 1'000'000'000;
  timer.it_value.tv_nsec = ns % 1'000'000'000;
  ORDEAL_CHECK(::timerfd_settime(state.timer.get(), TFD_TIMER_ABSTIME, &timer, nullptr) == 0);
  std::array<epoll_event, 64> events{};
  // A negative count is EINTR: the caller looks at what the signal meant.
  const int count = ::epoll_wait(state.epoll.get(), events.data(), static_cast<int>(events.size()), -1);
  for (int i = 0; i < count; ++i) {
    const int fd = events[static_cast<std::size_t>(i)].data.fd;
    if (fd != state.timer.get()) state.act(fd, curl_events(events[static_cast<std::size_t>(i)].events));
  }
  if (state.curl_deadline && *state.curl_deadline <= monotonic_now()) {
    state.curl_deadline.reset();  // it fires once: libcurl says nothing more when no timer is left
    state.act(CURL_SOCKET_TIMEOUT, 0);
  }
  state.collect_done();
  state.call_back();
}

std::size_t Transport::open() const {
  return state_->transfers.size();
}

}  // namespace ordeal::env
