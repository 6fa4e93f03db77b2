#include "node/host/rocks_plants.h"

#include <string>
#include <utility>

namespace ordeal::host {
namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

/// PLANT S1: what RocksDB is told is what the second try said.
class RetriedFile : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  using FSWritableFileOwnerWrapper::FSWritableFileOwnerWrapper;
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    const IOStatus first = target()->Sync(options, debug);
    return first.ok() ? first : target()->Sync(options, debug);
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    const IOStatus first = target()->Fsync(options, debug);
    return first.ok() ? first : target()->Fsync(options, debug);
  }
};

/// PLANT S3: nothing is done, and that is called a success.
class UnsyncedDirectory : public rocksdb::FSDirectoryWrapper {
 public:
  using FSDirectoryWrapper::FSDirectoryWrapper;
  IOStatus Fsync(const IOOptions& /*options*/, IODebugContext* /*debug*/) override { return IOStatus::OK(); }
  IOStatus FsyncWithDirOptions(const IOOptions& /*options*/, IODebugContext* /*debug*/,
                               const rocksdb::DirFsyncOptions& /*why*/) override {
    return IOStatus::OK();
  }
};

class PlantedFileSystem : public rocksdb::FileSystemWrapper {
 public:
  PlantedFileSystem(std::shared_ptr<rocksdb::FileSystem> target, StoragePlants plants)
      : FileSystemWrapper(std::move(target)), plants_(plants) {}
  [[nodiscard]] const char* Name() const override { return "PlantedFileSystem"; }

  IOStatus NewWritableFile(const std::string& path, const FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* result, IODebugContext* debug) override {
    return retried(target()->NewWritableFile(path, options, result, debug), result);
  }
  IOStatus ReopenWritableFile(const std::string& path, const FileOptions& options,
                              std::unique_ptr<rocksdb::FSWritableFile>* result,
                              IODebugContext* debug) override {
    return retried(target()->ReopenWritableFile(path, options, result, debug), result);
  }
  IOStatus NewDirectory(const std::string& path, const IOOptions& options,
                        std::unique_ptr<rocksdb::FSDirectory>* result, IODebugContext* debug) override {
    const IOStatus status = target()->NewDirectory(path, options, result, debug);
    if (status.ok() && plants_.has(StorageBug::kS3))
      *result = std::make_unique<UnsyncedDirectory>(std::move(*result));
    return status;
  }

 private:
  IOStatus retried(IOStatus status, std::unique_ptr<rocksdb::FSWritableFile>* result) const {
    if (status.ok() && plants_.has(StorageBug::kS1))
      *result = std::make_unique<RetriedFile>(std::move(*result));
    return status;
  }

  StoragePlants plants_;
};

}  // namespace

std::shared_ptr<rocksdb::FileSystem> with_plants(std::shared_ptr<rocksdb::FileSystem> file_system,
                                                 const StoragePlants& plants) {
  if (!plants.has(StorageBug::kS1) && !plants.has(StorageBug::kS3)) return file_system;
  return std::make_shared<PlantedFileSystem>(std::move(file_system), plants);
}

}  // namespace ordeal::host
