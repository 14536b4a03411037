#include "adapters/hl7v2/source.h"

#include <catch2/catch.hpp>

using namespace adapters;
using namespace adapters::hl7v2;

namespace {

const std::string kOru =
    "MSH|^~\\&|LIS|LAB|GW|HOSP|20260310||ORU^R01|77|P|2.5.1\r"
    "PID|1||7^^^LAB^MR~8^^^MPS&1.2&ISO^NI||ZHAO^SHEN\r"
    "ZPI|patient\r"
    "NTE|1||about the patient\r"
    "PV1|1|O\r"
    "ORC|RE|P1\r"
    "OBR|1|P1|F1|A\r"
    "NTE|1||about the order\r"
    "OBX|1|NM|CEA||38.62||||||F\r"
    "NTE|1||about CEA\r"
    "NTE|2||more about CEA\r"
    "OBX|2|ST|AFP||a&b^c~d||||||F\r"
    "SPM|1|S1\r"
    "OBX|9|ST|HAEM||++\r"
    "OBR|2|P2|F2|B\r"
    "OBX|1|TX|GDT||Smith & Sons\r"
    "ZRX|result|\"\"\r";

struct Fixture {
  std::vector<std::string> kinds{"ORU^R01"};
  std::unique_ptr<Dialect> dialect = make_dialect(kinds);
  std::unique_ptr<Source> source;

  explicit Fixture(const std::string& text = kOru) {
    auto message = Message::parse(text);
    REQUIRE(message);
    source = make_source(std::move(*message));
  }

  std::vector<Spot> spots(std::string_view path, Spot from) const {
    auto bound = dialect->bind(path, nullptr);
    INFO(path << (bound ? "" : fhir::to_string(bound.error())));
    REQUIRE(bound);
    return source->find(**bound, from);
  }
  std::vector<Spot> spots(std::string_view path) const { return spots(path, source->root()); }

  std::vector<std::string> texts(std::string_view path, Spot from) const {
    std::vector<std::string> texts;
    for (Spot spot : spots(path, from)) texts.push_back(source->text(spot));
    return texts;
  }
  std::vector<std::string> texts(std::string_view path) const { return texts(path, source->root()); }

  std::vector<std::string> places(const std::vector<Spot>& of) const {
    std::vector<std::string> places;
    for (Spot spot : of) places.push_back(source->place(spot));
    return places;
  }

  std::string fault(std::string_view path) const {
    auto bound = dialect->bind(path, nullptr);
    REQUIRE_FALSE(bound);
    return bound.error().say;
  }
};

using Strings = std::vector<std::string>;

}  // namespace

TEST_CASE("paths lead to fields, repetitions, components and subcomponents", "[hl7v2][source]") {
  const Fixture f;
  CHECK(f.texts("PID-5.1") == Strings{"ZHAO"});
  CHECK(f.texts("PID-3") == Strings{"7", "8"});  // a field alone: each repetition
  CHECK(f.texts("PID-3.1") == Strings{"7"});     // with a component: of the first
  CHECK(f.texts("PID-3[*].1") == Strings{"7", "8"});
  CHECK(f.texts("PID-3[2].4.2") == Strings{"1.2"});
  CHECK(f.texts("PID-3[3]").empty());
  CHECK(f.texts("PID-5.9").empty());
  CHECK(f.texts("PID-9").empty());
  CHECK(f.texts("MSH-9.2") == Strings{"R01"});
  CHECK(f.texts("MSH-2") == Strings{"^~\\&"});
  CHECK(f.texts("OBX-3") == Strings{"CEA", "AFP", "HAEM", "GDT"});
  CHECK(f.texts("OBX[*]-3") == f.texts("OBX-3"));
  CHECK(f.texts("OBX[2]-3") == Strings{"AFP"});
  CHECK(f.texts("OBX[9]-3").empty());
  CHECK(f.texts("Z*-1") == Strings{"patient", "result"});
  CHECK(f.spots("Z*").size() == 2);
  CHECK(f.spots("NTE").size() == 4);
}

TEST_CASE("an each over a group sees its own segments and those around it", "[hl7v2][source]") {
  const Fixture f;
  const auto orders = f.spots("PATIENT_RESULT.ORDER_OBSERVATION");
  REQUIRE(orders.size() == 2);
  CHECK(f.texts("OBR-3", orders[1]) == Strings{"F2"});
  CHECK(f.texts("PID-5.1", orders[1]) == Strings{"ZHAO"});
  CHECK(f.texts("ORC-2", orders[0]) == Strings{"P1"});
  CHECK(f.texts("ORC-2", orders[1]).empty());  // the second order has none: the first one's is not borrowed
  CHECK(f.texts("NTE-3", orders[0]) == Strings{"about the order"});
  CHECK(f.texts("OBSERVATION.NTE-3", orders[0]) == Strings{"about CEA", "more about CEA"});
  CHECK(f.texts("OBX-3", orders[0]) == Strings{"CEA", "AFP", "HAEM"});
  CHECK(f.texts("OBSERVATION.OBX-3", orders[0]) == Strings{"CEA", "AFP"});
  CHECK(f.texts("SPECIMEN.OBX-3", orders[0]) == Strings{"HAEM"});
  CHECK(f.texts("ORDER_OBSERVATION.OBR-3", orders[1]) == Strings{"F2"});

  const auto results = f.spots("PATIENT_RESULT.ORDER_OBSERVATION.OBSERVATION");
  REQUIRE(results.size() == 3);
  CHECK(f.spots("OBSERVATION") == results);
  CHECK(f.spots("OBSERVATION", orders[0]).size() == 2);
  CHECK(f.texts("OBX-3", results[1]) == Strings{"AFP"});
  CHECK(f.texts("OBR-3", results[2]) == Strings{"F2"});
  CHECK(f.texts("PV1-2", results[2]) == Strings{"O"});
  CHECK(f.texts("MSH-10", results[2]) == Strings{"77"});
  CHECK(f.texts("NTE-3", results[0]) == Strings{"about CEA", "more about CEA"});
  CHECK(f.texts("NTE-3", results[1]).empty());  // never borrowed from the order
  CHECK(f.texts("SPM-2", results[0]) == Strings{"S1"});
  CHECK(f.texts("SPM-2", results[2]).empty());
  CHECK(f.texts("PATIENT.NTE-3", results[2]) == Strings{"about the patient"});
  CHECK(f.texts("ZPI-1", results[2]) == Strings{"patient"});
  CHECK(f.texts("ZRX-1", results[2]) == Strings{"result"});
  CHECK(f.texts("ZRX-1", results[0]).empty());
  CHECK(f.places({orders[1], results[1]}) == Strings{"OBR[2]", "OBX[2]"});
}

TEST_CASE("an each over segments or repetitions stays with that one", "[hl7v2][source]") {
  const Fixture f;
  const auto observations = f.spots("OBX");
  REQUIRE(observations.size() == 4);
  CHECK(f.texts("OBX-3", observations[1]) == Strings{"AFP"});
  CHECK(f.texts("OBR-3", observations[3]) == Strings{"F2"});
  const auto notes = f.spots("NTE");
  CHECK(f.texts("NTE-3", notes[3]) == Strings{"more about CEA"});

  const auto ids = f.spots("PID-3");
  REQUIRE(ids.size() == 2);
  CHECK(f.texts(".1", ids[1]) == Strings{"8"});
  CHECK(f.texts(".4.3", ids[1]) == Strings{"ISO"});
  CHECK(f.texts(".4", ids[1]) == Strings{"MPS"});
  CHECK(f.texts(".2", f.spots(".4", ids[1])[0]) == Strings{"1.2"});
  CHECK(f.texts(".9", ids[1]).empty());
  CHECK(f.spots(".", ids[1]) == std::vector<Spot>{ids[1]});
  CHECK(f.texts("PID-5.1", ids[1]) == Strings{"ZHAO"});
  CHECK(f.texts(".1", observations[0]).empty());
  CHECK(f.texts(".1").empty());
}

TEST_CASE("text reads the first leaf, whole reads everything as written", "[hl7v2][source]") {
  const Fixture f;
  const Spot sons = f.spots("OBX[4]-5")[0];
  CHECK(f.source->text(sons) == "Smith ");
  CHECK(f.source->whole(sons) == "Smith & Sons");
  CHECK(f.source->leaves(sons).size() == 2);
  CHECK(f.source->whole(f.spots("OBX[2]-5")[0]) == "a&b^c");
  const Spot null = f.spots("ZRX-2")[0];
  CHECK(f.source->text(null).empty());
  CHECK(f.source->whole(null).empty());
  CHECK(f.source->leaves(null).size() == 1);
  CHECK(f.source->text(f.source->root()).empty());
  CHECK(f.source->whole(f.spots("PV1")[0]) == "PV1|1|O");
  CHECK(f.source->whole(f.spots("SPECIMEN")[0]) == "SPM|1|S1\nOBX|9|ST|HAEM||++");
}

TEST_CASE("leaves are the same spots by whichever path, and are told as people write them", "[hl7v2][source]") {
  const Fixture f;
  const auto leaf = [&](std::string_view path) -> std::vector<Spot> { return f.source->leaves(f.spots(path)[0]); };
  CHECK(leaf("OBX[1]-5") == leaf("OBX[1]-5.1"));
  CHECK(leaf("PID-5.2") == leaf("PID-5[1].2.1"));
  CHECK(f.places(leaf("OBX[1]-5")) == Strings{"OBX[1]-5"});
  CHECK(f.places(leaf("PID-5")) == Strings{"PID[1]-5.1", "PID[1]-5.2"});
  CHECK(f.places(leaf("PID-3[2]")) ==
        Strings{"PID[1]-3[2].1", "PID[1]-3[2].4.1", "PID[1]-3[2].4.2", "PID[1]-3[2].4.3", "PID[1]-3[2].5"});
  CHECK(f.places(leaf("OBX[2]-5")) == Strings{"OBX[2]-5.1.1", "OBX[2]-5.1.2", "OBX[2]-5.2"});
  CHECK(f.places(leaf("NTE[3]")) == Strings{"NTE[3]-1", "NTE[3]-3"});
  CHECK(f.places(f.spots("MSH-2")) == Strings{"MSH[1]-2"});
  CHECK(f.source->leaves(f.spots("MSH-2")[0]).empty());
  const std::vector<Spot> all = f.source->leaves(f.source->root());
  CHECK(f.source->place(all.front()) == "MSH[1]-3");
  CHECK(f.source->place(all.back()) == "ZRX[1]-2");
  CHECK(all.size() == 68);
  std::size_t by_order = 0;
  for (Spot order : f.spots("ORDER_OBSERVATION")) by_order += f.source->leaves(order).size();
  CHECK(by_order == 42);
}

TEST_CASE("a path that cannot exist is refused when the map is loaded", "[hl7v2][source]") {
  const Fixture f;
  CHECK(f.fault("PIDD-3") == "HL7 v2 has no segment 'PIDD' (did you mean PID?)");
  CHECK(f.fault("pid-3") == "HL7 v2 has no segment 'pid' (did you mean PID?)");
  CHECK(f.fault("QQQQ-3") == "HL7 v2 has no segment 'QQQQ'");
  CHECK(f.fault("PID-77") == "PID has no field 77: the newest version has 40");
  CHECK(f.fault("ORDER_OBSERVATON") == "ORU^R01 has no group 'ORDER_OBSERVATON' (did you mean ORDER_OBSERVATION?)");
  CHECK(f.fault("ORDER.OBX-5").starts_with("ORU^R01 has no group 'ORDER'"));
  CHECK(f.fault("PATIENT.OBX-5").contains("stands elsewhere"));
  CHECK(f.fault("OBSERVATION.ORDER_OBSERVATION").contains("stands elsewhere"));
  for (const char* path : {"", "PID-", "PID-3.", "PID-3[0]", "PID[*", "PID-x", "[*]", "-3", "PID-3[*][*]", "PID[*]x-3",
                           "..1", ".x", ".1.2.3", "PID-3-4", "PID.3", "Z*x", "OBX[*]-"}) {
    INFO(path);
    CHECK_FALSE(f.dialect->bind(path, nullptr));
  }
  for (const char* path :
       {"PID-40", "ZXX-99", "Z*", "Z*-3", "DG1-3", "OBSERVATION.ZRX-1", "ORDER_OBSERVATION.DG1-3", "QPD-50"}) {
    INFO(path);
    CHECK(f.dialect->bind(path, nullptr));
  }
}

TEST_CASE("segments out of their place are still found in the group they belong to", "[hl7v2][source]") {
  const Fixture referral(
      "MSH|^~\\&|A|B|C|D|1||REF^I12|1|P|2.5.1\rPRD|RP\rPRD|RT\rPID|1||7\rOBR|1|||CT\rOBX|1|TX|G||text\r"
      "NTE|1||speaks Yi\rPV1|1|O\rRF1|P|R\rPRD|CP\rPID|2||8\r");
  CHECK(referral.texts("RF1-1") == Strings{"P"});
  CHECK(referral.texts("PRD-1") == Strings{"RP", "RT", "CP"});
  CHECK(referral.texts("PID-3") == Strings{"7", "8"});
  CHECK(referral.texts("NTE-3") == Strings{"speaks Yi"});

  const Fixture prescription(
      "MSH|^~\\&|A|B|C|D|1||RDE^O11|1|P|2.5.1\rORC|NW|1\rRXE|1|A\rRXR|PO\rDG1|1||C34\rORC|NW|2\rRXE|2|B\rRXR|IV\r"
      "PID|1||7\rRXC|B|x\r");
  Fixture rde = Fixture("MSH|^~\\&\r");
  rde.kinds = {"RDE^O11"};
  rde.dialect = make_dialect(rde.kinds);
  const auto bound = rde.dialect->bind("ORDER", nullptr);
  REQUIRE(bound);
  const auto orders = prescription.source->find(**bound, prescription.source->root());
  REQUIRE(orders.size() == 2);
  CHECK(prescription.texts("DG1-3", orders[0]) == Strings{"C34"});
  CHECK(prescription.texts("DG1-3", orders[1]).empty());
  CHECK(prescription.texts("RXR-1", orders[1]) == Strings{"IV"});
  CHECK(prescription.texts("PID-3", orders[1]) == Strings{"7"});
  CHECK(prescription.texts("RXC-2", orders[1]) == Strings{"x"});  // the late PID did not close the order
}

TEST_CASE("a timing behind its OBR begins no order, and a second visit is one of its own", "[hl7v2][source]") {
  const Fixture order(
      "MSH|^~\\&|A|B|C|D|1||OMG^O19|1|P|2.5.1\rPID|1||7\rPV1|1|I\rPV2||a\rORC|NW|1\rTQ1|1||Q1\rTQ1|2||Q2\rOBR|1\rOBX|"
      "1\r"
      "ORC|NW|2\rOBR|2\rTQ1|1||Q3\rNTE|1||fasting\rOBX|1|ST|B||y\rTQ1|2||Q4\rPV1|2|O\rPV2||b\rORC|NW|3\r");
  Fixture omg = Fixture("MSH|^~\\&\r");
  omg.kinds = {"OMG^O19"};
  omg.dialect = make_dialect(omg.kinds);
  const auto spots = [&](std::string_view path) {
    const auto bound = omg.dialect->bind(path, nullptr);
    REQUIRE(bound);
    return order.source->find(**bound, order.source->root());
  };
  const auto orders = spots("ORDER");
  REQUIRE(orders.size() == 3);
  CHECK(spots("ORDER.TIMING").size() == 4);
  CHECK(order.texts("TQ1-3", orders[0]) == Strings{"Q1", "Q2"});
  CHECK(order.texts("TQ1-3", orders[1]) == Strings{"Q3", "Q4"});
  CHECK(order.texts("NTE-3", orders[1]) == Strings{"fasting"});
  CHECK(order.texts("OBX-5", orders[1]) == Strings{"y"});
  CHECK(order.texts("TQ1-3", orders[2]).empty());
  const auto visits = spots("PATIENT.PATIENT_VISIT");
  REQUIRE(visits.size() == 2);
  CHECK(order.texts("PV2-2", visits[0]) == Strings{"a"});
  CHECK(order.texts("PV1-2", visits[1]) == Strings{"O"});
  CHECK(order.texts("PV2-2", visits[1]) == Strings{"b"});
}

TEST_CASE("two patients in one message keep their own results", "[hl7v2][source]") {
  const Fixture f(
      "MSH|^~\\&|A|B|C|D|1||ORU^R01|1|P|2.5.1\rPID|1||7\rOBR|1||F1\rOBX|1|ST|A||x\rPID|2||8\rOBR|2||F2\rOBX|1|ST|B||"
      "y\r");
  const auto results = f.spots("OBSERVATION");
  REQUIRE(results.size() == 2);
  CHECK(f.texts("PID-3", results[0]) == Strings{"7"});
  CHECK(f.texts("PID-3", results[1]) == Strings{"8"});
  CHECK(f.texts("OBR-3", results[1]) == Strings{"F2"});
}

TEST_CASE("a kind without a structure is read flat", "[hl7v2][source]") {
  const Fixture f("MSH|^~\\&|A|B|C|D|1||QBP^Q11|1|P|2.5.1\rQPD|a|b\rRCP|I\rNTE|1||n\r");
  CHECK(f.texts("QPD-2") == Strings{"b"});
  CHECK(f.texts("RCP-1", f.spots("QPD")[0]) == Strings{"I"});
  CHECK(f.texts("NTE-3") == Strings{"n"});
  CHECK(f.spots("OBSERVATION").empty());
}

TEST_CASE("a set of paths says no only where none of them leads anywhere", "[hl7v2][source]") {
  Fixture f;
  const std::vector<std::string_view> texts{
      "PID-3", "PID-3.4", "PID-3[2].1", "OBX-5", "OBX[2]-5",

      "NTE-3", "OBR-4.2", "ZZZ-1",      "Z*",    "ORDER_OBSERVATION", "OBSERVATION.OBX-3", "PV1", "DG1", "MSH-2", ".",
      ".1",    ".2",      ".4.2",       ".9"};
  std::vector<Spot> spots = f.source->leaves(f.source->root());
  for (const std::string_view path : {"PID-3", "OBX-3", "OBR-4", "ORDER_OBSERVATION", "OBSERVATION", "OBX", "PID-5"})
    for (const Spot spot : f.spots(path)) spots.push_back(spot);
  spots.push_back(f.source->root());
  std::size_t told_no = 0;
  for (const auto text : texts) {
    const auto bound = f.dialect->bind(text, nullptr);
    REQUIRE(bound);
    const BoundPath* path = bound->get();
    const auto set = f.dialect->set_of({&path, 1});
    REQUIRE(set != nullptr);
    for (const Spot spot : spots) {
      const bool leads = !f.source->find(*path, spot).empty();
      INFO(text << " from " << f.source->place(spot));
      CHECK((f.source->may_find(*set, spot) || !leads));
      if (!f.source->may_find(*set, spot)) ++told_no;
    }
  }
  CHECK(told_no > spots.size() * 6);
}
