#include "checkers/formats/jepsen_print.h"

#include <fmt/format.h>

#include <array>
#include <limits>
#include <optional>
#include <set>
#include <string_view>

#include "checkers/formats/edn_print.h"
#include "checkers/micro_op.h"
#include "common/byte_text.h"

namespace ordeal {
namespace {

constexpr std::string_view kOwnPrefix = "ordeal/";
constexpr std::array<std::string_view, 8> kJepsenMembers = {"process", "type",  "f",    "key",
                                                            "value",   "error", "time", "index"};

Error about_op(const Op& op, std::string_view what) {
  return invalid_argument(fmt::format("operation {}: {}", op.index, what));
}

bool is_taken(std::string_view name) {
  for (const std::string_view taken : kJepsenMembers) {
    if (name == taken) return true;
  }
  return name.starts_with(kOwnPrefix);
}

/// Appends one map; what goes wrong first is kept.
class OpPrinter {
 public:
  OpPrinter(std::string& out, const Op& op) : out_(out), op_(op) {}

  Status print() {
    const bool nemesis = op_.process == kNemesisProcess;
    out_ += nemesis ? "{:process :nemesis" : fmt::format("{{:process {}", op_.process);
    out_ += fmt::format(", :type :{}, :f ", to_text(nemesis ? OpType::kInfo : op_.type));
    keep(append_edn_word(out_, op_.f));
    if (!op_.key.is_nil()) member("key", op_.key);
    member("value", op_.value);
    if (!op_.error.empty()) {
      out_ += ", :error ";
      keep(append_edn_word(out_, op_.error));
    }
    out_ += fmt::format(", :time {}, :index {}", op_.time.ns(), op_.index);
    if (nemesis) out_ += fmt::format(", :ordeal/type :{}", to_text(op_.type));
    if (op_.node != kNoNode) out_ += fmt::format(", :ordeal/node \"{}\"", node_name(op_.node));
    if (op_.intended) out_ += fmt::format(", :ordeal/intended {}", op_.intended->ns());
    number("session", op_.session);
    number("version", op_.version);
    number("attempt", op_.attempt);
    for (const auto& [name, value] : op_.extra) extra(name, value);
    out_ += "}\n";
    return problem_ ? Status(*problem_) : Status();
  }

 private:
  void keep(const Status& status) {
    if (!status.ok() && !problem_) problem_ = about_op(op_, status.error().message);
  }
  void member(std::string_view name, const Value& value) {
    out_ += fmt::format(", :{} ", name);
    keep(append_edn(out_, value, 2));
  }
  void extra(std::string_view name, const Value& value) {
    if (is_taken(name))
      keep(invalid_argument(fmt::format("the extra member \"{}\" has the name of another", name)));
    out_ += ", ";
    keep(append_edn_word(out_, name));
    out_ += ' ';
    keep(append_edn(out_, value, 2));
  }
  void number(std::string_view name, const std::optional<std::uint64_t>& n) {
    if (!n) return;
    if (*n > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
      keep(invalid_argument(fmt::format("the {} {} does not fit into a signed 64-bit integer", name, *n)));
    out_ += fmt::format(", :{}{} {}", kOwnPrefix, name, *n);
  }

  std::string& out_;
  const Op& op_;
  std::optional<Error> problem_;
};

Result<PrintedHistory> print_ops(const History& history) {
  PrintedHistory printed;
  for (const Op& op : history) {
    if (Status status = OpPrinter(printed.text, op).print(); !status.ok()) return status.error();
  }
  return printed;
}

void note_left_out(std::size_t count, std::string_view what, std::vector<std::string>& notes) {
  if (count > 0) notes.push_back(fmt::format("{} {} left out", count, what));
}

/// The same transaction with Elle's words. Nothing when it is none.
std::optional<Value> micro_ops(const Value& value) {
  const Value::List* list = value.as_list();
  if (list == nullptr) return std::nullopt;
  Value::List out;
  for (const Value& each : *list) {
    const std::optional<MicroOp> micro = as_micro_op(each);
    if (!micro) return std::nullopt;
    out.push_back(Value::List{":" + std::string(micro->f), *micro->key, *micro->value});
  }
  return out;
}

/// A read, write or cas of a register as a transaction. Nothing when it is none. That a cas failed says
/// nothing to Elle.
std::optional<Value> register_micro_ops(const Op& op) {
  if (op.key.is_nil()) return std::nullopt;
  const auto access = [&op](const char* word, const Value& value) {
    return Value(Value::List{word, op.key, value});
  };
  if (op.f == "read") return Value(Value::List{access(":r", op.value)});
  if (op.f == "write") return Value(Value::List{access(":w", op.value)});
  const Value::List* pair = op.value.as_list();
  if (op.f != "cas" || pair == nullptr || pair->size() != 2) return std::nullopt;
  const Value read = access(":r", op.type == OpType::kOk ? pair->front() : Value());
  return Value(Value::List{read, access(":w", pair->back())});
}

/// Texts that a key or value of Porcupine's lines may be. All of one history are of one kind, so that 5 and
/// "5" do not become the same.
class KvText {
 public:
  /// The error says what is wrong.
  Result<std::string> text_of(const Value& value, std::string_view what) {
    const std::int64_t* integer = value.as_int();
    const std::string* text = value.as_string();
    if (integer == nullptr && text == nullptr)
      return invalid_argument(fmt::format("the {} {} is no string and no integer", what, to_text(value)));
    const bool integers = integer != nullptr;
    if (integers_.value_or(integers) != integers)
      return invalid_argument(fmt::format("the {} {} is {}, but others before were not", what, to_text(value),
                                          integers ? "an integer" : "a string"));
    integers_ = integers;
    if (integers) return fmt::format("{}", *integer);
    if (text->empty()) return invalid_argument(fmt::format("the {} is empty, which means absent", what));
    if (!is_utf8(*text) || text->find_first_of("\"\\\n\r") != std::string::npos)
      return invalid_argument(
          fmt::format("the {} {} has a quote, backslash, line break or no UTF-8", what, to_text(value)));
    return *text;
  }

 private:
  std::optional<bool> integers_;
};

class KvPrinter {
 public:
  Result<PrintedHistory> print(const History& history) && {
    for (const Operation& operation : pair_operations(history)) mark(history, operation);
    for (const Op& op : history) {
      if (op.process == kNemesisProcess) {
        ++nemesis_;
        continue;
      }
      if (left_out_.contains(op.index)) continue;
      if (Status line = append(op); !line.ok()) return about_op(op, line.error().message);
    }
    note_left_out(nemesis_, "events of the nemesis were", printed_.notes);
    note_left_out(failed_, "operations that failed were", printed_.notes);
    note_left_out(unknown_, "completions that nobody knows were", printed_.notes);
    return std::move(printed_);
  }

 private:
  void mark(const History& history, const Operation& operation) {
    if (!operation.complete) return;
    const OpType outcome = history[*operation.complete].type;
    if (outcome == OpType::kFail) {
      ++failed_;
      left_out_.insert(history[operation.invoke].index);
    } else if (outcome == OpType::kInfo) {
      ++unknown_;
    }
    if (outcome != OpType::kOk) left_out_.insert(history[*operation.complete].index);
  }

  Status append(const Op& op) {
    const bool read = op.f == "read";
    if (!read && op.f != "write")
      return invalid_argument(
          fmt::format("{} is no read or write, and Porcupine's lines have gets and puts", op.f));
    const Result<std::string> key = keys_.text_of(op.key, "key");
    if (!key.ok()) return key.error();
    std::string value = "nil";
    if (!read || op.type == OpType::kOk) {
      const Result<std::string> text =
          read && op.value.is_nil() ? Result<std::string>("") : values_.text_of(op.value, "value");
      if (!text.ok()) return text.error();
      value = '"' + *text + '"';
    }
    printed_.text += fmt::format("{{:process {}, :type :{}, :f :{}, :key \"{}\", :value {}}}\n", op.process,
                                 to_text(op.type), read ? "get" : "put", *key, value);
    return {};
  }

  PrintedHistory printed_;
  KvText keys_;
  KvText values_;
  std::set<std::int64_t> left_out_;  ///< by index
  std::size_t nemesis_ = 0;
  std::size_t failed_ = 0;
  std::size_t unknown_ = 0;
};

}  // namespace

Result<PrintedHistory> print_edn_history(const History& history) {
  return print_ops(history);
}

Result<PrintedHistory> print_elle_edn(const History& history) {
  History transactions;
  std::size_t nemesis = 0;
  for (const Op& op : history) {
    if (op.process == kNemesisProcess) {
      ++nemesis;
      continue;
    }
    Op copy = op;
    std::optional<Value> value = register_micro_ops(op);
    if (!value) value = op.key.is_nil() ? micro_ops(op.value) : std::nullopt;
    if (!value)
      return about_op(
          op, fmt::format("{} of {} is no list of [F KEY VALUE], and no read, write or cas of a key", op.f,
                          to_text(op.value)));
    copy.f = "txn";
    copy.key = {};
    copy.value = *std::move(value);
    copy.index = static_cast<std::int64_t>(transactions.size());
    transactions.push_back(std::move(copy));
  }
  Result<PrintedHistory> printed = print_ops(transactions);
  if (printed.ok()) note_left_out(nemesis, "events of the nemesis were", printed->notes);
  return printed;
}

Result<PrintedHistory> print_porcupine_kv(const History& history) {
  return KvPrinter().print(history);
}

}  // namespace ordeal
