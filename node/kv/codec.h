#pragma once
// The binary form of commands and replies: what a log entry carries and what the session table keeps. A
// command is made by the node that took the request, a reply by the state machine. Both forms start with a
// version byte.
//
//   command: u8 version, bool has session, [u64 client, u64 sequence], u32 steps, then for each step
//            u8 kind, bytes key, [bytes value: put, cas, append], [bool has expected, [bytes]: cas]
//   reply:   u8 version, u8 code, bool duplicate, u64 index, u32 results, then for each result
//            bool ok, u64 version, stored
//   stored:  u8 0 (nothing) | u8 1, bytes | u8 2, u32 count, bytes each

#include "common/codec.h"
#include "common/kv_api.h"
#include "common/result.h"

#include <string_view>

namespace ordeal::kv {

/// Fields that a step's kind does not use are left out, so they come back empty.
[[nodiscard]] Bytes encode(const Command& command);
[[nodiscard]] Bytes encode(const Reply& reply);

/// kCorruption for bytes that no encoder made; says nothing about sizes (see find_fault).
[[nodiscard]] Result<Command> decode_command(std::string_view bytes);
[[nodiscard]] Result<Reply> decode_reply(std::string_view bytes);

void encode_stored(Encoder& encoder, const Stored& stored);
/// Fails the decoder on bytes that no encoder made.
[[nodiscard]] Stored decode_stored(Decoder& decoder);

}  // namespace ordeal::kv
