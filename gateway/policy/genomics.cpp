// Mostly tables: what is looked for is data, and grows.
#include "gateway/policy/genomics.h"

#include <algorithm>
#include <array>
#include <string>

namespace gateway::policy {
namespace {

using fhir::JsonKind;
using fhir::JsonTree;

// clang-format off
constexpr auto kAlone = std::to_array<std::string_view>({
    "突变", "突變", "外显子", "外顯子", "内含子", "內含子", "胚系", "体细胞变异", "體細胞變異", "基因型", "基因组", "基因組",
    "微卫星", "微衛星", "染色体", "染色體", "核型", "拷贝数", "拷貝數", "移码", "移碼", "杂合", "雜合", "纯合", "純合",
    "等位基因", "融合基因", "基因融合", "基因重排", "基因扩增", "基因擴增", "基因缺失", "mutation", "mutated", "mutant", "germline",
    "genotype", "karyotype", "microsatellite", "heterozyg", "homozyg", "allele", "frameshift", "wild-type", "wild type",
    "msi-h", "19del", "del19", "l858r", "t790m", "c797s", "v600e", "v600k", "g12c", "g12d", "g12v", "g13d", "h1047r", "e545k"});

constexpr auto kAloneWords = std::to_array<std::string_view>({"exon", "exons", "tmb", "mss", "ngs"});

constexpr auto kWithGene = std::to_array<std::string_view>({
    "缺失", "融合", "重排", "扩增", "擴增", "插入", "剪接", "野生型", "变异", "變異", "测序", "測序", "基因", "甲基化", "多态",
    "多態", "跳跃", "跳躍", "重复", "deletion", "insertion", "duplication", "fusion", "rearrang", "amplif", "variant",
    "wildtype", "copy number", "sequenc", "pcr", "fish", "methylat", "polymorph", "skipping", "translocat", "gene "});

// Unambiguous in either case.
constexpr auto kGenes = std::to_array<std::string_view>({
    "egfr", "ros1", "kras", "nras", "hras", "braf", "ntrk", "ntrk1", "ntrk2", "ntrk3", "erbb2", "her2", "pik3ca", "tp53",
    "brca", "brca1", "brca2", "pten", "mlh1", "msh2", "msh6", "pms2", "epcam", "idh1", "idh2", "fgfr1", "fgfr2", "fgfr3",
    "fgfr4", "pdgfra", "jak2", "flt3", "npm1", "calr", "abl1", "stk11", "keap1", "cdkn2a", "palb2", "chek2", "cdh1", "nf1",
    "nf2", "ccnd1", "mdm2", "esr1", "ctnnb1", "smad4", "rnf43", "polq", "rad51", "eml4", "kif5b", "cd74", "etv6",
    "rara", "tmprss2", "ugt1a1", "dpyd", "cyp2c19", "cyp2d6", "nqo1", "arid1a", "notch1", "gnas", "gna11", "map2k1", "akt1"});

// Also words or abbreviations of other things: upper case only.
constexpr auto kUpperGenes = std::to_array<std::string_view>({
    "ALK", "MET", "RET", "KIT", "APC", "ATM", "ATR", "MYC", "MYCN", "ABL", "BCR", "VHL", "TERT", "RB1", "PML", "ERG", "AR", "POLE"});

constexpr auto kLoinc = std::to_array<std::string_view>({
    "69548-6", "69547-8", "48018-6", "48004-6", "48005-3", "81290-9", "81252-9", "53034-5", "48002-0", "51968-6", "51969-4",
    "81247-9", "53037-8", "48006-1", "48019-4", "81258-6", "82121-5", "48013-7", "62374-4", "81254-5", "92821-8", "83005-9",
    "47998-0", "48001-2", "69551-0", "47999-8", "48000-4", "55233-1", "62364-5", "94076-7", "81695-9", "85318-4"});

constexpr auto kSystems = std::to_array<std::string_view>({
    "genenames.org", "varnomen.hgvs.org", "ncbi.nlm.nih.gov/clinvar", "ncbi.nlm.nih.gov/projects/snp", "ncbi.nlm.nih.gov/snp",
    "ncbi.nlm.nih.gov/nuccore", "ncbi.nlm.nih.gov/refseq", "ncbi.nlm.nih.gov/gene", "cancer.sanger.ac.uk", "ensembl.org"});

constexpr auto kFiles = std::to_array<std::string_view>({".vcf", ".bam", ".cram", ".maf", ".fastq", ".fasta", ".bcf", ".sam"});
// clang-format on

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

template <std::size_t N>
bool contains_any(std::string_view text, const std::array<std::string_view, N>& parts) {
  return std::ranges::any_of(parts, [text](std::string_view part) { return contains(text, part); });
}

char at(std::string_view text, std::size_t i) { return i < text.size() ? text[i] : '\0'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool begins_word(std::string_view text, std::size_t i) { return i == 0 || !is_ascii_alnum(text[i - 1]); }

// EGFR19外显子 is written without a space: a digit may follow a gene's name.
bool has_symbol(std::string_view text, std::string_view symbol, bool digits_may_follow) {
  for (auto i = text.find(symbol); i != std::string_view::npos; i = text.find(symbol, i + 1)) {
    const char next = at(text, i + symbol.size());
    const bool ends = digits_may_follow ? !is_ascii_letter(next) : !is_ascii_alnum(next);
    if (begins_word(text, i) && ends) return true;
  }
  return false;
}

template <std::size_t N>
bool has_any_symbol(std::string_view text, const std::array<std::string_view, N>& symbols, bool digits_may_follow) {
  return std::ranges::any_of(symbols, [=](std::string_view s) { return has_symbol(text, s, digits_may_follow); });
}

std::size_t skip_digits(std::string_view text, std::size_t i) {
  while (is_ascii_digit(at(text, i))) ++i;
  return i;
}

// HGVS (varnomen.hgvs.org): c.2573T>G, c.2235_2249del, g.1234del, p.L858R, p.(Leu858Arg). Not "p. 12" nor "c.5".
bool is_hgvs(std::string_view text, std::size_t i) {
  const char kind = text[i];
  std::size_t next = i + 2;
  if (at(text, i + 1) != '.' || !begins_word(text, i)) return false;
  if (kind == 'p') {
    if (at(text, next) == '(') ++next;
    const std::size_t letters = next;
    while (is_ascii_letter(at(text, next)) && next - letters < 3) ++next;
    return is_upper(at(text, letters)) && is_ascii_digit(at(text, next));
  }
  if (kind != 'c' && kind != 'g' && kind != 'm' && kind != 'n') return false;
  if (at(text, next) == '*' || at(text, next) == '-') ++next;
  const std::size_t end = skip_digits(text, next);
  return end > next && end < text.size() && contains("_+-ACGTdi>", text.substr(end, 1));
}

// rs121434568, NM_005228, COSM6224, t(9;22), del(17p), L858R beside a gene
bool is_accession(std::string_view text, std::size_t i) {
  static constexpr auto kStarts = std::to_array<std::string_view>(
      {"NM_", "NC_", "NG_", "NP_", "NR_", "XM_", "ENST", "ENSG", "ENSP", "COSM", "COSV"});
  const std::string_view rest = text.substr(i);
  if (!begins_word(text, i)) return false;
  if (rest.starts_with("rs") || rest.starts_with("RS")) return skip_digits(rest, 2) >= 6;
  return std::ranges::any_of(kStarts, [rest](std::string_view start) {
    return rest.starts_with(start) && is_ascii_digit(at(rest, start.size()));
  });
}

bool is_chromosomal(std::string_view text, std::size_t i) {
  static constexpr auto kStarts = std::to_array<std::string_view>({"t(", "del(", "inv(", "dup(", "ins(", "add("});
  const std::string_view rest = text.substr(i);
  return begins_word(text, i) && std::ranges::any_of(kStarts, [rest](std::string_view start) {
           const std::size_t end = skip_digits(rest, start.size());
           return rest.starts_with(start) && end > start.size() && end <= start.size() + 2 && end < rest.size() &&
                  contains(";pq)", rest.substr(end, 1));
         });
}

// One-letter amino acid, position, amino acid: V600E, R175*
bool is_protein_change(std::string_view text, std::size_t i) {
  const std::size_t end = skip_digits(text, i + 1);
  const std::size_t digits = end - i - 1;
  const char to = at(text, end);
  return begins_word(text, i) && is_upper(text[i]) && digits >= 2 && digits <= 4 && (is_upper(to) || to == '*') &&
         !is_ascii_alnum(at(text, end + 1));
}

template <class Test>
bool anywhere(std::string_view text, Test test) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (test(text, i)) return true;
  }
  return false;
}

std::size_t count_genes(std::string_view text, std::string_view lowered) {
  const auto named = [](std::string_view where) {
    return [where](std::string_view s) { return has_symbol(where, s, true); };
  };
  return static_cast<std::size_t>(std::ranges::count_if(kGenes, named(lowered)) +
                                  std::ranges::count_if(kUpperGenes, named(text)));
}

// EML4-ALK, BCR::ABL1
bool joins_genes(std::string_view text) { return contains(text, "-") || contains(text, "::"); }

// `text` has its case, full-width forms are narrowed.
bool tells(std::string_view text) {
  const std::string lowered = lower(text);
  if (contains_any(lowered, kAlone) || has_any_symbol(lowered, kAloneWords, true)) return true;
  if (anywhere(text, is_hgvs) || anywhere(text, is_accession) || anywhere(lowered, is_chromosomal)) return true;
  const std::size_t genes = count_genes(text, lowered);
  if (genes == 0) return false;
  if (contains_any(lowered, kWithGene) || anywhere(text, is_protein_change)) return true;
  return genes >= 2 && joins_genes(text) &&
         contains_any(lowered, std::to_array<std::string_view>({"eml4-alk", "bcr-abl", "::", "kif5b-ret", "cd74-ros1",
                                                                "pml-rara", "etv6-ntrk", "tmprss2-erg"}));
}

std::size_t ender_size(std::string_view text, std::size_t i) {
  static constexpr auto kWide = std::to_array<std::string_view>({"。", "｡", "；", "！", "？"});
  if (text[i] == ';' && is_ascii_digit(at(text, i + 1))) return 0;  // t(9;22)
  if (contains(";!?\n\r", text.substr(i, 1))) return 1;
  if (text[i] == '.') return at(text, i + 1) == ' ' || i + 1 == text.size() ? 1 : 0;
  for (const std::string_view mark : kWide) {
    if (text.substr(i).starts_with(mark)) return mark.size();
  }
  return 0;
}

std::vector<Span> sentences(std::string_view text) {
  std::vector<Span> found;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t ender = ender_size(text, i);
    if (ender > 0 && i > begin) found.push_back({begin, i});
    i += std::max<std::size_t>(ender, 1);
    if (ender > 0) begin = i;
  }
  if (begin < text.size()) found.push_back({begin, text.size()});
  return found;
}

void collect(const JsonTree* value, std::string& out) {
  if (value == nullptr) return;
  if (value->kind() == JsonKind::string) out += value->text() + ' ';
  for (const auto& [name, inner] : value->children()) {
    if (name != "system" && name != "url") collect(&inner, out);
  }
}

// A headline and its value are one statement, whatever full stops are in it.
bool tells_together(const std::string& words) { return tells(look_at(words, {false, false, true}).text); }

std::string statement(const JsonTree& item) {
  std::string words;
  for (const char* part : {"code", "method", "interpretation"}) collect(item.find(part), words);
  for (const auto& [name, value] : item.children()) {
    if (name.starts_with("value")) collect(&value, words);
  }
  return words;
}

bool is_genomic_observation(const JsonTree& resource) {
  if (tells_together(statement(resource))) return true;
  const JsonTree* components = resource.find("component");
  if (components == nullptr) return false;
  std::string headline;
  collect(resource.find("code"), headline);
  return std::ranges::any_of(components->children(), [&](const JsonTree::Member& component) {
    return tells_together(headline + statement(component.second));
  });
}

bool is_genomic_document(const JsonTree& resource) {
  std::string words;
  for (const char* part : {"type", "category", "description", "content"}) collect(resource.find(part), words);
  return tells_together(words) || contains_any(lower(words), kFiles);
}

bool any_coding(const JsonTree* value, bool (*test)(const JsonTree&)) {
  if (value == nullptr) return false;
  if (!value->text_of("code").empty() && test(*value)) return true;
  return std::ranges::any_of(value->children(),
                             [test](const JsonTree::Member& m) { return any_coding(&m.second, test); });
}

bool is_genetics_section(const JsonTree& coding) { return coding.text_of("code") == "GE"; }

bool has_genomic_profile(const JsonTree& resource) {
  const JsonTree* meta = resource.find("meta");
  const JsonTree* profiles = meta == nullptr ? nullptr : meta->find("profile");
  return profiles != nullptr && std::ranges::any_of(profiles->children(), [](const JsonTree::Member& profile) {
           return contains(lower(profile.second.text()), "genomic") ||
                  contains(lower(profile.second.text()), "genetics");
         });
}

}  // namespace

bool is_genomic(std::string_view text) { return !genomic_sentences(text).empty(); }

std::vector<Span> genomic_sentences(std::string_view source) {
  const Seen seen = look_at(source, {false, false, true});
  std::vector<Span> found;
  for (const Span& sentence : sentences(seen.text)) {
    if (!tells(std::string_view(seen.text).substr(sentence.begin, sentence.end - sentence.begin))) continue;
    std::ranges::copy(seen.source(sentence.begin, sentence.end, source), std::back_inserter(found));
  }
  return found;
}

bool is_genomic_coding(const JsonTree& coding) {
  const std::string system = lower(coding.text_of("system"));
  if (contains_any(system, kSystems)) return true;
  if (contains(system, "loinc.org") && std::ranges::find(kLoinc, coding.text_of("code")) != kLoinc.end()) return true;
  return is_genomic(std::string(coding.text_of("code")) + " " + std::string(coding.text_of("display")));
}

bool is_genomic_resource(const JsonTree& resource) {
  const std::string_view type = resource.text_of("resourceType");
  if (type == "MolecularSequence" || has_genomic_profile(resource)) return true;
  if (any_coding(resource.find("category"), is_genetics_section)) return true;
  if (type == "Observation") return any_coding(&resource, is_genomic_coding) || is_genomic_observation(resource);
  if (type == "DiagnosticReport") {
    std::string headline;
    collect(resource.find("code"), headline);
    return any_coding(resource.find("code"), is_genomic_coding) || tells_together(headline);
  }
  if (type == "DocumentReference")
    return any_coding(resource.find("type"), is_genomic_coding) || is_genomic_document(resource);
  return false;
}

}  // namespace gateway::policy
