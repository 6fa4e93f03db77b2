#pragma once
// The log: the records in the store, and what of them is kept in memory. Recent entries are cached up to a
// number of bytes; of older ones only the terms are known without a read, as runs of equal terms, so that
// every comparison the protocol makes (Raft 5.3, 5.4.1) and the search for a conflict cost no read and no
// scan.
//
// Changes are written into a batch of the caller. The log counts on the host's promise that a batch given out
// is visible in the store: entries of the step that is under way are always in the cache.

#include "common/result.h"
#include "node/raft/entry.h"
#include "node/store.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <vector>

namespace ordeal::raft {

class Log {
 public:
  /// Reads and verifies the whole log: no gaps, terms never fall, each chain follows from the one before.
  /// None when the store holds no log. `store` must outlive the log.
  static Result<std::optional<Log>> open(const StoreView& store, std::uint64_t cache_bytes_max);
  /// A new, empty log of a cluster with these members; its beginning is written into `batch`.
  static Log create(const StoreView& store, std::uint64_t cache_bytes_max, Configuration members,
                    Batch& batch);

  // --- Reading -------------------------------------------------------------------------------------------

  [[nodiscard]] const LogStart& start() const { return start_; }
  [[nodiscard]] LogIndex first_index() const { return start_.index + 1; }
  [[nodiscard]] LogIndex last_index() const { return last_; }
  [[nodiscard]] Term last_term() const { return runs_.back().term; }
  [[nodiscard]] Chain last_chain() const { return last_chain_; }
  /// None before start().index and after the last entry.
  [[nodiscard]] std::optional<Term> term_at(LogIndex index) const;
  [[nodiscard]] bool matches(LogIndex index, Term term) const { return term_at(index) == term; }
  /// The largest index <= `index` whose term is <= `term`: where two logs can agree at best, given that the
  /// other one has `term` at `index`. At least start().index.
  [[nodiscard]] LogIndex last_index_with_term_at_most(LogIndex index, Term term) const;
  /// Requires: start().index <= index <= last_index(). May read the store.
  [[nodiscard]] Result<Chain> chain_at(LogIndex index) const;
  /// Calls `visit` for the entries from `first` to `last` in order until it returns false. Requires: both are
  /// in the log. May read the store.
  template <class Visit>
  [[nodiscard]] Status visit(LogIndex first, LogIndex last, const Visit& visit) const {
    // By reference: to copy what the visitor has captured would be an allocation for each append.
    return visit_entries(first, last, std::cref(visit));
  }

  /// The configuration in force: the last in the log, committed or not (Raft 6).
  [[nodiscard]] const Configuration& configuration() const { return configurations_.back().configuration; }
  [[nodiscard]] LogIndex configuration_index() const { return configurations_.back().index; }
  [[nodiscard]] const Configuration& configuration_at(LogIndex index) const;

  /// How often the tail was cut, and down to where the last time: for invariants.
  [[nodiscard]] std::uint64_t cuts() const { return cuts_; }
  [[nodiscard]] LogIndex last_cut() const { return last_cut_; }
  /// Entries in memory.
  [[nodiscard]] const std::deque<Entry>& cache() const { return cache_; }

  // --- Changing ------------------------------------------------------------------------------------------

  /// The entry that would follow the last one, with index and chain set.
  [[nodiscard]] Entry next_entry(Term term, EntryKind kind, Bytes data) const;
  /// Appends. Requires: index and chain follow from the last entry, the term does not fall, configuration
  /// data decodes.
  void append(Entry entry, Batch& batch);
  /// Removes `from` and everything after it. Requires: from > start().index.
  [[nodiscard]] Status truncate(LogIndex from, Batch& batch);
  /// Forgets everything up to and including `index`. Requires: index <= last_index().
  [[nodiscard]] Status compact(LogIndex index, Batch& batch);
  /// Replaces the whole log by `start` and nothing after it.
  void reset(LogStart start, Batch& batch);
  /// Keeps the cache within its bound. Only at the end of a step.
  void trim_cache();

 private:
  struct TermRun {
    LogIndex first;
    Term term;
  };
  struct ConfigurationAt {
    LogIndex index;
    Configuration configuration;
  };

  Log(const StoreView& store, std::uint64_t cache_bytes_max)
      : store_(&store), cache_bytes_max_(cache_bytes_max) {}
  void begin_at(LogStart start);
  void admit(Entry entry);
  void write_start(Batch& batch) const;
  [[nodiscard]] Status admit_stored(const Entry& entry) const;
  [[nodiscard]] Status visit_entries(LogIndex first, LogIndex last,
                                     const std::function<bool(const Entry&)>& visit) const;
  [[nodiscard]] Status visit_stored(LogIndex first, LogIndex last,
                                    const std::function<bool(const Entry&)>& visit) const;
  [[nodiscard]] LogIndex cache_first() const { return cache_.empty() ? last_ + 1 : cache_.front().index; }

  const StoreView* store_;
  std::uint64_t cache_bytes_max_;
  LogStart start_;
  LogIndex last_;
  Chain last_chain_ = 0;
  std::vector<TermRun> runs_;                    ///< runs_.front() covers start_.index; terms strictly rise
  std::vector<ConfigurationAt> configurations_;  ///< front: in force at start_.index
  std::deque<Entry> cache_;                      ///< the newest entries without a gap, up to last_
  std::uint64_t cache_bytes_ = 0;
  std::uint64_t cuts_ = 0;
  LogIndex last_cut_;
};

}  // namespace ordeal::raft
