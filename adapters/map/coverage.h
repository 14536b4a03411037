// What the tests beside maps leave unseen: rules that made nothing in any of them, and fields of their records that no
// rule carries. A rule counts where it is written: one of a base map counts once, whichever map uses it.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "adapters/map/check.h"

namespace adapters::map {

struct Coverage {
  struct Rule {
    std::size_t line = 0, column = 0;
    std::string id;
    bool made = false;
  };
  struct File {
    std::string file;
    std::vector<Rule> rules;  // in the order of the file
    std::size_t exercised() const;
    double percent() const;
  };
  struct Field {
    std::string path;  // PID-5.7: without occurrences
    std::string code;  // what the report says of it: not-mapped, ignored ...
    std::size_t count = 0;
    std::string test;  // one of those that have it
  };

  std::vector<File> files;
  std::vector<Field> fields;
  std::size_t tests = 0;

  std::size_t rules() const;
  double percent() const;
};

/// Only of rules that stand in files of the collection, and of parts and sub-maps those that its maps use; all its
/// maps' tests count for each.
Coverage cover(const Collection& collection, const Files& files = disk());

}  // namespace adapters::map
