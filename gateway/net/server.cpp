#include "gateway/net/server.h"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <exception>

#include "adapters/hl7v2/mllp.h"
#include "gateway/net/http1.h"

namespace gateway::net {
namespace {

using adapters::hl7v2::Deframer;
using fhir::Fault;

// --- Asking a handler --------------------------------------------------------------------------------------------

/// The reply a handler gets: callable once, from any thread. Destroyed uncalled, it answers `otherwise`.
template <class Answer>
class Reply {
 public:
  using Otherwise = Answer (*)();
  Reply(std::shared_ptr<Loop> loop, std::move_only_function<void(Answer)> go_on, Otherwise otherwise)
      : loop_(std::move(loop)), go_on_(std::move(go_on)), otherwise_(otherwise) {}
  Reply(Reply&& other) noexcept = default;
  Reply& operator=(Reply&&) = delete;
  ~Reply() {
    if (go_on_) (*this)(otherwise_());
  }

  void operator()(Answer answer) {
    if (!go_on_) return;
    auto go_on = std::exchange(go_on_, nullptr);
    asio::post(loop_->executor(),
               [go_on = std::move(go_on), answer = std::move(answer)]() mutable { go_on(std::move(answer)); });
  }

 private:
  std::shared_ptr<Loop> loop_;  // outlives the coroutine in `go_on_`
  std::move_only_function<void(Answer)> go_on_;
  Otherwise otherwise_;
};

/// Suspends until `call`, which is given the Reply, has led to an answer. The coroutine must not own the loop that it
/// waits in: only the Reply does.
template <class Answer, class Call>
Task<Answer> ask(Loop& loop, Answer (*otherwise)(), Call call) {
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<Executor>, void(Answer)>(
      [&](auto go_on) { call(Reply<Answer>(loop.shared_from_this(), std::move(go_on), otherwise)); }, resume);
}

class ServerConnection : public Connection {
 public:
  explicit ServerConnection(Seat seat)
      : Connection(seat.loop(), seat.service().guard, &seat.service()),
        seat_(std::move(seat)),
        limits_(seat_.service().limits) {}

  virtual Task<void> serve() = 0;

 protected:
  /// For as long as the connection lives. Plain text has no holder: the limit of all connections is its own.
  bool take_place() {
    std::string key = certificate().key_pin;
    if (key.empty()) return true;
    if (!service().take_place(key)) return false;
    place_ = std::move(key);
    return true;
  }
  bool may_go_on() const { return !leaving_ && !seat_.service().closed && !loop_.shared().stopping; }
  void note(const Error& why) { loop_.shared().note(remote(), why); }
  Service& service() { return seat_.service(); }

  void begin() {
    busy_ = true;
    ++loop_.shared().requests;
    loop_.shared().begin_work();
  }
  void end() {
    busy_ = false;
    loop_.shared().end_work();
  }
  ~ServerConnection() override {
    if (busy_) end();
    if (!place_.empty()) service().give_back(place_);
  }

 private:
  Seat seat_;
  std::string place_;  // the key under which it is counted; empty: it is not

 protected:
  const Limits limits_;
};

// --- HTTP --------------------------------------------------------------------------------------------------------

class HttpServerConnection final : public ServerConnection {
 public:
  explicit HttpServerConnection(Seat seat)
      : ServerConnection(std::move(seat)), reader_(HttpReader::Kind::requests, limits_.header, limits_.body) {}

  Task<void> serve() override {
    give(limits_.handshake_time);
    if (!co_await secure_server()) co_return;
    if (auto admitted = admit(); !admitted) co_return co_await turn_away(admitted.error());
    if (!take_place()) co_return co_await send_off();
    while (may_go_on() && co_await read_request() && co_await answer_request()) served_ = true;
    shut();
  }

 private:
  using State = HttpReader::State;

  Task<void> send_off() {
    const Error why{Fault::unavailable, "net.connections-each", "", "this certificate has all the connections it may"};
    note(why);
    HttpResponse response = outcome(429, why);
    response.headers.emplace_back("retry-after", "5");
    co_await last_words(std::move(response));
  }

  Task<void> turn_away(Error why) {
    report_refusal(why);
    co_await last_words(outcome(403, why));
  }

  Task<void> last_words(HttpResponse response) {
    give(limits_.body_time);
    const std::string bytes = render(response, false);
    if (co_await send(bytes)) co_await farewell();
  }

  /// True when a whole request is there. Otherwise the other side was told what is wrong, if anything is.
  Task<bool> read_request() {
    served_ ? give(limits_.idle_time) : give(limits_.header_time);
    reader_.feed({});
    State before = State::idle;
    for (;;) {
      const State state = reader_.state();
      if (state == State::complete) co_return true;
      if (state == State::failed) co_return co_await reject(reader_.malformed());
      if (state != before) state == State::header ? give(limits_.header_time) : give(limits_.body_time);
      before = state;
      if (reader_.wants_continue() && !co_await send("HTTP/1.1 100 Continue\r\n\r\n")) co_return false;
      const std::string_view bytes = co_await receive();
      if (bytes.empty()) co_return co_await gave_up(state);
      reader_.feed(bytes);
    }
  }

  Task<bool> reject(Malformed wrong) {
    note(wrong.why);
    co_await last_words(outcome(wrong.status, wrong.why));
    co_return false;
  }

  Task<bool> gave_up(State state) {
    if (state == State::idle) co_return false;
    const Error why{Fault::invalid, timed_out() ? "http.timeout" : "http.cut", "",
                    timed_out() ? "the request did not arrive in time" : "the connection ended within a request"};
    note(why);
    if (timed_out()) co_await last_words(outcome(408, why));
    co_return false;
  }

  /// False when the connection is to be closed.
  Task<bool> answer_request() {
    bool keep = reader_.keep_alive();
    HttpRequest request = reader_.take_request();
    if (auto admitted = admit(); !admitted) {
      co_await turn_away(admitted.error());
      co_return false;
    }
    const bool head = request.method == "HEAD";
    request.certificate = certificate();
    request.remote = remote();
    begin();
    give_forever();  // the handler's own deadlines apply
    const HttpResponse response =
        co_await ask<HttpResponse>(loop_, unanswered, [&](auto reply) { call(std::move(request), std::move(reply)); });
    give(limits_.body_time);
    keep = keep && may_go_on();
    const std::string bytes = render(response, keep, head);
    const bool sent = co_await send(bytes);
    end();
    if (sent && !keep) co_await farewell();
    co_return sent&& keep;
  }

  void call(HttpRequest request, Reply<HttpResponse> reply) {
    try {
      service().http->handle(std::move(request), std::move(reply));
    } catch (const std::exception&) {  // what() may quote data; the Reply answers 500 by itself
      note({Fault::broken, "net.handler", "", "a handler threw an exception"});
    }
  }

  static HttpResponse unanswered() {
    return outcome(500, {Fault::broken, "net.no-answer", "", "the request was dropped without an answer"});
  }

  HttpReader reader_;
  bool served_ = false;
};

// --- MLLP --------------------------------------------------------------------------------------------------------

class MllpServerConnection final : public ServerConnection {
 public:
  explicit MllpServerConnection(Seat seat)
      : ServerConnection(std::move(seat)),
        strict_(service().manner.framing == Framing::strict),
        commits_(service().manner.release == MllpRelease::two),
        frames_(limits_.body, strict_ ? Deframer::Mode::strict : Deframer::Mode::lenient) {}

  Task<void> serve() override {
    give(limits_.handshake_time);
    if (!co_await secure_server()) co_return;
    if (!take_place()) {
      note({Fault::unavailable, "net.connections-each", "", "this certificate has all the connections it may"});
      co_return shut();
    }
    give(limits_.idle_time);
    while (may_go_on() && co_await serve_one()) {
    }
    shut();
  }

 private:
  using Replies = std::vector<std::string>;

  /// One frame in and its replies out, so they stay in order. False when the connection is to be closed.
  Task<bool> serve_one() {
    if (auto admitted = admit(); !admitted) {
      report_refusal(admitted.error());
      co_return false;
    }
    auto frame = early_ ? std::exchange(early_, std::nullopt) : co_await next_frame();
    if (!frame) co_return false;
    if (commits_ && adapters::hl7v2::is_commit(*frame)) co_return true;  // about an answer that is answered already
    MllpRequest request{*std::move(frame), certificate(), remote()};
    begin();
    give_forever();
    const auto replies = co_await ask<std::optional<Replies>>(
        loop_, unanswered, [&](auto reply) { call(std::move(request), std::move(reply)); });
    give(limits_.body_time);
    const bool sent = replies && co_await send_replies(*replies);
    end();
    give(limits_.idle_time);
    co_return sent;
  }

  Task<std::optional<std::string>> next_frame() {
    bool begun = false;
    for (;;) {
      auto frame = frames_.take();
      if (!frame) {
        co_await refuse(frame.error());
        co_return std::nullopt;
      }
      tell_oddities();
      if (*frame) co_return std::move(*frame);
      if (!begun && frames_.unfinished()) {  // one deadline a frame: bytes that trickle do not prolong it
        begun = true;
        give(limits_.body_time);
      }
      const std::string_view bytes = co_await receive();
      if (bytes.empty()) {
        if (frames_.unfinished()) co_await refuse(half_frame());
        co_return std::nullopt;
      }
      frames_.feed(bytes);
    }
  }

  /// Once a connection: a sender that frames oddly does so every time.
  void tell_oddities() {
    const Deframer::Oddities odd = frames_.take_oddities();
    if (told_ || odd == Deframer::Oddities{}) return;
    told_ = true;
    note({Fault::invalid, "mllp.odd-framing", "",
          fmt::format("survived: {} bytes between frames, {} frames begun anew, {} frames without their last CR",
                      odd.stray_bytes, odd.abandoned_frames, odd.missing_ends)});
  }

  Error half_frame() const {
    return {Fault::invalid, "mllp.half-frame", "",
            timed_out() ? "the end of the frame did not arrive in time" : "the connection ended within a frame"};
  }

  /// The handler may keep what arrived and answer; then the connection is closed.
  Task<void> refuse(Error why) {
    note(why);
    if (!may_go_on()) co_return;
    MllpRequest partial{std::string(frames_.pending()), certificate(), remote()};
    begin();
    give_forever();
    const auto replies = co_await ask<std::optional<Replies>>(loop_, unanswered, [&](auto reply) {
      service().mllp->broken(std::move(partial), std::move(why), typed(std::move(reply)));
    });
    give(limits_.body_time);
    if (replies && co_await send_frames(*replies)) co_await farewell();
    end();
  }

  /// Release 2: the other side says of each of our messages whether it has stored it. What it sends instead is its next
  /// message; strictly that is an error.
  Task<bool> send_replies(const Replies& replies) {
    for (const std::string& reply : replies) {
      const bool wants_word = commits_ && !adapters::hl7v2::is_commit(reply);
      bool again = true;
      for (int tries = 0; again && tries <= kAgain; ++tries) {
        if (!co_await send_frames({reply})) co_return false;
        again = wants_word && !early_ && co_await refused_to_store();
        if (wants_word && !again && strict_ && !stored_) co_return false;
      }
      if (again) {
        note({Fault::unavailable, "mllp.not-stored", "", "the other side could not store the acknowledgement (NAK)"});
        co_return false;
      }
    }
    co_return true;
  }

  /// True: it said NAK. False: it stored it, or does not say (`early_`: its next message).
  Task<bool> refused_to_store() {
    give(limits_.body_time);
    auto word = co_await next_frame();
    stored_ = word && *word == adapters::hl7v2::kStored;
    if (word && *word == adapters::hl7v2::kNotStored) co_return true;
    if (word && !stored_ && strict_)
      note({Fault::invalid, "mllp.no-commit", "",
            "a message came before the word that our acknowledgement is stored (06 or 15, MLLP release 2)"});
    if (word && !stored_ && !strict_) early_ = std::move(word);
    co_return false;
  }

  Task<bool> send_frames(const Replies& replies) {
    for (const std::string& reply : replies) {
      const std::string bytes = adapters::hl7v2::frame(reply);
      if (!co_await send(bytes)) co_return false;
    }
    co_return true;
  }

  static std::optional<Replies> unanswered() { return std::nullopt; }

  static std::move_only_function<void(Replies)> typed(Reply<std::optional<Replies>> reply) {
    return [reply = std::move(reply)](Replies replies) mutable { reply(std::move(replies)); };
  }

  void call(MllpRequest request, Reply<std::optional<Replies>> reply) {
    try {
      service().mllp->handle(std::move(request), typed(std::move(reply)));
    } catch (const std::exception&) {
      note({Fault::broken, "net.handler", "", "a handler threw an exception"});
    }
  }

  static constexpr int kAgain = 2;

  const bool strict_, commits_;
  Deframer frames_;
  std::optional<std::string> early_;  // release 2: came where only the word about our answer belongs
  bool stored_ = false;               // what that word was
  bool told_ = false;                 // that it frames oddly
};

}  // namespace

bool Service::take_place(const std::string& key) {
  const std::scoped_lock lock(mutex_);
  std::size_t& count = by_key_[key];
  if (count >= limits.connections_each) return false;
  ++count;
  return true;
}

void Service::give_back(const std::string& key) {
  const std::scoped_lock lock(mutex_);
  const auto found = by_key_.find(key);
  if (found != by_key_.end() && --found->second == 0) by_key_.erase(found);
}

void begin_service(int socket, std::string remote, Seat seat) {
  const auto executor = seat.loop().executor();
  std::shared_ptr<ServerConnection> connection;
  if (seat.service().http != nullptr) {
    connection = std::make_shared<HttpServerConnection>(std::move(seat));
  } else {
    connection = std::make_shared<MllpServerConnection>(std::move(seat));
  }
  connection->adopt(socket, std::move(remote));
  asio::co_spawn(executor, connection->serve(), [connection](const std::exception_ptr& failure) {
    if (failure) std::rethrow_exception(failure);  // a broken invariant ends the process
  });
}

}  // namespace gateway::net
