#include "tests/sim/memory_vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace gateway::sim {

namespace {

constexpr int kSector = 512;  // what a disk writes whole
constexpr int kRegionLocks = SQLITE_SHM_NLOCK;

struct Shm {
  std::vector<std::unique_ptr<char[]>> regions;
  std::array<int, kRegionLocks> shared{};
  std::array<bool, kRegionLocks> exclusive{};
};

struct Write {
  std::size_t at = 0;
  std::string bytes;
  bool truncates = false;  // to `at`
};

void put(std::string& file, std::size_t at, std::string_view bytes) {
  if (file.size() < at + bytes.size()) file.resize(at + bytes.size());
  std::memcpy(file.data() + at, bytes.data(), bytes.size());
}

void apply(std::string& file, const Write& write) {
  if (write.truncates) {
    if (write.at < file.size()) file.resize(write.at);
  } else {
    put(file, write.at, write.bytes);
  }
}

}  // namespace

struct Handle;

struct MemoryFile {
  std::string now;      // as the process sees it
  std::string durable;  // as the next life finds it
  std::vector<Write> unsynced;
  bool named = false;  // its name is durable: it was synced once
  std::vector<Handle*> open;
  std::shared_ptr<Shm> shm;
};

struct Handle {
  Disk* disk = nullptr;
  std::shared_ptr<MemoryFile> file;
  std::shared_ptr<Shm> shm;  // kept while mapped, also after a crash: SQLite still looks at it
  std::uint64_t life = 0;
  int lock = SQLITE_LOCK_NONE;
  unsigned shm_shared = 0, shm_exclusive = 0;  // bits of the locks it holds
};

namespace {

std::map<std::string, Disk*>& disks() {
  static std::map<std::string, Disk*> all;
  return all;
}

Random& sqlite_chance() {
  static Random chance(1);
  return chance;
}

struct Slot {
  sqlite3_file base;
  Handle* handle;
};

Handle& of(sqlite3_file* file) { return *reinterpret_cast<Slot*>(file)->handle; }

std::pair<std::string, std::string> split(std::string_view path) {
  const auto slash = path.rfind('/');
  return {std::string(path.substr(0, slash)), std::string(path.substr(slash + 1))};
}

Disk* disk_of(const char* path) {
  const auto found = path == nullptr ? disks().end() : disks().find(split(path).first);
  return found == disks().end() ? nullptr : found->second;
}

}  // namespace

/// SQLite's calls, where they reach into a Disk.
struct Vfs {
  static bool dead(const Handle& h) { return !h.disk->on_ || h.life != h.disk->life_; }

  static int close(sqlite3_file* f) {
    Handle* handle = reinterpret_cast<Slot*>(f)->handle;
    shm_release(*handle);
    std::erase(handle->file->open, handle);
    delete handle;
    return SQLITE_OK;
  }

  static int read(sqlite3_file* f, void* to, int size, sqlite3_int64 at) {
    Handle& h = of(f);
    if (dead(h)) return SQLITE_IOERR_READ;
    const std::string& bytes = h.file->now;
    const auto from = std::min(static_cast<std::size_t>(at), bytes.size());
    const auto count = std::min(static_cast<std::size_t>(size), bytes.size() - from);
    std::memcpy(to, bytes.data() + from, count);
    if (count == static_cast<std::size_t>(size)) return SQLITE_OK;
    std::memset(static_cast<char*>(to) + count, 0, static_cast<std::size_t>(size) - count);
    return SQLITE_IOERR_SHORT_READ;
  }

  static int write(sqlite3_file* f, const void* from, int size, sqlite3_int64 at) {
    Handle& h = of(f);
    if (dead(h) || h.disk->spoil()) return SQLITE_IOERR_WRITE;
    if (h.disk->full_ && static_cast<std::size_t>(at + size) > h.file->now.size()) return SQLITE_FULL;
    const Write made{
        static_cast<std::size_t>(at), {static_cast<const char*>(from), static_cast<std::size_t>(size)}, false};
    apply(h.file->now, made);
    h.file->unsynced.push_back(made);
    return SQLITE_OK;
  }

  static int truncate(sqlite3_file* f, sqlite3_int64 size) {
    Handle& h = of(f);
    if (dead(h) || h.disk->spoil()) return SQLITE_IOERR_TRUNCATE;
    const Write made{static_cast<std::size_t>(size), {}, true};
    apply(h.file->now, made);
    h.file->unsynced.push_back(made);
    return SQLITE_OK;
  }

  static int sync(sqlite3_file* f, int) {
    Handle& h = of(f);
    const bool before = h.disk->chance_.chance(0.5);
    if (dead(h) || (before && h.disk->spoil(Count::syncs))) return SQLITE_IOERR_FSYNC;
    if (h.disk->sync_fails_) {
      h.disk->sync_fails_ = false;
      h.file->unsynced.clear();
      return SQLITE_IOERR_FSYNC;
    }
    for (const Write& one : h.file->unsynced) apply(h.file->durable, one);
    h.file->unsynced.clear();
    h.file->named = true;
    return !before && h.disk->spoil(Count::syncs) ? SQLITE_IOERR_FSYNC : SQLITE_OK;
  }

  static int file_size(sqlite3_file* f, sqlite3_int64* size) {
    if (dead(of(f))) return SQLITE_IOERR_FSTAT;
    *size = static_cast<sqlite3_int64>(of(f).file->now.size());
    return SQLITE_OK;
  }

  static int lock(sqlite3_file* f, int level) {
    Handle& h = of(f);
    if (dead(h)) return SQLITE_IOERR_LOCK;
    const int most = level == SQLITE_LOCK_SHARED      ? SQLITE_LOCK_RESERVED
                     : level == SQLITE_LOCK_EXCLUSIVE ? SQLITE_LOCK_NONE
                                                      : SQLITE_LOCK_SHARED;
    for (const Handle* other : h.file->open) {
      if (other != &h && other->life == h.life && other->lock > most) return SQLITE_BUSY;
    }
    h.lock = std::max(h.lock, level);
    return SQLITE_OK;
  }

  static int unlock(sqlite3_file* f, int level) {
    of(f).lock = std::min(of(f).lock, level);
    return SQLITE_OK;
  }

  static int check_lock(sqlite3_file* f, int* out) {
    const auto& open = of(f).file->open;
    *out = std::ranges::any_of(open, [](const Handle* one) { return one->lock >= SQLITE_LOCK_RESERVED; });
    return SQLITE_OK;
  }

  static int control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
  static int sector(sqlite3_file*) { return 4096; }
  static int traits(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

  static int shm_map(sqlite3_file* f, int region, int size, int extend, void volatile** out) {
    Handle& h = of(f);
    *out = nullptr;
    if (dead(h)) return SQLITE_IOERR_SHMMAP;
    if (!h.file->shm) h.file->shm = std::make_shared<Shm>();
    h.shm = h.file->shm;
    auto& regions = h.shm->regions;
    while (extend != 0 && regions.size() <= static_cast<std::size_t>(region)) {
      regions.push_back(std::make_unique<char[]>(static_cast<std::size_t>(size)));  // zeroed
    }
    if (regions.size() > static_cast<std::size_t>(region)) *out = regions[static_cast<std::size_t>(region)].get();
    return SQLITE_OK;
  }

  static int shm_lock(sqlite3_file* f, int first, int count, int flags) {
    Handle& h = of(f);
    if (!h.shm) return SQLITE_IOERR_SHMLOCK;
    const bool shared = (flags & SQLITE_SHM_SHARED) != 0;
    if ((flags & SQLITE_SHM_LOCK) != 0) {
      if (dead(h)) return SQLITE_IOERR_SHMLOCK;
      for (int i = first; i < first + count; ++i) {
        if (!free_for(h, static_cast<unsigned>(i), shared)) return SQLITE_BUSY;
      }
    }
    for (int i = first; i < first + count; ++i) {
      (flags & SQLITE_SHM_LOCK) != 0 ? take(h, static_cast<unsigned>(i), shared) : give(h, static_cast<unsigned>(i));
    }
    return SQLITE_OK;
  }

  static bool free_for(const Handle& h, unsigned i, bool shared) {
    const bool mine = (h.shm_shared >> i & 1U) != 0;
    if (h.shm->exclusive[i] && (h.shm_exclusive >> i & 1U) == 0) return false;
    return shared || h.shm->shared[i] == (mine ? 1 : 0);
  }
  static void take(Handle& h, unsigned i, bool shared) {
    auto& held = shared ? h.shm_shared : h.shm_exclusive;
    if ((held >> i & 1U) != 0) return;
    held |= 1U << i;
    shared ? void(++h.shm->shared[i]) : void(h.shm->exclusive[i] = true);
  }
  static void give(Handle& h, unsigned i) {
    if ((h.shm_shared >> i & 1U) != 0) --h.shm->shared[i];
    if ((h.shm_exclusive >> i & 1U) != 0) h.shm->exclusive[i] = false;
    h.shm_shared &= ~(1U << i);
    h.shm_exclusive &= ~(1U << i);
  }
  static void shm_release(Handle& h) {
    if (!h.shm) return;
    for (unsigned i = 0; i < kRegionLocks; ++i) give(h, i);
    h.shm.reset();
  }

  static void shm_barrier(sqlite3_file*) {}
  static int shm_unmap(sqlite3_file* f, int remove) {
    Handle& h = of(f);
    shm_release(h);
    if (remove != 0 && !dead(h)) h.file->shm.reset();
    return SQLITE_OK;
  }

  static int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags);

  static int remove(sqlite3_vfs*, const char* name, int) {
    Disk* disk = disk_of(name);
    if (disk == nullptr || !disk->on_ || disk->spoil()) return SQLITE_IOERR_DELETE;
    return disk->files_.erase(split(name).second) != 0 ? SQLITE_OK : SQLITE_IOERR_DELETE_NOENT;
  }

  static int access(sqlite3_vfs*, const char* name, int, int* out) {
    const Disk* disk = disk_of(name);
    if (disk == nullptr || !disk->on_) return SQLITE_IOERR_ACCESS;
    *out = disk->files_.contains(split(name).second);
    return SQLITE_OK;
  }

  static int full_path(sqlite3_vfs*, const char* name, int size, char* out) {
    sqlite3_snprintf(size, out, "%s", name);
    return SQLITE_OK;
  }

  static int randomness(sqlite3_vfs*, int size, char* out) {
    for (int i = 0; i < size; ++i) out[i] = static_cast<char>(sqlite_chance().below(256));
    return size;
  }
  static int sleep(sqlite3_vfs*, int microseconds) { return microseconds; }
  static int current_time(sqlite3_vfs*, double* days) {
    *days = 2461110.5;  // a day in 2026; the store has no clock and asks none
    return SQLITE_OK;
  }
  static int last_error(sqlite3_vfs*, int, char*) { return 0; }
};

namespace {

constexpr sqlite3_io_methods kMethods = {2,
                                         Vfs::close,
                                         Vfs::read,
                                         Vfs::write,
                                         Vfs::truncate,
                                         Vfs::sync,
                                         Vfs::file_size,
                                         Vfs::lock,
                                         Vfs::unlock,
                                         Vfs::check_lock,
                                         Vfs::control,
                                         Vfs::sector,
                                         Vfs::traits,
                                         Vfs::shm_map,
                                         Vfs::shm_lock,
                                         Vfs::shm_barrier,
                                         Vfs::shm_unmap,
                                         nullptr,
                                         nullptr};

void register_vfs() {
  static sqlite3_vfs vfs = {};
  if (vfs.zName != nullptr) return;
  vfs.iVersion = 1;
  vfs.szOsFile = sizeof(Slot);
  vfs.mxPathname = 1024;
  vfs.zName = Disk::kVfs;
  vfs.xOpen = Vfs::open;
  vfs.xDelete = Vfs::remove;
  vfs.xAccess = Vfs::access;
  vfs.xFullPathname = Vfs::full_path;
  vfs.xRandomness = Vfs::randomness;
  vfs.xSleep = Vfs::sleep;
  vfs.xCurrentTime = Vfs::current_time;
  vfs.xGetLastError = Vfs::last_error;
  if (sqlite3_vfs_register(&vfs, 0) != SQLITE_OK) std::abort();
}

}  // namespace

int Vfs::open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  reinterpret_cast<Slot*>(file)->base.pMethods = nullptr;
  Disk* disk = disk_of(name);
  if (disk == nullptr || !disk->on_) return SQLITE_CANTOPEN;
  const std::string own = split(name).second;
  auto& found = disk->files_[own];
  if (!found) {
    const bool database = (flags & SQLITE_OPEN_MAIN_DB) != 0;  // the store has made its empty file already
    if ((flags & SQLITE_OPEN_CREATE) == 0 && !database) {
      disk->files_.erase(own);
      return SQLITE_CANTOPEN;
    }
    found = std::make_shared<MemoryFile>();
    found->named = database;
  }
  auto handle = std::make_unique<Handle>();
  handle->disk = disk;
  handle->file = found;
  handle->life = disk->life_;
  found->open.push_back(handle.get());
  reinterpret_cast<Slot*>(file)->handle = handle.release();
  reinterpret_cast<Slot*>(file)->base.pMethods = &kMethods;
  if (out_flags != nullptr) *out_flags = flags;
  return SQLITE_OK;
}

Disk::Disk(std::string folder, Random chance) : folder_(std::move(folder)), chance_(chance) {
  register_vfs();
  if (!disks().emplace(folder_, this).second) std::abort();  // two disks under one name
}

Disk::~Disk() { disks().erase(folder_); }

bool Disk::spoil(Count what) {
  ++operations_;
  if (crash_in_ == 0 || (crash_counts_ == Count::syncs && what != Count::syncs) || --crash_in_ > 0) return false;
  crash(crash_loss_);
  if (const auto crashed = std::exchange(crashed_, {})) crashed();
  return true;
}

void Disk::crash_at(std::int64_t nth, Count what, Loss loss, std::function<void()> crashed) {
  crash_in_ = nth;
  crash_counts_ = what;
  crash_loss_ = loss;
  crashed_ = std::move(crashed);
}

void Disk::crash(Loss loss) {
  on_ = full_ = sync_fails_ = false;
  crash_in_ = 0;
  ++life_;
  for (auto& [name, file] : files_) {
    if (loss == Loss::power_cut) {
      keep_some(*file);
    } else {
      for (const Write& one : file->unsynced) apply(file->durable, one);
    }
    auto next = std::make_shared<MemoryFile>();
    next->now = next->durable = std::move(file->durable);
    next->named = file->named;
    file = std::move(next);
  }
  std::erase_if(files_,
                [&](const auto& one) { return loss == Loss::power_cut && !one.second->named && chance_.chance(0.5); });
}

// The kernel writes back in whatever order it likes: nothing, the first few, or any of them reached the platter, and
// the one it was at only in part.
void Disk::keep_some(MemoryFile& file) {
  enum Kept : std::uint8_t { none, first, any };
  const auto kept = static_cast<Kept>(chance_.below(3));
  const auto end = chance_.below(static_cast<std::int64_t>(file.unsynced.size()) + 1);
  for (std::int64_t i = 0; const Write& one : file.unsynced) {
    const bool torn = kept != none && i == end;
    const bool whole = kept == first ? i < end : kept == any && chance_.chance(0.5);
    ++i;
    if (torn && !one.truncates) {
      apply_torn(file.durable, one.at, one.bytes);
    } else if (whole) {
      apply(file.durable, one);
    }
  }
}

void Disk::apply_torn(std::string& bytes, std::size_t at, std::string_view write) {
  while (!write.empty()) {
    const auto piece = std::min(write.size(), kSector - at % kSector);
    if (chance_.chance(0.5)) put(bytes, at, write.substr(0, piece));
    at += piece;
    write.remove_prefix(piece);
  }
}

std::map<std::string, std::string> Disk::image() const {
  std::map<std::string, std::string> all;
  for (const auto& [name, file] : files_) all[name] = file->durable;
  return all;
}

void Disk::load(const std::map<std::string, std::string>& image) {
  for (const auto& [name, bytes] : image) {
    auto& file = files_[name] = std::make_shared<MemoryFile>();
    file->now = file->durable = bytes;
    file->named = true;
  }
}

void seed_sqlite(std::uint64_t seed) {
  register_vfs();
  if (sqlite3_vfs* vfs = sqlite3_vfs_find(Disk::kVfs)) sqlite3_vfs_register(vfs, 1);  // the default is asked
  sqlite_chance() = Random(seed);
  sqlite3_randomness(0, nullptr);
}

}  // namespace gateway::sim
