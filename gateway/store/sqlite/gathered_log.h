// A file system for SQLite that hands the log of a transaction to the system in one piece.
//
// SQLite writes each frame of its write-ahead log with two calls, 24 bytes and a page: of a commit of forty pages the
// writer spent a sixth of its time in them. Here they wait in memory until the log is synced, read, measured or cut, or
// 128 KB have gathered. Nothing is durable or visible later than before: with synchronous = FULL, which the caller
// promises, SQLite tells nobody of a frame before xSync has returned (https://www.sqlite.org/walformat.html, 2.3), and
// xSync writes first. A write that fails is told by the call that made it happen, and what waited is dropped, as SQLite
// drops the transaction.
#pragma once
#include <string>

namespace gateway::store::sqlite {

/// The name of a VFS over `under` (empty: the system's own) for the one connection that writes; registered when first
/// asked for, for good. Any thread. Throws Failure when there is no such VFS or no memory.
std::string gathered_log_vfs(const std::string& under);

}  // namespace gateway::store::sqlite
