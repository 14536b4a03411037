// Who calls, and what of ours it may see. A peer delivers and traces, it reads nothing; a partner reads what one of its
// grants allows. What is not allowed looks exactly like what is not there.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "gateway/config/config.h"
#include "gateway/store/store.h"
#include "gateway/trust/roster.h"

namespace gateway::rest {

struct Caller {
  trust::Party party;
  std::string remote;                            // address:port
  std::shared_ptr<const config::Config> config;  // keeps `partner` alive
  const config::Partner* partner = nullptr;      // of the configuration; nullptr for peers
};

Caller make_caller(trust::Party party, std::string remote, std::shared_ptr<const config::Config> config);

bool may_read(const Caller& caller, const store::StoredResource& resource);
/// May it PUT resources of that type, as staff of this site?
bool may_write(const Caller& caller, std::string_view type);
/// May it post messages at all? (Which events: the exchange core asks may_send once it has read them.)
bool may_post(const Caller& caller);
bool may_send(const Caller& caller, std::string_view event);

}  // namespace gateway::rest
