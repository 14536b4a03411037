// What counts as human genetic information (HGR; domain.md §5).
#include "gateway/policy/genomics.h"

#include <catch2/catch.hpp>

using namespace gateway::policy;
using fhir::Json;
using fhir::JsonTree;

namespace {

JsonTree tree(std::string text) {
  auto json = Json::parse(std::move(text));
  REQUIRE(json);
  return JsonTree::from(json->root());
}

std::string redacted(std::string_view text) { return replace(text, genomic_sentences(text), "REDACTED"); }

}  // namespace

TEST_CASE("genes with a variant, and variants by themselves, are genomic", "[policy]") {
  const char* text = GENERATE(
      "EGFR 19外显子缺失", "EGFR19外显子缺失", "EGFR基因突变", "KRAS野生型", "未检出突变", "ALK融合", "EML4-ALK阳性",
      "BCR::ABL1", "HER2 扩增 (FISH)", "exon 20 insertion", "EGFR L858R", "L858R", "T790M(+)", "BRAF V600E",
      "c.2573T>G", "p.L858R", "p.(Leu858Arg)", "c.2235_2249del", "rs121434568", "NM_005228.5", "COSM6224", "t(9;22)",
      "del(17p)", "MSI-H", "TMB 12", "胚系变异", "核型46,XX", "BRCA1 deletion", "germline variant", "ＥＧＦＲ　突变",
      "TP53 R175H", "ROS1重排", "MET 14外显子跳跃", "EGFR-wild type", "19del");
  INFO(text);
  CHECK(is_genomic(text));
}

TEST_CASE("proteins, stages, drugs and plain words are not", "[policy]") {
  const char* text =
      GENERATE("肺腺癌，TTF-1(+)，PD-L1 TPS 60%", "HER2 IHC 3+", "ALK(D5F3) IHC 阳性", "ER 90% PR 80% Ki-67 30%",
               "cT2aN2M1b IVA", "是否可行奥希替尼二线治疗", "CA19-9 >1200.00 U/ml", "骨质缺失",
               "the patient met his doctor", "see p. 12", "vitamin C.", "牙列缺失", "CK7(+) CK20(-)", "PD-L1 22C3",
               "AFP 1834-1", "C34.101", "EGFR", "del pranzo", "insertion of a tube", "");
  INFO(text);
  CHECK_FALSE(is_genomic(text));
}

TEST_CASE("only the sentence that tells it is taken out", "[policy]") {
  CHECK(redacted("肺腺癌。EGFR 19外显子缺失；PD-L1 60%。") == "肺腺癌。REDACTED；PD-L1 60%。");
  CHECK(redacted("Adenocarcinoma. EGFR mutation found. Fit for surgery.") ==
        "Adenocarcinoma.REDACTED. Fit for surgery.");
}

TEST_CASE("markup does not hide a finding and stays well-formed", "[policy]") {
  CHECK(redacted("<div><p>ok</p><p>EGFR <b>19外显子</b>缺失</p></div>") ==
        "<div><p>ok</p><p>REDACTED<b>REDACTED</b>REDACTED</p></div>");
  CHECK(redacted("<tr><td>ALK</td><td>融合</td></tr>") == "<tr><td>REDACTED</td><td>REDACTED</td></tr>");
}

TEST_CASE("an Observation is genomic when its code and value together say so", "[policy]") {
  CHECK(is_genomic_resource(
      tree(R"({"resourceType":"Observation","code":{"text":"EGFR"},"valueString":"19外显子缺失"})")));
  CHECK(
      is_genomic_resource(tree(R"({"resourceType":"Observation","code":{"text":"ALK"},"valueString":"阳性。融合"})")));
  CHECK(is_genomic_resource(
      tree(R"({"resourceType":"Observation","category":[{"coding":[{"code":"GE"}]}],"code":{"text":"x"}})")));
  CHECK(is_genomic_resource(
      tree(R"({"resourceType":"Observation","code":{"coding":[{"system":"http://loinc.org","code":"48004-6"}]}})")));
  CHECK(is_genomic_resource(tree(R"({"resourceType":"Observation","code":{"text":"panel"},"component":[
      {"code":{"text":"ROS1"},"valueString":"rearranged: rearrangement"}]})")));
  CHECK(is_genomic_resource(tree(R"({"resourceType":"Observation","code":{"text":"x"},"valueCodeableConcept":{"coding":[
      {"system":"http://www.genenames.org","code":"HGNC:3236"}]}})")));
  CHECK_FALSE(is_genomic_resource(tree(R"({"resourceType":"Observation","code":{"text":"HER2"},"valueString":"3+",
      "method":{"text":"IHC"}})")));
}

TEST_CASE("reports and documents are genomic by their headline", "[policy]") {
  CHECK(is_genomic_resource(tree(R"({"resourceType":"MolecularSequence"})")));
  CHECK(is_genomic_resource(tree(R"({"resourceType":"DiagnosticReport","code":{"text":"EGFR基因突变检测"}})")));
  CHECK(is_genomic_resource(
      tree(R"({"resourceType":"DocumentReference","content":[{"attachment":{"title":"sample.vcf"}}]})")));
  CHECK(is_genomic_resource(tree(R"({"resourceType":"DocumentReference","description":"肿瘤基因突变报告"})")));
  CHECK_FALSE(is_genomic_resource(tree(R"({"resourceType":"DiagnosticReport","code":{"text":"肿瘤标志物七项"}})")));
}
