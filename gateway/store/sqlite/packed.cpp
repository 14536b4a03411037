#include "gateway/store/sqlite/packed.h"

#include <algorithm>
#include <initializer_list>
#include <utility>
#include <vector>

#include "gateway/store/body.h"

namespace gateway::store::sqlite {
namespace {

constexpr std::size_t kRowWeight = 512;  // of the strings and structures around a body

// A Bundle stands in a commit up to five times: as it came, as it was read, on the shelf, and for each destination.
class Packer {
 public:
  explicit Packer(Packed& packed) : packed_(packed) {}

  Result<void> pack(std::initializer_list<std::string*> bodies) {
    for (std::string* body : bodies) {
      auto frame = frame_of(*body);
      if (!frame) return fhir::pass(frame);
      *body = std::move(*frame);
      packed_.weight += body->size();
    }
    packed_.weight += kRowWeight;
    return {};
  }

 private:
  struct Long {
    std::string bytes, frame;
  };
  static constexpr std::size_t kLong = 2048;  // shorter ones are packed sooner than they are looked for

  Result<std::string> frame_of(std::string& body) {
    if (body.size() < kLong) return pack_body(body);
    const auto same = std::ranges::find(packed_before_, body, &Long::bytes);
    if (same != packed_before_.end()) return same->frame;
    auto frame = pack_body(body);
    if (frame) packed_before_.push_back({std::move(body), *frame});
    return frame;
  }

  Packed& packed_;
  std::vector<Long> packed_before_;
};

Result<void> pack_into(Packed& packed) {
  Commit& commit = packed.commit;
  Packer packer(packed);
  Result<void> done;
  if (auto& m = commit.message) done = packer.pack({&m->raw, &m->bundle, &m->answer, &m->explain});
  for (auto& d : commit.deliveries) done = done ? packer.pack({&d.bytes, &d.answer}) : done;
  for (auto& r : commit.resources) done = done ? packer.pack({&r.json}) : done;
  for (auto& l : commit.links) done = done ? packer.pack({&l.patient_json}) : done;
  for (auto& s : commit.settlements) done = done ? packer.pack({&s.answer}) : done;
  for (auto& f : commit.facts) done = done ? packer.pack({&f.value}) : done;
  for (auto& c : commit.changes) done = done ? packer.pack({&c.answer}) : done;
  for (const auto& entry : commit.audit) packed.weight += kRowWeight + entry.detail.size();
  packed.weight += kRowWeight * (commit.rows.size() + commit.bookmarks.size());
  return done;
}

}  // namespace

Result<Packed> pack(Commit commit) {
  Packed packed{std::move(commit)};
  if (auto done = pack_into(packed); !done) return fhir::pass(done);
  return packed;
}

std::string restore(const Rows& rows, int column) {
  auto bytes = unpack_body(rows.bytes(column));
  if (!bytes) throw Failure(std::move(bytes).error());
  return std::move(*bytes);
}

std::string restore_to_show(const Rows& rows, int column) {
  return unpack_body(rows.bytes(column)).value_or("(the stored bytes are damaged)");
}

}  // namespace gateway::store::sqlite
