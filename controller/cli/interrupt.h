#pragma once
// Ctrl-C in a command that has something to say before it ends.

namespace ordeal::cli {

/// From now on the first SIGINT, SIGTERM or SIGHUP only makes interrupted() true; the second ends the
/// process.
void end_at_next_chance();

/// May be asked from any thread. Only becomes true.
[[nodiscard]] bool interrupted();

}  // namespace ordeal::cli
