#include "checkers/linearizability/register_monitor.h"

#include <algorithm>

namespace ordeal {
namespace {

using Kind = MonitorViolation::Kind;

bool is_read(const MonitoredAction& action) {
  return action.kind == MonitoredAction::Kind::kRead ||
         (action.kind == MonitoredAction::Kind::kCas && action.expects == action.gives);
}

}  // namespace

std::string_view to_text(MonitorViolation::Kind kind) {
  switch (kind) {
    case Kind::kUnwritten:
      return "a value that was not there";
    case Kind::kStale:
      return "stale value of a chain of compare-and-sets";
    case Kind::kLostUpdate:
      return "lost update";
    case Kind::kCasCircle:
      return "circle of compare-and-sets";
    case Kind::kAbortedRead:
      return "aborted read";
    case Kind::kOrder:
      return "values that have to precede each other";
  }
  return "";
}

RegisterMonitor::RegisterMonitor(std::uint64_t initial, std::size_t values_kept)
    : values_kept_(values_kept), retire_at_(values_kept) {
  const std::uint32_t block = new_block(0);
  blocks_[block].first = 0;
  blocks_[block].values.push_back(initial);
  segments_.insert(initial, {.block = block});
}

void RegisterMonitor::invoke(Position at, const MonitoredAction& action) {
  if (violation_) return;
  open_.push_back({.invoke = at + 1, .answered = false});
  if (is_read(action)) return;
  pending_.insert(
      action.gives,
      {.invoke = at + 1, .expects = action.expects, .cas = action.kind == MonitoredAction::Kind::kCas});
}

void RegisterMonitor::ok(Position invoke, Position at, const MonitoredAction& action) {
  if (violation_) return;
  see(is_read(action) ? action.expects : action.gives, invoke + 1, at + 1);
  answer(invoke + 1);
}

void RegisterMonitor::fail(Position invoke, Position at, const MonitoredAction& action,
                           std::optional<std::uint64_t> saw) {
  if (violation_) return;
  if (!is_read(action)) {
    // Whatever is not pending any more was there.
    if (pending_.find(action.gives) == nullptr) return accuse(Kind::kAbortedRead, at + 1, action.gives);
    pending_.erase(action.gives);
  }
  if (saw) see(*saw, invoke + 1, at + 1);
  answer(invoke + 1);
}

void RegisterMonitor::info(Position invoke) {
  if (!violation_) answer(invoke + 1);
}

void RegisterMonitor::answer(Position invoke) {
  const auto at =
      std::lower_bound(open_.begin(), open_.end(), invoke,
                       [](const Open& open, Position position) { return open.invoke < position; });
  at->answered = true;
  while (!open_.empty() && open_.front().answered) open_.pop_front();
  if (segments_.size() >= retire_at_) retire();
}

void RegisterMonitor::accuse(Kind kind, Position at, std::uint64_t value) {
  if (!violation_) violation_ = {.kind = kind, .response = at - 1, .value = value};
}

void RegisterMonitor::see(std::uint64_t value, Position invoke, Position at) {
  const Segment* segment = need(value, at);
  if (segment == nullptr) return;
  if (invoke > segment->until) return accuse(Kind::kStale, at, value);
  Block& block = blocks_[segment->block];
  block.first = std::min(block.first, at);
  block.last = std::max(block.last, invoke);
  if (conflicts(segment->block)) accuse(Kind::kOrder, at, value);
}

const RegisterMonitor::Segment* RegisterMonitor::need(std::uint64_t value, Position at) {
  if (const Segment* segment = segments_.find(value)) return segment;
  std::vector<std::uint64_t> values;  // the last one first
  for (std::uint64_t source = value; segments_.find(source) == nullptr;) {
    const Pending* writer = pending_.find(source);
    if (writer == nullptr) return accuse(Kind::kUnwritten, at, source), nullptr;
    if (values.size() == pending_.size()) return accuse(Kind::kCasCircle, at, source), nullptr;
    values.push_back(source);
    if (!writer->cas) break;
    source = writer->expects;
  }
  std::reverse(values.begin(), values.end());
  return chain(values, at) ? segments_.find(value) : nullptr;
}

bool RegisterMonitor::chain(const std::vector<std::uint64_t>& values, Position at) {
  for (const std::uint64_t value : values) {
    const Pending writer = *pending_.find(value);
    std::uint32_t block = 0;
    if (writer.cas) {
      Segment& source = *segments_.find(writer.expects);
      if (source.followed) return accuse(Kind::kLostUpdate, at, writer.expects), false;
      source.followed = true;
      source.until = at;
      block = source.block;
      blocks_[block].last = std::max(blocks_[block].last, writer.invoke);
    } else {
      block = new_block(writer.invoke);
    }
    blocks_[block].values.push_back(value);
    segments_.insert(value, {.block = block});
    pending_.erase(value);
  }
  return true;
}

std::uint32_t RegisterMonitor::new_block(Position invoke) {
  std::uint32_t block = 0;
  if (free_.empty()) {
    block = static_cast<std::uint32_t>(blocks_.size());
    blocks_.emplace_back();
  } else {
    block = free_.back();
    free_.pop_back();
  }
  blocks_[block] = {.first = kNever, .last = invoke, .values = {}};
  live_.push_back(block);
  return block;
}

// Only with blocks that are not over. One that is over, B, has to precede another, X, that has begun too, so
// all of B was invoked before X's first response; a block that began before B ended was then over together
// with B.
bool RegisterMonitor::conflicts(std::uint32_t block) const {
  const Block& grown = blocks_[block];
  return std::any_of(live_.begin(), live_.end(), [&](std::uint32_t other) {
    return other != block && blocks_[other].first < grown.last && grown.first < blocks_[other].last;
  });
}

void RegisterMonitor::retire() {
  const Position earliest = open_.empty() ? kNever : open_.front().invoke;
  Position best = 0;  // the largest `last` of blocks that began before `earliest`, and the next one
  Position second = 0;
  std::uint32_t best_block = UINT32_MAX;
  for (const std::uint32_t block : live_) {
    if (blocks_[block].first >= earliest) continue;
    if (blocks_[block].last > best) {
      second = best;
      best = blocks_[block].last;
      best_block = block;
    } else {
      second = std::max(second, blocks_[block].last);
    }
  }
  std::size_t kept = 0;
  for (const std::uint32_t block : live_) {
    Block& here = blocks_[block];
    const bool over = here.first < earliest && here.first < (block == best_block ? second : best);
    if (!over) {
      retire_segments(here, earliest);
      live_[kept++] = block;
      continue;
    }
    for (const std::uint64_t value : here.values) segments_.erase(value);
    here.values = {};
    free_.push_back(block);
  }
  live_.resize(kept);
  retire_at_ = std::max(values_kept_, 2 * segments_.size());
}

// Whoever returns a value after what was made of it was there, and was invoked after that, is wrong.
void RegisterMonitor::retire_segments(Block& block, Position earliest) {
  std::size_t kept = 0;
  for (const std::uint64_t value : block.values) {
    if (segments_.find(value)->until < earliest) {
      segments_.erase(value);
    } else {
      block.values[kept++] = value;
    }
  }
  block.values.resize(kept);
}

std::uint64_t RegisterMonitor::bytes() const {
  std::uint64_t values = 0;
  for (const Block& block : blocks_) values += block.values.capacity() * sizeof(block.values[0]);
  return pending_.bytes() + segments_.bytes() + blocks_.capacity() * sizeof(Block) + values +
         open_.size() * sizeof(Open);
}

}  // namespace ordeal
