// `ordeal convert`: from a run's directory to another tool's file.

#include "controller/cli/convert_command.h"

#include "controller/cli/exit_code.h"
#include "controller/report/files.h"
#include "tests/support/program.h"

#include <gtest/gtest.h>

namespace ordeal::cli {
namespace {

class Convert : public testing::Test {
 protected:
  void SetUp() override {
    static_cast<void>(directory_.write(
        "history.jsonl",
        "{\"index\":0,\"time\":1,\"process\":0,\"type\":\"invoke\",\"f\":\"write\",\"key\":"
        "\"x\",\"value\":\"1\"}\n"
        "{\"index\":1,\"time\":2,\"process\":0,\"type\":\"ok\",\"f\":\"write\",\"key\":\"x\","
        "\"value\":\"1\"}\n"));
  }
  [[nodiscard]] int convert(const std::string& path, const std::string& to) const {
    ConvertCommandOptions options;
    options.path = path;
    options.to = to;
    options.output = output();
    return convert_command(options);
  }
  [[nodiscard]] std::string output() const { return std::string(directory_.path()) + "/out"; }

  test::TemporaryDirectory directory_;
};

TEST_F(Convert, WritesTheHistoryOfARun) {
  ASSERT_EQ(convert(directory_.path(), "porcupine-kv"), kExitValid);
  EXPECT_EQ(*report::read_file(output()),
            "{:process 0, :type :invoke, :f :put, :key \"x\", :value \"1\"}\n"
            "{:process 0, :type :ok, :f :put, :key \"x\", :value \"1\"}\n");
}

TEST_F(Convert, WhatItWroteCanBeConvertedBack) {
  const std::string history = std::string(directory_.path()) + "/history.jsonl";
  const std::string before = *report::read_file(history);
  ASSERT_EQ(convert(history, "edn"), kExitValid);
  ASSERT_EQ(convert(output(), "jsonl"), kExitValid);
  EXPECT_EQ(*report::read_file(output()), before);
}

TEST_F(Convert, WritesNothingWhenTheFormatCannotSayIt) {
  static_cast<void>(directory_.write("plume", "w(1,10,0,0)\n"));
  EXPECT_EQ(convert(std::string(directory_.path()) + "/plume", "edn"), kExitArguments);
  EXPECT_EQ(convert(directory_.path(), "xml"), kExitArguments);
  EXPECT_FALSE(report::read_file(output()).ok());
}

}  // namespace
}  // namespace ordeal::cli
