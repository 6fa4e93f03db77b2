#pragma once
// A cluster on this machine: a bridge, one network namespace per node, in each the replica under its
// supervisor and the agent. Lives in the private namespaces of the run (namespaces.h), so that nothing
// outlives it.

#include "common/result.h"
#include "controller/env/addresses.h"
#include "controller/env/fd.h"
#include "controller/env/process.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace ordeal::env {

/// A cluster that a run can be driven against, wherever it is.
class Cluster {
 public:
  Cluster() = default;
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;
  virtual ~Cluster() = default;

  [[nodiscard]] virtual const std::vector<Endpoint>& endpoints() const = 0;
  /// What the agents take as the controller's.
  [[nodiscard]] virtual const std::string& token() const = 0;

  struct Death {
    NodeId node;
    std::string reason;  ///< which program, how it ended, and the end of its log
  };
  /// Supervisors, replicas and agents that have ended by themselves since the last call. Cheap.
  [[nodiscard]] virtual std::vector<Death> deaths() = 0;
};

class LocalCluster : public Cluster {
 public:
  struct Options {
    std::uint32_t nodes = 5;
    std::string protocol = "raft";
    std::string name = "ordeal";                    ///< of the cluster
    std::map<std::string, std::string> node_flags;  ///< name without dashes -> value
    std::vector<std::string> plants;
    std::string log_directory;   ///< node-N.log and agent-N.log are written here; must exist
    std::string data_directory;  ///< made here, one folder per node, and removed at the end
    std::string programs;  ///< folder of ordeal-node and ordeal-agent; empty: that of the running program
    Duration start_timeout = seconds(20);
  };

  /// Requires: this process is in a network namespace of its own and has no other thread. Returns when every
  /// node and agent answers; else the error says which one does not, with the end of its log.
  [[nodiscard]] static Result<std::unique_ptr<LocalCluster>> start(Options options);
  /// Stops what still runs.
  ~LocalCluster() override;

  [[nodiscard]] const std::vector<Endpoint>& endpoints() const override { return endpoints_; }
  [[nodiscard]] const std::string& token() const override { return token_; }
  [[nodiscard]] std::vector<Death> deaths() override;

  /// Stops agents, then nodes, and removes their data. What had to be killed, or was left, as sentences.
  std::vector<std::string> stop();

 private:
  struct Member {
    Endpoint endpoint;
    Fd network_namespace;
    std::string data;
    std::unique_ptr<Process> node;
    std::unique_ptr<Process> agent;
    bool node_dead = false;          ///< told by deaths() already
    bool agent_dead = false;         ///< the same
    std::uint64_t replica_dead = 0;  ///< the same: an incarnation
  };

  /// Where the supervisor of a member notes its replica.
  static std::string pid_file(const Member& member) { return member.data + "/pid.json"; }

  explicit LocalCluster(Options options);
  Status set_up();
  Status make_token();
  Status make_network();
  Status start_node(Member& member);
  Status start_agent(Member& member);
  Status wait_until_healthy();
  Status find_dead();

  Options options_;
  std::vector<Endpoint> endpoints_;
  std::string token_;
  std::vector<Member> members_;
  bool stopped_ = false;
};

/// The folder of the running program.
[[nodiscard]] std::string program_folder();

}  // namespace ordeal::env
