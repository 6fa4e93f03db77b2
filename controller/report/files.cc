#include "controller/report/files.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace ordeal::report {
namespace fs = std::filesystem;
namespace {

ErrorCode code_of(int error_number) {
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
      return ErrorCode::kNotFound;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EMFILE:
    case ENFILE:
      return ErrorCode::kResourceExhausted;
    case EACCES:
    case EPERM:
    case EROFS:
      return ErrorCode::kPermissionDenied;
    default:
      return ErrorCode::kInternal;
  }
}

std::string_view advice(ErrorCode code) {
  if (code == ErrorCode::kResourceExhausted) return "; free some space or choose another store with --store";
  if (code == ErrorCode::kPermissionDenied) return "; choose a store you may write to with --store";
  return "";
}

/// A name beside `path` that no other process uses.
fs::path beside(const fs::path& path) {
  return path.parent_path() / fmt::format(".{}.{}.new", path.filename().string(), ::getpid());
}

int write_all(int descriptor, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(descriptor, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

}  // namespace

Error path_error(std::string_view action, const fs::path& path, int error_number) {
  const ErrorCode code = code_of(error_number);
  return {code, fmt::format("cannot {} {}: {}{}", action, path.string(),
                            std::generic_category().message(error_number), advice(code))};
}

Result<std::string> read_file(const fs::path& path, std::uint64_t bytes_max) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return path_error("read", path, errno);
  std::string content;
  char buffer[64 * 1024];
  int failure = 0;
  while (content.size() <= bytes_max) {
    const ssize_t size = ::read(descriptor, buffer, sizeof buffer);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) failure = errno;
    if (size <= 0) break;
    content.append(buffer, static_cast<std::size_t>(size));
  }
  ::close(descriptor);
  if (failure != 0) return path_error("read", path, failure);
  if (content.size() > bytes_max) {
    return Error{ErrorCode::kResourceExhausted,
                 fmt::format("{} is larger than {} bytes and was not read", path.string(), bytes_max)};
  }
  return content;
}

Status replace_file(const fs::path& path, std::string_view content) {
  const fs::path draft = beside(path);
  const int descriptor = ::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor < 0) return path_error("write", path, errno);
  int failure = write_all(descriptor, content);
  if (::close(descriptor) != 0 && failure == 0) failure = errno;
  if (failure == 0 && ::rename(draft.c_str(), path.c_str()) != 0) failure = errno;
  if (failure == 0) return {};
  ::unlink(draft.c_str());
  return path_error("write", path, failure);
}

Status replace_link(const fs::path& link, const fs::path& target) {
  struct stat status {};
  if (::lstat(link.c_str(), &status) == 0 && !S_ISLNK(status.st_mode)) {
    return Error{
        ErrorCode::kInvalidArgument,
        fmt::format("{} is in the way: it should be a symbolic link; move it elsewhere", link.string())};
  }
  const fs::path draft = beside(link);
  ::unlink(draft.c_str());  // Ignored: usually absent; what matters is whether symlink succeeds.
  if (::symlink(target.c_str(), draft.c_str()) != 0) return path_error("link", link, errno);
  if (::rename(draft.c_str(), link.c_str()) == 0) return {};
  const int failure = errno;
  ::unlink(draft.c_str());
  return path_error("link", link, failure);
}

}  // namespace ordeal::report
