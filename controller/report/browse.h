#pragma once
// The browser of the store as a function from request to response: everything of `ordeal serve` but the
// sockets. It reads files of the store and nothing else, and never follows a symbolic link below the store's
// root.

#include "controller/report/store.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ordeal::report {

struct BrowseRequest {
  std::string method;  ///< GET or HEAD; everything else is 405
  std::string target;  ///< path and query as sent
  std::string host;    ///< the Host header as sent
};

/// An open regular file. Closed with its owner.
class OpenFile {
 public:
  OpenFile(int descriptor, std::uint64_t bytes) : descriptor_(descriptor), bytes_(bytes) {}
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  ~OpenFile();

  /// Hands the descriptor over; the caller closes it.
  [[nodiscard]] int release() { return std::exchange(descriptor_, -1); }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  int descriptor_;
  std::uint64_t bytes_;
};

struct BrowseResponse {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;                ///< unless `file` is set
  std::unique_ptr<OpenFile> file;  ///< sent as it is, `bytes()` long

  [[nodiscard]] std::string_view header(std::string_view name) const;
};

class Browser {
 public:
  /// `hosts` are the names under which the server may be asked; empty: any. A page of another site that makes
  /// its own name point to this machine would otherwise read the store (DNS rebinding).
  Browser(Store store, std::vector<std::string> hosts) : store_(std::move(store)), hosts_(std::move(hosts)) {}

  [[nodiscard]] BrowseResponse handle(const BrowseRequest& request, WallTime now) const;

 private:
  [[nodiscard]] BrowseResponse route(const BrowseRequest& request, WallTime now) const;
  [[nodiscard]] BrowseResponse list(std::string_view query, WallTime now) const;
  [[nodiscard]] BrowseResponse latest(WallTime now) const;
  [[nodiscard]] BrowseResponse run(const std::vector<std::string>& parts, bool slash_at_end,
                                   WallTime now) const;
  [[nodiscard]] BrowseResponse file(const std::filesystem::path& run,
                                    const std::vector<std::string>& parts) const;
  [[nodiscard]] BrowseResponse metrics(WallTime now) const;

  Store store_;
  std::vector<std::string> hosts_;
};

/// A response of plain text, with the headers that every response has.
[[nodiscard]] BrowseResponse text_response(int status, std::string text);

/// The parts of a path, percent-decoded. None when one is empty, hidden, `.` or `..`, or holds a slash, a
/// backslash or a zero byte, or when the encoding is broken. A slash at the end adds no part.
[[nodiscard]] std::optional<std::vector<std::string>> split_path(std::string_view path);

/// Opens a regular file below `root`, going down part by part without following symbolic links.
[[nodiscard]] std::unique_ptr<OpenFile> open_below(const std::filesystem::path& root,
                                                   const std::vector<std::string>& parts);

}  // namespace ordeal::report
