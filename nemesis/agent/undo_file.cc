#include "nemesis/agent/undo_file.h"

#include "nemesis/agent/json.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace ordeal::agent {
namespace {

Error failed(const std::string& what, const std::string& path) {
  return {ErrorCode::kResourceExhausted, fmt::format("cannot {} {}: {}", what, path, std::strerror(errno))};
}

Result<ProcessRef> read_process(JsonObject& object, const std::string& name) {
  const auto pid = object.integer(name + "_pid", 0, INT32_MAX);
  if (!pid) return pid.error();
  const auto start = object.integer(name + "_start_ticks", 0, INT64_MAX);
  if (!start) return start.error();
  return ProcessRef{static_cast<pid_t>(*pid), static_cast<std::uint64_t>(*start)};
}

}  // namespace

std::string undo_text(const UndoList& list) {
  return fmt::format(
      "{{\"paused_pid\": {}, \"paused_start_ticks\": {}, \"supervisor_pid\": {}, \"supervisor_start_ticks\": "
      "{}}}\n",
      list.paused.pid, list.paused.start_ticks, list.supervisor.pid, list.supervisor.start_ticks);
}

Result<UndoList> parse_undo(std::string_view text) {
  auto object = JsonObject::parse(text);
  if (!object) return object.error();
  UndoList list;
  const auto paused = read_process(*object, "paused");
  if (!paused) return paused.error();
  const auto supervisor = read_process(*object, "supervisor");
  if (!supervisor) return supervisor.error();
  if (Status finished = object->finish(); !finished) return finished.error();
  list.paused = *paused;
  list.supervisor = *supervisor;
  return list;
}

Status UndoFile::save(const UndoList& list) {
  const std::string text = undo_text(list);
  if (text == written_) return {};
  const std::string fresh = path_ + ".new";
  Fd file(open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file.is_open()) return failed("create", fresh);
  if (write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    return failed("write", fresh);
  file.close();
  // No fsync: what a crash of the machine loses, it also undoes.
  if (rename(fresh.c_str(), path_.c_str()) != 0) return failed("replace", path_);
  written_ = text;
  return {};
}

Result<UndoList> UndoFile::load() const {
  const auto text = read_small_file(path_);
  if (!text && text.error().code == ErrorCode::kNotFound) return UndoList{};
  if (!text) return text.error();
  return parse_undo(*text);
}

}  // namespace ordeal::agent
