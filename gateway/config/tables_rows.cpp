// The keys of a staging database: how a door polls it, how a system writes to it.
#include <algorithm>

#include "gateway/config/row_place.h"
#include "gateway/config/special_kinds.h"
#include "gateway/config/tables.h"

namespace gateway::config {

namespace {

using adapters::rows::Place;
using adapters::rows::Related;

/// A table or column: letters of any script, digits and `_`, not first a digit.
Parsed<std::string> parse_column(std::string_view text) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c < '\0';
  };
  const bool digit_first = !text.empty() && text.front() >= '0' && text.front() <= '9';
  if (!text.empty() && text.size() <= 128 && !digit_first && std::ranges::all_of(text, fits)) return std::string(text);
  return std::unexpected(Complaint{"is no name of a table or column",
                                   "letters, digits and '_'; written exactly as the database does, capitals and all",
                                   false});
}

/// MS_CF02, MS_CF02.YK_TYPK, MS_CF02.SFJG
Parsed<std::string> parse_column_path(std::string_view text) {
  for (std::string_view rest = text;;) {
    const auto dot = rest.find('.');
    if (auto step = parse_column(rest.substr(0, dot)); !step) return step;
    if (dot == std::string_view::npos) return std::string(text);
    rest.remove_prefix(dot + 1);
  }
}

/// Any text, also the empty one.
Parsed<std::string> parse_any(std::string_view text) { return std::string(text); }

/// A member that Polling has from Selection.
template <class V>
V Polling::* of_selection(V adapters::rows::Selection::* member) {
  return member;
}

template <class T>
Kind<T> place(Place T::* member) {
  return {"sqlite:FILE | postgresql:WORDS | mysql:WORDS | odbc:BRAND:CONNECTION",
          [=](Reader& reader, const Yaml& node, T& into) { read_place(reader, node, into.*member); },
          {}};
}

// ---- what is read

Kind<Related> joined_on() {
  return {"{column: column of the row it belongs to}",
          [](Reader& reader, const Yaml& node, Related& into) {
            if (!node.is_map() || node.entries.empty())
              return reader.faults.error(node.mark, code::kType, fmt::format("expected columns{}", reader.where()),
                                         "on: {CFSB: CFSB}");
            for (const auto& [column, mark, outer] : node.entries) {
              Yaml name = outer;
              name.text = column;
              name.mark = mark;
              const auto inner = reader.value(name, parse_column), around = reader.value(outer, parse_column);
              if (inner && around) into.on.emplace_back(*inner, *around);
            }
          },
          {}};
}

template <class T>
Kind<T> columns(std::vector<std::string> T::* member) {
  return kind::several<T>("column, or a list of them", member, parse_column);
}

template <class T>
Kind<T> texts(std::vector<std::string> T::* member) {
  return kind::several<T>("text, or a list of them", member, parse_any);
}

const Section<Related>& related_table() {
  static const Section<Related> table{
      "doors[].rows.related[]",
      "A table whose rows belong to rows of another: the items of a prescription, its patient, the drug of an item.",
      {{"table", kind::parsed<Related>("table or view", &Related::table, parse_column), kRequired,
        "Its name, exactly as in the database; maps call its rows so too."},
       {"of", kind::parsed<Related>("table, or path of tables", &Related::of, parse_column_path), kOptional,
        "The table its rows belong to, one that stands above it in this list; without it the door's own table."},
       {"on", joined_on(), kRequired, "Which of its columns equal which columns of the row it belongs to."},
       {"order", columns<Related>(&Related::order), kOptional,
        "What its rows are sorted by; without it the columns of `on`."},
       {"at_least", kind::ranged("number", &Related::at_least, parse_count, "0", "1000"), otherwise("0"),
        "A record without that many of them is not complete yet and waits (see `late_for`)."},
       {"changed", kind::parsed<Related>("column", &Related::changed, parse_column), kOptional,
        "Its change column: a change of such a row is a change of the record. Not together with `of`."}}};
  return table;
}

const Section<DeleteFlag>& deleted_table() {
  static const Section<DeleteFlag> table{
      "doors[].rows.deleted",
      "How the vendor marks a row as deleted that is still there.",
      {{"column", kind::parsed("column", &DeleteFlag::column, parse_column), kRequired, "Of the door's own table."},
       {"when", texts(&DeleteFlag::when), otherwise("1"), "Its texts that mean deleted."}}};
  return table;
}

const Section<Readiness>& ready_table() {
  static const Section<Readiness> table{
      "doors[].rows.ready",
      "Which records may leave. A record leaves when every row has a `pass` text here; one that is empty or a "
      "`wait` text lets it wait; any other text rejects it. Both are counted and listed, and nothing of them is sent.",
      {{"column", kind::parsed("column, or table.column", &Readiness::column, parse_column_path), kRequired,
        "Where the decision stands: MS_CF02.SFJG."},
       {"pass", texts(&Readiness::pass), kRequired, "Texts that let it leave."},
       {"wait", texts(&Readiness::wait), kOptional, "Texts that mean not decided yet, besides none at all."}}};
  return table;
}

}  // namespace

const Section<Polling>& polling_table() {
  static const Section<Polling> table{
      "doors[].rows",
      "A staging database that is polled. Reads only, in short snapshots; nothing is ever locked or written there.",
      {{"database", place(of_selection(&Polling::place)), kRequired,
        "A SQLite file; PostgreSQL in libpq's words (host=... dbname=... user=... passfile=...); MySQL or MariaDB in "
        "the same; or another one through its ODBC driver. A password stands in a passfile; beyond this machine TLS is "
        "a must. See docs/ROWS.md."},
       {"table", kind::parsed("table or view", of_selection(&Polling::table), parse_column), kRequired,
        "The table whose rows become messages, exactly as the database writes its name; the maps accept it by this "
        "name."},
       {"key", columns(of_selection(&Polling::key)), kRequired, "The columns that together name a row."},
       {"changed", kind::parsed("column", of_selection(&Polling::changed), parse_column), kOptional,
        "Its change time (gxrq, XGSJ) or an ascending version. Without one only sweeps find what is new."},
       {"related", kind::list("related", of_selection(&Polling::related), related_table), kOptional,
        "Tables whose rows belong to its rows."},
       {"deleted", kind::section("deleted", &Polling::deleted, deleted_table), kOptional,
        "How a row is marked as deleted: a withdrawal is sent for it."},
       {"ready", kind::section("ready", &Polling::ready, ready_table), kOptional, "Which records may leave."},
       {"every", kind::duration(&Polling::every, "100ms", "1h"), otherwise("2s"), "Pause between two looks."},
       {"overlap", kind::duration(&Polling::overlap, "0s", "24h"), otherwise("60s"),
        "How long after its change time a change may become visible: long transactions, clocks that differ. That much "
        "is "
        "read again, and what is known is left out."},
       {"sweep", kind::duration(&Polling::sweep, "1s", "7d"), otherwise("10m"),
        "Pause between two walks over the whole table: they find rows that vanished, and changes that no change time "
        "told of."},
       {"vanished", kind::one_of<Polling, bool>(&Polling::withdraw_vanished, {{"withdraw", true}, {"ignore", false}}),
        otherwise("withdraw"),
        "A row that is no longer there: withdraw sends a withdrawal; ignore is for tables that the vendor clears of "
        "old rows."},
       {"most_vanished", kind::ranged("number", &Polling::most_vanished, parse_count, "1", "1000000"), otherwise("100"),
        "If more rows than this vanish at once, somebody emptied the table: an alarm, and nothing is withdrawn."},
       {"late_for", kind::duration(&Polling::late_for, "1s", "7d"), otherwise("10m"),
        "A record that still lacks rows (`at_least`) after this is held for a person."},
       {"batch", kind::ranged("number", &Polling::batch, parse_count, "1", "5000"), otherwise("200"),
        "Records read together."},
       {"rate", kind::ranged("number", &Polling::rate, parse_count, "1", "100000"), otherwise("500"),
        "Records a second at most."}}};
  return table;
}

const Section<Writing>& writing_table() {
  static const Section<Writing> table{
      "systems[].rows",
      "A staging database that is written to: one row a delivery, inserted, or updated when its key is there already.",
      {{"database", place(&Writing::place), kRequired, "As for doors."},
       {"tables", columns(&Writing::tables), kRequired, "The tables that maps may write to, and no others."}}};
  return table;
}

}  // namespace gateway::config
