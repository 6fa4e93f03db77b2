#include "bench/checkers/comparisons.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string_view>

#include "bench/checkers/child.h"
#include "bench/checkers/transaction_load.h"

namespace ordeal::bench {
namespace {

namespace fs = std::filesystem;

constexpr std::array kLevels = {"read-committed", "read-atomic", "causal-convergence"};
constexpr std::uint32_t kPasses = 3;
constexpr std::uint64_t kLong = 2'000'000;  ///< operations from which on one pass has to do

/// Files below a folder whose path holds `part` and that are not empty, in order. Those that are empty are
/// counted in `empty`.
std::vector<std::string> find_files(const std::string& folder, std::string_view part,
                                    std::string_view extension, std::size_t& empty) {
  std::vector<std::string> files;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder, error)) {
    const std::string path = entry.path().string();
    if (!entry.is_regular_file() || entry.path().extension() != extension) continue;
    if (path.find(part) == std::string::npos) continue;
    if (entry.file_size() == 0)
      ++empty;
    else
      files.push_back(path);
  }
  std::sort(files.begin(), files.end());
  return files;
}

class AllComparisons {
 public:
  explicit AllComparisons(const Comparing& comparing) : comparing_(comparing) {}

  std::size_t run() {
    compare_porcupine();
    compare_knossos();
    compare_transactions();
    return compared_;
  }

 private:
  [[nodiscard]] Side ours(const std::string& threads) const {
    return {threads == "1" ? "ordeal, 1 thread" : "ordeal, all cores",
            {comparing_.program, "check", "--threads", threads}};
  }

  /// The driver, built against the checkout; nothing when that was not given or does not work.
  std::optional<Side> build(const std::string& name, const std::string& checkout) const {
    if (checkout.empty()) {
      fmt::print("{}: not given, left out\n", name);
      return std::nullopt;
    }
    const std::string out = comparing_.directory + "/" + name;
    fs::create_directories(out);
    const std::string log = out + "/build.log";
    std::vector<std::string> command = {"bash", "bench/checkers/anchors/build", name, checkout, out};
    if (name == "knossos") command.push_back(comparing_.checkouts.high_scale_lib);
    fmt::print("{}: building\n", name);
    std::fflush(stdout);
    const Result<Finished> built = run_program(command, 1200, log);
    if (built.ok()) return Side{name, {out + "/run"}};
    fmt::print("{}: left out, the build {}; its last words:\n", name, built.error().message);
    print_end(log);
    return std::nullopt;
  }

  static void print_end(const std::string& log) {
    std::ifstream input(log);
    std::vector<std::string> lines;
    for (std::string line; std::getline(input, line);) lines.push_back(line.substr(0, 160));
    for (std::size_t i = lines.size() - std::min<std::size_t>(lines.size(), 8); i < lines.size(); ++i)
      fmt::print("    {}\n", lines[i]);
  }

  void compare_folder(const std::string& title, const std::string& model, const Side& other,
                      const std::string& checkout, std::string_view part, std::string_view extension) {
    std::size_t empty = 0;
    Comparison comparison{.title = title,
                          .model = model,
                          .files = find_files(checkout, part, extension, empty),
                          .passes = kPasses};
    if (comparison.files.empty()) {
      fmt::print("\n{}: no files *{}*{} below {}, left out\n", title, part, extension, checkout);
      return;
    }
    if (empty > 0) comparison.title += fmt::format(" ({} empty left out)", empty);
    if (compare(comparison, {ours("1"), ours("0"), other}, comparing_.rounds)) ++compared_;
  }

  void compare_porcupine() {
    const std::string& checkout = comparing_.checkouts.porcupine;
    const std::optional<Side> porcupine = build("porcupine", checkout);
    if (!porcupine) return;
    compare_folder("Porcupine's etcd logs", "register", *porcupine, checkout, "test_data/jepsen/", ".log");
    compare_folder("Porcupine's key-value files, by key", "append", *porcupine, checkout, "test_data/kv/",
                   ".txt");
  }

  void compare_knossos() {
    const std::string& checkout = comparing_.checkouts.knossos;
    const std::optional<Side> knossos = build("knossos", checkout);
    if (!knossos) return;
    compare_folder("Knossos's memstress histories", "cas-register:0", *knossos, checkout, "memstress3-",
                   ".edn");
    compare_folder("Knossos's bad histories", "cas-register:0", *knossos, checkout, "cas-register/bad/",
                   ".edn");
  }

  void compare_transactions() {
    std::vector<Side> sides = {ours("1")};
    for (const auto& [name, checkout] :
         {std::pair<std::string, std::string>("awdit", comparing_.checkouts.awdit),
          {"plume", comparing_.checkouts.plume}}) {
      if (std::optional<Side> side = build(name, checkout)) sides.push_back(*std::move(side));
    }
    if (sides.size() == 1) return;
    for (const std::string& file : comparing_.checkouts.histories)
      compare_levels(file, file, sides, comparing_.rounds, kPasses);
    for (const std::uint64_t operations : comparing_.transaction_operations) {
      for (const bool bad : {false, true}) compare_generated(operations, bad, sides);
    }
  }

  void compare_generated(std::uint64_t operations, bool bad, std::vector<Side> sides) {
    // As many sessions as in the histories that others published figures of.
    const std::uint32_t sessions = operations > kLong ? 100 : 50;
    const std::string path = comparing_.directory + "/transactions.txt";
    const Status written =
        write_transactions({.operations = operations, .sessions = sessions, .bad = bad}, path);
    if (!written) {
      fmt::print("{}\n", written.error().message);
      return;
    }
    if (operations > comparing_.plume_operations_max)
      std::erase_if(sides, [](const Side& side) { return side.name == "plume"; });
    // Of a bad history only the verdicts matter.
    Rounds rounds = comparing_.rounds;
    if (bad) rounds.count = 1;
    compare_levels(fmt::format("{} operations of {} sessions, {}", operations, sessions,
                               bad ? "one read is bad" : "good"),
                   path, sides, rounds, operations > kLong ? 1 : kPasses);
    fs::remove(path);
  }

  void compare_levels(const std::string& title, const std::string& path, const std::vector<Side>& sides,
                      const Rounds& rounds, std::uint32_t passes) {
    for (const char* level : kLevels) {
      const Comparison comparison{
          .title = fmt::format("{}: {}", level, title), .model = level, .files = {path}, .passes = passes};
      if (compare(comparison, sides, rounds)) ++compared_;
    }
  }

  const Comparing& comparing_;
  std::size_t compared_ = 0;
};

}  // namespace

std::size_t compare_all(const Comparing& comparing) {
  return AllComparisons(comparing).run();
}

}  // namespace ordeal::bench
