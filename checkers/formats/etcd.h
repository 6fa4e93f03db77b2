#pragma once
// Reports of etcd's robustness tests: a folder with client-N/operations.json for each client, JSON objects
// one after the other, of which etcd_record.h reads each. What a history of a key-value store can say:
//
//   a range of one key at the present           read
//   a put, a delete                             write; a delete writes nil, or if it found nothing, it read
//   nil if the revision of a key is R, put or delete that key, else nothing or get it
//                                               cas from the value of that revision, from nil if R is 0
//
// The value of a revision is known when an answer told it, and says as much as the revision when nobody else
// put the same value to the key. All else has an f that no register has, so that a key which it may have
// changed is not judged: `txn`, once for each key that it may change, `put-with-lease`, `range`,
// `read-at-revision`. Requests that change no other key (compact, defragment, leases) are left out with a
// note.
//
// Calls and returns are in the order of their times, at equal times calls first: such operations are
// concurrent. A read whose outcome is not known failed; a change is info. `version` is the revision of what
// was read or written; the extra members revision, key-version, expected-revision and member say the rest.

#include "checkers/formats/named_bytes.h"
#include "checkers/formats/parsed_history.h"
#include "common/result.h"

#include <span>

namespace ordeal {

/// Files whose names do not end in operations.json are left out with a note, unless there is only one file.
/// The error names the file, the line and what was expected.
[[nodiscard]] Result<ParsedHistory> parse_etcd(std::span<const NamedBytes> files);

/// Whether a folder's file belongs to such a report.
[[nodiscard]] bool is_etcd_file(std::string_view name);

}  // namespace ordeal
