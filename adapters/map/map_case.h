// Tests beside a map: every `NAME.expect.yaml` in `x.tests/` is a test of `x.map.yaml`.
//
//   input: report.hl7                 the record, in the folder or a map's beside (../other.tests/x); default: the file
//                                     in the folder with the same name
//   charset: GB18030                  default: the map's own
//   organization: tmucih              the site that runs it; default: test
//   asserts: ["entry.resource.ofType(Patient).name.text.first() = '赵珅'"]      FHIRPath on the Bundle: each is true
//   counts: {Observation: 5}          resources of a type in the Bundle
//   report: {valued: 128, unaccounted: 0}          figures of the run's report
//   notes: [{source: "PID[1]-5[2].7", code: not-mapped}]      what the report must say of a field
//   warnings: [{rule: patient.gender, code: unmapped}]        all that the report may say but kept and ignored
//   values: {PID-5.1: 赵珅}           maps to HL7 v2 or JSON: what stands at a path (many: joined with ~)
//   golden: 01.golden.json            the whole of what is made (HL7 v2: a line a segment)
//   ignore: [Bundle.timestamp, Patient.meta]       places of the golden that do not count
//   refused: {code: map.refused, where: PID}       the run must fail so; `where` is a part of the place
//
// A Bundle must also be built as R4 says, and running twice must give the same resources.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "adapters/map/files.h"
#include "adapters/map/map.h"
#include "adapters/map/rules.h"

namespace adapters::map {

/// What an expectation says and the run does not bear out.
struct Problem {
  std::string file;  // of the expectation, or the golden
  std::size_t line = 0, column = 0;
  std::string say;
  std::string text() const;  // "01.expect.yaml:7:3: ..."
};

/// One test that was run.
struct CaseResult {
  std::filesystem::path expectation;
  std::vector<Problem> problems;     // none: it passes
  std::optional<Outcome> outcome{};  // of the run, unless that failed
  bool wrote = false;                // its golden was written anew
};

struct CaseOptions {
  bool update = false;     // write goldens that differ or are not there; nothing else is ever written
  Trace* trace = nullptr;  // takes note of the rules that made something
};

CaseResult run_case(const Map& map, const std::filesystem::path& expectation, const Files& files = disk(),
                    const CaseOptions& options = {});

/// hainan/x.map.yaml -> hainan/x.tests
std::filesystem::path folder_of_tests(const std::filesystem::path& map_file);

/// The tests of a map, in the order of their names; a map without a folder has none.
std::vector<std::filesystem::path> cases_of(const std::filesystem::path& map_file, const Files& files = disk());

/// What the records of a map's tests hold, all of them laid over each other; absent when none is JSON.
fhir::JsonTree sample_of(const std::filesystem::path& map_file, const Files& files = disk());

}  // namespace adapters::map
