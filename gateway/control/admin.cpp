#include <fmt/format.h>

#include "gateway/control/control.h"

namespace gateway {

using net::HttpResponse;

namespace {

/// Rows of staging databases by what became of them, and the age of the oldest that waits.
std::string row_metrics(const std::vector<store::RowCount>& counts, store::Millis now) {
  constexpr std::string_view kStates[] = {"taken", "waiting", "rejected", "gone"};
  std::string out = "# HELP causeway_rows Rows of staging databases by state.\n# TYPE causeway_rows gauge\n";
  for (const auto& [door, state, count, oldest] : counts)
    out += fmt::format("causeway_rows{{door=\"{}\",state=\"{}\"}} {}\n", door, kStates[static_cast<std::size_t>(state)],
                       count);
  out +=
      "# HELP causeway_rows_oldest_waiting_seconds Age of the oldest row that waits.\n"
      "# TYPE causeway_rows_oldest_waiting_seconds gauge\n";
  for (const auto& [door, state, count, oldest] : counts)
    if (state == store::RowState::waiting)
      out += fmt::format("causeway_rows_oldest_waiting_seconds{{door=\"{}\"}} {}\n", door, (now - oldest) / 1000);
  return out;
}

}  // namespace

void Admin::handle(net::HttpRequest request, std::move_only_function<void(HttpResponse)> reply) {
  const auto text = [](int status, std::string body) {
    return HttpResponse{status, {{"content-type", "text/plain; version=0.0.4"}}, std::move(body)};
  };
  if (request.method != "GET") return reply(text(405, "only GET\n"));
  if (request.target == "/livez") return reply(text(200, "alive\n"));
  if (request.target == "/readyz") {
    if (world_.store.failed()) return reply(text(503, "not ready: the store has failed\n"));
    if (const auto shut = world_.gate->shut(exchange::Gate::Who::local))
      return reply(text(503, "not ready: " + shut->say + "\n"));
    return reply(text(200, "ready: can durably accept\n"));
  }
  if (request.target == "/metrics") return reply(text(200, metrics()));
  reply(text(404, "/livez /readyz /metrics\n"));
}

std::string Admin::metrics() const {
  std::string out;
  const auto gauge = [&](std::string_view name, std::string_view help, std::int64_t value) {
    out += fmt::format("# HELP causeway_{0} {1}\n# TYPE causeway_{0} gauge\ncauseway_{0} {2}\n", name, help, value);
  };
  const auto now = world_.clock.now();
  const auto age = [&](store::Millis since) { return since == 0 ? 0 : (now - since) / 1000; };
  if (const auto counts = world_.store.counts()) {
    gauge("deliveries_waiting", "Deliveries that wait for their turn or their next try.", counts->waiting);
    gauge("deliveries_in_flight", "Deliveries being sent.", counts->claimed);
    gauge("deliveries_dead", "Deliveries given up, each with its reason.", counts->dead);
    gauge("held", "Messages and deliveries that wait for a person.", counts->held);
    gauge("oldest_waiting_seconds", "Age of the oldest waiting delivery.", age(counts->oldest_waiting));
    gauge("oldest_held_seconds", "Age of the oldest held message.", age(counts->oldest_held));
  }
  gauge("taking_messages", "1: messages are taken in; 0: back-pressure.",
        world_.gate->shut(exchange::Gate::Who::local) ? 0 : 1);
  if (const auto rows = world_.store.row_counts(); rows && !rows->empty()) out += row_metrics(*rows, now);
  const auto by_side = [&](std::string_view name, std::string_view help, std::int64_t exchange::Tally::Line::* what) {
    out += fmt::format("# HELP causeway_{0} {1}\n# TYPE causeway_{0} counter\n", name, help);
    for (const auto& [side, line] : world_.tally->lines()) {
      out += fmt::format("causeway_{}{{side=\"{}\"}} {}\n", name, side, line.*what);
    }
  };
  by_side("messages_in_total", "Messages accepted, by door or peer, repeats included.", &exchange::Tally::Line::in);
  by_side("messages_turned_total", "Messages held, refused or told to come again.", &exchange::Tally::Line::turned);
  by_side("deliveries_out_total", "Deliveries made, by destination.", &exchange::Tally::Line::out);
  by_side("tries_failed_total", "Tries that did not deliver, by destination.", &exchange::Tally::Line::failed);
  gauge("destinations_paused", "Destinations paused by a fault of the peer.",
        static_cast<std::int64_t>(courier_.paused().size()));
  const auto net = net_.counters();
  gauge("connections_open", "Open connections.", static_cast<std::int64_t>(net.open));
  gauge("requests_total", "Requests since the start.", static_cast<std::int64_t>(net.requests));
  gauge("connections_refused_total", "Connections refused since the start.", static_cast<std::int64_t>(net.refused));
  out += "# HELP causeway_alert What people were told of and is not over.\n# TYPE causeway_alert gauge\n";
  for (const auto& alert : alerts_.active()) out += fmt::format("causeway_alert{{alert=\"{}\"}} 1\n", alert.key);
  return out;
}

}  // namespace gateway
