#include "bench/put/load.h"

#include <etcd_kv.grpc.pb.h>
#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include <memory>

namespace ordeal::bench {
namespace {

/// One connection with its put in flight.
struct Lane {
  std::unique_ptr<etcdserverpb::KV::Stub> stub;
  std::unique_ptr<grpc::ClientContext> context;
  std::unique_ptr<grpc::ClientAsyncResponseReader<etcdserverpb::PutResponse>> reader;
  etcdserverpb::PutRequest request;
  etcdserverpb::PutResponse response;
  grpc::Status status;
  MonotonicTime begin;
};

void put(Lane& lane, const Load& load, std::uint64_t number, grpc::CompletionQueue& queue) {
  lane.request.set_key(fmt::format("key-{}", number % load.keys));
  lane.context = std::make_unique<grpc::ClientContext>();
  lane.begin = monotonic_now();
  lane.reader = lane.stub->AsyncPut(lane.context.get(), lane.request, &queue);
  lane.reader->Finish(&lane.response, &lane.status, &lane);
}

}  // namespace

Measured put_by_grpc(const Load& load) {
  grpc::CompletionQueue queue;
  std::vector<std::unique_ptr<Lane>> lanes;
  for (std::uint32_t i = 0; i < load.connections; ++i) {
    grpc::ChannelArguments arguments;
    arguments.SetInt("lane",
                     static_cast<int>(i));  // Channels with equal arguments would share one connection.
    auto channel = grpc::CreateCustomChannel(fmt::format("{}:{}", load.host, load.port),
                                             grpc::InsecureChannelCredentials(), arguments);
    channel->WaitForConnected(gpr_time_from_seconds(5, GPR_TIMESPAN));
    lanes.push_back(std::make_unique<Lane>());
    lanes.back()->stub = etcdserverpb::KV::NewStub(channel);
    lanes.back()->request.set_value(std::string(load.value_size, 'v'));
  }
  Measured measured;
  const MonotonicTime begin = monotonic_now();
  const MonotonicTime deadline = begin + load.length;
  std::uint64_t next = 0;
  for (auto& lane : lanes) put(*lane, load, next++, queue);
  std::size_t open = lanes.size();
  void* tag = nullptr;
  bool ok = false;
  while (open > 0 && queue.Next(&tag, &ok)) {
    auto& lane = *static_cast<Lane*>(tag);
    const MonotonicTime now = monotonic_now();
    if (lane.status.ok()) {
      ++measured.puts;
      measured.latencies.push_back(now - lane.begin);
    } else {
      ++measured.errors;
    }
    if (now < deadline && lane.status.ok()) {
      put(lane, load, next++, queue);
    } else {
      --open;
    }
  }
  measured.elapsed = monotonic_now() - begin;
  queue.Shutdown();
  return measured;
}

}  // namespace ordeal::bench
