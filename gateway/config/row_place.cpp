#include "gateway/config/row_place.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "gateway/config/kinds.h"
#include "gateway/config/values.h"

namespace gateway::config {

namespace {

using adapters::rows::Brand;
using adapters::rows::Place;

char folded(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_word(std::string_view one, std::string_view other) {
  return std::ranges::equal(one, other, {}, folded, folded);
}

/// NAME=VALUE pairs as they stand: libpq's words between spaces, ODBC's between semicolons.
class Words {
 public:
  Words(std::string_view text, char between) : between_(between) {
    while (!text.empty()) {
      const auto end = std::min(text.find(between), text.size());
      const auto word = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
      if (!word.empty()) words_.push_back(word);
    }
  }

  /// Without quotes; "" when it is not there.
  std::string value(std::string_view name) const {
    const auto found = std::ranges::find_if(words_, [&](std::string_view word) { return is_of(word, name); });
    if (found == words_.end()) return {};
    std::string value(found->substr(found->find('=') + 1));
    std::erase_if(value, [](char c) { return c == '\'' || c == '{' || c == '}'; });
    return value;
  }
  bool has(std::initializer_list<std::string_view> names) const {
    return std::ranges::any_of(names, [&](std::string_view name) { return !value(name).empty(); });
  }
  /// All but one.
  std::string without(std::string_view name) const {
    std::string out;
    for (const auto word : words_)
      if (!is_of(word, name)) out.append(out.empty() ? "" : std::string(1, between_)).append(word);
    return out;
  }

 private:
  static bool is_of(std::string_view word, std::string_view name) {
    const auto equals = word.find('=');
    return equals != std::string_view::npos && same_word(word.substr(0, equals), name);
  }
  std::vector<std::string_view> words_;
  char between_;
};

bool is_local(std::string_view host) { return host.empty() || host.starts_with('/') || is_loopback(host); }

void refuse_password(Reader& reader, const Yaml& node, std::string_view hint) {
  reader.faults.error(node.mark, code::kValue, fmt::format("a password stands in the configuration{}", reader.where()),
                      std::string(hint));
}

void refuse_network(Reader& reader, const Yaml& node, std::string_view hint) {
  reader.faults.error(node.mark, code::kPlaintext, fmt::format("records would cross a network{}", reader.where()),
                      std::string(hint));
}

std::string absolute(const Reader& reader, const std::string& file) {
  return (std::filesystem::absolute(reader.folder) / file).lexically_normal().string();
}

void read_postgresql(Reader& reader, const Yaml& node, std::string text, Place& into) {
  into.kind = Place::Kind::postgresql;
  const Words words(text, ' ');
  if (words.has({"password"}))
    refuse_password(reader, node, "write passfile=FILE; libpq reads it, and only its owner may (chmod 600)");
  const bool local = is_local(words.value("host")) && is_local(words.value("hostaddr"));
  if (!local && words.value("sslmode") != "verify-full")
    refuse_network(reader, node, "add sslmode=verify-full, and sslrootcert=FILE");
  into.text = std::move(text);
}

void read_mysql(Reader& reader, const Yaml& node, const std::string& text, Place& into) {
  into.kind = Place::Kind::mysql;
  const Words words(text, ' ');
  if (words.has({"password"})) refuse_password(reader, node, "write passfile=FILE: its first line, chmod 600");
  if (!is_loopback(words.value("host")))
    refuse_network(reader, node,
                   "odbc:mysql:... with its driver's SSLMODE=VERIFY_IDENTITY, or host=127.0.0.1 and a tunnel");
  if (!words.has({"dbname"}) || text.contains(';'))
    reader.complain(node, text, {"does not say which database", "mysql:host=127.0.0.1 dbname=NAME user=NAME", false});
  if (const auto file = words.value("passfile"); !file.empty()) into.password_file = absolute(reader, file);
  into.text = words.without("passfile");
}

// ---- ODBC

struct Spoken {
  std::string_view name;
  Brand brand;
  std::string_view secure;  // what a connection over a network needs; for the hint
};

constexpr std::array kSpoken = {
    Spoken{"sqlserver", Brand::sqlserver, "Encrypt=yes, and no TrustServerCertificate"},
    Spoken{"oracle", Brand::oracle, "DBQ=tcps://HOST:PORT/SERVICE"},
    Spoken{"dameng", Brand::oracle, "SSL_PATH=FOLDER"},
    Spoken{"kingbase", Brand::postgresql, "SSLmode=verify-full"},
    Spoken{"postgresql", Brand::postgresql, "SSLmode=verify-full"},
    Spoken{"mysql", Brand::mysql, "SSLMODE=VERIFY_IDENTITY"},
    Spoken{"sqlite", Brand::sqlite, ""},
};

/// "tcp:10.1.2.3,1433", "//10.1.2.3:1521/stage" -> 10.1.2.3
std::string host_of(std::string_view server) {
  for (const std::string_view scheme : {"tcp:", "tcps:", "//"})
    if (server.starts_with(scheme)) server.remove_prefix(scheme.size());
  return std::string(server.substr(0, server.starts_with('/') ? server.size() : server.find_first_of(",:/\\")));
}

bool is_secure(const Spoken& spoken, const Words& words) {
  if (spoken.name == "sqlite") return true;
  if (spoken.name == "sqlserver") {
    const auto encrypt = words.value("Encrypt"), trust = words.value("TrustServerCertificate");
    const bool encrypted =
        std::ranges::any_of(std::initializer_list<std::string_view>{"yes", "true", "strict", "mandatory"},
                            [&](std::string_view word) { return same_word(encrypt, word); });
    return encrypted && !same_word(trust, "yes") && !same_word(trust, "true");
  }
  if (spoken.name == "oracle") return words.value("DBQ").starts_with("tcps:");
  if (spoken.name == "dameng") return words.has({"SSL_PATH"});
  if (spoken.name == "mysql") return same_word(words.value("SSLMODE"), "VERIFY_IDENTITY");
  return same_word(words.value("SSLmode"), "verify-full");
}

bool stays_here(const Words& words) {
  for (const std::string_view name : {"Server", "Servername", "Host", "DBQ", "TCP_PORT"}) {
    const auto server = words.value(name);
    if (!server.empty()) return is_local(host_of(server));
  }
  return false;  // nobody can tell where the driver goes
}

void read_odbc(Reader& reader, const Yaml& node, const std::string& text, Place& into) {
  into.kind = Place::Kind::odbc;
  const auto colon = std::min(text.find(':'), text.size());
  const auto spoken = std::ranges::find(kSpoken, std::string_view(text).substr(0, colon), &Spoken::name);
  if (spoken == kSpoken.end())
    return reader.complain(
        node, text,
        {"does not say what the database is",
         "odbc:sqlserver:Driver=...; or oracle, dameng, kingbase, postgresql, mysql, sqlite", false});
  const Words words(std::string_view(text).substr(std::min(colon + 1, text.size())), ';');
  if (!words.has({"Driver"}) || words.has({"DSN", "FILEDSN"}))
    reader.complain(
        node, text,
        {"must name its driver itself, not a DSN", "Driver=/usr/lib/x86_64-linux-gnu/odbc/libtdsodbc.so", false});
  if (words.has({"PWD", "Password"})) refuse_password(reader, node, "write passfile=FILE: its first line, chmod 600");
  if (!stays_here(words) && !is_secure(*spoken, words)) refuse_network(reader, node, spoken->secure);
  into.behind = spoken->brand;
  if (const auto file = words.value("passfile"); !file.empty()) into.password_file = absolute(reader, file);
  into.text = words.without("passfile");
}

}  // namespace

void read_place(Reader& reader, const Yaml& node, Place& into) {
  const auto text = reader.scalar(node, "a database");
  if (!text) return;
  const auto colon = std::min(text->find(':'), text->size());
  const std::string kind = text->substr(0, colon), rest = text->substr(std::min(colon + 1, text->size()));
  into = {};
  if (kind == "sqlite" && !rest.empty()) {
    into.text = absolute(reader, rest);
  } else if (kind == "postgresql" && !rest.empty()) {
    read_postgresql(reader, node, rest, into);
  } else if (kind == "mysql" && !rest.empty()) {
    read_mysql(reader, node, rest, into);
  } else if (kind == "odbc" && !rest.empty()) {
    read_odbc(reader, node, rest, into);
  } else {
    reader.complain(node, *text,
                    {"is no database",
                     "sqlite:FILE, postgresql:host=/run/postgresql dbname=NAME, mysql:host=127.0.0.1 dbname=NAME, or "
                     "odbc:sqlserver:Driver=FILE;Server=HOST;Database=NAME",
                     false});
  }
}

}  // namespace gateway::config
