#include "common/value.h"

#include <gtest/gtest.h>

#include <limits>

namespace ordeal {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// One of each kind and some neighbours, in the order that value.h promises.
std::vector<Value> in_order() {
  return {Value(),
          false,
          true,
          std::numeric_limits<std::int64_t>::min(),
          0,
          7,
          -std::numeric_limits<double>::infinity(),
          -1.5,
          0.0,
          2.0,
          kNan,
          "",
          "a",
          "aa",
          "b",
          Value::List{},
          Value::List{1},
          Value::List{1, 2},
          Value::List{2},
          Value::List{kNan},
          Value::Map{},
          Value::Map{{"a", 1}},
          Value::Map{{"a", 1}, {"b", 1}},
          Value::Map{{"a", 2}},
          Value::Map{{"b", 0}}};
}

TEST(Value, OrderIsTotal) {
  const std::vector<Value> values = in_order();
  for (std::size_t i = 0; i < values.size(); ++i) {
    for (std::size_t j = 0; j < values.size(); ++j) {
      EXPECT_EQ(values[i] < values[j], i < j) << to_text(values[i]) << " and " << to_text(values[j]);
      EXPECT_EQ(values[i] == values[j], i == j) << to_text(values[i]) << " and " << to_text(values[j]);
    }
  }
}

TEST(Value, KindsAreApart) {
  EXPECT_NE(Value(1), Value(1.0));
  EXPECT_NE(Value(1), Value(true));
  EXPECT_NE(Value("1"), Value(1));
  EXPECT_NE(Value(), Value(false));
}

TEST(Value, GivesTheAlternativeThatItHolds) {
  EXPECT_TRUE(Value().is_nil());
  EXPECT_EQ(*Value(5).as_int(), 5);
  EXPECT_EQ(*Value(2.5).as_double(), 2.5);
  EXPECT_EQ(*Value("a").as_string(), "a");
  EXPECT_EQ(*Value(true).as_bool(), true);
  EXPECT_EQ(Value(5).as_string(), nullptr);
  EXPECT_EQ(Value("a").as_list(), nullptr);
}

TEST(Value, FindsMembersOfMapsAlone) {
  const Value map = Value::Map{{"a", 1}};
  ASSERT_NE(map.find("a"), nullptr);
  EXPECT_EQ(*map.find("a"), Value(1));
  EXPECT_EQ(map.find("b"), nullptr);
  EXPECT_EQ(Value(1).find("a"), nullptr);
}

TEST(Value, IsPrintedForMessages) {
  EXPECT_EQ(
      to_text(Value(Value::List{Value(), true, 5, "text", Value::List{}, Value::Map{{"a", 1}, {"b", 2.5}}})),
      "[nil true 5 \"text\" [] {a: 1, b: 2.5}]");
}

}  // namespace
}  // namespace ordeal
