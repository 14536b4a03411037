// The keys of what goes on without a message: back-pressure, retention, reconciliation.
#include "gateway/config/special_kinds.h"
#include "gateway/config/tables.h"

namespace gateway::config {
namespace {

const Section<Keeping>& keeping_table() {
  static const Section<Keeping> table{"retention.keep[]",
                                      "Events that are kept for a time of their own.",
                                      {{"events", kind::events_of(&Keeping::events), kRequired, "Which."},
                                       {"for", kind::duration(&Keeping::period, "1d", "200y"), kRequired,
                                        "How long. Where several entries name an event, the longest."}}};
  return table;
}

}  // namespace

const Section<Pressure>& pressure_table() {
  static const Section<Pressure> table{
      "pressure",
      "Above the high-water mark nothing new is taken in: HTTP and FHIR senders are told 503 with Retry-After, MLLP "
      "senders wait and are then told AR or CR (come again), folders and staging databases are left alone. What is "
      "here "
      "goes on being delivered, and below the low-water mark messages are taken again.",
      {{"queue_high", kind::ranged("number", &Pressure::queue_high, parse_count, "10", "100000000"),
        otherwise("200000"), "Deliveries that wait or are in flight: stop at so many."},
       {"queue_low", kind::ranged("number", &Pressure::queue_low, parse_count, "1", "100000000"), otherwise("150000"),
        "And go on at so many."},
       {"disk_stop", kind::bytes(&Pressure::disk_stop, "1MiB", "1024GiB"), otherwise("256MiB"),
        "Less is free where the data folder is: stop."},
       {"disk_resume", kind::bytes(&Pressure::disk_resume, "1MiB", "1024GiB"), otherwise("512MiB"),
        "So much is free again: go on."},
       {"ballast", kind::bytes(&Pressure::ballast, "0", "16GiB"), otherwise("64MiB"),
        "Room set aside in the data folder, given up when the disk is full all the same, so that what is here can "
        "still "
        "be delivered and swept. A restart applies it."},
       {"patience", kind::duration(&Pressure::patience, "0s", "5m"), otherwise("10s"),
        "So long an MLLP sender is left waiting for its acknowledgement before it is told to come again; less than it "
        "waits itself."},
       {"retry_after", kind::duration(&Pressure::retry_after, "1s", "1h"), otherwise("30s"),
        "When HTTP senders are asked to come again."}}};
  return table;
}

const Section<Retention>& retention_table() {
  static const Section<Retention> table{
      "retention",
      "What is kept how long. Swept at night in small portions, each with its entry in the audit. Never swept: what is "
      "held, dead, waiting or in flight; the audit; of each message the line that it was here. Which event is a record "
      "and which only moves a process on: the list of events.",
      {{"sweep", kind::flag(&Retention::sweep), otherwise("true"), "With false everything is kept for good."},
       {"at", kind::parsed("time of day", &Retention::at, parse_time_of_day), otherwise("02:30"),
        "When the sweep begins, in the time of `zone`."},
       {"records", kind::duration(&Retention::records, "1d", "200y"), otherwise("15y"),
        "Messages that carry part of a patient's record, with their Bundle and resources."},
       {"process", kind::duration(&Retention::process, "1d", "200y"), otherwise("3y"),
        "Messages that only move a process on, and what was refused or discarded."},
       {"raw", kind::duration(&Retention::raw, "1d", "200y"), otherwise("15y"),
        "The bytes as received; the Bundle made of them stays."},
       {"sent", kind::duration(&Retention::sent, "1d", "200y"), otherwise("3y"),
        "The bytes as they were sent, and the tries; the line of each delivery stays."},
       {"duplicates", kind::duration(&Retention::duplicates, "1d", "200y"), otherwise("30d"),
        "What de-duplication remembers; longer than any sender repeats."},
       {"keep", kind::list("keep", &Retention::keep, keeping_table), kOptional,
        "Events that are kept for a time of their own."},
       {"batch", kind::ranged("number", &Retention::batch, parse_count, "1", "1000"), otherwise("50"),
        "Messages in one transaction; acknowledgements wait for one at most."},
       {"rate", kind::ranged("number", &Retention::rate, parse_count, "1", "100000"), otherwise("500"),
        "Messages a second at most."}}};
  return table;
}

const Section<Reconciliation>& reconciliation_table() {
  static const Section<Reconciliation> table{
      "reconciliation",
      "Each night what went to each peer the day before is compared with what the peer says it has of us; an alert "
      "names "
      "what is missing on either side.",
      {{"nightly", kind::flag(&Reconciliation::nightly), otherwise("true"),
        "With false only `causeway reconcile` compares."},
       {"at", kind::parsed("time of day", &Reconciliation::at, parse_time_of_day), otherwise("03:30"),
        "When, in the time of `zone`."},
       {"keep", kind::duration(&Reconciliation::keep, "1d", "200y"), otherwise("90d"), "How long reports are kept."}}};
  return table;
}

}  // namespace gateway::config
