// The one file that knows YAML (docs/decisions/001-yaml-in-the-plan.md). yaml-cpp throws; nothing leaves this
// file.

#include "controller/run/plan.h"
#include "controller/run/plan_rules.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <yaml-cpp/yaml.h>

#include <charconv>
#include <functional>
#include <limits>
#include <map>
#include <utility>

namespace ordeal {
namespace {

constexpr std::size_t kTextSizeMax = std::size_t{1024} * 1024;

/// Thrown and caught in this file alone.
struct PlanError {
  int line;
  std::string message;
};

int line_of(const YAML::Mark& mark) {
  return mark.line + 1;
}

[[noreturn]] void fail(const YAML::Node& node, std::string message) {
  throw PlanError{line_of(node.Mark()), std::move(message)};
}

std::string_view kind_of(const YAML::Node& node) {
  switch (node.Type()) {
    case YAML::NodeType::Map:
      return "a map";
    case YAML::NodeType::Sequence:
      return "a list";
    case YAML::NodeType::Scalar:
      return "a value";
    case YAML::NodeType::Null:
      return "nothing";
    case YAML::NodeType::Undefined:
      break;
  }
  return "undefined";
}

/// Where each setting stands in the file, so that a rule that is broken names a line.
class Reader {
 public:
  using Field = std::pair<std::string_view, std::function<void(const YAML::Node&, const std::string&)>>;

  /// Gives each member to its field. Refuses unknown and repeated members.
  void map(const YAML::Node& node, const std::string& path, const std::vector<Field>& fields) {
    if (!node.IsMap())
      fail(node, fmt::format("{} must be a map, not {}", path.empty() ? "the plan" : path, kind_of(node)));
    std::map<std::string, int> seen;
    for (const auto& member : node) {
      const std::string key = scalar(member.first, "a key");
      const auto [first, is_new] = seen.emplace(key, line_of(member.first.Mark()));
      if (!is_new)
        fail(member.first, fmt::format("key '{}' stands twice, first in line {}", key, first->second));
      const Field* field = find(fields, key);
      if (field == nullptr)
        fail(member.first, fmt::format("unknown key '{}'; allowed: {}", key, allowed(fields)));
      const std::string inner = path.empty() ? key : path + "." + key;
      lines_[inner] = line_of(member.first.Mark());
      field->second(member.second, inner);
    }
  }

  void list(const YAML::Node& node, const std::string& path,
            const std::function<void(const YAML::Node&, const std::string&)>& read) {
    if (!node.IsSequence()) fail(node, fmt::format("{} must be a list, not {}", path, kind_of(node)));
    std::size_t number = 0;
    for (const auto& item : node) {
      const std::string inner = fmt::format("{}[{}]", path, number++);
      lines_[inner] = line_of(item.Mark());
      read(item, inner);
    }
  }

  [[nodiscard]] bool has(const std::string& path) const { return lines_.contains(path); }
  /// The line of a setting, else of what it is in.
  [[nodiscard]] int line(std::string path) const {
    for (;;) {
      if (const auto it = lines_.find(path); it != lines_.end()) return it->second;
      const std::size_t cut = path.find_last_of(".[");
      if (cut == std::string::npos) return 1;
      path.resize(cut);
    }
  }

  static std::string scalar(const YAML::Node& node, std::string_view path) {
    if (!node.IsScalar()) fail(node, fmt::format("{} must be a single value, not {}", path, kind_of(node)));
    return node.Scalar();
  }

 private:
  static const Field* find(const std::vector<Field>& fields, std::string_view key) {
    for (const Field& field : fields) {
      if (field.first == key) return &field;
    }
    return nullptr;
  }
  static std::string allowed(const std::vector<Field>& fields) {
    std::vector<std::string_view> names;
    for (const Field& field : fields) names.push_back(field.first);
    return fmt::format("{}", fmt::join(names, ", "));
  }

  std::map<std::string, int> lines_;
};

// --- Single values ----------------------------------------------------------------------------------------

template <class Integer>
void read_integer(const YAML::Node& node, const std::string& path, Integer& into) {
  const std::string text = Reader::scalar(node, path);
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  const bool whole = error != std::errc::invalid_argument && stop == end && !text.empty();
  if (!whole) fail(node, fmt::format("{} must be a whole number from 0, not '{}'", path, text));
  if (error == std::errc::result_out_of_range || value > std::numeric_limits<Integer>::max()) {
    fail(node, fmt::format("{} is {}; allowed: up to {}", path, text, std::numeric_limits<Integer>::max()));
  }
  into = static_cast<Integer>(value);
}

void read_duration(const YAML::Node& node, const std::string& path, Duration& into) {
  const auto duration = parse_duration(Reader::scalar(node, path));
  if (!duration.ok()) fail(node, fmt::format("{}: {}", path, duration.error().message));
  into = *duration;
}

/// The index of the text among the choices.
std::size_t read_choice(const YAML::Node& node, const std::string& path,
                        const std::vector<std::string_view>& choices) {
  const std::string text = Reader::scalar(node, path);
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (choices[i] == text) return i;
  }
  fail(node, fmt::format("{} is '{}'; allowed: {}", path, text, fmt::join(choices, ", ")));
}

Reader::Field text_field(std::string_view name, std::string& into) {
  return {name,
          [&into](const YAML::Node& node, const std::string& path) { into = Reader::scalar(node, path); }};
}
template <class Integer>
Reader::Field integer_field(std::string_view name, Integer& into) {
  return {name, [&into](const YAML::Node& node, const std::string& path) { read_integer(node, path, into); }};
}
Reader::Field duration_field(std::string_view name, Duration& into) {
  return {name,
          [&into](const YAML::Node& node, const std::string& path) { read_duration(node, path, into); }};
}
/// True for the first of the two choices.
Reader::Field choice_field(std::string_view name, bool& into, std::string_view yes, std::string_view no) {
  return {name, [&into, yes, no](const YAML::Node& node, const std::string& path) {
            into = read_choice(node, path, {yes, no}) == 0;
          }};
}
Reader::Field texts_field(std::string_view name, std::vector<std::string>& into, Reader& reader) {
  return {name, [&into, &reader](const YAML::Node& node, const std::string& path) {
            into.clear();
            reader.list(node, path, [&](const YAML::Node& item, const std::string& inner) {
              into.push_back(Reader::scalar(item, inner));
            });
          }};
}
/// [low, high]
Reader::Field range_field(std::string_view name, Duration& low, Duration& high, Reader& reader) {
  return {name, [&, name](const YAML::Node& node, const std::string& path) {
            std::vector<Duration> bounds;
            reader.list(node, path, [&](const YAML::Node& item, const std::string& inner) {
              read_duration(item, inner, bounds.emplace_back());
            });
            if (bounds.size() != 2) fail(node, fmt::format("{} must be a pair such as [1s, 3s]", path));
            low = bounds[0];
            high = bounds[1];
          }};
}

// --- The parts of a plan ----------------------------------------------------------------------------------

ScriptedOp read_operation(const YAML::Node& node, const std::string& path, Reader& reader) {
  ScriptedOp op;
  reader.map(node, path,
             {duration_field("at", op.at),
              integer_field("client", op.client),
              text_field("f", op.f),
              text_field("key", op.key),
              {"value", [&](const YAML::Node& value, const std::string& inner) {
                 if (value.IsScalar()) {
                   op.value = value.Scalar();
                   return;
                 }
                 Value::List pair;
                 reader.list(value, inner, [&](const YAML::Node& item, const std::string& at) {
                   pair.push_back(item.IsNull() ? Value() : Value(Reader::scalar(item, at)));
                 });
                 op.value = std::move(pair);
               }}});
  return op;
}

void read_workload(const YAML::Node& node, const std::string& path, WorkloadPlan& workload, Reader& reader) {
  reader.map(node, path,
             {text_field("name", workload.name),
              integer_field("keys", workload.keys),
              integer_field("operations_per_key", workload.operations_per_key),
              integer_field("concurrency_per_key", workload.concurrency_per_key),
              choice_field("values", workload.unique_values, "unique", "small"),
              {"operations",
               [&](const YAML::Node& operations, const std::string& inner) {
                 reader.list(operations, inner, [&](const YAML::Node& op, const std::string& at) {
                   workload.operations.push_back(read_operation(op, at, reader));
                 });
               }},
              {"mix", [&](const YAML::Node& mix, const std::string& inner) {
                 // What a mix leaves out is left out of the load.
                 workload.read_weight = workload.write_weight = workload.cas_weight = 0;
                 reader.map(mix, inner,
                            {integer_field("read", workload.read_weight),
                             integer_field("write", workload.write_weight),
                             integer_field("cas", workload.cas_weight)});
               }}});
}

void read_load(const YAML::Node& node, const std::string& path, LoadPlan& load, Reader& reader) {
  reader.map(node, path,
             {choice_field("mode", load.open, "open", "closed"),
              integer_field("concurrency", load.concurrency), integer_field("rate", load.rate)});
}

void read_client(const YAML::Node& node, const std::string& path, ClientPlan& client, Reader& reader) {
  reader.map(node, path,
             {duration_field("operation_timeout", client.operation_timeout),
              duration_field("attempt_timeout", client.attempt_timeout),
              choice_field("retry", client.retry, "true", "false"),
              choice_field("sticky", client.sticky, "true", "false")});
}

RandomFaults read_random(const YAML::Node& node, const std::string& path, Reader& reader) {
  RandomFaults random;
  random.kinds = {"partition", "kill", "pause"};
  random.shapes = {"isolate-one", "halves", "majority-ring", "bridge", "one-way", "random"};
  random.targets = {"leader", "follower", "minority", "one"};
  reader.map(node, path,
             {texts_field("kinds", random.kinds, reader), texts_field("shapes", random.shapes, reader),
              texts_field("targets", random.targets, reader),
              range_field("gap", random.gap_min, random.gap_max, reader),
              range_field("duration", random.duration_min, random.duration_max, reader)});
  return random;
}

void read_when(const YAML::Node& node, const std::string& path, NodeEventKind& into) {
  std::vector<std::string_view> names;
  for (const NodeEventTraits& kind : node_event_kinds()) names.push_back(kind.name);
  into = node_event_kinds()[read_choice(node, path, names)].kind;
}

FaultEvent read_event(const YAML::Node& node, const std::string& path, Reader& reader) {
  FaultEvent event;
  FaultTrigger trigger;
  reader.map(node, path,
             {duration_field("at", event.at),
              {"when", [&](const YAML::Node& when,
                           const std::string& inner) { read_when(when, inner, trigger.kind); }},
              text_field("node", trigger.node),
              integer_field("count", trigger.count),
              duration_field("after", trigger.after),
              duration_field("for", event.length),
              text_field("fault", event.request.fault),
              text_field("shape", event.request.shape),
              text_field("target", event.request.target)});
  const bool waits = reader.has(path + ".when");
  for (const char* key : {waits ? "when" : "at", "for", "fault"}) {
    if (!node[key])
      fail(node, fmt::format(
                     "{} lacks '{}'; an event has at or when, for, fault, and shape, target where they apply",
                     path, key));
  }
  for (const char* key : {"node", "count", "after"}) {
    if (!waits && node[key])
      fail(node[key], fmt::format("{}.{} is for an event that waits; give it a 'when' too", path, key));
  }
  if (waits) event.trigger = std::move(trigger);
  return event;
}

void read_faults(const YAML::Node& node, const std::string& path, Plan& plan, Reader& reader) {
  reader.map(
      node, path,
      {{"random", [&](const YAML::Node& random,
                      const std::string& inner) { plan.random_faults = read_random(random, inner, reader); }},
       {"events", [&](const YAML::Node& events, const std::string& inner) {
          reader.list(events, inner, [&](const YAML::Node& event, const std::string& at) {
            plan.fault_events.push_back(read_event(event, at, reader));
          });
        }}});
}

/// Flags by name: rules about which there are come later, with the line of each.
void read_node_flags(const YAML::Node& node, const std::string& path, Plan& plan, Reader& reader) {
  if (!node.IsMap()) fail(node, fmt::format("{} must be a map of flags, not {}", path, kind_of(node)));
  std::vector<std::string> names;
  for (const auto& member : node) names.push_back(Reader::scalar(member.first, "a key"));
  std::vector<Reader::Field> fields;
  for (const std::string& name : names) {
    fields.emplace_back(name, [&plan, &name](const YAML::Node& value, const std::string& inner) {
      plan.node_flags[name] = Reader::scalar(value, inner);
    });
  }
  reader.map(node, path, fields);
}

void read_sim(const YAML::Node& node, const std::string& path, SimPlan& sim, Reader& reader) {
  reader.map(node, path,
             {range_field("delay", sim.delay_min, sim.delay_max, reader),
              choice_field("delays", sim.exponential, "exponential", "uniform"),
              integer_field("slow", sim.slow), duration_field("slow_max", sim.slow_max),
              integer_field("loss", sim.loss), integer_field("duplicates", sim.duplicates),
              choice_field("overtaking", sim.overtaking, "true", "false"),
              integer_field("bandwidth", sim.bandwidth), integer_field("kept_by_cuts", sim.kept_by_cuts),
              range_field("sync", sim.sync_min, sim.sync_max, reader),
              range_field("client_delay", sim.client_delay_min, sim.client_delay_max, reader),
              integer_field("client_loss", sim.client_loss)});
}

void read_version(const YAML::Node& node, const std::string& path) {
  if (Reader::scalar(node, path) != "1")
    fail(node, fmt::format("version is '{}'; this program reads version 1", node.Scalar()));
}

void read_plan(const YAML::Node& root, Plan& plan, Reader& reader) {
  const auto part = [&](auto read, auto& into) {
    return [&reader, &into, read](const YAML::Node& node, const std::string& path) {
      read(node, path, into, reader);
    };
  };
  reader.map(root, "",
             {{"version", read_version},
              text_field("name", plan.name),
              text_field("protocol", plan.protocol),
              integer_field("nodes", plan.nodes),
              duration_field("time_limit", plan.time_limit),
              {"seed", [&](const YAML::Node& node,
                           const std::string& path) { read_integer(node, path, plan.seed.emplace()); }},
              {"workload", part(read_workload, plan.workload)},
              {"load", part(read_load, plan.load)},
              {"client", part(read_client, plan.client)},
              {"faults", part(read_faults, plan)},
              {"node", part(read_node_flags, plan)},
              texts_field("plants", plan.plants, reader),
              {"sim", part(read_sim, plan.sim)},
              {"expect", [&](const YAML::Node& node, const std::string& path) {
                 reader.map(node, path,
                            {integer_field("operations", plan.expect_operations),
                             integer_field("faults", plan.expect_faults)});
               }}});
  if (!root["version"]) fail(root, "the plan lacks 'version: 1'");
}

Plan parse(std::string_view text) {
  const std::vector<YAML::Node> documents = YAML::LoadAll(std::string(text));
  if (documents.empty() || documents.front().IsNull())
    throw PlanError{1, "the plan is empty; write at least 'version: 1'"};
  if (documents.size() > 1) fail(documents[1], "a second document; a plan is one");
  Plan plan;
  Reader reader;
  read_plan(documents.front(), plan, reader);
  // A plan without faults does not owe any, unless it says so.
  if (!plan.random_faults && plan.fault_events.empty() && !reader.has("expect.faults"))
    plan.expect_faults = 0;
  if (const auto problem = find_problem(plan)) {
    throw PlanError{reader.line(problem->path), fmt::format("{} {}", problem->path, problem->message)};
  }
  return plan;
}

/// Runs what may throw, and turns that into an error with the file's name and the line.
template <class Read>
auto read_safely(std::string_view name, Read read) -> Result<decltype(read())> {
  const auto refuse = [&](int line, std::string_view message) {
    return Error{ErrorCode::kInvalidArgument, fmt::format("{}:{}: {}", name, line, message)};
  };
  try {
    return read();
  } catch (const PlanError& error) {
    return refuse(error.line, error.message);
  } catch (const YAML::Exception& error) {
    return refuse(line_of(error.mark), fmt::format("not YAML: {}", error.msg));
  }
}

}  // namespace

Result<Plan> parse_plan(std::string_view text, std::string_view name) {
  return read_safely(name, [&] {
    if (text.size() > kTextSizeMax)
      throw PlanError{1, fmt::format("{} bytes; a plan has at most {}", text.size(), kTextSizeMax)};
    return parse(text);
  });
}

int line_in_plan(std::string_view text, std::string_view path) {
  const auto line = read_safely("", [&] {
    const std::vector<YAML::Node> documents = YAML::LoadAll(std::string(text));
    Plan ignored;
    Reader reader;
    read_plan(documents.front(), ignored, reader);
    return reader.line(std::string(path));
  });
  ORDEAL_CHECK(line.ok());
  return *line;
}

}  // namespace ordeal
