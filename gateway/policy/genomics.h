// Human genetic information, which leaves the mainland only under a permit (HGR Regulation 2019; domain.md §5). The
// rule: genes, genomes, variants, chromosomes and what was read from them are; proteins are not (IHC, PD-L1, TTF-1).
// A gene's name alone is no finding (ALK by IHC is a protein); with a word of a variant in the same sentence it is. A
// variant's own notation (HGVS, rsID, L858R, 外显子, 突变) needs no gene beside it. "Not found" is a finding.
#pragma once
#include <string_view>
#include <vector>

#include "fhir/json.h"
#include "gateway/policy/search.h"

namespace gateway::policy {

/// Does this text tell a genomic finding?
bool is_genomic(std::string_view text);

/// The sentences of `source` (plain text or XHTML) that do, in bytes of the source, tags left alone. A sentence ends at
/// 。！？；;!? a line end, a block element, or a full stop before a space.
std::vector<Span> genomic_sentences(std::string_view source);

/// A resource that is genomic as a whole: by its type (MolecularSequence), category (v2-0074 GE), profile, code (LOINC
/// of genetics, mCODE), by a coding of a variant system, or because its headline or one of its values says so.
bool is_genomic_resource(const fhir::JsonTree& resource);

/// A coding whose system names genes or variants (HGNC, HGVS, ClinVar, dbSNP ...), or whose words are genomic.
bool is_genomic_coding(const fhir::JsonTree& coding);

}  // namespace gateway::policy
