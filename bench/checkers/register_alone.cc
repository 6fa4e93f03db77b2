#include "bench/checkers/register_alone.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <sstream>

#include "bench/checkers/child.h"
#include "bench/checkers/stopwatch.h"
#include "checkers/driver/driver.h"
#include "checkers/linearizability/register_monitor.h"

namespace ordeal::bench {
namespace {

constexpr std::size_t kEventsAtOnce = 1 << 16;
constexpr std::uint64_t kMemoryBytes = 64ULL << 30;

MonitoredAction action_of(const RegisterEvent& event) {
  const auto kind = event.verb == RegisterVerb::kRead    ? MonitoredAction::Kind::kRead
                    : event.verb == RegisterVerb::kWrite ? MonitoredAction::Kind::kWrite
                                                         : MonitoredAction::Kind::kCas;
  return {.kind = kind, .expects = event.expects, .gives = event.gives};
}

void show(RegisterMonitor& monitor, const RegisterEvent& event) {
  switch (event.type) {
    case OpType::kInvoke:
      return monitor.invoke(event.position, action_of(event));
    case OpType::kOk:
      return monitor.ok(event.invoke, event.position, action_of(event));
    case OpType::kFail:
      return monitor.fail(event.invoke, event.position, action_of(event), event.seen);
    case OpType::kInfo:
      return monitor.info(event.invoke);
  }
}

/// Numbers that a process printed and its memory, by round.
struct Figures {
  std::string verdict;
  std::vector<std::vector<double>> numbers;  ///< by column
  std::vector<double> peak_mb;
  std::string trouble;

  [[nodiscard]] double number(std::size_t column) const { return median(numbers.at(column)); }
  [[nodiscard]] double peak() const { return median(peak_mb); }
};

/// Runs the program once more. `columns`: how many numbers follow its verdict.
void run(const std::vector<std::string>& command, std::size_t columns, const Rounds& rounds,
         Figures& figures) {
  if (!figures.trouble.empty()) return;
  const Result<Finished> finished = run_program(command, rounds.seconds_max, rounds.log);
  if (!finished.ok()) {
    figures.trouble = finished.error().message;
    return;
  }
  std::istringstream words(finished->output);
  words >> figures.verdict;
  if (figures.verdict == "0") words >> figures.verdict;  // the pass
  figures.numbers.resize(columns);
  for (std::vector<double>& column : figures.numbers) {
    double number = 0;
    if (!(words >> number)) figures.trouble = "printed something else";
    column.push_back(number);
  }
  figures.peak_mb.push_back(finished->peak_mb);
}

struct ShapeFigures {
  Figures memory;
  Figures file;
  Figures monitor;
};

/// Whether there was something to print.
bool print_shape(const RegisterShape& shape, const ShapeFigures& figures, double file_mb) {
  for (const Figures* part : {&figures.memory, &figures.file, &figures.monitor}) {
    if (part->trouble.empty()) continue;
    fmt::print("{:>11}{:>8} left out: {}\n", shape.operations, shape.clients, part->trouble);
    return false;
  }
  const double parse_s = figures.file.number(1) / 1e9;
  fmt::print(
      "{:>11}{:>8} {:<8}|{:>8.3f}{:>8.0f} |{:>8.0f}{:>8.2f}{:>8.3f}{:>8.0f} |{:>9.2f}{:>8.0f}  {}\n",
      shape.operations, shape.clients, figures.memory.verdict, figures.memory.number(0) / 1e9,
      figures.memory.peak(), file_mb / parse_s, parse_s, figures.file.number(0) / 1e9, figures.file.peak(),
      figures.monitor.number(1) / figures.monitor.number(0) * 1e3, figures.monitor.number(2) / 1e3,
      figures.monitor.verdict == "valid" ? "valid" : fmt::format("event {:.0f}", figures.monitor.number(3)));
  if (figures.file.verdict != figures.memory.verdict || figures.monitor.verdict != figures.memory.verdict)
    fmt::print("  the three disagree: {}, {}, {}\n", figures.memory.verdict, figures.file.verdict,
               figures.monitor.verdict);
  std::fflush(stdout);
  return true;
}

bool measure_shape(const RegisterShape& shape, const RegisterAlone& alone, const Rounds& rounds) {
  const std::string path = alone.directory + "/register.jsonl";
  if (const Status written = write_jsonl(shape, path); !written) {
    fmt::print("{}\n", written.error().message);
    return false;
  }
  const double file_mb = static_cast<double>(std::filesystem::file_size(path)) / 1e6;
  const std::vector<std::string> of_shape = {std::to_string(shape.operations), std::to_string(shape.clients),
                                             shape.bad ? "bad" : "good"};
  const auto command = [&](const std::string& verb) {
    std::vector<std::string> words = {alone.program, verb};
    words.insert(words.end(), of_shape.begin(), of_shape.end());
    return words;
  };
  ShapeFigures figures;
  for (std::uint32_t round = 0; round < rounds.count; ++round) {
    run(command("register-check"), 1, rounds, figures.memory);
    run({alone.program, "check", "--threads", "1", "register", "1", path}, 2, rounds, figures.file);
    run(command("register-monitor"), 4, rounds, figures.monitor);
  }
  std::filesystem::remove(path);
  return print_shape(shape, figures, file_mb);
}

}  // namespace

int check_in_memory(const RegisterShape& shape) {
  LoadedHistory loaded;
  loaded.history = make_table(shape);
  if (const Status well_formed = loaded.history.check_well_formed(); !well_formed)
    return fmt::print(stderr, "{}\n", well_formed.error().message), 1;
  CheckLimits limits;
  limits.seconds = 0;
  limits.memory_bytes = kMemoryBytes;
  limits.threads = 1;
  const Stopwatch stopwatch;
  const Result<Finding> finding = check_loaded(loaded, "register", limits);
  const std::int64_t check_ns = stopwatch.ns();
  if (!finding.ok()) return fmt::print(stderr, "{}\n", finding.error().message), 1;
  fmt::print("0 {} {} 0 -\n", to_text(finding->verdict), check_ns);
  return 0;
}

int monitor_in_memory(const RegisterShape& shape) {
  RegisterLoad load(shape);
  RegisterMonitor monitor(0);
  std::vector<RegisterEvent> events;
  std::int64_t ns = 0;
  std::uint64_t count = 0;
  std::uint64_t bytes_max = 0;
  do {
    events.clear();
    while (events.size() < kEventsAtOnce) {
      const std::optional<RegisterEvent> event = load.next();
      if (!event) break;
      events.push_back(*event);
    }
    const Stopwatch stopwatch;
    for (const RegisterEvent& event : events) show(monitor, event);
    ns += stopwatch.ns();
    count += events.size();
    bytes_max = std::max(bytes_max, monitor.bytes());
  } while (!events.empty() && !monitor.violation());
  fmt::print("{} {} {} {} {}\n", monitor.violation() ? "invalid" : "valid", ns, count, bytes_max,
             monitor.violation() ? monitor.violation()->response : 0);
  return 0;
}

std::size_t measure_registers(const RegisterAlone& alone, const Rounds& rounds) {
  fmt::print("\none register, different values, 1 % unknown outcomes; one thread, median of {}\n",
             rounds.count);
  fmt::print("{:>19} {:<8}|{:^16} |{:^32} |{:^17}\n", "", "", "in memory", "JSON lines", "monitor");
  fmt::print("{:>11}{:>8} {:<8}|{:>8}{:>8} |{:>8}{:>8}{:>8}{:>8} |{:>9}{:>8}\n", "operations", "clients", "",
             "check s", "peak MB", "MB/s", "parse s", "check s", "peak MB", "M event/s", "KB");
  std::fflush(stdout);
  std::size_t measured = 0;
  for (const std::uint64_t operations : alone.operations) {
    for (const std::uint32_t clients : alone.clients) {
      for (const bool bad : {false, true}) {
        measured +=
            measure_shape({.operations = operations, .clients = clients, .bad = bad}, alone, rounds) ? 1 : 0;
      }
    }
  }
  return measured;
}

}  // namespace ordeal::bench
