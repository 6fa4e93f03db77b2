#include "common/byte_text.h"

#include "common/prng.h"

#include <gtest/gtest.h>

namespace ordeal {
namespace {

// RFC 4648, section 10.
TEST(Base64, TestVectors) {
  EXPECT_EQ(to_base64(""), "");
  EXPECT_EQ(to_base64("f"), "Zg==");
  EXPECT_EQ(to_base64("fo"), "Zm8=");
  EXPECT_EQ(to_base64("foobar"), "Zm9vYmFy");
}

TEST(Base64, RandomBytesComeBack) {
  Rng rng(3);
  for (int i = 0; i < 1000; ++i) {
    Bytes bytes;
    for (std::uint64_t n = rng.below(20); n > 0; --n) bytes.push_back(static_cast<char>(rng.below(256)));
    EXPECT_EQ(decode_base64(to_base64(bytes)), bytes);
  }
}

TEST(Base64, RefusesWhatNoEncoderGives) {
  for (const std::string text :
       {"Z", "Zg", "Zg=", "Z===", "====", "Zh==", "Zm9=", "Zg==Zg==", "Zm 8", "Zm8\xff", "-_8="})
    EXPECT_EQ(decode_base64(text), std::nullopt) << text;
}

TEST(Utf8, AcceptsOnlyShortestFormsOfCharacters) {
  for (const std::string text :
       {"", "abc", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xF4\x8F\xBF\xBF"})
    EXPECT_TRUE(is_utf8(text)) << text;
  for (const std::string text :
       {"\x80", "\xC3", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xE2\x82", "a\xff"})
    EXPECT_FALSE(is_utf8(text)) << text;
}

TEST(Percent, Decodes) {
  EXPECT_EQ(decode_percent("a%2Fb%ff+"), "a/b\xff+");
  for (const std::string text : {"%", "%1", "%g0", "%0g"})
    EXPECT_EQ(decode_percent(text), std::nullopt) << text;
}

}  // namespace
}  // namespace ordeal
