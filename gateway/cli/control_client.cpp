#include "gateway/cli/control_client.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstring>
#include <vector>

#include "fhir/datetime.h"
#include "gateway/cli/output.h"
#include "gateway/config/config.h"
#include "gateway/exchange/ports.h"

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
  const timeval patience{90, 0};  // longer than a peer test, the slowest command
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
  auto socket = config::control_socket_of(conf);  // also of a configuration with faults: the gateway runs on another
  if (socket.empty())
    return fhir::fail(Fault::invalid, "control.config", conf,
                      "causeway.yaml does not say where the data folder is; see `causeway check`");
  return socket;
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
  constexpr std::size_t kLargest = std::size_t{2} << 30;  // a message of the largest size a door may take, in base64
  auto body = Json::parse(answer->substr(head + 4), {.bytes = kLargest});
  if (!body) return fhir::pass(body);
  if (status == 200) return body;
  const auto root = body->root();
  return fhir::fail(status == 404 ? Fault::not_found : Fault::conflict, std::string(root["code"].text()),
                    std::string(root["where"].text()), std::string(root["say"].text()));
}

namespace {

std::string target_of(const Question& question) {
  std::string target = question.path;
  for (const auto& [name, value] : question.parameters) {
    if (value.empty()) continue;
    target += (target == question.path ? "?" : "&") + name + "=" + percent_encoded(value);
  }
  return target;
}

std::optional<std::int64_t> seconds_in(char unit) {
  switch (unit) {
    case 's': return 1;
    case 'm': return 60;
    case 'h': return 3600;
    case 'd': return 86400;
    case 'w': return 7 * 86400;
    default: return std::nullopt;
  }
}

std::optional<std::int64_t> ago(const std::string& text) {
  std::int64_t amount = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, amount);
  const auto unit = error == std::errc{} && stop + 1 == end ? seconds_in(*stop) : std::nullopt;
  if (!unit || amount < 0 || amount > 1'000'000) return std::nullopt;
  return exchange::system_clock().now() - amount * *unit * 1000;
}

// C0 and C1 controls, the latter as UTF-8 writes them; a terminal obeys both.
std::string without_controls(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0;
    const bool c1 = byte == 0xc2 && next >= 0x80 && next <= 0x9f;
    if (byte < 0x20 || byte == 0x7f || c1)
      out += '?';
    else
      out += text[i];
    if (c1) ++i;
  }
  return out;
}

void make_printable(fhir::JsonTree& tree) {
  if (tree.kind() == fhir::JsonKind::string) tree = fhir::JsonTree::string(without_controls(tree.text()));
  for (auto& [name, child] : tree.children()) {
    name = without_controls(name);
    make_printable(child);
  }
}

}  // namespace

Json printable(const Json& answer) {
  auto tree = fhir::JsonTree::from(answer.root());
  make_printable(tree);
  auto made = Json::parse(tree.dump());
  if (!made) made = Json::parse("{}");  // two names that differed in a control character only
  return *std::move(made);
}

std::optional<Json> ask_site(Context& context, const Question& question) {
  const auto socket = control_socket(question.conf);
  if (!socket) {
    fail(context, socket.error());
    return std::nullopt;
  }
  auto answer = ask(*socket, question.method, target_of(question));
  if (answer) return *std::move(answer);
  fail(context, answer.error(), answer.error().fault == Fault::unavailable ? 2 : 1);
  return std::nullopt;
}

void show_answer(Context& context, const Question& question, const std::function<void(fhir::JsonView)>& print) {
  const auto answer = ask_site(context, question);
  if (!answer) return;
  if (context.json) return print_json(fhir::JsonTree::from(answer->root()));
  print(printable(*answer).root());
}

Result<std::int64_t> since(const std::string& text) {
  if (const auto moment = ago(text)) return *moment;
  const bool whole = text.find('T') != std::string::npos;
  for (const std::string& form : {text, text + (whole ? "Z" : "T00:00:00Z")}) {
    const auto read = fhir::DateTime::parse(form);
    const auto moment = read ? read->moment() : std::nullopt;
    if (moment) return moment->time_since_epoch().count();
  }
  return fhir::fail(Fault::invalid, "since", text, "a time is 30m, 2h or 3d ago, a date, or an instant");
}

}  // namespace gateway::cli
