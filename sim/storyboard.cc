#include "sim/storyboard.h"

#include "node/raft/message.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace ordeal::sim {
namespace {

using Rank = StoryRow::Rank;
using RowKind = StoryRow::Kind;
using Part = StoryRow::Part;

constexpr std::size_t kRowsHeldMax = 60'000;
constexpr std::size_t kEventTextMax = 30;
constexpr std::uint64_t kGapMin = 5;  ///< smaller ones are only counted: a mark takes a row itself

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool has_part(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

Rank rank_of_message(std::string_view kind) {
  // What only says that the leader is alive, or repeats the commit index, would hide everything else.
  if (is_one_of(kind, {"heartbeat", "heartbeat-reply", "commit-notice"})) return Rank::kHeartbeat;
  if (has_part(kind, "vote") || has_part(kind, "snapshot") || kind == "timeout-now") return Rank::kElection;
  return has_part(kind, "append") ? Rank::kReplication : Rank::kOther;
}

Rank rank_of_event(std::string_view name) {
  if (name == "plant-active") return Rank::kOther;
  return is_one_of(name, {"follows", "pre-vote-started"}) ? Rank::kElection : Rank::kTurn;
}

/// As short as the space between two lines.
std::string label_of(const raft::Message& message) {
  const std::string_view kind = raft::kind_name(message.body);
  if (const auto* append = std::get_if<raft::Append>(&message.body)) {
    if (append->entries.empty()) return fmt::format("{}, empty", kind);
    const LogIndex first = append->entries.front().index;
    const LogIndex last = append->entries.back().index;
    return first == last ? fmt::format("{} {}", kind, first) : fmt::format("{} {}..{}", kind, first, last);
  }
  if (const auto* reply = std::get_if<raft::AppendReply>(&message.body))
    return reply->accepted ? fmt::format("{} {}", kind, reply->index) : fmt::format("{} refused", kind);
  if (const auto* vote = std::get_if<raft::VoteReply>(&message.body))
    return fmt::format("{} {}", kind, vote->granted ? "granted" : "refused");
  if (const auto* vote = std::get_if<raft::PreVoteReply>(&message.body))
    return fmt::format("{} {}", kind, vote->granted ? "granted" : "refused");
  if (std::holds_alternative<raft::VoteRequest>(message.body))
    return fmt::format("{}, term {}", kind, message.term);
  return std::string(kind);
}

/// "n2 leads term 4 from entry 7" at n2's line: without its name, when there is room.
std::string label_of(NodeId node, const Event& event) {
  const std::string name = node_name(node) + " ";
  const bool short_enough = event.text.size() <= kEventTextMax + name.size();
  return event.text.starts_with(name) && short_enough ? event.text.substr(name.size()) : event.name;
}

/// Whom a fault strikes, from its operation's value.
std::string targets_of(const Value& value) {
  std::string text;
  for (const char* member : {"nodes", "node"}) {
    const Value* whom = value.find(member);
    if (whom == nullptr) continue;
    const Value::List* list = whom->as_list();
    for (const Value& node : list != nullptr ? *list : Value::List{*whom})
      text += " " + (node.as_string() != nullptr ? *node.as_string() : to_text(node));
  }
  for (const char* member : {"cuts", "links"}) {
    const Value* links = value.find(member);
    if (links == nullptr || links->as_list() == nullptr) continue;
    for (const Value& link : *links->as_list()) {
      const Value::List* ends = link.as_list();
      const bool pair = ends != nullptr && ends->size() == 2 && (*ends)[0].as_string() != nullptr &&
                        (*ends)[1].as_string() != nullptr;
      text += " " + (pair ? *(*ends)[0].as_string() + ">" + *(*ends)[1].as_string() : to_text(link));
    }
  }
  return text;
}

std::vector<NodeId> nodes_of(const Value& value) {
  std::vector<NodeId> nodes;
  const Value* list = value.find("nodes");
  if (list == nullptr || list->as_list() == nullptr) return nodes;
  for (const Value& node : *list->as_list()) {
    const NodeId id = node.as_string() != nullptr ? parse_node_name(*node.as_string()) : kNoNode;
    if (id != kNoNode) nodes.push_back(id);
  }
  return nodes;
}

std::int64_t number_of_fault(const Op& op) {
  const Value* number = op.value.find("fault");
  return number != nullptr && number->as_int() != nullptr ? *number->as_int() : 0;
}

/// What became of a message.
StoryRow end_of(const StoryRow& send, RowKind kind, MonotonicTime at) {
  StoryRow row;
  row.kind = kind;
  row.rank = send.rank;
  row.at = at;
  row.link = send.link;
  row.message = send.message;
  row.name = send.name;
  return row;
}

}  // namespace

// --- What happens -----------------------------------------------------------------------------------------

Storyboard::Storyboard(std::uint32_t nodes, Excerpt excerpt, std::size_t rows_max)
    : nodes_(nodes), excerpt_(std::move(excerpt)), rows_max_(rows_max), seen_(nodes) {
  for (std::size_t i = 0; i < excerpt_.operations.size(); ++i) {
    parts_[excerpt_.operations[i].invoke] = i;
    if (excerpt_.operations[i].complete) parts_[*excerpt_.operations[i].complete] = i;
  }
}

void Storyboard::add(StoryRow row) {
  row.order = ++order_;
  if (row.at > excerpt_.to || (excerpt_.from && row.at < *excerpt_.from)) return;
  telling_ += row.rank == Rank::kHeartbeat ? 0 : 1;
  rows_.push_back(std::move(row));
  // An excerpt without a beginning reaches back as far as there is room for what is no heartbeat.
  while ((!excerpt_.from && telling_ > rows_max_) || rows_.size() > kRowsHeldMax) {
    telling_ -= rows_.front().rank == Rank::kHeartbeat ? 0 : 1;
    ++dropped_;
    rows_.pop_front();
  }
}

void Storyboard::sent(MonotonicTime at, Cut link, std::uint64_t message, const Bytes& payload) {
  if (at > excerpt_.to) return;
  const auto decoded = raft::decode_message(payload);
  if (!decoded) return;
  const std::string_view kind = raft::kind_name(decoded->body);
  StoryRow row;
  row.kind = RowKind::kSend;
  row.rank = rank_of_message(kind);
  row.at = at;
  row.link = link;
  row.message = message;
  row.name = kind;
  row.label = label_of(*decoded);
  row.text = fmt::format("{} (term {}): {}", kind, decoded->term, raft::to_text(decoded->body));
  add(row);
  row.order = order_;
  sends_[message] = std::move(row);
}

void Storyboard::arrived(MonotonicTime at, Cut /*link*/, std::uint64_t message) {
  const auto send = sends_.find(message);
  if (send == sends_.end() || at > excerpt_.to) return;
  StoryRow row = end_of(send->second, RowKind::kArrival, at);
  add(std::move(row));
}

void Storyboard::lost(MonotonicTime at, Cut /*link*/, std::uint64_t message, std::string_view why) {
  const auto send = sends_.find(message);
  if (send == sends_.end() || at > excerpt_.to) return;
  StoryRow row = end_of(send->second, RowKind::kLoss, at);
  row.text = why;
  add(std::move(row));
}

void Storyboard::happened(MonotonicTime at, NodeId node, const Event& event) {
  StoryRow row;
  row.rank = rank_of_event(event.name);
  row.at = at;
  row.link = {node, node};
  row.name = event.name;
  row.label = label_of(node, event);
  row.text = event.name + ": " + event.text;
  add(std::move(row));
}

void Storyboard::started(MonotonicTime at, NodeId node) {
  Seen& seen = seen_[node.value() - 1];
  end_spans(StorySpan::Kind::kDown, node);
  if (seen.ran) happened(at, node, {"starts", node_name(node) + " starts again"});
  seen = {};
  seen.ran = seen.running = true;
}

void Storyboard::stopped(MonotonicTime at, NodeId node) {
  Seen& seen = seen_[node.value() - 1];
  if (at > excerpt_.to || !std::exchange(seen.running, false)) return;
  happened(at, node, {"stops", node_name(node) + " stops"});
  end_spans(StorySpan::Kind::kLeads, node);
  begin_span(StorySpan::Kind::kDown, node, at, node_name(node) + " is down");
}

void Storyboard::stepped(MonotonicTime at, NodeId node, const raft::Standing& standing) {
  Seen& seen = seen_[node.value() - 1];
  if (at > excerpt_.to) return;
  if (seen.leader != standing.leader || seen.term != standing.term) {
    end_spans(StorySpan::Kind::kLeads, node);
    if (standing.leader)
      begin_span(StorySpan::Kind::kLeads, node, at,
                 fmt::format("{} leads term {}", node_name(node), standing.term));
  }
  seen.leader = standing.leader;
  seen.term = standing.term;
  if (standing.commit > seen.commit && standing.leader) {
    StoryRow row;
    row.rank = Rank::kReplication;
    row.at = at;
    row.link = {node, node};
    row.name = "commit";
    row.label = fmt::format("commit {}", standing.commit);
    row.text = fmt::format("commit: {} has committed up to entry {}", node_name(node), standing.commit);
    add(std::move(row));
  }
  seen.commit = standing.commit;
}

Part Storyboard::part_of(const Op& op) const {
  const auto part = parts_.find(op.index);
  if (part == parts_.end() || op.process == kNemesisProcess) return Part::kNone;
  return excerpt_.operations[part->second].guilty ? Part::kGuilty : Part::kNamed;
}

void Storyboard::operation(MonotonicTime at, const Op& op) {
  if (at > excerpt_.to) return;
  if (op.process == kNemesisProcess) return fault(at, op);
  StoryRow row;
  row.kind = RowKind::kOperation;
  row.part = part_of(op);
  row.rank = row.part == Part::kNone ? Rank::kOther : Rank::kCore;
  row.at = at;
  row.link = {op.node, op.node};
  row.completes = op.type != OpType::kInvoke;
  row.name = op.f;
  row.label = fmt::format("p{} {} {}", op.process, op.f, to_text(op.key));
  if (!op.value.is_nil()) row.label += " " + to_text(op.value);
  if (row.completes) row.label += fmt::format(" {}", to_text(op.type));
  row.text = row.label + (op.error.empty() ? "" : ": " + op.error) +
             (op.node == kNoNode ? "" : ", " + node_name(op.node));
  const Part part = row.part;
  const std::string text = row.text;
  add(std::move(row));
  if (part == Part::kNone) return;
  const auto number = static_cast<std::int64_t>(parts_.at(op.index));
  if (op.type == OpType::kInvoke) {
    StorySpan& span = begin_span(StorySpan::Kind::kOperation, kNoNode, at, text);
    span.number = number;
    span.part = part;
    return;
  }
  for (StorySpan& span : spans_) {
    if (span.kind == StorySpan::Kind::kOperation && span.number == number) span.end = order_;
  }
}

void Storyboard::fault(MonotonicTime at, const Op& op) {
  StoryRow row;
  row.kind = RowKind::kFault;
  row.rank = Rank::kTurn;
  row.at = at;
  row.name = op.f;
  const std::string whom = targets_of(op.value);
  const bool asked = op.type == OpType::kInvoke;
  row.label = op.f + (asked ? whom : fmt::format(" {}", to_text(op.type)));
  row.text = op.f + whom + (asked ? "" : fmt::format(" {}", to_text(op.type))) +
             (op.error.empty() ? "" : ": " + op.error);
  add(std::move(row));
  const std::int64_t number = number_of_fault(op);
  const bool starts = op.f.starts_with("start-");
  if (starts && asked) {
    const std::string what = op.f.substr(std::string_view("start-").size());
    begin_span(StorySpan::Kind::kFault, kNoNode, at, what + whom).number = number;
    if (what != "pause") return;
    for (const NodeId node : nodes_of(op.value))
      begin_span(StorySpan::Kind::kPaused, node, at, {}).number = number;
    return;
  }
  // What was not seen in force, such as leadership that nobody took, does not last.
  const bool ends = starts ? op.type != OpType::kOk : asked;
  for (StorySpan& span : spans_) {
    const bool meant = op.f == "heal" || span.number == number;
    const bool fault = span.kind == StorySpan::Kind::kFault || span.kind == StorySpan::Kind::kPaused;
    if (ends && meant && fault && !span.end) span.end = order_;
  }
}

StorySpan& Storyboard::begin_span(StorySpan::Kind kind, NodeId node, MonotonicTime at, std::string text) {
  StorySpan& span = spans_.emplace_back();
  span.kind = kind;
  span.node = node;
  span.at = at;
  span.begin = order_;
  span.text = std::move(text);
  return span;
}

void Storyboard::end_spans(StorySpan::Kind kind, NodeId node) {
  for (StorySpan& span : spans_) {
    if (span.kind == kind && span.node == node && !span.end) span.end = order_;
  }
}

// --- What is drawn ----------------------------------------------------------------------------------------

namespace {

/// What belongs together is drawn together: a message's sending and its arrivals. Others are alone.
struct Item {
  std::vector<std::size_t> rows;
  std::uint64_t farness = 0;
};

/// In rows without heartbeats, from what the finding names; from the end when there is no such thing.
std::vector<std::uint64_t> distances(const std::deque<StoryRow>& rows) {
  std::vector<std::size_t> places;  // of each row among those that are no heartbeats
  std::vector<std::size_t> focus;
  std::size_t place = 0;
  for (const StoryRow& row : rows) {
    places.push_back(place);
    if (row.rank == Rank::kCore) focus.push_back(place);
    place += row.rank == Rank::kHeartbeat ? 0 : 1;
  }
  if (focus.empty()) focus.push_back(place);
  std::vector<std::uint64_t> result;
  for (const std::size_t at : places) {
    const auto after = std::lower_bound(focus.begin(), focus.end(), at);
    std::size_t nearest = SIZE_MAX;
    if (after != focus.end()) nearest = *after - at;
    if (after != focus.begin()) nearest = std::min(nearest, at - *std::prev(after));
    result.push_back(nearest);
  }
  return result;
}

/// An election far away says more than a client's request far away.
std::uint64_t farness(Rank rank, std::uint64_t distance) {
  switch (rank) {
    case Rank::kCore:
      return 0;
    case Rank::kTurn:
      return distance;
    case Rank::kElection:
      return distance * 2;
    case Rank::kReplication:
      return distance * 4;
    case Rank::kOther:
      return distance * 8;
    case Rank::kHeartbeat:
      break;
  }
  return UINT64_MAX;
}

std::vector<Item> items_of(const std::deque<StoryRow>& rows) {
  const std::vector<std::uint64_t> distance = distances(rows);
  std::vector<Item> items;
  std::map<std::uint64_t, std::size_t> messages;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::uint64_t far = farness(rows[i].rank, distance[i]);
    const auto [known, is_new] = messages.try_emplace(rows[i].message, items.size());
    if (rows[i].message == 0 || is_new) {
      items.push_back({{i}, far});
    } else {
      items[known->second].rows.push_back(i);
      items[known->second].farness = std::min(items[known->second].farness, far);
    }
  }
  return items;
}

}  // namespace

std::vector<std::size_t> Storyboard::chosen() const {
  const bool all = rows_.size() <= rows_max_;
  std::vector<Item> items = items_of(rows_);
  if (!all) std::erase_if(items, [&](const Item& item) { return item.farness == UINT64_MAX; });
  std::stable_sort(items.begin(), items.end(),
                   [](const Item& a, const Item& b) { return a.farness < b.farness; });
  std::vector<std::size_t> rows;
  for (const Item& item : items) {
    if (rows.size() + item.rows.size() > rows_max_) break;
    rows.insert(rows.end(), item.rows.begin(), item.rows.end());
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

StoryFigure Storyboard::figure(const std::vector<std::size_t>& rows) const {
  StoryFigure figure;
  figure.nodes = nodes_;
  figure.from = excerpt_.from.value_or(rows_.empty() ? excerpt_.to : rows_.front().at);
  figure.spans = spans_;
  figure.not_held = dropped_;
  std::size_t next = 0;
  std::uint64_t gap = 0;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const StoryRow& row = rows_[i];
    if (next < rows.size() && rows[next] == i) {
      if (gap >= kGapMin) figure.gaps[next] = gap;
      gap = 0;
      ++next;
      if (const auto send = sends_.find(row.message); send != sends_.end()) figure.sends.insert(*send);
      figure.rows.push_back(row);
    } else {
      ++figure.left_out[row.name];
      gap += row.rank == Rank::kHeartbeat ? 0 : 1;
    }
  }
  if (gap >= kGapMin) figure.gaps[figure.rows.size()] = gap;
  if (!excerpt_.kind.empty()) {
    StoryRow end;
    end.kind = RowKind::kEnd;
    end.rank = Rank::kCore;
    end.order = order_ + 1;
    end.at = excerpt_.to;
    end.text = excerpt_.kind + ": " + excerpt_.why;
    figure.rows.push_back(std::move(end));
  }
  return figure;
}

std::string Storyboard::draw() const {
  const StoryFigure drawn = figure(chosen());
  return drawn.rows.empty() ? "" : draw_figure(drawn);
}

}  // namespace ordeal::sim
