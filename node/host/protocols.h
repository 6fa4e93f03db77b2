#pragma once
// The protocols that a node can run, by name. The one place in the host that knows them.

#include "common/prng.h"
#include "common/result.h"
#include "common/time.h"
#include "node/host/options.h"
#include "node/protocol.h"
#include "node/store.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ordeal::host {

/// Whether the protocol and each plant exist.
[[nodiscard]] Status check_protocol(const NodeOptions& options);

/// Requires: check_protocol was ok. `store` outlives the protocol.
[[nodiscard]] Result<std::unique_ptr<Protocol>> make_protocol(const NodeOptions& options,
                                                              const StoreView& store, LogIndex applied,
                                                              Now now, Rng& rng);

/// First byte of the keys that snapshots leave out, when the plant that does so (R18) is on.
[[nodiscard]] std::optional<char> left_out_of_snapshots(const NodeOptions& options);

}  // namespace ordeal::host
