#include "controller/env/reach.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ordeal::env {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const NodeId kA(1);
const NodeId kB(2);
const NodeId kC(3);

ReachMatrix full_matrix() {
  ReachMatrix matrix;
  for (const NodeId from : {kA, kB, kC}) {
    for (const NodeId to : {kA, kB, kC}) {
      if (from != to) matrix[{from, to}] = {20, 20};
    }
  }
  return matrix;
}

ReachExpectation expect_cut(std::set<Cut> cut) {
  return {{kA, kB, kC}, std::move(cut), {}};
}

TEST(Reach, IsAsExpectedWhenEverythingArrives) {
  EXPECT_THAT(differences(full_matrix(), expect_cut({})), IsEmpty());
}

TEST(Reach, IsAsExpectedWhenExactlyTheCutPairsAreSilent) {
  ReachMatrix matrix = full_matrix();
  matrix[{kA, kB}] = {};
  EXPECT_THAT(differences(matrix, expect_cut({{kA, kB}})), IsEmpty());
}

TEST(Reach, TellsTheDirectionsOfAPairApart) {
  ReachMatrix matrix = full_matrix();
  matrix[{kB, kA}] = {};
  EXPECT_THAT(differences(matrix, expect_cut({{kA, kB}})),
              ElementsAre("n1->n2 should be cut, but 20 datagrams came over IPv4 and 20 over IPv6",
                          "n2->n1 should be open, but nothing came over IPv4 or IPv6"));
}

TEST(Reach, SeesALeakInOneFamily) {
  ReachMatrix matrix = full_matrix();
  matrix[{kA, kB}] = {0, 1};
  EXPECT_THAT(differences(matrix, expect_cut({{kA, kB}})),
              ElementsAre("n1->n2 should be cut, but 0 datagrams came over IPv4 and 1 over IPv6"));
}

TEST(Reach, SeesARuleLeftInOneFamily) {
  ReachMatrix matrix = full_matrix();
  matrix[{kC, kB}] = {20, 0};
  EXPECT_THAT(differences(matrix, expect_cut({})),
              ElementsAre("n3->n2 should be open, but nothing came over IPv6"));
}

TEST(Reach, DoesNotTakeAMissingMeasurementForACut) {
  ReachMatrix matrix = full_matrix();
  matrix.erase({kA, kB});
  EXPECT_THAT(differences(matrix, expect_cut({{kA, kB}})), ElementsAre("n1->n2 was not measured"));
}

TEST(Reach, LeavesPairsThatAreJustChangingOut) {
  ReachMatrix matrix = full_matrix();
  matrix[{kA, kB}] = {};
  ReachExpectation expectation = expect_cut({});
  expectation.unknown = {{kA, kB}, {kB, kA}};
  EXPECT_THAT(differences(matrix, expectation), IsEmpty());
}

TEST(Reach, IsRecordedWithTheSilentPairs) {
  ReachMatrix matrix = full_matrix();
  matrix[{kA, kB}] = {};
  EXPECT_EQ(to_text(to_value(matrix)),
            to_text(Value(Value::Map{{"pairs", 6}, {"cut", Value::List{Value::List{"n1", "n2"}}}})));
}

}  // namespace
}  // namespace ordeal::env
