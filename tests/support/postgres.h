// A PostgreSQL cluster of its own for a test: in a fresh folder, reached through a Unix socket there, run by an
// unprivileged user (PostgreSQL refuses root), stopped and removed at the end.
#pragma once
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace tests {

class Postgres {
 public:
  Postgres() {
    std::string pattern = (std::filesystem::temp_directory_path() / "causeway-pg-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    folder_ = pattern;
    if (geteuid() == 0) must("chown postgres " + folder_.string());
    must(as_user("initdb -D " + data() + " -A trust -U postgres -N -E UTF8 --locale=C >/dev/null"));
    start();
  }
  ~Postgres() {
    stop();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  Postgres(const Postgres&) = delete;
  Postgres& operator=(const Postgres&) = delete;

  void start() {
    must(as_user("pg_ctl -D " + data() + " -w -l " + (folder_ / "log").string() + " -o \"-k " + folder_.string() +
                 " -c listen_addresses='' -c fsync=off\" start >/dev/null"));
  }
  /// As if the machine lost power: connections break in mid-sentence.
  void stop() { (void)std::system(as_user("pg_ctl -D " + data() + " -m immediate stop >/dev/null 2>&1").c_str()); }

  /// libpq's words for it.
  std::string words(const std::string& database = "postgres") const {
    return "host=" + folder_.string() + " user=postgres dbname=" + database;
  }
  std::string folder() const { return folder_.string(); }
  void create_database(const std::string& name, const std::string& how = "") const {
    must(as_user("psql -q -h " + folder_.string() + " -U postgres -c 'CREATE DATABASE " + name + " " + how + "'"));
  }

 private:
  static void must(const std::string& command) {
    if (std::system(command.c_str()) != 0) throw std::runtime_error("failed: " + command);
  }
  std::string data() const { return (folder_ / "data").string(); }
  static std::string as_user(const std::string& command) {
    const std::string path = "PATH=$(ls -d /usr/lib/postgresql/*/bin | tail -1):$PATH ";
    const std::string there = "cd /tmp && ";
    return there + (geteuid() == 0 ? "runuser -u postgres -- env " : "env ") + path + command;
  }

  std::filesystem::path folder_;
};

/// One cluster for all tests of a run: making one takes seconds.
inline Postgres& postgres() {
  static Postgres cluster;
  return cluster;
}

}  // namespace tests
