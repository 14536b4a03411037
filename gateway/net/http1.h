// HTTP/1.1 messages out of bytes as they arrive, and back into bytes. No sockets, no clock; one reader per connection.
//
// Strict wherever leniency lets two parsers disagree about where a message ends (RFC 9112 §11.2, request smuggling):
// refused are Content-Length beside Transfer-Encoding, more than one Content-Length, any coding but `chunked`, folded
// lines, bare CR or LF, control characters, a space before the colon, chunk extensions, trailer fields, a missing or
// doubled Host. Every limit is enforced on bytes that arrived, not on lengths that were promised.
// Only http1.cpp knows Beast.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "gateway/net/net.h"

namespace gateway::net {

/// What is wrong with the bytes of the other side, and the status to answer before closing.
struct Malformed {
  int status = 400;
  Error why;
};

class HttpReader {
 public:
  enum class Kind : std::uint8_t { requests, responses };
  enum class State : std::uint8_t { idle, header, body, complete, failed };

  HttpReader(Kind kind, std::size_t header_limit, std::size_t body_limit);
  HttpReader(HttpReader&&) noexcept;
  ~HttpReader();

  /// Takes the bytes in; what follows a complete message is kept for the next one. Nothing is read after `failed`.
  void feed(std::string_view bytes);
  /// The other side sends no more: completes a response that is delimited by the end of the connection.
  void end();
  /// The response to come answers a HEAD request. Before its first byte.
  void expect_no_body();

  State state() const;
  /// The client waits for "100 Continue" before it sends the body; true once per request.
  bool wants_continue();
  /// May another message follow on this connection? Asked when complete.
  bool keep_alive() const;
  int status() const;  // of a response, once its header is there
  /// Bytes were received beyond the complete message.
  bool has_more() const;
  const Malformed& malformed() const;

  /// The complete message; the reader then goes on with the bytes that followed it.
  HttpRequest take_request();
  HttpResponse take_response();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// A response as bytes: adds content-length, date, connection. Control characters in a value become
/// spaces. `to_head`: the headers of the body, but not the body.
std::string render(const HttpResponse& response, bool keep_alive, bool to_head = false);
/// A request as bytes; refused when method, target or a header could break out of its line.
Result<std::string> render(const HttpRequest& request, const Address& to);
/// An OperationOutcome with this error as its one issue.
HttpResponse outcome(int status, const Error& error);

}  // namespace gateway::net
