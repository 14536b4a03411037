#include "adapters/rows/brand.h"

#include <fmt/format.h>

namespace adapters::rows {
namespace {

/// "NAME" of each, put into a form: "{name} = excluded.{name}".
std::string listed(std::span<const std::string> names, std::string_view form) {
  std::string out;
  for (const auto& name : names)
    out += (out.empty() ? "" : ", ") + fmt::format(fmt::runtime(form), fmt::arg("name", quoted(name)));
  return out;
}

std::string joined(std::span<const std::string> texts) {
  std::string out;
  for (const auto& text : texts) out.append(out.empty() ? "" : ", ").append(text);
  return out;
}

}  // namespace

std::string quoted(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) out.append(c == '"' ? 2 : 1, c);
  return out + '"';
}

std::string as_text(Brand brand, std::string_view expression, bool bytes) {
  switch (brand) {
    case Brand::sqlite:
    case Brand::postgresql: return fmt::format("CAST({} AS TEXT)", expression);
    case Brand::mysql: return fmt::format("CAST({} AS {})", expression, bytes ? "BINARY" : "CHAR");
    case Brand::sqlserver: return fmt::format("CONVERT(nvarchar(max), {}, 121)", expression);  // 121: times as ISO
    case Brand::oracle: return fmt::format("TO_CHAR({})", expression);
  }
  return std::string(expression);
}

std::string limited_to(Brand brand, std::size_t count) {
  switch (brand) {
    case Brand::sqlite:
    case Brand::postgresql:
    case Brand::mysql: return fmt::format(" LIMIT {}", count);
    case Brand::sqlserver: return fmt::format(" OFFSET 0 ROWS FETCH NEXT {} ROWS ONLY", count);
    case Brand::oracle: return fmt::format(" FETCH FIRST {} ROWS ONLY", count);
  }
  return {};
}

// MySQL can, but then leaves its indexes aside.
bool compares_rows(Brand brand) { return brand == Brand::sqlite || brand == Brand::postgresql; }

std::string columns_query(Brand brand, std::string_view argument) {
  switch (brand) {
    case Brand::sqlite:
      return fmt::format("SELECT CAST(name AS TEXT) FROM pragma_table_info({}) ORDER BY cid", argument);
    case Brand::postgresql:
      return fmt::format(
          "SELECT CAST(column_name AS TEXT) FROM information_schema.columns WHERE table_name = {} "
          "AND table_schema = ANY (current_schemas(false)) ORDER BY ordinal_position",
          argument);
    case Brand::mysql:
      return fmt::format(
          "SELECT CAST(column_name AS CHAR) FROM information_schema.columns WHERE table_name = {} "
          "AND table_schema = DATABASE() ORDER BY ordinal_position",
          argument);
    case Brand::sqlserver:
      return fmt::format(
          "SELECT COLUMN_NAME FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_NAME = {} AND TABLE_SCHEMA = SCHEMA_NAME() "
          "ORDER BY ORDINAL_POSITION",
          argument);
    case Brand::oracle:
      return fmt::format("SELECT COLUMN_NAME FROM USER_TAB_COLUMNS WHERE TABLE_NAME = {} ORDER BY COLUMN_ID", argument);
  }
  return {};
}

std::vector<std::string> settings(Brand brand, bool read_only, bool utf8) {
  std::vector<std::string> all;
  switch (brand) {
    case Brand::sqlite:
      if (read_only) all.emplace_back("PRAGMA query_only = ON");
      break;
    case Brand::postgresql:
      all = {"SET statement_timeout = '60s'", "SET lock_timeout = '10s'", "SET DateStyle = 'ISO, YMD'"};
      if (utf8) all.emplace_back("SET client_encoding = 'UTF8'");
      if (read_only)
        all.emplace_back("SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");
      break;
    case Brand::mysql:
      all = {"SET SESSION sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT,STRICT_ALL_TABLES,NO_BACKSLASH_ESCAPES'",
             "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ", "SET SESSION innodb_lock_wait_timeout = 10",
             utf8 ? "SET NAMES utf8mb4" : "SET NAMES binary"};
      if (read_only) all.emplace_back("SET SESSION TRANSACTION READ ONLY");
      break;
    case Brand::sqlserver: all = {"SET DATEFORMAT ymd", "SET LOCK_TIMEOUT 10000", "SET QUOTED_IDENTIFIER ON"}; break;
    case Brand::oracle:
      all = {"ALTER SESSION SET NLS_DATE_FORMAT = 'YYYY-MM-DD HH24:MI:SS'",
             "ALTER SESSION SET NLS_TIMESTAMP_FORMAT = 'YYYY-MM-DD HH24:MI:SS.FF'",
             "ALTER SESSION SET NLS_TIMESTAMP_TZ_FORMAT = 'YYYY-MM-DD HH24:MI:SS.FFTZH:TZM'",
             "ALTER SESSION SET NLS_NUMERIC_CHARACTERS = '.,'"};
      break;
  }
  return all;
}

std::string_view snapshot(Brand brand) { return brand == Brand::oracle ? "SET TRANSACTION READ ONLY" : ""; }

std::string upsert(Brand brand, std::string_view table, std::span<const std::string> key,
                   std::span<const std::string> values, std::span<const std::string> arguments) {
  if (brand == Brand::sqlserver || brand == Brand::oracle) return {};
  const std::string insert = fmt::format("INSERT INTO {} ({}{}{}) VALUES ({})", quoted(table), listed(key, "{name}"),
                                         values.empty() ? "" : ", ", listed(values, "{name}"), joined(arguments));
  if (brand == Brand::mysql)
    return fmt::format(
        "{} ON DUPLICATE KEY UPDATE {}", insert,
        values.empty() ? listed(key.first(1), "{name} = {name}") : listed(values, "{name} = VALUES({name})"));
  return fmt::format("{} ON CONFLICT ({}) DO {}{}", insert, listed(key, "{name}"),
                     values.empty() ? "NOTHING" : "UPDATE SET ", listed(values, "{name} = excluded.{name}"));
}

}  // namespace adapters::rows
