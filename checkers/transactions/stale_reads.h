#pragma once
// The question that every level of causal consistency asks of every read: which transactions that the reader
// sees wrote the same key, and may they have come before the one it read from?
//
// Of the visible writers of a session only the last matters, for the others come before it in the session.
// One that the reader's source already knows says nothing new. That leaves O(reads x sessions) questions,
// each a comparison of two numbers and seldom a search.

#include "checkers/transactions/clocks.h"
#include "checkers/transactions/writers.h"

namespace ordeal {

/// A read, and another writer of its key that the reader sees.
struct Overwrite {
  TransactionIndex reader = 0;
  KeyIndex key = 0;
  TransactionIndex source = kInitialWriter;  ///< whom it read from
  TransactionIndex other = 0;                ///< does not come before the source as far as the clocks know
};

/// Calls `visit(overwrite)` for each of transaction t. Requires: t and all before it have their clocks.
template <class Visit>
void for_each_overwrite(const TransactionTable& table, const ReadsFrom& reads, const Writers& writers,
                        const Clocks& clocks, TransactionIndex t, const Visit& visit) {
  for (const ExternalRead& read : reads.reads_of(t)) {
    const bool initial = read.writer == kInitialWriter;
    const SessionIndex source_session = initial ? UINT32_MAX : table.session_of(read.writer);
    for (const Writers::Segment& segment : writers.segments_of(read.key)) {
      const TransactionIndex begin = table.session_begin(segment.session);
      const TransactionIndex visible = begin + clocks.before(t, segment.session);
      TransactionIndex known = begin;  // below it, everything is or comes before the source
      if (segment.session == source_session) {
        known = read.writer + 1;
      } else if (!initial) {
        known += clocks.before(read.writer, segment.session);
      }
      if (visible <= known) continue;
      const TransactionIndex other = writers.last_before(segment, visible);
      if (other == kInitialWriter || other < known) continue;
      visit(Overwrite{.reader = t, .key = read.key, .source = read.writer, .other = other});
    }
  }
}

}  // namespace ordeal
