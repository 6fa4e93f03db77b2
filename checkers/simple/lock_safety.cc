#include "checkers/simple/lock_safety.h"

#include "checkers/simple/finding_builder.h"
#include "checkers/simple/lock_holds.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ordeal {
namespace {

constexpr std::array<std::string_view, 5> kPartNames = {"safety", "overlap", "overrun", "fencing", "harm"};
constexpr std::array<std::string_view, 5> kLockModels = {"lock-safety", "lock-overlap", "lock-overrun",
                                                         "lock-fencing", "lock-harm"};

/// Of the holds so far, the one that lasts longest, and the one that does among those of other processes.
struct LongestHolds {
  const LockHold* first = nullptr;
  const LockHold* other = nullptr;

  void add(const LockHold& hold) {
    if (first == nullptr || first->until < hold.until) {
      if (first != nullptr && first->process != hold.process) other = first;
      first = &hold;
    } else if (hold.process != first->process && (other == nullptr || other->until < hold.until)) {
      other = &hold;
    }
  }
  [[nodiscard]] const LockHold* of_others(std::int64_t process) const {
    return first != nullptr && first->process == process ? other : first;
  }
};

/// Something with a token, from `begin` to `end` in some order.
struct Tokened {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  std::int64_t token = 0;
  std::size_t number = 0;
};

/// For each of `later` the one of `earlier` that ended before it began and has the greatest token, if that is
/// greater than its own: pairs of numbers, the later one first.
std::vector<std::pair<std::size_t, std::size_t>> find_steps_back(std::vector<Tokened> earlier,
                                                                 std::vector<Tokened> later) {
  std::sort(earlier.begin(), earlier.end(), [](const auto& a, const auto& b) { return a.end < b.end; });
  std::stable_sort(later.begin(), later.end(),
                   [](const auto& a, const auto& b) { return a.begin < b.begin; });
  std::vector<std::pair<std::size_t, std::size_t>> out;
  const Tokened* greatest = nullptr;
  auto next = earlier.begin();
  for (const Tokened& item : later) {
    for (; next != earlier.end() && next->end < item.begin; ++next) {
      if (greatest == nullptr || greatest->token < next->token) greatest = &*next;
    }
    if (greatest != nullptr && item.token < greatest->token) out.emplace_back(item.number, greatest->number);
  }
  return out;
}

/// The moments between which the resource accepted an operation.
struct Acceptance {
  LockMoment low;
  LockMoment high;
};

class LockSafetyRun {
 public:
  LockSafetyRun(const HistoryTable& history, LockPart part)
      : history_(history),
        part_(part),
        builder_(kLockModels[static_cast<std::size_t>(part)]),
        locks_(read_locks(history)) {}

  Finding finish() && {
    for (const auto& [key, lock] : locks_.locks) {
      judge_overlaps(key, lock);
      judge_tokens(key, lock);
    }
    for (const auto& [key, resource] : locks_.resources) {
      judge_overruns(key, resource);
      judge_accepted_tokens(key, resource);
      judge_updates(key, resource);
      judge_counter(key, resource);
    }
    if (locks_.problem) builder_.give_up(*locks_.problem);
    return std::move(*this).conclude();
  }

 private:
  [[nodiscard]] LockMoment moment(std::uint32_t position) const {
    return {.ns = history_.time(position).ns(), .position = position};
  }
  [[nodiscard]] bool asked(LockPart part) const { return part_ == LockPart::kAll || part_ == part; }
  void applies(LockPart part) { parts_[static_cast<std::size_t>(part)].applies = true; }

  void accuse(LockPart part, std::int64_t& figure, Cell key, std::vector<WitnessStep> steps,
              const std::string& why) {
    ++figure;
    parts_[static_cast<std::size_t>(part)].violated = true;
    if (!asked(part)) return;
    Witness witness;
    witness.key = history_.pool().value(key);
    witness.stuck = std::move(steps);
    builder_.accuse(kPartNames[static_cast<std::size_t>(part)], std::move(witness), why);
  }

  [[nodiscard]] std::string lock_text(Cell key) const { return to_text(history_.pool().value(key)); }
  [[nodiscard]] std::string who(const OperationRow& operation) const {
    return who_and_when(history_, operation);
  }
  [[nodiscard]] WitnessStep hold_step(const LockHold& hold) const {
    const std::string token =
        hold.token.is_nil() ? std::string() : fmt::format(" with token {}", to_text(hold.token));
    const std::string until = hold.until.is_never()
                                  ? "and did not release it"
                                  : fmt::format("until {:.6f}s", static_cast<double>(hold.until.ns) * 1e-9);
    return step_of(hold.acquire,
                   fmt::format("{} asked for the lock and held it{} from {:.6f}s {}", who(hold.acquire),
                               token, static_cast<double>(hold.from.ns) * 1e-9, until));
  }

  // Holds come in the order in which they begin, so one overlaps an earlier one of another process if any
  // does the one of those that lasts longest.
  void judge_overlaps(Cell key, const LockHistory::Lock& lock) {
    LongestHolds longest;
    for (const LockHold& hold : lock.holds) {
      ++holds_;
      if (hold.until <= hold.from) continue;
      applies(LockPart::kOverlap);
      const LockHold* const earlier = longest.of_others(hold.process);
      if (earlier != nullptr && hold.from < earlier->until) {
        accuse(LockPart::kOverlap, overlaps_, key, {hold_step(*earlier), hold_step(hold)},
               fmt::format("p{} got the lock {} at {:.6f}s, while p{} held it", hold.process, lock_text(key),
                           static_cast<double>(hold.from.ns) * 1e-9, earlier->process));
      }
      longest.add(hold);
    }
  }

  void judge_tokens(Cell key, const LockHistory::Lock& lock) {
    std::map<std::int64_t, std::size_t> first;
    std::vector<Tokened> tokens;
    for (std::size_t i = 0; i < lock.holds.size(); ++i) {
      const LockHold& hold = lock.holds[i];
      const std::int64_t* token = hold.token.as_int();
      if (token == nullptr) continue;
      applies(LockPart::kFencing);
      tokens.push_back(
          {.begin = hold.acquire.invoke, .end = hold.acquire.complete, .token = *token, .number = i});
      const auto [other, fresh] = first.emplace(*token, i);
      if (fresh || hold.renewal) continue;
      accuse(LockPart::kFencing, tokens_twice_, key, {hold_step(lock.holds[other->second]), hold_step(hold)},
             fmt::format("the lock {} gave out the token {} twice", lock_text(key), *token));
    }
    for (const auto& [later, earlier] : find_steps_back(tokens, tokens)) {
      const LockHold& before = lock.holds[earlier];
      const LockHold& after = lock.holds[later];
      accuse(LockPart::kFencing, tokens_out_of_order_, key, {hold_step(before), hold_step(after)},
             fmt::format("{} asked for the lock {} when the token {} had been given out, and got {}",
                         who(after.acquire), lock_text(key), to_text(before.token), to_text(after.token)));
    }
  }

  // What comes later in the resource's own order was accepted after the earlier was invoked, and what comes
  // earlier before the later was over: between them they fix a moment better than an operation alone. Those
  // without a place in that order come last.
  [[nodiscard]] std::vector<Acceptance> acceptances(std::vector<const GuardedOperation*>& accepted) const {
    const auto unordered =
        std::stable_partition(accepted.begin(), accepted.end(),
                              [](const GuardedOperation* used) { return used->sequence.has_value(); });
    std::stable_sort(accepted.begin(), unordered,
                     [](const auto* a, const auto* b) { return a->sequence < b->sequence; });
    const auto ordered = static_cast<std::size_t>(std::distance(accepted.begin(), unordered));
    std::vector<Acceptance> out;
    for (const GuardedOperation* used : accepted)
      out.push_back({.low = moment(used->operation.invoke), .high = moment(used->operation.complete)});
    const auto tied = [&](std::size_t i) { return accepted[i - 1]->sequence == accepted[i]->sequence; };
    LockMoment low{.ns = std::numeric_limits<std::int64_t>::min(), .position = 0};
    for (std::size_t begin = 0, end = 0; begin < ordered; begin = end) {
      LockMoment next = low;
      for (end = begin; end < ordered && (end == begin || tied(end)); ++end) {
        next = std::max(next, out[end].low);
        out[end].low = std::max(out[end].low, low);
      }
      low = next;
    }
    LockMoment high;
    for (std::size_t end = ordered, begin = end; end > 0; end = begin) {
      LockMoment next = high;
      for (begin = end; begin > 0 && (begin == end || tied(begin)); --begin) {
        next = std::min(next, out[begin - 1].high);
        out[begin - 1].high = std::min(out[begin - 1].high, high);
      }
      high = next;
    }
    return out;
  }

  void judge_overruns(Cell key, const LockHistory::Resource& resource) {
    std::vector<const GuardedOperation*> accepted;
    for (const GuardedOperation& used : resource.operations) {
      if (used.outcome == OpType::kOk) accepted.push_back(&used);
    }
    const std::vector<Acceptance> moments = acceptances(accepted);
    const std::vector<LockHold>& holds = locks_.locks.at(resource.lock).holds;
    std::vector<LongestHolds> longest;  // of the first 1, 2, ... holds
    LongestHolds so_far;
    for (const LockHold& hold : holds) {
      so_far.add(hold);
      longest.push_back(so_far);
    }
    for (std::size_t i = 0; i < accepted.size(); ++i) {
      if (!accepted[i]->hold) continue;
      applies(LockPart::kOverrun);
      const LockHold& own = holds[*accepted[i]->hold];
      const auto later =
          std::upper_bound(holds.begin(), holds.end(), moments[i].low,
                           [](const LockMoment& at, const LockHold& hold) { return at < hold.from; });
      const std::ptrdiff_t begun = std::distance(holds.begin(), later);
      if (begun == 0 || moments[i].low < own.over) continue;
      const LockHold* const other = longest[static_cast<std::size_t>(begun - 1)].of_others(own.process);
      if (other == nullptr || other->until <= moments[i].high) continue;
      accuse_overrun(key, *accepted[i], own, *other);
    }
  }

  void accuse_overrun(Cell key, const GuardedOperation& used, const LockHold& own, const LockHold& other) {
    const std::string why = fmt::format(
        "{} did {} on {}, and the resource accepted it, though the hold of p{} was over at {:.6f}s and p{} "
        "had the lock",
        who(used.operation), history_.f_text(used.operation.invoke), lock_text(key), own.process,
        static_cast<double>(own.over.ns) * 1e-9, other.process);
    accuse(LockPart::kOverrun, overruns_, key,
           {hold_step(own), hold_step(other), step_of(used.operation, why)}, why);
  }

  /// Two operations that the resource numbered are in its order, others in that of real time.
  static std::map<std::size_t, std::size_t> find_accepted_back(
      const std::vector<const GuardedOperation*>& accepted) {
    std::vector<Tokened> all;
    std::vector<Tokened> numbered;
    std::vector<Tokened> numbered_in_time;
    std::vector<Tokened> others;
    for (std::size_t i = 0; i < accepted.size(); ++i) {
      const GuardedOperation& used = *accepted[i];
      const std::int64_t token = *used.token.as_int();
      all.push_back(
          {.begin = used.operation.invoke, .end = used.operation.complete, .token = token, .number = i});
      (used.sequence ? numbered_in_time : others).push_back(all.back());
      if (used.sequence)
        numbered.push_back({.begin = *used.sequence, .end = *used.sequence, .token = token, .number = i});
    }
    std::map<std::size_t, std::size_t> out;
    for (const auto& pairs : {find_steps_back(numbered, numbered), find_steps_back(all, others),
                              find_steps_back(others, numbered_in_time)})
      out.insert(pairs.begin(), pairs.end());
    return out;
  }

  void judge_accepted_tokens(Cell key, const LockHistory::Resource& resource) {
    std::vector<const GuardedOperation*> accepted;
    for (const GuardedOperation& used : resource.operations) {
      if (used.outcome == OpType::kOk && used.token.as_int() != nullptr) accepted.push_back(&used);
    }
    if (accepted.empty()) return;
    applies(LockPart::kFencing);
    for (const auto& [later, earlier] : find_accepted_back(accepted)) {
      const GuardedOperation& before = *accepted[earlier];
      const GuardedOperation& after = *accepted[later];
      const std::string why =
          fmt::format("{} did {} on {} with token {}, and the resource accepted it after one with token {}",
                      who(after.operation), history_.f_text(after.operation.invoke), lock_text(key),
                      to_text(after.token), to_text(before.token));
      accuse(LockPart::kFencing, tokens_gone_back_, key,
             {step_of(before.operation,
                      fmt::format("{} sent token {}", who(before.operation), to_text(before.token))),
              step_of(after.operation, why)},
             why);
    }
  }

  void malformed(const OperationRow& operation, const std::string& what) {
    if (!asked(LockPart::kHarm) || locks_.problem) return;
    locks_.problem = fmt::format("operation {} of {} {}", operation.invoke, who(operation), what);
  }

  void judge_updates(Cell key, const LockHistory::Resource& resource) {
    std::map<Value, const GuardedOperation*> readers;
    for (const GuardedOperation& used : resource.operations) {
      if (history_.f_text(used.operation.invoke) != "update" || used.outcome != OpType::kOk) continue;
      const Value result = result_of(history_, used.operation);
      const Value::List* pair = result.as_list();
      if (pair == nullptr || pair->size() != 2) {
        malformed(used.operation, fmt::format("updated {}, which is not [READ, WRITTEN]", to_text(result)));
        continue;
      }
      applies(LockPart::kHarm);
      const auto [first, fresh] = readers.emplace(pair->front(), &used);
      if (fresh) continue;
      const std::string why =
          fmt::format("{} read {} on {} and wrote {}, and so did another: one is lost", who(used.operation),
                      to_text(pair->front()), lock_text(key), to_text(pair->back()));
      const OperationRow& other = first->second->operation;
      accuse(LockPart::kHarm, updates_lost_, key,
             {step_of(other, fmt::format("{} read it and wrote {}", who(other),
                                         to_text(result_of(history_, other).as_list()->back()))),
              step_of(used.operation, why)},
             why);
    }
  }

  /// By how much an operation moves the counter; nothing when it does not, or did not happen.
  std::optional<std::int64_t> increment_of(const GuardedOperation& used) {
    const std::string& f = history_.f_text(used.operation.invoke);
    if ((f != "increment" && f != "add") || used.outcome == OpType::kFail) return std::nullopt;
    const Value argument = argument_of(history_, used.operation);
    if (argument.as_int() != nullptr) return *argument.as_int();
    if (f == "increment" && argument.is_nil()) return 1;
    malformed(used.operation, fmt::format("adds {}, which is no integer", to_text(argument)));
    return std::nullopt;
  }

  void judge_counter(Cell key, const LockHistory::Resource& resource) {
    const GuardedOperation* read = nullptr;
    for (const GuardedOperation& used : resource.operations) {
      if (history_.f_text(used.operation.invoke) == "read" && used.outcome == OpType::kOk) read = &used;
    }
    const GuardedOperation* last = nullptr;
    std::int64_t low = 0;
    std::int64_t high = 0;
    bool fits = true;
    for (const GuardedOperation& used : resource.operations) {
      const std::optional<std::int64_t> delta = increment_of(used);
      if (!delta || read == nullptr || used.operation.invoke > read->operation.complete) continue;
      last = &used;
      const bool certain = used.outcome == OpType::kOk && used.operation.complete < read->operation.invoke;
      if (certain || *delta < 0) fits &= !__builtin_add_overflow(low, *delta, &low);
      if (certain || *delta > 0) fits &= !__builtin_add_overflow(high, *delta, &high);
    }
    if (last == nullptr) return;
    const Value result = result_of(history_, read->operation);
    if (!fits) return malformed(read->operation, "reads a sum that does not fit into 64 bits");
    if (result.as_int() == nullptr && !result.is_nil())
      return malformed(read->operation, fmt::format("read {}, which is no integer", to_text(result)));
    applies(LockPart::kHarm);
    const std::int64_t value = result.is_nil() ? 0 : *result.as_int();
    if (low <= value && value <= high) return;
    const std::string why = fmt::format(
        "{} read {} on {}, but what was accepted makes {}", who(read->operation), value, lock_text(key),
        low == high ? fmt::format("{}", low) : fmt::format("{} to {}", low, high));
    accuse(LockPart::kHarm, updates_lost_, key,
           {step_of(read->operation, why),
            step_of(last->operation, fmt::format("{} was the last to add to it", who(last->operation)))},
           why);
  }

  Finding conclude() && {
    std::vector<std::string_view> judged;
    for (const LockPart part :
         {LockPart::kOverlap, LockPart::kOverrun, LockPart::kFencing, LockPart::kHarm}) {
      const Part& state = parts_[static_cast<std::size_t>(part)];
      const std::string_view name = kPartNames[static_cast<std::size_t>(part)];
      builder_.note(name, state.violated ? "invalid" : (state.applies ? "valid" : "does-not-apply"));
      if (asked(part) && state.applies) judged.push_back(name);
    }
    builder_.count("holds", holds_);
    builder_.count("overlaps", overlaps_);
    builder_.count("overruns", overruns_);
    builder_.count("tokens-twice", tokens_twice_);
    builder_.count("tokens-out-of-order", tokens_out_of_order_);
    builder_.count("tokens-gone-back", tokens_gone_back_);
    builder_.count("updates-lost", updates_lost_);
    if (judged.empty() && !locks_.problem)
      builder_.give_up("nothing in the history that this is about: nothing was checked");
    return std::move(builder_).finish(
        fmt::format("{} holds; no violation of {}", holds_, fmt::join(judged, ", ")));
  }

  struct Part {
    bool applies = false;
    bool violated = false;
  };

  const HistoryTable& history_;
  const LockPart part_;
  FindingBuilder builder_;
  LockHistory locks_;
  std::array<Part, kPartNames.size()> parts_;
  std::int64_t holds_ = 0;
  std::int64_t overlaps_ = 0;
  std::int64_t overruns_ = 0;
  std::int64_t tokens_twice_ = 0;
  std::int64_t tokens_out_of_order_ = 0;
  std::int64_t tokens_gone_back_ = 0;
  std::int64_t updates_lost_ = 0;
};

class LockSafety final : public Checker {
 public:
  explicit LockSafety(LockPart part) : part_(part) {}

  [[nodiscard]] std::string_view name() const override {
    return kLockModels[static_cast<std::size_t>(part_)];
  }
  [[nodiscard]] Finding check(const HistoryTable& history, const Budget& /*budget*/) const override {
    return LockSafetyRun(history, part_).finish();
  }

 private:
  const LockPart part_;
};

}  // namespace

std::unique_ptr<Checker> make_lock_safety_checker(LockPart part) {
  return std::make_unique<LockSafety>(part);
}

}  // namespace ordeal
