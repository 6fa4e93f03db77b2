#include "tests/node/host/faulty_file_system.h"

#include <rocksdb/env.h>

#include <string>

namespace ordeal::test {
namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

IOStatus status_of(DiskError error, const std::string& path) {
  switch (error) {
    case DiskError::kNone:
      return IOStatus::OK();
    case DiskError::kNotFound:
      return IOStatus::PathNotFound(path, "no such file or directory");
    case DiskError::kIo:
      return IOStatus::IOError(path, "input/output error");
    case DiskError::kNoSpace:
      return IOStatus::NoSpace(path, "no space left on device");
  }
  return IOStatus::IOError(path);
}

class Lock : public rocksdb::FileLock {
 public:
  explicit Lock(std::string path) : path_(std::move(path)) {}
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class SilentLogger : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char* /*format*/, va_list /*arguments*/) override {}
};

/// One open file; what the four kinds of RocksDB's files have in common.
class Opened {
 public:
  Opened(FaultyDisk& disk, FaultyDisk::Handle file, std::string path)
      : disk_(disk), file_(std::move(file)), path_(std::move(path)) {}

  IOStatus read(std::uint64_t offset, std::size_t n, Slice* result, char* scratch) const {
    std::size_t got = 0;
    const DiskError error = disk_.read(file_, offset, n, scratch, got);
    *result = Slice(scratch, got);
    return status_of(error, path_);
  }
  IOStatus write(std::uint64_t offset, const Slice& data) {
    return status_of(disk_.write(file_, offset, {data.data(), data.size()}), path_);
  }
  IOStatus append(const Slice& data) {
    return status_of(disk_.append(file_, {data.data(), data.size()}), path_);
  }
  IOStatus truncate(std::uint64_t size) { return status_of(disk_.truncate(file_, size), path_); }
  IOStatus sync() { return status_of(disk_.sync(file_), path_); }
  [[nodiscard]] std::uint64_t size() const { return disk_.size(file_); }

 private:
  FaultyDisk& disk_;
  FaultyDisk::Handle file_;
  std::string path_;
};

class Sequential : public rocksdb::FSSequentialFile {
 public:
  explicit Sequential(Opened file) : file_(std::move(file)) {}
  IOStatus Read(std::size_t n, const IOOptions&, Slice* result, char* scratch, IODebugContext*) override {
    const IOStatus status = file_.read(offset_, n, result, scratch);
    if (status.ok()) offset_ += result->size();
    return status;
  }
  IOStatus Skip(std::uint64_t n) override {
    offset_ += n;
    return IOStatus::OK();
  }

 private:
  Opened file_;
  std::uint64_t offset_ = 0;
};

class RandomAccess : public rocksdb::FSRandomAccessFile {
 public:
  explicit RandomAccess(Opened file) : file_(std::move(file)) {}
  IOStatus Read(std::uint64_t offset, std::size_t n, const IOOptions&, Slice* result, char* scratch,
                IODebugContext*) const override {
    return file_.read(offset, n, result, scratch);
  }

 private:
  Opened file_;
};

class Writable : public rocksdb::FSWritableFile {
 public:
  explicit Writable(Opened file) : file_(std::move(file)) {}
  using rocksdb::FSWritableFile::Append;
  IOStatus Append(const Slice& data, const IOOptions&, IODebugContext*) override {
    return file_.append(data);
  }
  IOStatus Truncate(std::uint64_t size, const IOOptions&, IODebugContext*) override {
    return file_.truncate(size);
  }
  IOStatus Close(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Flush(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Sync(const IOOptions&, IODebugContext*) override { return file_.sync(); }
  [[nodiscard]] bool IsSyncThreadSafe() const override { return true; }
  std::uint64_t GetFileSize(const IOOptions&, IODebugContext*) override { return file_.size(); }

 private:
  Opened file_;
};

class RandomReadWrite : public rocksdb::FSRandomRWFile {
 public:
  explicit RandomReadWrite(Opened file) : file_(std::move(file)) {}
  IOStatus Write(std::uint64_t offset, const Slice& data, const IOOptions&, IODebugContext*) override {
    return file_.write(offset, data);
  }
  IOStatus Read(std::uint64_t offset, std::size_t n, const IOOptions&, Slice* result, char* scratch,
                IODebugContext*) const override {
    return file_.read(offset, n, result, scratch);
  }
  IOStatus Flush(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Sync(const IOOptions&, IODebugContext*) override { return file_.sync(); }
  IOStatus Close(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }

 private:
  Opened file_;
};

class OpenedDirectory : public rocksdb::FSDirectory {
 public:
  OpenedDirectory(FaultyDisk& disk, std::string path) : disk_(disk), path_(std::move(path)) {}
  IOStatus Fsync(const IOOptions&, IODebugContext*) override {
    return status_of(disk_.sync_directory(path_), path_);
  }
  IOStatus Close(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }

 private:
  FaultyDisk& disk_;
  std::string path_;
};

class FaultyFileSystem : public rocksdb::FileSystem {
 public:
  explicit FaultyFileSystem(FaultyDisk& disk) : disk_(disk) {}
  [[nodiscard]] const char* Name() const override { return "FaultyFileSystem"; }

  IOStatus NewSequentialFile(const std::string& path, const FileOptions&,
                             std::unique_ptr<rocksdb::FSSequentialFile>* result, IODebugContext*) override {
    return open_as<Sequential>(path, result);
  }
  IOStatus NewRandomAccessFile(const std::string& path, const FileOptions&,
                               std::unique_ptr<rocksdb::FSRandomAccessFile>* result,
                               IODebugContext*) override {
    return open_as<RandomAccess>(path, result);
  }
  IOStatus NewWritableFile(const std::string& path, const FileOptions&,
                           std::unique_ptr<rocksdb::FSWritableFile>* result, IODebugContext*) override {
    FaultyDisk::Handle file;
    const DiskError error = disk_.create(path, file);
    if (error == DiskError::kNone) *result = std::make_unique<Writable>(Opened(disk_, file, path));
    return status_of(error, path);
  }
  IOStatus ReopenWritableFile(const std::string& path, const FileOptions&,
                              std::unique_ptr<rocksdb::FSWritableFile>* result, IODebugContext*) override {
    return open_as<Writable>(path, result);
  }
  IOStatus NewRandomRWFile(const std::string& path, const FileOptions&,
                           std::unique_ptr<rocksdb::FSRandomRWFile>* result, IODebugContext*) override {
    return open_as<RandomReadWrite>(path, result);
  }
  IOStatus NewDirectory(const std::string& path, const IOOptions&,
                        std::unique_ptr<rocksdb::FSDirectory>* result, IODebugContext*) override {
    if (!disk_.is_directory(path)) return status_of(DiskError::kNotFound, path);
    *result = std::make_unique<OpenedDirectory>(disk_, path);
    return IOStatus::OK();
  }
  IOStatus NewLogger(const std::string&, const IOOptions&, std::shared_ptr<rocksdb::Logger>* result,
                     IODebugContext*) override {
    *result = std::make_shared<SilentLogger>();
    return IOStatus::OK();
  }

  IOStatus FileExists(const std::string& path, const IOOptions&, IODebugContext*) override {
    FaultyDisk::Handle file;
    if (disk_.is_directory(path)) return IOStatus::OK();
    const DiskError error = disk_.open(path, file);
    return error == DiskError::kNotFound ? IOStatus::NotFound(path) : status_of(error, path);
  }
  IOStatus GetChildren(const std::string& path, const IOOptions&, std::vector<std::string>* names,
                       IODebugContext*) override {
    const DiskError error = disk_.list(path, *names);
    return error == DiskError::kNotFound ? IOStatus::NotFound(path) : status_of(error, path);
  }
  IOStatus DeleteFile(const std::string& path, const IOOptions&, IODebugContext*) override {
    return status_of(disk_.remove(path), path);
  }
  IOStatus DeleteDir(const std::string& path, const IOOptions&, IODebugContext*) override {
    return status_of(disk_.remove(path), path);
  }
  IOStatus CreateDir(const std::string& path, const IOOptions&, IODebugContext*) override {
    if (disk_.is_directory(path)) return IOStatus::IOError(path, "exists");
    return status_of(disk_.make_directory(path), path);
  }
  IOStatus CreateDirIfMissing(const std::string& path, const IOOptions&, IODebugContext*) override {
    return status_of(disk_.make_directory(path), path);
  }
  IOStatus IsDirectory(const std::string& path, const IOOptions&, bool* is, IODebugContext*) override {
    *is = disk_.is_directory(path);
    return IOStatus::OK();
  }
  IOStatus Truncate(const std::string& path, std::size_t size, const IOOptions&, IODebugContext*) override {
    FaultyDisk::Handle file;
    DiskError error = disk_.open(path, file);
    if (error == DiskError::kNone) error = disk_.truncate(file, size);
    return status_of(error, path);
  }
  IOStatus GetFileSize(const std::string& path, const IOOptions&, std::uint64_t* size,
                       IODebugContext*) override {
    FaultyDisk::Handle file;
    const DiskError error = disk_.open(path, file);
    if (error == DiskError::kNone) *size = disk_.size(file);
    return status_of(error, path);
  }
  IOStatus GetFileModificationTime(const std::string&, const IOOptions&, std::uint64_t* time,
                                   IODebugContext*) override {
    *time = 0;
    return IOStatus::OK();
  }
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions&,
                      IODebugContext*) override {
    return status_of(disk_.rename(from, to), from);
  }
  IOStatus LockFile(const std::string& path, const IOOptions&, rocksdb::FileLock** lock,
                    IODebugContext*) override {
    if (!disk_.lock(path)) return IOStatus::IOError("lock " + path, "already held");
    *lock = new Lock(path);
    return IOStatus::OK();
  }
  IOStatus UnlockFile(rocksdb::FileLock* lock, const IOOptions&, IODebugContext*) override {
    const std::unique_ptr<Lock> held(static_cast<Lock*>(lock));
    disk_.unlock(held->path());
    return IOStatus::OK();
  }
  IOStatus GetTestDirectory(const IOOptions&, std::string* path, IODebugContext*) override {
    *path = "/";
    return IOStatus::OK();
  }
  IOStatus GetAbsolutePath(const std::string& path, const IOOptions&, std::string* absolute,
                           IODebugContext*) override {
    *absolute = path;
    return IOStatus::OK();
  }
  IOStatus GetFreeSpace(const std::string&, const IOOptions&, std::uint64_t* bytes,
                        IODebugContext*) override {
    *bytes = disk_.free_bytes();
    return IOStatus::OK();
  }

 private:
  template <class As, class Base>
  IOStatus open_as(const std::string& path, std::unique_ptr<Base>* result) {
    FaultyDisk::Handle file;
    const DiskError error = disk_.open(path, file);
    if (error == DiskError::kNone) *result = std::make_unique<As>(Opened(disk_, file, path));
    return status_of(error, path);
  }

  FaultyDisk& disk_;
};

}  // namespace

std::shared_ptr<rocksdb::FileSystem> make_faulty_file_system(FaultyDisk& disk) {
  return std::make_shared<FaultyFileSystem>(disk);
}

}  // namespace ordeal::test
