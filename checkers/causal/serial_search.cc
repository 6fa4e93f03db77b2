#include "checkers/causal/serial_search.h"

#include "checkers/configuration_set.h"

#include <fmt/format.h>

#include <algorithm>

namespace ordeal {
namespace {

constexpr std::uint64_t kStepsBetweenQuestions = 4096;

class SerialSearch {
 public:
  SerialSearch(const TransactionTable& table, const ReadsFrom& reads, const Writers& writers,
               const Precedences& forced, const std::vector<std::uint32_t>& rank, const Budget& budget)
      : table_(table),
        reads_(reads),
        writers_(writers),
        dependencies_{ReadDependencies{reads}, forced},
        rank_(rank),
        budget_(budget),
        pending_(writers.slot_count(), 0),
        pending_initial_(table.key_count(), 0),
        current_(table.key_count(), kInitialWriter) {
    for (SessionIndex s = 0; s < table.session_count(); ++s) next_.push_back(table.session_begin(s));
    for (TransactionIndex t = 0; t < table.transaction_count(); ++t) {
      for (const ExternalRead& read : reads.reads_of(t)) ++pending(read.key, read.writer);
    }
  }

  SerialSearchResult run() && {
    while (true) {
      place_readers();
      if (placed_.size() == table_.transaction_count())
        return {.verdict = Verdict::kValid, .order = std::move(placed_), .why = {}};
      if (is_over()) return give_up();
      std::vector<SessionIndex> candidates = is_new() ? list_candidates() : std::vector<SessionIndex>();
      if (!candidates.empty()) {
        const SessionIndex first = candidates.back();
        candidates.pop_back();
        choices_.push_back({.placed = placed_.size(), .left = std::move(candidates)});
        place(next_[first]);
      } else if (!try_another()) {
        return {.verdict = Verdict::kInvalid, .order = {}, .why = {}};
      }
    }
  }

 private:
  struct Choice {
    std::size_t placed = 0;          ///< how many were placed before it
    std::vector<SessionIndex> left;  ///< whose next transaction may be tried instead, the best one last
  };
  /// What a key held before a transaction wrote it.
  struct Overwritten {
    KeyIndex key = 0;
    TransactionIndex writer = kInitialWriter;
  };

  /// How many reads of a version are still to come.
  std::uint32_t& pending(KeyIndex key, TransactionIndex writer) {
    return writer == kInitialWriter ? pending_initial_[key] : pending_[writers_.slot_of(key, writer)];
  }

  [[nodiscard]] bool fits(TransactionIndex t) {
    for (std::uint32_t i = 0; i < dependencies_.count(t); ++i) {
      const TransactionIndex other = dependencies_.at(t, i);
      if (other != kInitialWriter && other >= next_[table_.session_of(other)]) return false;
    }
    const auto reads = reads_.reads_of(t);
    if (!std::all_of(reads.begin(), reads.end(),
                     [this](const ExternalRead& read) { return current_[read.key] == read.writer; })) {
      return false;
    }
    const auto writes = reads_.writes_of(t);
    return std::all_of(writes.begin(), writes.end(), [&](KeyIndex key) {
      const auto own = std::count_if(reads.begin(), reads.end(),
                                     [key](const ExternalRead& read) { return read.key == key; });
      return pending(key, current_[key]) == static_cast<std::uint32_t>(own);
    });
  }

  void place(TransactionIndex t) {
    ++steps_;
    for (const ExternalRead& read : reads_.reads_of(t)) --pending(read.key, read.writer);
    for (const KeyIndex key : reads_.writes_of(t)) {
      overwritten_.push_back({.key = key, .writer = current_[key]});
      current_[key] = t;
    }
    ++next_[table_.session_of(t)];
    placed_.push_back(t);
  }

  void take_back() {
    const TransactionIndex t = placed_.back();
    placed_.pop_back();
    --next_[table_.session_of(t)];
    for (std::size_t i = reads_.writes_of(t).size(); i > 0; --i) {
      current_[overwritten_.back().key] = overwritten_.back().writer;
      overwritten_.pop_back();
    }
    for (const ExternalRead& read : reads_.reads_of(t)) ++pending(read.key, read.writer);
  }

  void place_readers() {
    for (bool more = true; more;) {
      more = false;
      for (SessionIndex s = 0; s < next_.size(); ++s) {
        while (next_[s] < table_.session_begin(s + 1) && reads_.writes_of(next_[s]).empty() &&
               fits(next_[s])) {
          place(next_[s]);
          more = true;
        }
      }
    }
  }

  std::vector<SessionIndex> list_candidates() {
    std::vector<SessionIndex> candidates;
    for (SessionIndex s = 0; s < next_.size(); ++s) {
      if (next_[s] < table_.session_begin(s + 1) && fits(next_[s])) candidates.push_back(s);
    }
    std::sort(candidates.begin(), candidates.end(),
              [this](SessionIndex a, SessionIndex b) { return rank_[next_[a]] > rank_[next_[b]]; });
    return candidates;
  }

  bool try_another() {
    while (!choices_.empty()) {
      Choice& choice = choices_.back();
      while (placed_.size() > choice.placed) take_back();
      if (choice.left.empty()) {
        choices_.pop_back();
        continue;
      }
      const SessionIndex session = choice.left.back();
      choice.left.pop_back();
      place(next_[session]);
      return true;
    }
    return false;
  }

  /// Whether this state was not met before: where each session stands, and what the keys hold that somebody
  /// still reads.
  bool is_new() {
    words_.clear();
    for (const TransactionIndex next : next_) words_.push_back(next);
    for (KeyIndex key = 0; key < current_.size(); ++key) {
      if (pending(key, current_[key]) > 0) words_.push_back(std::uint64_t{key} << 32 | current_[key]);
    }
    return met_.insert(words_);
  }

  [[nodiscard]] bool is_over() {
    if (steps_ > budget_.steps_max || met_.bytes() > budget_.bytes_max) return true;
    if (steps_ < ask_at_) return false;
    ask_at_ = steps_ + kStepsBetweenQuestions;
    return budget_.stopped();
  }

  [[nodiscard]] SerialSearchResult give_up() const {
    return {.verdict = Verdict::kUnknown,
            .order = {},
            .why = fmt::format(
                "no verdict: the search for an order was given up after {} steps and {} bytes, with {} of "
                "{} transactions in order",
                steps_, met_.bytes(), placed_.size(), table_.transaction_count())};
  }

  const TransactionTable& table_;
  const ReadsFrom& reads_;
  const Writers& writers_;
  const WithPrecedences<ReadDependencies> dependencies_;
  const std::vector<std::uint32_t>& rank_;
  const Budget& budget_;
  std::vector<std::uint32_t> pending_;          ///< by slot
  std::vector<std::uint32_t> pending_initial_;  ///< by key
  std::vector<TransactionIndex> current_;       ///< by key: who wrote what it holds
  std::vector<TransactionIndex> next_;          ///< by session
  std::vector<TransactionIndex> placed_;
  std::vector<Overwritten> overwritten_;
  std::vector<Choice> choices_;
  ConfigurationSet met_;
  std::vector<std::uint64_t> words_;
  std::uint64_t steps_ = 0;
  std::uint64_t ask_at_ = 0;
};

}  // namespace

SerialSearchResult search_serial_order(const TransactionTable& table, const ReadsFrom& reads,
                                       const Writers& writers, const Precedences& forced,
                                       const std::vector<std::uint32_t>& rank, const Budget& budget) {
  return SerialSearch(table, reads, writers, forced, rank, budget).run();
}

}  // namespace ordeal
