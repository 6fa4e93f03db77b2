#pragma once
// A walk through the transactions in which each comes after its predecessor in the session and after all that
// it depends on: the one way in which every level here asks whether a relation is acyclic, and in which
// clocks are computed. It needs no list of who depends on whom, only whom each depends on.

#include "checkers/transactions/dependencies.h"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace ordeal {

/// Transactions that wait for each other in a circle: each step's `waiting` depends on its `for_whom`, which
/// is the next step's `waiting` or comes after it in the same session. The last one closes the circle.
struct WaitingCircle {
  struct Step {
    TransactionIndex waiting = 0;
    TransactionIndex for_whom = 0;
  };
  std::vector<Step> steps;  ///< empty: there is none
};

template <class Dependencies>
class Walk {
 public:
  /// `session_end[s]`: the walk takes the transactions of session s below this number. Requires: what they
  /// depend on is below the end of its session too.
  Walk(const TransactionTable& table, const std::vector<TransactionIndex>& session_end,
       const Dependencies& dependencies)
      : table_(table), dependencies_(dependencies), sessions_(table.session_count()) {
    for (SessionIndex s = 0; s < table.session_count(); ++s) {
      sessions_[s].next = table.session_begin(s);
      sessions_[s].end = session_end[s];
    }
  }

  /// Calls `visit(t)` for each transaction in its turn, until all are done or the rest waits in a circle.
  template <class Visit>
  [[nodiscard]] WaitingCircle run(const Visit& visit) {
    std::vector<SessionIndex> ready;
    for (SessionIndex s = table_.session_count(); s-- > 0;) ready.push_back(s);
    while (!ready.empty()) {
      const SessionIndex s = ready.back();
      ready.pop_back();
      Session& session = sessions_[s];
      while (session.next < session.end && !blocked(s)) {
        visit(session.next++);
        session.dependencies_done = 0;
        if (session.next > session.wake_at) wake(session, ready);
      }
    }
    return find_circle();
  }

 private:
  static constexpr std::uint32_t kNobody = UINT32_MAX;

  struct Session {
    TransactionIndex next = 0;  ///< the transaction whose turn it is
    TransactionIndex end = 0;
    std::uint32_t dependencies_done = 0;  ///< of `next`
    TransactionIndex waits_for = kInitialWriter;
    SessionIndex sleepers = kNobody;            ///< sessions that wait for a transaction of this one, a list
    SessionIndex next_sleeper = kNobody;        ///< the one after this in the list it is in
    TransactionIndex wake_at = kInitialWriter;  ///< the first transaction that a sleeper waits for
  };

  /// Goes through the dependencies of the session's next transaction; at one that is not done, falls asleep.
  bool blocked(SessionIndex s) {
    Session& session = sessions_[s];
    const std::uint32_t count = dependencies_.count(session.next);
    for (; session.dependencies_done < count; ++session.dependencies_done) {
      const TransactionIndex other = dependencies_.at(session.next, session.dependencies_done);
      if (other == kInitialWriter) continue;
      Session& owner = sessions_[table_.session_of(other)];
      if (other < owner.next) continue;
      session.waits_for = other;
      session.next_sleeper = owner.sleepers;
      owner.sleepers = s;
      owner.wake_at = std::min(owner.wake_at, other);
      return true;
    }
    return false;
  }

  void wake(Session& owner, std::vector<SessionIndex>& ready) {
    SessionIndex sleeper = owner.sleepers;
    owner.sleepers = kNobody;
    owner.wake_at = kInitialWriter;
    while (sleeper != kNobody) {
      Session& session = sessions_[sleeper];
      const SessionIndex after = session.next_sleeper;
      if (session.waits_for < owner.next) {
        ready.push_back(sleeper);
      } else {
        session.next_sleeper = owner.sleepers;
        owner.sleepers = sleeper;
        owner.wake_at = std::min(owner.wake_at, session.waits_for);
      }
      sleeper = after;
    }
  }

  // Every session that is not done waits for another that is not, so whoever follows that comes back.
  [[nodiscard]] WaitingCircle find_circle() const {
    WaitingCircle circle;
    const auto left = std::find_if(sessions_.begin(), sessions_.end(),
                                   [](const Session& session) { return session.next < session.end; });
    if (left == sessions_.end()) return circle;
    auto s = static_cast<SessionIndex>(left - sessions_.begin());
    for (std::vector<bool> seen(sessions_.size()); !seen[s]; s = awaited(s)) seen[s] = true;
    for (SessionIndex at = s; circle.steps.empty() || at != s; at = awaited(at)) {
      circle.steps.push_back({.waiting = sessions_[at].next, .for_whom = sessions_[at].waits_for});
    }
    return circle;
  }

  [[nodiscard]] SessionIndex awaited(SessionIndex s) const {
    return table_.session_of(sessions_[s].waits_for);
  }

  const TransactionTable& table_;
  const Dependencies dependencies_;
  std::vector<Session> sessions_;
};

/// Where each session ends, for a walk through all of it.
[[nodiscard]] std::vector<TransactionIndex> session_ends(const TransactionTable& table);

}  // namespace ordeal
