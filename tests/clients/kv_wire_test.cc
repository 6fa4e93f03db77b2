#include "clients/kv_wire.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ordeal {
namespace {

using ::testing::StartsWith;

kv::Command command(kv::StepKind kind, Bytes key, Bytes value = "",
                    std::optional<Bytes> expected = std::nullopt) {
  return {std::nullopt, {kv::Step{kind, std::move(key), std::move(value), std::move(expected)}}};
}

TEST(KvWire, EncodesEachStep) {
  EXPECT_EQ(encode_transaction(command(kv::StepKind::kGet, "x")), R"({"steps":[{"op":"get","key":"x"}]})");
  EXPECT_EQ(encode_transaction(command(kv::StepKind::kPut, "x", "5")),
            R"({"steps":[{"op":"put","key":"x","value":"5"}]})");
  EXPECT_EQ(encode_transaction(command(kv::StepKind::kCas, "x", "6", "5")),
            R"({"steps":[{"op":"cas","key":"x","expected":"5","value":"6"}]})");
  EXPECT_EQ(encode_transaction(command(kv::StepKind::kCas, "x", "6")),
            R"({"steps":[{"op":"cas","key":"x","expected":null,"value":"6"}]})");
}

TEST(KvWire, EncodesSessionAndSequenceTogether) {
  kv::Command put = command(kv::StepKind::kPut, "x", "5");
  put.session = {17, 4};
  EXPECT_EQ(encode_transaction(put),
            R"({"session":17,"sequence":4,"steps":[{"op":"put","key":"x","value":"5"}]})");
}

TEST(KvWire, BytesThatAreNotUtf8GoAsBase64AndComeBack) {
  struct Case {
    Bytes bytes;
    const char* base64;
  };
  const Case cases[] = {{"\xFF", "/w=="},
                        {"\xC0\x80", "wIA="},              // an overlong NUL
                        {"\xED\xA0\x80", "7aCA"},          // a surrogate
                        {"\xF4\x90\x80\x80", "9JCAgA=="},  // above U+10FFFF
                        {"a\xE2\x82", "YeKC"}};            // cut short
  for (const Case& one : cases) {
    EXPECT_EQ(encode_transaction(command(kv::StepKind::kPut, "x", one.bytes)),
              fmt::format(R"({{"steps":[{{"op":"put","key":"x","value":{{"base64":"{}"}}}}]}})", one.base64));
    const KvAnswer answer = decode_answer(
        kv::StepKind::kGet, 200,
        fmt::format(R"({{"committed":true,"results":[{{"ok":true,"value":{{"base64":"{}"}},"version":1}}]}})",
                    one.base64));
    EXPECT_EQ(answer.kind, KvAnswerKind::kDone) << answer.error;
    EXPECT_EQ(answer.value, Value(one.bytes));
  }
}

TEST(KvWire, TextOfEveryLengthIsUtf8) {
  EXPECT_EQ(encode_transaction(command(kv::StepKind::kGet, "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80")),
            "{\"steps\":[{\"op\":\"get\",\"key\":\"a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"}]}");
}

TEST(KvWire, ReadsValuesListsAndAbsence) {
  const auto value = [](const char* json) {
    const KvAnswer answer = decode_answer(
        kv::StepKind::kGet, 200,
        fmt::format(R"({{"committed":true,"results":[{{"ok":true,"value":{},"version":7}}]}})", json));
    EXPECT_EQ(answer.kind, KvAnswerKind::kDone) << answer.error;
    EXPECT_EQ(answer.version, 7U);
    return answer.value;
  };
  EXPECT_EQ(value("\"5\""), Value("5"));
  EXPECT_EQ(value("null"), Value());
  EXPECT_EQ(value(R"(["a","b"])"), Value(Value::List{"a", "b"}));
}

TEST(KvWire, ACasThatDidNotMatchShowsWhatItSaw) {
  const KvAnswer answer = decode_answer(
      kv::StepKind::kCas, 200, R"({"committed":false,"results":[{"ok":false,"value":"9","version":3}]})");
  EXPECT_EQ(answer.kind, KvAnswerKind::kNotMatched);
  EXPECT_EQ(answer.error, "mismatch");
  EXPECT_EQ(answer.value, Value("9"));
}

struct AnswerRow {
  int status;
  const char* code;
  const char* outcome;
  bool elsewhere;
};

// The table of docs/formats/node-api.md, once more by hand.
constexpr AnswerRow kRows[] = {
    {307, "not_leader", "definite", true},          {400, "bad_request", "definite", false},
    {400, "unsupported", "definite", false},        {404, "not_found", "definite", false},
    {405, "method_not_allowed", "definite", false}, {408, "request_timeout", "definite", false},
    {409, "session_expired", "indefinite", false},  {409, "sequence_too_old", "indefinite", false},
    {409, "membership_busy", "definite", false},    {413, "too_large", "definite", false},
    {431, "header_too_large", "definite", false},   {500, "internal", "indefinite", false},
    {503, "no_leader", "definite", true},           {503, "not_leader", "definite", true},
    {503, "overloaded", "definite", true},          {503, "stopping", "definite", true},
    {503, "leadership_lost", "indefinite", true},   {504, "timeout", "indefinite", true},
    {507, "disk_full", "definite", false},
};

std::string error_body(const char* code, const char* outcome) {
  return fmt::format(R"({{"error":{{"code":"{}","message":"m","outcome":"{}","leader":"n3"}}}})", code,
                     outcome);
}

TEST(KvWire, KnowsEveryRowOfTheErrorTable) {
  for (const AnswerRow& row : kRows) {
    const KvAnswer answer = decode_answer(kv::StepKind::kPut, row.status, error_body(row.code, row.outcome));
    const bool definite = std::string_view(row.outcome) == "definite";
    EXPECT_EQ(answer.kind, definite ? KvAnswerKind::kDefinite : KvAnswerKind::kIndefinite) << row.code;
    EXPECT_EQ(answer.error, row.code);
    EXPECT_EQ(answer.try_elsewhere, row.elsewhere) << row.code;
    EXPECT_EQ(answer.leader, NodeId(3)) << row.code;
  }
}

TEST(KvWire, IsDefiniteOnlyWhenTableAndAnswerAgree) {
  for (const AnswerRow& row : kRows) {
    const bool definite = std::string_view(row.outcome) == "definite";
    const auto kind = [&](int status, const char* outcome) {
      return decode_answer(kv::StepKind::kPut, status, error_body(row.code, outcome)).kind;
    };
    EXPECT_EQ(kind(row.status, definite ? "indefinite" : "definite"), KvAnswerKind::kIndefinite) << row.code;
    EXPECT_EQ(kind(row.status, "perhaps"), KvAnswerKind::kIndefinite) << row.code;
    EXPECT_EQ(kind(502, row.outcome), KvAnswerKind::kIndefinite)
        << row.code << " with a status of another row";
  }
}

TEST(KvWire, WhatItCannotReadIsIndefinite) {
  struct Case {
    int status;
    const char* body;
  };
  const Case cases[] = {
      {200, ""},
      {200, "{"},
      {200, "[]"},
      {200, "{}"},
      {200, R"({"committed":true})"},
      {200, R"({"committed":true,"results":[]})"},
      {200, R"({"committed":true,"results":[7]})"},
      {200, R"({"committed":true,"results":[{"ok":false,"value":null,"version":1}]})"},
      {200, R"({"committed":false,"results":[{"ok":false,"value":null,"version":1}]})"},  // a put cannot fail
                                                                                          // to match
      {200, R"({"committed":true,"results":[{"ok":true,"value":5,"version":1}]})"},
      {200, R"({"committed":true,"results":[{"ok":true,"value":{"base64":"?"},"version":1}]})"},
      {200, R"({"committed":true,"results":[{"ok":true,"value":null}]})"},
      {200, R"({"committed":true,"results":[{"ok":true,"value":null,"version":-1}]})"},
      {200,
       R"({"committed":true,"results":[{"ok":true,"value":null,"version":1},{"ok":true,"value":null,"version":1}]})"},
      {502, "<html>bad gateway</html>"},
      {503, R"({"error":"no_leader"})"},
      {503, R"({"error":{"code":"no_leader"}})"},
      {503, R"({"error":{"code":"gone_fishing","outcome":"definite"}})"},
      {204, ""},
  };
  for (const Case& one : cases) {
    const KvAnswer answer = decode_answer(kv::StepKind::kPut, one.status, one.body);
    EXPECT_EQ(answer.kind, KvAnswerKind::kIndefinite) << one.status << " " << one.body;
    EXPECT_THAT(answer.error, StartsWith("malformed answer: ")) << one.status << " " << one.body;
    EXPECT_FALSE(answer.try_elsewhere) << one.status << " " << one.body;
  }
}

TEST(KvWire, ADeepAnswerIsRefusedNotFollowed) {
  EXPECT_EQ(decode_answer(kv::StepKind::kGet, 200, std::string(100'000, '[')).kind,
            KvAnswerKind::kIndefinite);
}

}  // namespace
}  // namespace ordeal
