#include "bench/checkers/transaction_load.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <optional>
#include <vector>

#include "common/prng.h"

namespace ordeal::bench {
namespace {

constexpr std::uint64_t kSeed = 20261128;
constexpr std::uint64_t kKeys = 10'000;
constexpr std::uint64_t kLagMax = 200;  ///< transactions
constexpr std::uint32_t kOperationsOfTransaction = 20;
constexpr std::size_t kWriteSize = std::size_t{1} << 20;

/// A committed write. Transactions count from 1 in the order of all.
struct Version {
  std::uint64_t transaction = 0;
  std::uint32_t session = 0;
  std::uint64_t value = 0;
};

struct Session {
  std::uint64_t seen = 0;  ///< all transactions up to this one
  // The last read of another session's write that has an older one long before.
  std::uint64_t overwritten_key = 0;
  std::optional<std::uint64_t> overwritten_value;
};

class TransactionLoad {
 public:
  explicit TransactionLoad(const TransactionShape& shape)
      : shape_(shape), rng_(kSeed), sessions_(shape.sessions), versions_(kKeys), own_(kKeys) {}

  [[nodiscard]] std::uint64_t transactions() const { return shape_.operations / kOperationsOfTransaction; }

  /// Whether the history is what was asked for.
  [[nodiscard]] bool as_asked() const { return lied_ == shape_.bad; }

  /// Appends the lines of the next transaction.
  void add_transaction(std::string& text) {
    const auto session = static_cast<std::uint32_t>(now_ % sessions_.size());
    Session& reader = sessions_[session];
    ++now_;
    const std::uint64_t lag = rng_.below(kLagMax);
    reader.seen = std::max(reader.seen, now_ - std::min(now_, lag + 1));
    bool lie = shape_.bad && !lied_ && reader.overwritten_value && now_ > transactions() / 10 * 7;
    for (std::uint32_t i = 0; i < kOperationsOfTransaction; ++i) {
      const std::uint64_t key = lie ? reader.overwritten_key : rng_.below(kKeys);
      const bool read = lie || rng_.chance(1, 2);
      const std::uint64_t value = lie ? *reader.overwritten_value : read ? see(session, key) : ++last_value_;
      if (!read) write(session, key, value);
      if (lie) lied_ = true;
      lie = false;
      fmt::format_to(std::back_inserter(text), "{}({},{},{},{})\n", read ? 'r' : 'w', key, value, session,
                     now_);
    }
    for (const std::uint64_t key : written_) own_[key].reset();
    written_.clear();
  }

 private:
  void write(std::uint32_t session, std::uint64_t key, std::uint64_t value) {
    std::vector<Version>& versions = versions_[key];
    // Only the last write of a transaction is seen by others.
    if (own_[key])
      versions.back().value = value;
    else
      versions.push_back({now_, session, value});
    own_[key] = value;
    written_.push_back(key);
  }

  std::uint64_t see(std::uint32_t session, std::uint64_t key) {
    const std::vector<Version>& versions = versions_[key];
    Session& reader = sessions_[session];
    for (std::size_t i = versions.size(); i-- > 0;) {
      if (versions[i].transaction > reader.seen && versions[i].session != session) continue;
      if (i > 0 && versions[i].session != session) remember(reader, key, versions[i], versions[i - 1]);
      return versions[i].value;
    }
    return 0;
  }

  /// So long ago that who wrote `later` had surely seen `earlier`.
  void remember(Session& reader, std::uint64_t key, const Version& later, const Version& earlier) {
    if (later.transaction < earlier.transaction + 10 * kLagMax) return;
    reader.overwritten_key = key;
    reader.overwritten_value = earlier.value;
  }

  TransactionShape shape_;
  Rng rng_;
  std::vector<Session> sessions_;
  std::vector<std::vector<Version>> versions_;     ///< by key, in the order of all
  std::vector<std::optional<std::uint64_t>> own_;  ///< by key, what the open transaction has written
  std::vector<std::uint64_t> written_;             ///< keys of own_
  std::uint64_t now_ = 0;                          ///< the open transaction
  std::uint64_t last_value_ = 0;
  bool lied_ = false;
};

}  // namespace

Status write_transactions(const TransactionShape& shape, const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "w");
  if (file == nullptr) return invalid_argument(fmt::format("{} cannot be written", path));
  TransactionLoad load(shape);
  std::string text;
  bool written = true;
  for (std::uint64_t i = 0; i < load.transactions(); ++i) {
    load.add_transaction(text);
    if (text.size() < kWriteSize && i + 1 < load.transactions()) continue;
    written = written && std::fwrite(text.data(), 1, text.size(), file) == text.size();
    text.clear();
  }
  written = std::fclose(file) == 0 && written;
  if (!written) return Error{ErrorCode::kResourceExhausted, fmt::format("{}: the disk is full", path)};
  if (!load.as_asked()) return invalid_argument("too few operations for a bad read: give 100000 or more");
  return {};
}

}  // namespace ordeal::bench
