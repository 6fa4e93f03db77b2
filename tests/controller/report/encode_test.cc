#include "controller/report/encode.h"

#include "checkers/formats/json_text.h"
#include "controller/report/wording.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>

namespace ordeal::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Encode, HtmlKeepsNothingThatMarkupUses) {
  EXPECT_EQ(escape_html(R"(<a href="x" id='y'>&</a>)"),
            "&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;&lt;/a&gt;");
}

TEST(Encode, BytesThatAreNoTextAreShownAsNumbers) {
  EXPECT_EQ(printable(std::string("a\0b\x1b[31m\x7f", 9)), "a\\x00b\\x1b[31m\\x7f");
  EXPECT_EQ(printable("\xff\xc0\x80\xed\xa0\x80"), "\\xff\\xc0\\x80\\xed\\xa0\\x80")
      << "overlong forms and surrogates";
  EXPECT_EQ(printable("grün 鍵 🔑\n\t"), "grün 鍵 🔑\n\t");
}

TEST(Encode, MarksThatTurnTheDirectionOfTextAreShown) {
  // U+202E makes "gpj.exe" out of what ends in exe.jpg.
  EXPECT_EQ(printable("photo\xe2\x80\xae"
                      "gpj.exe"),
            "photo\\u202egpj.exe");
}

TEST(Encode, AScriptElementCannotBeLeft) {
  const std::string json = print_json(Value("</script><script>alert(1)</script><!-- & \xe2\x80\xa8"));
  const std::string safe = escape_script(json);
  for (const std::string bad : {"<", ">", "&"}) EXPECT_THAT(safe, Not(HasSubstr(bad)));
  EXPECT_EQ(parse_json(safe).value(), parse_json(json).value()) << "the text means the same";
}

TEST(Encode, AShellReadsAWordBack) {
  for (const std::string word :
       {"plain", "", "two words", "it's", "$(touch /tmp/x)", "a\"b", "*", "-x=1", "~", "a\\b"}) {
    const std::string command = "printf %s " + shell_word(word);
    FILE* pipe = ::popen(command.c_str(), "r");
    ASSERT_NE(pipe, nullptr);
    std::string out;
    for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) out += static_cast<char>(c);
    ::pclose(pipe);
    EXPECT_EQ(out, word) << command;
  }
}

TEST(Encode, ClipCountsCharactersNotBytes) {
  EXPECT_EQ(clip("grün", 4), "grün");
  EXPECT_EQ(clip("grüne", 4), "grün…");
  EXPECT_EQ(clip("", 0), "");
}

Op op_of(OpType type, std::string f, Value value, std::string error = "") {
  Op op;
  op.type = type;
  op.f = std::move(f);
  op.value = std::move(value);
  op.error = std::move(error);
  return op;
}

TEST(Wording, SaysWhatAnOperationDidAndAnswered) {
  const Op read = op_of(OpType::kInvoke, "read", {});
  const Op write = op_of(OpType::kInvoke, "write", "3-7");
  const Op cas = op_of(OpType::kInvoke, "cas", Value::List{"3-7", "4-1"});
  const Op read_ok = op_of(OpType::kOk, "read", "3-7");
  const Op read_nil = op_of(OpType::kOk, "read", {});
  const Op write_ok = op_of(OpType::kOk, "write", "3-7");
  const Op cas_fail = op_of(OpType::kFail, "cas", Value::List{"3-7", "4-1"}, "mismatch");
  const Op write_info = op_of(OpType::kInfo, "write", "3-7", "timeout");
  EXPECT_EQ(operation_words(read, &read_ok), "read → 3-7");
  EXPECT_EQ(operation_words(read, &read_nil), "read → nil");
  EXPECT_EQ(operation_words(write, &write_ok), "write 3-7");
  EXPECT_EQ(operation_words(cas, &cas_fail), "cas 3-7 to 4-1 mismatch");
  EXPECT_EQ(operation_words(write, &write_info), "write 3-7 ?");
  EXPECT_EQ(operation_words(write, nullptr), "write 3-7 ?");
}

TEST(Wording, FiguresHaveThreeDigitsThatCount) {
  EXPECT_EQ(length_words(nanoseconds(4'100)), "4.10 µs");
  EXPECT_EQ(length_words(microseconds(41'200)), "41.2 ms");
  EXPECT_EQ(length_words(seconds(60)), "60.0 s");
  EXPECT_EQ(length_words(seconds(754)), "12 min 34 s");
  EXPECT_EQ(length_words(Duration(-5'000)), "-5.00 µs");
  EXPECT_EQ(count_words(0), "0");
  EXPECT_EQ(count_words(999), "999");
  EXPECT_EQ(count_words(1'234'567), "1,234,567");
  EXPECT_EQ(bytes_words(1), "1 byte");
  EXPECT_EQ(bytes_words(25'769'803'776), "24.0 GiB");
}

}  // namespace
}  // namespace ordeal::report
