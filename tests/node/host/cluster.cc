#include "tests/node/host/cluster.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/json.hpp>

#include <csignal>
#include <thread>

namespace ordeal::host {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
namespace json = boost::json;
using tcp = asio::ip::tcp;

tcp::endpoint endpoint(std::uint16_t port) {
  return {asio::ip::address_v4::loopback(), port};
}

std::optional<json::value> value_at(const std::string& body, const std::vector<std::string>& path) {
  json::error_code error;
  json::value value = json::parse(body, error);
  if (error) return std::nullopt;
  for (const std::string& name : path) {
    const json::object* object = value.if_object();
    const json::value* member = object == nullptr ? nullptr : object->if_contains(name);
    if (member == nullptr) return std::nullopt;
    value = json::value(*member);
  }
  return value;
}

}  // namespace

std::vector<std::uint16_t> free_ports(std::size_t count) {
  asio::io_context io;
  std::vector<tcp::acceptor> held;
  std::vector<std::uint16_t> ports;
  for (std::size_t i = 0; i < count; ++i) {
    held.emplace_back(io, endpoint(0));
    ports.push_back(held.back().local_endpoint().port());
  }
  return ports;
}

HttpReply http(std::uint16_t port, const std::string& method, const std::string& target,
               const std::string& body) {
  asio::io_context io;
  beast::tcp_stream stream(io);
  beast::error_code error;
  stream.connect(endpoint(port), error);
  if (error) return {};
  bhttp::request<bhttp::string_body> request(bhttp::string_to_verb(method), target, 11);
  request.set(bhttp::field::host, "127.0.0.1");
  request.body() = body;
  request.prepare_payload();
  bhttp::write(stream, request, error);
  beast::flat_buffer buffer;
  bhttp::response<bhttp::string_body> response;
  if (!error) bhttp::read(stream, buffer, response, error);
  if (error) return {};
  HttpReply reply{static_cast<int>(response.result_int()), response.body(), {}};
  for (const auto& field : response) {
    std::string name(field.name_string());
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    reply.headers[name] = std::string(field.value());
  }
  return reply;
}

std::string raw(std::uint16_t port, const std::string& bytes, std::chrono::milliseconds limit) {
  asio::io_context io;
  tcp::socket socket(io);
  beast::error_code error;
  socket.connect(endpoint(port), error);
  if (error) return "no connection";
  asio::write(socket, asio::buffer(bytes), error);
  std::string answer;
  asio::async_read(socket, asio::dynamic_buffer(answer), [](beast::error_code, std::size_t) {});
  io.run_for(limit);
  socket.close(error);
  io.restart();
  io.run();
  return answer;
}

std::string text_at(const std::string& body, const std::vector<std::string>& path) {
  const auto value = value_at(body, path);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::int64_t number_at(const std::string& body, const std::vector<std::string>& path) {
  const auto value = value_at(body, path);
  return value && value->is_int64() ? value->get_int64() : -1;
}

Cluster::Cluster(std::size_t nodes, std::vector<std::string> flags)
    : size_(nodes), flags_(std::move(flags)), ports_(free_ports(2 * nodes)), programs_(nodes) {}

std::vector<std::string> Cluster::command(std::size_t node, const std::vector<std::string>& more) const {
  std::vector<std::string> words = {"ordeal-node",
                                    "--id",
                                    fmt::format("n{}", node),
                                    "--cluster",
                                    "test",
                                    "--data",
                                    fmt::format("{}/n{}", directory(), node),
                                    "--listen",
                                    fmt::format("127.0.0.1:{}", port(node)),
                                    "--peer-listen",
                                    fmt::format("127.0.0.1:{}", peer_port(node)),
                                    "--election-timeout",
                                    "300ms",
                                    "--heartbeat",
                                    "50ms"};
  for (std::size_t peer = 1; peer <= size_; ++peer) {
    words.insert(words.end(),
                 {"--peer", fmt::format("n{}=127.0.0.1:{}/127.0.0.1:{}", peer, peer_port(peer), port(peer))});
  }
  words.insert(words.end(), flags_.begin(), flags_.end());
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

void Cluster::start(std::size_t node, const std::vector<std::string>& more) {
  programs_[node - 1] = std::make_unique<test::Program>(command(node, more));
}

void Cluster::start_all() {
  for (std::size_t node = 1; node <= size_; ++node) start(node);
}

void Cluster::kill(std::size_t node) {
  programs_[node - 1].reset();
}

test::Finished Cluster::stop(std::size_t node) {
  program(node).send(SIGTERM);
  return program(node).wait(std::chrono::seconds(30));
}

std::size_t Cluster::leader() {
  for (int i = 0; i < 600; ++i) {
    for (std::size_t node = 1; node <= size_; ++node) {
      if (text_at(status(node).body, {"role"}) == "leader") return node;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  ADD_FAILURE() << "no leader within 30 s";
  return 1;
}

HttpReply Cluster::put(std::size_t node, const std::string& key, const std::string& value) {
  return http(port(node), "PUT", "/v1/kv/" + key, value);
}
HttpReply Cluster::get(std::size_t node, const std::string& key) {
  return http(port(node), "GET", "/v1/kv/" + key);
}
HttpReply Cluster::txn(std::size_t node, const std::string& body) {
  return http(port(node), "POST", "/v1/txn", body);
}
HttpReply Cluster::status(std::size_t node) {
  return http(port(node), "GET", "/v1/status");
}

}  // namespace ordeal::host
