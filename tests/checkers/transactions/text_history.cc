#include "tests/checkers/transactions/text_history.h"

#include "common/check.h"

#include <fmt/format.h>

#include <cctype>

namespace ordeal::testing {
namespace {

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  TransactionTable run() && {
    std::int64_t session = 0;
    (void)builder_.session(session);
    while (skip_spaces(), !text_.empty()) {
      if (take('|')) {
        (void)builder_.session(++session);
      } else {
        transaction(session);
      }
    }
    Result<TransactionTable> table = std::move(builder_).finish();
    ORDEAL_CHECK(table.ok());
    return std::move(table).value();
  }

 private:
  void skip_spaces() {
    while (!text_.empty() && text_.front() == ' ') text_.remove_prefix(1);
  }
  bool take(char c) {
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }

  void transaction(std::int64_t session) {
    const std::uint32_t t =
        builder_.begin(builder_.session(session), TransactionOutcome::kCommitted, begun_++);
    if (take('[')) {
      while (skip_spaces(), !take(']')) access(t);
    } else {
      access(t);
    }
    if (take('!')) builder_.set_outcome(t, TransactionOutcome::kAborted);
    if (take('?')) builder_.set_outcome(t, TransactionOutcome::kUnknown);
  }

  void access(std::uint32_t t) {
    ORDEAL_CHECK(text_.size() >= 3 && (text_[0] == 'r' || text_[0] == 'w'));
    const bool write = text_[0] == 'w';
    const KeyIndex key = builder_.key(Value(text_.substr(1, 1)));
    text_.remove_prefix(2);
    std::int64_t value = 0;
    ORDEAL_CHECK(!text_.empty() && std::isdigit(text_.front()) != 0);
    for (; !text_.empty() && std::isdigit(text_.front()) != 0; text_.remove_prefix(1)) {
      value = 10 * value + (text_.front() - '0');
    }
    builder_.add(t, {.write = write, .key = key, .value = value == 0 ? kInitialCode : builder_.value(value)});
  }

  std::string_view text_;
  TransactionTableBuilder builder_;
  std::uint64_t begun_ = 0;
};

}  // namespace

TransactionTable transactions(std::string_view text) {
  return Parser(text).run();
}

std::string print(const TransactionTable& table) {
  std::string text;
  for (SessionIndex s = 0; s < table.session_count(); ++s) {
    if (s > 0) text += " |";
    for (TransactionIndex t = table.session_begin(s); t < table.session_begin(s + 1); ++t) {
      text += text.empty() ? "[" : " [";
      for (std::uint32_t i = table.access_begin(t); i < table.access_begin(t + 1); ++i) {
        const Access access = table.access(i);
        const Value key = table.key_name(access.key);
        text += fmt::format("{}{}{}{}", i == table.access_begin(t) ? "" : " ", access.write ? 'w' : 'r',
                            *key.as_string(), access.value);
      }
      text += "]";
      if (table.outcome(t) == TransactionOutcome::kAborted) text += "!";
      if (table.outcome(t) == TransactionOutcome::kUnknown) text += "?";
    }
  }
  return text;
}

}  // namespace ordeal::testing
