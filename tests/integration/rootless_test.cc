// A campaign as an ordinary user, in a user namespace of its own.

#include "tests/support/program.h"

#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace ordeal::test {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr const char* kUser = "65534";  // nobody

/// The programs where that user can read them: a build below /root is closed to others.
class OpenPrograms {
 public:
  OpenPrograms() {
    for (const char* name : {"ordeal", "ordeal-node", "ordeal-agent"}) {
      std::filesystem::copy_file(std::string(ORDEAL_BINARY_DIR) + '/' + name, directory_.path() + '/' + name);
    }
    chmod(directory_.path().c_str(), 0755);
    std::filesystem::create_directory(store());
    chmod(store().c_str(), 0777);
  }
  [[nodiscard]] std::string program() const { return directory_.path() + "/ordeal"; }
  [[nodiscard]] std::string store() const { return directory_.path() + "/store"; }

 private:
  TemporaryDirectory directory_;
};

TEST(Rootless, QuickPlanGivesTheSameKindOfResult) {
  const OpenPrograms programs;
  std::vector<std::string> command = {
      programs.program(), "run",           "--plan", std::string(ORDEAL_SOURCE_DIR) + "/plans/quick.yaml",
      "--store",          programs.store()};
  const test::TemporaryDirectory plan;
  std::filesystem::copy_file(command[3], plan.path() + "/quick.yaml");
  chmod(plan.path().c_str(), 0755);
  command[3] = plan.path() + "/quick.yaml";
  if (geteuid() == 0) {
    command.insert(command.begin(),
                   {"/usr/bin/setpriv", "--reuid", kUser, "--regid", kUser, "--clear-groups", "--"});
  }
  const Finished run = run_program(command, seconds(180));
  if (run.exit_code == 255 && run.err.find("user namespace") != std::string::npos) {
    GTEST_SKIP() << "this machine forbids user namespaces, and the error says so: " << run.err;
  }
  EXPECT_EQ(run.exit_code, 0) << run.out << run.err;
  EXPECT_THAT(run.out, HasSubstr("verdict: valid"));
}

TEST(Rootless, ForbiddenUserNamespacesAreNamed) {
  if (geteuid() != 0) GTEST_SKIP() << "forbidding user namespaces for a while needs root";
  if (run_program({"/usr/bin/unshare", "--user", "true"}, seconds(20)).exit_code != 0)
    GTEST_SKIP() << "this machine has forbidden them already, as the kernel does in a chroot";
  // The limit is set in a user namespace made for this test alone: inside of it no further ones may be made.
  const OpenPrograms programs;
  const std::string inside =
      std::string("echo 0 > /proc/sys/user/max_user_namespaces && exec setpriv --reuid ") + kUser +
      " --regid " + kUser + " --clear-groups -- " + programs.program() + " run --time-limit 5s --store " +
      programs.store();
  const std::string script =
      "unshare --user -- sleep 60 & p=$!; "
      "while [ $(readlink /proc/$p/ns/user) = $(readlink /proc/self/ns/user) ]; do :; done; "
      "echo '0 0 65536' > /proc/$p/uid_map; echo '0 0 65536' > /proc/$p/gid_map; "
      "nsenter --target $p --user --setuid 0 --setgid 0 -- /bin/sh -c '" +
      inside + "'; code=$?; kill $p; exit $code";
  const Finished run = run_program({"/bin/sh", "-c", script}, seconds(60));
  EXPECT_EQ(run.exit_code, 255) << run.out << run.err;
  EXPECT_THAT(run.err, HasSubstr("max_user_namespaces"));
}

}  // namespace
}  // namespace ordeal::test
