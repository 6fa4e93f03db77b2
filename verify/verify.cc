#include "verify/verify.h"

#include <boost/json.hpp>

#include <algorithm>
#include <cstdint>
#include <istream>
#include <limits>
#include <map>
#include <optional>
#include <ostream>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace json = boost::json;
using Maybe = std::optional<json::value>;

namespace {

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
constexpr std::size_t kConfigurationsMax = 2'000'000;
constexpr std::size_t kOperationsMax = 1000;  // of a part that is tried

using Unreadable = std::runtime_error;
using Refused = std::domain_error;

std::string text(const json::value& value) {
  return json::serialize(value);
}
std::string name(std::int64_t invoke) {
  return "operation " + std::to_string(invoke);
}
std::int64_t number(const json::value& value) {
  return value.to_number<std::int64_t>();
}

// --- The history ---

struct Operation {
  std::int64_t invoke = 0;
  std::int64_t complete = kNever;
  bool ok = false;
  bool failed = false;
  std::int64_t process = 0;
  std::string f;
  json::value argument;
  json::value answer;  // of an ok, and of a failure
  json::object completion;

  bool known() const { return ok || failed; }
};

using Operations = std::map<std::int64_t, Operation>;  // by invocation

struct History {
  std::int64_t events = 0;
  std::map<std::string, Operations> keys;  // by the key's text
};

json::value member(const json::object& object, std::string_view name) {
  const json::value* found = object.if_contains(name);
  return found != nullptr ? *found : json::value();
}

/// With the members of all maps in order, so that equal values have equal texts.
json::value in_order(const json::value& value) {
  if (const json::array* list = value.if_array()) {
    json::array out;
    for (const json::value& element : *list) out.push_back(in_order(element));
    return out;
  }
  if (!value.is_object()) return value;
  std::map<std::string, json::value> members;
  for (const auto& member : value.get_object()) members.emplace(member.key(), in_order(member.value()));
  return json::object(members.begin(), members.end());
}

json::object parse_object(const std::string& line, const std::string& where) {
  boost::system::error_code error;
  json::parse_options options;
  options.max_depth = 64;
  const json::value value = json::parse(line, error, {}, options);
  if (error || !value.is_object()) throw Unreadable(where + " is no JSON object");
  return in_order(value).get_object();
}

History read_history(std::istream& file) {
  History history;
  std::map<std::int64_t, Operation*> open;  // by process
  std::set<std::int64_t> ended;             // processes
  // A last line without its end was cut off: it does not count.
  for (std::string line; std::getline(file, line) && !file.eof(); ++history.events) {
    const std::string where = "line " + std::to_string(history.events + 1) + " of the history";
    const json::object event = parse_object(line, where);
    const json::value type = member(event, "type");
    if (!type.is_string() || !member(event, "f").is_string()) throw Unreadable(where + " has no type or f");
    if (member(event, "process") == "nemesis") continue;  // faults
    if (!member(event, "process").is_int64()) throw Unreadable(where + " has no process");
    if (type != "invoke" && type != "ok" && type != "fail" && type != "info")
      throw Unreadable(where + " has a type that there is not");
    Operation*& mine = open[member(event, "process").get_int64()];
    if ((type == "invoke") != (mine == nullptr))
      throw Unreadable(where + " does not follow from its process's last");
    if (ended.contains(member(event, "process").get_int64()))
      throw Unreadable(where + " is of a process whose last outcome nobody knows");
    if (type == "invoke") {
      mine = &history.keys[text(member(event, "key"))][history.events];
      mine->invoke = history.events;
      mine->process = member(event, "process").get_int64();
      mine->f = member(event, "f").get_string().c_str();
      mine->argument = member(event, "value");
      continue;
    }
    if (type == "info") ended.insert(mine->process);
    mine->ok = type == "ok";
    mine->failed = type == "fail";
    if (mine->known()) {
      mine->complete = history.events;
      mine->answer = member(event, "value");
      mine->completion = event;
    }
    mine = nullptr;
  }
  return history;
}

// --- What the models mean ---

/// One kind of object. States are JSON values.
class Model {
 public:
  explicit Model(const std::string& name) {
    const std::size_t colon = name.find(':');
    name_ = name.substr(0, colon);
    if (operations_of(name_).empty())
      throw Unreadable("the model \"" + name_ + "\" is none that can be verified");
    if (name_ == "mutex") initial_ = "free";
    if (owned()) initial_ = json::array{nullptr, 0, nullptr};
    if (name_ == "fifo-queue" || name_ == "linearizable-set") initial_ = json::array{};
    if (name_ == "linearizable-counter") initial_ = 0;
    if (name_ == "multi-register") initial_ = json::object{};
    if (colon != std::string::npos) initial_ = json::parse(name.substr(colon + 1));
  }

  /// The operations of one key, which will be asked about.
  void look_at(const Operations& operations) {
    for (const auto& [invoke, o] : operations) {
      if (o.failed && !is_fact(o)) continue;
      if (operations_of(name_).find(" " + o.f + " ") == std::string_view::npos)
        throw Refused(name(invoke) + " is " + o.f + ", which the model has not");
      if (o.f == "enqueue" && o.argument.is_null())
        throw Refused("operation " + std::to_string(invoke) +
                      " enqueues nil, which says that a queue is empty");
    }
    lists_ = std::ranges::any_of(operations, [](const auto& entry) {
      const Operation& o = entry.second;
      if (o.f == "read" || o.f == "get") return o.ok && o.answer.is_array();
      return !o.failed && (o.argument.is_array() || (o.f == "append" && !o.argument.is_string()));
    });
  }
  const json::value& initial() const { return initial_; }
  bool is_register() const { return name_ == "register" || name_ == "cas-register" || name_ == "mutex"; }

  /// Whether an operation of which this is known says anything.
  bool counts(const Operation& operation) const {
    if (operation.failed) return is_fact(operation);
    if (!operation.ok) return !looks(operation);
    if (name_ == "cas-register") return operation.f != "read" || !operation.answer.is_null();
    if (name_ != "multi-register") return true;
    return std::ranges::any_of(operation.answer.as_array(), [](const json::value& step) {
      return !is_read(step) || !step.at(2).is_null();
    });
  }
  /// Whether it never changes the state.
  bool looks(const Operation& o) const {
    if (o.failed || o.f == "read" || o.f == "get" || o.f == "contains") return true;
    if (o.f == "cas") return pair(o)[0] == pair(o)[1];
    if (name_ == "fifo-queue") return o.f == "dequeue" && o.ok && o.answer.is_null();
    if (name_ == "linearizable-set") return answers(o) && !o.answer.get_bool();
    if (name_ == "multi-register") return std::ranges::all_of(steps(o), is_read);
    if (name_ == "linearizable-counter") return o.argument == 0;
    if (name_ == "append") return o.f == "append" && !lists_ && o.argument == "";
    return false;
  }

  /// The state after the operation, or nothing when it cannot come next.
  Maybe apply(const Operation& o, const json::value& state, bool write_only) const {
    if (is_register()) return apply_register(o, state, write_only);
    if (owned()) return apply_mutex(o, state.as_array());
    if (name_ == "linearizable-counter") return apply_counter(o, number(state));
    if (name_ == "linearizable-set") return apply_set(o, state.as_array());
    if (name_ == "fifo-queue") return apply_queue(o, state.as_array());
    if (name_ == "multi-register") return apply_registers(o, state.as_object());
    return apply_append(o, state);
  }

  // Of registers: what an operation mentions.
  Maybe gives(const Operation& o) const {
    if (looks(o)) return std::nullopt;
    if (o.f == "acquire") return "held";
    if (o.f == "release") return "free";
    return o.f == "cas" ? pair(o)[1] : o.argument;
  }
  Maybe expects(const Operation& o) const {
    if (o.f == "acquire") return "free";
    if (o.f == "release") return "held";
    if (o.failed && o.completion.contains("seen")) {
      // Who expected what it saw lies, whatever was there.
      const json::value seen = member(o.completion, "seen");
      return seen == pair(o)[0] ? std::nullopt : std::optional(seen);
    }
    if (o.f == "cas") return pair(o)[0];
    return o.f == "read" ? std::optional(o.answer) : std::nullopt;
  }
  /// A fact that a value was not there.
  bool denies(const Operation& o) const { return is_fact(o) && !o.completion.contains("seen"); }

  /// Whether the operation can be left out of a history that has an order, while `kept` stay: whatever rests
  /// still has one.
  bool may_drop(const Operation& o, const std::vector<const Operation*>& kept,
                const std::set<std::int64_t>& writes) const {
    if (looks(o)) return true;
    const auto none = [&](const auto& meets) {
      return std::ranges::none_of(kept, [&](const Operation* other) { return meets(*other); });
    };
    if (is_register()) {  // with everything that mentions the value it writes
      const auto value = gives(o);
      return none([&](const Operation& other) {
        return denies(other) || gives(other) == value ||
               (!writes.contains(other.invoke) && expects(other) == value);
      });
    }
    if (name_ == "linearizable-set")  // with everything about the element
      return none([&](const Operation& other) { return other.f == "read" || other.argument == o.argument; });
    if (name_ == "fifo-queue") {
      const auto element = element_of(o);
      return element && none([&](const Operation& other) { return element_of(other) == element; });
    }
    return false;
  }

 private:
  /// The operations of a model, each between blanks; empty: it is none.
  static std::string_view operations_of(const std::string& model) {
    if (model == "register" || model == "cas-register") return " read write cas ";
    if (model == "append") return " append read get write put ";
    if (model == "fifo-queue") return " enqueue dequeue ";
    if (model == "linearizable-set") return " add remove contains read ";
    if (model == "linearizable-counter") return " add increment decrement read ";
    if (model == "multi-register") return " txn ";
    static const std::set<std::string> mutexes = {"mutex", "owned-mutex", "reentrant-mutex", "fenced-mutex",
                                                  "reentrant-fenced-mutex"};
    return mutexes.contains(model) ? " acquire release " : "";
  }
  bool owned() const { return name_ != "mutex" && name_.ends_with("mutex"); }
  bool is_fact(const Operation& o) const {
    return o.failed && name_ == "register" && o.f == "cas" && member(o.completion, "error") == "mismatch";
  }
  static const json::array& pair(const Operation& o) {
    const json::array* pair = o.argument.if_array();
    if (pair == nullptr || pair->size() != 2) throw Refused(name(o.invoke) + " is no cas");
    return *pair;
  }
  /// Of a set: whether an add or a remove says if it changed it. A set of booleans answers with its elements.
  static bool answers(const Operation& o) { return o.ok && o.answer.is_bool() && !o.argument.is_bool(); }
  static bool is_read(const json::value& step) {
    const std::string_view f = step.at(0).as_string();
    return f == "r" || f == "read" || f == ":r" || f == ":read";
  }
  static const json::array& steps(const Operation& o) { return (o.ok ? o.answer : o.argument).as_array(); }
  static Maybe element_of(const Operation& o) {
    if (o.f == "enqueue") return o.argument;
    return o.ok && !o.answer.is_null() ? std::optional(o.answer) : std::nullopt;
  }
  static Maybe only_if(bool fits, json::value state) {
    return fits ? std::optional(std::move(state)) : std::nullopt;
  }

  Maybe apply_register(const Operation& o, const json::value& state, bool write_only) const {
    if (o.failed) {
      if (o.completion.contains("seen") && state != member(o.completion, "seen")) return std::nullopt;
      return only_if(state != pair(o)[0], state);
    }
    if (o.f == "read")
      return only_if(!o.ok || (name_ == "cas-register" && o.answer.is_null()) || state == o.answer, state);
    if (o.f == "write") return o.argument;
    return only_if(write_only || state == expects(o), o.f == "cas" ? pair(o)[1] : *gives(o));
  }

  /// [holder, how often, last fence]
  Maybe apply_mutex(const Operation& o, const json::array& state) const {
    const bool reentrant = name_.starts_with("reentrant");
    const bool fenced = name_.ends_with("fenced-mutex");
    const std::int64_t holds = number(state[1]);
    const bool mine = holds > 0 && state[0] == o.process;
    if (o.f == "release") {
      if (!mine) return std::nullopt;
      return json::array{holds == 1 ? json::value() : state[0], holds - 1, state[2]};
    }
    if (holds > 0 && !(mine && reentrant)) return std::nullopt;
    json::value fence = state[2];
    if (fenced && o.ok) {
      const json::value got = o.completion.contains("fence") ? member(o.completion, "fence") : o.answer;
      const std::int64_t mark = number(got);
      if (!fence.is_null() && (mine ? mark != fence : mark <= number(fence))) return std::nullopt;
      fence = mark;
    } else if (fenced && !mine && !fence.is_null()) {
      fence = number(fence) + 1;  // nobody saw it: at least the next one
    } else if (fenced && !mine) {
      fence = std::numeric_limits<std::int64_t>::min() + 1;
    }
    return json::array{o.process, holds + 1, fence};
  }

  static Maybe apply_counter(const Operation& o, std::int64_t sum) {
    if (o.f == "read") return only_if(!o.ok || o.answer == sum, sum);
    const std::int64_t by = o.argument.is_null() && o.f != "add" ? 1 : number(o.argument);
    const bool over =
        o.f == "decrement" ? __builtin_sub_overflow(sum, by, &sum) : __builtin_add_overflow(sum, by, &sum);
    if (over) throw Refused("the sum does not fit into 64 bits");
    return sum;
  }

  static Maybe apply_set(const Operation& o, const json::array& state) {
    if (o.f == "read") return only_if(!o.ok || sorted(o.answer.as_array()) == sorted(state), state);
    const auto at = std::ranges::find(state, o.argument);
    const bool there = at != state.end();
    if (o.f == "contains") return only_if(!o.ok || o.answer == there, state);
    if (answers(o) && o.answer.get_bool() != (o.f == "add" ? !there : there)) return std::nullopt;
    json::array next = state;
    if (o.f == "add" && !there) next.push_back(o.argument);
    if (o.f == "remove" && there) next.erase(next.begin() + (at - state.begin()));
    return next;
  }
  static std::vector<std::string> sorted(const json::array& elements) {
    std::vector<std::string> texts;
    for (const json::value& element : elements) texts.push_back(text(element));
    std::ranges::sort(texts);
    return texts;
  }

  static Maybe apply_queue(const Operation& o, json::array state) {
    if (o.f == "enqueue") state.push_back(o.argument);
    if (o.f == "enqueue") return state;
    if (o.ok && (state.empty() ? json::value() : state.front()) != o.answer) return std::nullopt;
    if (!state.empty()) state.erase(state.begin());
    return state;
  }

  static Maybe apply_registers(const Operation& o, json::object state) {
    for (const json::value& step : steps(o)) {
      const json::value& key = step.at(1);
      std::string name = key.is_string() ? std::string(key.get_string()) : text(key);
      if (name.starts_with(':')) name.erase(0, 1);
      if (!is_read(step)) {
        state[name] = step.at(2);
      } else if (o.ok && !step.at(2).is_null() && member(state, name) != step.at(2)) {
        return std::nullopt;
      }
    }
    return state;
  }

  Maybe apply_append(const Operation& o, const json::value& state) const {
    const auto empty = [](const json::value& value) {
      return value.is_null() || value == "" || (value.is_array() && value.get_array().empty());
    };
    if (o.f == "read" || o.f == "get")
      return only_if(!o.ok || o.answer == state || (empty(o.answer) && empty(state)), state);
    if (o.f == "write" || o.f == "put") return o.argument;
    if (!lists_) return json::string(empty(state) ? "" : state.as_string()).append(o.argument.as_string());
    json::array list = empty(state) ? json::array{} : state.as_array();
    list.push_back(o.argument);
    return list;
  }

  std::string name_;
  json::value initial_;
  bool lists_ = false;
};

// --- Valid: the order explains every answer ---

void verify_order(const Model& model, const Operations& operations, const json::array& order) {
  std::set<std::int64_t> placed;
  std::int64_t begun = -1;  // the latest invocation so far
  json::value state = model.initial();
  for (const json::value& position : order) {
    const auto found = operations.find(number(position));
    if (found == operations.end()) throw Refused(text(position) + " is no operation of this key");
    const Operation& o = found->second;
    if (!placed.insert(o.invoke).second) throw Refused(name(o.invoke) + " is there twice");
    if (o.failed && !model.counts(o)) throw Refused(name(o.invoke) + " failed: it did not happen");
    if (o.complete < begun)
      throw Refused(name(o.invoke) + " was over before one that comes ahead of it began");
    begun = std::max(begun, o.invoke);
    Maybe next = model.apply(o, state, false);
    if (!next) throw Refused(name(o.invoke) + " cannot come there: the state is " + text(state));
    state = *std::move(next);
  }
  for (const auto& [invoke, o] : operations) {
    if (o.known() && model.counts(o) && !placed.contains(invoke)) throw Refused(name(invoke) + " is missing");
  }
}

// --- Invalid: a part of the history that has no order ---

struct Candidate {
  const Operation* operation = nullptr;
  std::int64_t complete = kNever;
  bool required = false;
  bool write_only = false;
};

class AnyOrder {
 public:
  AnyOrder(const Model& model, std::vector<Candidate> candidates)
      : model_(model), candidates_(std::move(candidates)), placed_(candidates_.size(), '0') {}

  bool from(const json::value& state) {
    if (visited_.size() > kConfigurationsMax) throw Refused("the part is too large to try all its orders");
    if (!visited_.insert(placed_ + text(state)).second) return false;
    std::int64_t soonest = kNever;  // nothing that begins later can come next
    bool done = true;
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
      if (placed_[i] == '1' || !candidates_[i].required) continue;
      done = false;
      soonest = std::min(soonest, candidates_[i].complete);
    }
    if (done) return true;
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
      const Candidate& candidate = candidates_[i];
      if (placed_[i] == '1' || candidate.operation->invoke > soonest) continue;
      const Maybe next = model_.apply(*candidate.operation, state, candidate.write_only);
      if (!next) continue;
      placed_[i] = '1';
      if (from(*next)) return true;
      placed_[i] = '0';
    }
    return false;
  }

 private:
  const Model& model_;
  const std::vector<Candidate> candidates_;
  std::string placed_;
  std::set<std::string> visited_;
};

std::set<std::int64_t> positions(const json::value& list) {
  std::set<std::int64_t> out;
  for (const json::value& position : list.as_array()) out.insert(number(position));
  return out;
}

void verify_violation(const Model& model, const Operations& operations, const json::object& claim) {
  const std::set<std::int64_t> whole = positions(claim.at("operations"));
  const std::set<std::int64_t> writes = positions(claim.at("writes"));
  const std::int64_t until = number(claim.at("until"));
  const bool window = claim.contains("from");
  const std::int64_t from = window ? number(claim.at("from")) : 0;
  if (!model.is_register() && (window || !writes.empty()))
    throw Refused(
        "only registers may begin with any value, and have compare-and-sets of which only the write counts");

  // What the window leaves: linearizability is closed under prefixes, and what comes after any state has an
  // order from that state. What is open at an edge may be in the part or not; if it only looks, it is gone.
  std::vector<Candidate> candidates;
  std::vector<const Operation*> kept;
  std::vector<const Operation*> dropped;
  for (const auto& [invoke, o] : operations) {
    const bool over = o.known() && o.complete <= until;
    const bool counts = model.counts(o) && invoke <= until && !(window && o.known() && o.complete < from);
    const bool required = over && invoke >= from;
    if (!counts || (!required && model.looks(o))) continue;
    if (!whole.contains(invoke) && !writes.contains(invoke)) {
      dropped.push_back(&o);
      continue;
    }
    if (writes.contains(invoke) && (model.looks(o) || !model.expects(o)))
      throw Refused(name(invoke) + " is no compare-and-set");
    kept.push_back(&o);
    candidates.push_back({&o, required ? o.complete : kNever, required, writes.contains(invoke)});
  }
  if (kept.size() > kOperationsMax) throw Refused("the part is too large to try all its orders");
  if (kept.size() != whole.size() + writes.size())
    throw Refused("it names operations that are not in its window");
  for (const Operation* o : dropped) {
    if (!model.may_drop(*o, kept, writes))
      throw Refused(name(o->invoke) + " cannot be left out: it may be what the others need");
  }
  std::vector<json::value> initials = {model.initial()};
  if (window) {
    initials = {json::object{{"any other value", true}}};
    for (const Operation* o : kept) {
      if (const auto value = model.expects(*o)) initials.push_back(*value);
    }
  }
  for (const json::value& initial : initials) {
    if (AnyOrder(model, candidates).from(initial))
      throw Refused("the part has an order, so it shows nothing");
  }
}

// --- All keys ---

json::object parse_line(std::istream& certificate, std::size_t number) {
  std::string line;
  if (!std::getline(certificate, line))
    throw Unreadable("the certificate ends before line " + std::to_string(number));
  return parse_object(line, "line " + std::to_string(number) + " of the certificate");
}

int verify_keys(const History& history, std::istream& certificate, std::ostream& out) {
  const json::object head = parse_line(certificate, 1);
  if (member(head, "certificate") != 1) throw Unreadable("the certificate is none of version 1");
  if (member(head, "events") != history.events)
    throw Refused("it is of a history of " + text(member(head, "events")) + " events, this one has " +
                  std::to_string(history.events));
  Model model(member(head, "model").as_string().c_str());
  std::set<std::string> judged;
  std::map<std::string, std::size_t> verdicts;
  bool decided_without_key = false;
  for (std::size_t line = 2; judged.size() < history.keys.size(); ++line) {
    const json::object claim = parse_line(certificate, line);
    const std::string key = text(member(claim, "key"));
    const std::string verdict(member(claim, "verdict").as_string());
    const auto found = history.keys.find(key);
    if (found == history.keys.end() || !judged.insert(key).second)
      throw Refused("key " + key + " is not in the history, or was judged before");
    try {
      model.look_at(found->second);
      if (verdict == "valid") verify_order(model, found->second, claim.at("order").as_array());
      if (verdict == "invalid") verify_violation(model, found->second, claim);
      if (verdict != "valid" && verdict != "invalid" && verdict != "unknown")
        throw Refused("it is no verdict");
    } catch (const Refused& refused) {
      throw Refused("key " + key + ", said to be " + verdict + ": " + refused.what());
    }
    if (verdict == "invalid") out << "key " << key << " is invalid\n";
    ++verdicts[verdict];
    decided_without_key = decided_without_key || (key == "null" && verdict != "unknown");
  }
  // What was done without a key may concern any.
  if (history.keys.contains("null") && !decided_without_key) verdicts["invalid"] = verdicts["valid"] = 0;
  const std::size_t proven = verdicts["valid"] + verdicts["invalid"];
  if (verdicts["invalid"] == 0 && proven < history.keys.size()) {
    out << "nothing is claimed of " << history.keys.size() - proven << " keys\n";
    return 2;
  }
  out << "accepted: " << (verdicts["invalid"] > 0 ? "invalid" : "valid") << ", " << proven << " of "
      << history.keys.size() << " keys are proven\n";
  return 0;
}

}  // namespace

int verify(std::istream& history, std::istream& certificate, std::ostream& out, std::ostream& errors) {
  try {
    return verify_keys(read_history(history), certificate, out);
  } catch (const Refused& refused) {
    out << "refused: " << refused.what() << '\n';
    return 1;
  } catch (const std::exception& error) {  // also what Boost.JSON says of a member of another kind
    errors << "ordeal-verify: " << error.what() << '\n';
    return 3;
  }
}
