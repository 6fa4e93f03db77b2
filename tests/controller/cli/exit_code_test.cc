#include "controller/cli/exit_code.h"

#include <gtest/gtest.h>

namespace ordeal::cli {
namespace {

TEST(ExitCode, InvalidOutranksErrorOutranksUnknownOutranksValid) {
  EXPECT_EQ(worst_exit(kExitValid, kExitUnknown), kExitUnknown);
  EXPECT_EQ(worst_exit(kExitInternal, kExitUnknown), kExitInternal);
  EXPECT_EQ(worst_exit(kExitInternal, kExitInvalid), kExitInvalid);
  EXPECT_EQ(worst_exit(kExitInvalid, kExitUnknown), kExitInvalid);
  EXPECT_EQ(worst_exit(kExitValid, kExitValid), kExitValid);
}

TEST(ExitCode, UnknownCodeCountsAsInternalError) {
  EXPECT_EQ(worst_exit(kExitUnknown, 137), 137);
  EXPECT_EQ(worst_exit(137, kExitInvalid), kExitInvalid);
}

}  // namespace
}  // namespace ordeal::cli
