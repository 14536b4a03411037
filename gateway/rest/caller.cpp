#include "gateway/rest/caller.h"

#include <algorithm>

namespace gateway::rest {
namespace {

bool contains(const std::vector<std::string>& list, std::string_view value) {
  return std::ranges::find(list, value) != list.end();
}

bool allows(const config::Grant& grant, const store::StoredResource& resource) {
  return contains(grant.types, resource.type) && (grant.events.empty() || contains(grant.events, resource.event)) &&
         (grant.from.empty() || contains(grant.from, resource.owner));
}

}  // namespace

Caller make_caller(trust::Party party, std::string remote, std::shared_ptr<const config::Config> config) {
  Caller caller{std::move(party), std::move(remote), std::move(config), nullptr};
  if (caller.party.kind != trust::Party::Kind::partner) return caller;
  const auto found = std::ranges::find(caller.config->partners, caller.party.name, &config::Partner::name);
  if (found != caller.config->partners.end() && found->enabled) caller.partner = &*found;
  return caller;
}

bool may_read(const Caller& caller, const store::StoredResource& resource) {
  return caller.partner != nullptr && std::ranges::any_of(caller.partner->reads, [&](const config::Grant& grant) {
           return allows(grant, resource);
         });
}

bool may_write(const Caller& caller, std::string_view type) {
  return caller.partner != nullptr && contains(caller.partner->writes, type);
}

bool may_post(const Caller& caller) {
  if (caller.party.kind == trust::Party::Kind::peer) return true;
  return caller.partner != nullptr && !caller.partner->sends.empty();
}

bool may_send(const Caller& caller, std::string_view event) {
  if (caller.party.kind == trust::Party::Kind::peer) return true;
  return caller.partner != nullptr && contains(caller.partner->sends, event);
}

}  // namespace gateway::rest
