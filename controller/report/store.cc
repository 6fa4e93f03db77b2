#include "controller/report/store.h"

#include "checkers/formats/jsonl.h"
#include "common/check.h"
#include "controller/report/files.h"
#include "controller/report/run_json.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace ordeal::report {
namespace fs = std::filesystem;
namespace {

/// "20261125T062255Z": sorts as text in the order of time.
std::string directory_time(WallTime started) {
  std::string text = to_iso_text(started);
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

Status make_directories(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return path_error("make the directory", path, error.value());
  return {};
}

bool is_plain_directory(const fs::path& path) {
  std::error_code error;
  return fs::symlink_status(path, error).type() == fs::file_type::directory;
}

/// Subdirectories that are no symbolic links and not hidden, sorted.
std::vector<std::string> subdirectories(const fs::path& path) {
  std::vector<std::string> names;
  std::error_code error;
  for (auto it = fs::directory_iterator(path, error); !error && it != fs::directory_iterator();
       it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (name.front() != '.' && is_plain_directory(it->path())) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool is_fresh(const fs::path& live, WallTime now) {
  struct stat status {};
  if (::lstat(live.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return false;
  const WallTime written(static_cast<std::int64_t>(status.st_mtim.tv_sec) * 1'000'000'000 +
                         status.st_mtim.tv_nsec);
  return now - written < kLiveFor;
}

void note_problem(RunEntry& entry, const Error& error) {
  if (!entry.problem.empty()) entry.problem += "; ";
  entry.problem += error.message;
}

RunEntry read_entry(const fs::path& root, std::string id, WallTime now) {
  RunEntry entry;
  entry.id = std::move(id);
  const fs::path path = root / entry.id;
  if (const Result<std::string> text = read_file(path / file_names::kRunInfo); !text.ok()) {
    note_problem(entry, text.error());
  } else if (Result<RunInfo> info = parse_run_info(*text); !info.ok()) {
    note_problem(entry, info.error());
  } else {
    entry.info = std::move(info).value();
  }
  if (const Result<std::string> text = read_file(path / file_names::kVerdict); text.ok()) {
    Result<VerdictRecord> verdict = parse_verdict(*text);
    if (verdict.ok()) {
      entry.verdict = std::move(verdict).value();
    } else {
      note_problem(entry, verdict.error());
    }
  } else if (text.error().code != ErrorCode::kNotFound) {
    note_problem(entry, text.error());
  }
  if (entry.verdict) {
    entry.state = RunState::kFinished;
  } else if (is_fresh(path / file_names::kLive, now)) {
    entry.state = RunState::kRunning;
  }
  return entry;
}

/// The part of the id after the last slash: the time.
std::string_view time_part(std::string_view id) {
  return id.substr(id.rfind('/') + 1);
}

bool is_safe_part(std::string_view part) {
  return !part.empty() && part.front() != '.' && part.find('/') == std::string_view::npos &&
         part.find('\0') == std::string_view::npos;
}

}  // namespace

std::string directory_name(std::string_view name) {
  constexpr std::string_view kAllowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
  constexpr std::size_t kSizeMax = 100;
  std::string out;
  for (const char c : name.substr(0, kSizeMax)) out += kAllowed.find(c) == std::string_view::npos ? '-' : c;
  if (out.empty()) out = "run";
  if (out.front() == '.') out.front() = '-';
  if (out == file_names::kLatest) out += "-run";
  return out;
}

std::string_view to_text(RunState state) {
  switch (state) {
    case RunState::kRunning:
      return "running";
    case RunState::kFinished:
      return "finished";
    case RunState::kInterrupted:
      return "interrupted";
  }
  return "interrupted";
}

// --- HistoryWriter ----------------------------------------------------------------------------------------

Result<HistoryWriter> HistoryWriter::open(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (descriptor < 0) return path_error("write", path, errno);
  return HistoryWriter(descriptor, path);
}

HistoryWriter::HistoryWriter(HistoryWriter&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      path_(std::move(other.path_)),
      failure_(std::move(other.failure_)) {}

HistoryWriter& HistoryWriter::operator=(HistoryWriter&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(path_, other.path_);
  std::swap(failure_, other.failure_);
  return *this;
}

HistoryWriter::~HistoryWriter() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Status HistoryWriter::append(std::string_view lines) {
  ORDEAL_CHECK(descriptor_ >= 0);
  ORDEAL_CHECK(lines.empty() || lines.back() == '\n');
  if (failure_) return *failure_;
  std::size_t done = 0;
  while (done < lines.size()) {
    const ssize_t written = ::write(descriptor_, lines.data() + done, lines.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed(lines.substr(0, done), errno);
    done += static_cast<std::size_t>(written);
  }
  return {};
}

Status HistoryWriter::append(const History& operations) {
  return append(print_jsonl(operations));
}

Status HistoryWriter::failed(std::string_view written, int error_number) {
  const std::size_t whole = written.rfind('\n') == std::string_view::npos ? 0 : written.rfind('\n') + 1;
  struct stat status {};
  if (written.size() > whole && ::fstat(descriptor_, &status) == 0) {
    // Ignored: when the cut fails too, the torn last line is what readers drop with a note anyway.
    [[maybe_unused]] const int result =
        ::ftruncate(descriptor_, status.st_size - static_cast<off_t>(written.size() - whole));
  }
  failure_ = path_error("append to", path_, error_number);
  failure_->message += "; what was recorded before is kept, the run cannot go on";
  return *failure_;
}

// --- RunDirectory -----------------------------------------------------------------------------------------

Status RunDirectory::write_plan_given(std::string_view yaml) const {
  return replace_file(path_ / file_names::kPlanGiven, yaml);
}
Status RunDirectory::write_plan_executed(std::string_view yaml) const {
  return replace_file(path_ / file_names::kPlanExecuted, yaml);
}
Status RunDirectory::write_run_info(const RunInfo& info) const {
  return replace_file(path_ / file_names::kRunInfo, print_run_info(info));
}
Status RunDirectory::write_verdict(const VerdictRecord& record) const {
  return replace_file(path_ / file_names::kVerdict, print_verdict(record));
}
Status RunDirectory::write_report(std::string_view html) const {
  return replace_file(path_ / file_names::kReport, html);
}
Result<HistoryWriter> RunDirectory::open_history() const {
  return HistoryWriter::open(path_ / file_names::kHistory);
}
Result<HistoryWriter> RunDirectory::open_messages() const {
  return HistoryWriter::open(path_ / file_names::kMessages);
}

// --- Store ------------------------------------------------------------------------------------------------

Result<RunDirectory> Store::create(std::string_view name, WallTime started) const {
  const std::string directory = directory_name(name);
  const fs::path parent = root_ / directory;
  if (const Status status = make_directories(parent); !status.ok()) return status.error();
  const std::string time = directory_time(started);
  constexpr int kSameSecondMax = 1000;
  for (int attempt = 1; attempt <= kSameSecondMax; ++attempt) {
    // "Z" sorts before "Z-002": the order of creation within a second is kept.
    const std::string leaf = attempt == 1 ? time : fmt::format("{}-{:03}", time, attempt);
    if (::mkdir((parent / leaf).c_str(), 0755) != 0) {
      if (errno == EEXIST) continue;
      return path_error("make the directory", parent / leaf, errno);
    }
    if (const Status status = replace_link(parent / file_names::kLatest, leaf); !status.ok())
      return status.error();
    const Status status = replace_link(root_ / file_names::kLatest, fs::path(directory) / leaf);
    if (!status.ok()) return status.error();
    return RunDirectory(parent / leaf, directory + "/" + leaf);
  }
  return Error{ErrorCode::kUnavailable, fmt::format("{} holds {} runs that started in this second; try again",
                                                    parent.string(), kSameSecondMax)};
}

Result<std::vector<RunEntry>> Store::list(WallTime now) const {
  std::error_code error;
  if (!fs::exists(root_, error)) return std::vector<RunEntry>{};
  if (!fs::is_directory(root_, error)) {
    return Error{ErrorCode::kInvalidArgument, fmt::format("the store {} is no directory", root_.string())};
  }
  std::vector<RunEntry> entries;
  for (const std::string& name : subdirectories(root_)) {
    for (const std::string& time : subdirectories(root_ / name)) {
      entries.push_back(read_entry(root_, name + "/" + time, now));
    }
  }
  std::stable_sort(entries.begin(), entries.end(),
                   [](const RunEntry& a, const RunEntry& b) { return time_part(a.id) > time_part(b.id); });
  return entries;
}

Result<RunEntry> Store::find(std::string_view id, WallTime now) const {
  std::error_code error;
  std::string wanted(id);
  if (wanted == file_names::kLatest) wanted = fs::read_symlink(root_ / wanted, error).generic_string();
  const std::size_t slash = wanted.find('/');
  const std::string name = wanted.substr(0, slash);
  std::string time = slash == std::string::npos ? "" : wanted.substr(slash + 1);
  const bool safe = is_safe_part(name) && is_safe_part(time);
  if (safe && time == file_names::kLatest)
    time = fs::read_symlink(root_ / name / time, error).generic_string();
  const bool there = safe && is_safe_part(time) && is_plain_directory(root_ / name) &&
                     is_plain_directory(root_ / name / time);
  if (!there) {
    return Error{
        ErrorCode::kNotFound,
        fmt::format("no run '{}' in the store {}; `ordeal serve` shows what is there", id, root_.string())};
  }
  return read_entry(root_, name + "/" + time, now);
}

std::vector<RunFile> list_files(const fs::path& run) {
  std::vector<RunFile> files;
  std::error_code error;
  for (auto it = fs::recursive_directory_iterator(run, error);
       !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (it.depth() == 0 && name == file_names::kData) it.disable_recursion_pending();
    if (name.front() == '.' || it->symlink_status(error).type() != fs::file_type::regular) continue;
    files.push_back({it->path().lexically_relative(run).generic_string(), it->file_size(error)});
  }
  std::sort(files.begin(), files.end(), [](const RunFile& a, const RunFile& b) { return a.path < b.path; });
  return files;
}

}  // namespace ordeal::report
