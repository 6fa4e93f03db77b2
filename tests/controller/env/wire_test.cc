// What agents and nodes are told and what they answer, against the examples of docs/formats.

#include "controller/env/agent_wire.h"
#include "controller/env/node_wire.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ordeal::env {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const NodeId kN1(1);
const NodeId kN2(2);
const NodeId kN3(3);

HttpAnswer answer(int status, std::string body) {
  HttpAnswer result;
  result.answered = true;
  result.sent = true;
  result.status = status;
  result.body = std::move(body);
  return result;
}

TEST(AgentWire, WritesTheBodiesOfTheFormat) {
  EXPECT_EQ(partition_body({kN2, kN3}, seconds(10)),
            R"({"kind":"partition","drop_from":["n2","n3"],"ttl_ms":10000})");
  EXPECT_EQ(process_fault_body("pause", seconds(10)), R"({"kind":"pause","ttl_ms":10000})");
  EXPECT_EQ(lease_body(seconds(10)), R"({"ttl_ms":10000})");
  EXPECT_EQ(emit_body(7, 20), R"({"kind":"emit","nonce":7,"count":20})");
  EXPECT_EQ(collect_body(7), R"({"kind":"collect","nonce":7})");
}

TEST(AgentWire, BelievesNoMeasurementWithoutDatagrams) {
  const char* all = R"({"emit":{"n2":{"ipv4":20,"ipv6":20},"n3":{"ipv4":20,"ipv6":20}},"complete":true})";
  EXPECT_TRUE(judge_emitted(answer(200, all), kN1, 2, 20).ok());
  EXPECT_FALSE(judge_emitted(answer(200, all), kN1, 3, 20).ok()) << "a peer is missing";
  const char* one_family =
      R"({"emit":{"n2":{"ipv4":20,"ipv6":0},"n3":{"ipv4":20,"ipv6":20}},"complete":true})";
  const Status status = judge_emitted(answer(200, one_family), kN1, 2, 20);
  ASSERT_FALSE(status.ok());
  EXPECT_THAT(status.error().message, HasSubstr("n1 sent 20 IPv4 and 0 IPv6 datagrams to n2"));
  EXPECT_FALSE(judge_emitted(answer(500, "{}"), kN1, 2, 20).ok());
}

TEST(NodeWire, TellsWhatHappenedBetweenTwoStatuses) {
  const auto status = [](const char* rest) {
    const auto parsed = parse_node_status(fmt::format(R"({{"node":"n2","role":"leader",{}}})", rest), kN2);
    EXPECT_TRUE(parsed.ok());
    return parsed.ok() ? *parsed : NodeStatus();
  };
  const auto names = [](const std::vector<NodeEvent>& events) {
    std::vector<std::string_view> list;
    for (const NodeEvent& event : events) {
      EXPECT_EQ(event.node, kN2);
      EXPECT_EQ(event.role, "leader");
      list.push_back(traits(event.kind).name);
    }
    return list;
  };
  const NodeStatus first = status(R"("term":3,"incarnation":1,"events":{"became-leader":1,"follows":4})");
  EXPECT_THAT(names(events_between(first, first)), IsEmpty());
  const NodeStatus later =
      status(R"("term":5,"incarnation":1,"events":{"became-leader":3,"follows":5,"snapshot-installed":1})");
  EXPECT_THAT(names(events_between(first, later)),
              ElementsAre("term-changed", "leader-elected", "leader-elected", "snapshot-installed"));
  // A new process counts anew.
  const NodeStatus reborn = status(R"("term":5,"incarnation":2,"events":{"became-leader":1})");
  EXPECT_THAT(names(events_between(later, reborn)), ElementsAre("node-started", "leader-elected"));
  const NodeStatus old = status(R"("term":5,"incarnation":2)");
  EXPECT_THAT(names(events_between(reborn, old)), IsEmpty()) << "a node that does not count";
}

TEST(AgentWire, DropsAtTheReceiver) {
  const auto drops = drops_by_node({{kN1, kN2}, {kN1, kN3}, {kN3, kN2}});
  EXPECT_EQ(drops.size(), 2u);
  EXPECT_EQ(drops.at(kN2), (std::vector<NodeId>{kN1, kN3}));
  EXPECT_EQ(drops.at(kN3), std::vector<NodeId>{kN1});
}

TEST(AgentWire, BelievesOnlyTheStateThatWasAskedFor) {
  const char* in_force = R"({"fault":"f1","kind":"partition","state":"in-force","asked_ns":1,"done_ns":2})";
  EXPECT_TRUE(judge_fault_answer(answer(200, in_force), kN1, "in-force").ok());
  EXPECT_FALSE(judge_fault_answer(answer(200, in_force), kN1, "absent").ok());
  const Status failed =
      judge_fault_answer(answer(200, R"({"state":"failed","reason":"no iptables"})"), kN2, "in-force");
  ASSERT_FALSE(failed.ok());
  EXPECT_THAT(failed.error().message, HasSubstr("n2"));
  EXPECT_THAT(failed.error().message, HasSubstr("no iptables"));
}

TEST(AgentWire, TellsRefusalsApart) {
  struct Row {
    HttpAnswer answer;
    ErrorCode code;
    const char* words;
  };
  HttpAnswer silent;
  silent.reason = "Connection refused";
  const Row rows[] = {
      {answer(422, R"({"error":{"code":"unsupported","message":"no xt_time"}})"), ErrorCode::kUnsupported,
       "no xt_time"},
      {answer(401, R"({"error":{"code":"unauthorized","message":"wrong token"}})"),
       ErrorCode::kPermissionDenied, "wrong token"},
      {answer(409, R"({"error":{"code":"busy","message":"no replica"}})"), ErrorCode::kInternal,
       "no replica"},
      {answer(500, "not JSON"), ErrorCode::kInternal, "500"},
      {silent, ErrorCode::kUnavailable, "Connection refused"},
  };
  for (const Row& row : rows) {
    const Status status = judge_fault_answer(row.answer, kN1, "in-force");
    ASSERT_FALSE(status.ok()) << row.words;
    EXPECT_EQ(status.error().code, row.code) << row.words;
    EXPECT_THAT(status.error().message, HasSubstr(row.words));
  }
}

TEST(AgentWire, ReadsProcessStates) {
  const auto state = parse_process_state(
      answer(200, R"({"replica":4711,"alive":true,"state":"T","threads_stopped":true,"incarnation":2})"),
      kN1);
  ASSERT_TRUE(state.ok());
  EXPECT_EQ(state->pid, 4711);
  EXPECT_TRUE(state->alive);
  EXPECT_TRUE(state->threads_stopped);
  EXPECT_EQ(state->incarnation, 2u);
  EXPECT_FALSE(parse_process_state(answer(200, R"({"reach":{}})"), kN1).ok());
}

TEST(AgentWire, ReadsARowOfTheMatrix) {
  ReachMatrix matrix;
  ASSERT_TRUE(
      parse_collected(answer(200, R"({"collect":{"n2":{"ipv4":20,"ipv6":0},"n3":{"ipv4":0,"ipv6":0}}})"), kN1,
                      matrix)
          .ok());
  EXPECT_EQ(matrix, (ReachMatrix{{{kN2, kN1}, {20, 0}}, {{kN3, kN1}, {0, 0}}}));
  for (const char* wrong : {"", "[]", "{}", R"({"collect":{"x":{}}})", R"({"collect":{"n2":3}})"})
    EXPECT_FALSE(parse_collected(answer(200, wrong), kN1, matrix).ok()) << wrong;
}

TEST(AgentWire, ReadsWhatAMachineCanDo) {
  const auto all = parse_capabilities(
      R"({"version":1,"capabilities":{"packet_filter_ipv4":{"available":true,"detail":"iptables v1.8.9"},
          "netem":{"available":false,"detail":"no sch_netem","install":"another kernel"}}})");
  ASSERT_TRUE(all.ok());
  ASSERT_EQ(all->size(), 2u);
  EXPECT_EQ((*all)[0].name, "packet_filter_ipv4");
  EXPECT_TRUE((*all)[0].available);
  EXPECT_FALSE((*all)[1].available);
  EXPECT_EQ((*all)[1].detail, "no sch_netem");
  EXPECT_EQ((*all)[1].install, "another kernel");
  for (const char* wrong : {"", "{}", R"({"capabilities":[]})", R"({"capabilities":{"netem":{}}})"})
    EXPECT_FALSE(parse_capabilities(wrong).ok()) << wrong;
}

TEST(NodeWire, ReadsAStatus) {
  const auto status = parse_node_status(
      R"({"node":"n1","cluster":"ab12","protocol":"raft","role":"leader","term":3,"leader":"n1","commit":120,
          "applied":119,"first_index":1,"last_index":121,"voters":["n1","n3"],"learners":["n2"],"peers":[],"plants":[],
          "incarnation":2,"pid":4711})",
      kN1);
  ASSERT_TRUE(status.ok());
  const NodeObservation expected{kN1, true, "leader", Term(3), kN1, LogIndex(120), LogIndex(119)};
  EXPECT_EQ(status->observation, expected);
  EXPECT_EQ(status->members, (Membership{{kN1, kN3}, {kN2}}));
  EXPECT_EQ(status->incarnation, 2u);
}

TEST(NodeWire, WritesTheBodiesOfTheFormat) {
  EXPECT_EQ(leadership_body(kN2), R"({"target":"n2"})");
  EXPECT_EQ(members_body({{kN1, kN3}, {kN2}}), R"({"voters":["n1","n3"],"learners":["n2"]})");
  EXPECT_EQ(members_body({{kN1}, {}}), R"({"voters":["n1"],"learners":[]})");
}

TEST(NodeWire, TellsNeverFromNotNow) {
  EXPECT_TRUE(judge_control_answer(answer(200, R"({"accepted":true})"), kN1).ok());
  const auto busy = judge_control_answer(
      answer(
          409,
          R"({"error":{"code":"membership_busy","message":"a change is under way","outcome":"definite"}})"),
      kN1);
  EXPECT_EQ(busy.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(busy.error().message, "n1 refuses: 409 membership_busy: a change is under way");
  const auto never = judge_control_answer(
      answer(400, R"({"error":{"code":"bad_request","message":"no voter","outcome":"definite"}})"), kN1);
  EXPECT_EQ(never.error().code, ErrorCode::kInvalidArgument);
}

TEST(NodeWire, TellsNotNowFromNobodyKnows) {
  HttpAnswer silent;
  silent.reason = "refused";
  EXPECT_EQ(judge_control_answer(silent, kN2).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(judge_control_answer(silent, kN2).error().message, "n2 does not answer: refused");
  silent.sent = true;
  EXPECT_EQ(judge_control_answer(silent, kN2).error().code, ErrorCode::kIndeterminate);
  for (const char* body : {"", "<html>", "[]", R"({"error":"x"})",
                           R"({"error":{"code":"internal","message":"x","outcome":"indefinite"}})"}) {
    const Status status = judge_control_answer(answer(500, body), kN1);
    ASSERT_FALSE(status.ok()) << body;
    EXPECT_EQ(status.error().code, ErrorCode::kIndeterminate) << body;
  }
}

TEST(NodeWire, TakesAnAbsentLeaderForNone) {
  const auto status = parse_node_status(R"({"node":"n1","role":"candidate","term":4,"leader":null})", kN1);
  ASSERT_TRUE(status.ok());
  EXPECT_EQ(status->observation.leader, kNoNode);
}

TEST(NodeWire, RefusesTheStatusOfAnotherNode) {
  const auto status = parse_node_status(R"({"node":"n2"})", kN1);
  ASSERT_FALSE(status.ok());
  EXPECT_THAT(status.error().message, HasSubstr("n1 calls itself n2"));
  EXPECT_FALSE(parse_node_status("<html>", kN1).ok());
}

}  // namespace
}  // namespace ordeal::env
