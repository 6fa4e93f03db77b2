#include "controller/report/violation_layout.h"

#include "controller/report/wording.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace ordeal::report {
namespace {

constexpr std::size_t kOrderShownMax = 10;
constexpr double kBarPadding = 34;  ///< beside the label: the badge and some air
constexpr double kTail = 46;        ///< how far an open end runs out
constexpr double kTickGap = 12;

struct Event {
  std::size_t position = 0;  ///< in the history
  std::size_t bar = 0;
  bool is_end = false;
};

bool in_history(const History& history, const WitnessStep& step) {
  return step.invoke < history.size() && (!step.complete || *step.complete < history.size());
}

Bar make_bar(const History& history, const WitnessStep& step, std::size_t number) {
  Bar bar;
  bar.invoke = step.invoke;
  bar.complete = step.complete;
  bar.number = number;
  const Op* complete = step.complete ? &history[*step.complete] : nullptr;
  bar.open_ended = complete == nullptr || complete->type == OpType::kInfo;
  bar.label = operation_words(history[step.invoke], complete);
  bar.why = step.text;
  return bar;
}

void collect_bars(const History& history, const Witness& witness, ViolationLayout& layout) {
  const std::size_t total = witness.longest.size();
  layout.left_out = total - std::min(total, kOrderShownMax);
  for (std::size_t i = layout.left_out; i < total; ++i) {
    if (in_history(history, witness.longest[i]))
      layout.bars.push_back(make_bar(history, witness.longest[i], i + 1));
  }
  for (const WitnessStep& step : witness.stuck) {
    if (in_history(history, step)) layout.bars.push_back(make_bar(history, step, 0));
  }
}

void assign_lanes(const History& history, ViolationLayout& layout) {
  std::map<ProcessId, std::size_t> lane_of;
  for (const Bar& bar : layout.bars) lane_of[history[bar.invoke].process] = 0;
  for (auto& [process, lane] : lane_of) {
    lane = layout.lanes.size();
    layout.lanes.push_back(fmt::format("p{}", process));
  }
  for (Bar& bar : layout.bars) bar.lane = lane_of.at(history[bar.invoke].process);
}

std::vector<Event> events_of(const ViolationLayout& layout) {
  std::vector<Event> events;
  for (std::size_t i = 0; i < layout.bars.size(); ++i) {
    const Bar& bar = layout.bars[i];
    events.push_back({bar.invoke, i, false});
    if (bar.complete && !bar.open_ended) events.push_back({*bar.complete, i, true});
  }
  std::sort(events.begin(), events.end(),
            [](const Event& a, const Event& b) { return a.position < b.position; });
  return events;
}

/// A longer wait is drawn wider, but by its order of magnitude alone.
double gap_width(Duration gap) {
  return 16 + 7 * std::log10(1 + static_cast<double>(gap.us()));
}

struct Mark {
  Duration time;
  double x = 0;
};

std::vector<Mark> place_events(const History& history, ViolationLayout& layout) {
  std::vector<Mark> marks;
  double x = kGutter;
  Duration before = layout.bars.empty() ? Duration() : history[events_of(layout).front().position].time;
  for (const Event& event : events_of(layout)) {
    Bar& bar = layout.bars[event.bar];
    const Duration time = history[event.position].time;
    x += gap_width(time - before);
    before = time;
    if (event.is_end) {
      // Room for its label first: whatever happens later moves to the right with it, so the order stays true.
      x = std::max(x, bar.left + text_width(bar.label) + kBarPadding);
      bar.right = x;
    } else {
      bar.left = x;
    }
    marks.push_back({time, x});
  }
  double end = x + 20;
  for (const Bar& bar : layout.bars) {
    if (bar.open_ended)
      end = std::max({end, x + kTail, bar.left + text_width(bar.label) + kBarPadding + kTail});
  }
  for (Bar& bar : layout.bars) {
    if (bar.open_ended) bar.right = end - 12;
  }
  layout.width = end;
  return marks;
}

void place_ticks(const std::vector<Mark>& marks, ViolationLayout& layout) {
  double free_from = 0;
  for (const Mark& mark : marks) {
    const std::string text = moment_words(mark.time);
    const double half = text_width(text) / 2;
    if (mark.x - half < free_from) continue;
    layout.ticks.push_back({mark.x, text});
    free_from = mark.x + half + kTickGap;
  }
  if (!layout.ticks.empty()) {
    layout.width =
        std::max(layout.width, layout.ticks.back().x + text_width(layout.ticks.back().text) / 2 + 4);
  }
}

double position_of(Duration time, const std::vector<Mark>& marks, double left, double right) {
  if (time <= marks.front().time) return time < marks.front().time ? left : marks.front().x;
  if (time >= marks.back().time) return time > marks.back().time ? right : marks.back().x;
  const auto after = std::upper_bound(marks.begin(), marks.end(), time,
                                      [](Duration t, const Mark& mark) { return t < mark.time; });
  const Mark& a = *(after - 1);
  const double part =
      static_cast<double>((time - a.time).ns()) / static_cast<double>((after->time - a.time).ns());
  return a.x + part * (after->x - a.x);
}

void place_bands(const std::vector<Mark>& marks, const std::vector<FaultRecord>& faults, std::uint32_t nodes,
                 ViolationLayout& layout) {
  for (const FaultRecord& fault : faults) {
    const Duration from = fault.from();
    const Duration to = fault.to(marks.back().time + seconds(1));
    if (to < marks.front().time || from > marks.back().time) continue;
    layout.bands.push_back(
        {position_of(from, marks, kGutter, layout.width), position_of(to, marks, kGutter, layout.width),
         fault.kind + " " + describe_targets(fault, nodes) + (fault.began ? "" : " (not verified)"),
         fault.began.has_value()});
    layout.width = std::max(layout.width, kGutter + text_width(layout.bands.back().label) + 20);
  }
}

}  // namespace

double text_width(std::string_view utf8) {
  double characters = 0;
  for (const char c : utf8) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0U) == 0x80U) continue;
    // East Asian characters and emoji are twice as wide in a fixed-width font; their UTF-8 has three bytes or
    // more.
    characters += byte >= 0xE3 ? 2 : 1;
  }
  return characters * kCharacterWidth;
}

ViolationLayout lay_out(const History& history, const Witness& witness,
                        const std::vector<FaultRecord>& faults, std::uint32_t nodes) {
  ViolationLayout layout;
  collect_bars(history, witness, layout);
  if (layout.bars.empty()) return layout;
  assign_lanes(history, layout);
  const std::vector<Mark> marks = place_events(history, layout);
  place_ticks(marks, layout);
  place_bands(marks, faults, nodes, layout);
  return layout;
}

}  // namespace ordeal::report
