#include "gateway/net/http1.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/status.hpp>
#include <ctime>
#include <optional>

#include "fhir/outcome.h"

namespace gateway::net {
namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;
using fhir::Fault;

constexpr std::size_t kTargetLimit = 8u << 10;
constexpr std::size_t kChunkLineLimit = 1u << 10;
constexpr std::size_t kFieldLimit = 100;
constexpr std::string_view kLastChunk = "0\r\n\r\n";
constexpr std::size_t kFirstReserve = 64u << 10;  // a promised length is no reason to give memory away

struct Rule {
  int status;
  Fault fault;
  const char* code;
  const char* say;
};

constexpr Rule kLineEnding{400, Fault::invalid, "http.line-ending", "a line must end with CR LF"};
constexpr Rule kFolded{400, Fault::invalid, "http.folded", "a folded header line is not accepted"};
constexpr Rule kControl{400, Fault::invalid, "http.control", "a control character stands in the header"};
constexpr Rule kSyntax{400, Fault::invalid, "http.syntax", "this is not an HTTP/1.1 message"};
constexpr Rule kVersion{400, Fault::invalid, "http.version", "only HTTP/1.0 and HTTP/1.1 are spoken here"};
constexpr Rule kHost{400, Fault::invalid, "http.host", "exactly one Host header is required"};
constexpr Rule kTarget{400, Fault::invalid, "http.target", "the request target must be a path"};
constexpr Rule kLength{400, Fault::invalid, "http.length", "Content-Length must stand once and be a number"};
constexpr Rule kCoding{400, Fault::invalid, "http.coding", "the only transfer coding accepted is chunked, once, alone"};
constexpr Rule kFraming{400, Fault::invalid, "http.framing",
                        "Content-Length and Transfer-Encoding must not stand together"};
constexpr Rule kChunk{400, Fault::invalid, "http.chunk", "the chunked body is malformed"};
constexpr Rule kExtension{400, Fault::invalid, "http.chunk-extension", "chunk extensions are not accepted"};
constexpr Rule kTrailer{400, Fault::invalid, "http.trailer", "trailer fields are not accepted"};
constexpr Rule kCut{400, Fault::invalid, "http.cut", "the connection ended within a message"};
constexpr Rule kLongTarget{414, Fault::too_large, "http.target-too-long", "the request target is too long"};
constexpr Rule kLongHeader{431, Fault::too_large, "http.header-too-large", "the header is too large"};
constexpr Rule kLongBody{413, Fault::too_large, "http.body-too-large", "the body is larger than this server accepts"};

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return result;
}

bool is_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

struct Collected {
  std::string method, target;
  int status = 0;
  unsigned version = 11;
  Headers headers;
  std::string body;
};

std::size_t count(const Headers& headers, std::string_view name) {
  return static_cast<std::size_t>(std::ranges::count(headers, name, &Headers::value_type::first));
}

/// Beast's tokeniser and state machine with our rules in its hooks.
template <bool request>
class Parser final : public http::basic_parser<request> {
 public:
  explicit Parser(Collected& out) : out_(out) {}
  const Rule* broken() const { return broken_; }

 private:
  using View = boost::beast::string_view;

  void refuse(const Rule& rule, error_code& ec) {
    broken_ = &rule;
    ec = http::error::bad_value;
  }

  void on_request_impl(http::verb, View method, View target, int version, error_code& ec) override {
    out_.method = std::string(method);
    out_.target = std::string(target);
    out_.version = static_cast<unsigned>(version);
    if (out_.target.size() > kTargetLimit) return refuse(kLongTarget, ec);
    const bool asterisk = out_.target == "*" && out_.method == "OPTIONS";
    if (out_.target.front() != '/' && !asterisk) refuse(kTarget, ec);
  }

  void on_response_impl(int status, View, int version, error_code&) override {
    out_.status = status;
    out_.version = static_cast<unsigned>(version);
  }

  void on_field_impl(http::field, View name, View value, error_code& ec) override {
    if (this->is_header_done()) return refuse(kTrailer, ec);
    if (out_.headers.size() >= kFieldLimit) return refuse(kLongHeader, ec);
    out_.headers.emplace_back(lower(std::string_view(name.data(), name.size())), std::string(value));
  }

  void on_header_impl(error_code& ec) override {
    if (const Rule* rule = check_framing()) refuse(*rule, ec);
  }

  const Rule* check_framing() const {
    const std::size_t lengths = count(out_.headers, "content-length");
    const std::size_t codings = count(out_.headers, "transfer-encoding");
    if (lengths > 0 && codings > 0) return &kFraming;
    if (lengths > 1 || (lengths == 1 && !is_digits(header(out_.headers, "content-length")))) return &kLength;
    if (codings > 1 || (codings == 1 && lower(header(out_.headers, "transfer-encoding")) != "chunked")) return &kCoding;
    if (codings == 1 && out_.version < 11) return &kCoding;
    if constexpr (request) {
      const std::size_t hosts = count(out_.headers, "host");
      if (hosts > 1 || (hosts == 0 && out_.version >= 11)) return &kHost;
    }
    return nullptr;
  }

  void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) override {
    if (length) out_.body.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(*length, kFirstReserve)));
  }

  std::size_t on_body_impl(View bytes, error_code&) override {
    out_.body.append(bytes.data(), bytes.size());
    return bytes.size();
  }

  void on_chunk_header_impl(std::uint64_t, View extension, error_code& ec) override {
    if (!extension.empty()) refuse(kExtension, ec);
  }

  std::size_t on_chunk_body_impl(std::uint64_t, View bytes, error_code& ec) override { return on_body_impl(bytes, ec); }
  void on_finish_impl(error_code&) override {}

  Collected& out_;
  const Rule* broken_ = nullptr;
};

const Rule& rule_of(const error_code& ec) {
  if (ec == http::error::body_limit) return kLongBody;
  if (ec == http::error::header_limit) return kLongHeader;
  if (ec == http::error::bad_version) return kVersion;
  if (ec == http::error::bad_line_ending) return kLineEnding;
  if (ec == http::error::bad_transfer_encoding) return kFraming;
  if (ec == http::error::bad_content_length || ec == http::error::multiple_content_length) return kLength;
  if (ec == http::error::bad_chunk) return kChunk;
  if (ec == http::error::bad_chunk_extension) return kChunk;
  if (ec == http::error::partial_message) return kCut;
  return kSyntax;
}

/// Finds the end of a header block while it arrives and refuses the line endings that parsers disagree about. Beast
/// would join folded lines; it gets the block only when this found nothing.
class HeaderScan {
 public:
  /// The length of the whole block once it is there; 0 while it is not. `broken` is set when it never will be.
  std::size_t scan(std::string_view bytes, const Rule*& broken) {
    for (; at_ < bytes.size(); ++at_) {
      const auto c = static_cast<unsigned char>(bytes[at_]);
      const char before = at_ == 0 ? '\n' : bytes[at_ - 1];
      if ((c == '\n') != (before == '\r')) return fail(kLineEnding, broken);
      if (c == '\n') {
        if (line_ == at_ - 1 && lines_ > 0) return at_ + 1;
        line_ = at_ + 1;
        ++lines_;
      } else if ((c < 0x20 && c != '\t' && c != '\r') || c == 0x7f) {
        return fail(kControl, broken);
      } else if (at_ == line_ && (c == ' ' || c == '\t')) {
        return fail(lines_ == 0 ? kSyntax : kFolded, broken);
      }
    }
    return 0;
  }
  bool in_first_line() const { return lines_ == 0; }

 private:
  static std::size_t fail(const Rule& rule, const Rule*& broken) {
    broken = &rule;
    return 0;
  }
  std::size_t at_ = 0, line_ = 0, lines_ = 0;
};

}  // namespace

struct HttpReader::Impl {
  Kind kind;
  std::size_t header_limit, body_limit;
  std::string pending;  // arrived, but not part of the message yet
  Collected message;
  HeaderScan scan;
  std::optional<Parser<true>> request;
  std::optional<Parser<false>> response;
  State state = State::idle;
  Malformed wrong;
  bool continue_asked = false, no_body = false, keep = false;

  void start() {
    message = {};
    scan = {};
    request.reset();
    response.reset();
    state = State::idle;
    continue_asked = no_body = keep = false;
    if (pending.capacity() > kFirstReserve) pending = std::string(pending);
  }

  void fail(const Rule& rule) {
    state = State::failed;
    wrong = {rule.status, {rule.fault, rule.code, "", rule.say}};
    pending.clear();
  }

  void advance() {
    if (state == State::idle) skip_empty_lines();
    if (state == State::idle && !pending.empty() && pending != "\r") state = State::header;
    if (state == State::header) read_header();
    if (state == State::body) kind == Kind::requests ? read_body(*request) : read_body(*response);
  }

  // RFC 9112 §2.2: empty lines before a request are forgiven.
  void skip_empty_lines() {
    while (kind == Kind::requests && pending.starts_with("\r\n")) pending.erase(0, 2);
  }

  void read_header() {
    const Rule* broken = nullptr;
    const std::size_t length = scan.scan(std::string_view(pending).substr(0, header_limit), broken);
    if (broken != nullptr) return fail(*broken);
    if (length == 0) {
      if (kind == Kind::requests && scan.in_first_line() && pending.size() > kTargetLimit) return fail(kLongTarget);
      if (pending.size() >= header_limit) fail(kLongHeader);
      return;
    }
    if (kind == Kind::requests) {
      parse_header(request.emplace(message), length);
    } else {
      parse_header(response.emplace(message), length);
    }
  }

  template <bool is_request>
  void parse_header(Parser<is_request>& parser, std::size_t length) {
    parser.header_limit(static_cast<std::uint32_t>(header_limit) + 1);
    parser.body_limit(body_limit);
    parser.eager(false);
    if (no_body) parser.skip(true);
    error_code ec;
    const std::size_t used = parser.put(boost::asio::const_buffer(pending.data(), length), ec);
    if (parser.broken() != nullptr) return fail(*parser.broken());
    if (ec) return fail(rule_of(ec));
    if (!parser.is_header_done() || used != length) return fail(kSyntax);
    pending.erase(0, length);
    parser.eager(true);
    if (kind == Kind::requests) continue_asked = lower(header(message.headers, "expect")) == "100-continue";
    parser.is_done() ? complete(parser) : enter_body();
  }

  void enter_body() { state = State::body; }

  template <class AnyParser>
  void read_body(AnyParser& parser) {
    // Beast 1.81 asserts that the last chunk is not given to it in less than five bytes; no chunked body ends in fewer.
    if (pending.size() < (parser.chunked() ? kLastChunk.size() : 1)) return;
    error_code ec;
    const std::size_t used = parser.put(boost::asio::const_buffer(pending.data(), pending.size()), ec);
    if (parser.broken() != nullptr) return fail(*parser.broken());
    if (ec && ec != http::error::need_more) return fail(rule_of(ec));
    pending.erase(0, used);
    if (parser.is_done()) return complete(parser);
    if (parser.chunked() && pending.size() > kChunkLineLimit) fail(kChunk);
  }

  template <class AnyParser>
  void complete(const AnyParser& parser) {
    keep = parser.keep_alive() && message.version >= 11;
    state = State::complete;
  }
};

HttpReader::HttpReader(Kind kind, std::size_t header_limit, std::size_t body_limit)
    : impl_(std::make_unique<Impl>(kind, header_limit, body_limit)) {}
HttpReader::HttpReader(HttpReader&&) noexcept = default;
HttpReader::~HttpReader() = default;

void HttpReader::feed(std::string_view bytes) {
  if (impl_->state == State::failed) return;
  impl_->pending.append(bytes);
  if (impl_->state != State::complete) impl_->advance();
}

void HttpReader::end() {
  if (impl_->state == State::complete || impl_->state == State::failed || impl_->state == State::idle) return;
  error_code ec = http::error::partial_message;
  if (impl_->response && impl_->state == State::body) impl_->response->put_eof(ec);
  ec ? impl_->fail(kCut) : impl_->complete(*impl_->response);
}

void HttpReader::expect_no_body() { impl_->no_body = true; }
HttpReader::State HttpReader::state() const { return impl_->state; }
bool HttpReader::wants_continue() { return impl_->state == State::body && std::exchange(impl_->continue_asked, false); }
bool HttpReader::keep_alive() const { return impl_->keep; }
bool HttpReader::has_more() const { return !impl_->pending.empty(); }
int HttpReader::status() const { return impl_->message.status; }
const Malformed& HttpReader::malformed() const { return impl_->wrong; }

HttpRequest HttpReader::take_request() {
  HttpRequest request;
  request.method = std::move(impl_->message.method);
  request.target = std::move(impl_->message.target);
  request.headers = std::move(impl_->message.headers);
  request.body = std::move(impl_->message.body);
  impl_->start();
  return request;
}

HttpResponse HttpReader::take_response() {
  HttpResponse response{impl_->message.status, std::move(impl_->message.headers), std::move(impl_->message.body)};
  impl_->start();
  return response;
}

namespace {

std::string_view reason(int status) {
  const auto text = http::obsolete_reason(static_cast<http::status>(status));
  return {text.data(), text.size()};
}

/// IMF-fixdate (RFC 9110 §5.6.7), written once a second.
const std::string& http_date() {
  thread_local std::time_t written = 0;
  thread_local std::string text;
  const std::time_t now = std::time(nullptr);
  if (now != written) {
    std::tm parts{};
    gmtime_r(&now, &parts);
    char buffer[40];
    text.assign(buffer, std::strftime(buffer, sizeof buffer, "%a, %d %b %Y %H:%M:%S GMT", &parts));
    written = now;
  }
  return text;
}

bool is_token(std::string_view text) {
  static constexpr std::string_view extra = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           extra.find(c) != std::string_view::npos;
  });
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

bool is_ours(std::string_view name) {
  return name == "content-length" || name == "transfer-encoding" || name == "connection" || name == "date";
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ");
  for (const char c : value) out += is_control(c) ? ' ' : c;
  out += "\r\n";
}

bool may_have_body(int status) { return status >= 200 && status != 204 && status != 304; }

}  // namespace

std::string render(const HttpResponse& response, bool keep_alive, bool to_head) {
  std::string out;
  out.reserve(256 + response.body.size());
  out.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ").append(reason(response.status));
  out += "\r\n";
  append_field(out, "date", http_date());
  for (const auto& [name, value] : response.headers) {
    if (is_token(name) && !is_ours(name)) append_field(out, name, value);
  }
  if (may_have_body(response.status)) append_field(out, "content-length", std::to_string(response.body.size()));
  if (!keep_alive) append_field(out, "connection", "close");
  out += "\r\n";
  if (may_have_body(response.status) && !to_head) out += response.body;
  return out;
}

Result<std::string> render(const HttpRequest& request, const Address& to) {
  const bool target_ok = request.target.starts_with('/') &&
                         std::ranges::none_of(request.target, [](char c) { return is_control(c) || c == ' '; });
  if (!is_token(request.method) || !target_ok) {
    return fhir::fail(Fault::invalid, "http.bad-request", "", "method or target cannot be sent as HTTP");
  }
  std::string out;
  out.reserve(256 + request.body.size());
  out.append(request.method).append(" ").append(request.target).append(" HTTP/1.1\r\n");
  const bool v6 = to.host.find(':') != std::string::npos;
  append_field(out, "host", (v6 ? "[" + to.host + "]" : to.host) + ":" + std::to_string(to.port));
  for (const auto& [name, value] : request.headers) {
    if (is_token(name) && !is_ours(name) && name != "host") append_field(out, name, value);
  }
  const bool bodiless = request.method == "GET" || request.method == "HEAD" || request.method == "DELETE";
  if (!bodiless || !request.body.empty()) append_field(out, "content-length", std::to_string(request.body.size()));
  out += "\r\n";
  out += request.body;
  return out;
}

HttpResponse outcome(int status, const Error& error) {
  return {status,
          {{"content-type", "application/fhir+json; charset=utf-8"}},
          fhir::to_outcome({fhir::to_issue(error)}).dump()};
}

}  // namespace gateway::net
