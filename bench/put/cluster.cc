#include "bench/put/cluster.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/json.hpp>

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <thread>

namespace ordeal::bench {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace json = boost::json;
using tcp = asio::ip::tcp;

/// Asks until `answer` gives a port or 30 s have passed.
Result<std::uint16_t> wait_for_leader(const std::string& name,
                                      const std::function<std::optional<std::uint16_t>()>& answer) {
  for (int i = 0; i < 300; ++i) {
    if (const auto port = answer()) return *port;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return Error{ErrorCode::kUnavailable, name + " has no leader after 30 s; see its logs"};
}

std::optional<json::value> parsed(const Response& response) {
  boost::system::error_code error;
  json::value value = json::parse(response.body, error);
  if (response.status != 200 || error || !value.is_object()) return std::nullopt;
  return value;
}

std::string text_at(const json::value& value, std::string_view key) {
  const json::value* found = value.as_object().if_contains(key);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

}  // namespace

std::vector<std::uint16_t> free_ports(std::size_t count) {
  asio::io_context io;
  std::vector<tcp::acceptor> held;  // all at once, so that they differ
  std::vector<std::uint16_t> ports;
  for (std::size_t i = 0; i < count; ++i) {
    held.emplace_back(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    ports.push_back(held.back().local_endpoint().port());
  }
  return ports;
}

Response http_request(std::uint16_t port, const std::string& method, const std::string& target,
                      const std::string& body) {
  asio::io_context io;
  beast::tcp_stream stream(io);
  beast::error_code error;
  stream.connect(tcp::endpoint(asio::ip::address_v4::loopback(), port), error);
  if (error) return {};
  http::request<http::string_body> request(http::string_to_verb(method), target, 11);
  request.set(http::field::host, "127.0.0.1");
  request.body() = body;
  request.prepare_payload();
  http::write(stream, request, error);
  beast::flat_buffer buffer;
  http::response<http::string_body> response;
  if (!error) http::read(stream, buffer, response, error);
  if (error) return {};
  return {static_cast<int>(response.result_int()), response.body()};
}

Cluster::~Cluster() {
  for (const pid_t process : processes_) kill(process, SIGTERM);
  for (const pid_t process : processes_) waitpid(process, nullptr, 0);
  if (directory_.empty()) return;
  std::error_code ignored;  // Ignored: a temporary directory that stays behind harms nothing.
  std::filesystem::remove_all(directory_, ignored);
}

Status Cluster::spawn(const std::vector<std::string>& command, const std::string& log) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const pid_t child = fork();
  if (child < 0) return Error{ErrorCode::kResourceExhausted, "fork failed"};
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int file = open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    dup2(file, STDOUT_FILENO);
    dup2(file, STDERR_FILENO);
    execvp(arguments[0], arguments.data());
    _exit(127);
  }
  processes_.push_back(child);
  return {};
}

Result<Cluster> Cluster::start_ordeal(const std::string& directory) {
  Cluster cluster;
  cluster.directory_ = directory;
  std::filesystem::create_directories(directory);
  const std::string program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "ordeal-node";
  const auto ports = free_ports(6);
  std::vector<std::string> peers;
  for (int i = 0; i < 3; ++i) {
    peers.insert(peers.end(),
                 {"--peer", fmt::format("n{0}=127.0.0.1:{1}/127.0.0.1:{2}", i + 1, ports[i + 3], ports[i])});
  }
  for (int i = 0; i < 3; ++i) {
    std::vector<std::string> command = {program,
                                        "--id",
                                        fmt::format("n{}", i + 1),
                                        "--cluster",
                                        "bench",
                                        "--data",
                                        fmt::format("{}/n{}", directory, i + 1),
                                        "--listen",
                                        fmt::format("127.0.0.1:{}", ports[i]),
                                        "--peer-listen",
                                        fmt::format("127.0.0.1:{}", ports[i + 3])};
    command.insert(command.end(), peers.begin(), peers.end());
    if (Status status = cluster.spawn(command, fmt::format("{}/n{}.log", directory, i + 1)); !status.ok())
      return status.error();
  }
  auto port = wait_for_leader("ordeal-node", [&]() -> std::optional<std::uint16_t> {
    for (int i = 0; i < 3; ++i) {
      const auto status = parsed(http_request(ports[i], "GET", "/v1/status", ""));
      if (status && text_at(*status, "role") == "leader") return ports[i];
    }
    return std::nullopt;
  });
  if (!port.ok()) return port.error();
  cluster.leader_port_ = *port;
  return cluster;
}

Result<Cluster> Cluster::start_etcd(const std::string& directory) {
  Cluster cluster;
  cluster.directory_ = directory;
  std::filesystem::create_directories(directory);
  const auto ports = free_ports(6);
  std::string members;
  for (int i = 0; i < 3; ++i)
    members += fmt::format("{}e{}=http://127.0.0.1:{}", i > 0 ? "," : "", i + 1, ports[i + 3]);
  for (int i = 0; i < 3; ++i) {
    const std::string client = fmt::format("http://127.0.0.1:{}", ports[i]);
    const std::string peer = fmt::format("http://127.0.0.1:{}", ports[i + 3]);
    const std::vector<std::string> command = {"etcd",
                                              "--name",
                                              fmt::format("e{}", i + 1),
                                              "--data-dir",
                                              fmt::format("{}/e{}", directory, i + 1),
                                              "--listen-client-urls",
                                              client,
                                              "--advertise-client-urls",
                                              client,
                                              "--listen-peer-urls",
                                              peer,
                                              "--initial-advertise-peer-urls",
                                              peer,
                                              "--initial-cluster",
                                              members,
                                              "--log-level",
                                              "warn"};
    if (Status status = cluster.spawn(command, fmt::format("{}/e{}.log", directory, i + 1)); !status.ok())
      return status.error();
  }
  auto port = wait_for_leader("etcd", [&]() -> std::optional<std::uint16_t> {
    for (int i = 0; i < 3; ++i) {
      const auto status = parsed(http_request(ports[i], "POST", "/v3/maintenance/status", "{}"));
      if (!status) continue;
      const json::value* header = status->as_object().if_contains("header");
      if (header != nullptr && header->is_object() && !text_at(*status, "leader").empty() &&
          text_at(*header, "member_id") == text_at(*status, "leader")) {
        return ports[i];
      }
    }
    return std::nullopt;
  });
  if (!port.ok()) return port.error();
  cluster.leader_port_ = *port;
  return cluster;
}

}  // namespace ordeal::bench
