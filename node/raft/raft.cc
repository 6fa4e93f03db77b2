#include "node/raft/raft.h"

namespace ordeal::raft {

Result<std::unique_ptr<Protocol>> make_raft(RaftConfig /*config*/, const StoreView& /*store*/,
                                            LogIndex /*applied*/, Now /*now*/, Rng& /*rng*/) {
  return Error{ErrorCode::kUnsupported, "the core is not in this build"};
}

std::span<const Plant> raft_plants() {
  return {};
}

}  // namespace ordeal::raft
