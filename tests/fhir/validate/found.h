// What a thorough check finds, in one line each: for tests of the rules.
#pragma once
#include <catch2/catch.hpp>
#include <initializer_list>
#include <list>
#include <string>
#include <vector>

#include "fhir/validate/structure.h"

namespace test {

using All = std::vector<std::string>;

/// "error detail expression" of every error and warning; with `with` to help. dom-6, which wants a narrative of every
/// resource, is left out.
inline All found(const std::string& resource, std::initializer_list<std::string> with = {}) {
  std::list<fhir::Json> documents;
  fhir::validate::Library library;
  const auto parse = [&](const std::string& text) {
    auto json = fhir::Json::parse(text);
    if (!json) FAIL(fhir::to_string(json.error()));
    return documents.emplace_back(std::move(*json)).root();
  };
  for (const std::string& text : with) library.add(parse(text));
  All all;
  for (const fhir::Issue& issue :
       fhir::validate::check_structure(parse(resource), {.thorough = true, .with = &library})) {
    if (issue.detail_code == "dom-6" || issue.severity == fhir::Severity::information) continue;
    const bool error = issue.severity == fhir::Severity::error;
    all.push_back((error ? "error " : "warning ") + issue.detail_code + " " + issue.expression);
  }
  return all;
}

}  // namespace test
