#pragma once
// Who wrote what each transaction read, for histories in which no two transactions write the same value to
// the same key; and what is wrong already within one transaction or between a read and its write alone. Every
// level of causal consistency and isolation begins here.
//
// A transaction whose outcome nobody knows took effect if somebody read what it wrote. If nobody did, nothing
// follows from it, and it is left out.

#include "checkers/transactions/transaction_table.h"
#include "common/result.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace ordeal {

enum class ReadFault : std::uint8_t {
  kThinAir,         ///< nobody wrote the value
  kAborted,         ///< its writer was aborted (G1a)
  kIntermediate,    ///< its writer overwrote it before it ended (G1b)
  kFuture,          ///< the transaction itself writes it later
  kNotOwnWrite,     ///< the transaction had written the key, and reads what another wrote
  kNotLastOwnWrite  ///< the transaction had written the key again after the value it reads
};

/// "ThinAirRead" and the like, as Bouajjani et al. and Liu et al. (Plume, OOPSLA 2024) name them.
[[nodiscard]] std::string_view to_text(ReadFault fault);

struct FaultyRead {
  ReadFault fault = ReadFault::kThinAir;
  TransactionIndex reader = 0;
  std::uint32_t access = 0;                  ///< position of the read
  TransactionIndex writer = kInitialWriter;  ///< of the value; kInitialWriter: the initial value, or nobody
};

/// A read of what another transaction wrote, or of the initial value.
struct ExternalRead {
  KeyIndex key = 0;
  TransactionIndex writer = kInitialWriter;
};

struct ReadsFrom {
  /// Committed, or unknown and read from. The rest takes no part.
  std::vector<bool> present;
  std::vector<std::uint32_t> read_begin;   ///< by transaction, one more than there are
  std::vector<ExternalRead> reads;         ///< in program order; faulty reads without a writer are left out
  std::vector<std::uint32_t> write_begin;  ///< by transaction, one more than there are
  std::vector<KeyIndex> writes;            ///< keys that the transaction writes, once each
  std::vector<FaultyRead> faults;          ///< in order of the transactions

  [[nodiscard]] std::span<const ExternalRead> reads_of(TransactionIndex transaction) const {
    return std::span(reads).subspan(read_begin[transaction],
                                    read_begin[transaction + 1] - read_begin[transaction]);
  }
  [[nodiscard]] std::span<const KeyIndex> writes_of(TransactionIndex transaction) const {
    return std::span(writes).subspan(write_begin[transaction],
                                     write_begin[transaction + 1] - write_begin[transaction]);
  }
};

/// The error names two transactions that write the same value to the same key, or one that writes the initial
/// value: then nobody can tell who was read.
[[nodiscard]] Result<ReadsFrom> resolve_reads(const TransactionTable& table);

}  // namespace ordeal
