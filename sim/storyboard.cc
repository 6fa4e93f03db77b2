#include "sim/storyboard.h"

#include "node/raft/message.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace ordeal::sim {
namespace {

constexpr std::int64_t kRowHeight = 18;
constexpr std::int64_t kTop = 46;
constexpr std::int64_t kTimeWidth = 92;
constexpr std::int64_t kClientWidth = 250;
constexpr std::int64_t kNodeWidth = 190;
constexpr std::size_t kTextMax = 44;

/// Heartbeats and what only repeats the commit index would hide everything else.
bool is_chatter(std::string_view kind) {
  return kind == "heartbeat" || kind == "heartbeat-reply" || kind == "commit-notice";
}

std::string_view color_of(std::string_view kind) {
  if (kind.find("vote") != std::string_view::npos || kind == "timeout-now") return "#8250df";
  if (kind.find("snapshot") != std::string_view::npos) return "#1a7f37";
  if (kind.find("append") != std::string_view::npos) return "#0969da";
  return "#6e7781";
}

std::string_view color_of_event(std::string_view name) {
  if (name == "became-leader") return "#1a7f37";
  if (name == "stepped-down" || name == "process-ended" || name == "data-refused" || name == "log-cut")
    return "#cf222e";
  return "#57606a";
}

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
      out += byte < 0x20 || byte > 0x7E ? '?' : c;  // Values may be any bytes.
  }
  return out;
}

std::string shortened(std::string text) {
  if (text.size() <= kTextMax) return text;
  text.resize(kTextMax - 3);
  return text + "...";
}

std::int64_t y_of(std::size_t row) {
  return kTop + static_cast<std::int64_t>(row) * kRowHeight;
}

std::string text_at(std::int64_t x, std::int64_t y, std::string_view color, std::string_view anchor,
                    std::string_view shown, std::string_view whole) {
  return fmt::format(R"(<text x="{}" y="{}" fill="{}" text-anchor="{}">{}<title>{}</title></text>)", x, y,
                     color, anchor, escaped(shown), escaped(whole));
}

}  // namespace

void Storyboard::add(Row row) {
  rows_.push_back(std::move(row));
  if (rows_.size() > rows_max_) rows_.pop_front();
}

void Storyboard::sent(MonotonicTime at, Cut link, std::uint64_t message, const Bytes& payload) {
  const auto decoded = raft::decode_message(payload);
  if (!decoded) return;
  const std::string_view kind = raft::kind_name(decoded->body);
  if (is_chatter(kind)) return;
  add({Kind::kSend, at, link, message, std::string(kind),
       fmt::format("{} (term {}): {}", kind, decoded->term, raft::to_text(decoded->body))});
}

void Storyboard::arrived(MonotonicTime at, Cut link, std::uint64_t message) {
  const bool known = std::any_of(rows_.begin(), rows_.end(), [&](const Row& row) {
    return row.kind == Kind::kSend && row.message == message;
  });
  if (known) add({Kind::kArrival, at, link, message, {}, {}});
}

void Storyboard::happened(MonotonicTime at, NodeId node, const Event& event) {
  add({Kind::kEvent, at, {node, node}, 0, event.name, event.text});
}

void Storyboard::operation(MonotonicTime at, const Op& op) {
  const bool fault = op.process == kNemesisProcess;
  std::string text = fault ? op.f : fmt::format("p{} {} {}", op.process, op.f, to_text(op.key));
  if (!op.value.is_nil() && !fault) text += " " + to_text(op.value);
  text += op.type == OpType::kInvoke ? "" : fmt::format(" {}", to_text(op.type));
  if (fault) {
    for (const char* member : {"nodes", "node", "cuts", "links", "voters"}) {
      if (const Value* whom = op.value.find(member)) text += " " + to_text(*whom);
    }
  }
  add({fault ? Kind::kFault : Kind::kOperation, at, {op.node, op.node}, 0, op.f, std::move(text)});
}

void Storyboard::broke(MonotonicTime at, std::string why) {
  add({Kind::kEnd, at, {}, 0, "broken", std::move(why)});
}

// --- Drawing ----------------------------------------------------------------------------------------------

std::int64_t Storyboard::x_of(NodeId node) const {
  return kTimeWidth + kClientWidth + static_cast<std::int64_t>(node.value() - 1) * kNodeWidth + 20;
}

std::string Storyboard::arrow(const Row& row, std::size_t from, std::size_t to, bool arrives) const {
  const std::int64_t x1 = x_of(row.link.from);
  const std::int64_t x2 = x_of(row.link.to);
  const std::int64_t y1 = y_of(from);
  const std::int64_t y2 = y_of(to);
  const std::string_view color = color_of(row.name);
  if (!arrives) {
    // Half way, and a cross: nobody saw it.
    const std::int64_t x = (x1 + x2) / 2;
    const std::int64_t y = y1 + kRowHeight / 2;
    return fmt::format(
        R"(<path d="M{0} {1}L{2} {3}M{4} {5}l8 8m0 -8l-8 8" stroke="{6}" stroke-dasharray="3 3" fill="none"><title>{7}: not delivered</title></path>)",
        x1, y1, x, y, x - 4, y - 4, color, escaped(row.text));
  }
  return fmt::format(
      R"svg(<line x1="{}" y1="{}" x2="{}" y2="{}" stroke="{}" marker-end="url(#head)"><title>{}</title></line>)svg",
      x1, y1, x2, y2, color, escaped(row.text));
}

std::string Storyboard::label(const Row& row, std::size_t number) const {
  const std::int64_t y = y_of(number);
  const std::int64_t baseline = y + 4;
  switch (row.kind) {
    case Kind::kSend: {
      const std::int64_t side = row.link.to > row.link.from ? 6 : -6;
      return text_at(x_of(row.link.from) + side, baseline - 5, color_of(row.name), side > 0 ? "start" : "end",
                     row.name, row.text);
    }
    case Kind::kArrival:
      return {};
    case Kind::kEvent: {
      const std::string_view color = color_of_event(row.name);
      return fmt::format(R"(<circle cx="{}" cy="{}" r="4.5" fill="{}"/>)", x_of(row.link.to), y, color) +
             text_at(x_of(row.link.to) + 8, baseline, color, "start", row.name, row.text);
    }
    case Kind::kOperation:
      return text_at(kTimeWidth, baseline, "#24292f", "start", shortened(row.text), row.text);
    case Kind::kFault:
      return text_at(kTimeWidth, baseline, "#bc4c00", "start", shortened(row.text), row.text);
    case Kind::kEnd:
      return fmt::format(R"(<line x1="0" y1="{0}" x2="{1}" y2="{0}" stroke="#cf222e" stroke-width="2"/>)", y,
                         x_of(NodeId(nodes_)) + kNodeWidth) +
             text_at(kTimeWidth, y + 15, "#cf222e", "start", row.text, row.text);
  }
  return {};
}

std::string Storyboard::draw() const {
  if (rows_.empty()) return {};
  const std::int64_t width = x_of(NodeId(nodes_)) + kNodeWidth;
  const std::int64_t height = y_of(rows_.size()) + 30;
  std::string svg = fmt::format(
      R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {1}" width="{0}" height="{1}" font-family="ui-monospace, monospace" font-size="11" role="img" aria-label="Messages between the nodes">)"
      R"(<defs><marker id="head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#57606a"/></marker></defs>)"
      R"(<rect width="{0}" height="{1}" fill="#ffffff"/>)",
      width, height);
  svg += text_at(kTimeWidth, 20, "#24292f", "start", "clients and faults", "what clients asked, and faults");
  for (std::uint32_t n = 1; n <= nodes_; ++n) {
    const std::int64_t x = x_of(NodeId(n));
    svg += text_at(x, 20, "#24292f", "middle", node_name(NodeId(n)), node_name(NodeId(n)));
    svg += fmt::format(R"(<line x1="{0}" y1="28" x2="{0}" y2="{1}" stroke="#d0d7de" stroke-width="2"/>)", x,
                       height - 8);
  }
  std::map<std::uint64_t, std::size_t> sends;
  std::map<std::uint64_t, bool> delivered;
  MonotonicTime last(-1);
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const Row& row = rows_[i];
    if (row.at - last >= milliseconds(1) || i == 0) {
      svg += text_at(kTimeWidth - 10, y_of(i) + 4, "#6e7781", "end",
                     fmt::format("{:.3f}s", (row.at - MonotonicTime()).seconds()), "time in the run");
      last = row.at;
    }
    if (row.kind == Kind::kSend) sends[row.message] = i;
    const auto send = sends.find(row.message);
    if (row.kind == Kind::kArrival && send != sends.end()) {
      svg += arrow(rows_[send->second], send->second, i, /*arrives=*/true);
      delivered[row.message] = true;
    }
    svg += label(row, i);
  }
  for (const auto& [message, row] : sends) {
    if (!delivered.contains(message)) svg += arrow(rows_[row], row, row, /*arrives=*/false);
  }
  return svg + "</svg>";
}

}  // namespace ordeal::sim
