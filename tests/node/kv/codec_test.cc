#include "node/kv/codec.h"

#include "common/prng.h"
#include "tests/node/kv/replica.h"

#include <gtest/gtest.h>

namespace ordeal::kv {
namespace {

Command sample_command() {
  return {SessionStamp{17, 4},
          {get("x"), put("x", Bytes("\0\xff", 2)), erase("y"), cas("z", std::nullopt, "1"), cas("z", "1", ""),
           append("l", "a")}};
}

Reply sample_reply() {
  return {ReplyCode::kAborted,
          true,
          LogIndex(123),
          {{true, {}, Version(7)},
           {true, Bytes("5"), Version(8)},
           {false, std::vector<Bytes>{"a", "", "b"}, Version(9)}}};
}

TEST(KvCodec, CommandComesBack) {
  const Command command = sample_command();
  const auto decoded = decode_command(encode(command));
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  EXPECT_EQ(*decoded, command);
}

TEST(KvCodec, CommandWithoutSessionComesBack) {
  const Command command{std::nullopt, {put("k", "v")}};
  EXPECT_EQ(*decode_command(encode(command)), command);
}

TEST(KvCodec, ReplyComesBack) {
  const Reply reply = sample_reply();
  const auto decoded = decode_reply(encode(reply));
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  EXPECT_EQ(*decoded, reply);
}

TEST(KvCodec, LeavesOutWhatTheKindDoesNotUse) {
  Step step = get("x");
  step.value = "ignored";
  step.expected = "ignored";
  EXPECT_EQ(*decode_command(encode(Command{std::nullopt, {step}})), (Command{std::nullopt, {get("x")}}));
}

TEST(KvCodec, RefusesEveryTruncation) {
  const Bytes command = encode(sample_command());
  for (std::size_t size = 0; size < command.size(); ++size)
    EXPECT_FALSE(decode_command(std::string_view(command).substr(0, size)).ok()) << size;
  const Bytes reply = encode(sample_reply());
  for (std::size_t size = 0; size < reply.size(); ++size)
    EXPECT_FALSE(decode_reply(std::string_view(reply).substr(0, size)).ok()) << size;
}

TEST(KvCodec, RefusesTrailingBytes) {
  EXPECT_FALSE(decode_command(encode(sample_command()) + "x").ok());
  EXPECT_FALSE(decode_reply(encode(sample_reply()) + "x").ok());
}

TEST(KvCodec, RefusesHostileCount) {
  Encoder encoder;
  encoder.u8(1);
  encoder.boolean(false);
  encoder.u32(0xffffffff);
  EXPECT_FALSE(decode_command(encoder.data()).ok());
}

// What decodes is what an encoder makes: no two byte strings mean the same command.
TEST(KvCodec, RandomDamageIsRefusedOrCanonical) {
  constexpr std::uint64_t kSeed = 20'240'601;
  Rng rng(kSeed);
  const Bytes whole = encode(sample_command());
  int refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    Bytes damaged = whole;
    for (std::uint64_t n = 1 + rng.below(3); n > 0; --n)
      damaged[rng.below(damaged.size())] = static_cast<char>(rng.below(256));
    const auto decoded = decode_command(damaged);
    if (!decoded.ok()) {
      ++refused;
    } else {
      EXPECT_EQ(encode(*decoded), damaged) << "seed " << kSeed << " round " << i;
    }
  }
  EXPECT_GT(refused, 1'000);
}

}  // namespace
}  // namespace ordeal::kv
