#include "nemesis/agent/routes.h"

#include "nemesis/agent/clock.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace ordeal::agent {
namespace {

HttpResponse ok(std::string body) {
  return {200, std::move(body), "application/json", ""};
}

HttpResponse failure(const Error& error) {
  switch (error.code) {
    case ErrorCode::kInvalidArgument:
      return {400, error_body("bad_request", error.message), "application/json", ""};
    case ErrorCode::kNotFound:
      return {404, error_body("not_found", error.message), "application/json", ""};
    case ErrorCode::kUnavailable:
      return {409, error_body("conflict", error.message), "application/json", ""};
    case ErrorCode::kUnsupported:
      return {422, error_body("unsupported", error.message), "application/json", ""};
    default:
      return {500, error_body("internal", error.message), "application/json", ""};
  }
}

/// A target in a message: the answer is JSON, and what is sent need not be UTF-8.
std::string shown(std::string target) {
  std::replace_if(
      target.begin(), target.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return target;
}

HttpResponse not_allowed(const HttpRequest& request, const std::string& allow) {
  return {405,
          error_body("method_not_allowed",
                     fmt::format("{} takes {}, not {}", shown(request.target), allow, request.method)),
          "application/json", allow};
}

}  // namespace

void Routes::handle(const HttpRequest& request, const HttpServer::Reply& reply) {
  dispatch(request, [this, reply](HttpResponse response) {
    metrics_.count_request(response.status);
    reply(std::move(response));
  });
}

void Routes::dispatch(const HttpRequest& request, const HttpServer::Reply& reply) {
  constexpr std::string_view kFault = "/faults/";
  const std::string& target = request.target;
  if (target == "/faults") return faults(request, reply);
  if (target.starts_with(kFault)) return fault(request, target.substr(kFault.size()), reply);
  if (target == "/lease") return lease(request, reply);
  if (target == "/probe") return probe(request, reply);
  if (target == "/capabilities") {
    if (request.method != "GET") return reply(not_allowed(request, "GET"));
    return reply(ok(capabilities_body(capabilities_)));
  }
  if (target == "/metrics") {
    if (request.method != "GET") return reply(not_allowed(request, "GET"));
    return answer(
        [this] {
          // Looks at the rules so that their counters are fresh. Ignored: the other numbers are worth having
          // alone.
          static_cast<void>(service_.list().ok());
          return HttpResponse{200, metrics_.text(), "text/plain; version=0.0.4", ""};
        },
        reply);
  }
  reply(failure(
      {ErrorCode::kNotFound, fmt::format("there is no {}; see docs/formats/agent-api.md", shown(target))}));
}

void Routes::faults(const HttpRequest& request, const HttpServer::Reply& reply) {
  if (request.method == "GET") {
    return answer(
        [this] {
          const auto views = service_.list();
          return views ? ok(list_body(*views, monotonic_now())) : failure(views.error());
        },
        reply);
  }
  if (request.method == "DELETE") {
    return answer(
        [this] {
          const auto gone = service_.remove_all();
          return gone ? ok(answers_body(*gone)) : failure(gone.error());
        },
        reply);
  }
  reply(not_allowed(request, "GET, DELETE"));
}

void Routes::fault(const HttpRequest& request, const std::string& id, const HttpServer::Reply& reply) {
  if (!is_fault_id(id))
    return reply(failure({ErrorCode::kInvalidArgument, "a fault's id is 1 to 64 of A-Z a-z 0-9 . _ -"}));
  if (request.method == "DELETE") {
    return answer(
        [this, id] {
          const auto gone = service_.remove(id);
          return gone ? ok(answer_body(*gone)) : failure(gone.error());
        },
        reply);
  }
  if (request.method != "PUT") return reply(not_allowed(request, "PUT, DELETE"));
  const auto put = parse_put(request.body, others_);
  if (!put) return reply(failure(put.error()));
  answer(
      [this, id, put = *put] {
        const auto done = service_.put(id, put.body, put.lease);
        return done ? ok(answer_body(*done)) : failure(done.error());
      },
      reply);
}

void Routes::lease(const HttpRequest& request, const HttpServer::Reply& reply) {
  if (request.method != "POST") return reply(not_allowed(request, "POST"));
  const auto lease = parse_lease(request.body);
  if (!lease) return reply(failure(lease.error()));
  answer(
      [this, lease = *lease] {
        const Status renewed = service_.renew(lease);
        if (!renewed) return failure(renewed.error());
        const auto views = service_.list();
        return views ? ok(list_body(*views, monotonic_now())) : failure(views.error());
      },
      reply);
}

void Routes::probe(const HttpRequest& request, const HttpServer::Reply& reply) {
  if (request.method != "POST") return reply(not_allowed(request, "POST"));
  const auto probe = parse_probe(request.body, others_);
  if (!probe) return reply(failure(probe.error()));
  if (const auto* emit = std::get_if<EmitProbe>(&*probe))
    return reply(ok(arrivals_body("emit", probes_.emit(emit->nonce, emit->count), std::nullopt, true)));
  if (const auto* collect = std::get_if<CollectProbe>(&*probe)) {
    return probes_.collect(collect->nonce, collect->expectation,
                           [reply](const Arrivals& arrivals, bool complete) {
                             reply(ok(arrivals_body("collect", arrivals, std::nullopt, complete)));
                           });
  }
  if (const auto* reach = std::get_if<ReachProbe>(&*probe)) {
    return probes_.reach(reach->count, reach->timeout,
                         [reply, count = reach->count](const Arrivals& arrivals, bool complete) {
                           reply(ok(arrivals_body("reach", arrivals, count, complete)));
                         });
  }
  answer(
      [this] {
        const auto observed = service_.observe_replica();
        return observed ? ok(replica_body(*observed)) : failure(observed.error());
      },
      reply);
}

void Routes::answer(std::function<HttpResponse()> work, const HttpServer::Reply& reply) {
  on_worker_([work = std::move(work), reply] { reply(work()); });
}

}  // namespace ordeal::agent
