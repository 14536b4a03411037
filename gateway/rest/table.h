// The FHIR interface as one table. What the server does and what its CapabilityStatement says both follow from these
// rows, so the statement cannot promise what does not work. A new interaction is a row, a case in Server::run and the
// function it names.
#pragma once
#include <array>
#include <cstdint>
#include <string_view>

namespace gateway::rest {

enum class Shape : std::uint8_t { named, type, instance };  // [base]/NAME, [base]/TYPE, [base]/TYPE/ID
enum class Does : std::uint8_t {
  metadata,
  read,
  search,
  put_task,
  process_message,
  collect,
  trace,
  reconcile,
  test_back
};

struct Row {
  std::string_view method;  // GET serves HEAD as well
  Shape shape;
  std::string_view name;  // the name, or the one type it is for; empty: every type of kTypes
  Does does;
  std::string_view code;  // in the CapabilityStatement: the interaction, or the operation's name; empty: not listed
  std::string_view definition;  // of an operation
  std::string_view parameter;   // the one query parameter it takes, beside _format; empty: none
};

// clang-format off
inline constexpr auto kRows = std::to_array<Row>({
    {"GET",  Shape::named,    "metadata",         Does::metadata,        "",                "", ""},
    {"POST", Shape::named,    "$process-message", Does::process_message, "process-message",
     "http://hl7.org/fhir/OperationDefinition/MessageHeader-process-message", ""},
    {"POST", Shape::named,    "$collect",         Does::collect,         "collect",
     "https://causeway.example/OperationDefinition/collect", ""},
    {"GET",  Shape::named,    "$trace",           Does::trace,           "trace",
     "https://causeway.example/OperationDefinition/trace", "id"},
    {"GET",  Shape::named,    "$reconcile",       Does::reconcile,       "reconcile",
     "https://causeway.example/OperationDefinition/reconcile", "period"},
    {"POST", Shape::named,    "$test-back",       Does::test_back,       "test-back",
     "https://causeway.example/OperationDefinition/test-back", ""},
    {"GET",  Shape::instance, "",                 Does::read,            "read",            "", ""},
    {"GET",  Shape::type,     "",                 Does::search,          "search-type",     "", "identifier"},
    {"PUT",  Shape::instance, "Task",             Does::put_task,        "update",          "", ""},
});
// clang-format on

/// The types that exchanges leave behind here.
inline constexpr auto kTypes = std::to_array<std::string_view>(
    {"Bundle", "Composition", "Condition", "Consent", "DiagnosticReport", "DocumentReference", "ImagingStudy",
     "MedicationDispense", "MedicationRequest", "Observation", "Patient", "ServiceRequest", "Specimen", "Task"});

}  // namespace gateway::rest
