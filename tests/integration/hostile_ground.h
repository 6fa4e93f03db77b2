#pragma once
// Where the tests with hostile inputs stand: a network and mounts of this test process alone, a client that
// sends whatever it is told, HTTP or not, and the programs it is sent to.

#include "tests/support/program.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ordeal::test {

/// Moves this process into a network namespace with a loopback and 10.77.0.1 on it, and a mount namespace,
/// both gone with the process. Empty, or why that cannot be had. Needs root. Further calls change nothing.
[[nodiscard]] const std::string& enter_private_ground();

/// A file system over a directory of this process's mounts; away with the object.
class Mounted {
 public:
  /// An empty tmpfs of so many MiB.
  Mounted(std::string directory, std::size_t size_mib);
  /// What the directory holds, but nothing can be written.
  static std::unique_ptr<Mounted> read_only(const std::string& directory);
  Mounted(const Mounted&) = delete;
  Mounted& operator=(const Mounted&) = delete;
  ~Mounted();

  /// Takes all its room but so much, with a file.
  void fill(std::uint64_t bytes_left) const;
  void make_room() const;

 private:
  explicit Mounted(std::string directory) : directory_(std::move(directory)) {}
  [[nodiscard]] std::string filler() const { return directory_ + "/filler"; }

  std::string directory_;
};

/// Loopback ports that were free a moment ago, all different.
[[nodiscard]] std::vector<std::uint16_t> free_ports(std::size_t count);

/// An HTTP/1.1 request that asks the server to close afterwards. `headers`: whole lines with their CRLF. With
/// a Transfer-Encoding or Content-Length among them nothing is added.
[[nodiscard]] std::string http(const std::string& method, const std::string& target,
                               const std::string& body = "", const std::string& headers = "");

/// A client's end of a connection on loopback.
class Connection {
 public:
  explicit Connection(std::uint16_t port);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  /// As much as the other side takes.
  void send(const std::string& bytes) const;
  /// Nothing more will be sent.
  void hang_up() const;

  struct Received {
    std::string bytes;
    bool closed = false;  ///< false: the other side was silent for thirty seconds and left it open
  };
  /// All that comes until the other side closes.
  [[nodiscard]] Received receive() const;

 private:
  int socket_ = -1;
};

/// Sends the bytes and gives what came back. With `hang_up` it says first that nothing more will be sent.
[[nodiscard]] Connection::Received talk(std::uint16_t port, const std::string& bytes, bool hang_up = false);

/// Of an answer; 0 when it is none.
[[nodiscard]] int status_of(const std::string& answer);

/// One way to be hostile to a port.
struct HostileRow {
  const char* name;
  std::string sent;
  int status = 0;        ///< 0: closed without an HTTP answer
  std::string answer{};  ///< the answer must hold it
  std::string log{};     ///< so must the program's log
  bool hang_up = false;
};
/// Sends each row; after each, `is_well` must hold of the program that was meant.
void expect_refused(std::uint16_t port, Program& program, const std::vector<HostileRow>& rows,
                    const std::function<bool()>& is_well);

/// Asks it to end by SIGTERM and expects exit code 0.
void expect_clean_end(Program& program);

/// Command of node n`number` of cluster `hostile`, whose members listen on ports[2 * i] (clients) and
/// ports[2 * i + 1] (peers). The data is in `directory`/n`number`.
[[nodiscard]] std::vector<std::string> node_command(std::size_t number, const std::string& directory,
                                                    const std::vector<std::uint16_t>& ports,
                                                    const std::vector<std::string>& more = {});

/// A loopback port that is taken as long as the object lives.
class BusyPort {
 public:
  BusyPort();
  BusyPort(const BusyPort&) = delete;
  BusyPort& operator=(const BusyPort&) = delete;
  ~BusyPort();

  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  int socket_ = -1;
  std::uint16_t port_ = 0;
};

}  // namespace ordeal::test
