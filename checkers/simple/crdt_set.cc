#include "checkers/dense_numbers.h"
#include "checkers/simple/convergence.h"
#include "checkers/simple/crdt.h"
#include "checkers/simple/finding_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace ordeal {
namespace {

/// What is known of an element of one key.
struct CrdtElement {
  Value value;
  std::int64_t adds = 0;                        ///< that may have happened
  std::int64_t removes = 0;                     ///< that may have happened
  std::uint32_t invoked = OperationRow::kOpen;  ///< position of the first of those adds
  std::optional<OperationRow> failed;           ///< an add that did not happen
  std::optional<OperationRow> add;              ///< the one that succeeded first
  std::optional<OperationRow> remove;  ///< the first that succeeded, of a session that knew of the element
  bool lost = false;
  bool phantom = false;
  bool resurrected = false;
};

Value sorted_set(const Value& value) {
  if (value.as_list() == nullptr) return value.is_nil() ? Value(Value::List{}) : value;
  Value::List list = *value.as_list();
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
  return list;
}

class CrdtSetRun {
 public:
  explicit CrdtSetRun(const HistoryTable& history) : history_(history) {}

  Finding finish() && {
    for (const char* name : {"lost", "phantom", "resurrected"}) builder_.count(name, 0);
    const FinalReads finals = find_final_reads(history_);
    const std::int64_t compared = judge_convergence(history_, finals, sorted_set, builder_);
    const std::vector<OperationRow> operations = history_.operations();
    for (const OperationRow& operation : operations) count(operation);
    for (const OperationRow& operation : operations) look_at(operation);
    for (const auto& [key, reads] : finals) {
      for (const FinalRead& read : reads) judge(key, read.operation);
    }
    builder_.count("elements", static_cast<std::int64_t>(elements_.size()));
    builder_.count("keys", static_cast<std::int64_t>(finals.size()));
    if (problem_) builder_.give_up(*problem_);
    if (compared == 0 && !problem_) builder_.give_up("no two final reads of one key: nothing was compared");
    return std::move(builder_).finish(
        fmt::format("{} elements, and every node had the same in the end", elements_.size()));
  }

 private:
  using Session = std::tuple<std::uint32_t, std::int64_t, NodeId>;  ///< of one element

  std::uint32_t number(Cell key, const Value& value) {
    const std::uint32_t number =
        numbers_.number(pool_.pair(pool_.integer(key_number(key)), pool_.cell(value)).bits);
    if (number == elements_.size()) {
      elements_.emplace_back().value = value;
      of_key_[key].push_back(number);
    }
    return number;
  }
  std::int64_t key_number(Cell key) { return keys_.number(key.bits); }

  void count(const OperationRow& operation) {
    const std::string& f = history_.f_text(operation.invoke);
    if (f != "add" && f != "remove") return;
    const OpType outcome = outcome_of(history_, operation);
    const Value argument = argument_of(history_, operation);
    CrdtElement& element = elements_[number(history_.key(operation.invoke), argument)];
    if (outcome == OpType::kFail) {
      if (f == "add") element.failed = operation;
    } else if (f == "remove") {
      ++element.removes;
    } else {
      ++element.adds;
      element.invoked = std::min(element.invoked, operation.invoke);
      const bool sooner = !element.add || operation.complete < element.add->complete;
      if (outcome == OpType::kOk && sooner) element.add = operation;
    }
  }

  // A process does one thing after the other, so what it did before comes before in order of invocation.
  void look_at(const OperationRow& operation) {
    if (outcome_of(history_, operation) != OpType::kOk) return;
    const std::string& f = history_.f_text(operation.invoke);
    const Cell key = history_.key(operation.invoke);
    if (f == "add") {
      knows(operation, number(key, argument_of(history_, operation)));
    } else if (f == "read") {
      read(operation, key);
    } else if (f == "remove") {
      const std::uint32_t id = number(key, argument_of(history_, operation));
      CrdtElement& element = elements_[id];
      const bool sooner = !element.remove || operation.complete < element.remove->complete;
      if (element.adds == 1 && sooner && known_.contains(session(operation, id))) element.remove = operation;
    }
  }

  [[nodiscard]] Session session(const OperationRow& operation, std::uint32_t element) const {
    return {element, history_.process(operation.invoke).value(), node_of(history_, operation)};
  }
  void knows(const OperationRow& operation, std::uint32_t element) {
    if (elements_[element].adds == 1 && elements_[element].removes > 0)
      known_.insert(session(operation, element));
  }

  void read(const OperationRow& operation, Cell key) {
    const Value result = result_of(history_, operation);
    if (result.is_nil()) return;
    if (result.as_list() == nullptr) {
      if (!problem_)
        problem_ = fmt::format("operation {} read {}, which is no list", operation.invoke, to_text(result));
      return;
    }
    for (const Value& value : *result.as_list()) {
      const std::uint32_t id = number(key, value);
      if (elements_[id].invoked < operation.complete) {
        knows(operation, id);
      } else if (!std::exchange(elements_[id].phantom, true)) {
        accuse_phantom(operation, key, elements_[id]);
      }
    }
  }

  void judge(Cell key, const OperationRow& read) {
    const Value result = result_of(history_, read);
    std::set<std::uint32_t> present;
    if (result.as_list() != nullptr) {
      for (const Value& value : *result.as_list()) present.insert(number(key, value));
    } else if (!result.is_nil()) {
      return;
    }
    for (const std::uint32_t id : of_key_[key]) {
      CrdtElement& element = elements_[id];
      const bool there = present.contains(id);
      if (!there && element.add && element.removes == 0 && element.add->complete < read.invoke &&
          !std::exchange(element.lost, true)) {
        const std::string why =
            fmt::format("{} did not read {} in the end, which was added and never removed",
                        who_and_when(history_, read), to_text(element.value));
        accuse("lost", key, {step_of(read, why), step(*element.add, "added it")}, why);
      }
      if (there && element.adds == 1 && element.remove && element.remove->complete < read.invoke &&
          !std::exchange(element.resurrected, true)) {
        const std::string why = fmt::format("{} read {} in the end, which had been removed for certain",
                                            who_and_when(history_, read), to_text(element.value));
        accuse("resurrected", key,
               {step_of(read, why), step(*element.remove, "removed it, and had known of it before")}, why);
      }
    }
  }

  [[nodiscard]] WitnessStep step(const OperationRow& operation, std::string_view what) const {
    return step_of(operation, fmt::format("{} {}", who_and_when(history_, operation), what));
  }
  void accuse_phantom(const OperationRow& read, Cell key, const CrdtElement& element) {
    const std::string why = fmt::format(
        "{} read {}, {}", who_and_when(history_, read), to_text(element.value),
        element.failed && element.adds == 0 ? "whose addition had failed" : "which nobody had asked to add");
    std::vector<WitnessStep> steps = {step_of(read, why)};
    if (element.failed) steps.push_back(step(*element.failed, "failed to add it"));
    accuse("phantom", key, std::move(steps), why);
  }
  void accuse(std::string_view name, Cell key, std::vector<WitnessStep> steps, const std::string& why) {
    Witness witness;
    witness.key = history_.pool().value(key);
    witness.stuck = std::move(steps);
    builder_.accuse(name, std::move(witness), why);
  }

  const HistoryTable& history_;
  FindingBuilder builder_{"crdt-set"};
  ValuePool pool_;        ///< of elements with the numbers of their keys
  DenseNumbers keys_;     ///< of cells of the history
  DenseNumbers numbers_;  ///< of elements
  std::vector<CrdtElement> elements_;
  std::map<Cell, std::vector<std::uint32_t>> of_key_;
  std::set<Session> known_;
  std::optional<std::string> problem_;
};

class CrdtSet final : public Checker {
 public:
  [[nodiscard]] std::string_view name() const override { return "crdt-set"; }
  [[nodiscard]] Finding check(const HistoryTable& history, const Budget& /*budget*/) const override {
    return CrdtSetRun(history).finish();
  }
};

}  // namespace

std::unique_ptr<Checker> make_crdt_set_checker() {
  return std::make_unique<CrdtSet>();
}

}  // namespace ordeal
