#include "tests/node/raft/trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>

namespace ordeal::raft::testing {

namespace {

std::string code_name(RefusalCode code) {
  switch (code) {
    case RefusalCode::kNotLeader:
      return "not leader";
    case RefusalCode::kNoLeader:
      return "no leader";
    case RefusalCode::kOverloaded:
      return "overloaded";
    case RefusalCode::kLeadershipLost:
      return "leadership lost, outcome unknown";
    case RefusalCode::kTimeout:
      return "timeout, outcome unknown";
  }
  return "?";
}

std::uint32_t number_of(std::string_view text) {
  if (!text.empty() && text.front() == 'n') text.remove_prefix(1);
  return static_cast<std::uint32_t>(std::strtoul(std::string(text).c_str(), nullptr, 10));
}

std::vector<std::uint32_t> numbers_of(const std::string& list) {
  std::vector<std::uint32_t> numbers;
  std::istringstream in(list);
  for (std::string item; std::getline(in, item, ',');) numbers.push_back(number_of(item));
  return numbers;
}

bool is_noise(std::string_view kind) {
  return kind == "heartbeat" || kind == "heartbeat-reply" || kind == "commit-notice";
}

/// "n1->n2", "->n2", "n1->" or a kind of message.
bool is_chosen(const InFlight& message, const std::string& pattern) {
  const std::size_t arrow = pattern.find("->");
  if (arrow == std::string::npos) {
    const std::optional<Message> decoded = decode_message(message.payload);
    return decoded && kind_name(decoded->body) == pattern;
  }
  const std::string from = pattern.substr(0, arrow);
  const std::string to = pattern.substr(arrow + 2);
  return (from.empty() || node_name(message.from) == from) && (to.empty() || node_name(message.to) == to);
}

bool is_chosen_by_all(const InFlight& message, const std::vector<std::string>& patterns) {
  return std::all_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return is_chosen(message, pattern); });
}

}  // namespace

// --- The file ---------------------------------------------------------------------------------------------

std::string Trace::run(const std::string& text) {
  std::string out;
  std::istringstream in(text);
  std::string command;
  for (std::string line; std::getline(in, line);) {
    out += line + "\n";
    if (line != "----") {
      command = line;
      continue;
    }
    while (std::getline(in, line) && !line.empty()) {
    }
    out += carry_out(command) + "\n";
  }
  return out;
}

std::string Trace::carry_out(const std::string& command) {
  std::istringstream in(command);
  std::string name;
  in >> name;
  Arguments arguments;
  for (std::string word; in >> word;) arguments.words.push_back(word);

  lines_.clear();
  const bool known = name == "cluster"
                         ? carry_out_cluster(arguments)
                         : carry_out_network(name, arguments) || carry_out_node(name, arguments) ||
                               carry_out_admin(name, arguments);
  if (!known) say("unknown command");
  if (cluster_ && cluster_->violation()) say("INVARIANT BROKEN " + cluster_->violation_text());
  std::string text;
  for (const std::string& line : lines_) text += line + "\n";
  return text.empty() ? "nothing\n" : text;
}

std::uint32_t Trace::Arguments::node(std::size_t place) const {
  return place < words.size() ? number_of(words[place]) : 0;
}

std::string Trace::Arguments::value(std::string_view key) const {
  for (const std::string& word : words) {
    if (word.size() > key.size() && word.substr(0, key.size()) == key && word[key.size()] == '=') {
      return word.substr(key.size() + 1);
    }
  }
  return "";
}

// --- Commands ---------------------------------------------------------------------------------------------

bool Trace::carry_out_cluster(const Arguments& arguments) {
  ClusterOptions options;
  if (const std::string nodes = arguments.value("nodes"); !nodes.empty()) options.nodes = number_of(nodes);
  if (const std::string spares = arguments.value("spares"); !spares.empty())
    options.spares = number_of(spares);
  if (const std::string plant = arguments.value("plant"); !plant.empty()) options.plants = {plant};
  options.tweak = [&](RaftConfig& config) {
    config.pre_vote = arguments.value("pre-vote") != "off";
    config.check_quorum = arguments.value("check-quorum") != "off";
    config.forward = arguments.value("forward") != "off";
    if (arguments.value("read") == "lease") config.read_mode = ReadMode::kLease;
    if (arguments.value("read") == "log") config.read_mode = ReadMode::kLog;
    const std::string every = arguments.value("snapshot-every");
    if (!every.empty()) {
      config.snapshot_every = number_of(every);
      config.snapshot_keep = 1;
    }
    const std::string chunk = arguments.value("chunk");
    if (!chunk.empty()) config.snapshot_chunk_bytes = number_of(chunk);
  };
  cluster_ = std::make_unique<Cluster>(options);
  show_all_ = arguments.value("show") == "all";
  for (auto& [id, host] : cluster_->hosts()) say_step(host);
  watch();
  return true;
}

bool Trace::carry_out_network(const std::string& name, const Arguments& arguments) {
  const auto chosen = [&](const InFlight& message) { return is_chosen_by_all(message, arguments.words); };
  if (name == "deliver") {
    cluster_->deliver_if(chosen);
  } else if (name == "drop") {
    say(fmt::format("{} lost", cluster_->drop_if(chosen)));
  } else if (name == "duplicate") {
    std::vector<InFlight> copies;
    std::copy_if(cluster_->wire.begin(), cluster_->wire.end(), std::back_inserter(copies), chosen);
    cluster_->wire.insert(cluster_->wire.end(), copies.begin(), copies.end());
    say(fmt::format("{} twice on the wire", copies.size()));
  } else if (name == "isolate") {
    cluster_->isolate({arguments.node(0)});
  } else if (name == "cut") {
    cluster_->cut(arguments.node(0), arguments.node(1));
  } else if (name == "heal") {
    cluster_->heal();
  } else if (name == "stabilize") {
    cluster_->settle();
  } else if (name == "elapse") {
    cluster_->elapse(milliseconds(std::strtol(arguments.words.at(0).c_str(), nullptr, 10)));
  } else if (name == "skip") {
    cluster_->skip(milliseconds(std::strtol(arguments.words.at(0).c_str(), nullptr, 10)));
  } else {
    return false;
  }
  return true;
}

bool Trace::carry_out_node(const std::string& name, const Arguments& arguments) {
  const std::uint32_t node = arguments.node(0);
  if (name == "campaign") {
    cluster_->campaign(node);
  } else if (name == "lead") {
    cluster_->elect(node);
    std::erase_if(lines_, [](const std::string& line) { return !line.starts_with("became-leader"); });
  } else if (name == "tick") {
    cluster_->step(node);
  } else if (name == "propose") {
    cluster_->propose(node, arguments.words.at(1));
  } else if (name == "read") {
    cluster_->read(node);
  } else if (name == "sync") {
    cluster_->sync(node, arguments.node(1));
  } else if (name == "report") {
    cluster_->report(node);
  } else if (name == "slow-disk") {
    cluster_->slow_disks.insert(NodeId{node});
  } else if (name == "fast-disk") {
    cluster_->slow_disks.erase(NodeId{node});
  } else if (name == "kill") {
    cluster_->kill(node);
  } else if (name == "lose-power") {
    cluster_->lose_power(node);
  } else if (name == "restart") {
    cluster_->restart(node);
  } else {
    return false;
  }
  return true;
}

bool Trace::carry_out_admin(const std::string& name, const Arguments& arguments) {
  const std::uint32_t node = arguments.node(0);
  Status status;
  if (name == "transfer") {
    status = cluster_->transfer(node, arguments.node(1));
  } else if (name == "change") {
    status = cluster_->change(node, numbers_of(arguments.value("voters")),
                              numbers_of(arguments.value("learners")));
  } else if (name == "status") {
    for (auto& [id, host] : cluster_->hosts()) {
      if (node == 0 || id.value() == node) say_status(host);
    }
  } else if (name == "log") {
    for (auto& [id, host] : cluster_->hosts()) {
      if (node == 0 || id.value() == node) say_log(host);
    }
  } else {
    return false;
  }
  if (!status) say("refused: " + status.error().message);
  return true;
}

// --- What is said -----------------------------------------------------------------------------------------

void Trace::watch() {
  cluster_->on_step = [this](Host& host) { say_step(host); };
  cluster_->on_send = [this](const InFlight& message, bool lost) {
    const std::optional<Message> decoded = decode_message(message.payload);
    ORDEAL_CHECK(decoded.has_value());
    const std::string_view kind = kind_name(decoded->body);
    if (is_noise(kind) && !show_all_) return;
    say(fmt::format("{} {} {}  {}, term {}: {}", node_name(message.from), lost ? "-x" : "->",
                    node_name(message.to), kind, decoded->term, to_text(decoded->body)));
  };
}

void Trace::say_step(Host& host) {
  const std::string name = node_name(host.id());
  for (const Event& event : std::exchange(host.events, {}))
    say(fmt::format("{}: {}", event.name, event.text));
  for (const CommittedEntry& entry : std::exchange(host.executed, {})) {
    say(fmt::format("{} executes entry {}{}", name, entry.index,
                    entry.command.empty() ? "" : fmt::format(" \"{}\"", entry.command)));
  }
  for (const std::string& duty : std::exchange(host.duties, {})) say(name + " " + duty);
  for (const Outcome& outcome : std::exchange(host.outcomes, {})) {
    if (!outcome.refused) {
      say(fmt::format("{} answers request {} from the state after entry {}", name, outcome.id,
                      outcome.index));
      continue;
    }
    const std::string hint = outcome.leader == kNoNode ? "" : ", ask " + node_name(outcome.leader);
    say(fmt::format("{} refuses request {}: {}{}", name, outcome.id, code_name(*outcome.refused), hint));
  }
}

void Trace::say_status(Host& host) {
  const std::string name = node_name(host.id());
  if (!host.running()) return say(name + " is down");
  const ProtocolStatus status = host.status();
  Configuration members{status.voters, {}, status.learners};
  say(fmt::format("{} {}, term {}, commit {}, log {}..{}, {}", name, status.role, status.term, status.commit,
                  status.first_index, status.last_index, to_text(members)));
}

void Trace::say_log(Host& host) {
  if (!host.running()) return say(node_name(host.id()) + " is down");
  const Inspection seen = inspect(host.core(), LogIndex{1});
  std::string text = fmt::format("{} after {}/{}:", node_name(host.id()), seen.start.index, seen.start.term);
  for (const Mark& mark : seen.marks) text += fmt::format(" {}/{}", mark.index, mark.term);
  say(text);
}

}  // namespace ordeal::raft::testing
