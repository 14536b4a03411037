#include "adapters/hl7v2/ack.h"

#include <algorithm>
#include <array>
#include <utility>

namespace adapters::hl7v2 {

namespace {

using fhir::Fault;

// HL7 table 0357, message error condition codes.
constexpr std::array<std::pair<std::string_view, std::string_view>, 14> kConditions{{
    {"0", "Message accepted"},
    {"100", "Segment sequence error"},
    {"101", "Required field missing"},
    {"102", "Data type error"},
    {"103", "Table value not found"},
    {"104", "Value too long"},
    {"200", "Unsupported message type"},
    {"201", "Unsupported event code"},
    {"202", "Unsupported processing id"},
    {"203", "Unsupported version id"},
    {"204", "Unknown key identifier"},
    {"205", "Duplicate key identifier"},
    {"206", "Application record locked"},
    {"207", "Application error"},
}};

std::string_view condition(std::string_view code) {
  const auto* known = std::ranges::find(kConditions, code, &std::pair<std::string_view, std::string_view>::first);
  return known == kConditions.end() ? std::string_view{} : known->second;
}

/// A header field as it can be echoed: no byte that is no text, and no more than the standard's longest field.
std::string echo(std::string_view raw) {
  std::string text(raw.substr(0, 1000));
  const bool utf8 = is_valid_utf8(text);
  for (char& c : text) {
    if ((c >= '\0' && c < ' ') || c == '\x7F' || (c < '\0' && !utf8)) c = '?';
  }
  return text;
}

std::string_view first_line(std::string_view message) {
  if (message.starts_with("\xEF\xBB\xBF")) message.remove_prefix(3);
  message.remove_prefix(std::min(message.find_first_not_of("\r\n"), message.size()));
  return message.substr(0, message.find_first_of("\r\n"));
}

/// The minor version times 10 plus its patch: 2.3.1 is 31. What cannot be read counts as 2.5.
int version_number(std::string_view version) {
  if (version.size() < 3 || !version.starts_with("2.") || version[2] < '0' || version[2] > '9') return 50;
  const int patch =
      version.size() >= 5 && version[3] == '.' && version[4] >= '0' && version[4] <= '9' ? version[4] - '0' : 0;
  return (version[2] - '0') * 10 + patch;
}

std::string message_type(const Header& header, int version) {
  const char by = header.separators.component;
  std::string type = "ACK";
  if (!header.event.empty()) type += by + header.event;
  if (!header.event.empty() && version >= 31) type += by + std::string("ACK");
  return type;
}

void add_msh(Builder& ack, const Header& header, const Stamp& stamp, int version) {
  const std::size_t msh = ack.add("MSH");
  ack.set_raw(msh, {3}, header.receiving_application);
  ack.set_raw(msh, {4}, header.receiving_facility);
  ack.set_raw(msh, {5}, header.sending_application);
  ack.set_raw(msh, {6}, header.sending_facility);
  ack.set(msh, {7}, stamp.time);
  ack.set_raw(msh, {9}, message_type(header, version));
  ack.set(msh, {10}, stamp.control_id);
  ack.set_raw(msh, {11}, header.processing_id.empty() ? "P" : header.processing_id);
  ack.set_raw(msh, {12}, header.version.empty() ? "2.5.1" : header.version);
  ack.set_raw(msh, {18}, header.charset);
}

const std::string& code_of(const Problem& problem) {
  static const std::string kOurs = "207";
  return problem.code.empty() ? kOurs : problem.code;
}

Path location_of(const Problem& problem) {
  auto path = Path::parse(problem.location);
  return path ? *path : Path{};
}

void set_number(Builder& ack, std::size_t segment, const Position& at, std::uint32_t number) {
  if (number > 0) ack.set(segment, at, std::to_string(number));
}

/// ERR-1 of versions before 2.5: segment ^ sequence ^ field ^ code & text & table, repeated.
void add_old_errors(Builder& ack, const std::vector<Problem>& problems) {
  if (problems.empty()) return;
  const std::size_t err = ack.add("ERR");
  std::uint32_t n = 0;
  for (const Problem& problem : problems) {
    const Path at = location_of(problem);
    ++n;
    ack.set(err, {1, n, 1}, at.segment);
    if (!at.segment.empty()) set_number(ack, err, {1, n, 2}, std::max(at.occurrence, 1u));
    set_number(ack, err, {1, n, 3}, at.at.field);
    ack.set(err, {1, n, 4, 1}, code_of(problem));
    ack.set(err, {1, n, 4, 2}, problem.text.empty() ? condition(code_of(problem)) : problem.text);
    ack.set(err, {1, n, 4, 3}, "HL70357");
  }
}

void add_error(Builder& ack, const Problem& problem) {
  const std::size_t err = ack.add("ERR");
  const Path at = location_of(problem);
  if (!at.segment.empty()) {
    ack.set(err, {2, 1, 1}, at.segment);
    set_number(ack, err, {2, 1, 2}, std::max(at.occurrence, 1u));
    set_number(ack, err, {2, 1, 3}, at.at.field);
    set_number(ack, err, {2, 1, 4}, at.at.field == 0 ? 0 : std::max(at.at.repetition, 1u));
    set_number(ack, err, {2, 1, 5}, at.at.component);
    set_number(ack, err, {2, 1, 6}, at.at.subcomponent);
  }
  ack.set(err, {3, 1, 1}, code_of(problem));
  ack.set(err, {3, 1, 2}, condition(code_of(problem)));
  ack.set(err, {3, 1, 3}, "HL70357");
  ack.set(err, {4}, std::string_view(&problem.severity, 1));
  ack.set(err, {8}, problem.text);
}

bool wants(std::string_view condition, bool success) {
  return condition == "AL" || condition == (success ? "SU" : "ER");
}

std::string code_for(char level, Verdict verdict) {
  constexpr std::string_view kLetters = "AER";
  return {level, kLetters[std::to_underlying(verdict)]};
}

/// Which of the two enhanced acknowledgements go out: 'C' and 'A', in order.
std::string levels(const Header& header, Verdict verdict) {
  const bool silent = header.accept_ack.empty() && header.application_ack.empty();
  const bool success = verdict == Verdict::accepted;
  std::string levels;
  if (wants(silent ? "AL" : header.accept_ack, success)) levels += 'C';
  if (wants(silent ? "NE" : header.application_ack, success) && (success || levels.empty())) levels += 'A';
  return levels;
}

std::string text_of_errors(const std::vector<Problem>& problems) { return problems.empty() ? "" : problems[0].text; }

/// ERR-2 (ERL) or a repetition of ERR-1 (ELD): both begin with segment, sequence, field.
std::string read_location(const Message& ack, std::size_t err, const Position& at, bool new_form) {
  const auto text = [&](std::uint32_t n) { return ack.text(err, {at.field, at.repetition, n}); };
  std::string path = text(1);
  if (path.empty()) return path;
  if (!text(2).empty()) path += "[" + text(2) + "]";
  if (text(3).empty()) return path;
  path += "-" + text(3);
  if (!new_form || text(4).empty()) return path;
  path += "[" + text(4) + "]";
  for (std::uint32_t n : {5u, 6u}) {
    if (text(n).empty()) return path;
    path += "." + text(n);
  }
  return path;
}

Problem read_new_error(const Message& ack, std::size_t err) {
  Problem problem;
  problem.location = read_location(ack, err, {2, 1}, true);
  problem.code = ack.text(err, {3, 1, 1});
  const std::string severity = ack.text(err, {4});
  if (!severity.empty()) problem.severity = severity[0];
  problem.text = ack.text(err, {8});
  if (problem.text.empty()) problem.text = ack.text(err, {7});
  if (problem.text.empty()) problem.text = ack.text(err, {3, 1, 2});
  return problem;
}

void read_errors(const Message& ack, std::vector<Problem>& problems) {
  for (std::size_t i = 0; i < ack.size(); ++i) {
    const Segment segment = ack.segment(i);
    if (segment.name() != "ERR") continue;
    if (!segment.field(2).empty() || !segment.field(3).empty()) {
      problems.push_back(read_new_error(ack, i));
      continue;
    }
    const auto count = segment.field(1).empty() ? 0 : parts(segment.field(1), ack.separators().repetition);
    for (std::uint32_t n = 1; n <= count; ++n) {
      problems.push_back(
          {read_location(ack, i, {1, n}, false), ack.text(i, {1, n, 4, 1}), 'E', ack.text(i, {1, n, 4, 2})});
    }
  }
}

}  // namespace

Header read_header(std::string_view message) {
  Header header;
  const std::string_view line = first_line(message);
  if (!line.starts_with("MSH")) return header;
  auto separators = read_separators(line);
  if (!separators) separators = read_separators(std::string(line.substr(0, 4)) + "^~\\&");  // MSH-2 alone is broken
  if (separators) header.separators = *separators;
  const auto field = [&](std::size_t n) { return part(line, header.separators.field, n); };
  const auto component = [&](std::size_t n, std::uint32_t c) {
    return echo(inside(field(n), {0, 1, c}, header.separators));
  };
  header.sending_application = echo(field(3));
  header.sending_facility = echo(field(4));
  header.receiving_application = echo(field(5));
  header.receiving_facility = echo(field(6));
  header.type = component(9, 1);
  header.event = component(9, 2);
  header.control_id = echo(field(10));
  header.processing_id = echo(field(11));
  header.version = component(12, 1);
  header.accept_ack = component(15, 1);
  header.application_ack = component(16, 1);
  header.charset = echo(field(18));
  return header;
}

Header read_header(std::string_view message, Charset charset) {
  const std::string_view line = first_line(message);
  const auto text = decode(line, charset);
  return read_header(text ? std::string_view(*text) : line);
}

Problem to_problem(const fhir::Error& error) {
  const auto code = [&]() -> std::string {
    if (error.where == "MSH-11") return "202";  // table 0357: unsupported processing id
    switch (error.fault) {
      case Fault::invalid: return "102";
      case Fault::too_large: return "104";
      case Fault::unsupported: return "200";
      case Fault::not_found: return "204";
      case Fault::conflict: return "205";
      default: return "207";
    }
  };
  Problem problem{"", code(), 'E', error.say};
  if (Path::parse(error.where)) {
    problem.location = error.where;
  } else if (!error.where.empty()) {
    problem.text = error.where + ": " + error.say;
  }
  return problem;
}

std::string write_ack(const Header& header, std::string_view code, const std::vector<Problem>& problems,
                      const Stamp& stamp) {
  const int version = version_number(header.version);
  Builder ack(header.separators);
  add_msh(ack, header, stamp, version);
  const std::size_t msa = ack.add("MSA");
  ack.set(msa, {1}, code);
  ack.set_raw(msa, {2}, header.control_id);
  if (version < 70) ack.set(msa, {3}, text_of_errors(problems));
  if (version < 50) {
    add_old_errors(ack, problems);
  } else {
    for (const Problem& problem : problems) add_error(ack, problem);
  }
  return ack.encode();
}

std::vector<std::string> acknowledge(const Header& header, AckMode mode, Verdict verdict,
                                     const std::vector<Problem>& problems, const std::vector<Stamp>& stamps) {
  const bool asked = !header.accept_ack.empty() || !header.application_ack.empty();
  const bool enhanced = mode == AckMode::automatic ? asked : mode != AckMode::original;
  std::vector<std::string> acks;
  for (char level : enhanced ? levels(header, verdict) : std::string("A")) {
    if (mode == AckMode::commit && level == 'A' && verdict == Verdict::accepted) continue;
    const Stamp stamp = acks.size() < stamps.size() ? stamps[acks.size()] : Stamp{};
    acks.push_back(write_ack(header, code_for(level, verdict), problems, stamp));
  }
  return acks;
}

Result<Acknowledgement> read_acknowledgement(const Message& message, const AckReading& reading) {
  const auto msa = message.find("MSA");
  if (!msa) return fhir::fail(Fault::invalid, "hl7v2.ack", "MSA", "the answer is no acknowledgement: it has no MSA");
  Acknowledgement ack;
  ack.code = message.text(*msa, {1});
  ack.control_id = message.text(*msa, {2});
  const bool known = ack.code.size() == 2 && (ack.code[0] == 'A' || ack.code[0] == 'C') &&
                     std::string_view("AER").contains(ack.code[1]);
  if (!known) return fhir::fail(Fault::invalid, "hl7v2.ack", "MSA[1]-1", "no acknowledgement code of HL7 table 0008");
  ack.application = ack.code[0] == 'A';
  ack.verdict = ack.code[1] == 'A' ? Verdict::accepted : ack.code[1] == 'E' ? reading.on_error : reading.on_reject;
  read_errors(message, ack.problems);
  ack.text = message.text(*msa, {3});
  if (ack.text.empty()) ack.text = text_of_errors(ack.problems);
  return ack;
}

}  // namespace adapters::hl7v2
