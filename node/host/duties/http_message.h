#pragma once
// A request as the routes see it and an answer as bytes, free of any HTTP library.

#include "common/ids.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace ordeal::host {

enum class Method : std::uint8_t { kGet, kPut, kPost, kDelete, kOther };

struct HttpRequest {
  Method method = Method::kOther;
  std::string target;  ///< path and query, as sent
  std::string body;
};

/// The rows of the error table of docs/formats/node-api.md.
enum class ApiError : std::uint8_t {
  kRedirect,
  kBadRequest,
  kUnsupported,
  kNotFound,
  kMethodNotAllowed,
  kRequestTimeout,
  kSessionExpired,
  kSequenceTooOld,
  kMembershipBusy,
  kTooLarge,
  kHeaderTooLarge,
  kInternal,
  kNoLeader,
  kNotLeader,
  kOverloaded,
  kStopping,
  kLeadershipLost,
  kTimeout,
  kDiskFull,
};
struct ApiErrorRow {
  int status = 0;
  std::string_view code;
  bool definite = false;
};
[[nodiscard]] const ApiErrorRow& row_of(ApiError error);

/// Why a request gets no result.
struct HttpFault {
  ApiError error = ApiError::kInternal;
  std::string message;
  NodeId leader;         ///< kNoNode: not known or beside the point
  std::string endpoint;  ///< of the leader: "http://10.0.0.2:8000"; may be empty
  std::string headers;   ///< whole lines to add: Allow, Location
};

/// The body of a good answer, or why there is none.
struct HttpContent {
  std::string body;
  std::string_view type = "application/json";
  int status = 200;
};
using HttpAnswer = std::variant<HttpContent, HttpFault>;

/// The JSON that says why, as docs/formats/node-api.md has it.
[[nodiscard]] std::string print_fault(const HttpFault& fault);

/// Status line, headers and body. `headers`: whole lines to add, each ended by CR LF.
[[nodiscard]] std::string make_response(int status, std::string_view content_type, std::string_view body,
                                        bool keep_alive, std::string_view headers = {});
[[nodiscard]] std::string make_response(const HttpFault& fault, bool keep_alive);

/// Appends `text` as a JSON string. Requires: UTF-8.
void append_json_string(std::string_view text, std::string& out);

}  // namespace ordeal::host
