#include "tests/gateway/store/faulty_vfs.h"

#include <cstddef>
#include <cstdlib>
#include <new>

namespace gateway::store {
namespace {

// What SQLite sees of a file: our methods first, the real file behind them in the same allocation.
struct File {
  sqlite3_file base;
  sqlite3_file* real;
};

File* ours(sqlite3_file* file) { return reinterpret_cast<File*>(file); }
sqlite3_file* real(sqlite3_file* file) { return ours(file)->real; }

int close_file(sqlite3_file* file) { return real(file)->pMethods->xClose(real(file)); }
int read(sqlite3_file* f, void* to, int size, sqlite3_int64 at) {
  return real(f)->pMethods->xRead(real(f), to, size, at);
}
int write(sqlite3_file* f, const void* from, int size, sqlite3_int64 at) {
  if (const int code = FaultyVfs::instance().pass(FaultyVfs::Operation::write); code != SQLITE_OK) return code;
  return real(f)->pMethods->xWrite(real(f), from, size, at);
}
int truncate(sqlite3_file* f, sqlite3_int64 size) { return real(f)->pMethods->xTruncate(real(f), size); }
int sync(sqlite3_file* f, int flags) {
  if (const int code = FaultyVfs::instance().pass(FaultyVfs::Operation::sync); code != SQLITE_OK) return code;
  return real(f)->pMethods->xSync(real(f), flags);
}
int file_size(sqlite3_file* f, sqlite3_int64* size) { return real(f)->pMethods->xFileSize(real(f), size); }
int lock(sqlite3_file* f, int level) { return real(f)->pMethods->xLock(real(f), level); }
int unlock(sqlite3_file* f, int level) { return real(f)->pMethods->xUnlock(real(f), level); }
int check_lock(sqlite3_file* f, int* out) { return real(f)->pMethods->xCheckReservedLock(real(f), out); }
int control(sqlite3_file* f, int what, void* argument) {
  return real(f)->pMethods->xFileControl(real(f), what, argument);
}
int sector(sqlite3_file* f) { return real(f)->pMethods->xSectorSize(real(f)); }
int traits(sqlite3_file* f) { return real(f)->pMethods->xDeviceCharacteristics(real(f)); }
int shm_map(sqlite3_file* f, int page, int size, int extend, void volatile** out) {
  return real(f)->pMethods->xShmMap(real(f), page, size, extend, out);
}
int shm_lock(sqlite3_file* f, int at, int n, int flags) { return real(f)->pMethods->xShmLock(real(f), at, n, flags); }
void shm_barrier(sqlite3_file* f) { real(f)->pMethods->xShmBarrier(real(f)); }
int shm_unmap(sqlite3_file* f, int remove) { return real(f)->pMethods->xShmUnmap(real(f), remove); }

constexpr sqlite3_io_methods kMethods = {2,        close_file,  read,       write,   truncate, sync,   file_size,
                                         lock,     unlock,      check_lock, control, sector,   traits, shm_map,
                                         shm_lock, shm_barrier, shm_unmap,  nullptr, nullptr};

sqlite3_vfs* system_vfs() {
  static sqlite3_vfs* const found = sqlite3_vfs_find("unix");
  return found;
}

int open_file(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  ours(file)->base.pMethods = nullptr;
  ours(file)->real = reinterpret_cast<sqlite3_file*>(reinterpret_cast<std::byte*>(file) + sizeof(File));
  const int code = system_vfs()->xOpen(system_vfs(), name, ours(file)->real, flags, out_flags);
  if (code == SQLITE_OK) ours(file)->base.pMethods = &kMethods;
  return code;
}

}  // namespace

FaultyVfs& FaultyVfs::instance() {
  static FaultyVfs only;
  return only;
}

FaultyVfs::FaultyVfs() {
  static sqlite3_vfs vfs = *system_vfs();
  vfs.zName = kName;
  vfs.pNext = nullptr;
  vfs.szOsFile += static_cast<int>(sizeof(File));
  vfs.xOpen = open_file;
  if (sqlite3_vfs_register(&vfs, 0) != SQLITE_OK) std::abort();
}

void FaultyVfs::fail(Operation operation, int nth, int code, bool for_good) {
  heal();
  code_ = code;
  for_good_ = for_good;
  left_[static_cast<int>(operation)] = nth;
}

void FaultyVfs::heal() {
  left_[0] = left_[1] = writes_ = 0;
  struck_ = false;
}

int FaultyVfs::pass(Operation operation) {
  if (operation == Operation::write) ++writes_;
  auto& left = left_[static_cast<int>(operation)];
  if (left == 0 || --left > 0) return SQLITE_OK;
  if (for_good_) left = 1;
  struck_ = true;
  return code_;
}

}  // namespace gateway::store
