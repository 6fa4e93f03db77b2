#include "checkers/linearizability/blocks.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <tuple>

namespace ordeal {
namespace {

constexpr std::uint32_t kNowhere = std::numeric_limits<std::uint32_t>::max();

// Positions, moved by one to have room for "before everything". A history has fewer events than kAfter.
using Time = std::uint32_t;
constexpr Time kBefore = 0;
constexpr Time kAfter = std::numeric_limits<Time>::max();

Time response_of(const RegisterOp& op) {
  return op.definite() ? op.response + 1 : kAfter;
}
Time invoke_of(const RegisterOp& op) {
  return op.invoke + 1;
}

std::vector<ValueId> join(std::vector<ValueId> a, const std::vector<ValueId>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

/// Everything that is known of one value.
struct Cluster {
  std::uint32_t writer = kNowhere;  ///< position in the operations
  ValueId next = kUnobserved;       ///< the value that a compare-and-set made of it
  Time response_min = kAfter;       ///< of the readers
  Time invoke_max = kBefore;        ///< of the readers
  bool needed = false;              ///< some order has to contain the value
  bool followed = false;            ///< there is a compare-and-set that made another value of it
};

/// A chain of values, each made of the one before by a compare-and-set. In any order its operations are
/// neighbours.
struct Block {
  ValueId head = kUnobserved;
  Time first = kAfter;  ///< least response: the block has begun by then
  Time last = kBefore;  ///< largest invocation: the block has not ended before
};

class Decider {
 public:
  explicit Decider(const RegisterProblem& problem) : problem_(problem), clusters_(problem.values.size()) {}

  std::optional<BlockVerdict> run(bool with_order) && {
    if (problem_.any_initial || !collect()) return std::nullopt;
    find_needed();
    for (const auto step : {&Decider::link, &Decider::find_unwritten, &Decider::build_blocks,
                            &Decider::find_cycles, &Decider::compare_blocks}) {
      if (std::vector<ValueId> guilty = (this->*step)(); !guilty.empty()) {
        return BlockVerdict{.valid = false, .values = std::move(guilty), .order = {}};
      }
    }
    return BlockVerdict{
        .valid = true, .values = {}, .order = with_order ? order() : std::vector<std::uint32_t>()};
  }

 private:
  /// Writers and readers of each value. False: the values are not all different, or there are negative facts.
  bool collect() {
    for (std::uint32_t i = 0; i < problem_.ops.size(); ++i) {
      const RegisterOp& op = problem_.ops[i];
      const Action& action = op.action;
      if (action.kind == ActionKind::kDeny) return false;
      if (action.kind == ActionKind::kObserve) {
        Cluster& cluster = clusters_[action.expects];
        cluster.needed = true;
        cluster.response_min = std::min(cluster.response_min, response_of(op));
        cluster.invoke_max = std::max(cluster.invoke_max, invoke_of(op));
        continue;
      }
      Cluster& cluster = clusters_[action.gives];
      if (cluster.writer != kNowhere || action.gives == problem_.initial) return false;
      cluster.writer = i;
      cluster.needed = cluster.needed || op.definite();
    }
    return true;
  }

  /// A compare-and-set that took effect needs the value that it expected. What no definite operation leads to
  /// can be left out of any order.
  void find_needed() {
    std::vector<ValueId> work;
    for (ValueId value = 0; value < clusters_.size(); ++value) {
      if (clusters_[value].needed) work.push_back(value);
    }
    while (!work.empty()) {
      const Action* action = writing(work.back());
      work.pop_back();
      if (action == nullptr || action->kind != ActionKind::kCas || clusters_[action->expects].needed)
        continue;
      clusters_[action->expects].needed = true;
      work.push_back(action->expects);
    }
  }

  [[nodiscard]] const Action* writing(ValueId value) const {
    const std::uint32_t writer = clusters_[value].writer;
    return writer == kNowhere ? nullptr : &problem_.ops[writer].action;
  }

  /// Chains the values. Guilty: two compare-and-sets that took effect from one value, which is there once;
  /// with all that shows that they took effect.
  std::vector<ValueId> link() {
    std::optional<ValueId> conflict;
    for (ValueId value = 0; value < clusters_.size(); ++value) {
      const Action* action = clusters_[value].needed ? writing(value) : nullptr;
      if (action == nullptr || action->kind != ActionKind::kCas) continue;
      Cluster& source = clusters_[action->expects];
      if (source.followed) {
        conflict = value;
        continue;
      }
      source.followed = true;
      source.next = value;
    }
    if (!conflict) return {};
    return join(chain_of(writing(*conflict)->expects), chain_of(*conflict));
  }

  /// A value that somebody saw and nobody wrote.
  std::vector<ValueId> find_unwritten() {
    for (ValueId value = 0; value < clusters_.size(); ++value) {
      const Cluster& cluster = clusters_[value];
      if (cluster.needed && cluster.writer == kNowhere && value != problem_.initial) return chain_of(value);
    }
    return {};
  }

  std::vector<ValueId> build_blocks() {
    reached_.assign(clusters_.size(), false);
    for (ValueId value = 0; value < clusters_.size(); ++value) {
      const Action* action = writing(value);
      const bool head =
          value == problem_.initial || (action != nullptr && action->kind == ActionKind::kWrite);
      if (!head || (!clusters_[value].needed && value != problem_.initial)) continue;
      if (!walk(value)) return chain_of(value);
    }
    return {};
  }

  /// Within a block the order is forced: a writer, its readers, the compare-and-set that follows, its
  /// readers. False: an operation was over before one that has to come ahead of it began.
  bool walk(ValueId head) {
    Block block{.head = head, .first = kAfter, .last = kBefore};
    Time begun = kBefore;  // The latest invocation of what came ahead.
    const auto add = [&](Time response_min, Time invoke_max) {
      const bool fits = response_min >= begun;
      begun = std::max(begun, invoke_max);
      block.first = std::min(block.first, response_min);
      block.last = std::max(block.last, invoke_max);
      return fits;
    };
    for (ValueId value = head;; value = clusters_[value].next) {
      const Cluster& cluster = clusters_[value];
      reached_[value] = true;
      const bool written = cluster.writer != kNowhere;  // The initial value is there before everything.
      const RegisterOp* op = written ? &problem_.ops[cluster.writer] : nullptr;
      if (!add(written ? response_of(*op) : kBefore, written ? invoke_of(*op) : kBefore)) return false;
      if (!add(cluster.response_min, cluster.invoke_max)) return false;
      if (!cluster.followed) break;
    }
    blocks_.push_back(block);
    return true;
  }

  /// A value and those that follow it. Each has one writer, so a chain that is a circle comes back to its
  /// head.
  [[nodiscard]] std::vector<ValueId> chain_of(ValueId head) const {
    std::vector<ValueId> chain = {head};
    while (clusters_[chain.back()].followed && clusters_[chain.back()].next != head) {
      chain.push_back(clusters_[chain.back()].next);
    }
    return chain;
  }

  /// Values that no chain from a write reaches expect each other in a circle.
  std::vector<ValueId> find_cycles() {
    for (ValueId value = 0; value < clusters_.size(); ++value) {
      if (clusters_[value].needed && !reached_[value]) return chain_of(value);
    }
    return {};
  }

  /// A has to precede B when A has begun before B ended: A.first < B.last. This relation is a biorder, so any
  /// circle holds a pair that each has to precede the other; for each block the best partner is the one with
  /// the largest `last` among those that began early enough.
  std::vector<ValueId> compare_blocks() {
    std::sort(blocks_.begin(), blocks_.end(),
              [](const Block& a, const Block& b) { return a.first < b.first; });
    struct Top {
      std::uint32_t best = kNowhere;
      std::uint32_t second = kNowhere;
    };
    std::vector<Top> tops(blocks_.size());
    Top top;
    for (std::uint32_t i = 0; i < blocks_.size(); ++i) {
      const auto larger = [&](std::uint32_t other) {
        return other == kNowhere || blocks_[i].last > blocks_[other].last;
      };
      if (larger(top.best)) {
        top = {.best = i, .second = top.best};
      } else if (larger(top.second)) {
        top.second = i;
      }
      tops[i] = top;
    }
    for (std::uint32_t i = 0; i < blocks_.size(); ++i) {
      const auto end = std::partition_point(
          blocks_.begin(), blocks_.end(), [&](const Block& block) { return block.first < blocks_[i].last; });
      if (end == blocks_.begin()) continue;
      const Top& before = tops[static_cast<std::size_t>(end - blocks_.begin()) - 1];
      const std::uint32_t other = before.best == i ? before.second : before.best;
      if (other == kNowhere || blocks_[other].last <= blocks_[i].first) continue;
      return join(chain_of(blocks_[i].head), chain_of(blocks_[other].head));
    }
    return {};
  }

  /// Blocks by where they begin: the first response, or the last invocation when that is earlier, for then
  /// all of the block fits between the two. If A has to precede B (A.first < B.last), A begins earlier: were
  /// B.first <= A.last, that and no circle would give it.
  std::vector<std::uint32_t> order() {
    std::sort(blocks_.begin(), blocks_.end(), [](const Block& a, const Block& b) {
      return std::min(a.first, a.last) < std::min(b.first, b.last);
    });
    std::vector<std::uint32_t> rank(clusters_.size(), kNowhere);
    std::uint32_t next = 0;
    for (const Block& block : blocks_) {
      for (const ValueId value : chain_of(block.head)) rank[value] = next++;
    }
    std::vector<std::uint32_t> order;
    for (std::uint32_t i = 0; i < problem_.ops.size(); ++i) {
      const Action& action = problem_.ops[i].action;
      if (!action.changes() || clusters_[action.gives].needed) order.push_back(i);
    }
    const auto place = [&](std::uint32_t i) {
      const Action& action = problem_.ops[i].action;
      return std::tuple(rank[action.changes() ? action.gives : action.expects], !action.changes(), i);
    };
    std::sort(order.begin(), order.end(),
              [&](std::uint32_t a, std::uint32_t b) { return place(a) < place(b); });
    return order;
  }

  const RegisterProblem& problem_;
  std::vector<Cluster> clusters_;  ///< by ValueId
  std::vector<bool> reached_;      ///< by ValueId: part of a block
  std::vector<Block> blocks_;
};

}  // namespace

std::optional<BlockVerdict> decide_by_blocks(const RegisterProblem& problem, bool with_order) {
  return Decider(problem).run(with_order);
}

}  // namespace ordeal
