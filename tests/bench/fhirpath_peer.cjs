// The same work as `fhir_bench path`, by the npm package fhirpath: node fhirpath_peer.cjs PAIRS.json RESULTS.ndjson
'use strict';
const fs = require('fs');
const fhirpath = require('fhirpath');
const r4 = require('fhirpath/fhir-context/r4');

const AT_LEAST = 1; // seconds for each figure
const [plan, results] = process.argv.slice(2);
const documents = new Map();
const read = (file) => {
  if (!documents.has(file)) documents.set(file, JSON.parse(fs.readFileSync(file, 'utf8')));
  return documents.get(file);
};
const plain = (value) => JSON.parse(JSON.stringify(value, (key, inner) =>
  inner && typeof inner === 'object' && inner.constructor && inner.constructor.name.startsWith('FP_') ? inner.toString() : inner) ?? 'null');

function best(work) {
  work();
  let least = Infinity;
  for (let spent = 0; spent < AT_LEAST;) {
    const began = process.hrtime.bigint();
    work();
    const now = Number(process.hrtime.bigint() - began) / 1e9;
    least = Math.min(least, now);
    spent += now;
  }
  return least;
}

const lines = [], pairs = [], rules = new Map(); // each rule compiled once, as on the other side
const rule = (expression) => {
  if (!rules.has(expression)) rules.set(expression, fhirpath.compile(expression, r4));
  return rules.get(expression);
};
for (const one of JSON.parse(fs.readFileSync(plan, 'utf8')).pairs) {
  const document = read(one.file);
  try {
    const compiled = rule(one.expression);
    const result = compiled(document, { resource: document });
    if (typeof result.then === 'function') throw new Error('asynchronous');
    lines.push(JSON.stringify(plain(result)));
    if (!one.skip) pairs.push({ expression: one.expression, document, compiled, environment: { resource: document } });
  } catch (error) {
    lines.push(JSON.stringify({ error: String(error && error.message || error) }));
  }
}
fs.writeFileSync(results, lines.join('\n') + '\n');
let items = 0;
const warm = best(() => { for (const pair of pairs) items += pair.compiled(pair.document, pair.environment).length; });
const cold = best(() => { for (const pair of pairs) items += fhirpath.evaluate(pair.document, pair.expression, pair.environment, r4).length; });
console.log(JSON.stringify({ pairs: pairs.length, compiled: Math.round(pairs.length / warm), cold: Math.round(pairs.length / cold), items }));
