#pragma once
// What this machine can do, found out by trying it. Trials are made in a network namespace that lives only as
// long as the thread that tries; where none can be made, the packet filter alone is tried in place, in a
// chain of ours that nothing jumps to.

#include "nemesis/agent/peers.h"

#include <string>
#include <string_view>
#include <vector>

namespace ordeal::agent {

struct Capability {
  std::string name;
  bool available = false;
  std::string detail;   ///< version or measured fact when available, else the reason why not
  std::string install;  ///< what would help; empty when nothing is known or needed
};

struct Capabilities {
  std::vector<Capability> all;

  [[nodiscard]] bool has(std::string_view name) const;
  /// Requires: there is one of this name.
  [[nodiscard]] const Capability& at(std::string_view name) const;
};

enum class TryWhere : std::uint8_t {
  kScratchOnly,     ///< for a machine that is not ours: nothing is touched
  kScratchOrPlace,  ///< for the agent in its own namespace
};

/// Takes some tens of milliseconds.
[[nodiscard]] Capabilities find_capabilities(TryWhere where);
/// For an ordinary user: makes this process root of a user namespace of its own, where trials are allowed.
/// Requires: no thread exists yet. Ignores failure: the trials will tell.
void enter_user_namespace();

[[nodiscard]] std::string capabilities_body(const Capabilities& capabilities);

// Names.
inline constexpr std::string_view kFilterIpv4 = "packet_filter_ipv4";
inline constexpr std::string_view kFilterIpv6 = "packet_filter_ipv6";
inline constexpr std::string_view kKernelExpiry = "kernel_expiry";

}  // namespace ordeal::agent
