// Tests beside a map: every `NAME.expect.yaml` in `x.tests/` is a test of `x.map.yaml`.
//
//   input: report.hl7                 the record; default: the file in the folder with the same name
//   charset: GB18030                  default: the map's own
//   organization: tmucih              the site that runs it; default: test
//   asserts: ["entry.resource.ofType(Patient).name.text.first() = '赵珅'"]      FHIRPath on the Bundle: each is true
//   counts: {Observation: 5}          resources of a type in the Bundle
//   report: {valued: 128, unaccounted: 0}          figures of the run's report
//   notes: [{source: "PID[1]-5[2].7", code: not-mapped}]      what the report must say of a field
//   values: {PID-5.1: 赵珅}           maps to HL7 v2 or JSON: what stands at a path (many: joined with ~)
//   refused: {code: map.refused, where: PID}       the run must fail so; `where` is a part of the place
//
// A Bundle must also be built as R4 says, and running twice must give the same resources.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "adapters/map/map.h"

namespace adapters::map {

/// What is wrong, a sentence each ("x.expect.yaml:7:3: expected ..."); empty: the test passes.
std::vector<std::string> run_case(const Map& map, const std::filesystem::path& expectation);

/// The tests of a map, in the order of their names; a map without a folder has none.
std::vector<std::filesystem::path> cases_of(const std::filesystem::path& map_file);

}  // namespace adapters::map
