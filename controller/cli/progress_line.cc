#include "controller/cli/progress_line.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace ordeal::cli {
namespace {

constexpr Duration kTerminalPeriod = milliseconds(250);
constexpr Duration kPlainPeriod = seconds(5);

std::size_t columns(std::FILE* out) {
  winsize size{};
  if (ioctl(fileno(out), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

}  // namespace

std::string progress_text(const RunProgress& progress, Duration time_limit, double rate) {
  std::string text = fmt::format("{:<11} {:>5.1f}s of {:.0f}s  {} ops ({} ok {} fail {} info)  {:.0f}/s",
                                 to_text(progress.phase), progress.elapsed.seconds(), time_limit.seconds(),
                                 progress.invoked, progress.ok, progress.fail, progress.info, rate);
  if (progress.leader == kNoNode) {
    text += "  no leader";
  } else {
    text += fmt::format("  leader {} term {}", node_name(progress.leader), progress.term);
  }
  if (!progress.faults_in_force.empty())
    text += fmt::format("  | {}", fmt::join(progress.faults_in_force, "; "));
  return text;
}

ProgressLine::ProgressLine(std::FILE* out, Duration time_limit)
    : out_(out), time_limit_(time_limit), terminal_(isatty(fileno(out)) != 0) {}

ProgressLine::~ProgressLine() {
  erase();
}

void ProgressLine::show(const RunProgress& progress, MonotonicTime now) {
  if (last_ && now - *last_ < (terminal_ ? kTerminalPeriod : kPlainPeriod)) return;
  const double rate =
      last_ ? static_cast<double>(progress.invoked - last_invoked_) / (now - *last_).seconds() : 0.0;
  last_ = now;
  last_invoked_ = progress.invoked;
  std::string text = progress_text(progress, time_limit_, rate);
  if (!terminal_) {
    fmt::print(out_, "{}\n", text);
  } else {
    text.resize(std::min(text.size(), columns(out_) - 1));
    fmt::print(out_, "\r\x1b[K{}", text);
    drawn_ = true;
  }
  std::fflush(out_);
}

void ProgressLine::note(const std::string& text) {
  erase();
  fmt::print(out_, "{}\n", text);
  std::fflush(out_);
}

void ProgressLine::erase() {
  if (drawn_) fmt::print(out_, "\r\x1b[K");
  drawn_ = false;
}

}  // namespace ordeal::cli
