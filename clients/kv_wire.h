#pragma once
// The JSON of POST /v1/txn (docs/formats/node-api.md) for commands of one step: what to send, and what an
// answer means for the outcome of the operation. The error table of that page is in kv_wire.cc, row by row.

#include "common/kv_api.h"
#include "common/value.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ordeal {

/// The body of a request.
[[nodiscard]] Bytes encode_transaction(const kv::Command& command);

enum class KvAnswerKind : std::uint8_t {
  kDone,        ///< committed
  kNotMatched,  ///< a cas that did not match: nothing took effect
  kDefinite,    ///< refused: nothing happened and nothing will
  kIndefinite,  ///< it may have happened or happen yet; also every answer that is not in the table or not
                ///< readable
};

struct KvAnswer {
  KvAnswerKind kind = KvAnswerKind::kIndefinite;
  Value value;                           ///< what a get found; what a cas that did not match saw
  std::optional<std::uint64_t> version;  ///< of that value, or of the one written
  std::string error;                     ///< the code of the table, or what is wrong with the answer
  NodeId leader;                         ///< whom a refusal names as leader; kNoNode when none
  bool try_elsewhere = false;            ///< another node, or this one later, may well do it
};

/// `kind` is that of the only step that was sent.
[[nodiscard]] KvAnswer decode_answer(kv::StepKind kind, int status, std::string_view body);

}  // namespace ordeal
