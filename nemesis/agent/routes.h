#pragma once
// The routes of docs/formats/agent-api.md: which request asks what of whom. Faults are the service's, on the
// worker thread; probes over the network are the probe port's, on the I/O thread, so that waiting for one
// never delays a fault.

#include "nemesis/agent/api.h"
#include "nemesis/agent/capabilities.h"
#include "nemesis/agent/http_server.h"
#include "nemesis/agent/metrics.h"
#include "nemesis/agent/probe_port.h"
#include "nemesis/agent/service.h"

#include <functional>
#include <set>
#include <string>

namespace ordeal::agent {

class Routes {
 public:
  /// Runs work on the worker thread, then lets expiry be planned anew.
  using OnWorker = std::function<void(std::function<void()> work)>;

  Routes(Service& service, ProbePort& probes, Metrics& metrics, const Capabilities& capabilities,
         std::set<NodeId> others, OnWorker on_worker)
      : service_(service),
        probes_(probes),
        metrics_(metrics),
        capabilities_(capabilities),
        others_(std::move(others)),
        on_worker_(std::move(on_worker)) {}

  void handle(const HttpRequest& request, const HttpServer::Reply& reply);

 private:
  void dispatch(const HttpRequest& request, const HttpServer::Reply& reply);
  void faults(const HttpRequest& request, const HttpServer::Reply& reply);
  void fault(const HttpRequest& request, const std::string& id, const HttpServer::Reply& reply);
  void lease(const HttpRequest& request, const HttpServer::Reply& reply);
  void probe(const HttpRequest& request, const HttpServer::Reply& reply);
  /// Answers with what `work` gives on the worker thread.
  void answer(std::function<HttpResponse()> work, const HttpServer::Reply& reply);

  Service& service_;
  ProbePort& probes_;
  Metrics& metrics_;
  const Capabilities& capabilities_;
  std::set<NodeId> others_;
  OnWorker on_worker_;
};

}  // namespace ordeal::agent
