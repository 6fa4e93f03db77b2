#pragma once
// Where the tests with hostile inputs stand: a network and mounts of this test process alone, and a client
// that sends whatever it is told, HTTP or not.

#include <cstdint>
#include <string>

namespace ordeal::test {

/// Moves this process into a network namespace with a loopback and 10.77.0.1 on it, and a mount namespace,
/// both gone with the process. Empty, or why that cannot be had. Needs root. Further calls change nothing.
[[nodiscard]] const std::string& enter_private_ground();

/// An HTTP/1.1 request that asks the server to close afterwards. `headers`: whole lines with their CRLF.
[[nodiscard]] std::string http(const std::string& method, const std::string& target,
                               const std::string& body = "", const std::string& headers = "");

/// Sends the bytes and gives all that comes back until the other side closes, or says nothing for ten
/// seconds. With `hang_up` it says first that nothing more will be sent. "" when nobody listens.
[[nodiscard]] std::string exchange(std::uint16_t port, const std::string& bytes, bool hang_up = false);

/// Of an answer; 0 when it is none.
[[nodiscard]] int status_of(const std::string& answer);

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
