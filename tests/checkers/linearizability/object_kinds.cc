#include "tests/checkers/linearizability/object_kinds.h"

#include <algorithm>
#include <set>
#include <utility>

namespace ordeal::testing {
namespace {

Op invocation(std::string f, Value value = {}) {
  Op op;
  op.f = std::move(f);
  op.value = std::move(value);
  return op;
}

bool is_ok(const Op* completion) {
  return completion != nullptr && completion->type == OpType::kOk;
}

std::vector<Value> only_if(bool fits, Value state) {
  return fits ? std::vector{std::move(state)} : std::vector<Value>();
}

/// Below every fence that a test uses: at the beginning none was given.
constexpr std::int64_t kNoFence = -100;

/// State: [holder holds last-fence]; holder nil when free.
std::vector<Value> mutex_effects(const MutexSemantics& semantics, const Op& invoke, const Op* completion,
                                 const Value& state) {
  const Value::List& s = *state.as_list();
  const Value process(invoke.process.value());
  const std::int64_t holds = *s[1].as_int();
  if (invoke.f == "release") {
    if (holds == 0 || s[0] != process) return {};
    return {Value::List{holds == 1 ? Value() : process, holds - 1, s[2]}};
  }
  const bool again = holds > 0;
  if (again && (!semantics.reentrant || s[0] != process)) return {};
  if (!semantics.fenced) return {Value::List{process, holds + 1, s[2]}};
  const std::int64_t last = *s[2].as_int();
  if (!is_ok(completion)) {
    if (again) return {Value::List{process, holds + 1, s[2]}};
    std::vector<Value> guesses;
    for (std::int64_t fence = last + 1; fence < last + 4; ++fence)
      guesses.emplace_back(Value::List{process, holds + 1, fence});
    return guesses;
  }
  const std::int64_t fence = *completion->value.as_int();
  return only_if(again ? fence == last : fence > last, Value::List{process, holds + 1, fence});
}

Kind mutex_kind(const MutexSemantics& semantics) {
  return {
      .name = std::string(semantics.reentrant ? "reentrant-" : "") + (semantics.fenced      ? "fenced-mutex"
                                                                      : semantics.reentrant ? "mutex"
                                                                                            : "owned-mutex"),
      .factory = make_mutex(semantics),
      .initial = Value::List{{}, 0, kNoFence},
      .effects = [semantics](
                     const Op& invoke, const Op* completion,
                     const Value& state) { return mutex_effects(semantics, invoke, completion, state); },
      .invocation = [](Rng& rng,
                       std::int64_t) { return invocation(rng.chance(1, 2) ? "acquire" : "release"); },
      .answers =
          [semantics](const Op& invoke, const Value& state) {
            const std::int64_t last = *(*state.as_list())[2].as_int();
            if (invoke.f == "release" || !semantics.fenced) return std::vector<Value>{Value()};
            if (last == kNoFence) return std::vector<Value>{1, 5};
            return std::vector<Value>{last + 1, last, std::max(last - 1, kNoFence + 1), last + 2};
          }};
}

Kind counter_kind() {
  return {.name = "linearizable-counter",
          .factory = make_counter(),
          .initial = 0,
          .effects = [](const Op& invoke, const Op* completion, const Value& state) -> std::vector<Value> {
            const std::int64_t sum = *state.as_int();
            if (invoke.f == "read") return only_if(!is_ok(completion) || completion->value == state, state);
            const std::int64_t by = invoke.value.is_nil() ? 1 : *invoke.value.as_int();
            return {sum + (invoke.f == "decrement" ? -by : by)};
          },
          .invocation =
              [](Rng& rng, std::int64_t) {
                const std::uint64_t kind = rng.below(6);
                if (kind < 3) return invocation("read");
                if (kind == 3) return invocation("increment");
                if (kind == 4) return invocation("decrement", rng.chance(1, 2) ? Value() : Value(2));
                return invocation("add", rng.between(-2, 3));
              },
          .answers =
              [](const Op& invoke, const Value& state) {
                if (invoke.f != "read") return std::vector<Value>{invoke.value};
                const std::int64_t sum = *state.as_int();
                return std::vector<Value>{sum, sum + 1, sum - 1, 0};
              }};
}

std::vector<Value> set_effects(const Op& invoke, const Op* completion, const Value& state) {
  std::set<Value> held(state.as_list()->begin(), state.as_list()->end());
  const bool there = held.contains(invoke.value);
  const bool* const said = is_ok(completion) ? completion->value.as_bool() : nullptr;
  if (invoke.f == "contains") return only_if(!is_ok(completion) || *said == there, state);
  if (invoke.f == "read") {
    if (!is_ok(completion)) return {state};
    Value::List read = *completion->value.as_list();
    std::sort(read.begin(), read.end());
    return only_if(Value(read) == state, state);
  }
  if (said != nullptr && *said != (invoke.f == "add" ? !there : there)) return {};
  invoke.f == "add" ? static_cast<void>(held.insert(invoke.value))
                    : static_cast<void>(held.erase(invoke.value));
  return {Value(Value::List(held.begin(), held.end()))};
}

Kind set_kind(bool reads) {
  return {.name = "linearizable-set",
          .factory = make_set(),
          .initial = Value::List{},
          .effects = set_effects,
          .invocation =
              [reads](Rng& rng, std::int64_t) {
                const std::vector<std::string> names = {"add", "remove", "contains", "read"};
                const std::string f = names[rng.below(reads ? 4 : 3)];
                return invocation(f, f == "read" ? Value() : Value(static_cast<std::int64_t>(rng.below(3))));
              },
          .answers =
              [](const Op& invoke, const Value& state) {
                if (invoke.f == "contains") return std::vector<Value>{true, false};
                if (invoke.f != "read") return std::vector<Value>{true, false, invoke.value};
                Value::List turned = *state.as_list();
                std::reverse(turned.begin(), turned.end());
                return std::vector<Value>{
                    turned,        Value::List{}, Value::List{1}, Value::List{0, 1}, Value::List{2, 2},
                    Value::List{7}};
              }};
}

Kind queue_kind() {
  return {.name = "fifo-queue",
          .factory = make_fifo_queue(),
          .initial = Value::List{},
          .effects = [](const Op& invoke, const Op* completion, const Value& state) -> std::vector<Value> {
            Value::List held = *state.as_list();
            if (invoke.f == "enqueue") {
              held.push_back(invoke.value);
              return {held};
            }
            const Value first = held.empty() ? Value() : held.front();
            if (is_ok(completion) && completion->value != first) return {};
            if (!held.empty()) held.erase(held.begin());
            return {held};
          },
          .invocation =
              [](Rng& rng, std::int64_t) {
                return rng.chance(1, 2) ? invocation("dequeue")
                                        : invocation("enqueue", static_cast<std::int64_t>(rng.below(4)));
              },
          .answers =
              [](const Op& invoke, const Value& state) {
                if (invoke.f == "enqueue") return std::vector<Value>{invoke.value};
                const Value::List& held = *state.as_list();
                return std::vector<Value>{held.empty() ? Value() : held.front(), Value(), 0, 1};
              }};
}

std::vector<Value> registers_effects(const Op& invoke, const Op* completion, const Value& state) {
  Value::Map held = *state.as_map();
  const bool ok = is_ok(completion);
  for (const Value& step : *(ok ? completion->value : invoke.value).as_list()) {
    const Value::List& parts = *step.as_list();
    Value& now = held[*parts[1].as_string()];
    const bool read = parts[0] == Value("read") || parts[0] == Value("r");
    if (read && ok && !parts[2].is_nil() && parts[2] != now) return {};
    if (!read) now = parts[2];
  }
  return {held};
}

Kind registers_kind() {
  return {.name = R"(multi-register:{"x":0})",
          .factory = make_multi_register(Value::Map{{"x", 0}}),
          .initial = Value::Map{{"x", 0}, {"y", {}}},
          .effects = registers_effects,
          .invocation =
              [](Rng& rng, std::int64_t) {
                Value::List steps;
                for (std::uint64_t left = rng.between(1, 3); left > 0; --left) {
                  const Value key = rng.chance(1, 2) ? "x" : "y";
                  steps.push_back(rng.chance(1, 2) ? Value::List{"r", key, {}}
                                                   : Value::List{"write", key, rng.between(0, 2)});
                }
                return invocation("txn", steps);
              },
          .answers =
              [](const Op& invoke, const Value& state) {
                Value::Map held = *state.as_map();
                Value::List steps = *invoke.value.as_list();
                for (Value& step : steps) {
                  Value::List& parts = *step.as_list();
                  Value& now = held[*parts[1].as_string()];
                  if (parts[0] == Value("r"))
                    parts[2] = now;
                  else
                    now = parts[2];
                }
                Value::List wrong = steps;
                (*wrong.back().as_list())[2] = 1;
                const bool reads = (*wrong.back().as_list())[0] == Value("r");
                return reads ? std::vector<Value>{steps, wrong} : std::vector<Value>{steps};
              }};
}

Value joined(const Value& state, const Value& part, bool lists) {
  if (!lists) return Value(*state.as_string() + *part.as_string());
  Value::List list = *state.as_list();
  list.push_back(part);
  return list;
}

Kind append_kind(bool lists) {
  const Value empty = lists ? Value(Value::List{}) : Value("");
  return {.name = "append",
          .factory = make_append(),
          .initial = empty,
          .effects = [lists, empty](const Op& invoke, const Op* completion,
                                    const Value& state) -> std::vector<Value> {
            if (invoke.f == "put") return {invoke.value};
            if (invoke.f == "append") return {joined(state, invoke.value, lists)};
            if (!is_ok(completion)) return {state};
            return only_if((completion->value.is_nil() ? empty : completion->value) == state, state);
          },
          .invocation =
              [lists](Rng& rng, std::int64_t) {
                const std::uint64_t kind = rng.below(7);
                if (kind < 3) return invocation("get");
                const std::vector<std::string> texts = {"a", "b", "ab", ""};
                const Value part = lists ? Value(rng.between(0, 3)) : Value(texts[rng.below(4)]);
                if (kind < 6) return invocation("append", part);
                return invocation("put", lists ? Value(Value::List{part}) : part);
              },
          .answers =
              [lists](const Op& invoke, const Value& state) {
                if (invoke.f != "get") return std::vector<Value>{invoke.value};
                const Value part = lists ? Value(1) : Value("a");
                return std::vector<Value>{state, joined(state, part, lists), Value(),
                                          lists ? Value(Value::List{1}) : Value("a")};
              }};
}

/// Clients of an object that is really atomic, now and then with a lie.
class Clients {
 public:
  Clients(Rng& rng, const Kind& kind) : rng_(rng), kind_(kind), state_(kind.initial) {
    lies_of_16_ = rng.pick(std::vector<std::uint64_t>{0, 1, 4});
    unknown_of_16_ = rng.pick(std::vector<std::uint64_t>{0, 2, 5});
    clients_.resize(static_cast<std::size_t>(rng.between(2, 4)));
    for (Client& client : clients_) client.process = next_process_++;
    left_ = rng.between(2, 9);
  }

  History run() {
    while (left_ > 0 || std::ranges::any_of(clients_, &Client::open)) {
      Client& client = clients_[rng_.below(clients_.size())];
      if (!client.open) {
        if (left_ > 0) invoke(client);
      } else if (!client.done) {
        if (rng_.chance(1, 2)) take_effect(client);
      } else if (rng_.chance(1, 2)) {
        complete(client);
      }
    }
    return std::move(history_);
  }

 private:
  struct Client {
    std::int64_t process = 0;
    bool open = false;
    bool done = false;
    Op invoke;
    Op answer;
  };

  void record(Op op, OpType type) {
    op.index = static_cast<std::int64_t>(history_.size());
    op.time = nanoseconds(op.index);
    op.type = type;
    op.key = "x";
    history_.push_back(std::move(op));
  }

  void invoke(Client& client) {
    --left_;
    client.open = true;
    client.done = false;
    client.invoke = kind_.invocation(rng_, client.process);
    client.invoke.process = ProcessId(client.process);
    record(client.invoke, OpType::kInvoke);
  }

  void take_effect(Client& client) {
    client.done = true;
    client.answer = client.invoke;
    client.answer.type = OpType::kOk;
    std::vector<Value> answers = kind_.answers(client.invoke, state_);
    const bool lies = rng_.below(16) < lies_of_16_;
    if (lies) {
      client.answer.value = rng_.pick(answers);
      if (rng_.chance(1, 2)) return;  // without any effect
    }
    for (const Value& answer : answers) {
      Op honest = client.answer;
      honest.value = answer;
      const std::vector<Value> next = kind_.effects(client.invoke, &honest, state_);
      if (next.empty()) continue;
      if (!lies) client.answer.value = answer;
      state_ = next.front();
      return;
    }
    client.answer.type = OpType::kFail;
    client.answer.error = "refused";
  }

  void complete(Client& client) {
    client.open = false;
    if (rng_.below(16) >= unknown_of_16_) {
      record(client.answer, client.answer.type);
      return;
    }
    if (rng_.chance(1, 2)) record(client.invoke, OpType::kInfo);
    client.process = next_process_++;
  }

  Rng& rng_;
  const Kind& kind_;
  Value state_;
  std::uint64_t lies_of_16_ = 0;
  std::uint64_t unknown_of_16_ = 0;
  std::int64_t left_ = 0;
  std::int64_t next_process_ = 0;
  std::vector<Client> clients_;
  History history_;
};

}  // namespace

const std::vector<Kind>& object_kinds() {
  static const std::vector<Kind> kinds = {mutex_kind({}),
                                          mutex_kind({.reentrant = true, .fenced = false}),
                                          mutex_kind({.reentrant = false, .fenced = true}),
                                          mutex_kind({.reentrant = true, .fenced = true}),
                                          counter_kind(),
                                          set_kind(true),
                                          set_kind(false),
                                          queue_kind(),
                                          registers_kind(),
                                          append_kind(true),
                                          append_kind(false)};
  return kinds;
}

History random_object_history(Rng& rng, const Kind& kind) {
  return Clients(rng, kind).run();
}

bool has_an_order(const History& history, const Kind& kind, std::size_t size) {
  return AnyOrder(
             history, kind.effects, [](const Op&, const Op&) { return false; }, size)
      .exists(kind.initial);
}

}  // namespace ordeal::testing
