#include "tests/integration/hostile_ground.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

namespace ordeal::test {
namespace {

sockaddr_in address_of(const char* host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  inet_pton(AF_INET, host, &address.sin_addr);
  return address;
}

bool raise_loopback() {
  const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  bool good = ioctl(socket, SIOCSIFFLAGS, &request) == 0;
  std::strcpy(request.ifr_name, "lo:1");
  const sockaddr_in address = address_of("10.77.0.1", 0);
  std::memcpy(&request.ifr_addr, &address, sizeof address);
  good = good && ioctl(socket, SIOCSIFADDR, &request) == 0;
  close(socket);
  return good;
}

std::string enter() {
  const auto failed = [](const char* what) { return std::string(what) + ": " + std::strerror(errno); };
  if (unshare(CLONE_NEWNET | CLONE_NEWNS) != 0) return failed("unshare (run this test as root)");
  if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return failed("private mounts");
  return raise_loopback() ? "" : failed("loopback");
}

}  // namespace

const std::string& enter_private_ground() {
  static const std::string refusal = enter();
  return refusal;
}

std::string http(const std::string& method, const std::string& target, const std::string& body,
                 const std::string& headers) {
  std::string text = method + ' ' + target + " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n" + headers;
  if (headers.find("Content-Length") == std::string::npos)
    text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return text + "\r\n" + body;
}

std::string exchange(std::uint16_t port, const std::string& bytes, bool hang_up) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval limit{10, 0};
  setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  const sockaddr_in address = address_of("127.0.0.1", port);
  std::string answer;
  if (connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    for (std::size_t sent = 0; sent < bytes.size();) {
      const ssize_t size = send(socket, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (size <= 0) break;  // It refused before it had read all; its answer says why.
      sent += static_cast<std::size_t>(size);
    }
    if (hang_up) shutdown(socket, SHUT_WR);
    std::array<char, 16384> buffer{};
    for (ssize_t size = 0; (size = recv(socket, buffer.data(), buffer.size(), 0)) > 0;)
      answer.append(buffer.data(), static_cast<std::size_t>(size));
  }
  close(socket);
  return answer;
}

int status_of(const std::string& answer) {
  return answer.rfind("HTTP/1.1 ", 0) == 0 ? std::atoi(answer.c_str() + 9) : 0;
}

BusyPort::BusyPort() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address = address_of("127.0.0.1", 0);
  socklen_t size = sizeof address;
  if (bind(socket_, reinterpret_cast<const sockaddr*>(&address), size) != 0 || listen(socket_, 1) != 0 ||
      getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("no loopback port");
  port_ = ntohs(address.sin_port);
}

BusyPort::~BusyPort() {
  close(socket_);
}

}  // namespace ordeal::test
