#include "checkers/driver/read_file.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <limits>
#include <memory>
#include <string_view>

namespace ordeal {
namespace {

constexpr std::size_t kPieceSize = std::size_t{1} << 20;
constexpr int kGzipOnly = 16;  ///< added to the window bits: expect a gzip header

Error too_large(const std::string& path, std::uint64_t bytes_max) {
  return {ErrorCode::kResourceExhausted,
          fmt::format("{}: more than {} bytes; raise the memory limit, or split the history by key", path,
                      bytes_max)};
}

Error system_error(const std::string& path, int number) {
  const ErrorCode code = number == ENOENT   ? ErrorCode::kNotFound
                         : number == EACCES ? ErrorCode::kPermissionDenied
                                            : ErrorCode::kUnavailable;
  return {code, fmt::format("{}: {}", path, std::strerror(number))};
}

Result<std::string> read_bytes(const std::string& path, std::uint64_t bytes_max) {
  std::error_code ignored;  // Ignored: what cannot be asked about fails to open.
  if (std::filesystem::is_directory(path, ignored)) {
    return Error{ErrorCode::kInvalidArgument, fmt::format("{}: a folder, expected a history file", path)};
  }
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), &std::fclose);
  if (file == nullptr) return system_error(path, errno);
  std::string bytes;
  while (true) {
    const std::size_t before = bytes.size();
    bytes.resize(before + kPieceSize);
    const std::size_t got = std::fread(bytes.data() + before, 1, kPieceSize, file.get());
    bytes.resize(before + got);
    if (bytes.size() > bytes_max) return too_large(path, bytes_max);
    if (got == kPieceSize) continue;
    if (std::ferror(file.get()) != 0) return system_error(path, errno);
    return bytes;
  }
}

/// An inflate stream that is ended in any case.
class Inflater {
 public:
  Inflater() { ready_ = inflateInit2(&stream_, MAX_WBITS + kGzipOnly) == Z_OK; }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() {
    if (ready_) inflateEnd(&stream_);
  }

  [[nodiscard]] bool ready() const { return ready_; }
  z_stream& stream() { return stream_; }

 private:
  z_stream stream_{};
  bool ready_ = false;
};

Result<std::string> unpack(const std::string& path, std::string_view packed, std::uint64_t bytes_max) {
  Inflater inflater;
  if (!inflater.ready())
    return Error{ErrorCode::kResourceExhausted, fmt::format("{}: no memory to unpack it", path)};
  z_stream& stream = inflater.stream();
  std::string out;
  while (true) {
    if (stream.avail_in == 0) {
      const std::size_t piece = std::min<std::size_t>(packed.size(), std::numeric_limits<uInt>::max());
      // zlib takes input as non-const for historical reasons and does not write to it.
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));  // NOLINT
      stream.avail_in = static_cast<uInt>(piece);
      packed.remove_prefix(piece);
    }
    const std::size_t before = out.size();
    out.resize(before + kPieceSize);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + before);  // NOLINT
    stream.avail_out = static_cast<uInt>(kPieceSize);
    const int status = inflate(&stream, Z_NO_FLUSH);
    out.resize(before + kPieceSize - stream.avail_out);
    if (out.size() > bytes_max) return too_large(path, bytes_max);
    if (status == Z_STREAM_END) {
      if (stream.avail_in == 0 && packed.empty()) return out;
      if (inflateReset(&stream) == Z_OK) continue;  // Members one after the other are one file.
    }
    if (status == Z_OK && (stream.avail_in > 0 || !packed.empty() || stream.avail_out == 0)) continue;
    const bool cut = status == Z_BUF_ERROR || status == Z_OK;
    return Error{ErrorCode::kCorruption,
                 fmt::format("{}: the gzip data {}", path, cut ? "ends early" : "is damaged")};
  }
}

}  // namespace

Result<std::string> read_history_file(const std::string& path, std::uint64_t bytes_max) {
  Result<std::string> bytes = read_bytes(path, bytes_max);
  if (!bytes.ok() || !bytes->starts_with("\x1f\x8b")) return bytes;
  return unpack(path, *bytes, bytes_max);
}

}  // namespace ordeal
