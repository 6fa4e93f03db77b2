// What numeric flags accept, and what they say of the rest.

#include "controller/cli/numbers.h"

#include <gtest/gtest.h>

namespace ordeal::cli {
namespace {

TEST(Numbers, WholeNumbersInRangePass) {
  const CLI::Validator validator = whole_number(1, 10);
  for (const char* text : {"1", "10", "7"}) EXPECT_EQ(validator(std::string(text)), "") << text;
}

TEST(Numbers, EverythingElseIsToldWhatIsAllowed) {
  const CLI::Validator validator = whole_number(1, 10);
  for (const std::string text : {"0", "11", "-1", "1.5", "x", "", " 1", "1 ", "99999999999999999999999"})
    EXPECT_EQ(validator(text), "is '" + text + "'; allowed: a whole number, 1 to 10");
}

TEST(Numbers, SecondsAreFinite) {
  EXPECT_EQ(seconds_from(0)(std::string("0")), "");
  EXPECT_EQ(seconds_from(0)(std::string("1.5")), "");
  EXPECT_EQ(seconds_from(0)(std::string("-1")), "is '-1'; allowed: a number of seconds, at least 0");
  EXPECT_EQ(seconds_from(0, true)(std::string("0")), "is '0'; allowed: a number of seconds, above 0");
  for (const char* text : {"inf", "nan", "1e999", "five"})
    EXPECT_NE(seconds_from(0)(std::string(text)), "") << text;
}

}  // namespace
}  // namespace ordeal::cli
