// Bodies on their way in and out: a commit's bodies are compressed on the thread that submits it, so that the writer
// only writes.
#pragma once
#include "gateway/store/sqlite/connection.h"
#include "gateway/store/store.h"

namespace gateway::store::sqlite {

/// A Commit whose bodies (raw, bundle, answer, explain, bytes, json, patient_json, a fact's value) are zstd frames.
struct Packed {
  Commit commit;
  std::size_t weight = 0;  // bytes it keeps in memory, roughly
};

/// `too_large`, or `unavailable` without memory.
Result<Packed> pack(Commit commit);

/// The body in this column; throws Failure (`needs_person`) when its frame is damaged.
std::string restore(const Rows& rows, int column);

/// The same for what is only shown: a damaged one says so in its place, so that one record does not hide a whole list.
std::string restore_to_show(const Rows& rows, int column);

}  // namespace gateway::store::sqlite
