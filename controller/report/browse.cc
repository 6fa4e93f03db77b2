#include "controller/report/browse.h"

#include "controller/report/assets.h"
#include "controller/report/files.h"
#include "controller/report/live.h"
#include "controller/report/pages.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace ordeal::report {
namespace {

constexpr std::string_view kPagePolicy =
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
// A report brings a policy of its own that names its scripts; as a document it gets no origin, hence no way
// back here.
constexpr std::string_view kReportPolicy =
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action "
    "'none'; "
    "frame-ancestors 'none'; sandbox allow-scripts";
constexpr std::string_view kFilePolicy = "default-src 'none'; frame-ancestors 'none'; sandbox";

BrowseResponse response(int status, std::string_view type, std::string_view policy, std::string body) {
  BrowseResponse result;
  result.status = status;
  result.headers = {{"Content-Type", std::string(type)},
                    {"Content-Security-Policy", std::string(policy)},
                    {"X-Content-Type-Options", "nosniff"},
                    {"Referrer-Policy", "no-referrer"},
                    {"Cross-Origin-Resource-Policy", "same-origin"},
                    {"Cache-Control", "no-store"}};
  result.body = std::move(body);
  return result;
}

BrowseResponse html(int status, std::string body) {
  return response(status, "text/html; charset=utf-8", kPagePolicy, std::move(body));
}

BrowseResponse failure(int status, std::string_view message) {
  return html(status, error_page(status, message));
}

BrowseResponse redirect(std::string location) {
  BrowseResponse result = text_response(302, "");
  result.headers.emplace_back("Location", std::move(location));
  return result;
}

/// Without the port: "[::1]:8080" is "[::1]".
std::string_view host_name(std::string_view host) {
  const std::size_t bracket = host.find(']');
  const std::size_t colon = host.find(':', bracket == std::string_view::npos ? 0 : bracket);
  return host.substr(0, colon);
}

/// Anything that a browser might run is shown as text, but for the report.
std::string_view content_type(std::string_view name) {
  if (name.ends_with(".json")) return "application/json; charset=utf-8";
  if (name.ends_with(".png")) return "image/png";
  return "text/plain; charset=utf-8";
}

int status_of(const Error& error) {
  return error.code == ErrorCode::kNotFound ? 404 : 500;
}

}  // namespace

OpenFile::~OpenFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::string_view BrowseResponse::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

BrowseResponse text_response(int status, std::string text) {
  return response(status, "text/plain; charset=utf-8", kFilePolicy, std::move(text));
}

std::optional<std::vector<std::string>> split_path(std::string_view path) {
  if (path.empty() || path.front() != '/') return std::nullopt;
  path.remove_prefix(1);
  std::vector<std::string> parts;
  while (!path.empty()) {
    const std::size_t size = std::min(path.find('/'), path.size());
    std::optional<std::string> part = percent_decode(path.substr(0, size), false);
    const bool safe = part && !part->empty() && part->front() != '.' &&
                      part->find_first_of(std::string_view("/\\\0", 3)) == std::string::npos;
    if (!safe) return std::nullopt;
    parts.push_back(std::move(*part));
    path.remove_prefix(std::min(size + 1, path.size()));
  }
  return parts;
}

std::unique_ptr<OpenFile> open_below(const std::filesystem::path& root,
                                     const std::vector<std::string>& parts) {
  int directory = ::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  for (std::size_t i = 0; i < parts.size() && directory >= 0; ++i) {
    const bool last = i + 1 == parts.size();
    // O_NONBLOCK: a pipe in the store must not hold the server up; it is refused below.
    const int flags = last ? O_RDONLY | O_NONBLOCK : O_PATH | O_DIRECTORY;
    const int next = ::openat(directory, parts[i].c_str(), flags | O_NOFOLLOW | O_CLOEXEC);
    ::close(directory);
    directory = next;
  }
  if (directory < 0) return nullptr;
  struct stat status {};
  if (!parts.empty() && ::fstat(directory, &status) == 0 && S_ISREG(status.st_mode)) {
    return std::make_unique<OpenFile>(directory, static_cast<std::uint64_t>(status.st_size));
  }
  ::close(directory);
  return nullptr;
}

BrowseResponse Browser::handle(const BrowseRequest& request, WallTime now) const {
  if (request.method != "GET" && request.method != "HEAD") {
    BrowseResponse result = text_response(405, "only GET and HEAD are served\n");
    result.headers.emplace_back("Allow", "GET, HEAD");
    return result;
  }
  const bool known =
      hosts_.empty() || std::find(hosts_.begin(), hosts_.end(), host_name(request.host)) != hosts_.end();
  if (!known) return text_response(421, "this server is not known under that name; ask for 127.0.0.1\n");
  return route(request, now);
}

BrowseResponse Browser::route(const BrowseRequest& request, WallTime now) const {
  const std::string_view target = request.target;
  const std::size_t mark = std::min(target.find('?'), target.size());
  const std::string_view path = target.substr(0, mark);
  const std::optional<std::vector<std::string>> parts = split_path(path);
  if (!parts) return failure(400, "this path cannot be asked for");
  if (parts->empty()) return list(target.substr(std::min(mark + 1, target.size())), now);
  const std::string& first = parts->front();
  if (first == "runs" && parts->size() >= 3) return run(*parts, path.back() == '/', now);
  if (parts->size() > 1) return failure(404, "there is no such page");
  if (first == "latest") return latest(now);
  if (first == "metrics") return metrics(now);
  if (first == "healthz") return text_response(200, "ok\n");
  if (first == "style.css") {
    const std::string text = std::string(assets::report_css.text) + std::string(assets::serve_css.text);
    return response(200, "text/css; charset=utf-8", kFilePolicy, text);
  }
  return failure(404, "there is no such page");
}

BrowseResponse Browser::list(std::string_view query, WallTime now) const {
  Result<std::vector<RunEntry>> runs = store_.list(now);
  if (!runs.ok()) return failure(500, runs.error().message);
  const std::size_t total = runs->size();
  const RunQuery wanted = parse_run_query(query);
  return html(200, list_page(select_runs(std::move(runs).value(), wanted), total, wanted));
}

BrowseResponse Browser::latest(WallTime now) const {
  const Result<RunEntry> entry = store_.find(file_names::kLatest, now);
  if (!entry.ok()) return failure(status_of(entry.error()), "the store has no run yet");
  return redirect("/runs/" + percent_encode(entry->id) + "/");
}

BrowseResponse Browser::run(const std::vector<std::string>& parts, bool slash_at_end, WallTime now) const {
  const Result<RunEntry> entry = store_.find(parts[1] + "/" + parts[2], now);
  if (!entry.ok()) return failure(status_of(entry.error()), "there is no such run");
  const std::filesystem::path path = store_.path_of(*entry);
  if (parts.size() > 3) return file(path, {parts.begin() + 3, parts.end()});
  // Links on the page and in the report are relative to the run's directory.
  if (!slash_at_end) return redirect("/runs/" + percent_encode(entry->id) + "/");
  std::optional<RunProgress> live;
  if (entry->state == RunState::kRunning) {
    const Result<std::string> text = read_file(path / file_names::kLive);
    const Result<RunProgress> progress = text.ok() ? parse_live(*text) : Result<RunProgress>(text.error());
    if (progress.ok()) live = *progress;
  }
  return html(200, run_page(*entry, list_files(path), live));
}

BrowseResponse Browser::file(const std::filesystem::path& run, const std::vector<std::string>& parts) const {
  std::unique_ptr<OpenFile> opened = open_below(run, parts);
  if (opened == nullptr) return failure(404, "there is no such file in this run");
  const bool is_report = parts.size() == 1 && parts[0] == file_names::kReport;
  BrowseResponse result = is_report ? response(200, "text/html; charset=utf-8", kReportPolicy, "")
                                    : response(200, content_type(parts.back()), kFilePolicy, "");
  result.file = std::move(opened);
  return result;
}

BrowseResponse Browser::metrics(WallTime now) const {
  const Result<std::vector<RunEntry>> runs = store_.list(now);
  if (!runs.ok()) return text_response(500, runs.error().message + "\n");
  return response(200, "text/plain; version=0.0.4; charset=utf-8", kFilePolicy, metrics_text(*runs));
}

}  // namespace ordeal::report
