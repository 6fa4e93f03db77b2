#include "checkers/formats/json_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "common/byte_text.h"
#include "common/prng.h"

namespace ordeal {
namespace {

Value random_value(Rng& rng, int depth) {
  switch (rng.below(depth > 0 ? 8 : 6)) {
    case 0:
      return {};
    case 1:
      return rng.chance(1, 2);
    case 2:
      return static_cast<std::int64_t>(rng.next());
    case 3:
      return static_cast<double>(static_cast<std::int64_t>(rng.next())) / 1024.0;
    case 4:
      return "text \"\\\n\x7f \xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80";
    case 5: {
      std::string bytes;
      for (std::uint64_t n = rng.below(6); n > 0; --n) bytes.push_back(static_cast<char>(rng.below(256)));
      return bytes;
    }
    case 6: {
      Value::List list;
      for (std::uint64_t n = rng.below(4); n > 0; --n) list.push_back(random_value(rng, depth - 1));
      return list;
    }
    default: {
      Value::Map map;
      for (std::uint64_t n = rng.below(4); n > 0; --n)
        map.emplace("k" + std::to_string(n), random_value(rng, depth - 1));
      return map;
    }
  }
}

TEST(JsonText, ReadsBackWhatItPrints) {
  constexpr std::uint64_t kSeed = 3;
  for (std::uint64_t i = 0; i < 5'000; ++i) {
    Rng rng = Rng(kSeed).split("value", i);
    const Value value = random_value(rng, 4);
    const Result<Value> read = parse_json(print_json(value));
    ASSERT_TRUE(read.ok()) << "seed " << kSeed << ", value " << i << ": " << print_json(value);
    ASSERT_EQ(*read, value) << "seed " << kSeed << ", value " << i << ": " << print_json(value);
  }
}

TEST(JsonText, FloatingPointStaysFloatingPoint) {
  EXPECT_EQ(print_json(5.0), "5.0");
  EXPECT_EQ(print_json(1e300), "1e+300");
  EXPECT_EQ(print_json(0.1), "0.1");
  EXPECT_EQ(print_json(std::numeric_limits<double>::quiet_NaN()), "\"nan\"");
  EXPECT_EQ(*parse_json("0.1"), Value(0.1));
}

TEST(JsonText, EscapesControlCharacters) {
  EXPECT_EQ(print_json(std::string("\x01\n\"\\\0", 5)), R"("\u0001\n\"\\\u0000")");
}

TEST(JsonText, NamesReplaceWhatIsNotText) {
  std::string out;
  append_json_string(out,
                     "a\xff"
                     "b");
  EXPECT_EQ(out,
            "\"a\xef\xbf\xbd"
            "b\"");
}

TEST(JsonText, KnowsUtf8) {
  EXPECT_TRUE(is_utf8("plain"));
  EXPECT_TRUE(is_utf8("\xf4\x8f\xbf\xbf"));
  EXPECT_FALSE(is_utf8("\xc0\x80"));          // Not the shortest form.
  EXPECT_FALSE(is_utf8("\xe0\x9f\xbf"));      // The same.
  EXPECT_FALSE(is_utf8("\xed\xa0\x80"));      // A surrogate.
  EXPECT_FALSE(is_utf8("\xf4\x90\x80\x80"));  // Above U+10FFFF.
  EXPECT_FALSE(is_utf8("\xe2\x82"));          // Cut.
  EXPECT_FALSE(is_utf8("\x80"));
}

// RFC 4648, section 10.
TEST(Base64, PublishedVectors) {
  const std::vector<std::pair<std::string, std::string>> vectors = {
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"},
  };
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(to_base64(bytes), text);
    EXPECT_EQ(decode_base64(text), bytes);
  }
}

TEST(Base64, RefusesWhatItWouldNotPrint) {
  for (const std::string_view text :
       {"Zg=", "Zg", "Z===", "Zh==", "Zm9=", "====", "Zg==Zg==", "Zm9v\n", "Z g="}) {
    EXPECT_EQ(decode_base64(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace ordeal
