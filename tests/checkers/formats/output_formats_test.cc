#include "checkers/formats/output_formats.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "checkers/formats/dbcop.h"
#include "checkers/formats/edn.h"
#include "checkers/formats/edn_print.h"
#include "checkers/formats/edn_text.h"
#include "checkers/formats/jsonl.h"
#include "checkers/formats/plain_transactions.h"
#include "checkers/formats/plume.h"
#include "common/prng.h"
#include "tests/checkers/formats/table_text.h"
#include "tests/checkers/history_builder.h"

namespace ordeal {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::HistoryBuilder;
using testing::table_text;

std::string text_of(const Result<PrintedHistory>& printed) {
  return printed.ok() ? printed->text : printed.error().message;
}

/// Words of all kinds, so that keywords, numbers and tags are met by what only looks like them.
std::string odd_word(Rng& rng) {
  static const std::vector<std::string> words = {
      "",     ":",     ":a",  "::a", ":a b", "a",
      "x/y",  "12",    "-0",  "1.5", "007",  "9223372036854775807",
      "#",    "#set",  "#a",  "#_",  "##",   "#{",
      "nil",  "true",  "2/3", "\"",  "\\",   "\n\t\x01",
      "ä€",   ":name", "a,b", ";",   "\\a",  "[1 2",
      "{:a ", ":\"",   "'",   "@x",  "^y",   "9223372036854775808"};
  return rng.pick(words);
}

Value odd_value(Rng& rng, int depth = 0) {
  switch (rng.below(depth < 3 ? 8 : 6)) {
    case 0:
      return {};
    case 1:
      return rng.chance(1, 2);
    case 2:
      return static_cast<std::int64_t>(rng.next());
    case 3:
      return rng.pick(std::vector<double>{
          0.0, -0.0, 1.0, 0.1, 1e300, -5e-324, 1e21, 123456789.0, std::numeric_limits<double>::infinity(),
          -std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()});
    case 4:
    case 5:
      return odd_word(rng);
    case 6: {
      Value::List list;
      for (std::uint64_t n = rng.below(4); n > 0; --n) list.push_back(odd_value(rng, depth + 1));
      return list;
    }
    default: {
      Value::Map map;
      for (std::uint64_t n = rng.below(4); n > 0; --n) map.emplace(odd_word(rng), odd_value(rng, depth + 1));
      return map;
    }
  }
}

TEST(EdnPrint, IsReadBackAsTheSame) {
  constexpr std::uint64_t kSeed = 21;
  Rng rng(kSeed);
  for (int i = 0; i < 20'000; ++i) {
    const Value value = odd_value(rng);
    std::string text;
    ASSERT_TRUE(append_edn(text, value).ok());
    const Result<std::vector<EdnForm>> again = parse_edn(text);
    ASSERT_TRUE(again.ok()) << text << ": " << again.error().message << ", seed " << kSeed;
    ASSERT_EQ(again->size(), 1u) << text << ", seed " << kSeed;
    ASSERT_EQ(again->front().value, value) << text << ", seed " << kSeed;
  }
}

TEST(EdnPrint, KeepsWhatEdnHasWordsFor) {
  std::string text;
  ASSERT_TRUE(
      append_edn(text, Value::List{":ok", "ok", Value::Map{{"0", 1}, {":from", 2}, {"a b", 3}},
                                   Value::Map{{"#set", Value::List{1, 2}}}, Value::Map{{"#inst", "2026"}}})
          .ok());
  EXPECT_EQ(text, R"([:ok "ok" {0 1, :from 2, "a b" 3} #{1 2} #inst "2026"])");
}

TEST(EdnPrint, RefusesWhatEdnCannotSay) {
  std::string text;
  EXPECT_EQ(append_edn(text, "\xff").error().message, "EDN has no text that is not UTF-8");
  Value deep;
  for (int i = 0; i < 70; ++i) deep = Value::List{deep};
  EXPECT_EQ(append_edn(text, deep).error().message, "nested deeper than 64");
}

/// Well-formed, with all members that an operation can have.
History random_history(Rng& rng) {
  History history;
  std::map<ProcessId, Op> open;
  std::int64_t next_process = 3;
  std::vector<ProcessId> processes = {ProcessId(0), ProcessId(1), ProcessId(2), kNemesisProcess};
  for (std::uint64_t n = rng.below(20); n > 0; --n) {
    const std::size_t who = rng.below(processes.size());
    const ProcessId process = processes[who];
    Op op;
    const auto at = open.find(process);
    if (at != open.end()) {
      op = at->second;
      op.type = rng.pick(std::vector<OpType>{OpType::kOk, OpType::kFail, OpType::kInfo});
      if (op.type != OpType::kOk) op.error = odd_word(rng);
      open.erase(at);
      if (op.type == OpType::kInfo && process != kNemesisProcess) processes[who] = ProcessId(next_process++);
    } else {
      op.f = rng.pick(std::vector<std::string>{"read", "a b", ":x", "::y", "ä"});
      if (process != kNemesisProcess) op.key = odd_value(rng);
      if (rng.chance(1, 3)) op.intended = Duration(static_cast<std::int64_t>(rng.below(1000)));
      if (rng.chance(1, 3)) op.extra.emplace("x" + odd_word(rng), odd_value(rng));
    }
    op.index = static_cast<std::int64_t>(history.size());
    op.time = milliseconds(static_cast<std::int64_t>(history.size()));
    op.process = process;
    op.value = odd_value(rng);
    if (rng.chance(1, 3)) op.node = NodeId(static_cast<std::uint32_t>(rng.between(1, 9)));
    if (rng.chance(1, 3)) op.session = rng.below(100);
    if (rng.chance(1, 3)) op.version = rng.below(100);
    if (rng.chance(1, 3)) op.attempt = rng.below(100);
    if (op.type == OpType::kInvoke) open[process] = op;
    history.push_back(op);
  }
  return history;
}

TEST(JepsenEdn, IsReadBackAsTheSameHistory) {
  constexpr std::uint64_t kSeed = 22;
  Rng rng(kSeed);
  for (int i = 0; i < 3'000; ++i) {
    const History history = random_history(rng);
    ASSERT_TRUE(check_well_formed(history).ok()) << check_well_formed(history).error().message;
    const auto printed = print_history(history, OutputFormat::kEdn);
    ASSERT_TRUE(printed.ok()) << printed.error().message << ", seed " << kSeed;
    const auto again = parse_edn_history(printed->text);
    ASSERT_TRUE(again.ok()) << again.error().message << "\n" << printed->text << ", seed " << kSeed;
    ASSERT_EQ(again->history, history) << printed->text << "\n"
                                       << print_jsonl(again->history) << ", seed " << kSeed;
    EXPECT_THAT(again->notes, ElementsAre());
  }
}

TEST(JepsenEdn, IsWhatJepsenWrites) {
  HistoryBuilder history;
  history.invoke(1, "cas", Value::List{1, 2});
  history.fail(1, "mismatch");
  Op fault = history.history().back();
  fault.index = 2;
  fault.process = kNemesisProcess;
  fault.type = OpType::kInvoke;
  fault.f = "start-kill";
  fault.key = {};
  fault.value = Value::Map{{"nodes", Value::List{"n1"}}};
  fault.error.clear();
  History all = history.history();
  all.push_back(fault);
  EXPECT_EQ(text_of(print_history(all, OutputFormat::kEdn)),
            "{:process 1, :type :invoke, :f :cas, :key \"x\", :value [1 2], :time 1000000, :index 0}\n"
            "{:process 1, :type :fail, :f :cas, :key \"x\", :value [1 2], :error :mismatch, :time 2000000, "
            ":index 1}\n"
            "{:process :nemesis, :type :info, :f :start-kill, :value {\"nodes\" [\"n1\"]}, :time 2000000, "
            ":index 2, :ordeal/type :invoke}\n");
}

TEST(JepsenEdn, NamesTheOperationAndWhatItCannotSay) {
  HistoryBuilder history;
  history.write(1, 5);
  history[1].value = "\xff";
  EXPECT_EQ(text_of(print_history(history.history(), OutputFormat::kEdn)),
            "operation 1: EDN has no text that is not UTF-8");
  history[1].value = 5;
  history[1].version = UINT64_MAX;
  EXPECT_THAT(text_of(print_history(history.history(), OutputFormat::kEdn)),
              HasSubstr("operation 1: the version 18446744073709551615 does not fit"));
  history[1].version.reset();
  history[0].extra.emplace("time", 5);
  EXPECT_EQ(text_of(print_history(history.history(), OutputFormat::kEdn)),
            "operation 0: the extra member \"time\" has the name of another");
}

TEST(ElleEdn, WordsAreKeywordsAndRegistersTransactions) {
  HistoryBuilder history("x");
  history.read(1, 7);
  history.cas(1, 7, 8);
  history.key(Value());
  history.invoke(2, "append-txn", Value::List{Value::List{"append", "k", 1}, Value::List{"r", "k", Value()}});
  const auto printed = print_history(history.history(), OutputFormat::kElleEdn);
  EXPECT_EQ(
      text_of(printed),
      "{:process 1, :type :invoke, :f :txn, :value [[:r \"x\" nil]], :time 1000000, :index 0}\n"
      "{:process 1, :type :ok, :f :txn, :value [[:r \"x\" 7]], :time 2000000, :index 1}\n"
      "{:process 1, :type :invoke, :f :txn, :value [[:r \"x\" nil] [:w \"x\" 8]], :time 3000000, :index 2}\n"
      "{:process 1, :type :ok, :f :txn, :value [[:r \"x\" 7] [:w \"x\" 8]], :time 4000000, :index 3}\n"
      "{:process 2, :type :invoke, :f :txn, :value [[:append \"k\" 1] [:r \"k\" nil]], :time 5000000, :index "
      "4}\n");
  const auto again = parse_edn_history(printed->text);
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ(text_of(print_history(again->history, OutputFormat::kElleEdn)), printed->text);
}

TEST(ElleEdn, NamesTheOperationThatIsNoTransaction) {
  HistoryBuilder history{Value()};
  history.invoke(1, "enqueue", 5);
  EXPECT_EQ(text_of(print_history(history.history(), OutputFormat::kElleEdn)),
            "operation 0: enqueue of 5 is no list of [F KEY VALUE], and no read, write or cas of a key");
}

/// A history of registers that Porcupine's lines can say.
History random_kv_history(Rng& rng) {
  HistoryBuilder history;
  int process = 0;
  for (std::uint64_t n = rng.below(20); n > 0; --n) {
    history.key("k" + std::to_string(rng.below(3)));
    const bool read = rng.chance(1, 2);
    const Value value = "v" + std::to_string(rng.below(9));
    history.invoke(process, read ? "read" : "write", read ? Value() : value);
    switch (rng.below(6)) {
      case 0:
        history.fail(process);
        break;
      case 1:
        history.info(process++);
        break;
      default:
        history.ok(process, read && rng.chance(1, 4) ? Value() : value);
        break;
    }
  }
  return history.history();
}

TEST(PorcupineKv, IsReadBackAsTheSameOperations) {
  constexpr std::uint64_t kSeed = 23;
  Rng rng(kSeed);
  for (int i = 0; i < 500; ++i) {
    const History history = random_kv_history(rng);
    const auto printed = print_history(history, OutputFormat::kPorcupineKv);
    ASSERT_TRUE(printed.ok()) << printed.error().message << ", seed " << kSeed;
    std::string expected;
    for (const Operation& operation : pair_operations(history)) {
      const Op& call = history[operation.invoke];
      const Op& completion = history[*operation.complete];
      if (completion.type == OpType::kFail) continue;
      expected += to_text(call.key) + call.f + to_text(call.value);
      if (completion.type == OpType::kOk) expected += to_text(completion.value);
      expected += '\n';
    }
    const auto again = parse_edn_history(printed->text);
    ASSERT_TRUE(again.ok()) << again.error().message << ", seed " << kSeed;
    std::string found;
    for (const Operation& operation : pair_operations(again->history)) {
      const Op& call = again->history[operation.invoke];
      found += to_text(call.key) + (call.f == "get" ? "read" : "write") + to_text(call.value);
      if (operation.complete) {
        const Value& value = again->history[*operation.complete].value;
        found += to_text(value == Value("") ? Value() : value);
      }
      found += '\n';
    }
    ASSERT_EQ(found, expected) << "seed " << kSeed;
  }
}

TEST(PorcupineKv, IsWhatPorcupineMatches) {
  HistoryBuilder history("x");
  history.write(1, "a");
  history.read(2, {});
  EXPECT_EQ(text_of(print_history(history.history(), OutputFormat::kPorcupineKv)),
            "{:process 1, :type :invoke, :f :put, :key \"x\", :value \"a\"}\n"
            "{:process 1, :type :ok, :f :put, :key \"x\", :value \"a\"}\n"
            "{:process 2, :type :invoke, :f :get, :key \"x\", :value nil}\n"
            "{:process 2, :type :ok, :f :get, :key \"x\", :value \"\"}\n");
}

TEST(PorcupineKv, NamesTheOperationAndWhatItCannotSay) {
  const auto error_of = [](const Value& first, const Value& second) {
    HistoryBuilder history("x");
    history.write(1, first);
    history.write(1, second);
    return text_of(print_history(history.history(), OutputFormat::kPorcupineKv));
  };
  EXPECT_EQ(error_of("a", 5), "operation 2: the value 5 is an integer, but others before were not");
  EXPECT_EQ(error_of("a", ""), "operation 2: the value is empty, which means absent");
  EXPECT_THAT(error_of("a", "b\""), HasSubstr("operation 2: the value \"b\"\" has a quote"));
  EXPECT_EQ(error_of(Value::List{}, "a"), "operation 0: the value [] is no string and no integer");
  HistoryBuilder history;
  history.cas(1, 1, 2);
  EXPECT_THAT(text_of(print_history(history.history(), OutputFormat::kPorcupineKv)),
              HasSubstr("operation 0: cas is no read or write"));
}

TEST(PlainTransactions, WhatWasSeenOfTheUnknownCommitted) {
  HistoryBuilder history("x");
  history.invoke(1, "write", "a");
  history.info(1);
  history.invoke(2, "write", "b");
  history.info(2);
  history.read(3, "a");
  history.read(4, {});
  const auto plume = print_history(history.history(), OutputFormat::kPlume);
  ASSERT_TRUE(plume.ok()) << plume.error().message;
  EXPECT_EQ(plume->text, "w(1,1,0,0)\nw(1,2,1,-1)\nr(1,1,2,1)\nr(1,0,3,2)\n");
  EXPECT_THAT(
      plume->notes,
      ElementsAre("of 2 transactions of unknown outcome 1 were read from and are committed; the rest, "
                  "which nobody saw, are aborted",
                  "1 keys are numbered from 1", "2 values are numbered from 1"));
  const auto dbcop = print_history(history.history(), OutputFormat::kDbcop);
  ASSERT_TRUE(dbcop.ok()) << dbcop.error().message;
  EXPECT_EQ(table_text(parse_dbcop(dbcop->text)->table), table_text(parse_plume(plume->text)->table));
}

TEST(OutputFormats, TransactionsWithoutTimesStaySo) {
  const auto parsed = parse_plume("w(1,10,0,0)\nr(1,10,1,1)\n");
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(text_of(print_transactions(parsed->table, OutputFormat::kPlume)), "w(1,10,0,0)\nr(1,10,1,1)\n");
  EXPECT_EQ(text_of(print_transactions(parsed->table, OutputFormat::kEdn)),
            "these transactions have no times, so only plume and dbcop can have them");
}

TEST(OutputFormats, AnUnknownNameListsTheKnown) {
  EXPECT_EQ(
      parse_output_format_name("xml").error().message,
      "there is no format \"xml\" to write; give one of jsonl, edn, elle-edn, porcupine-kv, plume, dbcop");
  for (const OutputFormatInfo& info : list_output_formats())
    EXPECT_EQ(*parse_output_format_name(info.name), info.format);
}

}  // namespace
}  // namespace ordeal
