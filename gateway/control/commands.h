// The commands of the control socket, by the file that has them. Each answers exactly once.
#pragma once
#include "gateway/control/desk.h"

namespace gateway::control {

// status.cpp
void status(const Desk& desk, Asked asked, Reply reply);

// trace.cpp
void trace(const Desk& desk, Asked asked, Reply reply);

// held.cpp
void held_list(const Desk& desk, Asked asked, Reply reply);
void held_show(const Desk& desk, Asked asked, Reply reply);
void held_release(const Desk& desk, Asked asked, Reply reply);

// urgent.cpp
void urgent_list(const Desk& desk, Asked asked, Reply reply);
void urgent_read(const Desk& desk, Asked asked, Reply reply);

// messages.cpp
void messages(const Desk& desk, Asked asked, Reply reply);
void message_show(const Desk& desk, Asked asked, Reply reply);
void message_raw(const Desk& desk, Asked asked, Reply reply);
void message_bundle(const Desk& desk, Asked asked, Reply reply);

// dead.cpp
void dead_list(const Desk& desk, Asked asked, Reply reply);
void dead_causes(const Desk& desk, Asked asked, Reply reply);
void dead_run(const Desk& desk, Asked asked, Reply reply);
void dead_run_ended(const Desk& desk, Asked asked, Reply reply);
void dead_replay(const Desk& desk, Asked asked, Reply reply);
void dead_discard(const Desk& desk, Asked asked, Reply reply);

// backup.cpp
void backup_begin(const Desk& desk, Asked asked, Reply reply);
void backup_progress(const Desk& desk, Asked asked, Reply reply);
void backup_stop(const Desk& desk, Asked asked, Reply reply);

// reconcile.cpp
void reconcile(const Desk& desk, Asked asked, Reply reply);
void reconcile_reports(const Desk& desk, Asked asked, Reply reply);
void reconcile_came(const Desk& desk, Asked asked, Reply reply);

// traffic.cpp
void traffic(const Desk& desk, Asked asked, Reply reply);

// config.cpp
void config_diff(const Desk& desk, Asked asked, Reply reply);
void config_diff_result(const Desk& desk, Asked asked, Reply reply);
void config_reload(const Desk& desk, Asked asked, Reply reply);
void config_rollback(const Desk& desk, Asked asked, Reply reply);
void config_generations(const Desk& desk, Asked asked, Reply reply);

// peers.cpp
void peer_list(const Desk& desk, Asked asked, Reply reply);
void peer_pause(const Desk& desk, Asked asked, Reply reply);
void peer_resume(const Desk& desk, Asked asked, Reply reply);
void peer_test(const Desk& desk, Asked asked, Reply reply);
void alerts(const Desk& desk, Asked asked, Reply reply);

// rows.cpp
void rows(const Desk& desk, Asked asked, Reply reply);

// unmapped.cpp
void unmapped(const Desk& desk, Asked asked, Reply reply);

}  // namespace gateway::control
