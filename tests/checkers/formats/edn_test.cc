#include "checkers/formats/edn.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "checkers/formats/edn_text.h"
#include "common/prng.h"

namespace ordeal {
namespace {

using ::testing::HasSubstr;

Value one(std::string_view text) {
  const Result<std::vector<EdnForm>> forms = parse_edn(text);
  EXPECT_TRUE(forms.ok()) << forms.error().message;
  if (!forms.ok() || forms->size() != 1) return "not one form";
  return forms->front().value;
}

std::string edn_error(std::string_view text) {
  const Result<std::vector<EdnForm>> forms = parse_edn(text);
  return forms.ok() ? "no error" : forms.error().message;
}

TEST(EdnText, ReadsEveryKind) {
  EXPECT_EQ(one("nil"), Value());
  EXPECT_EQ(one("true"), Value(true));
  EXPECT_EQ(one("-12"), Value(-12));
  EXPECT_EQ(one("+12N"), Value(12));
  EXPECT_EQ(one("1.5e3"), Value(1500.0));
  EXPECT_EQ(one("2.5M"), Value(2.5));
  EXPECT_EQ(one("2/3"), Value("2/3"));
  EXPECT_EQ(one(":timed-out"), Value(":timed-out"));
  EXPECT_EQ(one("some.ns/symbol"), Value("some.ns/symbol"));
  EXPECT_EQ(one(R"("a\tb\u00e9\"")"), Value("a\tb\xc3\xa9\""));
  EXPECT_EQ(one("\\a"), Value("a"));
  EXPECT_EQ(one("\\newline"), Value("\n"));
  EXPECT_EQ(one("\\u0041"), Value("A"));
  EXPECT_EQ(one("\\("), Value("("));
  EXPECT_EQ(one("[1 (2 3), nil]"), Value(Value::List{1, Value::List{2, 3}, Value()}));
  EXPECT_EQ(one("{:a 1, \"b\" 2, 3 4}"), Value(Value::Map{{":a", 1}, {"b", 2}, {"3", 4}}));
  EXPECT_EQ(one("#{1 2}"), Value(Value::Map{{"#set", Value::List{1, 2}}}));
  EXPECT_EQ(one("#inst \"2026\""), Value(Value::Map{{"#inst", "2026"}}));
  EXPECT_EQ(one("##-Inf"), Value(-std::numeric_limits<double>::infinity()));
}

TEST(EdnText, SkipsCommentsAndDiscards) {
  EXPECT_EQ(one("; a comment\n [1 #_ [2 3] #_#_ 4 5 6 ; another\n]"), Value(Value::List{1, 6}));
}

TEST(EdnText, NamesTheLineOfWhatIsWrong) {
  EXPECT_EQ(edn_error("[1\n2"), "line 2: the text ends, expected ']'");
  EXPECT_EQ(edn_error("\n)"), "line 2: ')' without its opening");
  EXPECT_EQ(edn_error("{:a}"), "line 1: '}' without its opening");
  EXPECT_EQ(edn_error("{:a 1 :a 2}"), "line 1: the key :a is there twice");
  EXPECT_EQ(edn_error("\"abc"), "line 1: the text ends, expected '\"'");
  EXPECT_EQ(edn_error("\"\\q\""), "line 1: unknown escape in a string");
  EXPECT_EQ(edn_error("\"\\u00g0\""), "line 1: expected four hexadecimal digits after \\u");
  EXPECT_EQ(edn_error("12x"), "line 1: 12x is not a number");
  EXPECT_EQ(edn_error("9223372036854775808"), "line 1: 9223372036854775808 does not fit into 64 bits");
  EXPECT_EQ(edn_error("1e999"), "line 1: 1e999 does not fit into 64 bits");
  EXPECT_EQ(edn_error(":"), "line 1: expected a name after ':'");
  EXPECT_EQ(edn_error("#"), "line 1: the text ends, expected a tag");
  EXPECT_EQ(edn_error("##Nothing"), "line 1: ##Nothing is none of ##Inf, ##-Inf and ##NaN");
  EXPECT_EQ(edn_error("\\"), "line 1: the text ends, expected a character");
  EXPECT_EQ(edn_error("\xff"), "the text is not UTF-8");
  EXPECT_EQ(edn_error(std::string_view("a\0b", 3)), "line 1: a control character outside of a string");
}

TEST(EdnText, BoundsNesting) {
  for (const std::string_view opening : {"[", "{", "#{", "#a ", "#_", "("}) {
    std::string text;
    for (int i = 0; i < 200'000; ++i) text += opening;
    EXPECT_THAT(edn_error(text), HasSubstr("nested deeper than 64")) << opening;
  }
}

TEST(EdnText, SurvivesDamage) {
  constexpr std::uint64_t kSeed = 5;
  Rng rng(kSeed);
  const std::string text =
      R"([{:process 1, :type :ok, :f :cas, :value [1 #{2 \a} "x\n"] :t #inst "1"} #_ 3 4.5e6 nil])";
  for (int i = 0; i < 50'000; ++i) {
    std::string damaged = text.substr(0, text.size() - rng.below(8));
    for (std::uint64_t n = rng.below(4); n > 0; --n) {
      damaged[rng.below(damaged.size())] =
          static_cast<char>(rng.pick(std::vector<int>{'[', '}', '"', '\\', '#', '_', ':', 0, 255, ' '}));
    }
    const Result<std::vector<EdnForm>> forms = parse_edn(damaged);
    if (!forms.ok()) {
      ASSERT_FALSE(forms.error().message.empty()) << "seed " << kSeed;
    }
  }
}

ParsedHistory history_of(std::string_view text, EdnValues values = EdnValues::kPlain) {
  Result<ParsedHistory> parsed = parse_edn_history(text, values);
  EXPECT_TRUE(parsed.ok()) << parsed.error().message;
  return parsed.ok() ? *std::move(parsed) : ParsedHistory();
}

std::string history_error(std::string_view text) {
  const Result<ParsedHistory> parsed = parse_edn_history(text);
  return parsed.ok() ? "no error" : parsed.error().message;
}

TEST(Edn, ReadsAnOperation) {
  const ParsedHistory parsed = history_of(
      "[{:process 3, :type :info, :f :cas, :value [1 2], :time 17, :index 0, :error :timed-out, :ext {:a "
      "1}}]");
  ASSERT_EQ(parsed.history.size(), 1u);
  const Op& op = parsed.history[0];
  EXPECT_EQ(op.process, ProcessId(3));
  EXPECT_EQ(op.type, OpType::kInfo);
  EXPECT_EQ(op.f, "cas");
  EXPECT_EQ(op.value, Value(Value::List{1, 2}));
  EXPECT_EQ(op.time, nanoseconds(17));
  EXPECT_EQ(op.error, "timed-out");
  EXPECT_EQ(op.extra, (Value::Map{{"ext", Value::Map{{":a", 1}}}}));
}

TEST(Edn, ReadsVectorsListsLinesAndRecords) {
  const std::string op = "{:process 0, :type :invoke, :f :read, :value nil}";
  for (const std::string& text : {"[" + op + "\n" + op + "]", "(" + op + op + ")", op + "\n" + op,
                                  "#jepsen.history.Op" + op + "\n#jepsen.history.Op" + op}) {
    EXPECT_EQ(history_of(text).history.size(), 2u) << text;
  }
}

TEST(Edn, CountsPositionsAndKeepsAnotherIndex) {
  const ParsedHistory parsed = history_of("{:process 0, :type :invoke, :f :read, :value nil, :index 40}");
  EXPECT_EQ(parsed.history[0].index, 0);
  EXPECT_EQ(parsed.history[0].extra, (Value::Map{{"source-index", 40}}));
}

TEST(Edn, RaisesTimesThatGoBack) {
  const ParsedHistory parsed = history_of(
      "{:process 0, :type :invoke, :f :read, :value nil, :time 9}"
      "{:process 0, :type :ok, :f :read, :value nil, :time 7}");
  EXPECT_EQ(parsed.history[1].time, nanoseconds(9));
  EXPECT_THAT(parsed.notes, ::testing::ElementsAre(HasSubstr("1 times go back")));
  EXPECT_TRUE(check_well_formed(parsed.history).ok());
}

TEST(Edn, GivesTheNemesisInvocations) {
  const std::string info = "{:process :nemesis, :type :info, :f :start, :value nil}";
  const ParsedHistory parsed = history_of(info + info + info);
  ASSERT_EQ(parsed.history.size(), 3u);
  EXPECT_EQ(parsed.history[0].type, OpType::kInvoke);
  EXPECT_EQ(parsed.history[1].type, OpType::kInfo);
  EXPECT_EQ(parsed.history[2].type, OpType::kInvoke);
  EXPECT_TRUE(check_well_formed(parsed.history).ok());
}

TEST(Edn, AListWithoutAnFIsATransaction) {
  const ParsedHistory parsed = history_of("{:process 0, :type :invoke, :value [[:append 4 2]]}");
  EXPECT_EQ(parsed.history[0].f, "txn");
}

TEST(Edn, SplitsIndependentValues) {
  const ParsedHistory parsed =
      history_of("{:process 0, :type :invoke, :f :cas, :value [7 [1 2]]}", EdnValues::kIndependent);
  EXPECT_EQ(parsed.history[0].key, Value(7));
  EXPECT_EQ(parsed.history[0].value, Value(Value::List{1, 2}));
}

TEST(Edn, NamesTheLineAndWhatWasExpected) {
  EXPECT_EQ(history_error("\n[1]"),
            "line 2: expected a map, such as {:process 0, :type :invoke, :f :read, :value nil}, but it is 1");
  EXPECT_EQ(history_error("[{:process -1 :type :ok :f :read}]"),
            "line 1: :process is -1, expected an integer from 0, or :nemesis");
  EXPECT_EQ(history_error("[{:process 1 :type :done :f :read}]"),
            "line 1: :type is \":done\", expected :invoke, :ok, :fail or :info");
  EXPECT_EQ(history_error("[{:process 1 :type :ok}]"), "line 1: :f is missing, expected a keyword");
  EXPECT_EQ(history_error("[{:process 1 :type :ok :f :read}"), "line 1: the text ends, expected ']'");
  EXPECT_EQ(history_error("[] []"), "line 1: more text after the end of the history");
}

}  // namespace
}  // namespace ordeal
