// Reads and checks paths when a map is loaded.
#include <algorithm>

#include "adapters/hl7v2/groups.h"
#include "adapters/hl7v2/source.h"
#include "adapters/hl7v2/source_path.h"
#include "adapters/hl7v2/standard.h"
#include "fhir/suggest.h"

namespace adapters::hl7v2 {

namespace {

using Bound = Result<std::unique_ptr<BoundPath>>;

std::unexpected<fhir::Error> no_path(std::string_view path, std::string say) {
  return fhir::fail(fhir::Fault::invalid, "hl7v2.path", std::string(path), std::move(say));
}

std::string did_you_mean(std::string_view name) {
  return name.empty() ? "" : " (did you mean " + std::string(name) + "?)";
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> tokens;
  for (std::size_t n = 1, count = parts(text, '.'); n <= count; ++n) tokens.emplace_back(part(text, '.', n));
  return tokens;
}

/// "OBX", "OBX[3]", "OBX[*]", "Z*": does it look like a segment and not like a group?
bool looks_like_segment(std::string_view token) {
  const std::string_view name = token.substr(0, token.find('['));
  return name == "Z*" || (name.size() == 3 && Path::parse(name));
}

/// Takes one "[*]" out; says whether there was one.
bool take_star(std::string& text) {
  const std::size_t at = text.find("[*]");
  if (at == std::string::npos) return false;
  text.erase(at, 3);
  return true;
}

/// SEG[n]-F[n].C.S, with Z* and [*].
Result<void> read_segment(std::string_view path, std::string token, std::string rest, SourcePath& bound) {
  take_star(token);  // OBX[*] says what OBX says
  if (token == "Z*") {
    bound.every_z = true;
    token = "Z00";
  }
  const bool star = take_star(rest);
  auto read = Path::parse(token + rest);
  if (!read || (star && read->at.field == 0)) {
    return no_path(path, "'" + std::string(path) + "' is no HL7 v2 path: it looks like PID-3[2].4.1, OBX-5[*] or NTE");
  }
  bound.segment = read->segment;
  bound.key = name_key(bound.segment);
  bound.occurrence = read->occurrence;
  bound.at = read->at;
  bound.every_repetition = read->at.repetition == 0 && (star || read->at.component == 0);
  return {};
}

/// "." and ".4.1"
Bound read_relative(std::string_view path) {
  auto bound = std::make_unique<SourcePath>();
  bound->relative = true;
  if (path == ".") return bound;
  auto read = Path::parse("ZZZ-1" + std::string(path));
  if (!read) return no_path(path, "'" + std::string(path) + "' is no part of a field: it looks like .4 or .4.1");
  bound->at = read->at;
  return bound;
}

bool is_follower(std::string_view segment) { return segment == "NTE" || segment == "PRT"; }

class V2Dialect final : public Dialect {
 public:
  explicit V2Dialect(std::span<const std::string> kinds) {
    for (const std::string& kind : kinds) {
      const Structure* structure = &Structure::of(kind);
      if (std::ranges::find(structures_, structure) == structures_.end()) structures_.push_back(structure);
      kinds_ += (kinds_.empty() ? "" : ", ") + kind;
    }
  }

  Bound bind(std::string_view path, const BoundPath*) const override {
    if (path.starts_with('.')) return read_relative(path);
    const std::size_t dash = std::min(path.find('-'), path.size());
    auto bound = std::make_unique<SourcePath>();
    bound->groups = split(path.substr(0, dash));
    if (dash < path.size() || looks_like_segment(bound->groups.back())) {
      std::string token = std::move(bound->groups.back());
      bound->groups.pop_back();
      if (auto named = check_name(path, token); !named) return fhir::pass(named);
      if (auto read = read_segment(path, std::move(token), std::string(path.substr(dash)), *bound); !read) {
        return fhir::pass(read);
      }
    }
    if (std::ranges::find(bound->groups, "") != bound->groups.end()) {
      return no_path(path, "'" + std::string(path) + "' is no HL7 v2 path: it looks like PID-5.1 or GROUP.PID-5.1");
    }
    if (auto checked = check(path, *bound); !checked) return fhir::pass(checked);
    return bound;
  }

  std::unique_ptr<PathSet> set_of(std::span<const BoundPath* const> paths) const override {
    auto set = std::make_unique<SourcePathSet>();
    for (const BoundPath* path : paths) add(static_cast<const SourcePath&>(*path), *set);
    return set;
  }

 private:
  static void add(const SourcePath& path, SourcePathSet& set) {
    if (path.relative && path.at.component != 0) {
      set.parts |= SourcePathSet::bit(path.at.component);
    } else if (path.relative || path.segment.empty() || path.every_z) {
      set.always = true;
    } else {
      auto& all = path.groups.empty() && path.occurrence == 0 ? set.in_reach : set.anywhere;
      const NameKey name = path.key;
      const std::uint64_t bits = path.at.field == 0 ? ~std::uint64_t{0} : SourcePathSet::bit(path.at.field);
      const auto known = std::ranges::find(all, name, &SourcePathSet::Fields::segment);
      if (known == all.end()) {
        all.push_back({name, bits});
      } else {
        known->bits |= bits;
      }
    }
  }

  static Result<void> check_name(std::string_view path, std::string_view token) {
    const std::string_view name = token.substr(0, token.find('['));
    if (name == "Z*" || is_standard_segment(name) || (name.starts_with('Z') && looks_like_segment(name))) return {};
    return no_path(path, "HL7 v2 has no segment '" + std::string(name) + "'" + did_you_mean(nearest_segment(name)));
  }

  Result<void> check(std::string_view path, const SourcePath& bound) const {
    const std::size_t most = most_fields(bound.segment);
    if (most > 0 && bound.at.field > most) {
      return no_path(path, bound.segment + " has no field " + std::to_string(bound.at.field) +
                               ": the newest version has " + std::to_string(most));
    }
    if (bound.groups.empty()) return {};
    const auto fits = [&](const Structure* structure) { return structure_fits(*structure, bound); };
    if (std::ranges::any_of(structures_, fits)) return {};
    for (const std::string& group : bound.groups) {
      if (!knows(group)) return no_path(path, kinds_ + " has no group '" + group + "'" + did_you_mean(nearest(group)));
    }
    return no_path(path, "in " + kinds_ + " there is no '" + std::string(path) + "': a part of it stands elsewhere");
  }

  static bool structure_fits(const Structure& structure, const SourcePath& bound) {
    const auto fits = [&](const GroupKind& kind) {
      return kind.name == bound.groups[0] && kind_fits(structure, kind, bound);
    };
    return std::ranges::any_of(structure.kinds, fits);
  }

  static bool kind_fits(const Structure& structure, const GroupKind& first, const SourcePath& bound) {
    const GroupKind* kind = &first;
    for (std::size_t i = 1; i < bound.groups.size(); ++i) {
      const auto named = [&](const GroupKind::Member& member) {
        return member.segment == 0 && structure.kinds[member.group].name == bound.groups[i];
      };
      const auto member = std::ranges::find_if(kind->members, named);
      if (member == kind->members.end()) return false;
      kind = &structure.kinds[member->group];
    }
    // A segment that the structure has elsewhere is never in this group; one it does not know may be anywhere.
    const NameKey name = name_key(bound.segment);
    return bound.segment.empty() || is_follower(bound.segment) || kind->contains(name) ||
           !structure.kinds[0].contains(name);
  }

  bool knows(std::string_view group) const {
    return std::ranges::any_of(structures_, [&](const Structure* structure) {
      return std::ranges::any_of(structure->kinds, [&](const GroupKind& kind) { return kind.name == group; });
    });
  }

  std::string_view nearest(std::string_view group) const {
    std::vector<std::string_view> names;
    for (const Structure* structure : structures_) {
      for (const GroupKind& kind : structure->kinds) names.push_back(kind.name);
    }
    return fhir::nearest(group, names);
  }

  std::vector<const Structure*> structures_;
  std::string kinds_;
};

}  // namespace

std::unique_ptr<Dialect> make_dialect(std::span<const std::string> kinds) { return std::make_unique<V2Dialect>(kinds); }

}  // namespace adapters::hl7v2
