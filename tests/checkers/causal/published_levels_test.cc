// Transactions that others recorded, against the levels that their tools published: tests/histories/awdit.

#include "checkers/causal/causal.h"
#include "checkers/formats/awdit.h"
#include "checkers/transactions/weak_isolation.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace ordeal {
namespace {

namespace fs = std::filesystem;

/// The strongest level of AWDIT's that holds, as its folders name them.
std::string strongest(const TransactionTable& table) {
  const Result<ReadsFrom> reads = resolve_reads(table);
  if (!reads.ok()) return reads.error().message;
  const Writers writers(table, *reads);
  if (check_causal(table, *reads, {}).convergence.verdict == Verdict::kValid) return "causal";
  if (check_read_atomic(table, *reads, writers).verdict == Verdict::kValid) return "read-atomic";
  if (check_read_committed(table, *reads, writers).verdict == Verdict::kValid) return "read-committed";
  return "none";
}

TEST(PublishedLevels, Awdit) {
  const fs::path folder = fs::path(ORDEAL_SOURCE_DIR) / "tests" / "histories" / "awdit";
  int files = 0;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".txt") continue;
    ++files;
    std::ifstream file(entry.path());
    const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    const Result<ParsedTransactions> parsed = parse_awdit(text);
    ASSERT_TRUE(parsed.ok()) << entry.path() << ": " << parsed.error().message;
    EXPECT_EQ(strongest(parsed->table), fs::relative(entry.path(), folder).begin()->string()) << entry.path();
  }
  EXPECT_EQ(files, 15);
}

}  // namespace
}  // namespace ordeal
