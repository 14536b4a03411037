#include "gateway/exchange/collector.h"

#include <fmt/format.h>

#include <algorithm>

#include "gateway/observe/log.h"

namespace gateway::exchange {
namespace {

using namespace std::chrono_literals;
using fhir::Error;
using fhir::Fault;
using fhir::Result;
using std::chrono::milliseconds;

constexpr auto kLook = 2s;                           // how soon a peer that was configured anew is noticed
constexpr auto kWait = 25s;                          // how long a call waits at the peer for something to come
constexpr auto kBreath = 250ms;                      // between calls that bring nothing
constexpr milliseconds kFirst = 1s, kLongest = 60s;  // between calls that fail

bool collects(const config::Peer* peer) {
  return peer != nullptr && peer->enabled && peer->mailbox == config::Mailbox::there;
}

Error unexpected_status(int status) {
  const Fault fault = status >= 500 || status == 429 ? Fault::unavailable : Fault::forbidden;
  std::string say = status == 404 ? "the peer keeps no mailbox for us: it needs `mailbox: here` in its peers.yaml"
                                  : fmt::format("the peer answered HTTP {}", status);
  return {fault, "collect.refused", "", std::move(say)};
}

}  // namespace

/// What one call brought, until all of it is answered.
struct Collector::Batch {
  std::mutex mutex;
  std::vector<LetterAnswer> answers;
  std::size_t open = 0;
};

Collector::Collector(World world, net::Net& net, Expectation expect, Deliver deliver, Tell tell)
    : world_(std::move(world)),
      net_(net),
      expect_(std::move(expect)),
      deliver_(std::move(deliver)),
      tell_(std::move(tell)) {}

void Collector::look() {
  if (stopping_) return;
  const auto config = world_.config();
  std::vector<std::string> fresh;
  {
    const std::scoped_lock lock(mutex_);
    for (const auto& peer : config->peers)
      if (collects(&peer) && collecting_.insert(peer.name).second) fresh.push_back(peer.name);
  }
  for (const auto& peer : fresh) call(peer, {}, 0);
  net_.after(kLook, [self = shared_from_this()] { self->look(); });
}

void Collector::end(const std::string& peer) {
  const std::scoped_lock lock(mutex_);
  collecting_.erase(peer);
}

void Collector::call(const std::string& name, std::vector<LetterAnswer> answers, int failures) {
  if (stopping_) return;
  const auto config = world_.config();
  const config::Peer* peer = config->peer(name);
  if (!collects(peer)) return end(name);
  net::HttpRequest request;
  request.method = "POST";
  request.target = peer->base + "/$collect";
  request.headers = {{"content-type", "application/fhir+json"},
                     {"accept", "application/fhir+json"},
                     {"x-request-id", world_.entropy.uuid()}};
  CollectCall say{kWait, std::move(answers)};
  request.body = write_call(say);
  net_.send_http(peer->address, &config->tls, expect_(name), std::move(request), kWait + peer->timeout,
                 [self = shared_from_this(), name, failures, answers = std::move(say.answers)](auto response) mutable {
                   self->answered(name, std::move(answers), failures, std::move(response));
                 });
}

// Answers the peer may not have got are said again; it passes over those it knows.
void Collector::answered(const std::string& peer, std::vector<LetterAnswer> answers, int failures,
                         Result<net::HttpResponse> response) {
  if (!response) return again(peer, std::move(answers), failures, response.error());
  if (response->status != 200) return again(peer, std::move(answers), failures, unexpected_status(response->status));
  auto letters = read_letters(response->body);
  if (!letters) return again(peer, std::move(answers), failures, letters.error());
  tell_(peer, nullptr);
  if (!letters->empty()) return deliver(peer, *std::move(letters));
  net_.after(kBreath, [self = shared_from_this(), peer] { self->call(peer, {}, 0); });
}

void Collector::again(const std::string& peer, std::vector<LetterAnswer> answers, int failures, const Error& why) {
  observe::log(observe::Level::warning, "collect.failed", {{"peer", peer}, {"code", why.code}, {"say", why.say}});
  tell_(peer, &why);
  const auto longest = std::min<milliseconds>(kLongest, kFirst * (std::int64_t{1} << std::min(failures, 10)));
  const auto wait =
      kBreath + milliseconds(static_cast<std::int64_t>(world_.entropy.unit() * static_cast<double>(longest.count())));
  net_.after(wait, [self = shared_from_this(), peer, failures, answers = std::move(answers)]() mutable {
    self->call(peer, std::move(answers), failures + 1);
  });
}

void Collector::deliver(const std::string& name, std::vector<Letter> letters) {
  const auto config = world_.config();
  const config::Peer* peer = config->peer(name);
  if (!collects(peer)) return end(name);
  auto batch = std::make_shared<Batch>();
  batch->open = letters.size();
  for (Letter& letter : letters) {
    auto answer = [self = shared_from_this(), batch, name,
                   request = letter.request_id](net::HttpResponse response) mutable {
      {
        const std::scoped_lock lock(batch->mutex);
        batch->answers.push_back({std::move(request), std::move(response)});
        if (--batch->open != 0) return;
      }
      // off the writer thread, on which answers come
      self->net_.after(0ms, [self, batch, name] { self->call(name, std::move(batch->answers), 0); });
    };
    deliver_(*peer, std::move(letter), std::move(answer));
  }
}

}  // namespace gateway::exchange
