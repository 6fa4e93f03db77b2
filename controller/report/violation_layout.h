#pragma once
// Where the bars of a violation's figure go. The horizontal axis keeps the order of events, not their
// distance: real gaps differ by factors of a thousand, and what matters is what came before what. Pure
// geometry, in pixels.

#include "checkers/checker.h"
#include "controller/report/faults.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ordeal::report {

struct Bar {
  std::size_t invoke = 0;
  std::optional<std::size_t> complete;
  std::size_t number = 0;   ///< place in the order that was built, from 1; 0 for the guilty
  bool open_ended = false;  ///< no answer, or info: it may take effect at any later time
  std::string label;
  std::string why;  ///< the checker's sentence
  std::size_t lane = 0;
  double left = 0;
  double right = 0;
};

struct Tick {
  double x = 0;
  std::string text;
};

struct Band {
  double left = 0;
  double right = 0;
  std::string label;
  bool verified = false;
};

struct ViolationLayout {
  std::vector<Bar> bars;  ///< the order first, then the guilty
  std::vector<std::string> lanes;
  std::vector<Tick> ticks;
  std::vector<Band> bands;
  double width = 0;
  std::size_t left_out = 0;  ///< steps before the first bar that are not shown
};

/// Width of one character of the figure's fixed-width font; labels are measured with it.
inline constexpr double kCharacterWidth = 7.8;
inline constexpr double kGutter = 52;

[[nodiscard]] ViolationLayout lay_out(const History& history, const Witness& witness,
                                      const std::vector<FaultRecord>& faults, std::uint32_t nodes);

/// Characters as the font sees them.
[[nodiscard]] double text_width(std::string_view utf8);

}  // namespace ordeal::report
