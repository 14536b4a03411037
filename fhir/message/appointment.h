// The life of an Appointment (R4 appointment.html#statemachine; domain.md §4.2): the site that does the work books,
// moves and closes it, the site that asked may withdraw as long as the patient has not come. One table, in
// appointment.cpp. Pure, safe from any thread.
#pragma once
#include "fhir/message/steps.h"

namespace fhir::message {

const Machine& appointment_machine();

}  // namespace fhir::message
