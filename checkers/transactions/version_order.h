#pragma once
// The order in which the elements of each list came, as reads tell it, and what is wrong with reads that
// needs no circle to show.

#include "checkers/transactions/list_history.h"
#include "checkers/transactions/transaction_table.h"

#include <cstdint>
#include <string>
#include <vector>

namespace ordeal {

struct ListVersions {
  static constexpr std::uint32_t kNobody = UINT32_MAX;

  /// Who appended an element to a key, and where it ended up.
  struct Append {
    std::uint32_t transaction = kNobody;
    bool last = false;                 ///< of its transaction to this key
    std::uint32_t position = kNobody;  ///< in the longest list; kNobody: nobody read it
  };
  /// A read of what came before the transaction's own appends.
  struct ExternalRead {
    std::uint32_t transaction = 0;
    KeyIndex key = 0;
    std::uint32_t length = 0;  ///< of what it saw of others, as a prefix of the longest list
  };

  std::vector<std::vector<std::uint32_t>>
      order;  ///< by key: numbers in `appends`, of the longest list that was read
  std::vector<std::vector<std::uint32_t>>
      unread;  ///< by key: numbers in `appends` of present transactions that nobody read
  std::vector<Append> appends;
  std::vector<ExternalRead> reads;
  std::vector<bool> present;  ///< by transaction: committed, or unknown and seen
};

/// What is wrong with a read by itself.
struct ListFault {
  enum class Kind : std::uint8_t {
    kThinAir,       ///< an element that nobody appended
    kAborted,       ///< G1a: an element of a transaction that was aborted
    kIntermediate,  ///< G1b: a list that ends within what another transaction appended
    kDirtyUpdate,   ///< a committed element behind one of a transaction that was aborted
    kDuplicate,     ///< an element twice in one list
    kIncompatible,  ///< two lists of which neither is the beginning of the other
    kInternal,      ///< a list that does not follow from what the transaction itself read and appended before
  };
  Kind kind = Kind::kThinAir;
  std::uint32_t reader = 0;
  std::uint32_t other = ListVersions::kNobody;  ///< the other transaction, if there is one
  KeyIndex key = 0;
  ElementIndex element = 0;
};

struct ListReading {
  ListVersions versions;
  std::vector<ListFault> faults;
};

/// The error names two transactions that append the same element to the same key.
[[nodiscard]] Result<ListReading> read_versions(const ListHistory& history);

}  // namespace ordeal
