#include "tests/integration/hostile_ground.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <stdexcept>

namespace ordeal::test {
namespace {

using ::testing::HasSubstr;

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
  // EINVAL: a chroot, whose root need not be a mount.
  if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 && errno != EINVAL)
    return failed("private mounts");
  return raise_loopback() ? "" : failed("loopback");
}

}  // namespace

const std::string& enter_private_ground() {
  static const std::string refusal = enter();
  return refusal;
}

Mounted::Mounted(std::string directory, std::size_t size_mib) : directory_(std::move(directory)) {
  std::filesystem::create_directories(directory_);
  const std::string options = "size=" + std::to_string(size_mib) + "m";
  EXPECT_EQ(mount("tmpfs", directory_.c_str(), "tmpfs", 0, options.c_str()), 0) << std::strerror(errno);
}

std::unique_ptr<Mounted> Mounted::read_only(const std::string& directory) {
  std::unique_ptr<Mounted> mounted(new Mounted(directory));
  const char* path = directory.c_str();
  EXPECT_EQ(mount(path, path, nullptr, MS_BIND, nullptr), 0) << std::strerror(errno);
  EXPECT_EQ(mount(nullptr, path, nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr), 0)
      << std::strerror(errno);
  return mounted;
}

Mounted::~Mounted() {
  umount2(directory_.c_str(), MNT_DETACH);
}

void Mounted::fill(std::uint64_t bytes_left) const {
  const std::uint64_t free = std::filesystem::space(directory_).available;
  const int file = open(filler().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  EXPECT_EQ(posix_fallocate(file, 0, static_cast<off_t>(free - bytes_left)), 0);
  close(file);
}

void Mounted::make_room() const {
  std::filesystem::remove(filler());
}

std::vector<std::uint16_t> free_ports(std::size_t count) {
  std::vector<std::unique_ptr<BusyPort>> held;
  std::vector<std::uint16_t> ports;
  for (std::size_t i = 0; i < count; ++i) {
    held.push_back(std::make_unique<BusyPort>());
    ports.push_back(held.back()->port());
  }
  return ports;
}

std::string http(const std::string& method, const std::string& target, const std::string& body,
                 const std::string& headers) {
  std::string text = method + ' ' + target + " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n" + headers;
  if (headers.find("Content-Length") == std::string::npos &&
      headers.find("Transfer-Encoding") == std::string::npos)
    text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return text + "\r\n" + body;
}

Connection::Connection(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const timeval limit{30, 0};
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  const sockaddr_in address = address_of("127.0.0.1", port);
  // A refusal shows in what follows: nothing is sent, and nothing comes.
  static_cast<void>(connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
}

Connection::~Connection() {
  close(socket_);
}

void Connection::send(const std::string& bytes) const {
  for (std::size_t sent = 0; sent < bytes.size();) {
    const ssize_t size = ::send(socket_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (size <= 0) return;  // It refused before it had read all; its answer says why.
    sent += static_cast<std::size_t>(size);
  }
}

void Connection::hang_up() const {
  shutdown(socket_, SHUT_WR);
}

Connection::Received Connection::receive() const {
  Received received;
  std::array<char, 16384> buffer{};
  ssize_t size = 0;
  while ((size = recv(socket_, buffer.data(), buffer.size(), 0)) > 0)
    received.bytes.append(buffer.data(), static_cast<std::size_t>(size));
  received.closed = size == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
  return received;
}

Connection::Received talk(std::uint16_t port, const std::string& bytes, bool hang_up) {
  const Connection connection(port);
  connection.send(bytes);
  if (hang_up) connection.hang_up();
  return connection.receive();
}

int status_of(const std::string& answer) {
  return answer.rfind("HTTP/1.1 ", 0) == 0 ? std::atoi(answer.c_str() + 9) : 0;
}

void expect_refused(std::uint16_t port, Program& program, const std::vector<HostileRow>& rows,
                    const std::function<bool()>& is_well) {
  for (const HostileRow& row : rows) {
    SCOPED_TRACE(row.name);
    const Connection::Received received = talk(port, row.sent, row.hang_up);
    EXPECT_TRUE(received.closed) << "the connection was left open";
    EXPECT_EQ(status_of(received.bytes), row.status) << received.bytes.substr(0, 500);
    EXPECT_THAT(received.bytes, HasSubstr(row.answer));
    EXPECT_TRUE(program.wait_for_text(row.log, std::chrono::seconds(30))) << "not in the log: " << row.log;
    ASSERT_TRUE(is_well()) << "the program does not answer a good request any more";
  }
}

void expect_clean_end(Program& program) {
  program.send(SIGTERM);
  const Finished finished = program.wait(std::chrono::seconds(60));
  EXPECT_EQ(finished.exit_code, 0) << "signal " << finished.signal << '\n' << finished.err;
}

std::vector<std::string> node_command(std::size_t number, const std::string& directory,
                                      const std::vector<std::uint16_t>& ports,
                                      const std::vector<std::string>& more) {
  const auto address = [&](std::size_t i) { return "127.0.0.1:" + std::to_string(ports[i]); };
  const std::string name = "n" + std::to_string(number);
  std::vector<std::string> command = {"ordeal-node",
                                      "--id",
                                      name,
                                      "--cluster",
                                      "hostile",
                                      "--data",
                                      directory + '/' + name,
                                      "--listen",
                                      address(2 * number - 2),
                                      "--peer-listen",
                                      address(2 * number - 1)};
  for (std::size_t i = 0; 2 * i < ports.size(); ++i) {
    command.emplace_back("--peer");
    command.push_back("n" + std::to_string(i + 1) + '=' + address(2 * i + 1) + '/' + address(2 * i));
  }
  command.insert(command.end(), more.begin(), more.end());
  return command;
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
