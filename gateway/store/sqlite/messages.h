// Messages and their de-duplication, as statements on one connection. Writes run inside the writer's transaction and
// take bodies already packed (packed.h); reads give them back restored. All throw Failure.
#pragma once
#include <optional>
#include <string_view>
#include <vector>

#include "gateway/store/sqlite/connection.h"
#include "gateway/store/store.h"

namespace gateway::store::sqlite {

Id insert_message(Connection& db, const Message& packed);

/// What a stored message can be found by.
void insert_keys(Connection& db, const std::vector<Key>& keys, Id message);

/// Moves a message on; false when it is not in state `from` (or not there).
bool change_message(Connection& db, const MessageChange& packed);

/// What de-duplication knows of (sender, control_id); an empty control_id is never known.
std::optional<Seen> find_seen(Connection& db, std::string_view sender, std::string_view control_id);
std::optional<Seen> find_seen(Connection& db, Id message);  // by the sender and control_id that this message has
std::optional<Seen> find_transmission(Connection& db, std::string_view sender, std::string_view id);

/// Enters a stored message into de-duplication, unless its control_id is empty.
void remember(Connection& db, const Message& m, Id id);
void remember(Connection& db, Id message);  // one that was stored by an earlier commit
void remember_transmission(Connection& db, const Message& m, Id id);

std::optional<Message> find_message(Connection& db, Id id);
std::vector<Message> list_messages(Connection& db, const Query& query);           // without raw and bundle
std::vector<Message> messages_that_came(Connection& db, const Stretch& stretch);  // likewise, oldest first

/// The text list_messages() runs for these filters, for the test of its plan.
std::string list_messages_sql(const Query& query);
std::string stretch_sql(std::string_view columns, std::string_view tables, bool any_sender);

}  // namespace gateway::store::sqlite
