// Whatever bytes come, in whatever pieces: the reader finds the same requests in them, keeps its limits, and gives a
// status and a code when it refuses. The first byte chooses the pieces and whether these are requests or responses.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/net/http1.h"

namespace {

using gateway::net::HttpReader;
using State = HttpReader::State;

constexpr std::size_t kHeader = 2048, kBody = 512;

void require(bool condition) {
  if (!condition) std::abort();
}

struct Outcome {
  std::vector<std::string> messages;
  std::string refused;
};

std::string take(HttpReader& reader, HttpReader::Kind kind) {
  if (kind == HttpReader::Kind::responses) {
    const auto response = reader.take_response();
    require(response.body.size() <= kBody && response.status >= 0 && response.status <= 999);
    return std::to_string(response.status) + response.body;
  }
  const auto request = reader.take_request();
  require(request.body.size() <= kBody && request.target.size() <= kHeader && !request.method.empty());
  std::size_t size = 0;
  for (const auto& [name, value] : request.headers) {
    require(!name.empty() && value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
    size += name.size() + value.size();
  }
  require(size <= kHeader);
  return request.method + " " + request.target + "\n" + request.body;
}

Outcome read_all(std::string_view bytes, HttpReader::Kind kind, std::size_t piece) {
  HttpReader reader(kind, kHeader, kBody);
  Outcome outcome;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    reader.feed(bytes.substr(at, piece));
    while (reader.state() == State::complete) {
      outcome.messages.push_back(take(reader, kind));
      reader.feed({});
    }
  }
  reader.end();
  if (reader.state() == State::complete) outcome.messages.push_back(take(reader, kind));
  if (reader.state() == State::failed) {
    const auto& wrong = reader.malformed();
    require(wrong.status >= 400 && wrong.status < 500 && wrong.why.code.starts_with("http.") && !wrong.why.say.empty());
    outcome.refused = wrong.why.code;
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto kind = data[0] % 2 == 0 ? HttpReader::Kind::requests : HttpReader::Kind::responses;
  const auto whole = read_all(bytes, kind, std::max<std::size_t>(bytes.size(), 1));
  const auto pieces = read_all(bytes, kind, 1u + data[0] / 2u % 16u);
  // A chunk-size line of many zeros is refused only while it is incomplete.
  if (pieces.refused == "http.chunk") return 0;
  require(whole.messages == pieces.messages && whole.refused.empty() == pieces.refused.empty());
  return 0;
}
