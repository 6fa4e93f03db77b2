#pragma once
// Logs of Cobra (Tan et al., OSDI 2020), which PolySI, VeriStrong and AWDIT read too: a folder with a file
// NAME.log for each client, records one after the other, numbers of eight bytes, the most significant first:
//
//   S transaction                              begins a transaction
//   W write key value                          a write; its number is unique
//   R transaction write key value              a read, and who wrote what it found
//   C transaction                              commits
//
// Keys and values are hashes. What a key holds is the number of the write, which is all that is looked at.
// Two numbers stand for what a key holds at the beginning, unless they are written to it: 0xbebeebee,
// 0xdeadbeef. Three others are what Cobra's own deletes and garbage collection leave: 0xabcdefab, 0x23332333,
// 0x66666666.

#include "checkers/formats/named_bytes.h"
#include "checkers/formats/parsed_transactions.h"
#include "common/result.h"

#include <span>

namespace ordeal {

/// A file is a session. Transactions are counted from 1. Files whose names do not end in .log are left out
/// with a note, unless there is only one file; so are reads of what Cobra itself wrote. A transaction without
/// its commit at the end of a file may have taken effect. The error names the file, the byte, from 0, and
/// what was expected.
[[nodiscard]] Result<ParsedTransactions> parse_cobra(std::span<const NamedBytes> files);

/// Whether a folder's file belongs to such logs.
[[nodiscard]] bool is_cobra_file(std::string_view name);

}  // namespace ordeal
