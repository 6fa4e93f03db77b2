#include "sim/storyboard_drawing.h"

#include "common/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace ordeal::sim {
namespace {

using RowKind = StoryRow::Kind;
using Part = StoryRow::Part;
using Span = StorySpan::Kind;

constexpr std::int64_t kRowHeight = 18;
constexpr std::int64_t kLineHeight = 16;
constexpr std::int64_t kMargin = 12;
constexpr std::int64_t kTimeRight = 80;
constexpr std::int64_t kBarWidth = 8;  ///< of one fault or operation
constexpr std::int64_t kClientWidth = 290;
constexpr std::int64_t kNodeWidth = 200;
constexpr double kCharacterWidth = 6.7;
constexpr std::size_t kClientTextMax = 42;
constexpr std::size_t kNodeTextMax = 30;

constexpr std::string_view kInk = "#24292f";
constexpr std::string_view kMuted = "#57606a";
constexpr std::string_view kLine = "#8c959f";
constexpr std::string_view kDownLine = R"(stroke-dasharray="2 4")";
constexpr std::string_view kRed = "#cf222e";
constexpr std::string_view kGreen = "#1a7f37";
constexpr std::string_view kOrange = "#bc4c00";
constexpr std::string_view kBlue = "#0969da";

struct Family {
  std::string_view id;
  std::string_view color;
  std::string_view words;
};
constexpr std::array kFamilies = {Family{"vote", "#8250df", "votes"}, Family{"append", kBlue, "log entries"},
                                  Family{"snapshot", "#0f766e", "snapshots"},
                                  Family{"other", "#6e7781", "other messages"},
                                  Family{"heartbeat", "#b6bec7", "heartbeats"}};

const Family& family_of(std::string_view kind) {
  const auto has = [&](std::string_view part) { return kind.find(part) != std::string_view::npos; };
  if (has("vote") || kind == "timeout-now") return kFamilies[0];
  if (has("append")) return kFamilies[1];
  if (has("heartbeat") || kind == "commit-notice") return kFamilies[4];
  return has("snapshot") ? kFamilies[2] : kFamilies[3];
}

std::string_view color_of_event(std::string_view name) {
  if (name == "became-leader") return kGreen;
  for (const std::string_view bad : {"stepped-down", "process-ended", "data-refused", "log-cut", "stops"}) {
    if (name == bad) return kRed;
  }
  return name == "commit" ? kBlue : kMuted;
}

std::string_view color_of(Part part) {
  if (part == Part::kNone) return kInk;
  return part == Part::kGuilty ? kRed : kBlue;
}

/// Values may be any bytes.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else
      out += byte < 0x20 || byte > 0x7E ? '?' : c;
  }
  return out;
}

std::string shortened(std::string text, std::size_t size_max) {
  if (text.size() <= size_max) return text;
  text.resize(size_max - 3);
  return text + "...";
}

std::vector<std::string> wrapped(std::string_view text, std::int64_t width) {
  const auto size_max = static_cast<std::size_t>(static_cast<double>(width) / kCharacterWidth);
  std::vector<std::string> lines;
  while (text.size() > size_max) {
    const std::size_t space = text.rfind(' ', size_max);
    const bool breaks = space != std::string_view::npos && space > 0;
    lines.emplace_back(text.substr(0, breaks ? space : size_max));
    text.remove_prefix(breaks ? space + 1 : size_max);
  }
  lines.emplace_back(text);
  return lines;
}

/// Not on the line of a node between them, whose message it would seem to be.
std::int64_t part_of_way(std::int64_t from, std::int64_t to) {
  return from + (to - from) * 38 / 100;
}

std::string moment(MonotonicTime at) {
  return fmt::format("{:.3f} s", (at - MonotonicTime()).seconds());
}

std::string count(std::uint64_t number, std::string_view what) {
  return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
}

/// The most frequent ones.
std::string listed(const StoryCounts& counts) {
  constexpr std::size_t kListedMax = 8;
  std::vector<std::pair<std::uint64_t, std::string_view>> sorted;
  for (const auto& [name, number] : counts) sorted.emplace_back(number, name);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::string text;
  std::uint64_t others = 0;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    if (i >= kListedMax)
      others += sorted[i].first;
    else
      text += fmt::format("{}{} {}", i == 0 ? "" : ", ", sorted[i].first, sorted[i].second);
  }
  return others == 0 ? text : fmt::format("{}, {} others", text, others);
}

std::string titled(std::string_view text) {
  return text.empty() ? "" : fmt::format("<title>{}</title>", escaped(text));
}

bool is_seen(const StoryFigure& figure, const StorySpan& span) {
  const bool over = span.end && *span.end < figure.rows.front().order;
  return !over && span.begin <= figure.rows.back().order;
}

struct Sign {
  std::string glyph;
  std::string_view words;
};

/// What the legend explains: all lines, and what else there is in this figure.
std::vector<Sign> signs_of(const StoryFigure& figure) {
  std::vector<Sign> signs;
  const auto line = [](std::string_view color, std::string_view how) {
    return fmt::format(R"(<line x1="0" y1="0" x2="24" y2="0" stroke="{}" {}/>)", color, how);
  };
  const auto block = [](std::string_view color, std::string_view opacity) {
    return fmt::format(R"(<rect x="2" y="-4" width="20" height="8" fill="{}" fill-opacity="{}"/>)", color,
                       opacity);
  };
  const auto has = [&](Span kind, Part part) {
    return std::any_of(figure.spans.begin(), figure.spans.end(), [&](const StorySpan& span) {
      return span.kind == kind && span.part == part && is_seen(figure, span);
    });
  };
  for (const Family& family : kFamilies)
    signs.push_back(
        {line(family.color, fmt::format(R"svg(marker-end="url(#story-{})")svg", family.id)), family.words});
  signs.push_back(
      {R"(<path d="M0 0H18m-4 -4l8 8m0 -8l-8 8" stroke="#6e7781" stroke-dasharray="3 2"/>)", "lost"});
  signs.push_back(
      {R"(<path d="M0 0H18" stroke="#6e7781" stroke-dasharray="3 2"/><circle cx="21" cy="0" r="3" stroke="#6e7781" fill="none"/>)",
       "still under way"});
  signs.push_back({line(kGreen, R"(stroke-width="5" stroke-opacity="0.6")"), "leads"});
  if (has(Span::kDown, Part::kNone)) signs.push_back({line(kInk, kDownLine), "down"});
  if (has(Span::kPaused, Part::kNone))
    signs.push_back({line(kOrange, R"(stroke-width="11" stroke-opacity="0.3")"), "paused"});
  if (has(Span::kFault, Part::kNone)) signs.push_back({block(kOrange, "0.45"), "fault"});
  if (has(Span::kOperation, Part::kGuilty)) signs.push_back({block(kRed, "1"), "guilty operation"});
  if (has(Span::kOperation, Part::kNamed)) signs.push_back({block(kBlue, "1"), "operation before it"});
  return signs;
}

class Drawing {
 public:
  explicit Drawing(const StoryFigure& figure) : figure_(figure) {
    place_lanes();
    width_ = x_of(NodeId(figure_.nodes)) + kNodeWidth;
  }

  std::string draw() {
    std::string head = heading();
    head += legend();
    place_rows();
    const std::vector<std::string> end = end_lines();
    height_ = bottom_ + kMargin + static_cast<std::int64_t>(end.size()) * kLineHeight;
    std::string svg = opening() + head + columns();
    for (const StorySpan& span : figure_.spans) svg += drawn(span);
    for (const auto& [row, number] : figure_.gaps) svg += gap(row, number);
    for (std::size_t i = 0; i < figure_.rows.size(); ++i) svg += arrow(i);
    // A white rim keeps words readable where lines cross them.
    svg += R"(<g paint-order="stroke" stroke="#ffffff" stroke-width="3" stroke-linejoin="round">)";
    svg += times();
    for (std::size_t i = 0; i < figure_.rows.size(); ++i) svg += label(i);
    svg += "</g>";
    for (std::size_t i = 0; i < end.size(); ++i)
      svg += text(kMargin, bottom_ + kLineHeight * (static_cast<std::int64_t>(i) + 1) - 1, kRed, "start",
                  end[i], "", /*bold=*/true);
    return svg + "</svg>";
  }

 private:
  // --- Places

  [[nodiscard]] std::int64_t x_of(NodeId node) const {
    return clients_ + kClientWidth + static_cast<std::int64_t>(node.value() - 1) * kNodeWidth + 20;
  }
  /// Of the first row that is not before it.
  [[nodiscard]] std::int64_t y_of(std::uint64_t order) const {
    const auto row = std::lower_bound(figure_.rows.begin(), figure_.rows.end(), order,
                                      [](const StoryRow& a, std::uint64_t b) { return a.order < b; });
    return row == figure_.rows.end() ? bottom_ : ys_[static_cast<std::size_t>(row - figure_.rows.begin())];
  }
  [[nodiscard]] bool before_first(std::uint64_t order) const { return order < figure_.rows.front().order; }
  [[nodiscard]] bool ends_badly() const { return figure_.rows.back().kind == RowKind::kEnd; }

  /// Faults and operations that overlap stand side by side.
  void place_lanes() {
    std::map<Span, std::vector<std::uint64_t>> lanes;  // of each lane where it is free again
    for (std::size_t i = 0; i < figure_.spans.size(); ++i) {
      const StorySpan& span = figure_.spans[i];
      if ((span.kind != Span::kFault && span.kind != Span::kOperation) || !is_seen(figure_, span)) continue;
      std::vector<std::uint64_t>& taken = lanes[span.kind];
      const auto free =
          std::find_if(taken.begin(), taken.end(), [&](std::uint64_t until) { return until <= span.begin; });
      lanes_[i] = free - taken.begin();
      if (free == taken.end()) taken.push_back(0);
      taken[static_cast<std::size_t>(lanes_[i])] = span.end.value_or(UINT64_MAX);
    }
    faults_ = kTimeRight + kMargin;
    operations_ = faults_ + static_cast<std::int64_t>(lanes[Span::kFault].size()) * kBarWidth + 2;
    clients_ = operations_ + static_cast<std::int64_t>(lanes[Span::kOperation].size()) * kBarWidth + 4;
  }

  void place_rows() {
    std::int64_t y = top_;
    for (std::size_t i = 0; i < figure_.rows.size(); ++i) {
      y += figure_.gaps.contains(i) ? 2 * kRowHeight : kRowHeight;
      ys_.push_back(y);
    }
    bottom_ = ends_badly() ? y : y + kRowHeight;
    if (figure_.gaps.contains(figure_.rows.size())) bottom_ += kRowHeight;
  }

  // --- What stands above

  std::string line_of_text(std::string_view words, std::string_view color = kMuted) {
    std::string svg;
    for (const std::string& line : wrapped(words, width_ - 2 * kMargin)) {
      top_ += kLineHeight;
      svg += text(kMargin, top_, color, "start", line);
    }
    return svg;
  }

  std::string heading() {
    const auto& rows = figure_.rows;
    const std::uint64_t drawn = rows.size() - (ends_badly() ? 1 : 0);
    std::uint64_t left_out = 0;
    for (const auto& [name, number] : figure_.left_out) left_out += number;
    std::string svg =
        line_of_text(fmt::format("{} to {} of the run, a row for each thing that happened.",
                                 moment(std::min(figure_.from, rows.front().at)), moment(rows.back().at)),
                     kInk);
    if (left_out > 0)
      svg += line_of_text(fmt::format("{} of {} are drawn; left out: {}.", drawn,
                                      count(drawn + left_out, "row"), listed(figure_.left_out)));
    if (figure_.not_held > 0)
      svg += line_of_text(fmt::format("Before them there were {} more.", count(figure_.not_held, "row")));
    for (const StorySpan& span : figure_.spans) {
      if (span.kind != Span::kFault || !is_seen(figure_, span) || !before_first(span.begin)) continue;
      svg += line_of_text(fmt::format("In force at the first row, since {}: {}", moment(span.at), span.text),
                          kOrange);
    }
    return svg;
  }

  std::string legend() {
    std::string svg;
    std::int64_t x = kMargin;
    top_ += kLineHeight + 4;
    for (const Sign& sign : signs_of(figure_)) {
      const auto length =
          static_cast<std::int64_t>(static_cast<double>(sign.words.size()) * kCharacterWidth) + 48;
      if (x + length > width_) {
        x = kMargin;
        top_ += kLineHeight;
      }
      svg += fmt::format(R"svg(<g transform="translate({} {})">{}</g>)svg", x, top_ - 4, sign.glyph) +
             text(x + 30, top_, kMuted, "start", sign.words);
      x += length;
    }
    top_ += 2 * kLineHeight;
    return svg;
  }

  std::string opening() const {
    std::string svg = fmt::format(
        R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {1}" width="{0}" height="{1}" font-family="ui-monospace, 'DejaVu Sans Mono', monospace" font-size="11" role="img" aria-label="Messages between the nodes"><defs>)",
        width_, height_);
    const auto head = [&](std::string_view id, std::string_view color) {
      svg += fmt::format(
          R"svg(<marker id="story-{}" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="{}"/></marker>)svg",
          id, color);
    };
    for (const Family& family : kFamilies) head(family.id, family.color);
    head("guilty", kRed);
    head("named", kBlue);
    return svg + fmt::format(R"(</defs><rect width="{}" height="{}" fill="#ffffff"/>)", width_, height_);
  }

  std::string columns() const {
    std::string svg = text(kTimeRight, top_, kInk, "end", "time", "", /*bold=*/true) +
                      text(clients_, top_, kInk, "start", "clients and faults", "", /*bold=*/true);
    for (std::uint32_t n = 1; n <= figure_.nodes; ++n) {
      const std::int64_t x = x_of(NodeId(n));
      svg += text(x, top_, kInk, "middle", node_name(NodeId(n)), "", /*bold=*/true);
      svg += fmt::format(R"(<line x1="{0}" y1="{1}" x2="{0}" y2="{2}" stroke="{3}" stroke-width="1.5"/>)", x,
                         top_ + 6, bottom_, kLine);
    }
    return svg;
  }

  // --- What lasts

  std::string drawn(const StorySpan& span) const {
    if (!is_seen(figure_, span)) return {};
    const std::int64_t from = before_first(span.begin) ? top_ + 6 : y_of(span.begin);
    const std::int64_t to = span.end ? y_of(*span.end) : bottom_;
    const std::int64_t length = std::max<std::int64_t>(to - from, 4);
    const auto bar = [&](std::int64_t left, std::string_view color, std::string_view opacity) {
      return fmt::format(
          R"(<rect x="{}" y="{}" width="{}" height="{}" fill="{}" fill-opacity="{}">{}</rect>)", left, from,
          kBarWidth - 2, length, color, opacity, titled(span.text));
    };
    const auto lane = lanes_.find(static_cast<std::size_t>(&span - figure_.spans.data()));
    const std::int64_t aside = lane == lanes_.end() ? 0 : lane->second * kBarWidth;
    switch (span.kind) {
      case Span::kFault:
        return bar(faults_ + aside, kOrange, "0.45");
      case Span::kOperation:
        return bar(operations_ + aside, color_of(span.part), "1");
      case Span::kLeads:
        return fmt::format(
                   R"(<line x1="{0}" y1="{1}" x2="{0}" y2="{2}" stroke="{3}" stroke-width="5" stroke-opacity="0.6">{4}</line>)",
                   x_of(span.node), from, from + length, kGreen, titled(span.text)) +
               (before_first(span.begin)
                    ? text(x_of(span.node) + 12, top_, kGreen, "start",
                           span.text.substr(std::min(span.text.size(), span.text.find(' ') + 1)))
                    : "");
      case Span::kPaused:
        return fmt::format(
            R"(<line x1="{0}" y1="{1}" x2="{0}" y2="{2}" stroke="{3}" stroke-width="11" stroke-opacity="0.3">{4}</line>)",
            x_of(span.node), from, from + length, kOrange, titled(node_name(span.node) + " is paused"));
      case Span::kDown:
        return fmt::format(
            R"(<line x1="{0}" y1="{1}" x2="{0}" y2="{2}" stroke="#ffffff" stroke-width="4"/><line x1="{0}" y1="{1}" x2="{0}" y2="{2}" stroke="{3}" {4}/>)",
            x_of(span.node), from, from + length, kInk, kDownLine);
    }
    return {};
  }

  std::string gap(std::size_t row, std::uint64_t number) const {
    const std::int64_t y = (row < ys_.size() ? ys_[row] : bottom_) - kRowHeight;
    return fmt::format(
               R"(<line x1="{}" y1="{}" x2="{}" y2="{}" stroke="{}" stroke-dasharray="8 6" stroke-opacity="0.6"/>)",
               kMargin, y, width_ - kMargin, y, kLine) +
           fmt::format(R"(<rect x="{}" y="{}" width="{}" height="14" fill="#ffffff"/>)", clients_ - 3, y - 7,
                       kClientWidth - 30) +
           text(clients_, y + 4, kMuted, "start", fmt::format("... {} left out ...", count(number, "row")));
  }

  // --- Rows

  std::string arrow(std::size_t number) const {
    const StoryRow& row = figure_.rows[number];
    const std::int64_t y = ys_[number];
    if (row.kind == RowKind::kOperation) return request(row, y);
    if (row.kind == RowKind::kSend)
      return is_over(row.message) ? "" : dashed(row, y, row.text + ": still under way");
    if (row.kind != RowKind::kArrival && row.kind != RowKind::kLoss) return {};
    const auto send = figure_.sends.find(row.message);
    if (send == figure_.sends.end()) return {};
    const StoryRow& sent = send->second;
    const std::int64_t from = before_first(sent.order) ? top_ + 6 : y_of(sent.order);
    const std::int64_t x1 = x_of(sent.link.from);
    const std::int64_t x2 = x_of(sent.link.to);
    const Family& family = family_of(sent.name);
    const std::string title = fmt::format("{}; sent at {}", sent.text, moment(sent.at));
    if (row.kind == RowKind::kArrival)
      return fmt::format(
          R"svg(<line x1="{}" y1="{}" x2="{}" y2="{}" stroke="{}" marker-end="url(#story-{})">{}</line>)svg",
          x1, from, x2, y, family.color, family.id,
          titled(fmt::format("{}, arrived at {}", title, moment(row.at))));
    // Lost when it was sent: on its way. Else where it would have arrived.
    const std::int64_t x = sent.at == row.at ? part_of_way(x1, x2) : x2 + (x1 < x2 ? -8 : 8);
    return fmt::format(R"(<path d="M{} {}L{} {}" stroke="{}" stroke-dasharray="4 3" fill="none">{}</path>)",
                       x1, from, x, y, family.color, titled(fmt::format("{}, lost: {}", title, row.text))) +
           fmt::format(R"(<path d="M{} {}l8 8m0 -8l-8 8" stroke="{}" stroke-width="1.5" fill="none"/>)",
                       x - 4, y - 4, family.color);
  }

  /// Whether it is drawn what became of it.
  [[nodiscard]] bool is_over(std::uint64_t message) const {
    return std::any_of(figure_.rows.begin(), figure_.rows.end(), [&](const StoryRow& row) {
      return row.message == message && (row.kind == RowKind::kArrival || row.kind == RowKind::kLoss);
    });
  }

  std::string dashed(const StoryRow& sent, std::int64_t y, std::string_view title) const {
    const std::int64_t x1 = x_of(sent.link.from);
    const std::int64_t x = part_of_way(x1, x_of(sent.link.to));
    const Family& family = family_of(sent.name);
    return fmt::format(
        R"(<path d="M{0} {1}L{2} {3}" stroke="{4}" stroke-dasharray="4 3" fill="none">{5}</path><circle cx="{2}" cy="{3}" r="3" stroke="{4}" fill="#ffffff"/>)",
        x1, y, x, y + kRowHeight / 2, family.color, titled(title));
  }

  /// Of an operation that the finding names: whom the client asked, who answered.
  std::string request(const StoryRow& row, std::int64_t y) const {
    if (row.part == Part::kNone || row.link.to == kNoNode) return {};
    std::int64_t from = clients_ + kClientWidth - 14;
    std::int64_t to = x_of(row.link.to);
    if (row.completes) std::swap(from, to);
    return fmt::format(
        R"svg(<line x1="{}" y1="{}" x2="{}" y2="{}" stroke="{}" stroke-dasharray="1 3" stroke-width="1.5" marker-end="url(#story-{})"/>)svg",
        from, y, to, y, color_of(row.part), row.part == Part::kGuilty ? "guilty" : "named");
  }

  std::string times() const {
    std::string svg;
    MonotonicTime last;
    for (std::size_t i = 0; i < figure_.rows.size(); ++i) {
      const StoryRow& row = figure_.rows[i];
      if (row.kind == RowKind::kEnd || (i > 0 && row.at - last < milliseconds(1))) continue;
      last = row.at;
      svg += text(kTimeRight, ys_[i] + 4, kMuted, "end", moment(row.at), to_text(row.at - MonotonicTime()));
    }
    return svg;
  }

  std::string label(std::size_t number) const {
    const StoryRow& row = figure_.rows[number];
    const std::int64_t y = ys_[number];
    switch (row.kind) {
      case RowKind::kSend: {
        if (row.rank == StoryRow::Rank::kHeartbeat) return {};  // Their color says it.
        const bool right = row.link.to > row.link.from;
        return text(x_of(row.link.from) + (right ? 7 : -7), y - 1, family_of(row.name).color,
                    right ? "start" : "end", shortened(row.label, kNodeTextMax), row.text);
      }
      case RowKind::kArrival:
      case RowKind::kLoss:
        return {};
      case RowKind::kEvent: {
        const std::string_view color = color_of_event(row.name);
        return fmt::format(R"(<circle cx="{}" cy="{}" r="4.5" fill="{}" stroke="#ffffff" stroke-width="1"/>)",
                           x_of(row.link.to), y, color) +
               text(x_of(row.link.to) + 9, y + 4, color, "start", shortened(row.label, kNodeTextMax),
                    row.text);
      }
      case RowKind::kOperation:
        return text(clients_, y + 4, color_of(row.part), "start", shortened(row.label, kClientTextMax),
                    row.text, row.part != Part::kNone);
      case RowKind::kFault:
        return text(clients_, y + 4, kOrange, "start", shortened(row.label, kClientTextMax), row.text);
      case RowKind::kEnd:
        return fmt::format(R"(<line x1="0" y1="{0}" x2="{1}" y2="{0}" stroke="{2}" stroke-width="2"/>)",
                           bottom_, width_, kRed);
    }
    return {};
  }

  std::vector<std::string> end_lines() const {
    if (!ends_badly()) return {};
    const StoryRow& end = figure_.rows.back();
    return wrapped(fmt::format("{}  {}", moment(end.at), end.text), width_ - 2 * kMargin - 30);
  }

  static std::string text(std::int64_t x, std::int64_t y, std::string_view color, std::string_view anchor,
                          std::string_view shown, std::string_view whole = "", bool bold = false) {
    return fmt::format(R"(<text x="{}" y="{}" fill="{}" text-anchor="{}"{}>{}{}</text>)", x, y, color, anchor,
                       bold ? R"( font-weight="bold")" : "", escaped(shown), titled(whole));
  }

  const StoryFigure& figure_;
  std::map<std::size_t, std::int64_t> lanes_;  ///< index of a span -> which place beside others
  std::int64_t faults_ = 0;                    ///< left edges
  std::int64_t operations_ = 0;
  std::int64_t clients_ = 0;
  std::int64_t width_ = 0;
  std::int64_t height_ = 0;
  std::int64_t top_ = 4;  ///< grows while what stands above the rows is written
  std::int64_t bottom_ = 0;
  std::vector<std::int64_t> ys_;  ///< of the rows
};

}  // namespace

std::string draw_figure(const StoryFigure& figure) {
  ORDEAL_CHECK(!figure.rows.empty());
  return Drawing(figure).draw();
}

}  // namespace ordeal::sim
