#include "checkers/transactions/version_order.h"

#include "checkers/flat_map.h"

#include <fmt/format.h>

#include <algorithm>

namespace ordeal {
namespace {

std::uint64_t word_of(KeyIndex key, ElementIndex element) {
  return std::uint64_t{key} << 32 | element;
}

class VersionReader {
 public:
  explicit VersionReader(const ListHistory& history) : history_(history), longest_(history.keys.size()) {
    out_.versions.present.assign(history.transactions.size(), false);
    out_.versions.order.resize(history.keys.size());
    out_.versions.unread.resize(history.keys.size());
  }

  Result<ListReading> run() && {
    if (Status unique = collect_appends(); !unique.ok()) return unique.error();
    for (std::uint32_t t = 0; t < history_.transactions.size(); ++t) {
      if (is_committed(t)) read(t);
    }
    for (KeyIndex key = 0; key < longest_.size(); ++key) order(key);
    for (const Pending& read : pending_) compare(read);
    for (std::uint32_t t = 0; t < history_.transactions.size(); ++t) {
      if (is_committed(t)) out_.versions.present[t] = true;
    }
    for (std::uint32_t i = 0; i < out_.versions.appends.size(); ++i) {
      const ListVersions::Append& append = out_.versions.appends[i];
      if (append.position == ListVersions::kNobody && out_.versions.present[append.transaction])
        out_.versions.unread[key_of_[i]].push_back(i);
    }
    return std::move(out_);
  }

 private:
  /// A read and how much of it others appended.
  struct Pending {
    std::uint32_t transaction = 0;
    ListAccess access;
    std::uint32_t external = 0;
  };

  [[nodiscard]] bool is_committed(std::uint32_t t) const {
    return history_.transactions[t].outcome == TransactionOutcome::kCommitted;
  }
  [[nodiscard]] bool is_aborted(std::uint32_t t) const {
    return history_.transactions[t].outcome == TransactionOutcome::kAborted;
  }

  Status collect_appends() {
    std::vector<ListVersions::Append>& appends = out_.versions.appends;
    for (std::uint32_t t = 0; t < history_.transactions.size(); ++t) {
      for (const ListAccess& access : history_.accesses_of(t)) {
        if (!access.append) continue;
        const auto number = static_cast<std::uint32_t>(appends.size());
        if (const std::uint32_t* other = append_of_.find(word_of(access.key, access.element))) {
          return invalid_argument(fmt::format(
              "operations {} and {} both append {} to {}: reads of it cannot be told apart; check histories "
              "whose "
              "elements are all different",
              history_.transactions[appends[*other].transaction].invoke, history_.transactions[t].invoke,
              to_text(history_.element_names.value(access.element)),
              to_text(history_.keys.value(access.key))));
        }
        append_of_.insert(word_of(access.key, access.element), number);
        appends.push_back({.transaction = t, .last = true});
        key_of_.push_back(access.key);
        // An earlier one of the transaction to the same key is not its last.
        if (number > 0) forget_last(t, access.key, number);
      }
    }
    return {};
  }

  void forget_last(std::uint32_t t, KeyIndex key, std::uint32_t number) {
    for (std::uint32_t i = number; i-- > 0 && out_.versions.appends[i].transaction == t;) {
      if (key_of_[i] != key) continue;
      out_.versions.appends[i].last = false;
      return;
    }
  }

  void fault(ListFault::Kind kind, std::uint32_t reader, std::uint32_t other, KeyIndex key,
             ElementIndex element) {
    out_.faults.push_back({.kind = kind, .reader = reader, .other = other, .key = key, .element = element});
  }

  void read(std::uint32_t t) {
    const auto accesses = history_.accesses_of(t);
    for (std::size_t i = 0; i < accesses.size(); ++i) {
      const ListAccess& access = accesses[i];
      if (access.append || !access.known) continue;
      std::uint32_t own = 0;
      bool after_read = false;
      if (!follows(t, i, own, after_read)) {
        fault(ListFault::Kind::kInternal, t, ListVersions::kNobody, access.key, 0);
        continue;
      }
      if (after_read) {
        // It follows from one that is looked at, and from own appends.
        own = access.length;
      } else {
        pending_.push_back({.transaction = t, .access = access, .external = access.length - own});
      }
      if (look_at_elements(t, access, access.length - own) && access.length > longest_[access.key].length) {
        longest_[access.key] = access;
      }
    }
  }

  // What the transaction read of the key before, with its own appends behind; or without such a read, a list
  // that ends in its own appends.
  bool follows(std::uint32_t t, std::size_t at, std::uint32_t& own, bool& after_read) const {
    const auto accesses = history_.accesses_of(t);
    const ListAccess& access = accesses[at];
    const auto elements = history_.elements_of(access);
    std::vector<ElementIndex> appended;  // the last one first
    const ListAccess* earlier = nullptr;
    for (std::size_t i = at; i-- > 0 && earlier == nullptr;) {
      if (accesses[i].key != access.key) continue;
      if (accesses[i].append) {
        appended.push_back(accesses[i].element);
      } else if (accesses[i].known) {
        earlier = &accesses[i];
      }
    }
    own = static_cast<std::uint32_t>(appended.size());
    after_read = earlier != nullptr;
    if (elements.size() < appended.size()) return false;
    if (!std::equal(appended.begin(), appended.end(), elements.rbegin())) return false;
    if (earlier == nullptr) return true;
    const auto before = history_.elements_of(*earlier);
    return elements.size() == before.size() + appended.size() &&
           std::equal(before.begin(), before.end(), elements.begin());
  }

  /// False when the list is of no use for an order. The first `external` elements are of others.
  bool look_at_elements(std::uint32_t t, const ListAccess& access, std::uint32_t external) {
    const auto elements = history_.elements_of(access);
    seen_.clear();
    bool sound = true;
    std::uint32_t aborted = ListVersions::kNobody;
    for (std::size_t i = 0; i < elements.size(); ++i) {
      const ElementIndex element = elements[i];
      const std::uint32_t* append = append_of_.find(word_of(access.key, element));
      if (append == nullptr) {
        fault(ListFault::Kind::kThinAir, t, ListVersions::kNobody, access.key, element);
        sound = false;
        continue;
      }
      const std::uint32_t writer = out_.versions.appends[*append].transaction;
      if (writer == t && i < external)
        fault(ListFault::Kind::kInternal, t, ListVersions::kNobody, access.key, element);
      if (is_aborted(writer)) {
        fault(ListFault::Kind::kAborted, t, writer, access.key, element);
        aborted = writer;
      } else if (aborted != ListVersions::kNobody && is_committed(writer)) {
        fault(ListFault::Kind::kDirtyUpdate, writer, aborted, access.key, element);
        aborted = ListVersions::kNobody;
      }
      seen_.push_back(element);
    }
    std::sort(seen_.begin(), seen_.end());
    const auto twice = std::adjacent_find(seen_.begin(), seen_.end());
    if (twice != seen_.end()) {
      fault(ListFault::Kind::kDuplicate, t, ListVersions::kNobody, access.key, *twice);
      sound = false;
    }
    return sound;
  }

  void order(KeyIndex key) {
    std::uint32_t position = 0;
    for (const ElementIndex element : history_.elements_of(longest_[key])) {
      const std::uint32_t append = *append_of_.find(word_of(key, element));
      out_.versions.appends[append].position = position++;
      out_.versions.order[key].push_back(append);
      out_.versions.present[out_.versions.appends[append].transaction] = true;
    }
  }

  void compare(const Pending& read) {
    const auto elements = history_.elements_of(read.access);
    const auto longest = history_.elements_of(longest_[read.access.key]);
    const std::size_t common = std::min(elements.size(), longest.size());
    const auto [at, expected] = std::mismatch(
        elements.begin(), elements.begin() + static_cast<std::ptrdiff_t>(common), longest.begin());
    if (at != elements.begin() + static_cast<std::ptrdiff_t>(common) || elements.size() > longest.size()) {
      const ElementIndex element = at == elements.end() ? elements.back() : *at;
      // Lists with elements from nowhere, or twice, have been named already and tell no order.
      if (is_sound(read.access))
        fault(ListFault::Kind::kIncompatible, read.transaction, ListVersions::kNobody, read.access.key,
              element);
      return;
    }
    out_.versions.reads.push_back(
        {.transaction = read.transaction, .key = read.access.key, .length = read.external});
    if (read.external == 0) return;
    const ElementIndex last = elements[read.external - 1];
    const ListVersions::Append& append =
        out_.versions.appends[*append_of_.find(word_of(read.access.key, last))];
    if (!append.last && append.transaction != read.transaction) {
      fault(ListFault::Kind::kIntermediate, read.transaction, append.transaction, read.access.key, last);
    }
  }

  [[nodiscard]] bool is_sound(const ListAccess& access) {
    seen_.assign(history_.elements_of(access).begin(), history_.elements_of(access).end());
    std::sort(seen_.begin(), seen_.end());
    return std::adjacent_find(seen_.begin(), seen_.end()) == seen_.end() &&
           std::all_of(seen_.begin(), seen_.end(), [&](ElementIndex element) {
             return append_of_.find(word_of(access.key, element)) != nullptr;
           });
  }

  const ListHistory& history_;
  ListReading out_;
  FlatMap<std::uint32_t> append_of_;  ///< by key and element
  std::vector<KeyIndex> key_of_;      ///< by append
  std::vector<ListAccess> longest_;   ///< by key: the longest sound list that was read
  std::vector<Pending> pending_;
  std::vector<ElementIndex> seen_;
};

}  // namespace

Result<ListReading> read_versions(const ListHistory& history) {
  return VersionReader(history).run();
}

}  // namespace ordeal
