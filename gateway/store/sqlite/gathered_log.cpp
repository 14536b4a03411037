#include "gateway/store/sqlite/gathered_log.h"

#include <sqlite3.h>

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <utility>

#include "gateway/store/sqlite/connection.h"

namespace gateway::store::sqlite {
namespace {

constexpr std::size_t kMost = 0x1ffff;  // the length of a write in SQLite's unix VFS; it would cut a longer one

// What follows one another in the log and was not written yet.
class Gathered {
 public:
  int add(sqlite3_file* log, const char* bytes, std::size_t size, sqlite3_int64 at) {
    const bool follows = at == at_ + static_cast<sqlite3_int64>(bytes_.size());
    if (!follows || bytes_.size() + size > kMost) {
      if (const int code = write(log); code != SQLITE_OK) return code;
    }
    if (bytes_.empty()) at_ = at;
    try {
      bytes_.append(bytes, size);
    } catch (const std::bad_alloc&) {
      return SQLITE_IOERR_NOMEM;
    }
    return SQLITE_OK;
  }

  int write(sqlite3_file* log) {
    if (bytes_.empty()) return SQLITE_OK;
    const int code = log->pMethods->xWrite(log, bytes_.data(), static_cast<int>(bytes_.size()), at_);
    bytes_.clear();
    return code;
  }

 private:
  sqlite3_int64 at_ = 0;
  std::string bytes_;
};

// What SQLite sees of a log; the real file stands behind it in the same allocation.
struct Log {
  sqlite3_file base;
  Gathered* gathered;
};

Gathered& gathered(sqlite3_file* file) { return *reinterpret_cast<Log*>(file)->gathered; }

sqlite3_file* real(sqlite3_file* file) {
  return reinterpret_cast<sqlite3_file*>(reinterpret_cast<std::byte*>(file) + sizeof(Log));
}

// `method` of the real file, once everything is in it.
template <auto method, class... Arguments>
int written_first(sqlite3_file* file, Arguments... arguments) {
  if (const int code = gathered(file).write(real(file)); code != SQLITE_OK) return code;
  return (real(file)->pMethods->*method)(real(file), arguments...);
}

template <auto method, class... Arguments>
int as_it_is(sqlite3_file* file, Arguments... arguments) {
  return (real(file)->pMethods->*method)(real(file), arguments...);
}

int write(sqlite3_file* file, const void* from, int size, sqlite3_int64 at) {
  return gathered(file).add(real(file), static_cast<const char*>(from), static_cast<std::size_t>(size), at);
}

// What was not synced was promised to nobody.
int close(sqlite3_file* file) {
  delete std::exchange(reinterpret_cast<Log*>(file)->gathered, nullptr);
  return real(file)->pMethods->xClose(real(file));
}

using Methods = sqlite3_io_methods;
constexpr Methods kLog = {.iVersion = 1,
                          .xClose = close,
                          .xRead = written_first<&Methods::xRead, void*, int, sqlite3_int64>,
                          .xWrite = write,
                          .xTruncate = written_first<&Methods::xTruncate, sqlite3_int64>,
                          .xSync = written_first<&Methods::xSync, int>,
                          .xFileSize = written_first<&Methods::xFileSize, sqlite3_int64*>,
                          .xLock = as_it_is<&Methods::xLock, int>,
                          .xUnlock = as_it_is<&Methods::xUnlock, int>,
                          .xCheckReservedLock = as_it_is<&Methods::xCheckReservedLock, int*>,
                          .xFileControl = as_it_is<&Methods::xFileControl, int, void*>,
                          .xSectorSize = as_it_is<&Methods::xSectorSize>,
                          .xDeviceCharacteristics = as_it_is<&Methods::xDeviceCharacteristics>,
                          .xShmMap = nullptr,
                          .xShmLock = nullptr,
                          .xShmBarrier = nullptr,
                          .xShmUnmap = nullptr,
                          .xFetch = nullptr,
                          .xUnfetch = nullptr};

// Everything but opening is the lower one's; it outlives us, as all VFSs do.
struct Vfs : sqlite3_vfs {
  Vfs(sqlite3_vfs* lower, std::string own_name) : sqlite3_vfs(*lower), under(lower), name(std::move(own_name)) {
    zName = name.c_str();
    pNext = nullptr;
    szOsFile += static_cast<int>(sizeof(Log));
    xOpen = open;
  }

  static int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* given) {
    sqlite3_vfs* const under = static_cast<Vfs*>(vfs)->under;
    if ((flags & SQLITE_OPEN_WAL) == 0) return under->xOpen(under, path, file, flags, given);
    file->pMethods = nullptr;  // until it is open: then SQLite closes nothing
    std::unique_ptr<Gathered> waiting{new (std::nothrow) Gathered};
    if (!waiting) return SQLITE_IOERR_NOMEM;
    const int code = under->xOpen(under, path, real(file), flags, given);
    if (code != SQLITE_OK) return code;
    reinterpret_cast<Log*>(file)->gathered = waiting.release();
    file->pMethods = &kLog;
    return SQLITE_OK;
  }

  sqlite3_vfs* const under;
  const std::string name;
};

}  // namespace

std::string gathered_log_vfs(const std::string& under) {
  static std::mutex mutex;
  static std::map<std::string, std::unique_ptr<Vfs>> made;
  const std::lock_guard lock(mutex);
  if (const auto known = made.find(under); known != made.end()) return known->second->name;
  sqlite3_vfs* const lower = sqlite3_vfs_find(under.empty() ? nullptr : under.c_str());
  if (lower == nullptr) throw Failure(error_of(nullptr, SQLITE_CANTOPEN));
  auto vfs = std::make_unique<Vfs>(lower, "causeway-log-over-" + std::string(lower->zName));
  if (const int code = sqlite3_vfs_register(vfs.get(), 0); code != SQLITE_OK) throw Failure(error_of(nullptr, code));
  return made.emplace(under, std::move(vfs)).first->second->name;
}

}  // namespace gateway::store::sqlite
