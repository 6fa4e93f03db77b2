// The machine against a twin that knows nothing of bytes: maps of values and sessions, on random commands.

#include "common/prng.h"
#include "tests/node/kv/replica.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace ordeal::kv {
namespace {

constexpr std::uint64_t kSessionsMax = 3;

class Twin {
 public:
  Reply apply(const Command& command, LogIndex index) {
    if (find_fault(command)) return refuse(ReplyCode::kInvalid, index);
    const bool in_session = command.session && !command.read_only();
    if (in_session) {
      const auto [client, sequence] = *command.session;
      if (sequence == 0) return refuse(ReplyCode::kInvalid, index);
      const auto known = sessions_.find(client);
      if (known == sessions_.end() && sequence > 1 && forgot_)
        return refuse(ReplyCode::kSessionExpired, index);
      if (known != sessions_.end() && sequence < known->second.sequence)
        return refuse(ReplyCode::kSequenceTooOld, index);
      if (known != sessions_.end() && sequence == known->second.sequence) {
        Reply reply = known->second.reply;
        reply.duplicate = true;
        return reply;
      }
    }
    const Reply reply = run(command, index);
    if (in_session) remember(*command.session, reply, index);
    return reply;
  }

 private:
  struct Session {
    std::uint64_t sequence = 0;
    LogIndex last_use;
    Reply reply;
  };

  static Reply refuse(ReplyCode code, LogIndex index) { return {code, false, index, {}}; }

  Reply run(const Command& command, LogIndex index) {
    auto data = data_;
    Reply reply{ReplyCode::kCommitted, false, index, {}};
    for (const Step& step : command.steps) {
      auto& [value, version] = data[step.key];
      const bool plain = std::holds_alternative<Bytes>(value);
      const bool nothing = std::holds_alternative<std::monostate>(value);
      bool ok = true;
      if (step.kind == StepKind::kCas)
        ok = step.expected ? plain && std::get<Bytes>(value) == *step.expected : nothing;
      if (step.kind == StepKind::kAppend) ok = !plain;
      if (!ok || step.kind == StepKind::kGet) {
        reply.results.push_back({ok, value, version});
        if (ok) continue;
        reply.code = ReplyCode::kAborted;
        return reply;
      }
      version = Version(index.value());
      if (step.kind == StepKind::kAppend) {
        auto list = nothing ? std::vector<Bytes>() : std::get<std::vector<Bytes>>(value);
        list.push_back(step.value);
        value = list;
        reply.results.push_back({true, value, version});
      } else {
        value = step.kind == StepKind::kDelete ? Stored() : Stored(step.value);
        reply.results.push_back({true, {}, version});
      }
    }
    data_ = data;
    return reply;
  }

  void remember(const SessionStamp& stamp, const Reply& reply, LogIndex index) {
    if (!sessions_.contains(stamp.client) && sessions_.size() == kSessionsMax) {
      sessions_.erase(std::min_element(sessions_.begin(), sessions_.end(), [](const auto& a, const auto& b) {
        return a.second.last_use < b.second.last_use;
      }));
      forgot_ = true;
    }
    sessions_[stamp.client] = {stamp.sequence, index, reply};
  }

  std::map<Bytes, std::pair<Stored, Version>> data_;
  std::map<std::uint64_t, Session> sessions_;
  bool forgot_ = false;
};

Bytes small(Rng& rng) {
  return Bytes(1, static_cast<char>('a' + rng.below(4)));
}

Step random_step(Rng& rng) {
  const Bytes key = small(rng);
  switch (rng.below(5)) {
    case 0:
      return get(key);
    case 1:
      return put(key, small(rng));
    case 2:
      return erase(key);
    case 3:
      return cas(key, rng.chance(1, 3) ? std::nullopt : std::optional<Bytes>(small(rng)), small(rng));
    default:
      return append(key, small(rng));
  }
}

Command random_command(Rng& rng) {
  Command command;
  if (rng.chance(2, 3)) command.session = SessionStamp{1 + rng.below(5), rng.below(12)};
  for (std::uint64_t n = rng.chance(1, 50) ? 0 : 1 + rng.below(4); n > 0; --n)
    command.steps.push_back(random_step(rng));
  return command;
}

TEST(KvTwin, AgreesOnRandomCommands) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Rng rng(seed);
    Replica replica({.sessions_max = kSessionsMax});
    Twin twin;
    for (int i = 0; i < 200; ++i) {
      const Command command = random_command(rng);
      const Reply got = replica.apply(command);
      ASSERT_EQ(got, twin.apply(command, replica.index))
          << "seed " << seed << " entry " << replica.index.value();
    }
  }
}

TEST(KvTwin, TwoReplicasHoldTheSameBytes) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Rng rng(seed);
    Replica one({.sessions_max = kSessionsMax});
    Replica two({.sessions_max = kSessionsMax});
    for (int i = 0; i < 300; ++i) {
      const Command command = random_command(rng);
      one.apply(command);
      two.apply(command);
      ASSERT_EQ(one.last_reply, two.last_reply) << "seed " << seed;
    }
    ASSERT_EQ(one.store.content, two.store.content) << "seed " << seed;
  }
}

// A snapshot is the content of the state space: whoever starts from it goes on like the others.
TEST(KvTwin, ReplicaFromSnapshotGoesOnAlike) {
  Rng rng(99);
  Replica one({.sessions_max = kSessionsMax});
  for (int i = 0; i < 300; ++i) one.apply(random_command(rng));
  Replica two({.sessions_max = kSessionsMax});
  two.store.content = one.store.content;
  two.index = one.index;
  for (int i = 0; i < 300; ++i) {
    const Command command = random_command(rng);
    one.apply(command);
    two.apply(command);
    ASSERT_EQ(one.last_reply, two.last_reply) << "entry " << one.index.value();
  }
}

}  // namespace
}  // namespace ordeal::kv
