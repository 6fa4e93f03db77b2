#include "checkers/history_table.h"

#include "checkers/dense_numbers.h"
#include "common/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace ordeal {
namespace {

Status broken(std::size_t position, std::string rule) {
  return invalid_argument(fmt::format("operation {}: {}", position, rule));
}

constexpr std::uint32_t kNemesis = UINT32_MAX;

/// A small number for the process of each event; kNemesis for the nemesis.
std::vector<std::uint32_t> number_processes(const std::vector<std::int64_t>& processes,
                                            std::uint32_t& count) {
  DenseNumbers known;
  std::vector<std::uint32_t> numbers;
  numbers.reserve(processes.size());
  for (const std::int64_t process : processes) {
    const bool nemesis = ProcessId(process) == kNemesisProcess;
    numbers.push_back(nemesis ? kNemesis : known.number(static_cast<std::uint64_t>(process)));
  }
  count = known.size();
  return numbers;
}

}  // namespace

void HistoryTable::SomeNumbers::set(std::size_t position, std::uint64_t number) {
  numbers.resize(position + 1);
  there.resize(position + 1);
  numbers[position] = number;
  there[position] = true;
}

std::optional<std::uint64_t> HistoryTable::SomeNumbers::get(std::size_t position) const {
  if (position >= there.size() || !there[position]) return std::nullopt;
  return numbers[position];
}

HistoryTable::HistoryTable(const History& history) {
  reserve(history.size());
  for (const Op& op : history) {
    const Status added = add(op);
    ORDEAL_CHECK(added.ok());
  }
}

void HistoryTable::reserve(std::size_t events) {
  times_.reserve(events);
  processes_.reserve(events);
  types_.reserve(events);
  names_.reserve(events);
  keys_.reserve(events);
  values_.reserve(events);
  nodes_.reserve(events);
}

Result<OpName> HistoryTable::name(std::string_view f) {
  if (const std::optional<OpName> known = find_name(f)) return *known;
  constexpr std::size_t kNamesMax = std::numeric_limits<OpName>::max();
  if (name_texts_.size() >= kNamesMax) {
    return invalid_argument(
        fmt::format("more than {} different names of operations; expected a handful", kNamesMax));
  }
  name_texts_.emplace_back(f);
  return static_cast<OpName>(name_texts_.size() - 1);
}

std::optional<OpName> HistoryTable::find_name(std::string_view f) const {
  const auto at = std::find(name_texts_.begin(), name_texts_.end(), f);
  if (at == name_texts_.end()) return std::nullopt;
  return static_cast<OpName>(at - name_texts_.begin());
}

void HistoryTable::add(const EventRow& row) {
  ORDEAL_CHECK(size() < kEventsMax);
  times_.push_back(row.time.ns());
  processes_.push_back(row.process.value());
  types_.push_back(row.type);
  names_.push_back(row.f);
  keys_.push_back(row.key);
  values_.push_back(row.value);
  nodes_.push_back(row.node.value());
}

void HistoryTable::set_intended(Duration intended) {
  intended_.set(size() - 1, static_cast<std::uint64_t>(intended.ns()));
}
void HistoryTable::set_version(std::uint64_t version) {
  versions_.set(size() - 1, version);
}
void HistoryTable::set_session(std::uint64_t session) {
  sessions_.set(size() - 1, session);
}
void HistoryTable::set_attempt(std::uint64_t attempt) {
  attempts_.set(size() - 1, attempt);
}

void HistoryTable::set_member(std::uint32_t name, Cell value) {
  members_.push_back({.position = static_cast<std::uint32_t>(size() - 1), .name = name, .value = value});
}

void HistoryTable::set_extra(std::string_view name, Cell value) {
  const auto at = std::find(member_names_.begin() + 1, member_names_.end(), name);
  const auto number = static_cast<std::uint32_t>(at - member_names_.begin());
  if (at == member_names_.end()) member_names_.emplace_back(name);
  set_member(number, value);
}

Status HistoryTable::add(const Op& op) {
  if (size() >= kEventsMax) {
    return Error{ErrorCode::kResourceExhausted,
                 fmt::format("the history has more than {} events; check it in parts", kEventsMax)};
  }
  const Result<OpName> f = name(op.f);
  if (!f.ok()) return f.error();
  add(EventRow{.time = op.time,
               .process = op.process,
               .type = op.type,
               .f = *f,
               .key = pool_.cell(op.key),
               .value = pool_.cell(op.value),
               .node = op.node});
  if (!op.error.empty()) set_error(pool_.string(op.error));
  if (op.intended) set_intended(*op.intended);
  if (op.version) set_version(*op.version);
  if (op.session) set_session(*op.session);
  if (op.attempt) set_attempt(*op.attempt);
  for (const auto& [name, value] : op.extra) set_extra(name, pool_.cell(value));
  return {};
}

std::span<const HistoryTable::Member> HistoryTable::members_of(std::size_t i) const {
  const auto first = std::partition_point(members_.begin(), members_.end(),
                                          [i](const Member& member) { return member.position < i; });
  auto last = first;
  while (last != members_.end() && last->position == i) ++last;
  return {first, last};
}

std::optional<Cell> HistoryTable::member(std::size_t i, std::uint32_t name) const {
  for (const Member& member : members_of(i)) {
    if (member.name == name) return member.value;
  }
  return std::nullopt;
}

std::optional<Cell> HistoryTable::extra(std::size_t i, std::string_view name) const {
  for (const Member& member : members_of(i)) {
    if (member.name != kErrorMember && member_names_[member.name] == name) return member.value;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> HistoryTable::version(std::size_t i) const {
  return versions_.get(i);
}

Op HistoryTable::op(std::size_t i) const {
  Op op;
  op.index = static_cast<std::int64_t>(i);
  op.time = time(i);
  op.process = process(i);
  op.type = type(i);
  op.f = f_text(i);
  op.key = pool_.value(key(i));
  op.value = pool_.value(value(i));
  op.node = node(i);
  if (const auto intended = intended_.get(i)) op.intended = Duration(static_cast<std::int64_t>(*intended));
  op.session = sessions_.get(i);
  op.version = versions_.get(i);
  op.attempt = attempts_.get(i);
  for (const Member& member : members_of(i)) {
    if (member.name == kErrorMember) {
      op.error = pool_.as_string(member.value).value_or("");
    } else {
      op.extra.emplace(member_names_[member.name], pool_.value(member.value));
    }
  }
  return op;
}

History HistoryTable::to_history() const {
  History history;
  history.reserve(size());
  for (std::size_t i = 0; i < size(); ++i) history.push_back(op(i));
  return history;
}

Status HistoryTable::check_well_formed() const {
  constexpr std::uint32_t kNothing = UINT32_MAX;
  struct Client {
    std::uint32_t open = kNothing;
    std::uint32_t ended = kNothing;  ///< where it ended with info
  };
  std::uint32_t count = 0;
  const std::vector<std::uint32_t> numbers = number_processes(processes_, count);
  std::vector<Client> clients(count);
  std::map<OpName, std::size_t> nemesis_open;
  for (std::size_t i = 0; i < size(); ++i) {
    if (i > 0 && times_[i] < times_[i - 1])
      return broken(i, "its time is before that of the operation ahead of it");
    if (numbers[i] == kNemesis) {
      std::size_t& open = nemesis_open[names_[i]];
      if (types_[i] == OpType::kInvoke) {
        ++open;
      } else if (open-- == 0) {
        return broken(i, fmt::format("nemesis completes {} which it never invoked", f_text(i)));
      }
      continue;
    }
    Client& client = clients[numbers[i]];
    if (types_[i] == OpType::kInvoke) {
      if (client.open != kNothing) {
        return broken(
            i, fmt::format("process {} invokes while its operation {} is open", processes_[i], client.open));
      }
      if (client.ended != kNothing) {
        return broken(i, fmt::format("process {} invokes although it ended with info at {}", processes_[i],
                                     client.ended));
      }
      client.open = static_cast<std::uint32_t>(i);
      continue;
    }
    if (client.open == kNothing) {
      return broken(i,
                    fmt::format("process {} completes an operation that it did not invoke", processes_[i]));
    }
    if (names_[client.open] != names_[i]) {
      return broken(i, fmt::format("process {} completes {} but had invoked {} at {}", processes_[i],
                                   f_text(i), f_text(client.open), client.open));
    }
    if (keys_[client.open] != keys_[i]) {
      return broken(i, fmt::format("process {} completes key {} but had invoked key {} at {}", processes_[i],
                                   to_text(pool_.value(keys_[i])), to_text(pool_.value(keys_[client.open])),
                                   client.open));
    }
    if (types_[i] == OpType::kInfo) client.ended = static_cast<std::uint32_t>(i);
    client.open = kNothing;
  }
  return {};
}

std::vector<OperationRow> HistoryTable::operations() const {
  std::uint32_t count = 0;
  const std::vector<std::uint32_t> numbers = number_processes(processes_, count);
  std::vector<std::uint32_t> open(count);  // position in operations
  std::vector<OperationRow> operations;
  operations.reserve(size() / 2 + 1);
  for (std::size_t i = 0; i < size(); ++i) {
    if (numbers[i] == kNemesis) continue;
    if (types_[i] == OpType::kInvoke) {
      open[numbers[i]] = static_cast<std::uint32_t>(operations.size());
      operations.push_back({.invoke = static_cast<std::uint32_t>(i)});
    } else {
      operations[open[numbers[i]]].complete = static_cast<std::uint32_t>(i);
    }
  }
  return operations;
}

std::uint64_t HistoryTable::bytes() const {
  const auto size_of = [](const auto& column) { return column.capacity() * sizeof(column[0]); };
  return size_of(times_) + size_of(processes_) + size_of(types_) + size_of(names_) + size_of(keys_) +
         size_of(values_) + size_of(nodes_) + size_of(members_) + pool_.bytes();
}

}  // namespace ordeal
