#pragma once
// `ordeal run` moves itself into private user (when not root), PID, network and mount namespaces, so that
// what it builds there is gone when it is gone, however it ends:
//
//   outer    the process that was started: forwards signals, returns the exit code
//   init     its child, PID 1 of the new PID namespace: reaps orphans; when it dies the kernel kills all in
//   it inside   the child of init that does the work
//
// outer dies: init gets SIGKILL from the kernel (PR_SET_PDEATHSIG), and end of file on the pipe that it
// shares with outer, whichever comes first. inside dies: init exits. The namespaces have no names and no bind
// mounts: they end with the last process in them.

#include "common/result.h"

#include <functional>

namespace ordeal::env {

/// Runs `inside` there and gives its exit code. The first and the second SIGINT, SIGTERM or SIGHUP reach
/// `inside` as `interrupts()`; the third kills everything. Requires: no thread exists yet. The calling
/// process stays in the new user namespace afterwards and cannot start children any more: there is little to
/// do but to exit. kUnsupported says which setting forbids it and what to do; kInternal: killed from outside.
[[nodiscard]] Result<int> run_in_private_namespaces(const std::function<int()>& inside);

/// How often the operator asked `inside` to end. Only grows.
[[nodiscard]] unsigned interrupts();

/// Whether this machine lets this user do it, tried in a short-lived child. kUnsupported as above.
[[nodiscard]] Status try_private_namespaces();

}  // namespace ordeal::env
