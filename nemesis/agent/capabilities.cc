#include "nemesis/agent/capabilities.h"

#include "common/check.h"
#include "nemesis/agent/chain.h"
#include "nemesis/agent/command.h"
#include "nemesis/agent/fd.h"
#include "nemesis/agent/packet_filter.h"
#include "nemesis/agent/proc.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <thread>

namespace ordeal::agent {
namespace {

constexpr std::string_view kInstallIptables = "apt-get install iptables";
constexpr std::string_view kInstallTc = "apt-get install iproute2";

std::string kernel_option(std::string_view option) {
  return fmt::format("a kernel with {} (some distributions keep it in linux-modules-extra)", option);
}

/// Whether the kernel takes a rule, in a chain that nothing jumps to.
Status try_rule(Family family, std::string_view rule) {
  const Status written = restore_chain(
      family, fmt::format("*filter\n:{0} - [0:0]\n-A {0} {1}\nCOMMIT\n", kTrialChainName, rule));
  const Status removed =
      restore_chain(family, fmt::format("*filter\n:{0} - [0:0]\n-X {0}\nCOMMIT\n", kTrialChainName));
  return written ? removed : written;
}

Capability of_status(std::string_view name, const Status& status, std::string detail, std::string install) {
  if (status) return {std::string(name), true, std::move(detail), ""};
  return {std::string(name), false, status.error().message, std::move(install)};
}

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

Capability try_filter(Family family) {
  const std::string tool = family == Family::kIpv4 ? "iptables" : "ip6tables";
  const std::string_view name = family == Family::kIpv4 ? kFilterIpv4 : kFilterIpv6;
  const auto version = run_command({tool, "--version"});
  if (!version) return {std::string(name), false, version.error().message, std::string(kInstallIptables)};
  const std::string source = family == Family::kIpv4 ? "192.0.2.1" : "2001:db8::1";
  return of_status(
      name,
      try_rule(family, fmt::format("-s {} -m comment --comment {}trial -j DROP", source, kCommentPrefix)),
      first_line(version->out), "root, or a user and network namespace of your own: unshare -Urnm");
}

/// Both families must take the rule, or none is trusted to expire.
Capability try_match(std::string_view name, std::string_view rule, std::string_view option, bool ipv6) {
  Status status = try_rule(Family::kIpv4, rule);
  if (status && ipv6) status = try_rule(Family::kIpv6, rule);
  return of_status(name, status, "the kernel takes the rule", kernel_option(option));
}

Capability try_netem(bool scratch) {
  if (!scratch) return {"netem", false, "not tried: no scratch network namespace can be made here", ""};
  const auto added = run_command({"tc", "qdisc", "add", "dev", "lo", "root", "netem", "delay", "1ms"});
  if (added) return {"netem", true, "tc qdisc netem", ""};
  const bool missing = added.error().code == ErrorCode::kUnsupported;
  return {"netem", false, added.error().message,
          missing ? std::string(kInstallTc) : kernel_option("CONFIG_NET_SCH_NETEM")};
}

Capability find_ipv6() {
  if (access("/proc/net/if_inet6", F_OK) == 0) return {"ipv6", true, "the kernel has IPv6", ""};
  return {"ipv6", false, "the kernel has no IPv6, so peers cannot be reached by it either", ""};
}

Capability find_freezer() {
  if (access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0) {
    const bool writable = access("/sys/fs/cgroup/cgroup.procs", W_OK) == 0;
    return {"freezer", writable, writable ? "cgroup v2" : "cgroup v2 is mounted read-only here",
            writable ? "" : "a delegated cgroup"};
  }
  const bool writable = access("/sys/fs/cgroup/freezer/cgroup.procs", W_OK) == 0;
  return {"freezer", writable, writable ? "cgroup v1" : "no cgroup freezer is writable here",
          writable ? "" : "a delegated cgroup; pauses use SIGSTOP and do not need it"};
}

/// Signals to processes of another user.
Capability find_signals() {
  constexpr unsigned kCapKill = 5;
  const auto status = read_small_file("/proc/self/status");
  const std::size_t at = status ? status->find("CapEff:") : std::string::npos;
  if (at == std::string::npos) return {"process_signals", false, "/proc is not mounted", "mount /proc"};
  const std::uint64_t effective = std::stoull(status->substr(at + 7), nullptr, 16);
  if ((effective >> kCapKill & 1U) != 0) return {"process_signals", true, "CAP_KILL", ""};
  return {"process_signals", false, "without CAP_KILL only processes of the same user can be signalled",
          "run as root or with CAP_KILL"};
}

Capabilities try_all(bool scratch, const std::string& why_no_scratch, bool filter_allowed) {
  Capabilities found;
  auto& all = found.all;
  all.push_back(
      {"scratch_namespace", scratch, scratch ? "a private network namespace" : why_no_scratch,
       scratch ? "" : "root, or kernel.unprivileged_userns_clone=1 and user.max_net_namespaces above 0"});
  all.push_back(find_ipv6());
  const std::string not_tried =
      "not tried: no scratch network namespace can be made here (" + why_no_scratch + ")";
  for (const Family family : kFamilies) {
    if (filter_allowed)
      all.push_back(try_filter(family));
    else
      all.push_back({std::string(family == Family::kIpv4 ? kFilterIpv4 : kFilterIpv6), false, not_tried, ""});
  }
  const bool ipv4 = found.has(kFilterIpv4);
  const bool ipv6 = found.has(kFilterIpv6);
  const auto match = [&](std::string_view name, std::string_view rule, std::string_view option) {
    if (ipv4)
      all.push_back(try_match(name, rule, option, ipv6));
    else
      all.push_back({std::string(name), false, "needs the packet filter", ""});
  };
  match(kKernelExpiry, "-m time --datestop 2030-01-01T00:00:00 -j DROP", "CONFIG_NETFILTER_XT_MATCH_TIME");
  match("statistic", "-m statistic --mode random --probability 0.5 -j DROP",
        "CONFIG_NETFILTER_XT_MATCH_STATISTIC");
  match("nfqueue", "-j NFQUEUE --queue-num 0 --queue-bypass", "CONFIG_NETFILTER_XT_TARGET_NFQUEUE");
  all.push_back(try_netem(scratch));
  all.push_back(find_signals());
  all.push_back(find_freezer());
  return found;
}

}  // namespace

bool Capabilities::has(std::string_view name) const {
  return at(name).available;
}

const Capability& Capabilities::at(std::string_view name) const {
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Capability& c) { return c.name == name; });
  ORDEAL_CHECK(found != all.end());
  return *found;
}

Capabilities find_capabilities(TryWhere where) {
  Capabilities found;
  // unshare() moves only the calling thread, and what it starts; the namespace ends with the thread.
  std::thread trial([&] {
    const bool scratch = unshare(CLONE_NEWNET) == 0;
    const std::string why = scratch ? "" : std::strerror(errno);
    found = try_all(scratch, why, scratch || where == TryWhere::kScratchOrPlace);
  });
  trial.join();
  return found;
}

void enter_user_namespace() {
  const uid_t user = geteuid();
  const gid_t group = getegid();
  if (unshare(CLONE_NEWUSER) != 0) return;
  const auto write_map = [](const char* path, const std::string& text) {
    const Fd file(open(path, O_WRONLY | O_CLOEXEC));
    // Ignored: without a map the trials fail, and say so.
    static_cast<void>(write(file.get(), text.data(), text.size()) < 0);
  };
  write_map("/proc/self/setgroups", "deny");
  write_map("/proc/self/uid_map", fmt::format("0 {} 1", user));
  write_map("/proc/self/gid_map", fmt::format("0 {} 1", group));
}

std::string capabilities_body(const Capabilities& capabilities) {
  boost::json::object object;
  for (const Capability& capability : capabilities.all) {
    boost::json::object entry{{"available", capability.available}, {"detail", capability.detail}};
    if (!capability.install.empty()) entry["install"] = capability.install;
    object[capability.name] = std::move(entry);
  }
  return boost::json::serialize(boost::json::object{{"version", 1}, {"capabilities", std::move(object)}});
}

}  // namespace ordeal::agent
