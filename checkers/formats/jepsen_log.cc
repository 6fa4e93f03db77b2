#include "checkers/formats/jepsen_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>

#include "checkers/formats/edn_text.h"
#include "checkers/formats/foreign_ops.h"

namespace ordeal {
namespace {

constexpr std::string_view kMark = "jepsen.util - ";
constexpr std::string_view kTimedOut = ":timed-out";

/// process, type, f and value of one line.
using Fields = std::array<std::string_view, 4>;

/// Nothing when the line is no operation.
std::optional<Fields> split(std::string_view line) {
  const std::size_t mark = line.find(kMark);
  if (mark == std::string_view::npos) return std::nullopt;
  line.remove_prefix(mark + kMark.size());
  if (line.ends_with('\r')) line.remove_suffix(1);
  const std::string_view gap = line.find('\t') == std::string_view::npos ? " " : "\t";
  Fields fields;
  for (std::size_t i = 0; i + 1 < fields.size(); ++i) {
    const std::size_t end = line.find(gap);
    if (end == std::string_view::npos) return std::nullopt;
    fields[i] = line.substr(0, end);
    line.remove_prefix(gap == " " ? std::min(line.find_first_not_of(' ', end), line.size()) : end + 1);
  }
  // Without tabs it could be any sentence.
  if (gap == " " && !fields[1].starts_with(':')) return std::nullopt;
  // Some lines have a fifth field, the error.
  fields[3] = line;
  return fields;
}

class LogReader {
 public:
  Status read(std::string_view line) {
    const std::optional<Fields> fields = split(line);
    if (!fields) {
      ++skipped_;
      return {};
    }
    Op op;
    const auto& [process, type, f, value] = *fields;
    if (!parse_process(process, op.process))
      return wrong(process, "a process, an integer from 0 or :nemesis");
    const std::optional<OpType> parsed = type.starts_with(':') ? parse_op_type(type.substr(1)) : std::nullopt;
    if (!parsed) return wrong(type, ":invoke, :ok, :fail or :info");
    if (f.size() < 2 || !f.starts_with(':')) return wrong(f, "an operation, such as :read");
    op.type = *parsed;
    op.f = f.substr(1);
    if (Status status = read_value(value, op); !status.ok()) return status;
    ops_.add(std::move(op), std::nullopt);
    return {};
  }

  Result<ParsedHistory> finish() && {
    if (ops_.empty() && skipped_ > 0) {
      return Error{
          ErrorCode::kInvalidArgument,
          fmt::format("none of {} lines is an operation; expected \"{}PROCESS \\t :TYPE \\t :F \\t VALUE\"",
                      skipped_, kMark)};
    }
    ParsedHistory parsed = std::move(ops_).finish();
    if (skipped_ > 0) parsed.notes.push_back(fmt::format("{} lines are no operations: skipped", skipped_));
    return parsed;
  }

 private:
  static Error wrong(std::string_view found, std::string_view what) {
    return {ErrorCode::kInvalidArgument, fmt::format("\"{}\", expected {}", found, what)};
  }

  static bool parse_process(std::string_view text, ProcessId& process) {
    process = kNemesisProcess;
    if (text == ":nemesis") return true;
    std::int64_t number = -1;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    process = ProcessId(number);
    return failure == std::errc() && end == text.data() + text.size() && number >= 0;
  }

  Status read_value(std::string_view text, Op& op) {
    const std::size_t tab = text.find('\t');
    const std::string_view error = tab == std::string_view::npos ? std::string_view() : text.substr(tab + 1);
    Result<std::vector<EdnForm>> forms = parse_edn(text.substr(0, tab));
    if (!forms.ok() || forms->size() != 1) return wrong(text, "one EDN value");
    op.value = std::move(forms->front().value);
    op.error = error.starts_with(':') ? error.substr(1) : error;
    if (op.type == OpType::kInvoke) {
      invoked_[op.process] = op.value;
    } else if (op.value == Value(kTimedOut)) {
      op.value = invoked_[op.process];
      op.error = kTimedOut.substr(1);
    }
    if (op.type != OpType::kFail) return {};
    if (op.error == kTimedOut.substr(1) && op.f != "read") op.type = OpType::kInfo;
    if (op.error.empty() && op.f == "cas") op.error = "mismatch";
    return {};
  }

  ForeignOps ops_;
  std::map<ProcessId, Value> invoked_;  ///< arguments of each process's last invocation
  std::size_t skipped_ = 0;
};

}  // namespace

Result<ParsedHistory> parse_jepsen_log(std::string_view text) {
  LogReader reader;
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::size_t end = text.find('\n');
    if (Status status = reader.read(text.substr(0, end)); !status.ok()) {
      return Error{status.error().code, fmt::format("line {}: {}", line, status.error().message)};
    }
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return std::move(reader).finish();
}

}  // namespace ordeal
