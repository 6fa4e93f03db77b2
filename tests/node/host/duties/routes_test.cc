#include "node/host/duties/routes.h"

#include "node/kv/codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ordeal::host {
namespace {

using ::testing::HasSubstr;

Call route(Method method, std::string target, std::string body = {}) {
  HttpRequest request{method, std::move(target), std::move(body)};
  return route_request(request);
}

kv::Command command_of(const Call& call) {
  const auto* command = std::get_if<KvCall>(&call.what);
  if (command != nullptr) return *kv::decode_command(command->command);
  ADD_FAILURE() << "no command: "
                << (std::holds_alternative<HttpFault>(call.what) ? std::get<HttpFault>(call.what).message
                                                                 : "?");
  return {};
}

HttpFault fault_of(const Call& call) {
  const auto* fault = std::get_if<HttpFault>(&call.what);
  if (fault != nullptr) return *fault;
  ADD_FAILURE() << "no fault";
  return {};
}

TEST(Routes, GetPutDelete) {
  const Call get = route(Method::kGet, "/v1/kv/a%2Fb%00");
  EXPECT_EQ(get.route, Route::kGet);
  EXPECT_TRUE(std::get<KvCall>(get.what).read_only);
  EXPECT_EQ(command_of(get).steps.at(0).key, Bytes("a/b\0", 4));

  const kv::Command put = command_of(route(Method::kPut, "/v1/kv/x?sequence=4&session=17", "\xff"));
  EXPECT_EQ(put.steps.at(0), (kv::Step{kv::StepKind::kPut, "x", "\xff", {}}));
  EXPECT_EQ(put.session, (kv::SessionStamp{17, 4}));

  const Call erase = route(Method::kDelete, "/v1/kv/x");
  EXPECT_EQ(command_of(erase).steps.at(0).kind, kv::StepKind::kDelete);
  EXPECT_FALSE(std::get<KvCall>(erase.what).read_only);
}

TEST(Routes, TransactionWithEveryStep) {
  const kv::Command command =
      command_of(route(Method::kPost, "/v1/txn", R"({"session": 17, "sequence": 4, "steps": [
    {"op": "get", "key": "x"}, {"op": "put", "key": {"base64": "AP8="}, "value": "5"}, {"op": "delete", "key": "x"},
    {"op": "cas", "key": "x", "expected": "5", "value": "6"}, {"op": "cas", "key": "x", "expected": null, "value": "6"},
    {"op": "cas", "key": "x", "value": "6"}, {"op": "append", "key": "l", "value": {"base64": "/w=="}}]})"));
  const std::vector<kv::Step> expected = {
      {kv::StepKind::kGet, "x", {}, {}},       {kv::StepKind::kPut, Bytes("\0\xff", 2), "5", {}},
      {kv::StepKind::kDelete, "x", {}, {}},    {kv::StepKind::kCas, "x", "6", "5"},
      {kv::StepKind::kCas, "x", "6", {}},      {kv::StepKind::kCas, "x", "6", {}},
      {kv::StepKind::kAppend, "l", "\xff", {}}};
  EXPECT_EQ(command.steps, expected);
  EXPECT_EQ(command.session, (kv::SessionStamp{17, 4}));
}

struct BadCase {
  Method method;
  std::string target;
  std::string body;
  ApiError error;
  std::string message;
};

TEST(Routes, BadRequestsAreRefusedWithTheReason) {
  const std::vector<BadCase> cases = {
      {Method::kGet, "/", "", ApiError::kNotFound, "route"},
      {Method::kGet, "/v2/kv/x", "", ApiError::kNotFound, "route"},
      {Method::kPost, "/v1/kv/x", "", ApiError::kMethodNotAllowed, "GET, PUT, DELETE"},
      {Method::kGet, "/v1/txn", "", ApiError::kMethodNotAllowed, "POST"},
      {Method::kPost, "/healthz", "", ApiError::kMethodNotAllowed, "GET"},
      {Method::kOther, "/metrics", "", ApiError::kMethodNotAllowed, "GET"},
      {Method::kGet, "/v1/kv/", "", ApiError::kBadRequest, "key is empty"},
      {Method::kGet, "/v1/kv/%zz", "", ApiError::kBadRequest, "percent"},
      {Method::kGet, "/v1/kv/" + std::string(1025, 'k'), "", ApiError::kBadRequest, "1025 bytes"},
      {Method::kPut, "/v1/kv/x?session=1", "", ApiError::kBadRequest, "together"},
      {Method::kPut, "/v1/kv/x?session=1&sequence=0", "", ApiError::kBadRequest, "starts at 1"},
      {Method::kPut, "/v1/kv/x?session=1&session=2&sequence=1", "", ApiError::kBadRequest, "twice"},
      {Method::kPut, "/v1/kv/x?session=-1&sequence=1", "", ApiError::kBadRequest, "whole number"},
      {Method::kPut, "/v1/kv/x?session=99999999999999999999&sequence=1", "", ApiError::kBadRequest,
       "whole number"},
      {Method::kPut, "/v1/kv/x?ttl=1", "", ApiError::kBadRequest, "ttl"},
      {Method::kGet, "/v1/kv/x?session=1&sequence=1", "", ApiError::kBadRequest, "no session"},
      {Method::kPut, "/v1/kv/x", std::string(1024 * 1024 + 1, 'v'), ApiError::kTooLarge, "1048576"},
      {Method::kPost, "/v1/txn", "", ApiError::kBadRequest, "no JSON"},
      {Method::kPost, "/v1/txn", "{", ApiError::kBadRequest, "no JSON"},
      {Method::kPost, "/v1/txn", "[]", ApiError::kBadRequest, "object"},
      {Method::kPost, "/v1/txn", std::string(100'000, '['), ApiError::kBadRequest, "no JSON"},
      {Method::kPost, "/v1/txn", "{}", ApiError::kBadRequest, "steps"},
      {Method::kPost, "/v1/txn", R"({"steps": []})", ApiError::kBadRequest, "no steps"},
      {Method::kPost, "/v1/txn", R"({"steps": [], "color": 1})", ApiError::kBadRequest, "color"},
      {Method::kPost, "/v1/txn", R"({"steps": [1]})", ApiError::kBadRequest, "no object"},
      {Method::kPost, "/v1/txn", R"({"steps": [{"op": "swap", "key": "x"}]})", ApiError::kBadRequest, "'op'"},
      {Method::kPost, "/v1/txn", R"({"steps": [{"op": "get"}]})", ApiError::kBadRequest, "'key'"},
      {Method::kPost, "/v1/txn", R"({"steps": [{"op": "get", "key": 5}]})", ApiError::kBadRequest, "'key'"},
      {Method::kPost, "/v1/txn", R"({"steps": [{"op": "put", "key": "x"}]})", ApiError::kBadRequest,
       "'value'"},
      {Method::kPost, "/v1/txn", R"({"steps": [{"op": "get", "key": "x", "value": "1"}]})",
       ApiError::kBadRequest, "unknown member 'value'"},
      {Method::kPost, "/v1/txn", R"({"steps": [{"op": "get", "key": {"base64": "A"}}]})",
       ApiError::kBadRequest, "base64"},
      {Method::kPost, "/v1/txn", R"({"session": 1, "steps": [{"op": "get", "key": "x"}]})",
       ApiError::kBadRequest, "together"},
      {Method::kPost, "/v1/txn", R"({"session": 1.5, "sequence": 1, "steps": []})", ApiError::kBadRequest,
       "'session'"},
      {Method::kPost, "/v1/leadership", R"({"target": "leader"})", ApiError::kBadRequest, "n1, n2"},
      {Method::kPost, "/v1/members", R"({"voters": []})", ApiError::kBadRequest, "at least one"},
      {Method::kPost, "/v1/members", R"({"voters": ["n1"], "observers": []})", ApiError::kBadRequest,
       "observers"},
  };
  for (const BadCase& bad : cases) {
    const HttpFault fault = fault_of(route(bad.method, bad.target, bad.body));
    const std::string place = bad.target.substr(0, 60) + " " + bad.body.substr(0, 60);
    EXPECT_EQ(fault.error, bad.error) << place;
    EXPECT_THAT(fault.message, HasSubstr(bad.message)) << place;
  }
}

TEST(Routes, TooManyStepsAreRefused) {
  std::string body = R"({"steps": [)";
  for (int i = 0; i < 129; ++i) body += std::string(i > 0 ? "," : "") + R"({"op": "get", "key": "x"})";
  EXPECT_THAT(fault_of(route(Method::kPost, "/v1/txn", body + "]}")).message, HasSubstr("at most 128"));
}

TEST(Routes, LeadershipAndMembers) {
  EXPECT_EQ(std::get<LeadershipCall>(route(Method::kPost, "/v1/leadership", "{}").what).target, kNoNode);
  EXPECT_EQ(
      std::get<LeadershipCall>(route(Method::kPost, "/v1/leadership", R"({"target":"n2"})").what).target,
      NodeId(2));
  const auto members = std::get<MembersCall>(
      route(Method::kPost, "/v1/members", R"({"voters": ["n1", "n4"], "learners": ["n5"]})").what);
  EXPECT_EQ(members.members.voters, (std::vector<NodeId>{NodeId(1), NodeId(4)}));
  EXPECT_EQ(members.members.learners, (std::vector<NodeId>{NodeId(5)}));
}

TEST(ApiJson, PrintsReplies) {
  const kv::Reply reply{kv::ReplyCode::kAborted,
                        true,
                        LogIndex(9),
                        {{true, Bytes("a\"\n\x01é"), Version(5)},
                         {true, Bytes("\xff"), Version(6)},
                         {true, {}, Version(0)},
                         {false, std::vector<Bytes>{"a", "\x80"}, Version(7)}}};
  EXPECT_EQ(print_reply(reply), R"({"committed":false,"index":9,"duplicate":true,"results":[)"
                                R"({"ok":true,"value":"a\"\u000a\u0001é","version":5},)"
                                R"({"ok":true,"value":{"base64":"/w=="},"version":6},)"
                                R"({"ok":true,"value":null,"version":0},)"
                                R"({"ok":false,"value":["a",{"base64":"gA=="}],"version":7}]})");
}

TEST(HttpMessage, FaultSaysWhetherItIsDefinite) {
  HttpFault fault{ApiError::kNotLeader, "n2 is \"it\"", NodeId(2), "http://h:1", "Allow: X\r\n"};
  EXPECT_EQ(make_response(fault, false),
            "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: 115\r\n"
            "Connection: close\r\nAllow: X\r\n\r\n"
            R"({"error":{"code":"not_leader","message":"n2 is \"it\"","outcome":"definite","leader":"n2",)"
            R"("endpoint":"http://h:1"}})");
  EXPECT_THAT(make_response(HttpFault{ApiError::kTimeout, "", {}, {}, {}}, true), HasSubstr("indefinite"));
}

}  // namespace
}  // namespace ordeal::host
