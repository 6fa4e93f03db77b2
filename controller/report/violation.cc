#include "controller/report/violation.h"

#include "controller/report/encode.h"
#include "controller/report/violation_layout.h"
#include "controller/report/wording.h"

#include <fmt/format.h>

#include <algorithm>

namespace ordeal::report {
namespace {

constexpr double kLaneHeight = 44;
constexpr double kBarHeight = 28;
constexpr double kBandLabelHeight = 20;
constexpr double kAxisHeight = 26;

struct Frame {
  double top = 0;     ///< of the first lane
  double bottom = 0;  ///< of the last lane
  double height = 0;

  explicit Frame(const ViolationLayout& layout)
      : top(8 + kBandLabelHeight * static_cast<double>(layout.bands.size())),
        bottom(top + kLaneHeight * static_cast<double>(layout.lanes.size())),
        height(bottom + kAxisHeight) {}
  [[nodiscard]] double middle(std::size_t lane) const {
    return top + kLaneHeight * (static_cast<double>(lane) + 0.5);
  }
};

std::string draw_bands(const ViolationLayout& layout, const Frame& frame) {
  std::string svg;
  for (std::size_t i = 0; i < layout.bands.size(); ++i) {
    const Band& band = layout.bands[i];
    const double row = 4 + kBandLabelHeight * static_cast<double>(i);
    const double text_left =
        std::max(kGutter, std::min(band.left, layout.width - text_width(band.label) - 12));
    svg += fmt::format(R"(<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>)"
                       R"(<text class="band-label" x="{:.1f}" y="{:.1f}">{}</text>)",
                       band.verified ? "band" : "band unverified", band.left, row,
                       std::max(2.0, band.right - band.left), frame.bottom - row, text_left + 6, row + 14,
                       escape_html(band.label));
  }
  return svg;
}

std::string draw_lanes(const ViolationLayout& layout, const Frame& frame) {
  std::string svg;
  for (std::size_t i = 0; i < layout.lanes.size(); ++i) {
    svg += fmt::format(R"(<text class="lane-label" x="4" y="{0:.1f}">{1}</text>)"
                       R"(<line class="lane" x1="{2}" x2="{3:.1f}" y1="{4:.1f}" y2="{4:.1f}"/>)",
                       frame.middle(i) + 4.5, escape_html(layout.lanes[i]), kGutter - 8, layout.width,
                       frame.middle(i));
  }
  return svg;
}

std::string bar_path(const Bar& bar, double top) {
  if (!bar.open_ended) {
    return fmt::format(R"(<rect class="shape" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{}" rx="4"/>)",
                       bar.left, top, bar.right - bar.left, kBarHeight);
  }
  // No right edge: the operation has no known end.
  return fmt::format(R"(<path class="shape open" d="M{0:.1f} {1:.1f}H{2:.1f}V{3:.1f}H{0:.1f}"/>)", bar.right,
                     top, bar.left, top + kBarHeight);
}

std::string draw_bars(const History& history, const ViolationLayout& layout, const Frame& frame) {
  std::string svg;
  for (const Bar& bar : layout.bars) {
    const double middle = frame.middle(bar.lane);
    const std::string badge = bar.number == 0 ? "✗" : fmt::format("{}", bar.number);
    const std::string title = fmt::format(
        "{} {}, from {} to {}", layout.lanes[bar.lane], bar.label, moment_words(history[bar.invoke].time),
        bar.complete ? moment_words(history[*bar.complete].time) : "the end, without an answer");
    svg += fmt::format(
        R"(<g class="bar {}"><title>{}</title>{}<circle cx="{:.1f}" cy="{:.1f}" r="9"/>)"
        R"(<text class="badge" x="{:.1f}" y="{:.1f}">{}</text><text class="bar-label" x="{:.1f}" y="{:.1f}">{}</text></g>)",
        bar.number == 0 ? "guilty" : "ordered", escape_html(title), bar_path(bar, middle - kBarHeight / 2),
        bar.left + 14, middle, bar.left + 14, middle + 4, badge, bar.left + 27, middle + 4.5,
        escape_html(bar.label));
  }
  return svg;
}

/// The last operation of the order that had its answer before this one was invoked: it must come first.
const Bar* latest_before(const History& history, const ViolationLayout& layout, const Bar& guilty) {
  const Bar* latest = nullptr;
  for (const Bar& bar : layout.bars) {
    if (bar.number == 0 || bar.open_ended || *bar.complete > guilty.invoke) continue;
    if (latest == nullptr || history[*bar.complete].time >= history[*latest->complete].time) latest = &bar;
  }
  return latest;
}

std::string draw_arrows(const History& history, const ViolationLayout& layout, const Frame& frame,
                        std::size_t id) {
  std::string svg;
  for (const Bar& bar : layout.bars) {
    if (bar.number != 0) continue;
    const Bar* before = latest_before(history, layout, bar);
    if (before == nullptr) continue;
    const double y1 = frame.middle(before->lane);
    const double y2 = frame.middle(bar.lane);
    const double bend = std::max(10.0, (bar.left - before->right) / 2);
    svg += fmt::format(
        R"svg(<path class="arrow" marker-end="url(#arrow{})" d="M{:.1f} {:.1f}C{:.1f} {:.1f} {:.1f} {:.1f} {:.1f} {:.1f}"/>)svg",
        id, before->right, y1, before->right + bend, y1, bar.left - bend - 6, y2, bar.left - 4, y2);
  }
  return svg;
}

std::string draw_axis(const ViolationLayout& layout, const Frame& frame) {
  std::string svg;
  for (const Tick& tick : layout.ticks) {
    svg += fmt::format(R"(<line class="tick" x1="{0:.1f}" x2="{0:.1f}" y1="{1:.1f}" y2="{2:.1f}"/>)"
                       R"(<text class="tick-label" x="{0:.1f}" y="{3:.1f}">{4}</text>)",
                       tick.x, frame.top, frame.bottom + 4, frame.bottom + 19, tick.text);
  }
  return svg;
}

std::string figure(const History& history, const ViolationLayout& layout, std::size_t id) {
  const Frame frame(layout);
  return fmt::format(
      R"(<p class="hint">The drawing scrolls sideways.</p><div class="scroll" tabindex="0" role="group" aria-label="Drawing of the violation; scrolls sideways">)"
      R"(<svg class="violation" data-testid="violation-figure" role="img" aria-labelledby="violation-title{0}" )"
      R"(width="{1:.0f}" height="{2:.0f}" viewBox="0 0 {1:.0f} {2:.0f}">)"
      R"(<title id="violation-title{0}">Operations as bars, one lane per process, time from left to right; )"
      R"(the list below says the same in words</title>)"
      R"(<defs><marker id="arrow{0}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">)"
      R"(<path class="arrow-head" d="M0 0L8 4L0 8z"/></marker></defs>{3}{4}{5}{6}{7}</svg></div>)",
      id, layout.width, frame.height, draw_bands(layout, frame), draw_axis(layout, frame),
      draw_lanes(layout, frame), draw_arrows(history, layout, frame, id), draw_bars(history, layout, frame));
}

std::string step_html(const History& history, const ViolationLayout& layout, const Bar& bar) {
  const Op& invoke = history[bar.invoke];
  const Op* complete = bar.complete ? &history[*bar.complete] : nullptr;
  const NodeId node = complete != nullptr && complete->node != kNoNode ? complete->node : invoke.node;
  const std::string end = complete == nullptr ? "no answer" : moment_words(complete->time);
  return fmt::format(R"(<strong>{}</strong> <code>{}</code> <span class="when">{} – {}{}</span>)",
                     escape_html(layout.lanes[bar.lane]), escape_html(bar.label), moment_words(invoke.time),
                     end, node == kNoNode ? "" : ", " + node_name(node));
}

std::string sentence(std::string_view text) {
  return text.empty() ? "" : "<br>" + escape_html(text);
}

std::string order_html(const History& history, const ViolationLayout& layout) {
  std::string items;
  std::size_t first = 0;
  for (const Bar& bar : layout.bars) {
    if (bar.number == 0) continue;
    if (first == 0) first = bar.number;
    items += fmt::format("<li>{}{}</li>", step_html(history, layout, bar), sentence(bar.why));
  }
  if (items.empty()) return "<p>No operation can come first.</p>";
  const std::string before =
      layout.left_out == 0 ? ""
                           : fmt::format(" ({} before them are not shown)", count_words(layout.left_out));
  return fmt::format(R"(<p>The longest order that agrees with every answer ends with these operations{}:</p>)"
                     R"(<ol class="order" start="{}">{}</ol>)",
                     before, first, items);
}

std::string stuck_html(const History& history, const ViolationLayout& layout) {
  std::string items;
  for (const Bar& bar : layout.bars) {
    if (bar.number != 0) continue;
    std::string real_time;
    if (const Bar* before = latest_before(history, layout, bar); before != nullptr) {
      real_time = fmt::format(
          "<br><span class=\"when\">It began {} after operation {} had been answered, so it must come "
          "after that one.</span>",
          length_words(history[bar.invoke].time - history[*before->complete].time), before->number);
    }
    items += fmt::format(R"(<li data-testid="guilty">{}{}{}</li>)", step_html(history, layout, bar),
                         sentence(bar.why), real_time);
  }
  return items.empty() ? ""
                       : "<p>One of these would have to come next, and none can:</p><ul class=\"stuck\">" +
                             items + "</ul>";
}

void collect(const std::vector<WitnessStep>& steps, std::set<std::size_t>& invokes) {
  for (const WitnessStep& step : steps) invokes.insert(step.invoke);
}

}  // namespace

std::string violation_html(const History& history, const Witness& witness,
                           const std::vector<FaultRecord>& faults, std::uint32_t nodes, std::size_t id) {
  const ViolationLayout layout = lay_out(history, witness, faults, nodes);
  const std::string key = witness.key.is_nil() ? ""
                                               : fmt::format("<h3>Key <code>{}</code></h3>",
                                                             escape_html(value_words(witness.key)));
  const std::string drawing = layout.bars.empty() ? "" : figure(history, layout, id);
  const std::string state =
      witness.state.empty()
          ? ""
          : fmt::format(R"(<p class="state">State after that order: <code data-testid="state">{}</code></p>)",
                        escape_html(witness.state));
  return fmt::format(R"(<article class="witness">{}{}{}{}{}</article>)", key, drawing,
                     order_html(history, layout), state, stuck_html(history, layout));
}

std::set<std::size_t> witness_invokes(const std::vector<Finding>& findings) {
  std::set<std::size_t> invokes = guilty_invokes(findings);
  for (const Finding& finding : findings) {
    for (const Witness& witness : finding.witnesses) collect(witness.longest, invokes);
  }
  return invokes;
}

std::set<std::size_t> guilty_invokes(const std::vector<Finding>& findings) {
  std::set<std::size_t> invokes;
  for (const Finding& finding : findings) {
    for (const Witness& witness : finding.witnesses) collect(witness.stuck, invokes);
  }
  return invokes;
}

}  // namespace ordeal::report
