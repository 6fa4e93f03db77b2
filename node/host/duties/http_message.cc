#include "node/host/duties/http_message.h"

#include <fmt/format.h>

#include <array>
#include <iterator>

namespace ordeal::host {
namespace {

constexpr std::array kRows = {
    ApiErrorRow{307, "not_leader", true},         ApiErrorRow{400, "bad_request", true},
    ApiErrorRow{400, "unsupported", true},        ApiErrorRow{404, "not_found", true},
    ApiErrorRow{405, "method_not_allowed", true}, ApiErrorRow{408, "request_timeout", true},
    ApiErrorRow{409, "session_expired", false},   ApiErrorRow{409, "sequence_too_old", false},
    ApiErrorRow{409, "membership_busy", true},    ApiErrorRow{413, "too_large", true},
    ApiErrorRow{431, "header_too_large", true},   ApiErrorRow{500, "internal", false},
    ApiErrorRow{503, "no_leader", true},          ApiErrorRow{503, "not_leader", true},
    ApiErrorRow{503, "overloaded", true},         ApiErrorRow{503, "stopping", true},
    ApiErrorRow{503, "leadership_lost", false},   ApiErrorRow{504, "timeout", false},
    ApiErrorRow{507, "disk_full", true},
};
static_assert(kRows.size() == static_cast<std::size_t>(ApiError::kDiskFull) + 1);

std::string_view reason_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 307:
      return "Temporary Redirect";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 431:
      return "Request Header Fields Too Large";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 507:
      return "Insufficient Storage";
    default:
      return "Internal Server Error";
  }
}

}  // namespace

const ApiErrorRow& row_of(ApiError error) {
  return kRows[static_cast<std::size_t>(error)];
}

void append_json_string(std::string_view text, std::string& out) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out.push_back('"');
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (byte < 0x20) {
      out.append("\\u00");
      out.push_back(kHex[byte >> 4]);
      out.push_back(kHex[byte & 15]);
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

std::string make_response(int status, std::string_view content_type, std::string_view body, bool keep_alive,
                          std::string_view headers) {
  std::string out;
  out.reserve(body.size() + headers.size() + 160);
  fmt::format_to(std::back_inserter(out), "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n",
                 status, reason_of(status), content_type, body.size());
  if (!keep_alive) out.append("Connection: close\r\n");
  out.append(headers);
  out.append("\r\n");
  out.append(body);
  return out;
}

std::string print_fault(const HttpFault& fault) {
  const ApiErrorRow& row = row_of(fault.error);
  std::string body = R"({"error":{"code":")";
  body.append(row.code);
  body.append(R"(","message":)");
  append_json_string(fault.message, body);
  body.append(row.definite ? R"(,"outcome":"definite")" : R"(,"outcome":"indefinite")");
  if (fault.leader != kNoNode)
    fmt::format_to(std::back_inserter(body), R"(,"leader":"{}")", node_name(fault.leader));
  if (!fault.endpoint.empty()) {
    body.append(R"(,"endpoint":)");
    append_json_string(fault.endpoint, body);
  }
  body.append("}}");
  return body;
}

std::string make_response(const HttpFault& fault, bool keep_alive) {
  return make_response(row_of(fault.error).status, "application/json", print_fault(fault), keep_alive,
                       fault.headers);
}

}  // namespace ordeal::host
