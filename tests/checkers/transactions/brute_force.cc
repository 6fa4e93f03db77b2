#include "tests/checkers/transactions/brute_force.h"

#include "common/check.h"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace ordeal::testing {
namespace {

struct Txn {
  std::uint32_t session = 0;
  std::vector<Access> accesses;
};

using Order = std::vector<std::size_t>;
using Relation = std::vector<std::vector<bool>>;  // [before][after]
using Registers = std::map<KeyIndex, ValueCode>;

/// Executes a transaction; whether its reads are right.
bool execute(const Txn& txn, Registers& registers) {
  bool right = true;
  for (const Access& access : txn.accesses) {
    if (access.write) {
      registers[access.key] = access.value;
    } else if (registers[access.key] != access.value) {
      right = false;
    }
  }
  return right;
}

void close(Relation& relation) {
  for (std::size_t k = 0; k < relation.size(); ++k) {
    for (std::size_t i = 0; i < relation.size(); ++i) {
      for (std::size_t j = 0; j < relation.size(); ++j) {
        if (relation[i][k] && relation[k][j]) relation[i][j] = true;
      }
    }
  }
}

bool is_cyclic(const Relation& closed) {
  for (std::size_t i = 0; i < closed.size(); ++i) {
    if (closed[i][i]) return true;
  }
  return false;
}

/// Whether one of the orders of `members` that agree with the relation is accepted.
bool any_order(const Relation& relation, const std::vector<std::size_t>& members,
               const std::function<bool(const Order&)>& accept) {
  Order order;
  std::vector<bool> used(relation.size(), false);
  const std::function<bool()> extend = [&] {
    if (order.size() == members.size()) return accept(order);
    for (const std::size_t next : members) {
      if (used[next]) continue;
      const bool early = std::any_of(members.begin(), members.end(), [&](std::size_t other) {
        return !used[other] && other != next && relation[other][next];
      });
      if (early) continue;
      used[next] = true;
      order.push_back(next);
      const bool found = extend();
      order.pop_back();
      used[next] = false;
      if (found) return true;
    }
    return false;
  };
  return extend();
}

class Definitions {
 public:
  explicit Definitions(std::vector<Txn> txns) : txns_(std::move(txns)), session_(empty()), causal_(empty()) {
    for (std::size_t a = 0; a < txns_.size(); ++a) {
      all_.push_back(a);
      for (std::size_t b = a + 1; b < txns_.size(); ++b) {
        if (txns_[a].session == txns_[b].session) session_[a][b] = causal_[a][b] = true;
      }
    }
    for (std::size_t t = 0; t < txns_.size(); ++t) {
      for (const Access& access : txns_[t].accesses) {
        const auto writer = access.write ? std::nullopt : writer_of(access);
        if (writer && *writer != t) causal_[*writer][t] = true;
      }
    }
    close(causal_);
  }

  [[nodiscard]] bool holds(Level level) const {
    switch (level) {
      case Level::kReadYourWrites:
      case Level::kMonotonicReads:
      case Level::kMonotonicWrites:
      case Level::kWritesFollowReads:
        return guarantee(level);
      case Level::kPram:
        return pram();
      case Level::kCausal:
        return causal();
      case Level::kCausalConvergence:
        return convergence();
      case Level::kCausalMemory:
        return memory();
      case Level::kSequential:
        return any_order(session_, all_, [this](const Order& order) { return executes(order, all_); });
      case Level::kReadCommitted:
      case Level::kReadAtomic:
        return isolation(level);
      case Level::kSnapshotIsolation:
        return snapshots({}, empty(), std::vector<Phase>(txns_.size(), Phase::kBefore), 0);
      case Level::kSessionSnapshotIsolation:
        return snapshots({}, session_, std::vector<Phase>(txns_.size(), Phase::kBefore), 0);
      case Level::kSerializable:
        return any_order(empty(), all_, [this](const Order& order) { return executes(order, all_); });
    }
    return false;
  }

 private:
  enum class Phase { kBefore, kRunning, kCommitted };

  // Each transaction starts at some time, with what was committed by then, and commits later; of two that
  // write the same key one has committed before the other starts.
  [[nodiscard]] bool snapshots(const Registers& committed, const Relation& before,
                               const std::vector<Phase>& phases, std::size_t ended) const {
    if (ended == txns_.size()) return true;
    for (const std::size_t t : all_) {
      std::vector<Phase> next = phases;
      Registers registers = committed;
      if (phases[t] == Phase::kBefore) {
        if (!may_start(t, before, phases) || !execute(txns_[t], registers)) continue;
        next[t] = Phase::kRunning;
        if (snapshots(committed, before, next, ended)) return true;
      } else if (phases[t] == Phase::kRunning) {
        for (const Access& access : txns_[t].accesses) {
          if (access.write) registers[access.key] = access.value;
        }
        next[t] = Phase::kCommitted;
        if (snapshots(registers, before, next, ended + 1)) return true;
      }
    }
    return false;
  }
  [[nodiscard]] bool may_start(std::size_t t, const Relation& before,
                               const std::vector<Phase>& phases) const {
    return std::all_of(all_.begin(), all_.end(), [&](std::size_t other) {
      if (other == t || phases[other] == Phase::kCommitted) return true;
      const bool conflict =
          std::any_of(txns_[t].accesses.begin(), txns_[t].accesses.end(),
                      [&](const Access& access) { return access.write && writes(other, access.key); });
      return !before[other][t] && !(phases[other] == Phase::kRunning && conflict);
    });
  }

  [[nodiscard]] Relation empty() const {
    return Relation(txns_.size(), std::vector<bool>(txns_.size(), false));
  }

  /// Nothing for the initial value and for one that nobody wrote.
  [[nodiscard]] std::optional<std::size_t> writer_of(const Access& read) const {
    for (std::size_t t = 0; t < txns_.size(); ++t) {
      for (const Access& access : txns_[t].accesses) {
        if (access.write && access.key == read.key && access.value == read.value) return t;
      }
    }
    return std::nullopt;
  }

  [[nodiscard]] bool writes(std::size_t t, KeyIndex key) const {
    return std::any_of(txns_[t].accesses.begin(), txns_[t].accesses.end(),
                       [&](const Access& access) { return access.write && access.key == key; });
  }

  /// Whether, executed in this order, those that are asked for read what they read.
  [[nodiscard]] bool executes(const Order& order, const std::vector<std::size_t>& asked) const {
    Registers registers;
    for (const std::size_t t : order) {
      const bool right = execute(txns_[t], registers);
      if (!right && std::find(asked.begin(), asked.end(), t) != asked.end()) return false;
    }
    return true;
  }

  [[nodiscard]] std::vector<std::size_t> past_with_itself(std::size_t t) const {
    std::vector<std::size_t> past;
    for (const std::size_t other : all_) {
      if (other == t || causal_[other][t]) past.push_back(other);
    }
    return past;
  }

  // Each transaction alone has to be explained by an order of what precedes it.
  [[nodiscard]] bool causal() const {
    if (is_cyclic(causal_)) return false;
    return std::all_of(all_.begin(), all_.end(), [this](std::size_t t) {
      return any_order(causal_, past_with_itself(t),
                       [&](const Order& order) { return executes(order, {t}); });
    });
  }

  // One order of everything explains each transaction, when all that does not precede it is left out.
  [[nodiscard]] bool convergence() const {
    if (is_cyclic(causal_)) return false;
    return any_order(causal_, all_, [this](const Order& order) {
      return std::all_of(all_.begin(), all_.end(), [&](std::size_t t) {
        Order past;
        std::copy_if(order.begin(), order.end(), std::back_inserter(past),
                     [&](std::size_t other) { return other == t || causal_[other][t]; });
        return executes(past, {t});
      });
    });
  }

  // An order of what precedes a transaction explains it and all before it in its session.
  [[nodiscard]] bool memory() const {
    if (is_cyclic(causal_)) return false;
    return std::all_of(all_.begin(), all_.end(), [this](std::size_t t) {
      std::vector<std::size_t> own = {t};
      for (const std::size_t other : all_) {
        if (session_[other][t]) own.push_back(other);
      }
      return any_order(causal_, past_with_itself(t),
                       [&](const Order& order) { return executes(order, own); });
    });
  }

  // For each session an order of all explains what it read.
  [[nodiscard]] bool pram() const {
    return std::all_of(all_.begin(), all_.end(), [this](std::size_t t) {
      std::vector<std::size_t> own;
      for (const std::size_t other : all_) {
        if (txns_[other].session == txns_[t].session) own.push_back(other);
      }
      return any_order(session_, all_, [&](const Order& order) { return executes(order, own); });
    });
  }

  // A total order that contains sessions and reads-from, in which no other visible writer of the key stands
  // between the one read from and the reader (Biswas and Enea, On the complexity of checking transactional
  // consistency, OOPSLA 2019): read atomic sees whole transactions of its session and of those it reads from,
  // read committed those it has read from already.
  [[nodiscard]] bool isolation(Level level) const {
    if (is_cyclic(causal_) || !internally_consistent()) return false;
    return any_order(causal_, all_, [&](const Order& order) {
      std::vector<std::size_t> place(txns_.size());
      for (std::size_t i = 0; i < order.size(); ++i) place[order[i]] = i;
      return std::all_of(all_.begin(), all_.end(), [&](std::size_t t) { return sees(t, place, level); });
    });
  }

  [[nodiscard]] bool sees(std::size_t t, const std::vector<std::size_t>& place, Level level) const {
    std::set<std::size_t> visible;
    for (const std::size_t other : all_) {
      const bool whole = level == Level::kReadAtomic && (session_[other][t] || reads_from(t, other));
      if (whole) visible.insert(other);
    }
    std::set<KeyIndex> own;
    for (const Access& access : txns_[t].accesses) {
      if (access.write) own.insert(access.key);
      if (access.write || own.contains(access.key)) continue;
      const auto writer = writer_of(access);
      for (const std::size_t other : visible) {
        if (other == writer || !writes(other, access.key)) continue;
        if (!writer || place[other] > place[*writer]) return false;
      }
      if (writer) visible.insert(*writer);
    }
    return true;
  }

  [[nodiscard]] bool reads_from(std::size_t reader, std::size_t writer) const {
    std::set<KeyIndex> own;
    for (const Access& access : txns_[reader].accesses) {
      if (access.write) own.insert(access.key);
      if (!access.write && !own.contains(access.key) && writer_of(access) == writer) return true;
    }
    return false;
  }

  /// Each read returns the transaction's own last write of the key, or else the last one of some other
  /// transaction or the initial value.
  [[nodiscard]] bool internally_consistent() const {
    return std::all_of(all_.begin(), all_.end(), [this](std::size_t t) {
      Registers own;
      for (const Access& access : txns_[t].accesses) {
        if (access.write) {
          own[access.key] = access.value;
        } else if (own.contains(access.key)) {
          if (own[access.key] != access.value) return false;
        } else if (access.value != kInitialCode) {
          const auto writer = writer_of(access);
          if (!writer || *writer == t || last_write(*writer, access.key) != access.value) return false;
        }
      }
      return true;
    });
  }

  [[nodiscard]] ValueCode last_write(std::size_t t, KeyIndex key) const {
    ValueCode value = kInitialCode;
    for (const Access& access : txns_[t].accesses) {
      if (access.write && access.key == key) value = access.value;
    }
    return value;
  }

  // One order of the writers of each key agrees with all that the guarantee says.
  [[nodiscard]] bool guarantee(Level level) const {
    if (!internally_consistent()) return false;
    std::set<KeyIndex> keys;
    for (const Txn& txn : txns_) {
      for (const Access& access : txn.accesses) keys.insert(access.key);
    }
    return std::all_of(keys.begin(), keys.end(), [&](KeyIndex key) {
      std::vector<std::size_t> writers;
      std::copy_if(all_.begin(), all_.end(), std::back_inserter(writers),
                   [&](std::size_t t) { return writes(t, key); });
      return any_order(empty(), writers, [&](const Order& order) { return agrees(order, key, level); });
    });
  }

  /// What a session does with one key: reads (of a place in the order, 0 for the initial value) and writes.
  struct Event {
    bool write = false;
    std::size_t place = 0;
  };

  [[nodiscard]] bool agrees(const Order& order, KeyIndex key, Level level) const {
    const auto place_of = [&](std::optional<std::size_t> writer) {
      if (!writer) return std::size_t{0};
      return static_cast<std::size_t>(std::find(order.begin(), order.end(), *writer) - order.begin()) + 1;
    };
    std::map<std::uint32_t, std::vector<Event>> sessions;
    for (const std::size_t t : all_) {
      bool own = false;
      for (const Access& access : txns_[t].accesses) {
        if (access.key != key || (access.write && own)) continue;
        if (access.write) {
          sessions[txns_[t].session].push_back({.write = true, .place = place_of(t)});
          own = true;
        } else if (!own) {
          sessions[txns_[t].session].push_back({.write = false, .place = place_of(writer_of(access))});
        }
      }
    }
    for (const auto& [session, events] : sessions) {
      for (std::size_t a = 0; a < events.size(); ++a) {
        for (std::size_t b = a + 1; b < events.size(); ++b) {
          if (!may_follow(events[a], events[b], level)) return false;
        }
      }
    }
    return true;
  }

  static bool may_follow(const Event& first, const Event& second, Level level) {
    if (level == Level::kReadYourWrites && first.write && !second.write) return first.place <= second.place;
    if (level == Level::kMonotonicReads && !first.write && !second.write) return first.place <= second.place;
    if (level == Level::kMonotonicWrites && first.write && second.write) return first.place < second.place;
    if (level == Level::kWritesFollowReads && !first.write && second.write) return first.place < second.place;
    return true;
  }

  std::vector<Txn> txns_;
  std::vector<std::size_t> all_;
  Relation session_;
  Relation causal_;  ///< closed
};

}  // namespace

bool holds(const TransactionTable& table, Level level) {
  std::vector<TransactionIndex> unknown;
  for (TransactionIndex t = 0; t < table.transaction_count(); ++t) {
    if (table.outcome(t) == TransactionOutcome::kUnknown) unknown.push_back(t);
  }
  for (std::uint32_t chosen = 0; chosen < 1U << unknown.size(); ++chosen) {
    std::vector<Txn> txns;
    for (TransactionIndex t = 0; t < table.transaction_count(); ++t) {
      if (table.outcome(t) == TransactionOutcome::kAborted) continue;
      const auto place = std::find(unknown.begin(), unknown.end(), t) - unknown.begin();
      if (place < static_cast<std::ptrdiff_t>(unknown.size()) && (chosen >> place & 1U) == 0) continue;
      Txn txn{.session = table.session_of(t), .accesses = {}};
      for (std::uint32_t i = table.access_begin(t); i < table.access_begin(t + 1); ++i) {
        txn.accesses.push_back(table.access(i));
      }
      txns.push_back(std::move(txn));
    }
    if (Definitions(std::move(txns)).holds(level)) return true;
  }
  return false;
}

}  // namespace ordeal::testing
