#include "node/host/supervisor.h"

#include "tests/support/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ordeal::host {
namespace {

using ::testing::ElementsAre;

TEST(Supervisor, ReplicaGetsEveryFlagButItsOwn) {
  const std::vector<const char*> argv = {"ordeal-node", "--supervised",  "--id",       "n1",   "--pid-file",
                                         "/tmp/p",      "--pid-file=/x", "--pre-vote", "false"};
  EXPECT_THAT(replica_arguments(static_cast<int>(argv.size()), argv.data()),
              ElementsAre("ordeal-node", "--id", "n1", "--pre-vote", "false"));
}

TEST(Supervisor, NoteIsWrittenAndItsIncarnationRead) {
  const test::TemporaryDirectory directory;
  const std::string file = directory.path() + "/pid";
  EXPECT_EQ(read_incarnation(file), 0U);
  ASSERT_TRUE(write_pid_note(file, {10, 11, 12, 0, ""}).ok());
  EXPECT_EQ(read_incarnation(file), 12U);
  EXPECT_EQ(
      print_pid_note({10, 0, 12, 12, "exit code 3"}),
      "{\"supervisor\": 10, \"replica\": 0, \"incarnation\": 12, \"ended\": 12, \"how\": \"exit code 3\"}\n");
}

TEST(Supervisor, DamagedNoteCountsFromZero) {
  const test::TemporaryDirectory directory;
  for (const std::string text : {"", "{", "[]", "{\"incarnation\": \"x\"}", "{\"incarnation\": -4}"})
    EXPECT_EQ(read_incarnation(directory.write("pid", text)), 0U) << text;
}

TEST(Supervisor, PlaceThatCannotBeWrittenIsSaid) {
  EXPECT_FALSE(write_pid_note("/nonexistent/pid", {1, 2, 3, 0, ""}).ok());
}

}  // namespace
}  // namespace ordeal::host
