#pragma once
// One replica: storage, protocol core, peers and API put together, from start to stop. README.md shows the
// threads.

#include "common/result.h"
#include "node/host/duties/storage.h"
#include "node/host/options.h"

#include <functional>
#include <memory>
#include <optional>

namespace ordeal::host {

/// Exit codes of the program (docs/formats/node-api.md).
inline constexpr int kExitStopped = 0;
inline constexpr int kExitStorage = 3;
inline constexpr int kExitBadArguments = 254;
inline constexpr int kExitInternal = 255;

/// Opens what `--storage` names. `left_out`: first byte of keys that do not get into snapshots.
using OpenStorage = std::function<Result<std::unique_ptr<Storage>>(std::optional<char> left_out)>;

/// Runs until SIGTERM or SIGINT (exit code 0) or until something fails; the reason is then the last line of
/// the log. Requires: no other thread runs.
[[nodiscard]] int run_node(const NodeOptions& options, const OpenStorage& open_storage);

}  // namespace ordeal::host
