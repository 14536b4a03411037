#include "adapters/map/draft.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "adapters/files/csv.h"
#include "adapters/hl7v2/field_names.h"
#include "adapters/hl7v2/message.h"
#include "adapters/xml/xml_source.h"
#include "fhir/json.h"

namespace adapters::map {
namespace {

using fhir::Fault;
using fhir::JsonKind;
using fhir::JsonView;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// What a value looks like, in words that give nothing of it away.
std::string shape_of(std::string_view text) {
  if (text.empty()) return "empty in this record";
  const auto digits = static_cast<std::size_t>(std::ranges::count_if(text, is_digit));
  const bool plain = std::ranges::all_of(text, [](char c) { return is_digit(c) || c == '.' || c == '-' || c == '+'; });
  if (digits == text.size() && (text.size() == 8 || text.size() == 12 || text.size() == 14) &&
      (text.starts_with("19") || text.starts_with("20")))
    return "a date or time";
  if (digits >= 6 && (text.find('-') == 4 || text.find('/') == 4)) return "a date or time";
  if (digits == text.size() && text.size() > 10) return "a long number: an identifier?";
  if (plain && digits > 0) return "a number";
  if (text.size() <= 12 && std::ranges::all_of(text, [](char c) { return is_digit(c) || (c >= 'A' && c <= 'Z'); }))
    return "a code?";
  return "text";
}

// ---- columns and members: by what people call them

enum class Meaning : std::uint8_t { mrn, national_id, name, gender, birth, phone, address };

struct Word {
  Meaning meaning;
  std::string_view text;  // a name that holds it, in lower case, means this
  bool whole;             // or is it
};

constexpr std::array kVocabulary{
    Word{Meaning::national_id, "身份证", false},
    Word{Meaning::national_id, "sfzh", false},
    Word{Meaning::national_id, "idcard", false},
    Word{Meaning::national_id, "id_no", false},
    Word{Meaning::national_id, "idno", false},
    Word{Meaning::mrn, "病历号", false},
    Word{Meaning::mrn, "病人id", false},
    Word{Meaning::mrn, "患者id", false},
    Word{Meaning::mrn, "patientid", false},
    Word{Meaning::mrn, "patient_id", false},
    Word{Meaning::mrn, "patid", true},
    Word{Meaning::mrn, "brid", true},
    Word{Meaning::mrn, "mrn", true},
    Word{Meaning::mrn, "hkid", true},
    Word{Meaning::name, "姓名", false},
    Word{Meaning::name, "hzxm", true},
    Word{Meaning::name, "brxm", true},
    Word{Meaning::name, "xm", true},
    Word{Meaning::name, "patientname", false},
    Word{Meaning::name, "patient_name", false},
    Word{Meaning::name, "name", true},
    Word{Meaning::name, "name_local", true},
    Word{Meaning::gender, "性别", false},
    Word{Meaning::gender, "gender", false},
    Word{Meaning::gender, "sex", false},
    Word{Meaning::gender, "xbdm", true},
    Word{Meaning::gender, "brxb", true},
    Word{Meaning::gender, "xb", true},
    Word{Meaning::birth, "出生", false},
    Word{Meaning::birth, "birth", false},
    Word{Meaning::birth, "dob", true},
    Word{Meaning::birth, "csrq", false},
    Word{Meaning::birth, "csny", true},
    Word{Meaning::phone, "电话", false},
    Word{Meaning::phone, "手机", false},
    Word{Meaning::phone, "phone", false},
    Word{Meaning::phone, "mobile", false},
    Word{Meaning::phone, "lxdh", true},
    Word{Meaning::address, "地址", false},
    Word{Meaning::address, "住址", false},
    Word{Meaning::address, "address", false},
    Word{Meaning::address, "jtdz", true},
    Word{Meaning::address, "hkdz", true},
};

std::optional<Meaning> meaning_of(std::string_view name) {
  std::string small(name.substr(name.find_last_of('.') + 1));
  std::ranges::transform(small, small.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  for (const auto& word : kVocabulary)
    if (word.whole ? small == word.text : small.find(word.text) != std::string::npos) return word.meaning;
  return std::nullopt;
}

struct Field {
  std::string path, shape, called;
};

/// As a path is written: other letters than those of names go between back-ticks, and YAML wants quotes around those.
std::string step(std::string_view name) {
  const bool plain = !name.empty() && std::ranges::all_of(name, [](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c < '\0';
  });
  return plain ? std::string(name) : fmt::format("`{}`", name);
}

std::string scalar(std::string_view text) {
  return text.find('`') == std::string_view::npos ? std::string(text) : fmt::format("\"{}\"", text);
}

// ---- the parts of every draft

std::string envelope(std::string_view identity, std::string_view event, std::string_view sender) {
  return fmt::format(R"(resources:
  header:
    resource: MessageHeader
    identity: [{}]          # what makes a message that is sent again the same one
    event:
      Coding:
        system: {{const: "https://causeway.example/CodeSystem/message-event"}}
        code: {{const: {}}}           # what happened: docs/MAPS.md and docs/WORKFLOWS.md name the events
    source:
      name: {}
      endpoint: "= %site"
    sender: {{ref: hospital}}
    focus: [{{ref: patient}}]

  hospital:
    resource: Organization
    identity: ["= %organization"]
    identifier:
      - system: {{const: "https://causeway.example/sid/organization"}}
        value: "= %organization"

)",
                     identity, event, sender);
}

std::string not_mapped(const std::vector<Field>& left) {
  std::string out =
      "\n# --- not mapped yet: every other field of the record. Write a rule for it, or say under `ignored:` why "
      "not.\n";
  for (const auto& field : left)
    out += fmt::format("#   {:<34} {}{}\n", field.path, field.shape, field.called.empty() ? "" : "; " + field.called);
  if (left.empty()) out += "#   (none)\n";
  return out;
}

class Draft {
 public:
  Draft(std::string head, std::vector<Field> fields) : head_(std::move(head)), fields_(std::move(fields)) {
    for (const auto& field : fields_)
      if (const auto meaning = meaning_of(field.path)) found_.try_emplace(*meaning, field.path);
  }

  std::string text(std::string_view first) {
    const auto mrn = found_.find(Meaning::mrn);
    const std::string identity = mrn != found_.end()                     ? mrn->second
                                 : found_.contains(Meaning::national_id) ? found_[Meaning::national_id]
                                                                         : std::string(first);
    std::string out = head_ + envelope(scalar(first), "patient-visit", "{const: sample}");
    out += fmt::format("  patient:\n    resource: Patient\n    identity: [{}]      # the hospital's own number\n",
                       scalar(identity));
    used_.insert(identity);
    used_.insert(std::string(first));
    out += "    identifier:\n";
    out += fmt::format("      - system: \"= %site & '/mrn'\"\n        value: {{from: {}, required: true}}\n",
                       scalar(identity));
    if (const auto id = take(Meaning::national_id); !id.empty() && id != identity)
      out += fmt::format(
          "      - system: {{const: \"urn:oid:2.16.156.10011.1.3\"}}     # 居民身份证\n"
          "        value: {{from: {}, required: true}}\n",
          scalar(id));
    if (const auto name = take(Meaning::name); !name.empty())
      out += fmt::format("    name: [{{text: {{from: {}, required: true}}}}]\n", scalar(name));
    if (const auto gender = take(Meaning::gender); !gender.empty())
      out += fmt::format(
          "    gender:\n      switch: {}\n      \"1,M,m,男,male\": {{const: male}}\n"
          "      \"2,F,f,女,female\": {{const: female}}\n      else: {{const: unknown}}\n",
          scalar(gender));
    if (const auto birth = take(Meaning::birth); !birth.empty())
      out += fmt::format("    birthDate: {}\n", scalar(birth));
    if (const auto phone = take(Meaning::phone); !phone.empty())
      out += fmt::format("    telecom: [{{system: {{const: phone}}, value: {{from: {}, required: true}}}}]\n",
                         scalar(phone));
    if (const auto address = take(Meaning::address); !address.empty())
      out += fmt::format("    address: [{{text: {{from: {}, required: true}}}}]\n", scalar(address));
    std::vector<Field> left;
    for (const auto& field : fields_)
      if (!used_.contains(field.path)) left.push_back(field);
    return out + not_mapped(left);
  }

 private:
  std::string take(Meaning meaning) {
    const auto found = found_.find(meaning);
    if (found == found_.end()) return {};
    used_.insert(found->second);
    return found->second;
  }

  std::string head_;
  std::vector<Field> fields_;
  std::map<Meaning, std::string> found_;
  std::set<std::string> used_;
};

/// What a draft begins with, and the charset of the record.
struct Head {
  std::string_view name, charset;
};

/// `charset:` stands there when the record's is not the one that maps read without it; HL7 v2 is sent in so many that
/// it is always said.
std::string head(const Head& top, std::string_view format) {
  const bool said = format == "hl7v2" || top.charset != "UTF-8";
  return fmt::format(
      "# Drafted from one record by `causeway map new`: read every line before you trust it.\n"
      "# The language of this file: docs/MAPS.md. Then: causeway map check, and a test beside the map.\n"
      "map: {}\nsource:\n  format: {}\n{}",
      top.name, format,
      said ? fmt::format("  charset: {}          # for `causeway map run` and tests; a door has its own\n", top.charset)
           : "");
}

// ---- CSV and rows

std::vector<std::string> columns_of(JsonView row) {
  std::vector<std::string> names;
  for (auto it = row.begin(); it != row.end(); ++it)
    if (!(*it).is_array()) names.emplace_back(it.key());
  return names;
}

std::string quoted_list(const std::vector<std::string>& names) {
  std::vector<std::string> items;
  for (const auto& name : names) {
    std::string text;
    for (const char c : name) text += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
    items.push_back(step(name) == name && !name.empty() && !is_digit(name[0]) ? name : "\"" + text + "\"");
  }
  return fmt::format("[{}]", fmt::join(items, ", "));
}

void fields_of_row(JsonView row, const std::string& at, std::vector<Field>& out) {
  for (auto it = row.begin(); it != row.end(); ++it) {
    const auto path = (at.empty() ? "" : at + ".") + step(it.key());
    if ((*it).is_array())
      fields_of_row((*it).at(0), path, out);
    else
      out.push_back({path, shape_of((*it).text()), ""});
  }
}

void tables_of_row(JsonView row, const std::string& name, const std::string& path, std::string& out) {
  out += fmt::format("    {}: {}\n", path.empty() ? name : path, quoted_list(columns_of(row)));
  for (auto it = row.begin(); it != row.end(); ++it)
    if ((*it).is_array())
      tables_of_row((*it).at(0), name, (path.empty() ? "" : path + ".") + std::string(it.key()), out);
}

fhir::Result<std::string> draft_csv(std::string_view text, const Head& top) {
  const auto records = files::split_csv(text);
  if (!records) return std::unexpected(records.error());
  if (records->empty()) return fhir::fail(Fault::invalid, "map.draft", "", "the file has a header and no row");
  const auto json = files::read_csv(records->front().text);
  if (!json) return std::unexpected(json.error());
  const JsonView row = json->root()["row"];
  const auto columns = columns_of(row);
  if (columns.empty()) return fhir::fail(Fault::invalid, "map.draft", "", "the file has no columns");
  std::vector<Field> fields;
  fields_of_row(row, "", fields);
  const auto first = quoted_list({columns.front()});
  return Draft(head(top, "csv") + fmt::format("  accept: {}\n  columns: {}\n\n", first, quoted_list(columns)),
               std::move(fields))
      .text(step(columns.front()));
}

fhir::Result<std::string> draft_row(JsonView record, const Head& top) {
  const JsonView row = record["row"];
  const std::string table(record["table"].text());
  const auto columns = columns_of(row);
  if (table.empty() || columns.empty())
    return fhir::fail(Fault::invalid, "map.draft", "", "a row record has `table` and `row` (docs/MAPS.md, Rows)");
  std::vector<Field> fields;
  fields_of_row(row, "", fields);
  std::string tables = "  tables:\n";
  tables_of_row(row, table, "", tables);
  const auto key =
      record["key"].begin() != record["key"].end() ? std::string(record["key"].begin().key()) : columns.front();
  return Draft(head(top, "row") + fmt::format("  accept: {}\n{}\n", quoted_list({table}), tables), std::move(fields))
      .text(step(key));
}

// ---- JSON

void fields_of_json(JsonView value, const std::string& at, std::vector<Field>& out, std::set<std::string>& seen) {
  if (value.is_object()) {
    for (auto it = value.begin(); it != value.end(); ++it)
      fields_of_json(*it, (at.empty() ? "" : at + ".") + step(it.key()), out, seen);
  } else if (value.is_array()) {
    for (const JsonView item : value) fields_of_json(item, at, out, seen);
  } else if (!at.empty() && seen.insert(at).second) {
    out.push_back({at, shape_of(value.text()), ""});
  }
}

fhir::Result<std::string> draft_json(JsonView record, const Head& top) {
  std::vector<Field> fields;
  std::set<std::string> seen;
  fields_of_json(record, "", fields, seen);
  if (fields.empty()) return fhir::fail(Fault::invalid, "map.draft", "", "the record has no values");
  const std::string kind(record["serviceCode"].text());
  const auto accept = kind.empty() ? std::string("change.me") : kind;
  const auto first = fields.front().path;
  return Draft(head(top, "json") + fmt::format("  accept: {}     # what stands where the door's kind_path points\n\n",
                                               quoted_list({accept})),
               std::move(fields))
      .text(first);
}

// ---- XML

/// patient/id[2]/@root -> patient/id/@root, without the root's own name.
std::string path_of(std::string_view place) {
  std::string path;
  bool bracket = false;
  for (const char c : place.substr(std::min(place.find('/'), place.size() - 1) + 1)) {
    bracket = bracket || c == '[';
    if (!bracket) path += c;
    if (c == ']') bracket = false;
  }
  return path;
}

fhir::Result<std::string> draft_xml(std::string_view record, const Head& top) {
  const auto source = xml::make_source(std::string(record));
  if (!source) return std::unexpected(source.error());
  std::vector<Field> fields;
  std::set<std::string> seen;
  for (const Spot leaf : (*source)->leaves((*source)->root())) {
    const std::string path = path_of((*source)->place(leaf));
    if (!path.empty() && seen.insert(path).second) fields.push_back({path, shape_of((*source)->text(leaf)), ""});
  }
  if (fields.empty()) return fhir::fail(Fault::invalid, "map.draft", "", "the record has no values");
  const auto first = fields.front().path;
  return Draft(head(top, "xml") + "  accept: [change.me]     # what stands where the door's message_kind points\n\n",
               std::move(fields))
      .text(first);
}

// ---- HL7 v2

constexpr std::string_view kPatient = R"(  patient:
    resource: Patient
    identity: [{each: PID-3, when: .5 = MR, from: .1}, PID-3.1]      # the hospital's own number
    identifier: [{each: PID-3, use: CX}]
    name: [{each: PID-5, use: XPN}]
    gender: {from: PID-8, table: v2-0001-gender, unmapped: error}
    birthDate: PID-7
    address: [{each: PID-11, use: XAD}]
    telecom: [{each: PID-13, use: XTN}]
)";

constexpr std::string_view kResult = R"(
  report:
    resource: DiagnosticReport
    identity: [OBR-3.1, OBR-2.1]
    status: {from: OBR-25, table: v2-0123-report-status, unmapped: error}
    code: {use: CWE, from: OBR-4}
    subject: {ref: patient}
    effective: {dateTime: OBR-7}
    issued: OBR-22
    result: [{ref: result, all: true}]

  result:
    resource: Observation
    each: OBX
    identity: [{ref: report}, OBR-4.1, OBX-3.1, OBX-4]      # never OBX-1: an amended report renumbers
    status: {from: OBX-11, table: v2-0085-observation-status, unmapped: error}
    code: {use: CWE, from: OBX-3}
    subject: {ref: patient}
    value: {use: OBX_value}
    interpretation: [{each: OBX-8, use: OBX_interpretation}]
    referenceRange: [{when: OBX-7 valued, use: OBX_range}]
)";

/// Fields that the rules above read.
bool is_drafted(std::string_view segment, std::size_t field, bool results) {
  const auto among = [&](std::initializer_list<std::size_t> fields) {
    return std::ranges::find(fields, field) != fields.end();
  };
  if (segment == "MSH") return among({1, 2, 3, 7, 10});
  if (segment == "PID") return among({3, 5, 7, 8, 11, 13});
  if (segment == "OBX") return results && among({2, 3, 4, 5, 6, 7, 8, 11});
  if (segment == "OBR") return results && among({2, 3, 4, 7, 22, 25});
  return false;
}

fhir::Result<std::string> draft_v2(std::string_view text, const Head& top) {
  const auto message = hl7v2::Message::parse(std::string(text));
  if (!message) return std::unexpected(message.error());
  const bool results = message->find("OBX") && message->find("OBR");
  std::vector<Field> left;
  std::set<std::string> seen;
  for (std::size_t i = 0; i < message->size(); ++i) {
    const auto segment = message->segment(i);
    for (std::size_t n = segment.name() == "MSH" ? 3 : 1; n <= segment.fields(); ++n) {
      const auto path = fmt::format("{}-{}", segment.name(), n);
      if (segment.field(n).empty() || is_drafted(segment.name(), n, results) || !seen.insert(path).second) continue;
      left.push_back({path, shape_of(message->text(i, {static_cast<std::uint32_t>(n), 0, 0, 0})),
                      std::string(hl7v2::field_name(segment.name(), n))});
    }
  }
  const auto event = results ? "report" : "patient-visit";
  std::string out = head(top, "hl7v2") + fmt::format("  accept: [{}]\n\n", message->type());
  out += envelope("MSH-10, MSH-7", event, "MSH-3");
  out += message->find("PID")
             ? std::string(kPatient)
             : "  patient:\n    resource: Patient\n    identity: [MSH-10]\n    active: {const: true}\n";
  if (results) out += kResult;
  return out + not_mapped(left);
}

}  // namespace

Format format_of(std::string_view record) {
  const auto first = record.find_first_not_of("\xEF\xBB\xBF \t\r\n");
  const auto rest = first == std::string_view::npos ? std::string_view() : record.substr(first);
  if (rest.starts_with("MSH")) return Format::hl7v2;
  if (rest.starts_with('<')) return Format::xml;
  if (!rest.starts_with('{')) return Format::csv;
  const auto json = fhir::Json::parse(std::string(rest));
  return json && json->root()["table"].is_string() && json->root()["row"].is_object() ? Format::row : Format::json;
}

fhir::Result<std::string> draft(std::string_view record, Format format, std::string_view name, Charset charset) {
  const Head top{name, to_string(charset)};
  if (format == Format::hl7v2) return draft_v2(record, top);
  if (format == Format::csv) return draft_csv(record, top);
  if (format == Format::xml) return draft_xml(record, top);
  if (format == Format::fhir)
    return fhir::fail(Fault::unsupported, "map.draft", "", "a map is drafted from a local record, not from FHIR");
  const auto json = fhir::Json::parse(std::string(record));
  if (!json) return std::unexpected(json.error());
  return format == Format::row ? draft_row(json->root(), top) : draft_json(json->root(), top);
}

}  // namespace adapters::map
