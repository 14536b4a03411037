#include "gateway/store/sqlite/packed.h"

#include <initializer_list>

#include "gateway/store/body.h"

namespace gateway::store::sqlite {
namespace {

constexpr std::size_t kRowWeight = 512;  // of the strings and structures around a body

Result<void> pack_all(Packed& packed, std::initializer_list<std::string*> bodies) {
  for (std::string* body : bodies) {
    auto frame = pack_body(*body);
    if (!frame) return fhir::pass(frame);
    *body = std::move(*frame);
    packed.weight += body->size();
  }
  packed.weight += kRowWeight;
  return {};
}

Result<void> pack_into(Packed& packed) {
  Commit& commit = packed.commit;
  Result<void> done;
  if (auto& m = commit.message) done = pack_all(packed, {&m->raw, &m->bundle, &m->answer, &m->explain});
  for (auto& d : commit.deliveries) done = done ? pack_all(packed, {&d.bytes, &d.answer}) : done;
  for (auto& r : commit.resources) done = done ? pack_all(packed, {&r.json}) : done;
  for (auto& l : commit.links) done = done ? pack_all(packed, {&l.patient_json}) : done;
  for (auto& s : commit.settlements) done = done ? pack_all(packed, {&s.answer}) : done;
  for (auto& f : commit.facts) done = done ? pack_all(packed, {&f.value}) : done;
  for (auto& c : commit.changes) done = done ? pack_all(packed, {&c.answer}) : done;
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
