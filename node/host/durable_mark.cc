#include "node/host/durable_mark.h"

#include "common/codec.h"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <string_view>

namespace ordeal::host {
namespace {

constexpr std::size_t kSlotBytes = 512;  // one sector: a write of it does not tear the other slot
constexpr std::size_t kNoteBytes = 12;

Bytes encode(std::uint64_t sequence) {
  Encoder encoder;
  encoder.u64(sequence);
  encoder.u32(crc32c(encoder.data()));
  return std::move(encoder).take();
}

std::optional<std::uint64_t> decode(std::string_view slot) {
  const std::uint64_t sequence = Decoder(slot).u64();
  if (encode(sequence) != slot) return std::nullopt;
  return sequence;
}

Error failed(std::string_view doing, const rocksdb::Status& status) {
  return {status.IsNoSpace() ? ErrorCode::kResourceExhausted : ErrorCode::kInternal,
          fmt::format("{} the durable mark failed: {}", doing, status.ToString())};
}

}  // namespace

Result<std::unique_ptr<DurableMark>> DurableMark::open(rocksdb::Env& env, const std::string& directory) {
  const std::string path = directory + "/DURABLE";
  std::uint64_t size = 0;
  const bool whole = env.GetFileSize(path, &size).ok() && size >= 2 * kSlotBytes;
  if (!whole) {
    // Both slots at once, so that a note never needs room on the disk.
    std::unique_ptr<rocksdb::WritableFile> fresh;
    rocksdb::Status status = env.NewWritableFile(path, &fresh, {});
    if (status.ok()) status = fresh->Append(std::string(2 * kSlotBytes, '\0'));
    if (status.ok()) status = fresh->Sync();
    if (status.ok()) status = fresh->Close();
    if (!status.ok()) return failed("making", status);
  }
  std::unique_ptr<DurableMark> mark(new DurableMark());
  const rocksdb::Status opened = env.NewRandomRWFile(path, &mark->file_, {});
  if (!opened.ok()) return failed("opening", opened);
  if (Status read = mark->read(); !read.ok()) return read.error();
  return mark;
}

Status DurableMark::read() {
  for (std::uint64_t slot = 0; slot < 2; ++slot) {
    std::array<char, kNoteBytes> buffer{};
    rocksdb::Slice bytes;
    const rocksdb::Status status = file_->Read(slot * kSlotBytes, kNoteBytes, &bytes, buffer.data());
    if (!status.ok()) return failed("reading", status);
    const auto sequence = decode({bytes.data(), bytes.size()});
    if (!sequence || *sequence < found_) continue;
    found_ = *sequence;
    slot_ = 1 - slot;
  }
  return {};
}

Status DurableMark::note(std::uint64_t sequence) {
  if (sequence == noted_) return {};
  const rocksdb::Status status = file_->Write(slot_ * kSlotBytes, encode(sequence));
  if (!status.ok()) return failed("writing", status);
  noted_ = sequence;
  slot_ = 1 - slot_;
  return {};
}

Status DurableMark::sync() {
  const rocksdb::Status status = file_->Sync();
  return status.ok() ? Status() : failed("syncing", status);
}

}  // namespace ordeal::host
