#include "node/host/duties/routes.h"

#include "common/byte_text.h"
#include "node/kv/codec.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

namespace ordeal::host {
namespace {

constexpr std::string_view kKvPrefix = "/v1/kv/";

HttpFault bad_request(std::string message) {
  return {ApiError::kBadRequest, std::move(message), {}, {}, {}};
}

HttpFault method_not_allowed(std::string_view allowed) {
  return {ApiError::kMethodNotAllowed,
          fmt::format("this route takes {}", allowed),
          {},
          {},
          fmt::format("Allow: {}\r\n", allowed)};
}

Call command_call(Route route, const kv::Command& command) {
  if (auto fault = kv::find_fault(command)) return {route, bad_request(std::move(*fault))};
  return {route, KvCall{kv::encode(command), command.read_only()}};
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return n;
}

/// session=N&sequence=N, both or none, in any order.
Result<std::optional<kv::SessionStamp>> parse_query(std::string_view query) {
  std::optional<std::uint64_t> client;
  std::optional<std::uint64_t> sequence;
  while (!query.empty()) {
    const std::string_view part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(part.size() + 1, query.size()));
    const std::size_t equals = std::min(part.find('='), part.size());
    const std::string_view name = part.substr(0, equals);
    auto* target = name == "session" ? &client : name == "sequence" ? &sequence : nullptr;
    if (target == nullptr) {
      // The answer is JSON, so the name must not bring bytes into it that are no UTF-8.
      return invalid_argument(fmt::format("unknown parameter '{}'; allowed are session, sequence",
                                          is_utf8(name) ? name : std::string_view("?")));
    }
    if (target->has_value()) return invalid_argument(fmt::format("parameter '{}' comes twice", name));
    *target = parse_number(part.substr(std::min(equals + 1, part.size())));
    if (!target->has_value())
      return invalid_argument(fmt::format("parameter '{}' must be a whole number", name));
  }
  if (client.has_value() != sequence.has_value())
    return invalid_argument("session and sequence come together");
  if (!client) return std::optional<kv::SessionStamp>();
  if (*sequence == 0) return invalid_argument("sequence starts at 1");
  return std::optional<kv::SessionStamp>({*client, *sequence});
}

Call route_key(HttpRequest& request, std::string_view path, std::string_view query) {
  Route route = Route::kGet;
  kv::Step step;
  switch (request.method) {
    case Method::kGet:
      break;
    case Method::kPut:
      route = Route::kPut;
      step.kind = kv::StepKind::kPut;
      step.value = std::move(request.body);
      break;
    case Method::kDelete:
      route = Route::kDelete;
      step.kind = kv::StepKind::kDelete;
      break;
    default:
      return {Route::kUnknown, method_not_allowed("GET, PUT, DELETE")};
  }
  auto key = decode_percent(path.substr(kKvPrefix.size()));
  if (!key) return {route, bad_request("the key is not percent-encoded: % needs two hexadecimal digits")};
  step.key = std::move(*key);
  const auto session = parse_query(query);
  if (!session.ok()) return {route, bad_request(session.error().message)};
  if (route == Route::kGet && *session) return {route, bad_request("a get takes no session")};
  if (step.value.size() > kv::kValueSizeMax) {
    return {
        route,
        HttpFault{
            ApiError::kTooLarge, fmt::format("a value has at most {} bytes", kv::kValueSizeMax), {}, {}, {}}};
  }
  kv::Command command;
  command.session = *session;
  command.steps.push_back(std::move(step));
  return command_call(route, command);
}

Call route_transaction(const HttpRequest& request) {
  const auto command = parse_transaction(request.body);
  if (!command.ok()) return {Route::kTransaction, bad_request(command.error().message)};
  return command_call(Route::kTransaction, *command);
}

Call route_leadership(const HttpRequest& request) {
  const auto target = parse_leadership(request.body);
  if (!target.ok()) return {Route::kLeadership, bad_request(target.error().message)};
  return {Route::kLeadership, LeadershipCall{*target}};
}

Call route_members(const HttpRequest& request) {
  auto members = parse_members(request.body);
  if (!members.ok()) return {Route::kMembers, bad_request(members.error().message)};
  return {Route::kMembers, MembersCall{std::move(*members)}};
}

}  // namespace

std::string_view to_text(Route route) {
  constexpr std::array<std::string_view, kRouteCount> kNames = {
      "txn", "get", "put", "delete", "status", "leadership", "members", "healthz", "metrics", "unknown"};
  return kNames[static_cast<std::size_t>(route)];
}

Call route_request(HttpRequest& request) {
  const std::string_view target = request.target;
  const std::size_t question = std::min(target.find('?'), target.size());
  const std::string_view path = target.substr(0, question);
  const std::string_view query = target.substr(std::min(question + 1, target.size()));
  if (path.starts_with(kKvPrefix)) return route_key(request, path, query);

  const bool get = request.method == Method::kGet;
  const bool post = request.method == Method::kPost;
  const auto not_get = [] { return Call{Route::kUnknown, method_not_allowed("GET")}; };
  const auto not_post = [] { return Call{Route::kUnknown, method_not_allowed("POST")}; };
  if (path == "/v1/txn") return post ? route_transaction(request) : not_post();
  if (path == "/v1/leadership") return post ? route_leadership(request) : not_post();
  if (path == "/v1/members") return post ? route_members(request) : not_post();
  if (path == "/v1/status") return get ? Call{Route::kStatus, StatusCall{}} : not_get();
  if (path == "/healthz") return get ? Call{Route::kHealth, HealthCall{}} : not_get();
  if (path == "/metrics") return get ? Call{Route::kMetrics, MetricsCall{}} : not_get();
  return {Route::kUnknown,
          HttpFault{ApiError::kNotFound, "there is no such route; see docs/formats/node-api.md", {}, {}, {}}};
}

}  // namespace ordeal::host
