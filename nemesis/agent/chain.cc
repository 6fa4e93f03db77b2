#include "nemesis/agent/chain.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>

namespace ordeal::agent {
namespace {

constexpr std::string_view kTimeForm = "%Y-%m-%dT%H:%M:%S";

std::string time_text(std::int64_t second) {
  const std::time_t time = second;
  std::tm parts{};
  gmtime_r(&time, &parts);
  char text[32];
  const std::size_t size = std::strftime(text, sizeof text, kTimeForm.data(), &parts);
  return {text, size};
}

std::optional<std::int64_t> parse_time(const std::string& text) {
  std::tm parts{};
  const char* end = strptime(text.c_str(), kTimeForm.data(), &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return timegm(&parts);
}

std::string rule_text(const ChainRule& rule) {
  const std::string expiry = rule.stop ? fmt::format(" -m time --datestop {}", time_text(*rule.stop)) : "";
  return fmt::format("-A {} -s {}{} -m comment --comment {}{} -j DROP\n", kChainName, rule.source, expiry,
                     kCommentPrefix, rule.fault);
}

// Types 135 and 136, neighbour solicitation and advertisement (RFC 4861). No fault's id has a colon.
constexpr std::array<std::string_view, 2> kNeighbourTypes = {"135", "136"};
constexpr std::string_view kNeighbourComment = "ordeal::neighbours";

std::string exemptions_text(Family family) {
  if (family == Family::kIpv4) return "";
  std::string text;
  for (const std::string_view type : kNeighbourTypes)
    text += fmt::format("-A {} -p ipv6-icmp -m icmp6 --icmpv6-type {} -m comment --comment {} -j RETURN\n",
                        kChainName, type, kNeighbourComment);
  return text;
}

std::size_t exemptions_of(Family family) {
  return family == Family::kIpv4 ? 0 : kNeighbourTypes.size();
}

std::string delete_jumps(const ChainState& before) {
  std::string text;
  for (std::size_t i = 0; i < before.jumps; ++i) text += fmt::format("-D INPUT -j {}\n", kChainName);
  return text;
}

/// Splits at spaces; a word may be in double quotes, with backslash escapes.
std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  std::size_t i = 0;
  while (i < line.size()) {
    if (line[i] == ' ') {
      ++i;
      continue;
    }
    std::string word;
    bool quoted = false;
    for (; i < line.size() && (quoted || line[i] != ' '); ++i) {
      if (line[i] == '"') {
        quoted = !quoted;
      } else {
        if (quoted && line[i] == '\\' && i + 1 < line.size()) ++i;
        word += line[i];
      }
    }
    words.push_back(std::move(word));
  }
  return words;
}

/// Without the prefix length of a single address; a longer list of addresses stays as it is, and so matches
/// nothing.
std::string single_address(const std::string& source) {
  for (const std::string_view whole : {"/32", "/128"}) {
    if (source.size() > whole.size() && source.ends_with(whole))
      return source.substr(0, source.size() - whole.size());
  }
  return source;
}

/// The words after `-A ORDEAL_IN`. None: not a rule that this program writes.
std::optional<ChainRule> parse_rule(const std::vector<std::string>& words, std::size_t from) {
  ChainRule rule;
  bool drops = false;
  for (std::size_t i = from; i + 1 < words.size(); i += 2) {
    const std::string& option = words[i];
    const std::string& argument = words[i + 1];
    if (option == "-s") {
      rule.source = single_address(argument);
    } else if (option == "--datestop") {
      rule.stop = parse_time(argument);
      if (!rule.stop) return std::nullopt;
    } else if (option == "--comment" && argument.starts_with(kCommentPrefix)) {
      rule.fault = argument.substr(kCommentPrefix.size());
    } else if (option == "-j") {
      drops = argument == "DROP";
    } else if (option != "-m" || (argument != "time" && argument != "comment")) {
      return std::nullopt;
    }
  }
  const bool complete =
      drops && !rule.source.empty() && !rule.fault.empty() && (words.size() - from) % 2 == 0;
  return complete ? std::optional(rule) : std::nullopt;
}

/// As iptables-save prints what exemptions_text() has written.
bool is_exemption(const std::vector<std::string>& words) {
  const auto holds = [&](std::vector<std::string> expected) {
    return std::search(words.begin(), words.end(), expected.begin(), expected.end()) != words.end();
  };
  return holds({"-A", std::string(kChainName), "-p", "ipv6-icmp"}) && words.back() == "RETURN" &&
         holds({"--comment", std::string(kNeighbourComment)});
}

/// "[12:840]".
std::optional<std::uint64_t> parse_packets(std::string_view word) {
  std::uint64_t packets = 0;
  if (word.size() < 5 || word.front() != '[' || word.back() != ']') return std::nullopt;
  const auto [end, error] = std::from_chars(word.data() + 1, word.data() + word.size(), packets);
  return error == std::errc() && *end == ':' ? std::optional(packets) : std::nullopt;
}

void read_rule_line(std::string_view line, bool& input_seen, ChainState& state) {
  const std::vector<std::string> words = words_of(line);
  if (words.size() < 3 || words[1] != "-A") return;
  if (words[2] == "INPUT") {
    const bool jump = words.size() == 5 && words[3] == "-j" && words[4] == kChainName;
    if (jump && !input_seen) state.jump_first = true;
    if (jump) ++state.jumps;
    input_seen = true;
  } else if (words[2] == kChainName) {
    if (state.rules.empty() && is_exemption(words)) {
      ++state.exemptions;
      return;
    }
    const auto rule = parse_rule(words, 3);
    const auto packets = parse_packets(words[0]);
    if (rule && packets)
      state.rules.push_back({*rule, *packets});
    else
      state.strange.emplace_back(line);
  }
}

}  // namespace

std::int64_t stop_second(std::int64_t deadline_wall_ns) {
  // xt_time compares whole seconds and matches while now <= stop, that is until stop + 1.
  return (deadline_wall_ns + 999'999'999) / 1'000'000'000 - 1;
}

std::string write_chain_text(Family family, const ChainState& before, const std::vector<ChainRule>& rules) {
  std::string text = fmt::format("*filter\n:{} - [0:0]\n", kChainName);
  if (before.jumps != 1 || !before.jump_first)
    text += delete_jumps(before) + fmt::format("-I INPUT 1 -j {}\n", kChainName);
  text += exemptions_text(family);
  for (const ChainRule& rule : rules) text += rule_text(rule);
  return text + "COMMIT\n";
}

std::string remove_chain_text(const ChainState& before) {
  if (!before.present && !before.trial_present) return "";
  std::string text = "*filter\n" + delete_jumps(before);
  if (before.present) text += fmt::format("-F {0}\n-X {0}\n", kChainName);
  if (before.trial_present) text += fmt::format("-F {0}\n-X {0}\n", kTrialChainName);
  return text + "COMMIT\n";
}

Result<ChainState> parse_save(std::string_view text) {
  ChainState state;
  bool in_filter = false;
  bool committed = false;
  bool seen = false;
  bool input_seen = false;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.starts_with('*')) {
      in_filter = line == "*filter";
      seen = seen || in_filter;
    } else if (line == "COMMIT") {
      committed = committed || in_filter;
      in_filter = false;
    } else if (in_filter && line.starts_with(fmt::format(":{} ", kChainName))) {
      state.present = true;
    } else if (in_filter && line.starts_with(fmt::format(":{} ", kTrialChainName))) {
      state.trial_present = true;
    } else if (in_filter && line.starts_with('[')) {
      read_rule_line(line, input_seen, state);
    }
  }
  // A table that nobody has used yet is not printed at all.
  if (seen && !committed)
    return Error{ErrorCode::kInternal,
                 "the listing of the filter table ends before COMMIT; its state is not known"};
  return state;
}

Status check_written(Family family, const ChainState& state, const std::vector<ChainRule>& rules) {
  const auto differs = [](std::string what) { return Status(Error{ErrorCode::kInternal, std::move(what)}); };
  if (!state.present) return differs(fmt::format("the chain {} is not there after writing it", kChainName));
  if (state.jumps != 1 || !state.jump_first)
    return differs(fmt::format("INPUT has {} jumps to {}, {} of them first; wanted is one, first",
                               state.jumps, kChainName, state.jump_first ? 1 : 0));
  if (!state.strange.empty()) return differs("a rule in our chain is not ours: " + state.strange.front());
  const bool equal = std::equal(state.rules.begin(), state.rules.end(), rules.begin(), rules.end(),
                                [](const CountedRule& a, const ChainRule& b) { return a.rule == b; });
  if (!equal || state.exemptions != exemptions_of(family))
    return differs(fmt::format("the chain {} holds {} rules that differ from the {} written", kChainName,
                               state.rules.size(), rules.size()));
  return {};
}

}  // namespace ordeal::agent
