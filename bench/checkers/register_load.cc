#include "bench/checkers/register_load.h"

#include <fmt/format.h>

#include <cstdio>
#include <iterator>
#include <string_view>

namespace ordeal::bench {
namespace {

constexpr std::uint64_t kSeed = 20261128;
constexpr std::uint64_t kUnknownOf100 = 1;
constexpr std::size_t kWriteSize = std::size_t{1} << 20;

std::string_view to_text(RegisterVerb verb) {
  switch (verb) {
    case RegisterVerb::kRead:
      return "read";
    case RegisterVerb::kWrite:
      return "write";
    case RegisterVerb::kCas:
      return "cas";
  }
  return "read";
}

bool shows_value(const RegisterEvent& event) {
  return event.verb != RegisterVerb::kRead || (event.type == OpType::kOk && event.expects != 0);
}

Cell value_cell(ValuePool& pool, const RegisterEvent& event) {
  const auto cell = [&pool](std::uint64_t value) { return pool.integer(static_cast<std::int64_t>(value)); };
  if (!shows_value(event)) return {};
  if (event.verb == RegisterVerb::kRead) return cell(event.expects);
  if (event.verb == RegisterVerb::kWrite) return cell(event.gives);
  return pool.pair(cell(event.expects), cell(event.gives));
}

std::string value_text(const RegisterEvent& event) {
  if (!shows_value(event)) return "null";
  if (event.verb == RegisterVerb::kRead) return std::to_string(event.expects);
  if (event.verb == RegisterVerb::kWrite) return std::to_string(event.gives);
  return fmt::format("[{},{}]", event.expects, event.gives);
}

}  // namespace

RegisterLoad::RegisterLoad(const RegisterShape& shape)
    : shape_(shape), rng_(kSeed), clients_(shape.clients), processes_(shape.clients) {
  for (std::size_t i = 0; i < clients_.size(); ++i) clients_[i].open.process = i;
}

std::optional<RegisterEvent> RegisterLoad::next() {
  while (true) {
    if (invoked_ == shape_.operations) {
      // Those that are still open return in the order of the clients.
      for (Client& client : clients_) {
        if (client.state == Client::State::kInvoked) take_effect(client);
        if (client.state == Client::State::kDone) return complete(client);
      }
      return std::nullopt;
    }
    Client& client = clients_[rng_.below(clients_.size())];
    if (client.state == Client::State::kIdle) return invoke(client);
    if (client.state == Client::State::kDone) return complete(client);
    take_effect(client);
  }
}

RegisterEvent RegisterLoad::invoke(Client& client) {
  RegisterEvent event{.process = client.open.process};
  event.position = event.invoke = positions_++;
  const std::uint64_t chance = rng_.below(10);
  event.verb = chance < 5 ? RegisterVerb::kRead : chance < 8 ? RegisterVerb::kWrite : RegisterVerb::kCas;
  // Until there is a value nobody can expect one.
  if (value_ == 0 && event.verb == RegisterVerb::kCas) event.verb = RegisterVerb::kWrite;
  if (event.verb != RegisterVerb::kRead) event.gives = ++last_value_;
  if (event.verb == RegisterVerb::kCas) event.expects = value_;
  client.unknown = rng_.below(100) < kUnknownOf100;
  client.open = event;
  client.state = Client::State::kInvoked;
  if (++invoked_ == shape_.operations / 2) old_value_ = value_;
  return event;
}

void RegisterLoad::take_effect(Client& client) {
  client.state = Client::State::kDone;
  client.open.type = OpType::kOk;
  if (client.unknown) {
    client.open.type = OpType::kInfo;
    if (rng_.chance(1, 2)) return;
  }
  RegisterEvent& event = client.open;
  if (event.verb == RegisterVerb::kRead) {
    event.expects = value_;
  } else if (event.verb == RegisterVerb::kWrite || event.expects == value_) {
    value_ = event.gives;
  } else if (!client.unknown) {
    event.type = OpType::kFail;
    event.seen = value_;
  }
}

RegisterEvent RegisterLoad::complete(Client& client) {
  RegisterEvent event = client.open;
  event.position = positions_++;
  client.state = Client::State::kIdle;
  if (client.unknown) client.open.process = processes_++;  // nobody uses a process again that may still act
  const bool read = event.verb == RegisterVerb::kRead && event.type == OpType::kOk;
  if (shape_.bad && !lied_ && read && invoked_ >= shape_.operations / 10 * 7) {
    event.expects = old_value_;
    lied_ = true;
  }
  return event;
}

HistoryTable make_table(const RegisterShape& shape) {
  HistoryTable table;
  table.reserve(2 * shape.operations);
  const Cell key = table.pool().string("x");
  const Cell mismatch = table.pool().string("mismatch");
  RegisterLoad load(shape);
  while (const std::optional<RegisterEvent> event = load.next()) {
    EventRow row{.time = Duration(static_cast<std::int64_t>(event->position) * 1000),
                 .process = ProcessId(static_cast<std::int64_t>(event->process)),
                 .type = event->type,
                 .f = *table.name(to_text(event->verb)),
                 .key = key,
                 .value = value_cell(table.pool(), *event),
                 .node = kNoNode};
    table.add(row);
    if (event->type != OpType::kFail) continue;
    table.set_error(mismatch);
    table.set_extra("seen", table.pool().integer(static_cast<std::int64_t>(event->seen)));
  }
  return table;
}

Status write_jsonl(const RegisterShape& shape, const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "w");
  if (file == nullptr) return invalid_argument(fmt::format("{} cannot be written", path));
  RegisterLoad load(shape);
  std::string text;
  bool written = true;
  const auto flush = [&] {
    written = written && std::fwrite(text.data(), 1, text.size(), file) == text.size();
    text.clear();
  };
  while (const std::optional<RegisterEvent> event = load.next()) {
    fmt::format_to(std::back_inserter(text),
                   R"({{"index":{},"time":{},"process":{},"type":"{}","f":"{}","key":"x","value":{})",
                   event->position, event->position * 1000, event->process, ordeal::to_text(event->type),
                   to_text(event->verb), value_text(*event));
    if (event->type == OpType::kFail)
      fmt::format_to(std::back_inserter(text), R"(,"error":"mismatch","seen":{})", event->seen);
    text += "}\n";
    if (text.size() >= kWriteSize) flush();
  }
  flush();
  written = std::fclose(file) == 0 && written;
  if (!written) return Error{ErrorCode::kResourceExhausted, fmt::format("{}: the disk is full", path)};
  return {};
}

}  // namespace ordeal::bench
