#pragma once
// Ordeal's checkers for C99, and for every language that can call C. A history goes in, from bytes, from a
// file or event by event; a finding comes out: valid, invalid or unknown, why, and which operations are to
// blame. This is the one interface of Ordeal that keeps its binary form: see ORDEAL_CHECKERS_MAJOR.
//
// Handles are opaque. There is no state beside them: two threads may use two handles at the same time, and
// several may check one history as long as none adds to it.
//
// What can fail gives an ordeal_code, and if it is not ORDEAL_OK and `message` is not NULL, a sentence that
// says what to do in *message, which the caller frees with ordeal_text_free; it is NULL when all is well, and
// when there was no memory for it. NULL where a handle or a place for one is needed is
// ORDEAL_INVALID_ARGUMENT. Text is UTF-8 and ends with a zero byte.
//
// NOLINTBEGIN(readability-identifier-naming): the names of C.

#include <stddef.h>
#include <stdint.h>

// Raised by what breaks a caller; the name libordeal-checkers.so.MAJOR has it too.
#define ORDEAL_CHECKERS_MAJOR 1
// Raised by what only adds.
#define ORDEAL_CHECKERS_MINOR 0

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ordeal_history ordeal_history;
typedef struct ordeal_finding ordeal_finding;

typedef int32_t ordeal_code;
enum {
  ORDEAL_OK = 0,
  ORDEAL_INVALID_ARGUMENT = 1,  ///< what the caller gave is wrong: argument, model, history
  ORDEAL_NOT_FOUND = 2,
  ORDEAL_UNSUPPORTED = 3,
  ORDEAL_UNAVAILABLE = 4,
  ORDEAL_RESOURCE_EXHAUSTED = 5,  ///< memory, or a limit that was given
  ORDEAL_CORRUPTION = 6,          ///< of gzip
  ORDEAL_PERMISSION_DENIED = 7,
  ORDEAL_INTERNAL = 8,
};

/// The numbers are those of `ordeal check` as exit codes.
typedef int32_t ordeal_verdict;
enum { ORDEAL_VALID = 0, ORDEAL_INVALID = 1, ORDEAL_UNKNOWN = 2 };

/// What an event is: the beginning of an operation, or its end: it happened, it did not, nobody knows.
enum { ORDEAL_INVOKE = 0, ORDEAL_COMPLETE_OK = 1, ORDEAL_COMPLETE_FAIL = 2, ORDEAL_COMPLETE_INFO = 3 };

enum {
  ORDEAL_NEMESIS = -1,  ///< the process under which faults are recorded
  ORDEAL_NO_TIME = -1,  ///< the time of an event that has none of its own: that of the event before it
};

/// What a check may spend. When any of it is used up the verdict is unknown with the reason, never valid. 0
/// and NULL are no limit.
typedef struct ordeal_budget {
  size_t struct_size;  ///< sizeof(ordeal_budget), so that a later version can add members
  uint64_t steps_max;  ///< states of the search per key: the one limit that gives the same verdict everywhere
  uint64_t memory_bytes;  ///< of the searches that run at the same time, together
  double seconds;         ///< of the check
  uint32_t threads;       ///< 0: one for each core
  int (*stop)(void*);     ///< asked every few thousand steps, from several threads; not 0: give up
  void* stop_context;     ///< the argument of `stop`
} ordeal_budget;

#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

/// 1000 * major + minor of the library that is loaded.
int32_t ordeal_checkers_version(void);

/// Frees what `message` was set to. NULL is fine.
void ordeal_text_free(char* text);

// --- Histories

/// Reads a history; gzip is unpacked. `format` is a name of ordeal_format_name; NULL: by what the bytes look
/// like. More than `memory_bytes` of memory are ORDEAL_RESOURCE_EXHAUSTED; 0: no limit. The message names the
/// line or the operation that is wrong. The bytes are not kept. *history is the caller's to free, and NULL on
/// failure.
ordeal_code ordeal_history_open(const void* bytes, size_t size, const char* format, uint64_t memory_bytes,
                                ordeal_history** history, char** message);
/// The same of a file. The message begins with the path.
ordeal_code ordeal_history_open_file(const char* path, const char* format, uint64_t memory_bytes,
                                     ordeal_history** history, char** message);
/// A history without events, to add to.
ordeal_code ordeal_history_new(ordeal_history** history, char** message);

/// Adds an event after those that are there. The order of these calls is the order of real time: an operation
/// that was completed before another was invoked precedes it. `type` is ORDEAL_INVOKE, ...; `process` from 0,
/// or ORDEAL_NEMESIS; `time` in ns since the start, or ORDEAL_NO_TIME; `f` is read, write, ...; `key` and
/// `value` are JSON, where NULL is null; `error` is why it is not ok, NULL: nothing to say.
/// docs/formats/history.md says what models expect in them. A failed call adds nothing. That a process
/// completes what it invoked, and the other rules between events, are looked at by ordeal_check.
ordeal_code ordeal_history_add(ordeal_history* history, int32_t type, int64_t process, int64_t time,
                               const char* f, const char* key, const char* value, const char* error,
                               char** message);
/// Adds the event of one line of docs/formats/history.md, of `size` bytes, without its newline: for events
/// with members such as `version`. Its index is ordeal_history_size.
ordeal_code ordeal_history_add_line(ordeal_history* history, const char* line, size_t size, char** message);

/// Events; 0 for NULL and for formats of transactions without times.
size_t ordeal_history_size(const ordeal_history* history);
/// Name of the format it was read from. The history owns the text; "" for NULL.
const char* ordeal_history_format(const ordeal_history* history);
/// What a person should know about how it was read, such as that an incomplete last line was dropped: one
/// note a line, "" when there is none. The history owns the text.
const char* ordeal_history_notes(const ordeal_history* history);
/// NULL is fine.
void ordeal_history_free(ordeal_history* history);

// --- Findings

/// Checks a history. `model` is a name of ordeal_model_name, a register's also with the initial value behind
/// a colon, cas-register:0; NULL: the usual one of the format. Without a budget the limits are those of
/// `ordeal check`, 60 seconds and 4 GiB. What cannot be decided is ORDEAL_OK with the verdict unknown. The
/// finding does not need the history any longer. *finding is the caller's to free, and NULL on failure.
ordeal_code ordeal_check(const ordeal_history* history, const char* model, const ordeal_budget* budget,
                         ordeal_finding** finding, char** message);

/// ORDEAL_UNKNOWN for NULL.
ordeal_verdict ordeal_finding_verdict(const ordeal_finding* finding);
/// A sentence; for unknown the reason and what was spent. The finding owns the text; "" for NULL.
const char* ordeal_finding_why(const ordeal_finding* finding);
/// {"checker", "verdict", "why", "witnesses", "details"} as in docs/formats/store.md: each witness tells the
/// story of a violation, with positions in the history. The finding owns the text; "null" for NULL.
const char* ordeal_finding_json(const ordeal_finding* finding);
/// NULL is fine.
void ordeal_finding_free(ordeal_finding* finding);

// --- What there is: names for `model` and `format`, and a sentence on each. NULL from the count on. The
// texts are constants.

size_t ordeal_model_count(void);
const char* ordeal_model_name(size_t index);
const char* ordeal_model_text(size_t index);
size_t ordeal_format_count(void);
const char* ordeal_format_name(size_t index);
const char* ordeal_format_text(size_t index);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#ifdef __cplusplus
}
#endif

// NOLINTEND(readability-identifier-naming)
