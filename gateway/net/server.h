// The serving side: one acceptor a listener, and what is spoken on its connections. Internal to gateway/net.
#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "gateway/net/loop.h"

namespace gateway::net {

/// What all connections of one listener share. Exactly one of the handlers is set. Outlives the listener as long as a
/// connection does; once `closed`, neither handler nor gatekeeper is called any more.
struct Service {
  HttpHandler* http = nullptr;
  MllpHandler* mllp = nullptr;
  Mllp manner;
  Guard guard;
  Limits limits;
  std::atomic<std::size_t> open{0};
  std::atomic<bool> closed{false};

  /// One more connection of the holder of this key; false: it has as many as it may. Each true is given back.
  bool take_place(const std::string& key);
  void give_back(const std::string& key);

 private:
  std::mutex mutex_;
  std::unordered_map<std::string, std::size_t> by_key_;
};

/// Keeps count of who is served, for the limit and for the choice of a loop.
class Seat {
 public:
  Seat(Loop& loop, std::shared_ptr<Service> service) : loop_(&loop), service_(std::move(service)) {
    ++loop_->load;
    ++service_->open;
    ++loop_->shared().open;
  }
  Seat(Seat&&) noexcept = default;
  Seat& operator=(Seat&&) = delete;
  ~Seat() {
    if (!service_) return;
    --loop_->load;
    --service_->open;
    --loop_->shared().open;
  }
  Loop& loop() const { return *loop_; }
  Service& service() const { return *service_; }

 private:
  Loop* loop_;
  std::shared_ptr<Service> service_;
};

/// Serves a connected socket until it ends; on the seat's loop.
void begin_service(int socket, std::string remote, Seat seat);

using Loops = std::vector<std::shared_ptr<Loop>>;

/// Binds and listens; errors name the address: net.address, net.listen.
Result<int> listen_tcp(const Address& at);
/// Removes a socket left behind by a dead process first; refuses when one is alive behind it.
Result<int> listen_path(const std::string& path);
std::uint16_t port_of(int listening_socket);

/// Accepts on the first loop, serves on the one with the least to do. Owns `listening_socket`; `path` is unlinked in
/// the end, when it is not empty.
std::unique_ptr<Listener> serve(Loops loops, std::shared_ptr<Service> service, int listening_socket, std::string path);

}  // namespace gateway::net
