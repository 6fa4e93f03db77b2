#include "controller/report/run_query.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace ordeal::report {
namespace {

constexpr std::array<std::string_view, 5> kOrders = {"time", "name", "verdict", "duration", "ops"};

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

/// Everything a person might search for.
std::string searchable(const RunEntry& entry) {
  std::string text = fmt::format("{} {}", entry.id, outcome_word(entry));
  if (entry.info) {
    const RunInfo& info = *entry.info;
    text += fmt::format(" {} {} {} {} seed={}", info.name, info.protocol, info.environment, info.workload,
                        info.seed);
    for (const std::string& plant : info.plants) text += " " + plant;
  }
  return lower(std::move(text));
}

bool matches(const RunEntry& entry, std::string_view words) {
  const std::string text = searchable(entry);
  while (!words.empty()) {
    const std::size_t size = std::min(words.find(' '), words.size());
    if (text.find(words.substr(0, size)) == std::string::npos) return false;
    words.remove_prefix(std::min(size + 1, words.size()));
  }
  return true;
}

std::int64_t number_for(const RunEntry& entry, RunOrder order) {
  if (order == RunOrder::kVerdict) {
    return entry.verdict ? static_cast<std::int64_t>(entry.verdict->verdict) : -1;
  }
  if (!entry.verdict) return -1;
  if (order == RunOrder::kDuration) return entry.verdict->length.ns();
  return static_cast<std::int64_t>(entry.verdict->operations.invoked);
}

/// The part of the id after the slash for the time, before it for the name.
std::string_view text_for(const RunEntry& entry, RunOrder order) {
  const std::string_view id = entry.id;
  const std::size_t slash = id.find('/');
  return order == RunOrder::kName ? id.substr(0, slash) : id.substr(slash + 1);
}

bool less(const RunEntry& a, const RunEntry& b, RunOrder order) {
  if (order == RunOrder::kTime || order == RunOrder::kName) return text_for(a, order) < text_for(b, order);
  return number_for(a, order) < number_for(b, order);
}

void read_parameter(std::string_view name, std::string value, RunQuery& query) {
  if (name == "q") query.text = std::move(value);
  if (name == "order") query.descending = value != "asc";
  if (name == "sort") {
    const auto it = std::find(kOrders.begin(), kOrders.end(), value);
    if (it != kOrders.end()) query.order = static_cast<RunOrder>(it - kOrders.begin());
  }
  if (name == "page") {
    std::size_t page = 0;
    const auto [stop, error] = std::from_chars(value.data(), value.data() + value.size(), page);
    if (error == std::errc() && stop == value.data() + value.size() && page > 0) query.page = page;
  }
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string_view to_text(RunOrder order) {
  return kOrders.at(static_cast<std::size_t>(order));
}

RunQuery parse_run_query(std::string_view query) {
  RunQuery result;
  while (!query.empty()) {
    const std::string_view parameter = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(parameter.size() + 1, query.size()));
    const std::size_t equals = parameter.find('=');
    if (equals == std::string_view::npos) continue;
    std::optional<std::string> value = percent_decode(parameter.substr(equals + 1), true);
    if (value) read_parameter(parameter.substr(0, equals), std::move(*value), result);
  }
  return result;
}

std::string print_run_query(const RunQuery& query) {
  std::string out;
  const auto add = [&](std::string_view name, std::string_view value) {
    out += fmt::format("{}{}={}", out.empty() ? "" : "&", name, percent_encode(value));
  };
  if (!query.text.empty()) add("q", query.text);
  if (query.order != RunOrder::kTime) add("sort", to_text(query.order));
  if (!query.descending) add("order", "asc");
  if (query.page > 1) add("page", fmt::format("{}", query.page));
  return out;
}

std::vector<RunEntry> select_runs(std::vector<RunEntry> runs, const RunQuery& query) {
  const std::string words = lower(query.text);
  std::erase_if(runs, [&](const RunEntry& entry) { return !matches(entry, words); });
  std::stable_sort(runs.begin(), runs.end(), [&](const RunEntry& a, const RunEntry& b) {
    return query.descending ? less(b, a, query.order) : less(a, b, query.order);
  });
  return runs;
}

std::string_view outcome_word(const RunEntry& entry) {
  return entry.verdict ? to_text(entry.verdict->verdict) : to_text(entry.state);
}

std::optional<std::string> percent_decode(std::string_view text, bool plus) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex_digit(text[i + 1]);
      const int low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return out;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
  std::string out;
  for (const char c : text) {
    if (kPlain.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

}  // namespace ordeal::report
