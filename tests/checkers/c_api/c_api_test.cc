// The C API as a C program sees it: through libordeal-checkers.so, without anything of C++ behind it.

#include "checkers/c_api/ordeal_checkers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>

namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

using HistoryHandle = std::unique_ptr<ordeal_history, decltype(&ordeal_history_free)>;
using FindingHandle = std::unique_ptr<ordeal_finding, decltype(&ordeal_finding_free)>;

/// What a call gave; takes over and frees its message.
struct Outcome {
  ordeal_code code = ORDEAL_OK;
  std::string message;

  Outcome(ordeal_code given, char* text) : code(given), message(text != nullptr ? text : "") {
    ordeal_text_free(text);
  }
};

struct Opened {
  Outcome outcome;
  HistoryHandle history;
};

Opened open(const std::string& text, const char* format = nullptr, std::uint64_t memory_bytes = 0) {
  char* message = nullptr;
  ordeal_history* history = nullptr;
  const ordeal_code code =
      ordeal_history_open(text.data(), text.size(), format, memory_bytes, &history, &message);
  return {Outcome(code, message), HistoryHandle(history, &ordeal_history_free)};
}

HistoryHandle new_history() {
  ordeal_history* history = nullptr;
  EXPECT_EQ(ordeal_history_new(&history, nullptr), ORDEAL_OK);
  return {history, &ordeal_history_free};
}

Outcome add(const HistoryHandle& history, std::int32_t type, std::int64_t process, const char* f,
            const char* value, const char* key = "\"x\"", std::int64_t time = ORDEAL_NO_TIME) {
  char* message = nullptr;
  const ordeal_code code =
      ordeal_history_add(history.get(), type, process, time, f, key, value, nullptr, &message);
  return {code, message};
}

struct Checked {
  Outcome outcome;
  FindingHandle finding;

  [[nodiscard]] ordeal_verdict verdict() const { return ordeal_finding_verdict(finding.get()); }
  [[nodiscard]] std::string why() const { return ordeal_finding_why(finding.get()); }
};

Checked check(const HistoryHandle& history, const char* model = nullptr,
              const ordeal_budget* budget = nullptr) {
  char* message = nullptr;
  ordeal_finding* finding = nullptr;
  const ordeal_code code = ordeal_check(history.get(), model, budget, &finding, &message);
  return {Outcome(code, message), FindingHandle(finding, &ordeal_finding_free)};
}

ordeal_budget budget() {
  ordeal_budget all{};
  all.struct_size = sizeof(all);
  return all;
}

std::string line(int index, int process, const std::string& type, const std::string& f,
                 const std::string& value) {
  const std::string number = std::to_string(index);
  return "{\"index\":" + number + ",\"time\":" + number + ",\"process\":" + std::to_string(process) +
         ",\"type\":\"" + type + "\",\"f\":\"" + f + "\",\"key\":\"x\",\"value\":" + value + "}\n";
}

/// One write and a read of `answer`.
std::string write_then_read(const std::string& answer) {
  return line(0, 0, "invoke", "write", "1") + line(1, 0, "ok", "write", "1") +
         line(2, 1, "invoke", "read", "null") + line(3, 1, "ok", "read", answer);
}

/// Many clients write few values at once, and a last read that nothing explains forces the search through
/// everything.
HistoryHandle hard_history() {
  HistoryHandle history = new_history();
  for (int round = 0; round < 4; ++round) {
    for (int p = 0; p < 20; ++p)
      add(history, ORDEAL_INVOKE, p, "write", std::to_string((p + round) % 5).c_str());
    for (int p = 20; p < 40; ++p) add(history, ORDEAL_INVOKE, p, "read", nullptr);
    for (int p = 0; p < 20; ++p)
      add(history, ORDEAL_COMPLETE_OK, p, "write", std::to_string((p + round) % 5).c_str());
    for (int p = 20; p < 40; ++p)
      add(history, ORDEAL_COMPLETE_OK, p, "read", std::to_string(p * 7 % 5).c_str());
  }
  add(history, ORDEAL_INVOKE, 0, "read", nullptr);
  add(history, ORDEAL_COMPLETE_OK, 0, "read", "\"never written\"");
  return history;
}

TEST(CApi, ChecksBytes) {
  const Opened good = open(write_then_read("1"));
  ASSERT_EQ(good.outcome.code, ORDEAL_OK) << good.outcome.message;
  EXPECT_EQ(ordeal_history_size(good.history.get()), 4U);
  EXPECT_STREQ(ordeal_history_format(good.history.get()), "jsonl");
  EXPECT_STREQ(ordeal_history_notes(good.history.get()), "");
  EXPECT_EQ(check(good.history).verdict(), ORDEAL_VALID);
  const Opened bad = open(write_then_read("null"));
  ASSERT_EQ(bad.outcome.code, ORDEAL_OK) << bad.outcome.message;
  const Checked checked = check(bad.history, "register");
  EXPECT_EQ(checked.outcome.code, ORDEAL_OK);
  EXPECT_EQ(checked.verdict(), ORDEAL_INVALID);
  EXPECT_THAT(checked.why(), HasSubstr("p1 read -> nil"));
}

TEST(CApi, GivesTheWholeFindingAsJson) {
  const Opened bad = open(write_then_read("null"));
  const Checked checked = check(bad.history);
  const std::string json = ordeal_finding_json(checked.finding.get());
  EXPECT_THAT(json, StartsWith("{\"checker\":\"linearizable\",\"details\":{"));
  EXPECT_THAT(json, HasSubstr("\"verdict\":\"invalid\""));
  EXPECT_THAT(json, HasSubstr("\"why\":\"" + checked.why().substr(0, 3)));
  EXPECT_THAT(json, HasSubstr("\"witnesses\":[{\"key\":\"x\",\"longest\":[{\"complete\":1,\"invoke\":0,"));
  EXPECT_THAT(json, HasSubstr("\"stuck\":[{\"complete\":3,\"invoke\":2,\"text\":\"p1 read -> nil"));
}

TEST(CApi, ChecksEventsAsTheyAreAdded) {
  const HistoryHandle history = new_history();
  EXPECT_EQ(check(history).verdict(), ORDEAL_UNKNOWN);
  EXPECT_EQ(check(history).why(), "the history has no operations: nothing was checked");
  EXPECT_EQ(add(history, ORDEAL_INVOKE, 0, "write", "1").message, "");
  EXPECT_EQ(add(history, ORDEAL_COMPLETE_OK, 0, "write", "1").message, "");
  EXPECT_EQ(check(history).verdict(), ORDEAL_VALID);
  EXPECT_EQ(add(history, ORDEAL_INVOKE, ORDEAL_NEMESIS, "start-kill", nullptr, nullptr).message, "");
  EXPECT_EQ(add(history, ORDEAL_INVOKE, 1, "read", nullptr).message, "");
  EXPECT_EQ(add(history, ORDEAL_COMPLETE_OK, 1, "read", "2").message, "");
  EXPECT_EQ(check(history).verdict(), ORDEAL_INVALID);
  EXPECT_EQ(ordeal_history_size(history.get()), 5U);
}

TEST(CApi, AnOperationOfUnknownOutcomeMayHaveHappened) {
  const HistoryHandle history = new_history();
  add(history, ORDEAL_INVOKE, 0, "write", "1");
  add(history, ORDEAL_COMPLETE_INFO, 0, "write", "1");
  add(history, ORDEAL_INVOKE, 1, "read", nullptr);
  add(history, ORDEAL_COMPLETE_OK, 1, "read", "1");
  EXPECT_EQ(check(history).verdict(), ORDEAL_VALID);
}

TEST(CApi, AddsLinesWithEveryMember) {
  const HistoryHandle history = new_history();
  const std::string text = line(0, 0, "invoke", "read", "null");
  EXPECT_EQ(ordeal_history_add_line(history.get(), text.data(), text.size() - 1, nullptr), ORDEAL_OK);
  char* message = nullptr;
  ordeal_code code = ordeal_history_add_line(history.get(), text.data(), text.size() - 1, &message);
  EXPECT_EQ(Outcome(code, message).message, "its index is 0, expected 1");
  code = ordeal_history_add_line(history.get(), "{\"index\":1}", 11, &message);
  EXPECT_EQ(code, ORDEAL_INVALID_ARGUMENT);
  EXPECT_THAT(Outcome(code, message).message, HasSubstr("\"time\" is missing"));
  EXPECT_EQ(ordeal_history_size(history.get()), 1U);
}

TEST(CApi, TakesTheInitialValueFromTheModel) {
  const Opened history = open(line(0, 0, "invoke", "read", "null") + line(1, 0, "ok", "read", "7"));
  EXPECT_EQ(check(history.history, "register:7").verdict(), ORDEAL_VALID);
  EXPECT_EQ(check(history.history, "register").verdict(), ORDEAL_INVALID);
}

TEST(CApi, ChecksTransactionsWithoutTimes) {
  const Opened opened = open("w(1,1,0,0)\nw(2,2,0,1)\nr(2,2,1,2)\nr(1,0,1,3)\n");
  EXPECT_STREQ(ordeal_history_format(opened.history.get()), "plume");
  EXPECT_EQ(check(opened.history).verdict(), ORDEAL_INVALID);
  EXPECT_EQ(check(opened.history, "read-committed").verdict(), ORDEAL_VALID);
  EXPECT_THAT(check(opened.history, "register").outcome.message, HasSubstr("needs a history with times"));
  EXPECT_EQ(add(opened.history, ORDEAL_INVOKE, 0, "read", nullptr).message,
            "a history of the format plume has no events to add to");
}

TEST(CApi, SaysHowTheHistoryWasRead) {
  const Opened opened = open(write_then_read("1") + "{\"ind");
  EXPECT_THAT(ordeal_history_notes(opened.history.get()), HasSubstr("no newline at its end"));
}

TEST(CApi, ReadsFiles) {
  const std::string path = std::filesystem::temp_directory_path() / ("ordeal-c-" + std::to_string(getpid()));
  std::ofstream(path) << write_then_read("1");
  ordeal_history* history = nullptr;
  EXPECT_EQ(ordeal_history_open_file(path.c_str(), "jsonl", 0, &history, nullptr), ORDEAL_OK);
  EXPECT_EQ(ordeal_history_size(history), 4U);
  ordeal_history_free(history);
  std::filesystem::remove(path);
  char* message = nullptr;
  const ordeal_code code = ordeal_history_open_file(path.c_str(), nullptr, 0, &history, &message);
  EXPECT_EQ(code, ORDEAL_NOT_FOUND);
  EXPECT_EQ(history, nullptr);
  EXPECT_EQ(Outcome(code, message).message, path + ": No such file or directory");
}

TEST(CApi, RefusesNull) {
  const HistoryHandle none(nullptr, &ordeal_history_free);
  ordeal_history* history = nullptr;
  ordeal_finding* finding = nullptr;
  char* message = nullptr;
  EXPECT_EQ(ordeal_history_open("", 0, nullptr, 0, nullptr, nullptr), ORDEAL_INVALID_ARGUMENT);
  ordeal_code code = ordeal_history_open(nullptr, 1, nullptr, 0, &history, &message);
  EXPECT_EQ(Outcome(code, message).message, "bytes is NULL");
  EXPECT_EQ(ordeal_history_open_file(nullptr, nullptr, 0, &history, nullptr), ORDEAL_INVALID_ARGUMENT);
  EXPECT_EQ(ordeal_history_open_file("x", nullptr, 0, nullptr, nullptr), ORDEAL_INVALID_ARGUMENT);
  EXPECT_EQ(ordeal_history_new(nullptr, nullptr), ORDEAL_INVALID_ARGUMENT);
  EXPECT_EQ(add(none, ORDEAL_INVOKE, 0, "read", nullptr).message, "history is NULL");
  EXPECT_EQ(ordeal_history_add_line(nullptr, "{}", 2, nullptr), ORDEAL_INVALID_ARGUMENT);
  EXPECT_EQ(ordeal_history_add_line(new_history().get(), nullptr, 2, nullptr), ORDEAL_INVALID_ARGUMENT);
  EXPECT_EQ(ordeal_check(nullptr, nullptr, nullptr, &finding, nullptr), ORDEAL_INVALID_ARGUMENT);
  code = ordeal_check(new_history().get(), nullptr, nullptr, nullptr, &message);
  EXPECT_EQ(Outcome(code, message).message, "finding is NULL");
}

TEST(CApi, NullHasNothingToSay) {
  EXPECT_EQ(ordeal_history_size(nullptr), 0U);
  EXPECT_STREQ(ordeal_history_format(nullptr), "");
  EXPECT_STREQ(ordeal_history_notes(nullptr), "");
  EXPECT_EQ(ordeal_finding_verdict(nullptr), ORDEAL_UNKNOWN);
  EXPECT_STREQ(ordeal_finding_why(nullptr), "");
  EXPECT_STREQ(ordeal_finding_json(nullptr), "null");
  ordeal_history_free(nullptr);
  ordeal_finding_free(nullptr);
  ordeal_text_free(nullptr);
}

TEST(CApi, RefusesUnknownNames) {
  const Checked checked = check(new_history(), "queue");
  EXPECT_EQ(checked.outcome.code, ORDEAL_INVALID_ARGUMENT);
  EXPECT_EQ(checked.finding, nullptr);
  EXPECT_THAT(checked.outcome.message, StartsWith("there is no model \"queue\"; give one of register, "));
  const Opened opened = open("", "xml");
  EXPECT_EQ(opened.history, nullptr);
  EXPECT_THAT(opened.outcome.message, StartsWith("there is no format \"xml\"; give one of jsonl, "));
  EXPECT_THAT(open("<html>").outcome.message, HasSubstr("looks like no history format"));
}

TEST(CApi, RefusesArgumentsOfEvents) {
  const HistoryHandle history = new_history();
  EXPECT_THAT(add(history, 4, 0, "read", nullptr).message, StartsWith("type is 4, expected ORDEAL_INVOKE"));
  EXPECT_THAT(add(history, ORDEAL_INVOKE, -2, "read", nullptr).message, StartsWith("process is -2"));
  EXPECT_THAT(add(history, ORDEAL_INVOKE, 0, "", nullptr).message, StartsWith("f is empty"));
  EXPECT_THAT(add(history, ORDEAL_INVOKE, 0, nullptr, nullptr).message, StartsWith("f is empty"));
  EXPECT_THAT(add(history, ORDEAL_INVOKE, 0, "read", "[1").message, StartsWith("value is not JSON: "));
  EXPECT_THAT(add(history, ORDEAL_INVOKE, 0, "read", nullptr, "x").message, StartsWith("key is not JSON: "));
  EXPECT_THAT(add(history, ORDEAL_INVOKE, 0, "read", nullptr, nullptr, -7).message,
              StartsWith("time is -7, expected ns from 0"));
  EXPECT_EQ(ordeal_history_size(history.get()), 0U);
}

TEST(CApi, NamesTheLineOfAMalformedHistory) {
  const Opened opened = open(write_then_read("1") + "{\"index\":4}\n");
  EXPECT_EQ(opened.outcome.code, ORDEAL_INVALID_ARGUMENT);
  EXPECT_EQ(opened.history, nullptr);
  EXPECT_THAT(opened.outcome.message, StartsWith("line 5: \"time\" is missing"));
}

TEST(CApi, NamesTheOperationThatBreaksARule) {
  const std::string rule = "operation 4: process 1 completes an operation that it did not invoke";
  EXPECT_EQ(open(write_then_read("1") + line(4, 1, "ok", "read", "1")).outcome.message,
            rule + " (operation N is on line N + 1)");
  const Opened good = open(write_then_read("1"));
  EXPECT_EQ(add(good.history, ORDEAL_COMPLETE_OK, 1, "read", "1").message, "");
  const Checked checked = check(good.history);
  EXPECT_EQ(checked.outcome.code, ORDEAL_INVALID_ARGUMENT);
  EXPECT_EQ(checked.outcome.message, rule + " (counted from 0)");
}

TEST(CApi, RefusesTimesThatGoBack) {
  const HistoryHandle history = new_history();
  add(history, ORDEAL_INVOKE, 0, "read", nullptr, "1", 5);
  add(history, ORDEAL_COMPLETE_OK, 0, "read", nullptr, "1", 4);
  EXPECT_THAT(check(history).outcome.message, StartsWith("operation 1: its time is before"));
}

TEST(CApi, RefusesSizesBeyondMemory) {
  ordeal_history* history = nullptr;
  EXPECT_EQ(ordeal_history_open("{}", SIZE_MAX, nullptr, 0, &history, nullptr), ORDEAL_INVALID_ARGUMENT);
  EXPECT_EQ(ordeal_history_add_line(new_history().get(), "{}", SIZE_MAX, nullptr), ORDEAL_INVALID_ARGUMENT);
  const Opened limited = open(std::string(100'000, '['), "edn", 1000);
  EXPECT_EQ(limited.outcome.code, ORDEAL_RESOURCE_EXHAUSTED);
  EXPECT_THAT(limited.outcome.message, StartsWith("takes more than 1000 bytes"));
  const std::string deep(1'000'000, '[');
  EXPECT_THAT(add(new_history(), ORDEAL_INVOKE, 0, "write", deep.c_str()).message, HasSubstr("deep"));
}

TEST(CApi, ABudgetThatEndsIsUnknown) {
  ordeal_budget few = budget();
  few.steps_max = 1000;
  const HistoryHandle history = hard_history();
  const Checked checked = check(history, "register", &few);
  EXPECT_EQ(checked.outcome.code, ORDEAL_OK) << checked.outcome.message;
  EXPECT_EQ(checked.verdict(), ORDEAL_UNKNOWN);
  EXPECT_THAT(checked.why(), HasSubstr("the limit of 1000 states is used up"));
  EXPECT_EQ(check(history, "register", &few).why(), checked.why());
  ordeal_budget small = budget();
  small.memory_bytes = 10'000;
  EXPECT_EQ(check(history, "register", &small).verdict(), ORDEAL_UNKNOWN);
  ordeal_budget brief = budget();
  brief.seconds = 1e-9;
  const Checked late = check(history, "register", &brief);
  EXPECT_EQ(late.verdict(), ORDEAL_UNKNOWN);
  EXPECT_THAT(late.why(), HasSubstr("the time limit of 1e-09 s was reached"));
}

TEST(CApi, StopsWhenItIsTold) {
  std::atomic<int> asked = 0;
  ordeal_budget stopping = budget();
  stopping.stop = [](void* context) { return ++*static_cast<std::atomic<int>*>(context) >= 3 ? 1 : 0; };
  stopping.stop_context = &asked;
  EXPECT_EQ(check(hard_history(), "register", &stopping).verdict(), ORDEAL_UNKNOWN);
  EXPECT_GE(asked, 3);
}

TEST(CApi, RefusesWrongBudgets) {
  const Opened history = open(write_then_read("1"));
  ordeal_budget other = budget();
  other.struct_size -= 1;
  EXPECT_THAT(check(history.history, nullptr, &other).outcome.message,
              StartsWith("the budget's struct_size is"));
  for (const double seconds : {-1.0, std::nan("")}) {
    ordeal_budget wrong = budget();
    wrong.seconds = seconds;
    EXPECT_THAT(check(history.history, nullptr, &wrong).outcome.message, HasSubstr("expected from 0"));
  }
}

TEST(CApi, HandlesOfTwoThreadsAreApart) {
  const Opened shared = open(write_then_read("1"));
  const auto work = [&shared](const std::string& answer, ordeal_verdict expected) {
    for (int i = 0; i < 20; ++i) {
      const Opened own = open(write_then_read(answer));
      EXPECT_EQ(check(own.history).verdict(), expected);
      EXPECT_EQ(check(shared.history).verdict(), ORDEAL_VALID);
    }
  };
  std::thread other(work, "1", ORDEAL_VALID);
  work("2", ORDEAL_INVALID);
  other.join();
}

TEST(CApi, ListsModelsAndFormats) {
  ASSERT_GT(ordeal_model_count(), 5U);
  const HistoryHandle history = new_history();
  for (std::size_t i = 0; i < ordeal_model_count(); ++i) {
    EXPECT_EQ(check(history, ordeal_model_name(i)).outcome.message, "") << ordeal_model_name(i);
    EXPECT_STRNE(ordeal_model_text(i), "");
  }
  EXPECT_EQ(ordeal_model_name(ordeal_model_count()), nullptr);
  EXPECT_EQ(ordeal_model_text(SIZE_MAX), nullptr);
  EXPECT_STREQ(ordeal_format_name(0), "jsonl");
  EXPECT_STRNE(ordeal_format_text(ordeal_format_count() - 1), "");
  EXPECT_EQ(ordeal_format_name(ordeal_format_count()), nullptr);
  EXPECT_EQ(ordeal_format_text(ordeal_format_count()), nullptr);
}

TEST(CApi, IsOfTheVersionOfItsHeader) {
  EXPECT_EQ(ordeal_checkers_version(), 1000 * ORDEAL_CHECKERS_MAJOR + ORDEAL_CHECKERS_MINOR);
}

}  // namespace
