#pragma once
// Private namespaces for tests that change packet filters: what they build and start is gone when the test
// process is gone, however it ends. As an ordinary user they are made inside a user namespace.

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace ordeal::agent::test {

/// Runs `body` as the first process of new PID, network and mount namespaces, with its own /proc and an empty
/// /run, and gives its exit code. ORDEAL_SANDBOX_USER=UID makes it become that user first. When it cannot be
/// done `body` runs all the same, and missing_sandbox() says why.
int run_in_sandbox(const std::function<int()>& body);

/// Why there is no sandbox; none: there is one.
[[nodiscard]] const std::optional<std::string>& missing_sandbox();

/// Runs a command to its end and gives its standard output. A failure is a test failure that shows the error.
std::string must_run(const std::vector<std::string>& command);

/// A datagram at a time from one network namespace to another, without any agent's help.
class UdpLink {
 public:
  /// Namespaces as `ip netns` names them; addresses of the same family.
  UdpLink(const std::string& from_namespace, const std::string& to_namespace, const std::string& to_address);
  UdpLink(const UdpLink&) = delete;
  UdpLink& operator=(const UdpLink&) = delete;
  ~UdpLink();

  [[nodiscard]] bool passes() const;

 private:
  int from_ = -1;
  int to_ = -1;
};

struct HttpAnswer {
  int status = 0;  ///< 0: no answer
  std::string body;
};

/// Sends exactly these bytes and reads until the server closes.
[[nodiscard]] HttpAnswer raw_http(const std::string& address, int port, const std::string& bytes);
/// One request on a connection of its own.
[[nodiscard]] HttpAnswer http(const std::string& address, int port, const std::string& method,
                              const std::string& target, const std::string& body, const std::string& token);

}  // namespace ordeal::agent::test
