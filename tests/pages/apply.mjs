// Reads {drafts, suggestion} and writes what the page makes of the drafts: {drafts, selections, problems}.

import { readFileSync } from "node:fs";

import { applySuggestion } from "../../service/pages/static/orders.js";

const { drafts, suggestion } = JSON.parse(readFileSync(0, "utf8"));
const next = applySuggestion(
  drafts.map((resource) => ({ resource, mark: null, before: null })),
  suggestion,
);
process.stdout.write(JSON.stringify({ ...next, drafts: next.drafts.map((item) => item.resource) }));
