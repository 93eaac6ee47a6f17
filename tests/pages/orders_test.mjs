// Run by test_orders_module.py with `node --test`; the functions of the page, without a browser.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  accepted,
  addOrder,
  applySuggestion,
  arranged,
  buildRequest,
  exactly,
  findService,
  indented,
  orderFrom,
  overridden,
  referenceOf,
  removeOrder,
  sentences,
  topicOf,
  uuid,
} from "../../service/pages/static/orders.js";

const NOW = new Date("2026-11-23T10:00:00.123Z");
const CONTEXT = { patientId: "p1", userId: "Practitioner/d1", encounterId: "e1" };
const order = (id, extra = {}) => ({ resourceType: "MedicationRequest", id, ...extra });
const drafts = (...resources) => resources.map((resource) => ({ resource, mark: null, before: null }));
const ids = (items) => items.map((item) => item.resource.id);

test("a uuid is one", () => {
  assert.match(uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.notEqual(uuid(), uuid());
});

test("a chosen order is for the patient of the context", () => {
  const made = orderFrom({ resource: { resourceType: "MedicationRequest" } }, CONTEXT, "draft-1", NOW);
  assert.deepEqual(made, {
    resourceType: "MedicationRequest",
    id: "draft-1",
    subject: { reference: "Patient/p1" },
    encounter: { reference: "Encounter/e1" },
    requester: { reference: "Practitioner/d1" },
    authoredOn: "2026-11-23T10:00:00Z",
  });
});

test("the entered dose and duration stand everywhere in the order, and not in the catalogue", () => {
  const entry = {
    resource: {
      dosageInstruction: [
        {
          text: "2 g IV once over 20 minutes",
          timing: { repeat: { count: 1, duration: 20, durationUnit: "min" } },
          doseAndRate: [
            { doseQuantity: { value: 2 }, rateRatio: { numerator: { value: 2 }, denominator: { value: 20 } } },
          ],
        },
      ],
    },
  };
  const made = orderFrom(entry, CONTEXT, "draft-1", NOW, { grams: 1.5, minutes: 45 });
  const [dosage] = made.dosageInstruction;
  assert.equal(dosage.text, "1.5 g IV once over 45 minutes");
  assert.equal(dosage.timing.repeat.duration, 45);
  assert.deepEqual(dosage.doseAndRate, [
    { doseQuantity: { value: 1.5 }, rateRatio: { numerator: { value: 1.5 }, denominator: { value: 45 } } },
  ]);
  assert.equal(entry.resource.dosageInstruction[0].timing.repeat.duration, 20);
});

test("a new order is the selection, a removed one leaves the others selected", () => {
  const more = addOrder(drafts(order("a")), order("b"));
  assert.deepEqual(more.selections, ["MedicationRequest/b"]);
  assert.deepEqual(more.drafts.map((item) => item.mark), [null, "new"]);
  const fewer = removeOrder(more.drafts, "MedicationRequest/b");
  assert.deepEqual(ids(fewer.drafts), ["a"]);
  assert.deepEqual(fewer.selections, ["MedicationRequest/a"]);
});

test("deletes come first, then creates, then updates, whatever the order of the list", () => {
  const before = drafts(order("a", { note: "old" }), order("b"));
  const after = applySuggestion(before, {
    actions: [
      { type: "update", resource: order("a", { note: "new" }) },
      { type: "create", resource: order("b", { note: "takes the place of the deleted one" }) },
      { type: "delete", resourceId: "MedicationRequest/b" },
    ],
  });
  assert.deepEqual(ids(after.drafts), ["a", "b"]);
  assert.deepEqual(after.drafts.map((item) => item.mark), ["changed", "new"]);
  assert.equal(after.drafts[0].resource.note, "new");
  assert.equal(after.drafts[0].before.note, "old");
  assert.deepEqual(after.selections, ["MedicationRequest/b", "MedicationRequest/a"]);
  assert.deepEqual(after.problems, []);
  assert.deepEqual(before[0].resource.note, "old");
});

test("a created order never takes the id of another, and its siblings follow it", () => {
  const after = applySuggestion(drafts(order("a")), {
    actions: [
      { type: "create", resource: order("a", { note: "new" }) },
      { type: "create", resource: order("c", { basedOn: [{ reference: "MedicationRequest/a" }] }) },
    ],
  });
  const [old, made, sibling] = after.drafts.map((item) => item.resource);
  assert.equal(old.id, "a");
  assert.notEqual(made.id, "a");
  assert.deepEqual(sibling.basedOn, [{ reference: referenceOf(made) }]);
});

test("a created order without an id gets one", () => {
  const after = applySuggestion([], { actions: [{ type: "create", resource: { resourceType: "ServiceRequest" } }] });
  assert.match(after.selections[0], /^ServiceRequest\/[0-9a-f-]{36}$/);
});

test("what cannot be applied is said and does no harm", () => {
  const after = applySuggestion(drafts(order("a")), {
    actions: [
      { type: "update", resource: order("gone") },
      { type: "delete", resourceId: "MedicationRequest/gone" },
      { type: "explode" },
    ],
  });
  assert.deepEqual(ids(after.drafts), ["a"]);
  assert.equal(after.problems.length, 3);
});

test("a suggestion without actions changes nothing", () => {
  const after = applySuggestion(drafts(order("a")), { label: "Only a thought" });
  assert.deepEqual(ids(after.drafts), ["a"]);
  assert.deepEqual(after.problems, []);
});

test("the request holds what discovery asks for and nothing else", () => {
  const file = {
    fhirServer: "https://ehr.example.org/fhir",
    context: { ...CONTEXT, selections: ["x"], draftOrders: {} },
    prefetch: { patient: { id: "p1" }, magnesium: null, secret: {} },
  };
  const service = { hook: "order-select", id: "s", prefetch: { patient: "", magnesium: "", weight: "" } };
  const request = buildRequest(file, service, drafts(order("a")), ["MedicationRequest/a"]);
  assert.deepEqual(Object.keys(request.prefetch), ["patient", "magnesium"]);
  assert.equal(request.prefetch.magnesium, null);
  assert.deepEqual(request.context.selections, ["MedicationRequest/a"]);
  assert.deepEqual(request.context.draftOrders, {
    resourceType: "Bundle",
    type: "collection",
    entry: [{ resource: order("a") }],
  });
});

test("without prefetch the service is left to read the FHIR server", () => {
  const file = { fhirServer: "https://ehr.example.org/fhir", context: CONTEXT, prefetch: { patient: {} } };
  const service = { hook: "order-select", id: "s", prefetch: { patient: "" } };
  const request = buildRequest(file, service, drafts(order("a")), ["MedicationRequest/a"], false);
  assert.equal("prefetch" in request, false);
  assert.equal(request.fhirServer, "https://ehr.example.org/fhir");
});

test("the service is the one that answers order-select", () => {
  const services = [{ hook: "patient-view", id: "a" }, { hook: "order-select", id: "b" }];
  assert.equal(findService({ services }).id, "b");
  assert.equal(findService({}), undefined);
});

test("feedback as CDS Hooks writes it", () => {
  assert.deepEqual(accepted({ uuid: "c" }, { uuid: "s" }, NOW), {
    card: "c",
    outcome: "accepted",
    acceptedSuggestions: [{ id: "s" }],
    outcomeTimestamp: "2026-11-23T10:00:00.123Z",
  });
  const reason = { code: "patient-refuses", system: "x", display: "Patient refuses" };
  assert.deepEqual(overridden({ uuid: "c" }, reason, "later", NOW).overrideReason, { reason, userComment: "later" });
  assert.equal("overrideReason" in overridden({ uuid: "c" }, null, "", NOW), false);
});

test("the sentences of an OperationOutcome, each with its member", () => {
  const issue = [{ details: { text: "Not there." }, expression: ["prefetch.patient"] }, {}];
  assert.deepEqual(sentences({ issue }), [{ text: "Not there.", member: "prefetch.patient" }]);
  assert.deepEqual(sentences(null), []);
});

test("the gravest card first, the recommended suggestion first", () => {
  const cards = arranged([
    { indicator: "info", summary: "i" },
    { indicator: "critical", summary: "c" },
    { indicator: "warning", summary: "w", suggestions: [{ label: "b" }, { label: "a", isRecommended: true }] },
  ]);
  assert.deepEqual(cards.map((card) => card.summary), ["c", "w", "i"]);
  assert.deepEqual(cards[1].suggestions.map((suggestion) => suggestion.label), ["a", "b"]);
});

test("the same advice has the same topic, whatever the card", () => {
  const source = { topic: { system: "s", code: "DT1" } };
  assert.equal(topicOf({ uuid: "1", source }), topicOf({ uuid: "2", source }));
  assert.notEqual(topicOf({ uuid: "1" }), topicOf({ uuid: "2" }));
});

test("what is read exactly is sent as it came, or as a plain number by an old engine", () => {
  const sent = JSON.stringify(exactly('{"value":1.0,"text":"1.0","list":[2.50]}'));
  assert.equal(sent, JSON.rawJSON ? '{"value":1.0,"text":"1.0","list":[2.50]}' : '{"value":1,"text":"1.0","list":[2.5]}');
});

test("JSON is laid out without touching a digit", () => {
  assert.equal(indented('{"a":1.20,"b":[],"c":["x{,:","\\"]"],"d":{}}'), '{\n  "a": 1.20,\n  "b": [],\n  "c": [\n    "x{,:",\n    "\\"]"\n  ],\n  "d": {}\n}');
});
