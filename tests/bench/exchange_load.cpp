// A laboratory system with as many lines as one likes: sends HL7 v2 over MLLP and measures how long each
// acknowledgement takes. One thread, so that it takes little from what is measured.
//
//   exchange_load PORT TEMPLATE FIRST CONNECTIONS SECONDS [RATE [MOST]]
//
// TEMPLATE: a message whose every "@@@@@@@@@@@@" becomes the number of the message, from FIRST on. Without RATE (or 0)
// each line sends its next message as soon as the last one is acknowledged; with it, messages are due RATE times a
// second over all lines, and what a message waits for a free line counts. MOST: so many messages and no more. Prints
// one line of JSON; `late` are those whose time had come and that found no line before the end.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr std::string_view kMark = "@@@@@@@@@@@@";

template <typename Number>
Number number_of(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) {
    std::cerr << "not a number: " << text << "\n";
    std::exit(2);
  }
  return number;
}

std::string framed(std::string message, std::int64_t number) {
  const std::string digits = fmt::format("{:012}", number);
  for (std::size_t at = 0; (at = message.find(kMark, at)) != std::string::npos; at += digits.size()) {
    message.replace(at, kMark.size(), digits);
  }
  return "\x0b" + message + "\x1c\r";
}

struct Line {
  int socket = -1;
  bool busy = false;
  Clock::time_point due;
  std::string answer;
};

int connect_to(std::uint16_t port) {
  const int line = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int on = 1;
  setsockopt(line, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(line, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
    std::cerr << "cannot connect\n";
    std::exit(1);
  }
  return line;
}

struct Plan {
  std::string message;
  std::int64_t next;
  Seconds length;
  double rate;        // 0: as fast as it is acknowledged
  std::int64_t most;  // messages
};

class Load {
 public:
  Load(std::uint16_t port, std::size_t lines, Plan plan)
      : plan_(std::move(plan)), lines_(lines), poll_(epoll_create1(0)) {
    for (std::size_t i = 0; i < lines; ++i) {
      lines_[i].socket = connect_to(port);
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.u64 = i;
      epoll_ctl(poll_, EPOLL_CTL_ADD, lines_[i].socket, &event);
    }
  }

  void run() {
    start_ = Clock::now();
    const auto end = start_ + std::chrono::duration_cast<Clock::duration>(plan_.length);
    while (Clock::now() < end && sent_ < plan_.most) {
      feed();
      listen(std::min(wait(), until(end)));
    }
    const auto patience = Clock::now() + std::chrono::seconds(30);
    while (busy_ != 0 && Clock::now() < patience) listen(100);
    tell();
  }

 private:
  // Sends what is due on lines that are free.
  void feed() {
    for (Line& line : lines_) {
      if (line.busy) continue;
      if (sent_ >= plan_.most) return;
      line.due =
          plan_.rate > 0
              ? start_ + std::chrono::duration_cast<Clock::duration>(Seconds(static_cast<double>(sent_) / plan_.rate))
              : Clock::now();
      if (line.due > Clock::now()) return;
      send(line);
    }
  }

  void send(Line& line) {
    const std::string bytes = framed(plan_.message, plan_.next++);
    if (::send(line.socket, bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size())) {
      std::cerr << "a line broke\n";
      std::exit(1);
    }
    line.busy = true;
    line.answer.clear();
    ++sent_;
    ++busy_;
  }

  // Milliseconds until the next one is due; epoll counts in whole ones, so the last one is spent asking.
  int wait() const {
    if (plan_.rate <= 0 || busy_ == lines_.size()) return 1000;
    const auto due =
        start_ + std::chrono::duration_cast<Clock::duration>(Seconds(static_cast<double>(sent_) / plan_.rate));
    return until(due);
  }

  static int until(Clock::time_point moment) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(moment - Clock::now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, 1000));
  }

  void listen(int milliseconds) {
    epoll_event events[64];
    const int count = epoll_wait(poll_, events, 64, milliseconds);
    for (int i = 0; i < count; ++i) hear(lines_[events[i].data.u64]);
  }

  void hear(Line& line) {
    char piece[4096];
    const ssize_t size = ::recv(line.socket, piece, sizeof piece, 0);
    if (size <= 0) {
      std::cerr << "a line was closed\n";
      std::exit(1);
    }
    line.answer.append(piece, static_cast<std::size_t>(size));
    if (!line.answer.ends_with("\x1c\r") || !line.busy) return;
    const bool good = line.answer.contains("MSA|CA|") || line.answer.contains("MSA|AA|");
    (good ? acknowledged_ : refused_) += 1;
    waits_.push_back(Seconds(Clock::now() - line.due).count() * 1000);
    line.busy = false;
    --busy_;
    last_ = Clock::now();
  }

  double percentile(double share) const {
    return waits_.empty() ? 0 : waits_[static_cast<std::size_t>(share * static_cast<double>(waits_.size() - 1))];
  }

  void tell() {
    std::ranges::sort(waits_);
    const double seconds = Seconds(last_ - start_).count();
    const auto due = plan_.rate > 0 ? static_cast<std::int64_t>(plan_.rate * plan_.length.count()) : sent_;
    fmt::print(
        "{{\"sent\":{},\"acknowledged\":{},\"refused\":{},\"late\":{},\"seconds\":{:.3f},\"rate\":{:.1f},\"p50\":{:.3f}"
        ","
        "\"p99\":{:.3f},\"p999\":{:.3f},\"max\":{:.3f}}}\n",
        sent_, acknowledged_, refused_, std::max<std::int64_t>(0, std::min(due, plan_.most) - sent_), seconds,
        static_cast<double>(acknowledged_) / seconds, percentile(0.5), percentile(0.99), percentile(0.999),
        percentile(1));
  }

  Plan plan_;
  std::vector<Line> lines_;
  int poll_;
  Clock::time_point start_, last_;
  std::int64_t sent_ = 0, acknowledged_ = 0, refused_ = 0;
  std::size_t busy_ = 0;
  std::vector<double> waits_;
};

}  // namespace

int main(int count, char** arguments) {
  const std::vector<std::string_view> given(arguments + 1, arguments + count);
  if (given.size() < 5) {
    std::cerr << "exchange_load PORT TEMPLATE FIRST CONNECTIONS SECONDS [RATE [MOST]]\n";
    return 2;
  }
  std::ifstream file(std::string(given[1]), std::ios::binary);
  Plan plan;
  plan.message = {std::istreambuf_iterator<char>(file), {}};
  plan.next = number_of<std::int64_t>(given[2]);
  plan.length = Seconds(number_of<double>(given[4]));
  plan.rate = given.size() > 5 ? number_of<double>(given[5]) : 0;
  plan.most = given.size() > 6 ? number_of<std::int64_t>(given[6]) : INT64_MAX;
  Load(number_of<std::uint16_t>(given[0]), number_of<std::size_t>(given[3]), std::move(plan)).run();
}
