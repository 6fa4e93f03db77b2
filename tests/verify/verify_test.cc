// Certificates of the checkers are accepted, and whatever claims something wrong is refused.

#include "verify/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "checkers/formats/certificate.h"
#include "checkers/formats/jsonl.h"
#include "checkers/linearizability/linearizable.h"
#include "checkers/minimise.h"
#include "tests/checkers/fuzz_range.h"
#include "tests/checkers/history_builder.h"
#include "tests/checkers/linearizability/brute_force.h"
#include "tests/checkers/linearizability/object_kinds.h"
#include "tests/checkers/linearizability/random_history.h"

namespace ordeal::testing {
namespace {

using ::testing::HasSubstr;

constexpr std::uint64_t kVerifySeed = 20261129;

struct Outcome {
  int code = 0;
  std::string text;
};

Outcome verify_text(const std::string& history, const std::string& certificate) {
  std::istringstream history_stream(history);
  std::istringstream certificate_stream(certificate);
  std::ostringstream out;
  const int code = verify(history_stream, certificate_stream, out, out);
  return {code, out.str()};
}

/// A history with one key and its checker.
struct Case {
  std::string model;
  History history;
  std::unique_ptr<Checker> checker;
};

std::string certificate(const Case& c, const KeyProof& proof) {
  return print_certificate(c.model, c.history.size(), std::span(&proof, 1));
}

KeyProof prove(const Case& c) {
  const HistoryTable table(c.history);
  const auto& keyed = dynamic_cast<const KeyedChecker&>(*c.checker);
  return *keyed.prove_key(table, split_by_key(table).at(0), {});
}

Case random_case(std::uint64_t seed, std::uint64_t i) {
  Rng rng = Rng(seed).split("case", i);
  const std::vector<Kind>& kinds = object_kinds();
  const std::uint64_t number = rng.below(kinds.size() + 4);
  if (number < kinds.size()) {
    const Kind& kind = kinds[number];
    return {kind.name, random_object_history(rng, kind), make_linearizable_checker(kind.factory)};
  }
  const bool knossos = rng.chance(1, 3);
  const RegisterSemantics semantics{.initial = {},
                                    .failed_cas = knossos ? FailedCas::kNothing : FailedCas::kFact,
                                    .nil_read = knossos ? NilRead::kNothing : NilRead::kAbsent,
                                    .kind = {}};
  const RandomShape shape{.processes = 4,
                          .operations = static_cast<std::uint32_t>(rng.between(2, 10)),
                          .values = rng.chance(1, 2) ? 0U : 3U,
                          .unknown_of_16 = 3,
                          .lies_of_16 = rng.pick(std::vector<std::uint32_t>{0, 1, 4}),
                          .failed_cas_sees = rng.chance(1, 2)};
  return {knossos ? "cas-register" : "register", random_history(rng, shape),
          make_linearizable_register_checker(semantics)};
}

TEST(Verify, AcceptsWhatTheCheckersProve) {
  const FuzzRange range = fuzz_range(kVerifySeed, 10'000);
  std::uint64_t invalid = 0;
  for (std::uint64_t i = 0; i < range.histories; ++i) {
    const Case c = random_case(range.seed, i);
    const KeyProof proof = prove(c);
    ASSERT_NE(proof.verdict, Verdict::kUnknown);
    if (proof.verdict == Verdict::kInvalid) ++invalid;
    const std::string history = print_jsonl(c.history);
    const Outcome outcome = verify_text(history, certificate(c, proof));
    ASSERT_EQ(outcome.code, 0) << "seed " << range.seed << ", history " << i << ", model " << c.model << ": "
                               << outcome.text << certificate(c, proof) << history;
    ASSERT_THAT(outcome.text,
                HasSubstr(proof.verdict == Verdict::kValid ? "accepted: valid" : "accepted: invalid"));
  }
  EXPECT_GT(invalid, range.histories / 10);
  EXPECT_LT(invalid, range.histories * 4 / 5);
}

TEST(Verify, MinimisedHistoriesAreStillInvalid) {
  const FuzzRange range = fuzz_range(kVerifySeed + 2, 10'000);
  std::uint64_t smaller = 0;
  for (std::uint64_t i = 0; i < range.histories; ++i) {
    const Case c = random_case(range.seed, i);
    const KeyProof proof = prove(c);
    const History small = minimise(c.history, std::span(&proof, 1));
    ASSERT_EQ(small.empty(), proof.verdict != Verdict::kInvalid);
    if (small.empty()) continue;
    ASSERT_TRUE(check_well_formed(small).ok());
    ASSERT_EQ(c.checker->check(small, {}).verdict, Verdict::kInvalid)
        << "seed " << range.seed << ", history " << i << ", model " << c.model << '\n'
        << print_jsonl(c.history) << certificate(c, proof) << print_jsonl(small);
    smaller += small.size() < c.history.size() ? 1 : 0;
  }
  EXPECT_GT(smaller, range.histories / 20);
}

TEST(Verify, MinimisedHistoriesOfSeveralKeysAreWellFormed) {
  HistoryBuilder history;
  history.write(0, 1);
  const std::size_t open = history.invoke(1, "write", 2);
  history.read(2, 9);  // nobody wrote it: the key is invalid here
  history.ok(1);
  history.key("y");
  history.read(1, 9);
  const HistoryTable table(history.history());
  const auto checker = make_linearizable_register_checker();
  std::vector<KeyProof> proofs;
  for (const KeySlice& slice : split_by_key(table))
    proofs.push_back(*dynamic_cast<const KeyedChecker&>(*checker).prove_key(table, slice, {}));
  proofs.at(0).parts.push_back({.invoke = static_cast<std::uint32_t>(open), .write_only = false});
  const History small = minimise(table, proofs);
  EXPECT_TRUE(check_well_formed(small).ok()) << print_jsonl(small);
  EXPECT_EQ(checker->check(small, {}).verdict, Verdict::kInvalid);
}

/// Positions of invocations, without some, in any order.
std::vector<std::uint32_t> some_invocations(Rng& rng, const History& history, std::uint64_t left_out_of_8) {
  std::vector<std::uint32_t> out;
  for (const Operation& operation : pair_operations(history)) {
    if (rng.below(8) >= left_out_of_8) out.push_back(static_cast<std::uint32_t>(operation.invoke));
  }
  for (std::size_t i = out.size(); i > 1; --i) std::swap(out[i - 1], out[rng.below(i)]);
  return out;
}

/// Of a valid history the claim that it is invalid, and the other way round, with anything to show for it.
KeyProof lie_about(Rng& rng, const History& history, Verdict truth) {
  KeyProof lie;
  lie.key = "x";
  lie.verdict = truth == Verdict::kValid ? Verdict::kInvalid : Verdict::kValid;
  if (lie.verdict == Verdict::kValid) {
    lie.order = some_invocations(rng, history, rng.below(2));
    if (rng.chance(1, 2)) std::sort(lie.order.begin(), lie.order.end());
    return lie;
  }
  for (const std::uint32_t invoke : some_invocations(rng, history, rng.below(6)))
    lie.parts.push_back({.invoke = invoke, .write_only = rng.chance(1, 6)});
  lie.until = static_cast<std::uint32_t>(rng.chance(1, 2) ? history.size() : rng.below(history.size()));
  if (rng.chance(1, 3)) lie.from = static_cast<std::uint32_t>(rng.below(history.size()));
  return lie;
}

TEST(Verify, RefusesWhateverIsClaimedWrongly) {
  const FuzzRange range = fuzz_range(kVerifySeed + 1, 20'000);
  for (std::uint64_t i = 0; i < range.histories; ++i) {
    const Case c = random_case(range.seed, i);
    Rng rng = Rng(range.seed).split("lie", i);
    const KeyProof lie = lie_about(rng, c.history, prove(c).verdict);
    const std::string history = print_jsonl(c.history);
    ASSERT_EQ(verify_text(history, certificate(c, lie)).code, 1)
        << "seed " << range.seed << ", history " << i << ", model " << c.model << '\n'
        << certificate(c, lie) << history;
  }
}

TEST(Verify, RefusesAnOrderThatIsNearlyRight) {
  HistoryBuilder history;
  const auto first = static_cast<std::uint32_t>(history.write(0, 1));
  const auto second = static_cast<std::uint32_t>(history.write(0, 2));
  const auto read = static_cast<std::uint32_t>(history.read(1, 2));
  const Case c{"register", history.history(), make_linearizable_register_checker()};
  const std::string text = print_jsonl(c.history);
  const auto outcome = [&](std::vector<std::uint32_t> order) {
    KeyProof proof;
    proof.key = "x";
    proof.verdict = Verdict::kValid;
    proof.order = std::move(order);
    return verify_text(text, certificate(c, proof));
  };
  EXPECT_EQ(outcome({first, second, read}).code, 0);
  EXPECT_THAT(outcome({first, second}).text, HasSubstr("operation 4 is missing"));
  EXPECT_THAT(outcome({first, first, second, read}).text, HasSubstr("operation 0 is there twice"));
  EXPECT_THAT(outcome({second, first, read}).text,
              HasSubstr("operation 0 was over before one that comes ahead of it began"));
  EXPECT_THAT(outcome({first, read, second}).text,
              HasSubstr("operation 4 cannot come there: the state is 1"));
  EXPECT_THAT(outcome({first, second, read, 5}).text, HasSubstr("5 is no operation of this key"));
}

std::string lines(const std::vector<std::string>& events) {
  std::string out;
  for (const std::string& event : events) out += event + "\n";
  return out;
}

// What a reader of the verifier once found.
TEST(Verify, RefusesWhatOnceWentThrough) {
  const auto verdict = [](const std::string& model, const std::vector<std::string>& events,
                          const std::string& claims) {
    const std::string head =
        R"({"certificate":1,"model":")" + model + R"(","events":)" + std::to_string(events.size()) + "}\n";
    return verify_text(lines(events), head + claims).code;
  };
  // An add to a set of booleans says nothing by its answer, so it may not be left out.
  EXPECT_EQ(verdict("linearizable-set",
                    {R"({"process":0,"type":"invoke","f":"add","key":"x","value":false})",
                     R"({"process":0,"type":"ok","f":"add","key":"x","value":false})",
                     R"({"process":0,"type":"invoke","f":"contains","key":"x","value":false})",
                     R"({"process":0,"type":"ok","f":"contains","key":"x","value":true})"},
                    R"({"key":"x","verdict":"invalid","until":3,"operations":[2],"writes":[]})"
                    "\n"),
            1);
  // What failed does not say that there are lists.
  EXPECT_EQ(verdict("append",
                    {R"({"process":0,"type":"invoke","f":"append","key":"x","value":"a"})",
                     R"({"process":0,"type":"ok","f":"append","key":"x","value":"a"})",
                     R"({"process":0,"type":"invoke","f":"read","key":"x","value":null})",
                     R"({"process":0,"type":"ok","f":"read","key":"x","value":"a"})",
                     R"({"process":0,"type":"invoke","f":"append","key":"x","value":5})",
                     R"({"process":0,"type":"fail","f":"append","key":"x","value":5})"},
                    R"({"key":"x","verdict":"invalid","until":3,"operations":[0,2],"writes":[]})"
                    "\n"),
            1);
  // There is no other word for a verdict, and what was done without a key may concern any.
  const std::vector<std::string> without_key = {
      R"({"process":0,"type":"invoke","f":"read","key":null,"value":null})",
      R"({"process":0,"type":"ok","f":"read","key":null,"value":null})",
      R"({"process":1,"type":"invoke","f":"read","key":"x","value":null})",
      R"({"process":1,"type":"ok","f":"read","key":"x","value":9})"};
  const std::string invalid = R"({"key":"x","verdict":"invalid","until":3,"operations":[2],"writes":[]})"
                              "\n";
  EXPECT_EQ(verdict("register", without_key,
                    R"({"key":null,"verdict":"valid","order":[0]})"
                    "\n" +
                        invalid),
            0);
  EXPECT_EQ(verdict("register", without_key,
                    R"({"key":null,"verdict":"unknown"})"
                    "\n" +
                        invalid),
            2);
  EXPECT_EQ(verdict("register", without_key,
                    R"({"key":null,"verdict":"foo"})"
                    "\n" +
                        invalid),
            1);
  // Nobody can tell a dequeue of nil from a dequeue of nothing.
  EXPECT_EQ(verdict("fifo-queue",
                    {R"({"process":0,"type":"invoke","f":"enqueue","key":"x","value":null})",
                     R"({"process":0,"type":"ok","f":"enqueue","key":"x","value":null})"},
                    R"({"key":"x","verdict":"valid","order":[0]})"
                    "\n"),
            1);
  // Who never heard of an outcome does nothing more.
  const std::string write = R"({"process":0,"type":"invoke","f":"write","key":"x","value":1})";
  EXPECT_EQ(verdict("register",
                    {write, R"({"process":0,"type":"info","f":"write","key":"x","value":1})", write}, ""),
            3);
  // Every line counts, and what is no line of a history is not skipped.
  for (const char* line : {R"({"process":"p1","type":"invoke","f":"read","key":"x","value":null})",
                           R"({"type":"invoke","f":"read","key":"x","value":null})",
                           R"({"process":0,"type":"okay","f":"read","key":"x","value":null})"})
    EXPECT_EQ(verdict("register", {line}, ""), 3) << line;
}

TEST(Verify, SaysWhatItCannotRead) {
  HistoryBuilder history;
  history.write(0, 1);
  const std::string good = print_jsonl(history.history());
  const std::string head = R"({"certificate":1,"model":"register","events":2,"keys":1})"
                           "\n";
  const std::string order = R"({"key":"x","verdict":"valid","order":[0]})"
                            "\n";
  EXPECT_EQ(verify_text(good, head + order).code, 0);
  const auto expect = [](const Outcome& outcome, int code, const std::string& text) {
    EXPECT_EQ(outcome.code, code) << outcome.text;
    EXPECT_THAT(outcome.text, HasSubstr(text));
  };
  expect(verify_text("{}\n", head + order), 3, "line 1 of the history has no type or f");
  expect(verify_text(good + good, head + order), 1, "a history of 2 events, this one has 4");
  expect(verify_text(good, ""), 3, "the certificate ends before line 1");
  expect(verify_text(good, head), 3, "the certificate ends before line 2");
  expect(verify_text(good, head + "[]\n"), 3, "line 2 of the certificate is no JSON object");
  expect(verify_text(good, R"({"certificate":2})"
                           "\n"),
         3, "none of version 1");
  expect(verify_text(good, R"({"certificate":1,"model":"stack","events":2})"
                           "\n"),
         3, "\"stack\" is none that can be verified");
  expect(verify_text(good, head + R"({"key":"y","verdict":"valid","order":[]})"
                                  "\n"),
         1, "key \"y\" is not in the history");
  expect(verify_text(good, head + R"({"key":"x","verdict":"valid","order":7})"
                                  "\n"),
         3, "");
  expect(verify_text(good, head + R"({"key":"x","verdict":"unknown"})"
                                  "\n"),
         2, "nothing is claimed of 1 keys");
}

}  // namespace
}  // namespace ordeal::testing
