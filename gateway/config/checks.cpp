#include "gateway/config/checks.h"

#include <algorithm>

namespace gateway::config {

Origin::Origin(const std::optional<Yaml>& document, std::string_view list) {
  if (document) list_ = document->find(list);
}

const Yaml* Origin::node(std::size_t i, std::string_view key) const {
  return list_ != nullptr && i < list_->items.size() ? list_->items[i].find(key) : nullptr;
}

Mark Origin::at(std::size_t i) const {
  return list_ != nullptr && i < list_->items.size() ? list_->items[i].mark : Mark{};
}

Mark Origin::at(std::size_t i, std::string_view key) const {
  const Yaml* value = node(i, key);
  return value == nullptr ? at(i) : value->mark;
}

Mark Origin::at(std::size_t i, std::string_view key, std::string_view value) const {
  const Yaml* written = node(i, key);
  if (written == nullptr) return at(i);
  const auto found = std::ranges::find(written->items, value, &Yaml::text);
  return found == written->items.end() ? written->mark : found->mark;
}

std::string_view Origin::text(std::size_t i, std::string_view key) const {
  const Yaml* value = node(i, key);
  return value == nullptr ? std::string_view() : std::string_view(value->text);
}

bool Origin::has(std::size_t i, std::string_view key) const { return node(i, key) != nullptr; }

void check_all(const Draft& draft) {
  check_endpoints(draft);
  check_rows(draft);
  check_identities(draft);
  check_routes(draft);
  check_borders(draft);
  check_operation(draft);
}

}  // namespace gateway::config
