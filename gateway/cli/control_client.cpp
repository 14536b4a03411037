#include "gateway/cli/control_client.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstring>
#include <vector>

#include "gateway/config/config.h"

namespace gateway::cli {
namespace {

using fhir::Fault;
using fhir::Json;
using fhir::Result;

struct Descriptor {
  int fd = -1;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

Result<void> connect_to(const Descriptor& socket, const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return fhir::fail(Fault::invalid, "control.path", path, "the socket's path is too long");
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const timeval patience{30, 0};
  ::setsockopt(socket.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (::connect(socket.fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return {};
  return fhir::fail(Fault::unavailable, "control.not-running", path,
                    "no gateway answers on this control socket; start it with `causeway run`, as the same user");
}

Result<std::string> exchange(const std::string& path, const std::string& request) {
  const Descriptor socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (auto connected = connect_to(socket, path); !connected) return fhir::pass(connected);
  for (std::string_view rest = request; !rest.empty();) {
    const auto sent = ::send(socket.fd, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent <= 0) return fhir::fail(Fault::unavailable, "control.closed", path, "the gateway closed the connection");
    rest.remove_prefix(static_cast<std::size_t>(sent));
  }
  std::string answer;
  std::vector<char> buffer(65536);
  for (ssize_t got = 0; (got = ::recv(socket.fd, buffer.data(), buffer.size(), 0)) > 0;) {
    answer.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return answer;
}

}  // namespace

Result<std::string> control_socket(const std::string& conf) {
  struct stat info{};
  if (::stat(conf.c_str(), &info) == 0 && S_ISSOCK(info.st_mode)) return conf;
  std::vector<config::FileFault> faults;
  const auto loaded = config::load(conf, faults);
  if (!loaded)
    return fhir::fail(Fault::invalid, "control.config", conf, "the configuration has faults; see `causeway check`");
  return loaded->control_socket;
}

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || std::strchr("-._~", c) != nullptr;
    if (plain && c != '\0')
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

Result<Json> ask(const std::string& socket, const std::string& method, const std::string& target) {
  const std::string request = fmt::format(
      "{} {} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: 0\r\n\r\n", method, target);
  auto answer = exchange(socket, request);
  if (!answer) return fhir::pass(answer);
  const auto head = answer->find("\r\n\r\n");
  int status = 0;
  if (head == std::string::npos || answer->size() < 12)
    return fhir::fail(Fault::unavailable, "control.answer", socket, "the gateway gave no answer");
  std::from_chars(answer->data() + 9, answer->data() + 12, status);
  auto body = Json::parse(answer->substr(head + 4));
  if (!body) return fhir::pass(body);
  if (status == 200) return body;
  const auto root = body->root();
  return fhir::fail(status == 404 ? Fault::not_found : Fault::conflict, std::string(root["code"].text()),
                    std::string(root["where"].text()), std::string(root["say"].text()));
}

}  // namespace gateway::cli
