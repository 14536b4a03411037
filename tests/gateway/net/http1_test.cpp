#include "gateway/net/http1.h"

#include <catch2/catch.hpp>

using namespace gateway::net;
using Kind = HttpReader::Kind;
using State = HttpReader::State;

namespace {

HttpReader reader(Kind kind = Kind::requests, std::size_t header = 4096, std::size_t body = 64) {
  return {kind, header, body};
}

/// What a server answers to these bytes: 0 when it took them as a whole request, -1 when it wants more.
int verdict(std::string_view bytes, std::size_t piece = 1u << 20) {
  HttpReader r = reader();
  for (std::size_t at = 0; at < bytes.size(); at += piece) r.feed(bytes.substr(at, piece));
  if (r.state() == State::failed) return r.malformed().status;
  return r.state() == State::complete ? 0 : -1;
}

std::string get(std::string_view fields) { return "GET / HTTP/1.1\r\n" + std::string(fields) + "\r\n"; }
std::string post(std::string_view fields, std::string_view body) {
  return "POST / HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n" + std::string(body);
}

}  // namespace

TEST_CASE("a request is read whole, whatever the pieces it arrives in", "[net][http1]") {
  const std::string bytes =
      "POST /fhir/$process-message?a=b HTTP/1.1\r\nHost: gw\r\nX-Some:  spaced \t\r\nContent-Length: 5\r\n\r\nhello";
  for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{7}, bytes.size()}) {
    HttpReader r = reader();
    for (std::size_t at = 0; at < bytes.size(); at += piece) r.feed(std::string_view(bytes).substr(at, piece));
    REQUIRE(r.state() == State::complete);
    CHECK(r.keep_alive());
    const HttpRequest request = r.take_request();
    CHECK(request.method == "POST");
    CHECK(request.target == "/fhir/$process-message?a=b");
    CHECK(header(request.headers, "x-some") == "spaced");
    CHECK(request.body == "hello");
    CHECK(r.state() == State::idle);
  }
}

TEST_CASE("a chunked body is put together, whatever the pieces it arrives in", "[net][http1]") {
  const std::string chunked = post("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\nA\r\n, chunked!\r\n0\r\n\r\n");
  const std::string empty = post("Transfer-Encoding: chunked\r\n", "0\r\n\r\n");
  for (std::size_t piece = 1; piece < 8; ++piece) {
    HttpReader r = reader();
    const std::string both = chunked + empty;
    std::vector<std::string> bodies;
    for (std::size_t at = 0; at < both.size(); at += piece) {
      r.feed(std::string_view(both).substr(at, piece));
      while (r.state() == State::complete) {
        bodies.push_back(r.take_request().body);
        r.feed({});
      }
    }
    CHECK(bodies == std::vector<std::string>{"hello, chunked!", ""});
  }
}

TEST_CASE("pipelined requests come out one after the other", "[net][http1]") {
  HttpReader r = reader();
  r.feed(post("Content-Length: 3\r\n", "one") + get("Host: h\r\n"));
  REQUIRE(r.state() == State::complete);
  CHECK(r.take_request().body == "one");
  r.feed({});
  REQUIRE(r.state() == State::complete);
  CHECK(r.take_request().method == "GET");
  CHECK_FALSE(r.has_more());
}

TEST_CASE("a client that asks before sending its body is seen once", "[net][http1]") {
  HttpReader r = reader();
  r.feed(post("Expect: 100-continue\r\nContent-Length: 2\r\n", ""));
  CHECK(r.wants_continue());
  CHECK_FALSE(r.wants_continue());
  r.feed("ok");
  CHECK(r.state() == State::complete);
}

TEST_CASE("what two parsers could read differently is refused", "[net][http1][smuggling]") {
  struct Row {
    const char* why;
    int status;
    std::string bytes;
  };
  const std::string host = "Host: h\r\n";
  const std::vector<Row> rows = {
      {"CL.TE", 400, post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\nX")},
      {"TE.CL", 400, post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\nX")},
      {"CL.CL differing", 400, post("Content-Length: 5\r\nContent-Length: 6\r\n", "hello")},
      {"CL.CL equal", 400, post("Content-Length: 5\r\nContent-Length: 5\r\n", "hello")},
      {"CL list", 400, post("Content-Length: 5, 5\r\n", "hello")},
      {"CL with sign", 400, post("Content-Length: +5\r\n", "hello")},
      {"CL negative", 400, post("Content-Length: -5\r\n", "hello")},
      {"CL hex", 400, post("Content-Length: 0x5\r\n", "hello")},
      {"CL empty", 400, post("Content-Length: \r\n", "hello")},
      {"CL past 64 bits", 400, post("Content-Length: 18446744073709551621\r\n", "hello")},
      {"CL with a space inside", 400, post("Content-Length: 1 2\r\n", "hello")},
      {"TE twice", 400, post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")},
      {"TE chunked, identity", 400, post("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n")},
      {"TE gzip, chunked", 400, post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n")},
      {"TE gzip", 400, post("Transfer-Encoding: gzip\r\n", "0\r\n\r\n")},
      {"TE identity", 400, post("Transfer-Encoding: identity\r\n", "")},
      {"TE xchunked", 400, post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n")},
      {"TE with vertical tab", 400,
       post("Transfer-Encoding: \x0b"
            "chunked\r\n",
            "0\r\n\r\n")},
      {"TE name with space before colon", 400, post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n")},
      {"TE in HTTP/1.0", 400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {"folded line", 400, get(host + "X-A: one\r\n two\r\n")},
      {"folded Transfer-Encoding", 400, post("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n")},
      {"folded first field", 400, "GET / HTTP/1.1\r\n Host: h\r\n\r\n"},
      {"bare LF after request line", 400, "GET / HTTP/1.1\nHost: h\r\n\r\n"},
      {"bare LF between fields", 400, get("Host: h\nX-A: b\r\n")},
      {"bare LF before the end", 400, "GET / HTTP/1.1\r\nHost: h\r\n\n"},
      {"bare CR in a value", 400, get(host + "X-A: a\rb\r\n")},
      {"NUL in a value", 400, get(host + std::string("X-A: a\0b\r\n", 10))},
      {"NUL in the target", 400, std::string("GET /\0 HTTP/1.1\r\nHost: h\r\n\r\n", 28)},
      {"field without colon", 400, get(host + "nonsense\r\n")},
      {"empty field name", 400, get(host + ": value\r\n")},
      {"space in a field name", 400, get(host + "X A: b\r\n")},
      {"no Host", 400, get("X-A: b\r\n")},
      {"two Hosts", 400, get("Host: a\r\nHost: b\r\n")},
      {"absolute target", 400, "GET http://other/ HTTP/1.1\r\nHost: h\r\n\r\n"},
      {"authority target", 400, "CONNECT other:443 HTTP/1.1\r\nHost: h\r\n\r\n"},
      {"asterisk for GET", 400, "GET * HTTP/1.1\r\nHost: h\r\n\r\n"},
      {"two spaces in the request line", 400, "GET  / HTTP/1.1\r\nHost: h\r\n\r\n"},
      {"HTTP/2 preface", 400, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
      {"HTTP/0.9", 400, "GET /\r\n\r\n"},
      {"HTTP/1.2", 400, "GET / HTTP/1.2\r\nHost: h\r\n\r\n"},
      {"lower-case version", 400, "GET / http/1.1\r\nHost: h\r\n\r\n"},
      {"TLS hello", 400, std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11)},
      {"chunk size not hex", 400, post("Transfer-Encoding: chunked\r\n", "G\r\nhello\r\n0\r\n\r\n")},
      {"chunk size negative", 400, post("Transfer-Encoding: chunked\r\n", "-1\r\nhello\r\n0\r\n\r\n")},
      {"chunk size with prefix", 400, post("Transfer-Encoding: chunked\r\n", "0x5\r\nhello\r\n0\r\n\r\n")},
      {"chunk size past 64 bits", 400,
       post("Transfer-Encoding: chunked\r\n", "FFFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n")},
      {"chunk too long for its size", 400, post("Transfer-Encoding: chunked\r\n", "5\r\nhello!\r\n0\r\n\r\n")},
      {"chunk line ends with LF", 400, post("Transfer-Encoding: chunked\r\n", "5\nhello\r\n0\r\n\r\n")},
      {"chunk data ends with LF", 400, post("Transfer-Encoding: chunked\r\n", "5\r\nhello\n0\r\n\r\n")},
      {"chunk extension", 400, post("Transfer-Encoding: chunked\r\n", "5;a=b\r\nhello\r\n0\r\n\r\n")},
      {"chunk extension on the last", 400, post("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0;a\r\n\r\n")},
      {"space after chunk size", 400, post("Transfer-Encoding: chunked\r\n", "5 \r\nhello\r\n0\r\n\r\n")},
      {"trailer", 400, post("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\nHost: other\r\n\r\n")},
      {"endless chunk line", 400, post("Transfer-Encoding: chunked\r\n", std::string(2000, '0'))},
      {"chunks past the limit", 413,
       post("Transfer-Encoding: chunked\r\n", "30\r\n" + std::string(48, 'a') + "\r\n30\r\n")},
      {"huge chunk", 413, post("Transfer-Encoding: chunked\r\n", "FFFFFFFFFFFFFFFF\r\n")},
      {"length past the limit", 413, post("Content-Length: 65\r\n", "")},
      {"long target", 414, "GET /" + std::string(9000, 'a')},
      {"header past the limit", 431, get(host + "X-A: " + std::string(5000, 'a') + "\r\n")},
      {"many small fields", 431,
       [&] {
         std::string fields = host;
         for (int i = 0; i < 120; ++i) fields += "a: b\r\n";
         return get(fields);
       }()},
  };
  for (const Row& row : rows) {
    INFO(row.why);
    CHECK(verdict(row.bytes) == row.status);
    if (row.status == 400) CHECK(verdict(row.bytes, 1) == row.status);  // also byte by byte
  }
  CHECK(rows.size() >= 60);
}

TEST_CASE("what is unusual but unambiguous is accepted", "[net][http1]") {
  CHECK(verdict("\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n") == 0);
  CHECK(verdict("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n") == 0);
  CHECK(verdict("GET /?identifier=a|b&name=\xe5\xbc\xa0 HTTP/1.1\r\nHost: h\r\n\r\n") == 0);
  CHECK(verdict("GET / HTTP/1.0\r\n\r\n") == 0);
  CHECK(verdict(post("transfer-encoding: Chunked\r\n", "0\r\n\r\n")) == 0);
  CHECK(verdict(post("Content-Length: 0005\r\n", "hello")) == 0);
  CHECK(verdict(post("Content-Length: 64\r\n", std::string(64, 'x'))) == 0);
}

TEST_CASE("an unfinished request stays unfinished", "[net][http1]") {
  CHECK(verdict("") == -1);
  CHECK(verdict("\r") == -1);
  CHECK(verdict("GET / HTTP/1.1\r\nHost: h\r\n\r") == -1);
  CHECK(verdict(post("Content-Length: 5\r\n", "hell")) == -1);
  HttpReader r = reader();
  r.feed(post("Content-Length: 5\r\n", "hell"));
  r.end();
  CHECK(r.state() == State::failed);
  CHECK(r.malformed().why.code == "http.cut");
}

TEST_CASE("HTTP/1.0 and Connection: close end the connection", "[net][http1]") {
  for (const char* bytes :
       {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"}) {
    HttpReader r = reader();
    r.feed(bytes);
    REQUIRE(r.state() == State::complete);
    CHECK_FALSE(r.keep_alive());
  }
}

TEST_CASE("responses are read by length, by chunks, to the end, and without a body", "[net][http1]") {
  HttpReader by_length = reader(Kind::responses);
  by_length.feed("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nETag: W/\"1\"\r\n\r\nok");
  REQUIRE(by_length.state() == State::complete);
  const HttpResponse response = by_length.take_response();
  CHECK(response.status == 200);
  CHECK(header(response.headers, "etag") == "W/\"1\"");
  CHECK(response.body == "ok");

  HttpReader to_end = reader(Kind::responses);
  to_end.feed("HTTP/1.1 200 OK\r\n\r\nall of it");
  CHECK(to_end.state() == State::body);
  to_end.end();
  REQUIRE(to_end.state() == State::complete);
  CHECK_FALSE(to_end.keep_alive());
  CHECK(to_end.take_response().body == "all of it");

  HttpReader head = reader(Kind::responses);
  head.expect_no_body();
  head.feed("HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n");
  CHECK(head.state() == State::complete);

  HttpReader never_ending = reader(Kind::responses);
  never_ending.feed("HTTP/1.1 200 OK\r\n\r\n" + std::string(100, 'x'));
  CHECK(never_ending.state() == State::failed);

  HttpReader garbage = reader(Kind::responses);
  garbage.feed("<html>busy</html>\r\n\r\n");
  CHECK(garbage.state() == State::failed);
}

TEST_CASE("a rendered response can be read back, and its values cannot break out of their line", "[net][http1]") {
  HttpResponse response{201, {{"location", "/fhir/Task/1\r\nSet-Cookie: a=b"}, {"content-length", "999"}}, "body"};
  const std::string bytes = render(response, false);
  HttpReader r = reader(Kind::responses);
  r.feed(bytes);
  REQUIRE(r.state() == State::complete);
  CHECK_FALSE(r.keep_alive());
  const HttpResponse back = r.take_response();
  CHECK(back.status == 201);
  CHECK(header(back.headers, "location") == "/fhir/Task/1  Set-Cookie: a=b");
  CHECK(header(back.headers, "set-cookie").empty());
  CHECK(back.body == "body");
  CHECK(render(response, true, true).ends_with("content-length: 4\r\n\r\n"));
  CHECK(render({204, {}, ""}, true).find("content-length") == std::string::npos);
}

TEST_CASE("a request that cannot be sent safely is not sent", "[net][http1]") {
  HttpRequest request{"POST", "/fhir", {{"accept", "application/fhir+json"}}, "x", {}, ""};
  const auto bytes = render(request, {"::1", 8443});
  REQUIRE(bytes);
  CHECK(*bytes ==
        "POST /fhir HTTP/1.1\r\nhost: [::1]:8443\r\naccept: application/fhir+json\r\ncontent-length: 1\r\n\r\nx");
  request.target = "/a b";
  CHECK_FALSE(render(request, {"h", 1}));
  request.target = "/a\r\nX: y";
  CHECK_FALSE(render(request, {"h", 1}));
  request.target = "/";
  request.method = "GET /";
  CHECK_FALSE(render(request, {"h", 1}));
}

TEST_CASE("a refusal is an OperationOutcome", "[net][http1]") {
  const HttpResponse response = outcome(413, {fhir::Fault::too_large, "http.body-too-large", "", "too much"});
  CHECK(response.status == 413);
  CHECK(
      response.body ==
      R"({"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"too-long","details":{"coding":[{"system":"https://causeway.example/CodeSystem/issue","code":"http.body-too-large"}],"text":"too much"}}]})");
}
