// `ordeal sim` as a user starts it: exit codes, messages, and what Ctrl-C leaves.

#include "tests/support/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace ordeal::test {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using Words = std::vector<std::string>;

constexpr int kValid = 0;
constexpr int kInvalid = 1;
constexpr int kUnknown = 2;
constexpr int kArguments = 254;
constexpr int kInternal = 255;

Words sim(const Words& flags) {
  Words command = {"ordeal", "sim"};
  command.insert(command.end(), flags.begin(), flags.end());
  return command;
}

Finished run_sim(const Words& flags) {
  Finished finished = run_program(sim(flags), seconds(200));
  EXPECT_FALSE(finished.timed_out);
  return finished;
}

std::string read(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

/// Three nodes and no faults; below `operations` the run is vacuous.
std::string sound_plan(int operations) {
  return "version: 1\nname: sound\nnodes: 3\ntime_limit: 5s\nload: {concurrency: 4, rate: 50}\n"
         "expect: {operations: " +
         std::to_string(operations) + ", faults: 0}\n";
}

// --- Usage -------------------------------------------------------------------------------------------------

struct Refused {
  Words flags;
  std::string message;
};

void expect_refused(const std::vector<Refused>& rows) {
  for (const Refused& row : rows) {
    SCOPED_TRACE(::testing::PrintToString(row.flags));
    const Finished finished = run_sim(row.flags);
    EXPECT_EQ(finished.exit_code, kArguments) << finished.out << finished.err;
    EXPECT_THAT(finished.err, HasSubstr(row.message));
    EXPECT_EQ(finished.out, "") << "something was run";
  }
}

TEST(SimProgram, RefusesFlagsThatWouldMeanNothing) {
  const std::string no_plan = "without one each seed draws its own cluster, load and faults; add --plan FILE";
  const std::string no_hunt = "is for a hunt; add --seeds FIRST..LAST";
  const std::string campaigns = "each hunt of --campaigns has its own";
  const std::string one_hunt = "is for a single hunt: those of --campaigns end at the first seed";
  expect_refused({
      {{"--name", "x"}, "--name changes a plan, and " + no_plan},
      {{"--nodes", "3"}, "--nodes changes a plan, and " + no_plan},
      {{"--concurrency", "3"}, "--concurrency changes a plan"},
      {{"--rate", "3"}, "--rate changes a plan"},
      {{"--open-loop"}, "--open-loop changes a plan"},
      {{"--workload", "register"}, "--workload changes a plan"},
      {{"--nemesis", "kill", "--seeds", "1..9"}, "--nemesis changes a plan"},
      {{"--seed", "4", "--seeds", "1..9"}, "--seed runs one seed, and --seeds hunts over many"},
      {{"--seed", "4", "--jobs", "2"}, "--jobs " + no_hunt},
      {{"--budget", "5"}, "--budget " + no_hunt},
      {{"--keep-going"}, "--keep-going " + no_hunt},
      {{"--campaigns", "2", "--seeds", "1..9"}, "--seeds says which seeds to run, and " + campaigns},
      {{"--campaigns", "2", "--seed", "9"}, "--seed says which seeds to run, and " + campaigns},
      {{"--campaigns", "2", "--keep-going"}, "--keep-going " + one_hunt},
      {{"--campaigns", "2", "--shrink", "x.yaml"}, "--shrink " + one_hunt},
      {{"--campaigns", "2", "--store", "x"}, "--store " + one_hunt},
      {{"--store", "x", "--no-store"}, "--store says where to keep a run, and --no-store to keep none"},
  });
}

TEST(SimProgram, RefusesSeedsThatAreNoRange) {
  for (const char* seeds : {"", "7", "5..1", "a..b", "1..", "..5", "1...5", "-1..5", "1..5x", "0x1..5",
                            "1..18446744073709551616"}) {
    expect_refused({{{"--seeds", seeds}, "such as 1..1000"}});
  }
}

TEST(SimProgram, RefusesPlansAndNumbersThatMakeNoSense) {
  const TemporaryDirectory directory;
  expect_refused({
      {{"--plan", directory.path() + "/none.yaml"}, "cannot read plan"},
      {{"--plan", directory.write("bad.yaml", "version: 1\nnodes: 0\n")}, "nodes is 0; allowed: 1 to 9"},
      {{"--plan", directory.write("flag.yaml", "version: 1\nnode: {heartbeat: 5s}\n"), "--seeds", "1..4"},
       "heartbeat"},
      {{"--seeds", "1..4", "--jobs", "257"}, "--jobs: is '257'; allowed: a whole number, 0 to 256"},
      {{"--campaigns", "0"}, "allowed: a whole number, 1 to"},
      {{"--plant", "R99"}, "R99"},
  });
}

// --- Exit codes --------------------------------------------------------------------------------------------

TEST(SimProgram, EndsWithTheCodeOfWhatItFound) {
  const TemporaryDirectory directory;
  const std::string plan = directory.write("sound.yaml", sound_plan(10));
  const Finished sound = run_sim({"--plan", plan, "--seed", "1", "--no-store"});
  EXPECT_EQ(sound.exit_code, kValid) << sound.out << sound.err;
  EXPECT_THAT(sound.out, HasSubstr("seed 1: good"));

  const std::string more = directory.write("more.yaml", sound_plan(100'000));
  const Finished vacuous = run_sim({"--plan", more, "--seed", "1", "--no-store"});
  EXPECT_EQ(vacuous.exit_code, kUnknown) << vacuous.out << vacuous.err;
  EXPECT_THAT(vacuous.out, HasSubstr("vacuous: "));

  const Finished short_hunt = run_sim({"--seeds", "1..2", "--time-limit", "2s", "--no-store"});
  EXPECT_EQ(short_hunt.exit_code, kUnknown) << "none of its seeds counts: " << short_hunt.out;
  EXPECT_THAT(short_hunt.out, HasSubstr("2 seeds, of which 0 count"));

  const Finished failing = run_sim({"--plant", "R5", "--seeds", "1..100", "--no-store"});
  EXPECT_EQ(failing.exit_code, kInvalid) << failing.out << failing.err;
  EXPECT_THAT(failing.out, HasSubstr("history linearizable"));
}

TEST(SimProgram, SaysWhenTheStoreCannotBeWritten) {
  const TemporaryDirectory directory;
  const std::string plan = directory.write("sound.yaml", sound_plan(10));
  // Not even root can make a folder there.
  const Finished sound = run_sim({"--plan", plan, "--seed", "1", "--store", plan + "/store"});
  EXPECT_EQ(sound.exit_code, kInternal) << sound.out << sound.err;
  EXPECT_THAT(sound.err, HasSubstr(plan + "/store"));
  const Finished failing = run_sim({"--plant", "R5", "--seeds", "1..100", "--store", plan + "/store"});
  EXPECT_EQ(failing.exit_code, kInvalid) << "a failing seed outranks it: " << failing.out << failing.err;
  EXPECT_THAT(failing.err, HasSubstr(plan + "/store"));
}

TEST(SimProgram, SaysWhichThreadsItCannotHave) {
  // Stacks of 1 GiB each in 3.5 GiB: a few start, eight do not, and there is memory left to say so.
  const std::string ordeal = std::string(ORDEAL_BINARY_DIR) + "/ordeal";
  const Finished finished = run_program({"/bin/bash", "-c",
                                         "ulimit -S -s 1048576 && ulimit -v 3500000 && exec '" + ordeal +
                                             "' sim --seeds 1..100 --jobs 8 --no-store"});
  EXPECT_EQ(finished.exit_code, kInternal) << finished.signal << finished.out << finished.err;
  EXPECT_THAT(finished.err, HasSubstr("give a smaller --jobs"));
  EXPECT_THAT(finished.out, Not(HasSubstr("seed ")));
}

// --- Hashes
// -------------------------------------------------------------------------------------------------

TEST(SimProgram, WritesALineForEachSeed) {
  const TemporaryDirectory directory;
  const std::string plan = directory.write("sound.yaml", sound_plan(10));
  const auto hashes = [&](const Words& flags, const std::string& file) {
    Words all = {"--plan", plan, "--seeds", "3..6", "--no-store", "--hashes", file};
    all.insert(all.end(), flags.begin(), flags.end());
    return run_sim(all);
  };
  const std::string one = directory.path() + "/one";
  const std::string many = directory.path() + "/many";
  hashes({"--jobs", "1"}, one);
  hashes({"--jobs", "4"}, many);
  EXPECT_EQ(read(one), read(many)) << "threads must not matter";
  EXPECT_THAT(read(one), MatchesRegex("3 [0-9a-f]+ [0-9]+ good\n4 .* good\n5 .* good\n6 .* good\n"));

  // As a single run says it.
  const Finished single = run_sim({"--plan", plan, "--seed", "3", "--no-store"});
  const std::string line = read(one);
  EXPECT_THAT(single.out, HasSubstr("trace " + line.substr(2, 16)));

  const Finished full = hashes({}, "/dev/full");
  EXPECT_EQ(full.exit_code, kInternal) << full.out << full.err;
  EXPECT_THAT(full.err, HasSubstr("cannot write /dev/full"));
}

// --- Shrinking ---------------------------------------------------------------------------------------------

TEST(SimProgram, SaysWhatTheShrunkFileIsAndWritesAPlanThatFails) {
  const TemporaryDirectory directory;
  const std::string file = directory.path() + "/small.yaml";
  const Finished found = run_sim({"--plant", "R5", "--seeds", "1..100", "--no-store", "--shrink", file});
  EXPECT_EQ(found.exit_code, kInvalid) << found.out << found.err;
  EXPECT_THAT(found.out, HasSubstr("what remains: "));
  const std::string text = read(file);
  EXPECT_THAT(text, HasSubstr("# fails with seed "));
  EXPECT_THAT(text, HasSubstr("# what remains: "));
  const Finished again = run_sim({"--plan", file, "--no-store"});
  EXPECT_EQ(again.exit_code, kInvalid) << again.out << again.err;

  const Finished full = run_sim({"--plan", file, "--no-store", "--shrink", "/dev/full"});
  EXPECT_EQ(full.exit_code, kInvalid) << full.out << full.err;
  EXPECT_THAT(full.err, HasSubstr("cannot write /dev/full"));
  EXPECT_THAT(full.err, HasSubstr("version: 1")) << "the plan itself is not lost";
}

TEST(SimProgram, SaysWhenThereIsNothingToShrink) {
  const TemporaryDirectory directory;
  const std::string plan = directory.write("sound.yaml", sound_plan(10));
  const std::string file = directory.path() + "/small.yaml";
  const Finished one = run_sim({"--plan", plan, "--seed", "1", "--no-store", "--shrink", file});
  EXPECT_THAT(one.out,
              HasSubstr("nothing failed, so there is nothing to shrink: " + file + " is not written"));
  const Finished hunt = run_sim({"--plan", plan, "--seeds", "1..3", "--no-store", "--shrink", file});
  EXPECT_THAT(hunt.out, HasSubstr("nothing failed, so there is nothing to shrink"));
  EXPECT_FALSE(std::filesystem::exists(file));
}

// --- Ctrl-C ------------------------------------------------------------------------------------------------

Finished interrupt(const Words& flags, const std::string& when) {
  Program program(sim(flags));
  const pid_t group = program.pid();
  EXPECT_TRUE(program.wait_for_text(when, seconds(100)));
  program.send(SIGINT);
  Finished finished = program.wait(seconds(100));
  EXPECT_FALSE(finished.timed_out);
  EXPECT_TRUE(kill(-group, 0) != 0 && errno == ESRCH) << "something of it still runs";
  return finished;
}

TEST(SimProgram, TellsWhatItHasWhenAHuntIsInterrupted) {
  const Finished nothing = interrupt({"--seeds", "1..100000000", "--jobs", "3", "--no-store"}, "seeds 1..");
  EXPECT_EQ(nothing.exit_code, kUnknown) << nothing.out << nothing.err;
  EXPECT_THAT(nothing.out, HasSubstr("interrupted after "));
  EXPECT_THAT(nothing.out, HasSubstr(" seeds, of which "));

  const TemporaryDirectory directory;
  const std::string file = directory.path() + "/small.yaml";
  const Finished failed =
      interrupt({"--plant", "R5", "--seeds", "1..100000000", "--keep-going", "--no-store", "--shrink", file},
                "linearizable");
  EXPECT_EQ(failed.exit_code, kInvalid) << failed.out << failed.err;
  EXPECT_THAT(failed.out, HasSubstr("interrupted after "));
  EXPECT_THAT(failed.out, HasSubstr("history linearizable: "));
  EXPECT_THAT(failed.out, HasSubstr("is not shrunk and " + file + " not written"));
  EXPECT_FALSE(std::filesystem::exists(file));
}

TEST(SimProgram, GivesWhatThereIsWhenShrinkingIsInterrupted) {
  const TemporaryDirectory directory;
  const std::string file = directory.path() + "/small.yaml";
  const Finished finished =
      interrupt({"--plant", "R5", "--seeds", "1..100", "--no-store", "--shrink", file}, "shrinking seed ");
  EXPECT_EQ(finished.exit_code, kInvalid) << finished.out << finished.err;
  EXPECT_THAT(read(file), HasSubstr("# it may become smaller yet: "));
  EXPECT_EQ(run_sim({"--plan", file, "--no-store"}).exit_code, kInvalid);
}

}  // namespace
}  // namespace ordeal::test
