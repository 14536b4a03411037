// Names that come out of files: maps, tables, the records and goldens of tests.
#pragma once
#include <string_view>

namespace adapters::map {

/// Is it a name that cannot leave the folder it is looked up in?
inline bool is_plain_name(std::string_view name) {
  return !name.empty() && !name.starts_with('/') && name.find("..") == std::string_view::npos &&
         name.find('\\') == std::string_view::npos && name.find('\0') == std::string_view::npos;
}

}  // namespace adapters::map
