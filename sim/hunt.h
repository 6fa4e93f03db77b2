#pragma once
// What a hunt over many seeds covered and found.

#include "sim/simulation.h"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ordeal::sim {

class HuntTally {
 public:
  void add(const SimResult& result);
  /// The last one ran twice and took the same course.
  void repeated() { ++repeated_; }

  [[nodiscard]] std::uint64_t seeds() const { return seeds_; }
  /// Those that were long, busy and troubled enough (SimResult::counts).
  [[nodiscard]] std::uint64_t counted() const { return counted_; }
  [[nodiscard]] std::uint64_t bad() const { return bad_; }
  [[nodiscard]] std::uint64_t unknown() const { return unknown_; }
  /// Those that show too little by what their plan expects.
  [[nodiscard]] std::uint64_t vacuous() const { return vacuous_; }
  [[nodiscard]] const std::string& first_vacuous() const { return first_vacuous_; }

  /// For people: how many, how fast, the distribution of lengths, operations and faults.
  [[nodiscard]] std::string text(double wall_seconds) const;

 private:
  std::uint64_t seeds_ = 0;
  std::uint64_t counted_ = 0;
  std::uint64_t bad_ = 0;
  std::uint64_t unknown_ = 0;
  std::uint64_t live_ = 0;  ///< whose liveness was checked
  std::uint64_t repeated_ = 0;
  std::uint64_t vacuous_ = 0;
  std::string first_vacuous_;  ///< why
  std::uint64_t events_ = 0;
  double virtual_seconds_ = 0;
  std::map<std::string, std::uint64_t> kinds_;        ///< of what went wrong
  std::map<std::uint64_t, std::uint64_t> lengths_;    ///< seconds -> seeds
  std::map<std::uint64_t, std::uint64_t> completed_;  ///< value -> seeds
  std::map<std::uint64_t, std::uint64_t> faults_;
  std::array<std::uint64_t, kMarkCount> marks_{};  ///< seeds that reached each
};

/// How many runs it took to find a planted bug, over several hunts; one that found nothing is censored: it
/// only says "more than".
class RunsUntilFound {
 public:
  /// `by`: what found it; none: nothing did.
  void add(std::uint64_t runs, double seconds, const std::optional<std::string>& by);

  [[nodiscard]] std::size_t found() const { return found_; }
  /// "20 of 20, runs median 3 (95 % interval 2 to 5), 0.4 s; by invariant election-safety 18, history
  /// linearizable 2". The interval is of the median, by order statistics (binomial); ">" marks a censored
  /// end.
  [[nodiscard]] std::string text() const;

 private:
  struct Hunt {
    std::uint64_t runs = 0;
    bool found = false;
    friend bool operator<(const Hunt& a, const Hunt& b) {
      // A hunt that found nothing would have needed more runs than any that did.
      return a.found != b.found ? a.found : a.runs < b.runs;
    }
  };
  std::vector<Hunt> hunts_;
  std::vector<double> seconds_;
  std::size_t found_ = 0;
  std::map<std::string, std::uint64_t> by_;
};

}  // namespace ordeal::sim
