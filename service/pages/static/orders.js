// What an EHR does with draft orders and with the answer of a CDS service: plain functions on
// plain data, so that they can be tested without a browser. Nothing here judges a value.

/** A draft order of the session: the FHIR resource, and what the last step made of it. */
const draft = (resource, mark = null, before = null) => ({ resource, mark, before });

export const referenceOf = (resource) => `${resource.resourceType}/${resource.id}`;

/** A random version-4 UUID; crypto.randomUUID is missing where the page comes without TLS. */
export function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** The order-select service of a discovery document, or undefined. */
export const findService = (discovery) =>
  (discovery.services ?? []).find((service) => service.hook === "order-select");

/** A chosen catalogue entry as a draft order of this patient. */
export function orderFrom(entry, context, id, now, dose = null) {
  const resource = structuredClone(entry.resource);
  resource.id = id;
  resource.subject = { reference: `Patient/${context.patientId}` };
  if (context.encounterId) resource.encounter = { reference: `Encounter/${context.encounterId}` };
  resource.requester = { reference: context.userId };
  resource.authoredOn = now.toISOString().replace(/\.\d+Z$/, "Z");
  if (dose) setDose(resource.dosageInstruction[0], dose);
  return resource;
}

function setDose(dosage, { grams, minutes }) {
  dosage.text = `${grams} g IV once over ${minutes} minutes`;
  dosage.timing.repeat.duration = minutes;
  const [amount] = dosage.doseAndRate;
  amount.doseQuantity.value = grams;
  amount.rateRatio.numerator.value = grams;
  amount.rateRatio.denominator.value = minutes;
}

/** Add a chosen order to the drafts; it is the new selection. */
export function addOrder(drafts, resource) {
  return {
    drafts: [...drafts.map((item) => draft(item.resource)), draft(resource, "new")],
    selections: [referenceOf(resource)],
  };
}

/** Take an order out of the drafts; what is left is selected again. */
export function removeOrder(drafts, reference) {
  const left = drafts.filter((item) => referenceOf(item.resource) !== reference);
  return {
    drafts: left.map((item) => draft(item.resource)),
    selections: left.map((item) => referenceOf(item.resource)),
  };
}

/**
 * Apply an accepted suggestion: deletes, then creates, then updates, whatever their order in the
 * list. A created resource keeps its id where that is free, else it gets another one, and its
 * siblings that name it follow. What cannot be applied is told in `problems`.
 */
export function applySuggestion(drafts, suggestion) {
  const actions = suggestion.actions ?? [];
  const of = (type) => actions.filter((action) => action.type === type);
  const problems = actions
    .filter((action) => !["delete", "create", "update"].includes(action.type))
    .map((action) => `An action of the unknown type ${action.type} was left out.`);
  let next = drafts.map((item) => draft(item.resource));
  const changed = [];

  for (const { resourceId } of of("delete")) {
    if (next.some((item) => referenceOf(item.resource) === resourceId)) {
      next = next.filter((item) => referenceOf(item.resource) !== resourceId);
    } else {
      problems.push(`${resourceId} is not among the draft orders and was not deleted.`);
    }
  }

  const created = of("create").map((action) => structuredClone(action.resource));
  const renamed = new Map();
  const taken = new Set(next.map((item) => referenceOf(item.resource)));
  for (const resource of created) {
    const wanted = resource.id ? referenceOf(resource) : null;
    if (!wanted || taken.has(wanted)) resource.id = uuid();
    if (wanted && wanted !== referenceOf(resource)) renamed.set(wanted, referenceOf(resource));
    taken.add(referenceOf(resource));
  }
  for (const resource of created) {
    next.push(draft(renameReferences(resource, renamed), "new"));
    changed.push(referenceOf(resource));
  }

  for (const { resource } of of("update")) {
    const reference = referenceOf(resource);
    const at = next.findIndex((item) => referenceOf(item.resource) === reference);
    if (at < 0) {
      problems.push(`${reference} is not among the draft orders and was not changed.`);
    } else {
      next[at] = draft(structuredClone(resource), "changed", next[at].resource);
      changed.push(reference);
    }
  }
  const selections = changed.length ? changed : next.map((item) => referenceOf(item.resource));
  return { drafts: next, selections, problems };
}

function renameReferences(value, renamed) {
  if (Array.isArray(value)) return value.map((item) => renameReferences(item, renamed));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      name === "reference" && renamed.has(member)
        ? renamed.get(member)
        : renameReferences(member, renamed),
    ]),
  );
}

/**
 * The request of an order-select call, with the prefetch that discovery asks for, or with none, so
 * that the service reads the FHIR server itself.
 */
export function buildRequest(file, service, drafts, selections, withPrefetch = true) {
  const { userId, patientId, encounterId } = file.context;
  const wanted = Object.keys(service.prefetch ?? {}).filter((key) => key in (file.prefetch ?? {}));
  return {
    hook: service.hook,
    hookInstance: uuid(),
    fhirServer: file.fhirServer,
    context: {
      userId,
      patientId,
      ...(encounterId ? { encounterId } : {}),
      selections,
      draftOrders: {
        resourceType: "Bundle",
        type: "collection",
        entry: drafts.map((item) => ({ resource: item.resource })),
      },
    },
    ...(withPrefetch ? { prefetch: Object.fromEntries(wanted.map((key) => [key, file.prefetch[key]])) } : {}),
  };
}

/** The draft orders that a request file brings along. */
export const draftsOf = (file) =>
  (file.context?.draftOrders?.entry ?? []).map((entry) => draft(entry.resource));

/** One item of feedback, as CDS Hooks writes it. */
export const accepted = (card, suggestion, now) => ({
  card: card.uuid,
  outcome: "accepted",
  acceptedSuggestions: [{ id: suggestion.uuid }],
  outcomeTimestamp: now.toISOString(),
});

export function overridden(card, reason, comment, now) {
  const overrideReason = {
    ...(reason ? { reason } : {}),
    ...(comment ? { userComment: comment } : {}),
  };
  return {
    card: card.uuid,
    outcome: "overridden",
    ...(Object.keys(overrideReason).length ? { overrideReason } : {}),
    outcomeTimestamp: now.toISOString(),
  };
}

/** What an OperationOutcome says, each issue as a sentence with the member at fault. */
export function sentences(outcome) {
  const issues = outcome && Array.isArray(outcome.issue) ? outcome.issue : [];
  return issues
    .filter((issue) => issue?.details?.text)
    .map((issue) => ({ text: issue.details.text, member: (issue.expression ?? []).join(", ") }));
}

/** Cards in the order in which they are read, suggestions with the recommended one first. */
export function arranged(cards) {
  const rank = { critical: 0, warning: 1, info: 2 };
  const place = (card) => rank[card.indicator] ?? 3;
  return [...cards]
    .sort((one, other) => place(one) - place(other))
    .map((card) => ({
      ...card,
      suggestions: [...(card.suggestions ?? [])].sort(
        (one, other) => Boolean(other.isRecommended) - Boolean(one.isRecommended),
      ),
    }));
}

/** The advice that a card gives, by which an EHR remembers that it was dismissed. */
export const topicOf = (card) =>
  card.source?.topic ? `${card.source.topic.system}|${card.source.topic.code}` : card.uuid;

/**
 * JSON read so that a result of 1.0 is sent on as 1.0, digit by digit, where the browser can do that;
 * elsewhere it becomes 1, as in most EHRs that run in a browser. Not to be cloned, only sent.
 */
export const exactly = (text) =>
  JSON.parse(text, (name, value, context) =>
    typeof value === "number" && context?.source && JSON.rawJSON ? JSON.rawJSON(context.source) : value,
  );

/** JSON text with line breaks, every number and string left exactly as it was sent. */
export function indented(text) {
  const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;
  let depth = 0;
  let out = "";
  let last = "";
  const line = () => `\n${"  ".repeat(depth)}`;
  for (const [part] of text.matchAll(token)) {
    const opened = last === "{" || last === "[";
    if (part === "}" || part === "]") {
      depth -= 1;
      out += opened ? part : line() + part;
    } else {
      if (opened || last === ",") out += line();
      out += part === ":" ? ": " : part;
      if (part === "{" || part === "[") depth += 1;
    }
    last = part;
  }
  return out;
}
