// What the exchange core needs from the world besides Net and Store, as interfaces, so that it also runs in a seeded
// simulation: time and randomness.
#pragma once
#include <string>

#include "gateway/store/store.h"

namespace gateway::exchange {

using store::Millis;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Millis now() const = 0;  // Unix milliseconds
};

class Entropy {
 public:
  virtual ~Entropy() = default;
  virtual std::string uuid() = 0;  // version 4; safe from any thread
  virtual double unit() = 0;       // in [0, 1)
};

/// The machine's own.
Clock& system_clock();
Entropy& system_entropy();

/// Of "+08:00": 28,800,000.
Millis zone_offset(std::string_view zone);
/// The last moment, at or before `now`, at which clocks of the zone showed this time ("02:30").
Millis latest(Millis now, std::string_view zone, std::string_view time);

/// "2026-03-10T01:30:15.000Z"
std::string instant(Millis at);
/// "2026-03-10T09:30:15.000+08:00": the same, told in a zone.
std::string local_instant(Millis at, std::string_view zone);
/// "20260310093015" in the zone ("+08:00"), as HL7 v2 writes times.
std::string hl7_time(Millis at, std::string_view zone);

}  // namespace gateway::exchange
