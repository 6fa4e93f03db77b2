#include "node/host/overlay.h"

#include "common/check.h"

#include <algorithm>

namespace ordeal::host {

std::uint64_t Overlay::add(const Batch& batch) {
  ++last_;
  for (const Batch::Change& change : batch.changes) {
    Layer& target = layers_[static_cast<std::size_t>(change.space)];
    switch (change.kind) {
      case Batch::Kind::kPut:
        set(target, change.key, last_, change.value);
        break;
      case Batch::Kind::kDelete:
        set(target, change.key, last_, std::nullopt);
        break;
      case Batch::Kind::kDeleteRange:
        erase_range(target, change, last_);
        break;
    }
  }
  return last_;
}

void Overlay::set(Layer& layer, std::string_view key, std::uint64_t number, std::optional<Bytes> value) {
  auto it = layer.entries.find(key);
  if (it == layer.entries.end()) it = layer.entries.emplace(Bytes(key), Entry{}).first;
  // Twice in one batch: the queue has it already.
  const bool queued = it->second.number == number;
  it->second = Entry{number, std::move(value)};
  if (!queued) layer.order.emplace_back(number, it);
}

void Overlay::erase_range(Layer& layer, const Batch::Change& change, std::uint64_t number) {
  const auto end = layer.entries.lower_bound(change.value);
  for (auto it = layer.entries.lower_bound(change.key); it != end && it->first < change.value; ++it) {
    const bool queued = it->second.number == number;
    it->second = Entry{number, std::nullopt};
    if (!queued) layer.order.emplace_back(number, it);
  }
  layer.ranges.push_back({number, change.key, change.value});
}

void Overlay::settle(std::uint64_t written) {
  for (Layer& layer : layers_) {
    while (!layer.order.empty() && layer.order.front().first <= written) {
      const auto [number, it] = layer.order.front();
      layer.order.pop_front();
      if (it->second.number == number) layer.entries.erase(it);
    }
    while (!layer.ranges.empty() && layer.ranges.front().number <= written) layer.ranges.pop_front();
  }
}

void Overlay::forget(Space space) {
  Layer& target = layers_[static_cast<std::size_t>(space)];
  target.order.clear();
  target.entries.clear();
  target.ranges.clear();
}

bool Overlay::covered(const Layer& layer, std::string_view key) {
  return std::any_of(layer.ranges.begin(), layer.ranges.end(),
                     [&](const Range& range) { return range.first <= key && key < range.last; });
}

Overlay::Found Overlay::find(Space space, std::string_view key, std::string_view& value) const {
  const Layer& source = layer(space);
  if (const auto it = source.entries.find(key); it != source.entries.end()) {
    if (!it->second.value) return Found::kAbsent;
    value = *it->second.value;
    return Found::kPresent;
  }
  return covered(source, key) ? Found::kAbsent : Found::kUnknown;
}

void Overlay::scan(Space space, std::string_view first, std::string_view last, Below& below,
                   const Visit& visit) const {
  const Layer& source = layer(space);
  auto it = source.entries.lower_bound(first);
  const auto inside = [&] { return it != source.entries.end() && (last.empty() || it->first < last); };
  while (inside() || below.valid()) {
    const bool above_first = inside() && (!below.valid() || it->first <= below.key());
    if (!above_first) {
      if (!covered(source, below.key()) && !visit(below.key(), below.value())) return;
      below.next();
      continue;
    }
    // The newer layer hides the same key below.
    if (below.valid() && below.key() == it->first) below.next();
    if (it->second.value && !visit(it->first, *it->second.value)) return;
    ++it;
  }
}

}  // namespace ordeal::host
