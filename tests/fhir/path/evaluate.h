// Rows of FHIRPath: an expression and what comes of it, written as text. Items are parted by ", "; an empty collection
// is
// "{}"; a failure is "error". Dates carry their @ and strings no quotes.
#pragma once
#include <catch2/catch.hpp>
#include <string>
#include <string_view>

#include "fhir/path/fhirpath.h"

namespace fhir::path::test {

struct Row {
  const char* expression;
  const char* expected;
};

inline std::string written(const Item& item) {
  switch (item.kind) {
    case Item::Kind::date:
    case Item::Kind::datetime: return "@" + item.text;
    case Item::Kind::time: return "@T" + item.text;
    case Item::Kind::quantity: return item.text + " '" + item.unit + "'";
    case Item::Kind::node: return item.node.dump();
    default: return item.text;
  }
}

inline std::string written(const Result<Collection>& result) {
  if (!result) return "error";
  if (result->empty()) return "{}";
  std::string text;
  for (const Item& item : *result) text += (text.empty() ? "" : ", ") + written(item);
  return text;
}

/// `document` is JSON; empty: there is none, and the focus is an empty collection.
inline std::string evaluate(std::string_view expression, std::string document = {},
                            const Environment& environment = {}) {
  const Result<Expression> compiled = Expression::compile(expression);
  if (!compiled) return "error";
  if (document.empty()) return written(compiled->evaluate(Collection{}, environment));
  const Result<Json> json = Json::parse(std::move(document));
  REQUIRE(json.has_value());
  return written(compiled->evaluate(json->root(), environment));
}

template <class Rows>
void check(const Rows& rows, const std::string& document = {}, const Environment& environment = {}) {
  for (const Row& row : rows) {
    INFO(row.expression);
    CHECK(evaluate(row.expression, document, environment) == row.expected);
  }
}

}  // namespace fhir::path::test
