#include "gateway/control/control.h"

#include "gateway/control/commands.h"
#include "gateway/control/request.h"

namespace gateway {
namespace {

using control::Asked;
using control::Desk;
using control::Reply;

struct Command {
  std::string_view method, path;  // a star stands for one segment
  void (*run)(const Desk& desk, Asked asked, Reply reply);
};

// A new command is a row here, a declaration in commands.h and a function in the file of its subject.
constexpr Command kCommands[] = {
    {"GET", "/status", control::status},
    {"GET", "/trace", control::trace},
    {"GET", "/held", control::held_list},
    {"GET", "/held/*/*", control::held_show},
    {"POST", "/held/*/*/release", control::held_release},
    {"GET", "/urgent", control::urgent_list},
    {"POST", "/urgent/*/read", control::urgent_read},
    {"GET", "/messages", control::messages},
    {"GET", "/messages/*", control::message_show},
    {"POST", "/messages/*/raw", control::message_raw},        // a POST: it is disclosed, and audited with a reason
    {"POST", "/messages/*/bundle", control::message_bundle},  // likewise
    {"GET", "/dead", control::dead_list},
    {"GET", "/dead/causes", control::dead_causes},
    {"GET", "/dead/run", control::dead_run},
    {"POST", "/dead/run/ended", control::dead_run_ended},
    {"POST", "/dead/*/replay", control::dead_replay},
    {"POST", "/dead/*/discard", control::dead_discard},
    {"POST", "/backups", control::backup_begin},
    {"GET", "/backups/*", control::backup_progress},
    {"POST", "/backups/stop", control::backup_stop},
    {"GET", "/reconcile", control::reconcile},
    {"GET", "/reconcile/reports", control::reconcile_reports},
    {"GET", "/reconcile/came", control::reconcile_came},
    {"GET", "/traffic", control::traffic},
    {"POST", "/config/diff", control::config_diff},
    {"GET", "/config/diff/*", control::config_diff_result},
    {"POST", "/config/reload", control::config_reload},
    {"POST", "/config/rollback", control::config_rollback},
    {"GET", "/config/generations", control::config_generations},
    {"GET", "/peers", control::peer_list},
    {"POST", "/peers/*/pause", control::peer_pause},
    {"POST", "/peers/*/resume", control::peer_resume},
    {"POST", "/peers/*/test", control::peer_test},
    {"GET", "/alerts", control::alerts},
    {"GET", "/rows", control::rows},
    {"GET", "/unmapped", control::unmapped},
};

}  // namespace

void Control::handle(net::HttpRequest request, Reply reply) {
  for (const Command& command : kCommands) {
    auto asked = request.method == command.method ? control::match(command.path, request) : std::nullopt;
    if (asked) return command.run(desk_, *std::move(asked), std::move(reply));
  }
  reply(control::failed({fhir::Fault::not_found, "control.unknown", "",
                         "the gateway does not know this command; is it of another version?"}));
}

}  // namespace gateway
