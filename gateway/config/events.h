// The message events of this network (MessageHeader.eventCoding.code of system fhir::message::kEventSystem): the one
// list that configuration is checked against. A new kind of exchange is a new row here.
#pragma once
#include <span>
#include <string_view>

namespace gateway::config {

struct Event {
  std::string_view code;
  std::string_view doc;
  bool process = false;  // only moves a process on; false: carries part of a patient's record
};

std::span<const Event> events();
bool is_event(std::string_view code);
/// One we do not know is taken for a record: it is kept longer.
bool is_process(std::string_view code);

}  // namespace gateway::config
