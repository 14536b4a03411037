// The files of the store on disk: a folder that only the gateway's user may enter, a database file that only it may
// read, and the lock that keeps a second process out.
#pragma once
#include <string>

#include "fhir/result.h"

namespace gateway::store::sqlite {

/// Makes folder (0700) and file (0600) when they are absent, both durably; refuses them when others have access.
fhir::Result<void> prepare_file(const std::string& file);

/// Held as long as this object lives; given back by the kernel when the process dies, however it dies.
class FileLock {
 public:
  /// Takes `file`.lock, or says which process has it.
  static fhir::Result<FileLock> take(const std::string& file);

  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) = delete;
  ~FileLock();

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace gateway::store::sqlite
