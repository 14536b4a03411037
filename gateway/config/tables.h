// The tables of the four files: every key there is (docs/CONFIG.md is printed from them).
#pragma once
#include "gateway/config/schema.h"

namespace gateway::config {

const Section<Config>& site_table();      // causeway.yaml
const Section<Config>& routes_table();    // routes.yaml
const Section<Config>& peers_table();     // peers.yaml
const Section<Config>& partners_table();  // partners.yaml

const Section<Pressure>& pressure_table();              // pressure
const Section<Retention>& retention_table();            // retention
const Section<Reconciliation>& reconciliation_table();  // reconciliation

const Section<Polling>& polling_table();               // doors[].rows
const Section<Writing>& writing_table();               // systems[].rows
const Section<WebService>& offered_service_table();    // doors[].service
const Section<WebService>& called_service_table();     // systems[].service
const Section<Signature>& expected_signature_table();  // doors[].signature
const Section<Signature>& given_signature_table();     // systems[].signature
const Section<Organization>& organization_table();     // of the site and of each peer

}  // namespace gateway::config
