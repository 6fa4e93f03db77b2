#pragma once
// A note beside the database of how far it was durable: the sequence number of RocksDB's last synced write.
// RocksDB alone takes a log file that ends early for what a crash leaves, so it cannot tell a torn tail,
// which nobody was promised, from a synced tail that a disk lost or a flipped bit in a record's length hid.
// With the mark it can: a database that opens below it has lost something.
//
//   two slots of 512 bytes, written in turn: u64 sequence, u32 crc32c of it
//
// A note costs no sync, so after a power loss the mark may be older than the last synced write, and the very
// last ones are then not watched over. After a kill and after a clean stop it is exact.

#include "common/result.h"

#include <rocksdb/env.h>

#include <cstdint>
#include <memory>
#include <string>

namespace ordeal::host {

class DurableMark {
 public:
  /// Opens or makes the file. `env` outlives the mark.
  [[nodiscard]] static Result<std::unique_ptr<DurableMark>> open(rocksdb::Env& env,
                                                                 const std::string& directory);

  /// As it was found; 0 when nothing was noted or neither slot is whole.
  [[nodiscard]] std::uint64_t found() const { return found_; }
  [[nodiscard]] Status note(std::uint64_t sequence);
  [[nodiscard]] Status sync();

 private:
  [[nodiscard]] Status read();

  std::unique_ptr<rocksdb::RandomRWFile> file_;
  std::uint64_t found_ = 0;
  std::uint64_t noted_ = 0;
  std::uint64_t slot_ = 0;  // the next one to be written
};

}  // namespace ordeal::host
