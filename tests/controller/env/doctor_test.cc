#include "controller/env/doctor.h"

#include "tests/support/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace ordeal::env {
namespace {

using testing::HasSubstr;

const DoctorCheck* find(const std::vector<DoctorCheck>& checks, const std::string& name) {
  for (const DoctorCheck& check : checks) {
    if (check.name == name) return &check;
  }
  return nullptr;
}

TEST(Doctor, SaysForEveryFailureWhatToDo) {
  const test::TemporaryDirectory directory;
  const auto checks = examine_machine({ORDEAL_BINARY_DIR, directory.path()});
  for (const DoctorCheck& check : checks) {
    EXPECT_FALSE(check.found.empty()) << check.name;
    if (check.need == Need::kOptional) continue;
    EXPECT_NE(check.ok, !check.remedy.empty()) << check.name << ": " << check.found;
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
  for (const char* name : {"private namespaces", "ip", "bridge", "veth", "disk space", "disk speed", "cores"})
    EXPECT_NE(find(checks, name), nullptr) << name;
}

TEST(Doctor, MissesProgramsThatAreNotThere) {
  const test::TemporaryDirectory directory;
  const auto checks = examine_machine({directory.path(), directory.path()});
  const DoctorCheck* agent = find(checks, "ordeal-agent");
  ASSERT_NE(agent, nullptr);
  EXPECT_FALSE(agent->ok);
  EXPECT_THAT(agent->remedy, HasSubstr("--target ordeal-agent"));
}

TEST(Doctor, MeasuresTheDiskAndLeavesNothing) {
  const test::TemporaryDirectory directory;
  const auto rate = measure_sync_rate(directory.path(), milliseconds(100));
  ASSERT_TRUE(rate.ok()) << rate.error().message;
  EXPECT_GT(*rate, 0);
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

TEST(Doctor, RefusesToMeasureADirectoryThatIsNotThere) {
  const auto rate = measure_sync_rate("/no/such/directory", milliseconds(1));
  ASSERT_FALSE(rate.ok());
  EXPECT_THAT(rate.error().message, HasSubstr("/no/such/directory"));
}

}  // namespace
}  // namespace ordeal::env
