#include "gateway/cli/signals.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

namespace gateway::cli {
namespace {

std::array<int, 2> wake{-1, -1};
volatile sig_atomic_t asked = 0;
volatile sig_atomic_t hung_up = 0;

void on_signal(int number) {
  if (asked != 0) _exit(128 + number);
  asked = 1;
  request_stop();
}

void on_hangup(int) { hung_up = 1; }

}  // namespace

bool take_hangup() {
  const bool was = hung_up != 0;
  if (was) hung_up = 0;
  return was;
}

void catch_signals() {
  if (::pipe(wake.data()) != 0) std::abort();
  struct sigaction action{};
  action.sa_handler = on_signal;
  for (const int number : {SIGINT, SIGTERM}) ::sigaction(number, &action, nullptr);
  action.sa_handler = on_hangup;
  ::sigaction(SIGHUP, &action, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
}

void request_stop() {
  const char byte = 0;
  if (::write(wake[1], &byte, 1) < 0) std::abort();
}

bool wait_for_stop(int milliseconds) {
  pollfd readable{wake[0], POLLIN, 0};
  return ::poll(&readable, 1, milliseconds) > 0;
}

void wait_for_stop() {
  while (!wait_for_stop(-1)) {
  }
}

}  // namespace gateway::cli
