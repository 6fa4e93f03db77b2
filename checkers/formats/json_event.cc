#include "checkers/formats/json_event.h"

#include <charconv>
#include <iterator>
#include <optional>

namespace ordeal {
namespace {

/// What a line may say, each at most once.
enum Member : std::uint32_t {
  kIndex = 1U << 0,
  kTime = 1U << 1,
  kProcess = 1U << 2,
  kType = 1U << 3,
  kF = 1U << 4,
  kKey = 1U << 5,
  kValue = 1U << 6,
  kError = 1U << 7,
  kNode = 1U << 8,
  kIntended = 1U << 9,
  kSession = 1U << 10,
  kVersion = 1U << 11,
  kAttempt = 1U << 12,
  kSeen = 1U << 13,
};
constexpr std::uint32_t kRequired = kIndex | kTime | kProcess | kType | kF;

struct MemberName {
  std::string_view name;
  Member member;
};
/// In the order in which print_jsonl writes them.
constexpr MemberName kMembers[] = {
    {"index", kIndex},
    {"time", kTime},
    {"process", kProcess},
    {"type", kType},
    {"f", kF},
    {"key", kKey},
    {"value", kValue},
    {"error", kError},
    {"node", kNode},
    {"intended", kIntended},
    {"session", kSession},
    {"version", kVersion},
    {"attempt", kAttempt},
    {"seen", kSeen},
};

class PlainEvent {
 public:
  PlainEvent(std::string_view line, HistoryTable& table)
      : at_(line.data()), end_(at_ + line.size()), table_(table) {}

  /// False at anything that is not plain.
  bool parse() {
    if (!take('{')) return false;
    do {
      std::string_view name;
      if (!text(name) || !take(':') || !member(name)) return false;
    } while (take(','));
    return take('}') && at_end() && (seen_ & kRequired) == kRequired;
  }

  [[nodiscard]] bool add(std::int64_t index) {
    if (index_ != index || table_.size() >= HistoryTable::kEventsMax) return false;
    const Result<OpName> name = table_.name(f_);
    if (!name.ok()) return false;
    row_.f = *name;
    row_.key = cell(key_);
    row_.value = cell(value_);
    table_.add(row_);
    if (!error_.empty()) table_.set_error(table_.pool().string(error_));
    if (seen_ & kIntended) table_.set_intended(Duration(intended_));
    if (seen_ & kVersion) table_.set_version(static_cast<std::uint64_t>(version_));
    if (seen_ & kSession) table_.set_session(static_cast<std::uint64_t>(session_));
    if (seen_ & kAttempt) table_.set_attempt(static_cast<std::uint64_t>(attempt_));
    if (seen_ & kSeen) table_.set_extra("seen", cell(seen_value_));
    return true;
  }

 private:
  enum class ScalarKind : std::uint8_t { kNil, kInteger, kString };
  struct Scalar {
    ScalarKind kind = ScalarKind::kNil;
    std::int64_t number = 0;
    std::string_view text;
  };
  /// A scalar or a pair of them.
  struct Plain {
    bool pair = false;
    Scalar first;
    Scalar second;
  };

  void skip_blanks() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\r')) ++at_;
  }
  bool take(char c) {
    skip_blanks();
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  bool at_end() {
    skip_blanks();
    return at_ == end_;
  }

  bool text(std::string_view& out) {
    if (!take('"')) return false;
    const char* const begin = at_;
    while (at_ != end_ && *at_ >= ' ' && *at_ < '\x7f' && *at_ != '"' && *at_ != '\\') ++at_;
    if (at_ == end_ || *at_ != '"') return false;
    out = std::string_view(begin, static_cast<std::size_t>(at_ - begin));
    ++at_;
    return true;
  }

  bool integer(std::int64_t& out) {
    skip_blanks();
    const char* const begin = at_;
    const auto [after, error] = std::from_chars(at_, end_, out);
    if (error != std::errc()) return false;
    // JSON knows no leading zeros, and "-0" is a floating point number.
    const char* const digits = *begin == '-' ? begin + 1 : begin;
    if (*digits == '0' && (after - digits > 1 || digits != begin)) return false;
    at_ = after;
    return at_ == end_ || (*at_ != '.' && *at_ != 'e' && *at_ != 'E');
  }
  bool natural(std::int64_t& out) { return integer(out) && out >= 0; }

  bool scalar(Scalar& out) {
    skip_blanks();
    if (at_ == end_) return false;
    if (*at_ == '"') {
      out.kind = ScalarKind::kString;
      return text(out.text);
    }
    if (*at_ == 'n') {
      out.kind = ScalarKind::kNil;
      return take_word("null");
    }
    out.kind = ScalarKind::kInteger;
    return integer(out.number);
  }
  bool take_word(std::string_view word) {
    if (!std::string_view(at_, static_cast<std::size_t>(end_ - at_)).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  bool plain(Plain& out) {
    out.pair = take('[');
    if (!out.pair) return scalar(out.first);
    return scalar(out.first) && take(',') && scalar(out.second) && take(']');
  }

  // Each name is looked for from behind the one before, where it usually is.
  bool member(std::string_view name) {
    for (std::size_t tried = 0; tried < std::size(kMembers); ++tried) {
      const MemberName& known = kMembers[next_member_];
      next_member_ = next_member_ + 1 == std::size(kMembers) ? 0 : next_member_ + 1;
      if (known.name != name) continue;
      if ((seen_ & known.member) != 0) return false;
      seen_ |= known.member;
      return read(known.member);
    }
    return false;
  }

  bool read(Member member) {
    std::int64_t number = 0;
    switch (member) {
      case kIndex:
        return integer(index_);
      case kTime:
        if (!integer(number)) return false;
        row_.time = Duration(number);
        return true;
      case kProcess:
        return process();
      case kType:
        return type();
      case kF:
        return text(f_) && !f_.empty();
      case kKey:
        return plain(key_);
      case kValue:
        return plain(value_);
      case kError:
        return text(error_);
      case kNode:
        return node();
      case kIntended:
        return integer(intended_);
      case kSession:
        return natural(session_);
      case kVersion:
        return natural(version_);
      case kAttempt:
        return natural(attempt_);
      case kSeen:
        return plain(seen_value_);
    }
    return false;
  }

  bool process() {
    std::int64_t number = 0;
    if (natural(number)) {
      row_.process = ProcessId(number);
      return true;
    }
    std::string_view name;
    row_.process = kNemesisProcess;
    return text(name) && name == "nemesis";
  }
  bool type() {
    std::string_view name;
    const std::optional<OpType> type = text(name) ? parse_op_type(name) : std::nullopt;
    row_.type = type.value_or(OpType::kInvoke);
    return type.has_value();
  }
  bool node() {
    std::string_view name;
    if (!text(name)) return false;
    row_.node = parse_node_name(name);
    return row_.node != kNoNode;
  }

  Cell cell(const Scalar& scalar) {
    switch (scalar.kind) {
      case ScalarKind::kNil:
        return {};
      case ScalarKind::kInteger:
        return table_.pool().integer(scalar.number);
      case ScalarKind::kString:
        return table_.pool().string(scalar.text);
    }
    return {};
  }
  Cell cell(const Plain& plain) {
    const Cell first = cell(plain.first);
    return plain.pair ? table_.pool().pair(first, cell(plain.second)) : first;
  }

  const char* at_;
  const char* end_;
  HistoryTable& table_;
  std::uint32_t seen_ = 0;
  std::size_t next_member_ = 0;
  EventRow row_;
  std::int64_t index_ = 0;
  std::int64_t intended_ = 0;
  std::int64_t session_ = 0;
  std::int64_t version_ = 0;
  std::int64_t attempt_ = 0;
  std::string_view f_;
  std::string_view error_;
  Plain key_;
  Plain value_;
  Plain seen_value_;
};

}  // namespace

bool add_plain_event(std::string_view line, std::int64_t index, HistoryTable& table) {
  PlainEvent event(line, table);
  return event.parse() && event.add(index);
}

}  // namespace ordeal
