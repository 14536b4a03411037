// One JSON line on standard error for each thing worth knowing. Values are escaped, so nothing a peer sends can forge a
// line or move a terminal's cursor. Never give it clinical or identifying values: ids of messages, names of peers,
// codes and counts only. Thread-safe; a line is written with one write(2).
#pragma once
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace gateway::observe {

enum class Level { debug, info, warning, error, alarm };

using Field = std::pair<std::string_view, std::string>;

/// event: a stable dotted name ("delivery.dead"); fields: what one filters by.
void log(Level level, std::string_view event, std::initializer_list<Field> fields = {});
/// Lines below this level are not made (default info).
void set_log_level(Level level);
/// The site's name, in every line.
void set_log_site(std::string_view site);

}  // namespace gateway::observe
