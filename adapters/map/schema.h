// A JSON Schema (draft 7) of map files for editors: the words of the language, and under `resources:` the elements of
// R4 with their types, made from the same definitions that `causeway map check` goes by. It completes and marks what is
// misspelt while one types; what it cannot know (source paths, tables, references) the check tells.
#pragma once
#include "fhir/json.h"

namespace adapters::map {

fhir::JsonTree map_schema();

}  // namespace adapters::map
