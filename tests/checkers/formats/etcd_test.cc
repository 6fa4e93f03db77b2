#include "checkers/formats/etcd.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ordeal {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// One record.
std::string record(int client, int call, int completed, std::string_view input, std::string_view output) {
  return fmt::format(
      "{{\n  \"ClientId\": {},\n  \"Input\": {},\n  \"Call\": {},\n  \"Output\": {},\n  \"Return\": {}\n}}\n",
      client, input, call, output, completed);
}

std::string get(std::string_view key) {
  return fmt::format(
      R"({{"Type":"range","Txn":null,"Range":{{"Start":"{}","End":"","Limit":0,"KeysOnly":false,"Revision":0}}}})",
      key);
}
std::string found(std::string_view key, std::string_view value, int revision) {
  return fmt::format(
      R"({{"KVs":[{{"Key":"{}","Value":{{"Value":"{}"}},"ModRevision":{},"Version":1}}],"Count":1}})", key,
      value, revision);
}
std::string got(const std::string& range, int revision) {
  return fmt::format(R"({{"Range":{},"ClientError":"","Revision":{},"Persisted":false,"Error":""}})", range,
                     revision);
}
std::string put_step(std::string_view key, std::string_view value, int lease = 0) {
  return fmt::format(
      R"({{"Type":"put-operation","Put":{{"Key":"{}","Value":{{"Value":"{}"}},"LeaseID":{}}}}})", key, value,
      lease);
}
std::string delete_step(std::string_view key) {
  return fmt::format(R"({{"Type":"delete-operation","Delete":{{"Key":"{}"}}}})", key);
}
std::string txn(const std::string& conditions, const std::string& then, const std::string& otherwise = "") {
  return fmt::format(
      R"({{"Type":"txn","Txn":{{"Conditions":[{}],"OperationsOnSuccess":[{}],"OperationsOnFailure":[{}]}}}})",
      conditions, then, otherwise);
}
std::string revision_is(std::string_view key, int revision) {
  return fmt::format(R"({{"Key":"{}","ExpectedRevision":{},"ExpectedVersion":0}})", key, revision);
}
std::string done(bool failure, const std::string& results, int revision) {
  return fmt::format(
      R"({{"Txn":{{"Failure":{},"Results":[{}]}},"Revision":{},"member-id":"8e9e05c52164694d"}})", failure,
      results, revision);
}
constexpr std::string_view kNothing = R"({"KVs":null,"Count":0,"Deleted":0})";
constexpr std::string_view kTimedOut = R"({"Error":"etcdserver: request timed out"})";

ParsedHistory parse_report(const std::string& text) {
  const NamedBytes file{.name = "operations.json", .bytes = text};
  Result<ParsedHistory> parsed = parse_etcd({&file, 1});
  EXPECT_TRUE(parsed.ok()) << parsed.error().message;
  if (!parsed.ok()) return {};
  const Status well_formed = check_well_formed(parsed->history);
  EXPECT_TRUE(well_formed.ok()) << well_formed.error().message;
  return *std::move(parsed);
}

/// The members that matter here, an operation a line.
std::string told(const ParsedHistory& parsed) {
  std::string out;
  for (const Op& op : parsed.history) {
    out += fmt::format("{} p{} {} {} {} {}", op.time.ns(), op.process.value(), to_text(op.type), op.f,
                       to_text(op.key), to_text(op.value));
    if (op.version) out += fmt::format(" @{}", *op.version);
    if (!op.error.empty()) out += " " + op.error;
    out += '\n';
  }
  return out;
}

std::string report_error(const std::string& text) {
  const NamedBytes file{.name = "operations.json", .bytes = text};
  const Result<ParsedHistory> parsed = parse_etcd({&file, 1});
  return parsed.ok() ? "no error" : parsed.error().message;
}

TEST(Etcd, GetsPutsAndDeletesAreReadsAndWrites) {
  const ParsedHistory parsed =
      parse_report(record(1, 10, 20, txn("", put_step("a", "1")), done(false, std::string(kNothing), 2)) +
                   record(1, 30, 40, get("a"), got(found("a", "1", 2), 2)) +
                   record(1, 50, 60, txn("", delete_step("a")), done(false, R"({"Deleted":1})", 3)) +
                   record(1, 70, 80, txn("", delete_step("a")), done(false, R"({"Deleted":0})", 3)) +
                   record(1, 90, 95, get("a"), got(R"({"KVs":[],"Count":0})", 3)));
  EXPECT_EQ(told(parsed),
            "10 p1 invoke write \"a\" \"1\"\n"
            "20 p1 ok write \"a\" \"1\" @2\n"
            "30 p1 invoke read \"a\" nil\n"
            "40 p1 ok read \"a\" \"1\" @2\n"
            "50 p1 invoke write \"a\" nil\n"
            "60 p1 ok write \"a\" nil @3\n"
            "70 p1 invoke read \"a\" nil\n"
            "80 p1 ok read \"a\" nil\n"
            "90 p1 invoke read \"a\" nil\n"
            "95 p1 ok read \"a\" nil\n");
  EXPECT_EQ(parsed.history[1].extra, (Value::Map{{"revision", 2}, {"member", "8e9e05c52164694d"}}));
  EXPECT_EQ(parsed.history[3].extra, (Value::Map{{"revision", 2}, {"key-version", 1}}));
  EXPECT_THAT(parsed.notes, ElementsAre(HasSubstr("1 deletes that found their key are writes of nil")));
}

TEST(Etcd, ARevisionWhoseValueIsKnownIsACas) {
  const std::string range_a = R"({"Type":"range-operation","Range":{"Start":"a","End":""}})";
  const ParsedHistory parsed = parse_report(
      record(1, 10, 20, txn(revision_is("a", 0), put_step("a", "1")), done(false, std::string(kNothing), 2)) +
      record(1, 30, 40, txn(revision_is("a", 2), put_step("a", "2"), range_a),
             done(false, std::string(kNothing), 3)) +
      record(1, 50, 60, txn(revision_is("a", 2), put_step("a", "3"), range_a),
             done(true, found("a", "2", 3), 3)) +
      record(1, 70, 80, txn(revision_is("a", 2), delete_step("a")), done(true, "", 3)) +
      record(1, 90, 95, txn(revision_is("a", 3), delete_step("a")), std::string(kTimedOut)));
  EXPECT_EQ(told(parsed),
            "10 p1 invoke cas \"a\" [nil \"1\"]\n"
            "20 p1 ok cas \"a\" [nil \"1\"] @2\n"
            "30 p1 invoke cas \"a\" [\"1\" \"2\"]\n"
            "40 p1 ok cas \"a\" [\"1\" \"2\"] @3\n"
            "50 p1 invoke cas \"a\" [\"1\" \"3\"]\n"
            "60 p1 fail cas \"a\" [\"1\" \"3\"] mismatch\n"
            "70 p1 invoke cas \"a\" [\"1\" nil]\n"
            "80 p1 fail cas \"a\" [\"1\" nil] mismatch\n"
            "90 p1 invoke cas \"a\" [\"2\" nil]\n"
            "95 p1 info cas \"a\" [\"2\" nil] etcdserver: request timed out\n");
  EXPECT_EQ(parsed.history[2].extra, (Value::Map{{"expected-revision", 2}}));
  EXPECT_EQ(*parsed.history[5].extra.find("seen"), (std::pair<const std::string, Value>("seen", "2")));
  EXPECT_THAT(parsed.notes, ElementsAre());
}

TEST(Etcd, ARevisionWhoseValueIsNotKnownIsATxn) {
  // 1 was put twice, so that to hold 1 is not to be at revision 2; nobody tells of revision 9.
  const ParsedHistory parsed = parse_report(
      record(1, 10, 20, txn("", put_step("a", "1")), done(false, std::string(kNothing), 2)) +
      record(2, 10, 20, txn("", put_step("a", "1")), std::string(kTimedOut)) +
      record(1, 30, 40, txn(revision_is("a", 2), put_step("a", "2")), done(false, std::string(kNothing), 3)) +
      record(1, 50, 60, txn(revision_is("a", 9), put_step("a", "3")), done(true, "", 3)));
  EXPECT_THAT(told(parsed), HasSubstr("30 p1 invoke txn \"a\" {"));
  EXPECT_THAT(told(parsed), HasSubstr("50 p1 invoke txn \"a\" {"));
  EXPECT_THAT(parsed.notes, ElementsAre(HasSubstr("2 compare-and-puts are txn: no answer tells the value")));
}

TEST(Etcd, WhatNoRegisterHasKeepsItsName) {
  const ParsedHistory parsed = parse_report(
      record(1, 10, 20, txn("", put_step("a", "1", 77)), done(false, std::string(kNothing), 2)) +
      record(1, 30, 40, R"({"Type":"range","Range":{"Start":"a","End":"b"}})", got(found("a", "1", 2), 2)) +
      record(1, 50, 60, R"({"Type":"range","Range":{"Start":"a","Revision":2}})",
             got(found("a", "1", 2), 2)) +
      record(7, 50, 60, txn("", put_step("a", "2") + "," + delete_step("b")),
             done(false, fmt::format("{0},{0}", kNothing), 3)) +
      record(1, 70, 80, R"({"Type":"compact","Compact":{"Revision":2}})", R"({"Compact":{},"Revision":-1})") +
      record(1, 90, 95, R"({"Type":"leaseGrant","LeaseGrant":{"LeaseID":77}})", R"({"LeaseGrant":{}})"));
  std::string fs;
  for (const Op& op : parsed.history) {
    if (op.type == OpType::kInvoke)
      fs += fmt::format("p{} {} {}; ", op.process.value(), op.f, to_text(op.key));
  }
  EXPECT_EQ(fs,
            "p1 put-with-lease \"a\"; p1 range nil; p1 read-at-revision \"a\"; p7 txn \"a\"; p8 txn \"b\"; ");
  EXPECT_THAT(parsed.notes,
              ElementsAre("left out, since they change no key of other operations: 1 compact, 1 leaseGrant",
                          HasSubstr("1 txn may change several keys and stand once for each")));
}

TEST(Etcd, AnUnknownReadFailedAndAnUnknownChangeIsInfo) {
  const ParsedHistory parsed = parse_report(
      record(1, 10, 20, get("a"), std::string(kTimedOut)) +
      record(1, 30, 40, R"({"Type":"range","Range":{"Start":"a","Revision":1}})",
             R"({"ClientError":"required revision has been compacted"})") +
      record(1, 50, 60, txn("", delete_step("a")), R"({"Persisted":true,"PersistedRevision":4})"));
  EXPECT_EQ(parsed.history.at(1).type, OpType::kFail);
  EXPECT_EQ(parsed.history.at(3).error, "required revision has been compacted");
  EXPECT_EQ(parsed.history.at(3).type, OpType::kFail);
  EXPECT_EQ(parsed.history.at(5).type, OpType::kInfo);
  EXPECT_EQ(parsed.history.at(5).error, "persisted, but not answered");
}

TEST(Etcd, AtEqualTimesCallsComeBeforeReturns) {
  const std::string absent = R"({"KVs":null,"Count":0})";
  const std::string first = record(1, 10, 20, get("a"), got(absent, 1));
  const std::string second = record(2, 20, 30, get("b"), got(absent, 1));
  const std::vector<NamedBytes> files = {{.name = "client-2/operations.json", .bytes = second},
                                         {.name = "client-1/operations.json", .bytes = first},
                                         {.name = "client-1/watch.json", .bytes = "{}"}};
  const auto parsed = parse_etcd(files);
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  EXPECT_EQ(told(*parsed),
            "10 p1 invoke read \"a\" nil\n"
            "20 p2 invoke read \"b\" nil\n"
            "20 p1 ok read \"a\" nil\n"
            "30 p2 ok read \"b\" nil\n");
  EXPECT_THAT(parsed->notes, ElementsAre("1 files are no operations.json: left out"));
}

TEST(Etcd, LongValuesAreKnownByTheirHash) {
  const ParsedHistory parsed = parse_report(record(
      1, 10, 20, get("a"), got(R"({"KVs":[{"Key":"a","Value":{"Hash":4294967295},"ModRevision":2}]})", 2)));
  EXPECT_EQ(parsed.history.at(1).value, Value(Value::Map{{"hash", 4'294'967'295}}));
}

TEST(Etcd, NamesTheLineAndWhatWasExpected) {
  const std::string good = record(1, 10, 20, get("a"), got(found("a", "1", 2), 2));
  EXPECT_EQ(report_error(good + "7"), "line 8: expected a JSON object, found '7'");
  EXPECT_EQ(report_error("{}"), "line 1: \"ClientID\" is missing, expected an integer");
  EXPECT_EQ(report_error(record(1, 20, 10, get("a"), "{}")),
            "line 1: \"Return\" is 10, expected no time before the call");
  EXPECT_EQ(
      report_error(good + record(1, 15, 30, get("a"), got(found("a", "1", 2), 2))),
      "line 8: client 1 calls at 15, but its call before (line 1) returns at 20; expected one at a time");
  EXPECT_EQ(
      report_error(record(1, 10, 20, R"({"Type":"watch"})", "{}")),
      "line 1: \"Type\" is \"watch\", expected range, txn, leaseGrant, leaseRevoke, defragment or compact");
  EXPECT_EQ(report_error(record(1, 10, 20, get("a"), "{}")),
            "line 1: \"Range\" is missing, expected an object");
  EXPECT_EQ(report_error(record(1, 10, 20, get("a"), got(found("b", "1", 2), 2))),
            "line 1: a get of \"a\" is answered with another key");
  EXPECT_EQ(report_error(record(1, 10, 20, txn("", put_step("a", "1")), done(false, "", 2))),
            "line 1: \"Results\" is [], expected one of each of 1 operations");
  EXPECT_EQ(report_error(record(1, 10, 20, txn("", R"({"Type":"x"})"), "{}")),
            "line 1: \"Type\" is \"x\", expected range-operation, put-operation or delete-operation");
  const std::vector<NamedBytes> files = {{.name = "client-1/operations.json", .bytes = good},
                                         {.name = "client-2/operations.json", .bytes = "{"}};
  EXPECT_EQ(parse_etcd(files).error().message,
            "client-2/operations.json: line 1: the JSON object that begins there does not end, expected '}'");
}

}  // namespace
}  // namespace ordeal
