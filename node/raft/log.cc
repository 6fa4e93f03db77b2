#include "node/raft/log.h"

#include <fmt/format.h>

#include <algorithm>

namespace ordeal::raft {

namespace {

constexpr std::uint64_t kEntryOverhead = 64;

std::uint64_t footprint(const Entry& entry) {
  return entry.data.size() + kEntryOverhead;
}

Error corrupt(std::string message) {
  return Error{ErrorCode::kCorruption, message +
                                           "; do not start this replica from this data: remove it from the "
                                           "cluster and add it again empty"};
}

}  // namespace

// --- Opening ---------------------------------------------------------------------------------------------

Result<std::optional<Log>> Log::open(const StoreView& store, std::uint64_t cache_bytes_max) {
  Result<std::optional<Bytes>> record = store.get(Space::kLog, kLogStartKey);
  if (!record) return record.error();
  if (!record->has_value()) return std::optional<Log>();

  Decoder in(**record);
  LogStart start = decode_log_start(in);
  if (!in.finished()) return corrupt("the record of the log's beginning does not parse");

  Log log(store, cache_bytes_max);
  log.begin_at(std::move(start));
  Status admitted;
  const Status read = store.scan(
      Space::kLog, entry_key(LogIndex{0}), kEntryKeysEnd, [&](std::string_view key, std::string_view value) {
        const std::optional<LogIndex> index = parse_entry_key(key);
        std::optional<Entry> entry = index ? decode_entry(*index, value) : std::nullopt;
        admitted =
            entry ? log.admit_stored(*entry)
                  : Status(corrupt(fmt::format("the log record after entry {} does not parse", log.last_)));
        if (!admitted) return false;
        log.admit(std::move(*entry));
        log.trim_cache();
        return true;
      });
  if (!read) return read.error();
  if (!admitted) return admitted.error();
  return std::optional<Log>(std::move(log));
}

Status Log::admit_stored(const Entry& entry) const {
  if (entry.index != last_ + 1) {
    return corrupt(fmt::format("the log has entry {} after entry {}", entry.index, last_));
  }
  if (entry.term < last_term()) {
    return corrupt(
        fmt::format("entry {} has term {}, the one before it {}", entry.index, entry.term, last_term()));
  }
  if (entry.chain != link(last_chain_, entry)) {
    return corrupt(
        fmt::format("entry {} does not follow from the entries before it (its chain differs)", entry.index));
  }
  if (entry.kind == EntryKind::kConfiguration && !decode_configuration(std::string_view(entry.data))) {
    return corrupt(fmt::format("the configuration in entry {} does not parse", entry.index));
  }
  return {};
}

Log Log::create(const StoreView& store, std::uint64_t cache_bytes_max, Configuration members, Batch& batch) {
  Log log(store, cache_bytes_max);
  log.begin_at(LogStart{.index = {}, .term = {}, .chain = 0, .configuration = std::move(members)});
  log.write_start(batch);
  return log;
}

void Log::begin_at(LogStart start) {
  start_ = std::move(start);
  last_ = start_.index;
  last_chain_ = start_.chain;
  runs_ = {{start_.index, start_.term}};
  configurations_ = {{start_.index, start_.configuration}};
  cache_.clear();
  cache_bytes_ = 0;
}

// --- Reading ---------------------------------------------------------------------------------------------

std::optional<Term> Log::term_at(LogIndex index) const {
  if (index < start_.index || index > last_) return std::nullopt;
  const auto after = std::upper_bound(runs_.begin(), runs_.end(), index,
                                      [](LogIndex i, const TermRun& run) { return i < run.first; });
  return std::prev(after)->term;
}

LogIndex Log::last_index_with_term_at_most(LogIndex index, Term term) const {
  index = std::min(index, last_);
  for (auto run = runs_.rbegin(); run != runs_.rend(); ++run) {
    if (run->first > index) continue;
    if (run->term <= term) return index;
    index = run->first > start_.index ? run->first - 1 : start_.index;
  }
  return start_.index;
}

Result<Chain> Log::chain_at(LogIndex index) const {
  ORDEAL_CHECK(index >= start_.index);
  ORDEAL_CHECK(index <= last_);
  if (index == start_.index) return start_.chain;
  if (index == last_) return last_chain_;
  Chain chain = 0;
  const Status read = visit(index, index, [&](const Entry& entry) {
    chain = entry.chain;
    return true;
  });
  if (!read) return read.error();
  return chain;
}

Status Log::visit_entries(LogIndex first, LogIndex last,
                          const std::function<bool(const Entry&)>& visit) const {
  ORDEAL_CHECK(first > start_.index);
  ORDEAL_CHECK(last <= last_);
  bool more = true;
  if (first < cache_first() && first <= last) {
    const LogIndex stored_last = std::min(last, cache_first() - 1);
    const Status read =
        visit_stored(first, stored_last, [&](const Entry& entry) { return more = visit(entry); });
    if (!read) return read;
    first = stored_last + 1;
  }
  for (; more && first <= last; ++first) more = visit(cache_[first - cache_first()]);
  return {};
}

Status Log::visit_stored(LogIndex first, LogIndex last,
                         const std::function<bool(const Entry&)>& visit) const {
  LogIndex expected = first;
  bool stopped = false;
  const Status read = store_->scan(Space::kLog, entry_key(first), entry_key(last + 1),
                                   [&](std::string_view key, std::string_view value) {
                                     const std::optional<LogIndex> index = parse_entry_key(key);
                                     if (index != expected) return false;
                                     const std::optional<Entry> entry = decode_entry(*index, value);
                                     if (!entry || term_at(*index) != entry->term) return false;
                                     ++expected;
                                     stopped = !visit(*entry);
                                     return !stopped;
                                   });
  if (!read) return read;
  if (!stopped && expected != last + 1) {
    return corrupt(fmt::format("entry {} of the log is missing or is not what was written", expected));
  }
  return {};
}

const Configuration& Log::configuration_at(LogIndex index) const {
  auto it = configurations_.rbegin();
  while (it->index > index && std::next(it) != configurations_.rend()) ++it;
  return it->configuration;
}

// --- Changing --------------------------------------------------------------------------------------------

Entry Log::next_entry(Term term, EntryKind kind, Bytes data) const {
  Entry entry{.index = last_ + 1, .term = term, .kind = kind, .chain = 0, .data = std::move(data)};
  entry.chain = link(last_chain_, entry);
  return entry;
}

void Log::append(Entry entry, Batch& batch) {
  ORDEAL_CHECK(entry.index == last_ + 1);
  ORDEAL_CHECK(entry.term >= last_term());
  batch.put(Space::kLog, entry_key(entry.index), encode_entry(entry));
  admit(std::move(entry));
}

void Log::admit(Entry entry) {
  if (entry.term != last_term()) runs_.push_back({entry.index, entry.term});
  if (entry.kind == EntryKind::kConfiguration) {
    std::optional<Configuration> configuration = decode_configuration(std::string_view(entry.data));
    ORDEAL_CHECK(configuration.has_value());
    configurations_.push_back({entry.index, std::move(*configuration)});
  }
  last_ = entry.index;
  last_chain_ = entry.chain;
  cache_bytes_ += footprint(entry);
  cache_.push_back(std::move(entry));
}

Status Log::truncate(LogIndex from, Batch& batch) {
  ORDEAL_CHECK(from > start_.index);
  if (from > last_) return {};
  const Result<Chain> chain = chain_at(from - 1);
  if (!chain) return chain.error();
  batch.erase_range(Space::kLog, entry_key(from), Bytes(kEntryKeysEnd));
  while (!cache_.empty() && cache_.back().index >= from) {
    cache_bytes_ -= footprint(cache_.back());
    cache_.pop_back();
  }
  while (runs_.size() > 1 && runs_.back().first >= from) runs_.pop_back();
  while (configurations_.size() > 1 && configurations_.back().index >= from) configurations_.pop_back();
  last_ = from - 1;
  last_chain_ = *chain;
  ++cuts_;
  last_cut_ = from;
  return {};
}

Status Log::compact(LogIndex index, Batch& batch) {
  if (index <= start_.index) return {};
  const Result<Chain> chain = chain_at(index);
  if (!chain) return chain.error();
  const Term term = *term_at(index);
  const LogStart next{
      .index = index, .term = term, .chain = *chain, .configuration = configuration_at(index)};

  batch.erase_range(Space::kLog, entry_key(start_.index), entry_key(index + 1));
  while (!cache_.empty() && cache_.front().index <= index) {
    cache_bytes_ -= footprint(cache_.front());
    cache_.pop_front();
  }
  while (runs_.size() > 1 && runs_[1].first <= index) runs_.erase(runs_.begin());
  while (configurations_.size() > 1 && configurations_[1].index <= index) {
    configurations_.erase(configurations_.begin());
  }
  start_ = next;
  write_start(batch);
  return {};
}

void Log::reset(LogStart start, Batch& batch) {
  batch.erase_range(Space::kLog, entry_key(LogIndex{0}), Bytes(kEntryKeysEnd));
  ++cuts_;
  last_cut_ = start.index + 1;
  begin_at(std::move(start));
  write_start(batch);
}

void Log::write_start(Batch& batch) const {
  Encoder out;
  encode(out, start_);
  batch.put(Space::kLog, Bytes(kLogStartKey), std::move(out).take());
}

void Log::trim_cache() {
  while (cache_bytes_ > cache_bytes_max_ && cache_.size() > 1) {
    cache_bytes_ -= footprint(cache_.front());
    cache_.pop_front();
  }
}

}  // namespace ordeal::raft
