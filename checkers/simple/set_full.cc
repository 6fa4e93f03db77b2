#include "checkers/simple/set_full.h"

#include "checkers/dense_numbers.h"
#include "checkers/simple/finding_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

namespace ordeal {
namespace {

constexpr std::uint32_t kNever = OperationRow::kOpen;

constexpr std::uint32_t kNowhere = UINT32_MAX;

/// What is known of one element. Reads are numbered in order of their invocations.
struct Element {
  std::optional<OperationRow> add;
  bool failed = false;
  std::uint32_t known = kNever;           ///< position of the event since which it was there for certain
  std::uint32_t last_present = kNowhere;  ///< the last read that had it
  std::uint32_t gap = kNowhere;           ///< the last read without it that is before that one
};

class SetFullRun {
 public:
  SetFullRun(const HistoryTable& history, StaleReads stale, std::string_view name)
      : history_(history), stale_(stale), builder_(name) {}

  Finding finish() && {
    for (const char* name : {"lost", "stale", "unexpected", "duplicated"}) builder_.count(name, 0);
    for (const OperationRow& operation : history_.operations()) take(operation);
    std::sort(reads_.begin(), reads_.end(),
              [](const Read& a, const Read& b) { return a.operation.invoke < b.operation.invoke; });
    for (std::uint32_t i = 0; i < reads_.size(); ++i) look_at(i);
    for (std::uint32_t i = 0; i < elements_.size(); ++i) judge(i);
    return std::move(*this).conclude();
  }

 private:
  struct Read {
    OperationRow operation;
    std::vector<std::uint32_t> elements;  ///< ascending
  };

  std::uint32_t number(const Value& value) {
    const std::uint32_t number = numbers_.number(pool_.cell(value).bits);
    if (number == elements_.size()) elements_.emplace_back();
    return number;
  }
  [[nodiscard]] std::string text(std::uint32_t element) const {
    return to_text(pool_.value(Cell{numbers_.word(element)}));
  }

  void take(const OperationRow& operation) {
    const std::string& f = history_.f_text(operation.invoke);
    const OpType outcome = outcome_of(history_, operation);
    if (f == "add") {
      Element& element = elements_[number(argument_of(history_, operation))];
      element.add = operation;
      element.failed = outcome == OpType::kFail;
      if (outcome == OpType::kOk) element.known = operation.complete;
    } else if (f == "read" && outcome == OpType::kOk) {
      read(operation);
    }
  }

  void read(const OperationRow& operation) {
    const Value result = result_of(history_, operation);
    const Value::List* list = result.as_list();
    if (list == nullptr && !result.is_nil()) {
      problem_ = fmt::format("operation {} read {}, which is no list", operation.invoke, to_text(result));
      return;
    }
    Read read{.operation = operation, .elements = {}};
    if (list != nullptr) {
      for (const Value& element : *list) read.elements.push_back(number(element));
    }
    std::sort(read.elements.begin(), read.elements.end());
    const auto twice = std::adjacent_find(read.elements.begin(), read.elements.end());
    if (twice != read.elements.end()) {
      const std::string why =
          fmt::format("{} read {} more than once", who_and_when(history_, operation), text(*twice));
      accuse("duplicated", {step_of(operation, why)}, why);
    }
    read.elements.erase(std::unique(read.elements.begin(), read.elements.end()), read.elements.end());
    reads_.push_back(std::move(read));
  }

  // Who is absent from a read is found when it is present again, or at the end, so absence costs nothing.
  void look_at(std::uint32_t read) {
    for (const std::uint32_t number : reads_[read].elements) {
      Element& element = elements_[number];
      element.known = std::min(element.known, reads_[read].operation.complete);
      const std::uint32_t next = element.last_present == kNowhere ? 0 : element.last_present + 1;
      if (next < read) element.gap = read - 1;
      element.last_present = read;
    }
  }

  void judge(std::uint32_t number) {
    const Element& element = elements_[number];
    const bool seen = element.last_present != kNowhere;
    if (!element.add || element.failed) {
      if (seen) accuse_unexpected(number);
      return;
    }
    ++attempted_;
    if (element.known == kNever) return;
    const auto last = static_cast<std::uint32_t>(reads_.size() - 1);
    if (reads_.empty() || reads_[last].operation.invoke < element.known) {
      ++never_read_;
      return;
    }
    const bool gone = !seen || element.last_present < last;
    const std::uint32_t absent = gone ? last : element.gap;
    if (absent == kNowhere || reads_[absent].operation.invoke < element.known) {
      ++stable_;
      return;
    }
    accuse_absence(number, absent, gone ? "lost" : "stale");
  }

  void accuse(std::string_view name, std::vector<WitnessStep> steps, const std::string& why) {
    Witness witness;
    witness.stuck = std::move(steps);
    builder_.accuse(name, std::move(witness), why);
  }

  void accuse_unexpected(std::uint32_t number) {
    const Element& element = elements_[number];
    const OperationRow& reader = reads_[element.last_present].operation;
    const std::string why = fmt::format("{} read {}, {}", who_and_when(history_, reader), text(number),
                                        element.add ? "whose addition had failed" : "which nobody added");
    std::vector<WitnessStep> steps = {step_of(reader, why)};
    if (element.add)
      steps.push_back(
          step_of(*element.add, fmt::format("{} failed to add it", who_and_when(history_, *element.add))));
    accuse("unexpected", std::move(steps), why);
  }

  void accuse_absence(std::uint32_t number, std::uint32_t absent, std::string_view name) {
    const Element& element = elements_[number];
    const OperationRow& reader = reads_[absent].operation;
    const std::int64_t latency = (history_.time(reader.invoke) - history_.time(element.known)).ns();
    if (name == "stale" && stale_ == StaleReads::kAllowed) {
      ++stale_seen_;
      latest_ = std::max(latest_, latency);
      return;
    }
    const std::string why =
        fmt::format("{} did not read {}, which had been there for certain for {:.6f}s{}",
                    who_and_when(history_, reader), text(number), static_cast<double>(latency) * 1e-9,
                    name == "lost" ? ", and no read after it had it" : "; a later read had it");
    std::vector<WitnessStep> steps = {
        step_of(reader, why),
        step_of(*element.add, fmt::format("{} added it", who_and_when(history_, *element.add)))};
    if (element.last_present != kNowhere) {
      const OperationRow& present = reads_[element.last_present].operation;
      steps.push_back(
          step_of(present, fmt::format("{} was the last to read it", who_and_when(history_, present))));
    }
    accuse(name, std::move(steps), why);
  }

  Finding conclude() && {
    builder_.count("attempted", attempted_);
    builder_.count("stable", stable_);
    builder_.count("never-read", never_read_);
    if (stale_ == StaleReads::kAllowed) {
      builder_.count("stale", stale_seen_);
      builder_.count("stale-latency-max", latest_);
    }
    if (problem_) {
      builder_.give_up(*problem_);
    } else if (stable_ + stale_seen_ == 0) {
      builder_.give_up("no element was read after it was there for certain: nothing was checked");
    }
    return std::move(builder_).finish(fmt::format("{} elements, none lost", attempted_));
  }

  const HistoryTable& history_;
  const StaleReads stale_;
  FindingBuilder builder_;
  ValuePool pool_;        ///< of elements
  DenseNumbers numbers_;  ///< of elements
  std::vector<Element> elements_;
  std::vector<Read> reads_;
  std::int64_t attempted_ = 0;
  std::int64_t stable_ = 0;
  std::int64_t stale_seen_ = 0;
  std::int64_t never_read_ = 0;
  std::int64_t latest_ = 0;
  std::optional<std::string> problem_;
};

class SetFull final : public Checker {
 public:
  explicit SetFull(StaleReads stale) : stale_(stale) {}

  [[nodiscard]] std::string_view name() const override {
    return stale_ == StaleReads::kAllowed ? "set-full" : "set-full-linearizable";
  }
  [[nodiscard]] Finding check(const HistoryTable& history, const Budget& /*budget*/) const override {
    return SetFullRun(history, stale_, name()).finish();
  }

 private:
  const StaleReads stale_;
};

}  // namespace

std::unique_ptr<Checker> make_set_full_checker(StaleReads stale) {
  return std::make_unique<SetFull>(stale);
}

}  // namespace ordeal
