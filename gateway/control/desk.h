// What the commands of the control socket work with, what they are asked, and how they answer. A command is a free
// function, declared in commands.h, with a row in control.cpp's table; it may answer later and from any thread.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/json.h"
#include "fhir/result.h"
#include "gateway/exchange/courier.h"
#include "gateway/exchange/intake.h"
#include "gateway/net/net.h"
#include "gateway/operate/operations.h"

namespace gateway::control {

/// The parts of the running site. Everything outlives the Net, and so every command.
struct Desk {
  const exchange::World& world;
  exchange::Intake& intake;
  exchange::Courier& courier;
  net::Net& net;
  exchange::Expectation expect;
  operate::Operations operations;
};

struct Asked {
  std::vector<std::string> path;                          // what the stars of the row's path stood for, decoded
  std::map<std::string, std::string, std::less<>> query;  // decoded
  std::string body;
  std::string user;  // who asks: the name of the Unix user at the other end, as the kernel says; for the audit

  /// The value of a query parameter; empty when it was not given.
  std::string_view parameter(std::string_view name) const;
};

using Reply = std::move_only_function<void(net::HttpResponse)>;

net::HttpResponse json(int status, const fhir::JsonTree& tree);
/// 404, 400 or 409 by the kind of the error, which is told whole.
net::HttpResponse failed(const fhir::Error& error);
fhir::JsonTree number(std::int64_t n);
/// null when `text` is no JSON.
fhir::JsonTree parsed(const std::string& text);
/// 0 when `text` is no number of something stored.
store::Id id_of(std::string_view text);
/// "true" and "false" members that are told only when true.
void flag(fhir::JsonTree& tree, std::string_view name, bool value);

/// An entry for the audit: what the person at the other end did.
store::AuditEntry audited(const Desk& desk, std::string event, const Asked& asked, const fhir::JsonTree& detail);

}  // namespace gateway::control
