#include "tests/nemesis/agent/sandbox.h"

#include "nemesis/agent/command.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <thread>

namespace ordeal::agent::test {
namespace {

std::optional<std::string> missing = "run_in_sandbox was not called";

std::optional<std::string> failed(const std::string& what) {
  return fmt::format("{}: {}; as an ordinary user this needs user namespaces", what, std::strerror(errno));
}

void become_user() {
  const char* user = std::getenv("ORDEAL_SANDBOX_USER");
  if (user == nullptr || geteuid() != 0) return;
  const auto id = static_cast<uid_t>(std::stoul(user));
  if (setresgid(id, id, id) != 0 || setresuid(id, id, id) != 0) std::abort();
  prctl(PR_SET_DUMPABLE, 1);  // else /proc/self stays root's
}

std::optional<std::string> enter_namespaces() {
  const uid_t user = geteuid();
  const gid_t group = getegid();
  const int user_namespace = user == 0 ? 0 : CLONE_NEWUSER;
  if (unshare(user_namespace | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWNS) != 0) return failed("unshare");
  if (user_namespace == 0) return std::nullopt;
  std::ofstream("/proc/self/setgroups") << "deny";
  std::ofstream("/proc/self/uid_map") << fmt::format("0 {} 1", user);
  std::ofstream("/proc/self/gid_map") << fmt::format("0 {} 1", group);
  return std::nullopt;
}

std::optional<std::string> prepare_mounts() {
  // EINVAL: a chroot, whose root need not be a mount.
  if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 && errno != EINVAL)
    return failed("mount / private");
  if (mount("proc", "/proc", "proc", 0, nullptr) != 0) return failed("mount /proc");
  if (mount("tmpfs", "/run", "tmpfs", 0, nullptr) != 0) return failed("mount /run");
  return std::nullopt;
}

/// The first process of the PID namespace: when it ends, the kernel ends all the others.
[[noreturn]] void run_first(int parent_alive, const std::function<int()>& body) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  pollfd polled{parent_alive, 0, 0};
  if (poll(&polled, 1, 0) > 0) std::_Exit(255);  // the parent died before the line above
  missing = prepare_mounts();
  const int code = body();
  std::fflush(nullptr);
  std::_Exit(code);
}

/// Runs in a network namespace, on a thread of its own.
void in_namespace(const std::string& name, const std::function<void()>& work) {
  std::thread([&] {
    const int space = open(("/run/netns/" + name).c_str(), O_RDONLY | O_CLOEXEC);
    EXPECT_EQ(setns(space, CLONE_NEWNET), 0) << std::strerror(errno);
    close(space);
    work();
  }).join();
}

socklen_t fill_address(sockaddr_storage& storage, const std::string& address, int port) {
  auto* ipv4 = reinterpret_cast<sockaddr_in*>(&storage);
  auto* ipv6 = reinterpret_cast<sockaddr_in6*>(&storage);
  if (inet_pton(AF_INET, address.c_str(), &ipv4->sin_addr) == 1) {
    ipv4->sin_family = AF_INET;
    ipv4->sin_port = htons(static_cast<std::uint16_t>(port));
    return sizeof *ipv4;
  }
  EXPECT_EQ(inet_pton(AF_INET6, address.c_str(), &ipv6->sin6_addr), 1) << address;
  ipv6->sin6_family = AF_INET6;
  ipv6->sin6_port = htons(static_cast<std::uint16_t>(port));
  return sizeof *ipv6;
}

}  // namespace

int run_in_sandbox(const std::function<int()>& body) {
  become_user();
  missing = enter_namespaces();
  if (missing) return body();
  std::array<int, 2> alive{};
  if (pipe2(alive.data(), O_CLOEXEC) != 0) std::abort();
  const pid_t first = fork();
  if (first == 0) {
    close(alive[1]);
    run_first(alive[0], body);
  }
  int status = 0;
  while (waitpid(first, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

const std::optional<std::string>& missing_sandbox() {
  return missing;
}

std::string must_run(const std::vector<std::string>& command) {
  const auto output = run_command(command);
  EXPECT_TRUE(output.ok()) << fmt::format("{}: {}", fmt::join(command, " "),
                                          output.ok() ? "" : output.error().message);
  return output ? output->out : "";
}

UdpLink::UdpLink(const std::string& from_namespace, const std::string& to_namespace,
                 const std::string& to_address) {
  constexpr int kPort = 9999;
  sockaddr_storage address{};
  const socklen_t size = fill_address(address, to_address, kPort);
  const auto* target = reinterpret_cast<const sockaddr*>(&address);
  in_namespace(to_namespace, [&] {
    to_ = socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(bind(to_, target, size), 0) << std::strerror(errno);
  });
  in_namespace(from_namespace, [&] {
    from_ = socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(connect(from_, target, size), 0) << std::strerror(errno);
  });
}

UdpLink::~UdpLink() {
  close(from_);
  close(to_);
}

bool UdpLink::passes() const {
  char byte = 'x';
  while (recv(to_, &byte, 1, MSG_DONTWAIT) > 0) {
  }
  if (send(from_, &byte, 1, 0) != 1) return false;
  pollfd polled{to_, POLLIN, 0};
  return poll(&polled, 1, 100) == 1;
}

HttpAnswer raw_http(const std::string& address, int port, const std::string& bytes) {
  sockaddr_storage target{};
  const socklen_t size = fill_address(target, address, port);
  const int connection = socket(target.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval limit{30, 0};
  setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  std::string text;
  if (connect(connection, reinterpret_cast<const sockaddr*>(&target), size) == 0) {
    // The server may refuse before it has read all: what it answered still counts.
    static_cast<void>(send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0);
    std::array<char, 4096> buffer{};
    ssize_t got = 0;
    while ((got = recv(connection, buffer.data(), buffer.size(), 0)) > 0)
      text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  close(connection);
  HttpAnswer answer;
  if (text.starts_with("HTTP/1.1 ") && text.size() > 12) answer.status = std::atoi(text.c_str() + 9);
  const std::size_t blank = text.find("\r\n\r\n");
  if (blank != std::string::npos) answer.body = text.substr(blank + 4);
  return answer;
}

HttpAnswer http(const std::string& address, int port, const std::string& method, const std::string& target,
                const std::string& body, const std::string& token) {
  return raw_http(
      address, port,
      fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nConnection: close\r\n"
                  "Content-Length: {}\r\n\r\n{}",
                  method, target, address, token, body.size(), body));
}

}  // namespace ordeal::agent::test
