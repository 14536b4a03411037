// A MariaDB of its own for a test: in a fresh folder, reached through a loopback port, run by an unprivileged user,
// stopped and removed at the end.
#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace tests {

class MySql {
 public:
  MySql() : port_(free_port()) {
    std::string pattern = (std::filesystem::temp_directory_path() / "causeway-my-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    folder_ = pattern;
    if (geteuid() == 0) must("chown mysql " + folder_.string());
    must(as_user("mariadb-install-db --no-defaults --datadir=" + data() +
                 " --auth-root-authentication-method=normal --skip-test-db >/dev/null 2>&1"));
    start();
    admin("CREATE USER gw@127.0.0.1 IDENTIFIED BY 'a long p}word'; GRANT ALL ON *.* TO gw@127.0.0.1");
  }
  ~MySql() {
    stop();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  MySql(const MySql&) = delete;
  MySql& operator=(const MySql&) = delete;

  void start() {
    must(as_user("mariadbd --no-defaults --datadir=" + data() + " --socket=" + socket() + " --pid-file=" + pid_file() +
                 " --bind-address=127.0.0.1 --port=" + std::to_string(port_) +
                 " --skip-name-resolve --innodb-buffer-pool-size=16M --innodb-flush-log-at-trx-commit=0"
                 " --innodb-use-native-aio=0 >" +
                 (folder_ / "log").string() + " 2>&1 &"));
    const std::string ping = "mariadb-admin --no-defaults -u root --socket=" + socket() + " ping >/dev/null 2>&1";
    for (int tries = 0; std::system(ping.c_str()) != 0; ++tries) {
      if (tries == 300) throw std::runtime_error("MariaDB does not answer");
      usleep(100'000);
    }
  }
  /// As if the machine lost power: connections break in mid-sentence.
  void stop() {
    (void)std::system(("test -f " + pid_file() + " && kill -9 $(cat " + pid_file() + ") 2>/dev/null").c_str());
    usleep(200'000);
    std::error_code ignored;
    std::filesystem::remove(pid_file(), ignored);
  }

  /// The gateway's words for it.
  std::string words(const std::string& database) const {
    return "host=127.0.0.1 port=" + std::to_string(port_) + " user=gw dbname=" + database;
  }
  static constexpr const char* kPassword = "a long p}word";
  void create_database(const std::string& name) const {
    admin("CREATE DATABASE " + name + " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin");
  }

 private:
  static void must(const std::string& command) {
    if (std::system(command.c_str()) != 0) throw std::runtime_error("failed: " + command);
  }
  static int free_port() {
    const int probe = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    const bool bound = bind(probe, generic, size) == 0 && getsockname(probe, generic, &size) == 0;
    close(probe);
    if (!bound) throw std::runtime_error("no free port");
    return ntohs(address.sin_port);
  }
  void admin(const std::string& sql) const {
    must("mariadb --no-defaults -u root --socket=" + socket() + " -e \"" + sql + "\"");
  }
  std::string data() const { return (folder_ / "data").string(); }
  std::string socket() const { return (folder_ / "socket").string(); }
  std::string pid_file() const { return (folder_ / "pid").string(); }
  static std::string as_user(const std::string& command) {
    const std::string there = "cd /tmp && ";
    return there + (geteuid() == 0 ? "runuser -u mysql -- env " : "env ") + "PATH=/usr/sbin:/usr/bin:$PATH " + command;
  }

  std::filesystem::path folder_;
  int port_;
};

/// One for all tests of a run: making one takes seconds.
inline MySql& mysql() {
  static MySql server;
  return server;
}

}  // namespace tests
