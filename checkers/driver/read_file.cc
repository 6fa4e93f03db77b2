#include "checkers/driver/read_file.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>

namespace ordeal {
namespace {

constexpr std::size_t kPieceSize = std::size_t{1} << 20;
constexpr std::string_view kGzipMagic = "\x1f\x8b";
constexpr int kGzipOnly = 16;  ///< added to the window bits: expect a gzip header

Error system_error(const std::string& path, int number) {
  const ErrorCode code = number == ENOENT   ? ErrorCode::kNotFound
                         : number == EACCES ? ErrorCode::kPermissionDenied
                                            : ErrorCode::kUnavailable;
  return {code, fmt::format("{}: {}", path, std::strerror(number))};
}

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;
using Sink = std::function<Status(std::string_view)>;

Result<File> open_file(const std::string& path) {
  std::error_code ignored;  // Ignored: what cannot be asked about fails to open.
  if (std::filesystem::is_directory(path, ignored)) {
    return Error{
        ErrorCode::kInvalidArgument,
        fmt::format("{}: a folder, expected a history file or a run's directory, which has a "
                    "history.jsonl; of a folder of files say which format, cobra or etcd, with --format",
                    path)};
  }
  File file(std::fopen(path.c_str(), "rb"), &std::fclose);
  if (file == nullptr) return system_error(path, errno);
  return file;
}

/// Unpacks gzip as it arrives; members one after the other are one text.
class Unpacker {
 public:
  Unpacker() : out_(kPieceSize, '\0') { ready_ = inflateInit2(&stream_, MAX_WBITS + kGzipOnly) == Z_OK; }
  Unpacker(const Unpacker&) = delete;
  Unpacker& operator=(const Unpacker&) = delete;
  ~Unpacker() {
    if (ready_) inflateEnd(&stream_);
  }

  Status feed(std::string_view packed, const Sink& sink) {
    if (!ready_) return Error{ErrorCode::kResourceExhausted, "no memory to unpack it"};
    // zlib takes input as non-const for historical reasons and does not write to it.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));  // NOLINT
    stream_.avail_in = static_cast<uInt>(packed.size());
    do {
      if (ended_ && inflateReset(&stream_) != Z_OK) return damaged();
      stream_.next_out = reinterpret_cast<Bytef*>(out_.data());  // NOLINT
      stream_.avail_out = static_cast<uInt>(out_.size());
      const int status = inflate(&stream_, Z_NO_FLUSH);
      if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) return damaged();
      ended_ = status == Z_STREAM_END;
      const std::size_t got = out_.size() - stream_.avail_out;
      if (Status taken = sink(std::string_view(out_).substr(0, got)); !taken.ok()) return taken;
      // A member that ends where the output is full has nothing more to give.
    } while (stream_.avail_in > 0 || (stream_.avail_out == 0 && !ended_));
    return {};
  }

  [[nodiscard]] Status finish() const {
    if (ended_) return {};
    return Error{ErrorCode::kCorruption, "the gzip data ends early"};
  }

 private:
  [[nodiscard]] static Error damaged() { return {ErrorCode::kCorruption, "the gzip data is damaged"}; }

  std::string out_;
  z_stream stream_{};
  bool ready_ = false;
  bool ended_ = false;  ///< at the end of a member
};

/// Hands on plain bytes, whichever come.
class MaybePacked {
 public:
  /// The first piece says whether the text is packed. Requires: the piece is not empty.
  Status feed(std::string_view piece, const Sink& sink) {
    if (!begun_ && piece.starts_with(kGzipMagic)) unpacker_.emplace();
    begun_ = true;
    return unpacker_ ? unpacker_->feed(piece, sink) : sink(piece);
  }
  [[nodiscard]] Status finish() const { return unpacker_ ? unpacker_->finish() : Status(); }

 private:
  bool begun_ = false;
  std::optional<Unpacker> unpacker_;
};

/// The next piece; empty at the end of the file.
Result<std::string_view> read_piece(std::FILE* file, const std::string& path, std::string& buffer) {
  const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), file);
  if (got == 0 && std::ferror(file) != 0) return system_error(path, errno);
  return std::string_view(buffer).substr(0, got);
}

}  // namespace

Status stream_history_file(const std::string& path, const Sink& sink) {
  const Result<File> file = open_file(path);
  if (!file.ok()) return file.error();
  const auto about_file = [&path](const Status& status) -> Status {
    if (status.ok()) return {};
    return Error{status.error().code, fmt::format("{}: {}", path, status.error().message)};
  };
  std::string buffer(kPieceSize, '\0');
  MaybePacked bytes;
  while (true) {
    const Result<std::string_view> piece = read_piece(file->get(), path, buffer);
    if (!piece.ok()) return piece.error();
    if (piece->empty()) return about_file(bytes.finish());
    if (Status taken = bytes.feed(*piece, sink); !taken.ok()) return about_file(taken);
  }
}

Status stream_history_bytes(std::string_view bytes, const Sink& sink) {
  MaybePacked text;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(kPieceSize, bytes.size()))) {
    if (Status taken = text.feed(bytes.substr(0, kPieceSize), sink); !taken.ok()) return taken;
  }
  return text.finish();
}

Result<std::vector<std::string>> list_folder(const std::string& path) {
  std::vector<std::string> names;
  std::error_code error;
  std::filesystem::recursive_directory_iterator at(path, error);
  for (const std::filesystem::recursive_directory_iterator end; !error && at != end; at.increment(error)) {
    std::error_code ignored;  // Ignored: what cannot be asked about is no file.
    if (at->is_regular_file(ignored)) names.push_back(at->path().lexically_relative(path).generic_string());
  }
  if (error) return system_error(path, error.value());
  std::sort(names.begin(), names.end());
  return names;
}

std::uint64_t plain_file_size(const std::string& path) {
  std::error_code ignored;  // Ignored: what cannot be asked about is no regular file.
  // What is read from a pipe here would be missing later.
  if (!std::filesystem::is_regular_file(path, ignored)) return 0;
  const Result<File> file = open_file(path);
  std::string head(kGzipMagic.size(), '\0');
  if (!file.ok() || std::fread(head.data(), 1, head.size(), file->get()) != head.size() || head == kGzipMagic)
    return 0;
  std::error_code unknown;
  const std::uintmax_t size = std::filesystem::file_size(path, unknown);
  return unknown ? 0 : size;
}

std::uint64_t plain_size(std::string_view bytes) {
  return bytes.starts_with(kGzipMagic) ? 0 : bytes.size();
}

}  // namespace ordeal
