#pragma once
// The store: every run has a directory <root>/<name>/<time>/ of its own, written while the run goes on and
// readable at any moment, also after the controller was killed. The layout is docs/formats/store.md.

#include "controller/report/run_info.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace ordeal::report {

namespace file_names {
inline constexpr const char* kPlanGiven = "plan.yaml";
inline constexpr const char* kPlanExecuted = "plan.executed.yaml";
inline constexpr const char* kRunInfo = "run.json";
inline constexpr const char* kHistory = "history.jsonl";
inline constexpr const char* kMessages = "messages.jsonl";
inline constexpr const char* kVerdict = "verdict.json";
inline constexpr const char* kReport = "report.html";
inline constexpr const char* kLive = "live.json";
inline constexpr const char* kData = "data";
inline constexpr const char* kLatest = "latest";
}  // namespace file_names

/// A name that is safe as one directory: [A-Za-z0-9._-], at most 100 of them, no leading dot, never "latest".
/// Every other byte becomes '-'; two names may give the same directory, the true one is in run.json.
[[nodiscard]] std::string directory_name(std::string_view name);

/// Appends to history.jsonl or messages.jsonl. Each batch is one write(2) to a file opened with O_APPEND, so
/// a killed controller loses at most the end of its last batch, and all but the last line is whole.
class HistoryWriter {
 public:
  [[nodiscard]] static Result<HistoryWriter> open(const std::filesystem::path& path);
  HistoryWriter(HistoryWriter&& other) noexcept;
  HistoryWriter& operator=(HistoryWriter&& other) noexcept;
  HistoryWriter(const HistoryWriter&) = delete;
  HistoryWriter& operator=(const HistoryWriter&) = delete;
  ~HistoryWriter();

  /// Appends whole lines. Requires: empty, or ends with a line feed. When the disk is full the lines that
  /// fitted are kept, a torn one is cut off, and every later call fails the same way: kResourceExhausted.
  [[nodiscard]] Status append(std::string_view lines);
  /// The same for operations, printed as docs/formats/history.md says.
  [[nodiscard]] Status append(const History& operations);

 private:
  HistoryWriter(int descriptor, std::filesystem::path path)
      : descriptor_(descriptor), path_(std::move(path)) {}
  Status failed(std::string_view written, int error_number);

  int descriptor_ = -1;
  std::filesystem::path path_;
  std::optional<Error> failure_;  ///< set once; the history has a gap from there on
};

/// The directory of one run, to write into. Every file but the history and the logs is replaced atomically.
class RunDirectory {
 public:
  RunDirectory(std::filesystem::path path, std::string id) : path_(std::move(path)), id_(std::move(id)) {}

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// "<name>/<time>": the run's name in the store.
  [[nodiscard]] const std::string& id() const { return id_; }

  [[nodiscard]] Status write_plan_given(std::string_view yaml) const;
  [[nodiscard]] Status write_plan_executed(std::string_view yaml) const;
  [[nodiscard]] Status write_run_info(const RunInfo& info) const;
  [[nodiscard]] Status write_verdict(const VerdictRecord& record) const;
  [[nodiscard]] Status write_report(std::string_view html) const;
  [[nodiscard]] Result<HistoryWriter> open_history() const;
  /// The same for messages.jsonl, which only the simulator can write.
  [[nodiscard]] Result<HistoryWriter> open_messages() const;

 private:
  std::filesystem::path path_;
  std::string id_;
};

enum class RunState : std::uint8_t {
  kRunning,      ///< live.json is fresh
  kFinished,     ///< has a verdict
  kInterrupted,  ///< neither: the controller was killed, or stopped before it could judge
};
/// "running", "finished", "interrupted".
[[nodiscard]] std::string_view to_text(RunState state);

/// What a list of runs shows of one. Only run.json, verdict.json and live.json were read.
struct RunEntry {
  std::string id;  ///< "<name>/<time>"
  RunState state = RunState::kInterrupted;
  std::optional<RunInfo> info;
  std::optional<VerdictRecord> verdict;
  std::string problem;  ///< why run.json or verdict.json could not be read; empty when all is well
};

class Store {
 public:
  /// Makes no directory yet.
  explicit Store(std::filesystem::path root) : root_(std::move(root)) {}

  [[nodiscard]] const std::filesystem::path& root() const { return root_; }

  /// Makes a directory for a run of this name and moves the symbolic links `latest` to it. Two runs that
  /// start in one second get two directories. kResourceExhausted, kPermissionDenied with what to do.
  [[nodiscard]] Result<RunDirectory> create(std::string_view name, WallTime started) const;

  /// All runs, newest first. An absent root is an empty store. `now` decides which live.json is fresh.
  [[nodiscard]] Result<std::vector<RunEntry>> list(WallTime now) const;
  /// One run by its id, by "latest" or by "<name>/latest". kNotFound names the store.
  [[nodiscard]] Result<RunEntry> find(std::string_view id, WallTime now) const;
  [[nodiscard]] std::filesystem::path path_of(const RunEntry& entry) const { return root_ / entry.id; }

 private:
  std::filesystem::path root_;
};

/// Files of a run relative to its directory, sorted, with sizes. Symbolic links and what is below data/ are
/// left out.
struct RunFile {
  std::string path;
  std::uint64_t bytes = 0;
};
[[nodiscard]] std::vector<RunFile> list_files(const std::filesystem::path& run);

/// A live.json that was written longer ago than this belongs to a run that was killed.
inline constexpr Duration kLiveFor = seconds(10);

}  // namespace ordeal::report
