#include "clients/kv_wire.h"

#include "common/byte_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

namespace ordeal {
namespace {

namespace json = boost::json;

struct ErrorRow {
  int status;
  std::string_view code;
  bool definite;
  bool try_elsewhere;
};

constexpr std::array kErrorTable = {
    ErrorRow{307, "not_leader", true, true},          ErrorRow{400, "bad_request", true, false},
    ErrorRow{400, "unsupported", true, false},        ErrorRow{404, "not_found", true, false},
    ErrorRow{405, "method_not_allowed", true, false}, ErrorRow{408, "request_timeout", true, false},
    ErrorRow{409, "session_expired", false, false},   ErrorRow{409, "sequence_too_old", false, false},
    ErrorRow{409, "membership_busy", true, false},    ErrorRow{413, "too_large", true, false},
    ErrorRow{431, "header_too_large", true, false},   ErrorRow{500, "internal", false, false},
    ErrorRow{503, "no_leader", true, true},           ErrorRow{503, "not_leader", true, true},
    ErrorRow{503, "overloaded", true, true},          ErrorRow{503, "stopping", true, true},
    ErrorRow{503, "leadership_lost", false, true},    ErrorRow{504, "timeout", false, true},
    ErrorRow{507, "disk_full", true, false},
};

const ErrorRow* find_row(int status, std::string_view code) {
  const auto it = std::find_if(kErrorTable.begin(), kErrorTable.end(),
                               [&](const ErrorRow& row) { return row.status == status && row.code == code; });
  return it == kErrorTable.end() ? nullptr : &*it;
}

KvAnswer malformed(std::string_view what) {
  KvAnswer answer;
  answer.error = fmt::format("malformed answer: {}", what);
  return answer;
}

void append_bytes(std::string_view bytes, Bytes& out) {
  const auto needs_escape = [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
  };
  if (!is_utf8(bytes)) {
    out.append(R"({"base64":")").append(to_base64(bytes)).append(R"("})");
  } else if (std::any_of(bytes.begin(), bytes.end(), needs_escape)) {
    out.append(json::serialize(json::string(bytes)));
  } else {
    out.append(1, '"').append(bytes).append(1, '"');
  }
}

void append_step(const kv::Step& step, Bytes& out) {
  out.append(R"({"op":")").append(kv::to_text(step.kind)).append(R"(","key":)");
  append_bytes(step.key, out);
  if (step.kind == kv::StepKind::kCas) {
    out.append(R"(,"expected":)");
    step.expected ? append_bytes(*step.expected, out) : void(out.append("null"));
  }
  if (step.kind == kv::StepKind::kPut || step.kind == kv::StepKind::kCas ||
      step.kind == kv::StepKind::kAppend) {
    out.append(R"(,"value":)");
    append_bytes(step.value, out);
  }
  out.push_back('}');
}

std::optional<Bytes> decode_bytes(const json::value& value) {
  if (const json::string* text = value.if_string()) return Bytes(text->data(), text->size());
  const json::object* object = value.if_object();
  if (object == nullptr || object->size() != 1) return std::nullopt;
  const json::value* encoded = object->if_contains("base64");
  if (encoded == nullptr || !encoded->is_string()) return std::nullopt;
  return decode_base64(std::string_view(encoded->get_string().data(), encoded->get_string().size()));
}

/// A plain value, nil, or a list of plain values.
std::optional<Value> decode_value(const json::value* value) {
  if (value == nullptr || value->is_null()) return Value();
  const json::array* array = value->if_array();
  if (array == nullptr) {
    auto bytes = decode_bytes(*value);
    return bytes ? std::optional<Value>(Value(std::move(*bytes))) : std::nullopt;
  }
  Value::List list;
  for (const json::value& item : *array) {
    auto bytes = decode_bytes(item);
    if (!bytes) return std::nullopt;
    list.emplace_back(std::move(*bytes));
  }
  return Value(std::move(list));
}

std::optional<std::uint64_t> decode_count(const json::value* value) {
  if (value == nullptr) return std::nullopt;
  if (const std::int64_t* n = value->if_int64()) {
    return *n < 0 ? std::nullopt : std::optional(static_cast<std::uint64_t>(*n));
  }
  if (const std::uint64_t* n = value->if_uint64()) return *n;
  return std::nullopt;
}

std::string_view text_member(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return {};
  return {value->get_string().data(), value->get_string().size()};
}

const bool* bool_member(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value == nullptr ? nullptr : value->if_bool();
}

KvAnswer decode_success(kv::StepKind kind, const json::object& object) {
  const bool* committed = bool_member(object, "committed");
  if (committed == nullptr) return malformed("no member committed");
  const json::value* results = object.if_contains("results");
  if (results == nullptr || !results->is_array() || results->get_array().size() != 1)
    return malformed("not one result");
  const json::object* result = results->get_array().front().if_object();
  if (result == nullptr) return malformed("a result is no object");
  const bool* ok = bool_member(*result, "ok");
  if (ok == nullptr || *ok != *committed) return malformed("committed and ok do not fit");
  if (!*ok && kind != kv::StepKind::kCas) return malformed("a step failed that cannot");
  auto value = decode_value(result->if_contains("value"));
  const auto version = decode_count(result->if_contains("version"));
  if (!value) return malformed("value");
  if (!version) return malformed("version");
  KvAnswer answer;
  answer.kind = *ok ? KvAnswerKind::kDone : KvAnswerKind::kNotMatched;
  if (!*ok) answer.error = "mismatch";
  answer.value = std::move(*value);
  answer.version = version;
  return answer;
}

/// Definite only when the table and the answer agree on it.
KvAnswer decode_error(int status, const json::object& object) {
  const json::value* member = object.if_contains("error");
  const json::object* error = member == nullptr ? nullptr : member->if_object();
  if (error == nullptr) return malformed(fmt::format("status {} without an error", status));
  const std::string_view code = text_member(*error, "code");
  const ErrorRow* row = find_row(status, code);
  if (row == nullptr) return malformed(fmt::format("status {} with code '{}'", status, code));
  const std::string_view outcome = text_member(*error, "outcome");
  if (outcome != "definite" && outcome != "indefinite")
    return malformed(fmt::format("{} without an outcome", code));
  KvAnswer answer;
  answer.kind = row->definite && outcome == "definite" ? KvAnswerKind::kDefinite : KvAnswerKind::kIndefinite;
  answer.error = code;
  answer.leader = parse_node_name(text_member(*error, "leader"));
  answer.try_elsewhere = row->try_elsewhere;
  return answer;
}

}  // namespace

Bytes encode_transaction(const kv::Command& command) {
  Bytes out = "{";
  out.reserve(128);
  if (command.session) {
    out.append(
        fmt::format(R"("session":{},"sequence":{},)", command.session->client, command.session->sequence));
  }
  out.append(R"("steps":[)");
  for (std::size_t i = 0; i < command.steps.size(); ++i) {
    if (i > 0) out.push_back(',');
    append_step(command.steps[i], out);
  }
  out.append("]}");
  return out;
}

KvAnswer decode_answer(kv::StepKind kind, int status, std::string_view body) {
  std::array<unsigned char, 2048> space;  // NOLINT: filled by the parser before it is read
  json::monotonic_resource memory(space.data(), space.size());
  json::error_code error;
  const json::value value = json::parse(json::string_view(body.data(), body.size()), error, &memory);
  if (error) return malformed(fmt::format("status {} and no JSON", status));
  const json::object* object = value.if_object();
  if (object == nullptr) return malformed(fmt::format("status {} and no JSON object", status));
  return status == 200 ? decode_success(kind, *object) : decode_error(status, *object);
}

}  // namespace ordeal
