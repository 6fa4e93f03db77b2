#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdint>
#include <memory>
#include <utility>

#include "checkers/c_api/border.h"
#include "checkers/c_api/history_handle.h"
#include "checkers/formats/json_text.h"
#include "checkers/formats/jsonl.h"

namespace ordeal::c_api {
namespace {

LoadOptions load_options(const char* format, std::uint64_t memory_bytes) {
  return {.format = format != nullptr ? format : "",
          .memory_bytes = memory_bytes > 0 ? memory_bytes : UINT64_MAX};
}

std::unique_ptr<ordeal_history> make_history(LoadedHistory loaded) {
  auto history = std::make_unique<ordeal_history>();
  history->loaded = std::move(loaded);
  history->well_formed = true;
  history->format = to_text(history->loaded.format);
  history->notes = fmt::format("{}", fmt::join(history->loaded.notes, "\n"));
  return history;
}

Status give(Result<LoadedHistory> loaded, ordeal_history** history) {
  if (!loaded.ok()) return loaded.error();
  *history = make_history(*std::move(loaded)).release();
  return {};
}

Result<OpType> event_type(std::int32_t type) {
  switch (type) {
    case ORDEAL_INVOKE:
      return OpType::kInvoke;
    case ORDEAL_COMPLETE_OK:
      return OpType::kOk;
    case ORDEAL_COMPLETE_FAIL:
      return OpType::kFail;
    case ORDEAL_COMPLETE_INFO:
      return OpType::kInfo;
    default:
      return invalid_argument(
          fmt::format("type is {}, expected ORDEAL_INVOKE or one of ORDEAL_COMPLETE_...", type));
  }
}

Result<Value> json_argument(std::string_view name, const char* text) {
  if (text == nullptr) return Value();
  Result<Value> value = parse_json(text);
  if (!value.ok()) {
    return invalid_argument(fmt::format("{} is not JSON: {}", name, value.error().message));
  }
  return value;
}

Result<Duration> event_time(std::int64_t time, const HistoryTable& history) {
  if (time >= 0) return Duration(time);
  if (time != ORDEAL_NO_TIME) {
    return invalid_argument(fmt::format("time is {}, expected ns from 0, or ORDEAL_NO_TIME", time));
  }
  return history.empty() ? Duration(0) : history.time(history.size() - 1);
}

/// Refuses what no event can be added to.
Status check_growable(const ordeal_history* history) {
  if (history == nullptr) return null_argument("history");
  if (!history->whole) {
    return Error{ErrorCode::kResourceExhausted,
                 "memory ran out while an event was added: the history is not whole; free it"};
  }
  if (history->loaded.transactions) {
    return invalid_argument(
        fmt::format("a history of the format {} has no events to add to", history->format));
  }
  return {};
}

Status add_event(ordeal_history& history, const Op& op) {
  history.well_formed = false;
  history.whole = false;  // Until all columns have it.
  Status added = history.loaded.history.add(op);
  history.whole = true;
  return added;
}

}  // namespace
}  // namespace ordeal::c_api

// The functions of C are in no namespace.
using namespace ordeal;
using namespace ordeal::c_api;

extern "C" {

ordeal_code ordeal_history_open(const void* bytes, size_t size, const char* format, uint64_t memory_bytes,
                                ordeal_history** history, char** message) {
  return guarded(message, [&]() -> Status {
    if (history == nullptr) return null_argument("history");
    *history = nullptr;
    if (bytes == nullptr && size > 0) return null_argument("bytes");
    if (size > static_cast<std::size_t>(PTRDIFF_MAX)) {
      return invalid_argument(fmt::format("size is {}, more than memory can hold", size));
    }
    const std::string_view text(static_cast<const char*>(bytes), size);
    return give(load_history(text, load_options(format, memory_bytes)), history);
  });
}

ordeal_code ordeal_history_open_file(const char* path, const char* format, uint64_t memory_bytes,
                                     ordeal_history** history, char** message) {
  return guarded(message, [&]() -> Status {
    if (history == nullptr) return null_argument("history");
    *history = nullptr;
    if (path == nullptr) return null_argument("path");
    return give(load_history_file(path, load_options(format, memory_bytes)), history);
  });
}

ordeal_code ordeal_history_new(ordeal_history** history, char** message) {
  return guarded(message, [&]() -> Status {
    if (history == nullptr) return null_argument("history");
    *history = nullptr;
    return give(LoadedHistory(), history);
  });
}

ordeal_code ordeal_history_add(ordeal_history* history, int32_t type, int64_t process, int64_t time,
                               const char* f, const char* key, const char* value, const char* error,
                               char** message) {
  return guarded(message, [&]() -> Status {
    if (Status growable = check_growable(history); !growable.ok()) return growable;
    const Result<OpType> op_type = event_type(type);
    if (!op_type.ok()) return op_type.error();
    if (process < 0 && process != ORDEAL_NEMESIS) {
      return invalid_argument(fmt::format("process is {}, expected from 0, or ORDEAL_NEMESIS", process));
    }
    const Result<Duration> op_time = event_time(time, history->loaded.history);
    if (!op_time.ok()) return op_time.error();
    if (f == nullptr || *f == '\0') return invalid_argument("f is empty, expected read, write or the like");
    Result<Value> op_key = json_argument("key", key);
    if (!op_key.ok()) return op_key.error();
    Result<Value> op_value = json_argument("value", value);
    if (!op_value.ok()) return op_value.error();
    Op op;
    op.type = *op_type;
    op.process = process == ORDEAL_NEMESIS ? kNemesisProcess : ProcessId(process);
    op.time = *op_time;
    op.f = f;
    op.key = *std::move(op_key);
    op.value = *std::move(op_value);
    op.error = error != nullptr ? error : "";
    return add_event(*history, op);
  });
}

ordeal_code ordeal_history_add_line(ordeal_history* history, const char* line, size_t size, char** message) {
  return guarded(message, [&]() -> Status {
    if (Status growable = check_growable(history); !growable.ok()) return growable;
    if (line == nullptr) return null_argument("line");
    if (size > kJsonlLineSizeMax) {
      return invalid_argument(
          fmt::format("size is {}, a line has at most {} bytes", size, kJsonlLineSizeMax));
    }
    const Result<Op> op = parse_jsonl_op(std::string_view(line, size));
    if (!op.ok()) return op.error();
    if (const std::size_t next = history->loaded.history.size();
        op->index != static_cast<std::int64_t>(next)) {
      return invalid_argument(fmt::format("its index is {}, expected {}", op->index, next));
    }
    return add_event(*history, *op);
  });
}

size_t ordeal_history_size(const ordeal_history* history) {
  return history != nullptr ? history->loaded.history.size() : 0;
}

const char* ordeal_history_format(const ordeal_history* history) {
  return history != nullptr ? history->format.c_str() : "";
}

const char* ordeal_history_notes(const ordeal_history* history) {
  return history != nullptr ? history->notes.c_str() : "";
}

void ordeal_history_free(ordeal_history* history) {
  delete history;
}

}  // extern "C"
