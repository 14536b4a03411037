// Collects the rows of a definition pack and lays them out as pack.h says. Used by the compiler only.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "fhir/definitions/definitions.h"
#include "fhir/definitions/pack.h"

namespace fhir::pack {

struct ConstraintRow {
  std::string key, human, expression;
  bool error = true;
};

struct ElementRow {
  std::string name, path;
  std::uint16_t min = 0, max = 1;
  bool choice = false, summary = false, modifier = false;
  std::vector<std::string> types, targets;
  std::string binding_strength, binding_value_set;
  std::vector<ConstraintRow> constraints;
};

struct TypeRow {
  std::string base;
  TypeKind kind = TypeKind::complex;
  bool abstract = false;
  std::vector<ElementRow> elements;
  std::vector<ConstraintRow> constraints;
};

/// (code, system), sorted.
using CodeRows = std::vector<std::pair<std::string, std::string>>;

class Writer {
 public:
  void add_type(const std::string& name, TypeRow row) { types_[name] = std::move(row); }
  void add_value_set(const std::string& url, CodeRows codes);
  /// The whole pack. Call once.
  std::string finish();

 private:
  Text text(const std::string& value);
  Range list(const std::vector<std::string>& values);
  Range constraints(const std::vector<ConstraintRow>& rows);
  Element element(const ElementRow& row);
  template <class T>
  Section append(std::string& out, const std::vector<T>& rows) const;

  std::map<std::string, TypeRow> types_;
  std::map<std::string, CodeRows> value_sets_;
  std::string texts_;
  std::unordered_map<std::string, Text> known_texts_;
  std::vector<Constraint> constraints_;
  std::vector<Text> lists_;
  std::map<std::vector<std::string>, Range> known_lists_;
};

}  // namespace fhir::pack
