#include "checkers/driver/driver.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <mutex>
#include <numeric>
#include <optional>
#include <thread>

#include "checkers/consistency/consistency.h"
#include "checkers/driver/models.h"
#include "checkers/keyed_checker.h"

namespace ordeal {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

unsigned thread_count(const CheckLimits& limits) {
  if (limits.threads > 0) return limits.threads;
  return std::max(1U, std::thread::hardware_concurrency());
}

/// Runs `work(i)` for each i of `order`, which says which are begun first; several at once. What one of them
/// throws, such as for lack of memory, is thrown again here once all have stopped.
void for_each_on_threads(const std::vector<std::size_t>& order, unsigned threads,
                         const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  std::exception_ptr thrown;
  const auto loop = [&] {
    try {
      for (std::size_t i = next++; i < order.size(); i = next++) work(order[i]);
    } catch (...) {
      next = order.size();
      const std::lock_guard<std::mutex> lock(mutex);
      thrown = std::current_exception();
    }
  };
  std::vector<std::thread> others;
  const std::size_t useful = std::min<std::size_t>(threads, order.size());
  try {
    for (std::size_t i = 1; i < useful; ++i) others.emplace_back(loop);
  } catch (const std::exception&) {
    // Ignored: the threads that could be started do the work of all.
  }
  loop();
  for (std::thread& thread : others) thread.join();
  if (thrown) std::rethrow_exception(thrown);
}

/// The largest first: a large key that begins last would keep the other cores waiting.
std::vector<std::size_t> by_size(const std::vector<KeySlice>& slices) {
  std::vector<std::size_t> order(slices.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return slices[a].operations.size() > slices[b].operations.size();
  });
  return order;
}

Error no_proofs(std::string_view model) {
  return {ErrorCode::kUnsupported,
          fmt::format(
              "nothing shows what a verdict of \"{}\" rests on yet; registers, mutexes, sets and the other "
              "linearizable models have certificates, and can be minimised",
              model)};
}

/// Keys that are judged at the same time share the memory.
Budget budget_of_a_key(Budget budget, std::size_t keys, unsigned threads) {
  budget.bytes_max /= std::clamp<std::uint64_t>(keys, 1, threads);
  return budget;
}

Finding check_keys(const KeyedChecker& checker, const HistoryTable& history, Budget budget,
                   unsigned threads) {
  const std::vector<KeySlice> slices = split_by_key(history);
  std::vector<KeyFinding> findings(slices.size());
  budget = budget_of_a_key(std::move(budget), slices.size(), threads);
  for_each_on_threads(by_size(slices), threads,
                      [&](std::size_t i) { findings[i] = checker.check_key(history, slices[i], budget); });
  return checker.combine(slices, findings);
}

/// Limits as a budget that begins to run now.
class BudgetClock {
 public:
  explicit BudgetClock(const CheckLimits& limits) : limits_(limits), start_(Clock::now()) {}

  [[nodiscard]] Budget budget() const {
    return {.steps_max = limits_.steps_max, .bytes_max = limits_.memory_bytes, .stop = [this] {
              return is_over();
            }};
  }
  /// Says that time was the reason, if it was.
  void explain(Finding& finding) const {
    if (finding.verdict == Verdict::kUnknown && late_) {
      finding.why += fmt::format(" (the time limit of {} s was reached)", limits_.seconds);
    }
  }

 private:
  [[nodiscard]] bool is_over() const {
    if (limits_.stop && limits_.stop()) return true;
    if (limits_.seconds <= 0 || seconds_since(start_) < limits_.seconds) return false;
    late_ = true;
    return true;
  }

  const CheckLimits& limits_;
  const Clock::time_point start_;
  mutable std::atomic<bool> late_ = false;
};

}  // namespace

Verdict CheckReport::verdict() const {
  Verdict verdict = findings.empty() ? Verdict::kUnknown : Verdict::kValid;
  for (const Finding& finding : findings) verdict = worst(verdict, finding.verdict);
  return verdict;
}

std::vector<Finding> check_history(const HistoryTable& history,
                                   const std::vector<std::unique_ptr<Checker>>& checkers,
                                   const CheckLimits& limits) {
  const BudgetClock clock(limits);
  std::vector<Finding> findings;
  for (const std::unique_ptr<Checker>& checker : checkers) {
    const auto* keyed = dynamic_cast<const KeyedChecker*>(checker.get());
    findings.push_back(keyed != nullptr ? check_keys(*keyed, history, clock.budget(), thread_count(limits))
                                        : checker->check(history, clock.budget()));
    clock.explain(findings.back());
  }
  return findings;
}

Result<std::vector<KeyProof>> prove_history(const HistoryTable& history, const Checker& checker,
                                            const CheckLimits& limits) {
  const auto* keyed = dynamic_cast<const KeyedChecker*>(&checker);
  if (keyed == nullptr) return no_proofs(checker.name());
  const BudgetClock clock(limits);
  const std::vector<KeySlice> slices = split_by_key(history);
  const Budget budget = budget_of_a_key(clock.budget(), slices.size(), thread_count(limits));
  std::vector<std::optional<Result<KeyProof>>> made(slices.size());
  for_each_on_threads(by_size(slices), thread_count(limits),
                      [&](std::size_t i) { made[i] = keyed->prove_key(history, slices[i], budget); });
  std::vector<KeyProof> proofs;
  for (std::optional<Result<KeyProof>>& proof : made) {
    if (!proof->ok()) return proof->error();
    proofs.push_back(**std::move(proof));
  }
  // As in KeyedChecker::combine.
  const bool undecided = std::ranges::any_of(
      proofs, [](const KeyProof& proof) { return proof.key.is_nil() && proof.verdict == Verdict::kUnknown; });
  for (KeyProof& proof : proofs) {
    if (undecided) proof.verdict = Verdict::kUnknown;
  }
  return proofs;
}

Result<Finding> check_loaded(const LoadedHistory& loaded, const std::string& model,
                             const CheckLimits& limits) {
  const std::string name = model.empty() ? std::string(usual_model(loaded.format)) : model;
  Result<std::unique_ptr<Checker>> checker = make_model_checker(name);
  if (!checker.ok()) return checker.error();
  const std::optional<TransactionTable>& transactions = loaded.transactions;
  if (transactions ? transactions->access_count() == 0 : loaded.history.empty()) {
    return Finding{.checker = std::string((*checker)->name()),
                   .verdict = Verdict::kUnknown,
                   .why = "the history has no operations: nothing was checked",
                   .witnesses = {},
                   .details = {}};
  }
  if (transactions) {
    const BudgetClock clock(limits);
    std::optional<Finding> finding = check_register_level(name, *transactions, clock.budget());
    if (!finding) {
      return invalid_argument(
          fmt::format("model \"{}\" needs a history with times; of transactions alone, as {} has "
                      "them, give a level such as causal-convergence",
                      name, to_text(loaded.format)));
    }
    clock.explain(*finding);
    return *std::move(finding);
  }
  std::vector<std::unique_ptr<Checker>> checkers;
  checkers.push_back(*std::move(checker));
  return check_history(loaded.history, checkers, limits).front();
}

Result<CheckReport> check_file(const std::string& path, const CheckOptions& options) {
  const Clock::time_point start = Clock::now();
  // What is wrong with the command is said before a large file is read.
  if (!options.model.empty()) {
    const auto known = make_model_checker(options.model);
    if (!known.ok()) return known.error();
    if (options.prove && dynamic_cast<const KeyedChecker*>(known->get()) == nullptr)
      return no_proofs(options.model);
  }
  Result<LoadedHistory> loaded =
      load_history_file(path, {.format = options.format, .memory_bytes = options.limits.memory_bytes});
  if (!loaded.ok()) return loaded.error();
  CheckReport report;
  static_cast<LoadedHistory&>(report) = *std::move(loaded);
  report.model = options.model.empty() ? std::string(usual_model(report.format)) : options.model;
  report.operations =
      report.transactions ? report.transactions->access_count() : report.history.operations().size();
  const Clock::time_point read = Clock::now();
  Result<Finding> finding = check_loaded(report, report.model, options.limits);
  if (!finding.ok()) return finding.error();
  report.findings.push_back(*std::move(finding));
  if (options.prove) {
    if (report.transactions)
      return Error{ErrorCode::kUnsupported, "there are no proofs for transactions alone"};
    const Result<std::unique_ptr<Checker>> checker = make_model_checker(report.model);
    Result<std::vector<KeyProof>> proofs = prove_history(report.history, **checker, options.limits);
    if (!proofs.ok()) return proofs.error();
    report.proofs = *std::move(proofs);
  }
  report.seconds_reading = std::chrono::duration<double>(read - start).count();
  report.seconds = seconds_since(start);
  return report;
}

}  // namespace ordeal
