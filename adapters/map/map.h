// The map language: a YAML file shaped like what it makes, edited by hospital IT (docs/MAPS.md; design: mapping.md).
// Loaded once into a typed plan, with every fault of the file reported at once at file:line:column; then run on one
// record after another, from any thread. A map runs from a local record to FHIR, or from FHIR to a local form;
// a document in a dialect of FHIR counts as a local record.
#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "adapters/map/files.h"
#include "adapters/rows/row_source.h"
#include "adapters/source.h"
#include "fhir/json.h"
#include "fhir/outcome.h"

namespace adapters::map {

struct Plan;

/// Where `keep:` puts a source value that FHIR has no element for: on the resource, with parts `path` and `value`.
/// May hold identifying data: minimisation treats it as such.
inline constexpr std::string_view kSourceValueExtension = "https://causeway.example/StructureDefinition/source-value";
/// A value as it was sent, where parsing changed how it is written (full-width digits, arrows): on the parsed element.
inline constexpr std::string_view kOriginalTextExtension = "http://hl7.org/fhir/StructureDefinition/originalText";

/// A fault of a file that a person wrote.
struct FileFault {
  std::string file;
  std::size_t line = 0, column = 0;
  bool warning = false;
  std::string code;  // "E0203"
  std::string say;
  std::string hint;  // did you mean ...; several lines are several hints; may be empty
  /// The other place a fault is about ("first defined here"); absent while its `say` is empty.
  struct Related {
    std::string file;
    std::size_t line = 0, column = 0;
    std::string say;
  };
  Related related{};
};

/// What became of one source value.
struct Note {
  enum class Fate { carried, kept, reported };
  Fate fate = Fate::reported;
  std::string source;  // OBX[3]-5.1
  std::string rule;    // rule id, and map file:line
  std::string code;    // W310, "unmapped", "when-false", "not-mapped"
  std::string say;
};

struct Report {
  std::size_t valued = 0, carried = 0, kept = 0, reported = 0;
  std::vector<Note> notes;  // all that was not simply carried
  std::size_t unaccounted() const { return valued - carried - kept - reported; }
};

/// A code that a table had no answer to.
struct Unmapped {
  std::string table, code;
  std::string display;  // what the sender calls it, where a word for people stands beside the code
  std::string place;    // OBX[3]-8
};

/// What the site gives a map: names for identifier systems, the code tables' folder, the clock.
struct Site {
  std::string id;               // "tmucih": the organisation whose records these are
  std::string identifier_base;  // "https://gw.example/sid/": systems are base + organisation + "/" + kind
  std::string zone_offset;      // "+08:00": for local times without a zone
  std::string now;              // instant of this run
  /// Takes the codes that tables had no answer to, also of a run that fails; nullptr: nobody asks.
  std::vector<Unmapped>* unmapped = nullptr;
};

struct Outcome {
  fhir::JsonTree bundle;  // to FHIR: a Bundle of type message with MessageHeader first
  std::string local;      // from FHIR: the local record in UTF-8 (ER7, JSON)
  Report report;
};

class Map {
 public:
  /// Faults (also warnings) are appended; nullptr when there is at least one error. The map, what it extends and its
  /// code tables are read through `files`, so whoever needs to know which they are hands in one that takes note.
  static std::shared_ptr<const Map> load(const std::filesystem::path& file, std::vector<FileFault>& faults,
                                         const Files& files = disk());
  virtual ~Map() = default;

  /// The name the file gives itself: "tianjin/oru_r01".
  virtual const std::string& name() const = 0;
  virtual bool to_fhir() const = 0;
  /// `source.charset`: used by `causeway map run` only. At a gateway's door the charset is configuration of the door.
  virtual const std::string& charset() const = 0;
  /// Does it take records of this kind? ("ORU^R01", "consult.apply", or the message event code for maps from FHIR)
  virtual bool accepts(std::string_view kind) const = 0;
  /// Of maps of format row: the columns they read. nullptr: another format.
  virtual const rows::Shape* shape() const = 0;
  /// To FHIR: `record` is one decoded local record (UTF-8). From FHIR: a Bundle's JSON.
  /// Fails with the place of the first value that a rule refuses (`unmapped: error`, a missing mandatory element).
  virtual Result<Outcome> run(std::string_view record, const Site& site) const = 0;
  /// A map to FHIR, backwards: a Bundle's JSON that it made -> the local record (back.h). map.back-direction: it is a
  /// map from FHIR.
  virtual Result<Outcome> run_back(std::string_view bundle, const Site& site) const;
  /// The kind of record that the Bundle's header says it was made of, as `accepts` takes it; empty: it does not say.
  virtual std::string back_kind(std::string_view bundle, const Site& site) const;
  /// For the tests beside it and for coverage, which look at its rules; nullptr: a map that is not made of any.
  virtual const Plan* plan() const { return nullptr; }
};

}  // namespace adapters::map
