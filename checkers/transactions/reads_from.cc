#include "checkers/transactions/reads_from.h"

#include "checkers/mix.h"
#include "checkers/transactions/describe.h"

#include <fmt/format.h>

#include <bit>

namespace ordeal {
namespace {

constexpr std::uint32_t kNone = UINT32_MAX;

/// A value of a key, and who wrote it.
struct Version {
  ValueCode value = kInitialCode;  ///< kInitialCode: the entry is free; nobody writes that
  KeyIndex key = 0;
  TransactionIndex writer = 0;
};

/// Marks the key of a version that its own transaction overwrote. Keys are smaller.
constexpr KeyIndex kOverwritten = KeyIndex{1} << 31;

constexpr Version kInitialVersion = {.value = kInitialCode, .key = 0, .writer = kInitialWriter};

/// All values written, by key and value.
class VersionTable {
 public:
  explicit VersionTable(std::size_t writes) : entries_(std::bit_ceil(2 * writes + 1)) {}

  /// The entry of this value, or the free one where it belongs.
  [[nodiscard]] Version& find(KeyIndex key, ValueCode value) {
    const std::size_t mask = entries_.size() - 1;
    std::size_t at = mix(value ^ (std::uint64_t{key} << 40) ^ (std::uint64_t{key} >> 24)) & mask;
    while (entries_[at].value != kInitialCode &&
           (entries_[at].value != value || (entries_[at].key & ~kOverwritten) != key)) {
      at = (at + 1) & mask;
    }
    return entries_[at];
  }

 private:
  std::vector<Version> entries_;
};

/// What the transaction at hand did with a key so far. Kept for all keys; the number of the transaction says
/// whether it is of this one.
struct LocalKey {
  TransactionIndex writer = kNone;
  std::uint32_t write = kNone;  ///< its last write so far
};

class Resolver {
 public:
  explicit Resolver(const TransactionTable& table)
      : table_(table), versions_(count_writes(table)), local_(table.key_count()) {}

  Result<ReadsFrom> run() && {
    if (Status unique = collect_writes(); !unique.ok()) return unique.error();
    find_present();
    out_.read_begin.reserve(table_.transaction_count() + 1U);
    out_.write_begin.reserve(table_.transaction_count() + 1U);
    for (TransactionIndex t = 0; t < table_.transaction_count(); ++t) {
      out_.read_begin.push_back(static_cast<std::uint32_t>(out_.reads.size()));
      out_.write_begin.push_back(static_cast<std::uint32_t>(out_.writes.size()));
      if (out_.present[t]) resolve(t);
    }
    out_.read_begin.push_back(static_cast<std::uint32_t>(out_.reads.size()));
    out_.write_begin.push_back(static_cast<std::uint32_t>(out_.writes.size()));
    return std::move(out_);
  }

 private:
  static std::size_t count_writes(const TransactionTable& table) {
    std::size_t writes = 0;
    for (std::uint32_t i = 0; i < table.access_count(); ++i) writes += table.access(i).write ? 1 : 0;
    return writes;
  }

  Status collect_writes() {
    for (TransactionIndex t = 0; t < table_.transaction_count(); ++t) {
      for (std::uint32_t i = table_.access_begin(t); i < table_.access_begin(t + 1); ++i) {
        const Access access = table_.access(i);
        if (!access.write) continue;
        if (access.value == kInitialCode) {
          if (table_.outcome(t) == TransactionOutcome::kAborted) continue;
          return invalid_argument(fmt::format(
              "{} writes nil to {}, which every key holds at the beginning: reads of it cannot be told "
              "apart; check histories without deletes",
              describe_transaction(table_, t), to_text(table_.key_name(access.key))));
        }
        Version& version = versions_.find(access.key, access.value);
        if (version.value != kInitialCode && version.writer != t) {
          return invalid_argument(
              fmt::format("{} and {} both write {} to {}: reads of it cannot be told apart; check histories "
                          "whose written values "
                          "are all different",
                          describe_transaction(table_, version.writer), describe_transaction(table_, t),
                          to_text(table_.value_name(access.value)), to_text(table_.key_name(access.key))));
        }
        version = {.value = access.value, .key = access.key, .writer = t};
        LocalKey& local = local_[access.key];
        if (local.writer == t && table_.access(local.write).value != access.value) {
          versions_.find(access.key, table_.access(local.write).value).key |= kOverwritten;
        }
        local = {.writer = t, .write = i};
      }
    }
    local_.assign(local_.size(), {});
    return {};
  }

  /// What a read saw; nothing when nobody wrote it.
  [[nodiscard]] std::optional<Version> version_of(const Access& read) {
    if (read.value == kInitialCode) return kInitialVersion;
    const Version& version = versions_.find(read.key, read.value);
    if (version.value == kInitialCode) return std::nullopt;
    return version;
  }

  // An unknown transaction that somebody read from happened, so whom it read from happened too.
  void find_present() {
    out_.present.assign(table_.transaction_count(), false);
    std::vector<TransactionIndex> fresh;
    for (TransactionIndex t = 0; t < table_.transaction_count(); ++t) {
      if (table_.outcome(t) != TransactionOutcome::kCommitted) continue;
      out_.present[t] = true;
      fresh.push_back(t);
    }
    while (!fresh.empty()) {
      const TransactionIndex reader = fresh.back();
      fresh.pop_back();
      for (std::uint32_t i = table_.access_begin(reader); i < table_.access_begin(reader + 1); ++i) {
        const Access access = table_.access(i);
        if (access.write) continue;
        const auto version = version_of(access);
        if (!version || version->writer == kInitialWriter || out_.present[version->writer] ||
            table_.outcome(version->writer) != TransactionOutcome::kUnknown) {
          continue;
        }
        out_.present[version->writer] = true;
        fresh.push_back(version->writer);
      }
    }
  }

  void resolve(TransactionIndex t) {
    for (std::uint32_t i = table_.access_begin(t); i < table_.access_begin(t + 1); ++i) {
      const Access access = table_.access(i);
      LocalKey& local = local_[access.key];
      if (access.write) {
        if (local.writer != t) out_.writes.push_back(access.key);
        local = {.writer = t, .write = i};
      } else if (local.writer == t) {
        resolve_after_own_write(t, i, access, local.write);
      } else {
        resolve_external(t, i, access);
      }
    }
  }

  void fault(ReadFault fault, TransactionIndex reader, std::uint32_t access, TransactionIndex writer) {
    out_.faults.push_back({.fault = fault, .reader = reader, .access = access, .writer = writer});
  }

  void resolve_after_own_write(TransactionIndex t, std::uint32_t i, const Access& read, std::uint32_t own) {
    if (read.value == table_.access(own).value) return;
    const auto version = version_of(read);
    if (!version) return fault(ReadFault::kThinAir, t, i, kInitialWriter);
    if (version->writer != t) return fault(ReadFault::kNotOwnWrite, t, i, version->writer);
    fault(is_written_before(t, i, read) ? ReadFault::kNotLastOwnWrite : ReadFault::kFuture, t, i, t);
  }

  void resolve_external(TransactionIndex t, std::uint32_t i, const Access& read) {
    const auto version = version_of(read);
    if (!version) return fault(ReadFault::kThinAir, t, i, kInitialWriter);
    if (version->writer == t) return fault(ReadFault::kFuture, t, i, t);
    if (version->writer != kInitialWriter) {
      if (!out_.present[version->writer]) return fault(ReadFault::kAborted, t, i, version->writer);
      if ((version->key & kOverwritten) != 0) fault(ReadFault::kIntermediate, t, i, version->writer);
    }
    out_.reads.push_back({.key = read.key, .writer = version->writer});
  }

  /// Whether the transaction wrote the value before the access at `end`.
  [[nodiscard]] bool is_written_before(TransactionIndex t, std::uint32_t end, const Access& read) const {
    for (std::uint32_t i = table_.access_begin(t); i < end; ++i) {
      const Access access = table_.access(i);
      if (access.write && access.key == read.key && access.value == read.value) return true;
    }
    return false;
  }

  const TransactionTable& table_;
  VersionTable versions_;
  std::vector<LocalKey> local_;  ///< by key
  ReadsFrom out_;
};

}  // namespace

std::string_view to_text(ReadFault fault) {
  switch (fault) {
    case ReadFault::kThinAir:
      return "ThinAirRead";
    case ReadFault::kAborted:
      return "AbortedRead";
    case ReadFault::kIntermediate:
      return "IntermediateRead";
    case ReadFault::kFuture:
      return "FutureRead";
    case ReadFault::kNotOwnWrite:
      return "NotMyOwnWrite";
    case ReadFault::kNotLastOwnWrite:
      return "NotMyLastWrite";
  }
  return "";
}

Result<ReadsFrom> resolve_reads(const TransactionTable& table) {
  return Resolver(table).run();
}

}  // namespace ordeal
