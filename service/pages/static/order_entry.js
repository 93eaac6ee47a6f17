// Order entry: the EHR in the browser. It reads discovery, fires order-select with prefetch at every
// change of the draft orders, shows the cards, applies what is accepted and sends feedback.
// What it shows of medicine is what the service answered; it computes nothing of the kind.

import {
  accepted,
  addOrder,
  applySuggestion,
  arranged,
  buildRequest,
  draftsOf,
  exactly,
  findService,
  indented,
  orderFrom,
  overridden,
  referenceOf,
  removeOrder,
  sentences,
  topicOf,
} from "./orders.js";

const DISCOVERY = "cds-services";
const ASSESSMENT = "org.magnesia.assessment";
const PATIENCE = 10000;
const SHORT_LIST = 4;
const WORTH_FOLDING = 96;
const JSON_HEADERS = { "Content-Type": "application/json", Accept: "application/json" };

const ICONS = {
  info: "M12 8.2h.01M12 11.4v5.2M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z",
  warning: "M12 9.5v4.2M12 17h.01M10.6 4.2 2.9 17.6A1.6 1.6 0 0 0 4.3 20h15.4a1.6 1.6 0 0 0 1.4-2.4L13.4 4.2a1.6 1.6 0 0 0-2.8 0z",
  critical: "M12 7.6v5.2M12 16.2h.01M8 3h8l5 5v8l-5 5H8l-5-5V8z",
  done: "m8 12.4 2.8 2.8L16.2 9.4M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z",
};
const WORDS = { info: "Information", warning: "Warning", critical: "Critical" };
const TAGS = new Set(
  "p strong em del ul ol li br hr code pre blockquote h1 h2 h3 h4 h5 h6 table thead tbody tr th td".split(" "),
);

const state = {
  service: null,
  unserved: "Discovery is still being read.",
  catalogue: new Map(),
  patient: null,
  delivery: "prefetch",
  drafts: [],
  made: 0,
  chosen: null,
  asked: 0,
  call: 0,
  dismissed: new Set(),
};

const at = (id) => document.getElementById(id);
const isNarrow = () => matchMedia("(max-width: 43.99rem)").matches;

// A number with its unit, as in "4-6 h", "83 mL/min/1.73 m2" and "05:17-07:17". Each part has a longest
// length, so that a hostile text neither takes long nor makes a line that cannot be broken.
const QUANTITY =
  /(\d[\d.,-]{0,11}\s(?:mg|g|kg|mL|L|mmol|umol|mEq|h|min|minutes|hours|days|years)\b(?:\/[\w.]{1,8}){0,2}(?:\sm2)?|\d\d:\d\d-\d\d:\d\d)/;

/** Text as nodes in which no number is torn from its unit at the end of a line. */
const unbroken = (text) =>
  text.split(QUANTITY).map((part, place) => {
    if (place % 2 === 0) return document.createTextNode(part);
    const whole = document.createElement("span");
    whole.className = "unbroken";
    whole.textContent = part;
    return whole;
  });

/** An element with attributes and children; text is always text. */
function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(key, value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value != null) element.setAttribute(key, value);
  }
  for (const child of children) {
    if (typeof child === "string") element.append(...unbroken(child));
    else if (child != null && child !== false) element.append(child);
  }
  return element;
}

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "icon");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICONS[name] ?? ICONS.info);
  svg.append(path);
  return svg;
}

const announce = (text) => {
  at("announcer").textContent = text;
};

/** Rendered Markdown as nodes: known elements only, and none of their attributes. */
function nodesOf(html) {
  const copy = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return node.data;
    const children = Array.from(node.childNodes, copy).filter(Boolean);
    if (node.nodeType !== Node.ELEMENT_NODE) return null;
    const name = node.localName;
    if (!TAGS.has(name)) return el("span", {}, ...children);
    return el(/^h\d$/.test(name) ? "h4" : name, {}, ...children);
  };
  const parsed = new DOMParser().parseFromString(html, "text/html");
  return Array.from(parsed.body.childNodes, copy).filter(Boolean);
}

// ------------------------------------------------------------------------------ talking to the service

async function send(url, body) {
  const started = performance.now();
  const response = await fetch(url, {
    method: "POST",
    headers: JSON_HEADERS,
    body,
    signal: AbortSignal.timeout(PATIENCE),
  });
  const text = await response.text();
  let json = null;
  try {
    json = JSON.parse(text);
  } catch {
    // A feedback endpoint answers with no body at all, and a proxy may answer with a page.
  }
  return { status: response.status, ok: response.ok, text, json, took: performance.now() - started };
}

/** A document that the page reads; `said` of the error is what an OperationOutcome says. */
async function read(url, parse = JSON.parse) {
  const response = await fetch(url, {
    headers: { Accept: "application/json" },
    signal: AbortSignal.timeout(PATIENCE),
  });
  const text = await response.text();
  if (response.ok) return parse(text);
  const error = new Error(`${url} answered ${response.status}.`);
  try {
    error.said = sentences(JSON.parse(text));
  } catch {
    error.said = [{ text: `The server answered ${response.status}.` }];
  }
  throw error;
}

const serviceUrl = () => `${DISCOVERY}/${state.service.id}`;

/** Ask the service about the drafts, or with a request that is sent just as it is. */
async function fire(selections, asSent = null) {
  const call = ++state.call;
  showDrafts();
  if (!state.service) {
    showUnserved();
    return;
  }
  if (!asSent && state.drafts.length === 0) {
    markResults({});
    showWaiting("No draft orders: there is nothing to ask.");
    return;
  }
  const withPrefetch = state.delivery === "prefetch";
  const request = asSent ?? buildRequest(state.patient.request, state.service, state.drafts, selections, withPrefetch);
  markResults({});
  at("cards").setAttribute("aria-busy", "true");
  at("said").textContent = "Asking...";
  at("response").textContent = "Not yet here.";
  unexplained("Not yet here.");
  at("request").textContent = JSON.stringify(request, null, 2);
  const body = JSON.stringify(request);
  let answer;
  try {
    answer = await send(serviceUrl(), body);
  } catch (error) {
    if (call !== state.call) return;
    at("response").textContent = "No answer.";
    const late = error.name === "TimeoutError";
    at("said").textContent = "";
    unexplained("There was no answer to explain.");
    showProblem(
      "No answer",
      [{ text: late ? "The service did not answer in time." : "The service cannot be reached." }],
      () => fire(selections, asSent),
    );
    return;
  }
  // An answer to an older question must not cover the answer to a newer one.
  if (call !== state.call) return;
  at("said").textContent = `${answer.status}, ${Math.round(answer.took)} ms`;
  at("response").textContent = answer.json ? indented(answer.text) : answer.text || "(empty)";
  const assessment = answer.json?.extension?.[ASSESSMENT] ?? {};
  markResults(assessment);
  if (!answer.ok || !Array.isArray(answer.json?.cards)) {
    const said = sentences(answer.json);
    const unsaid = [{ text: "The service gave no reason." }];
    const verb = answer.status < 500 ? "refused" : "failed";
    showProblem(
      answer.ok ? "The answer has no cards" : `The service ${verb} (${answer.status})`,
      said.length ? said : unsaid,
      () => fire(selections, asSent),
    );
  } else {
    await showCards(arranged(answer.json.cards), assessment, call);
  }
  if (call !== state.call) return;
  if (answer.ok) await explain(body, call);
  else unexplained("No gate was asked.");
}

function feedback(item, words) {
  const note = el("span", { class: "note" });
  const line = el("li", {}, icon("done"), el("span", {}, words), note);
  at("log").prepend(line);
  if (item.card) report(item, line, note);
  else untold(line, note, "The card has no id: no feedback can be sent.");
}

/** Send feedback, and say beside its line whether it was taken. */
async function report(item, line, note) {
  line.classList.remove("untold");
  line.firstChild.replaceWith(icon("done"));
  note.textContent = "Sending feedback...";
  let answer;
  try {
    answer = await send(`${serviceUrl()}/feedback`, JSON.stringify({ feedback: [item] }));
  } catch {
    untold(line, note, "Feedback not recorded: the service did not answer.", () => report(item, line, note));
    return;
  }
  if (answer.ok) {
    note.textContent = "Feedback recorded.";
    return;
  }
  const said = sentences(answer.json).map(({ text }) => text).join(" ") || "The service gave no reason.";
  untold(line, note, `Feedback not recorded (${answer.status}): ${said}`, () => report(item, line, note));
}

function untold(line, note, text, again = null) {
  line.classList.add("untold");
  line.firstChild.replaceWith(icon("warning"));
  note.replaceChildren(text);
  if (again) note.append(" ", el("button", { type: "button", class: "quiet", click: again }, "Send again"));
  announce(text);
}

// ------------------------------------------------------------------------------ patient

/** Where the page reads a patient: a file of the project, or one of a FHIR server. */
const patientUrl = ({ patient, server }) =>
  `order-entry/${server ? `servers/${server}/` : ""}patients/${encodeURIComponent(patient)}`;

const isSame = (one, other) => one.patient === other?.patient && one.server === other?.server;

function markChosen() {
  for (const button of document.querySelectorAll("[data-patient]")) {
    if (isSame(button.dataset, state.chosen)) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }
}

/** While another patient is opened, nothing can be ordered for, or accepted of, the one before. */
function lock(locked) {
  at("chart").setAttribute("aria-busy", String(locked));
  for (const part of [at("content"), at("advice")]) part.inert = locked;
}

async function choosePatient({ patient, server }) {
  const asked = ++state.asked;
  let chart;
  lock(true);
  try {
    chart = await read(patientUrl({ patient, server }), exactly);
  } catch (error) {
    if (asked !== state.asked) return;
    lock(false);
    showProblem("The patient could not be opened", error.said ?? [], () => choosePatient({ patient, server }));
    return;
  }
  if (asked !== state.asked) return;
  lock(false);
  state.call += 1;
  state.chosen = { patient, server };
  state.patient = chart;
  state.drafts = [];
  state.dismissed.clear();
  markChosen();
  at("picked").replaceChildren(...unbroken(chart.title || chart.name));
  at("delivery").hidden = !server;
  at("as-sent-line").hidden = Boolean(server);
  state.delivery = server ? document.querySelector("[name=delivery]:checked").value : "prefetch";
  const unread = Object.entries(chart.unread);
  at("unread").hidden = unread.length === 0;
  at("unread").textContent = `Not read: ${unread.map(([key, why]) => `${key} (${why})`).join("; ")}.`;
  at("name").textContent = chart.name;
  at("story").replaceChildren(...unbroken(chart.story));
  at("facts").replaceChildren(
    ...chart.facts.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))),
  );
  at("history").replaceChildren(
    ...[
      ["Problems", chart.problems],
      ["Orders on record", chart.orders.map((order) => `${order.name}, ${order.status} (${order.time})`)],
    ]
      .filter(([, items]) => items.length)
      .map(([name, items]) => historyNode(name, items)),
  );
  at("results").replaceChildren(...chart.results.map(resultRow));
  at("results").closest("table").hidden = chart.results.length === 0;
  at("no-results").hidden = chart.results.length > 0;
  at("unlisted").hidden = !chart.unlisted;
  at("unlisted").textContent = `Not listed: ${chart.unlisted}.`;
  at("log").replaceChildren();
  at("request").textContent = "Nothing was sent yet.";
  at("response").textContent = "Nothing came yet.";
  unexplained("Nothing was asked yet.");
  showDrafts();
  at("name").scrollIntoView({ block: "nearest" });
  announce(`${chart.name}. ${chart.story}`);
  if (state.service) showWaiting("Choose an order: the service is asked at each selection.");
  else showUnserved();
}

/** A list of the chart; a long one is one click away. */
function historyNode(name, items) {
  if (items.length <= SHORT_LIST) return el("p", { class: "history" }, el("strong", {}, `${name}: `), items.join("; "));
  return el(
    "details",
    { class: "history" },
    el("summary", {}, el("strong", {}, `${name}: `), `${items.length} entries`),
    el("ul", {}, ...items.map((item) => el("li", {}, item))),
  );
}

/** List patients of a FHIR server in its part of the page: those of a name, or the newest few. */
async function findPatients(section, name) {
  const { server } = section.dataset;
  const note = section.querySelector(".census-note");
  const list = section.querySelector(".found");
  const asked = (section.dataset.asked = String(Number(section.dataset.asked ?? 0) + 1));
  note.classList.remove("trouble");
  note.textContent = "Reading the server...";
  let found;
  try {
    found = (await read(`order-entry/servers/${server}/patients?name=${encodeURIComponent(name)}`)).patients;
  } catch (error) {
    if (asked !== section.dataset.asked) return;
    list.replaceChildren();
    note.classList.add("trouble");
    note.textContent = (error.said ?? []).map(({ text }) => text).join(" ") || "The patients could not be listed.";
    return;
  }
  if (asked !== section.dataset.asked) return;
  const many = found.length === 1 ? "1 patient found." : `${found.length} patients found.`;
  const newest = found.length ? "Changed last:" : "The server has no patients.";
  note.textContent = name ? (found.length ? many : "No patient of this name.") : newest;
  list.replaceChildren(
    ...found.map((one) =>
      el(
        "li",
        {},
        el(
          "button",
          { type: "button", class: "patient", "data-server": server, "data-patient": one.id },
          one.name,
          one.about && " ",
          one.about && el("span", { class: "about" }, one.about),
        ),
      ),
    ),
  );
  markChosen();
}

function resultRow(result) {
  const value = el("strong", {}, result.value || "no value");
  return el(
    "tr",
    { "data-reference": result.reference },
    el("th", { scope: "row" }, result.name),
    el("td", { class: "number" }, value, " ", el("span", { class: "unit" }, result.unit || "no unit")),
    el("td", {}, el("span", { class: "time" }, result.time), " ", el("span", { class: "ago" }, result.ago)),
    el("td", { class: "mark" }, result.status === "final" ? "" : result.status),
  );
}

/** Write beside each result what the service says it made of it. */
function markResults(assessment) {
  const { inputs = {}, findings = [], unusable = [], band } = assessment;
  const found = (id) => findings.some((finding) => finding.id === id);
  const marks = new Map();
  const mark = (reference, words, tone) => reference && marks.set(reference, [words, tone]);
  const judged = band && !["normal", "not-applicable"].includes(band);
  mark(inputs.magnesium?.reference, band?.replace("-", " "), judged ? `marked ${band}` : "plain");
  const potassium = found("very-low-potassium") ? "very low" : found("low-potassium") ? "low" : null;
  mark(inputs.potassium?.reference, potassium ?? "used", potassium ? "marked" : "plain");
  const egfr = inputs.egfr == null ? "used" : `eGFR ${inputs.egfr}`;
  mark(inputs.creatinine?.reference, egfr, "plain");
  for (const item of unusable) {
    mark(item.reference, `not used: ${item.reasons.map((reason) => reason.replaceAll("-", " ")).join(", ")}`, "unused");
  }
  for (const row of at("results").rows) {
    const [words, tone] = marks.get(row.dataset.reference) ?? [null, null];
    row.dataset.tone = tone ?? "";
    row.querySelector(".mark").replaceChildren(...(words ? [el("span", { class: `flag ${tone}` }, words)] : []));
  }
}

// ------------------------------------------------------------------------------ draft orders

const nameOf = (resource) =>
  resource.medicationCodeableConcept?.text ??
  resource.medicationCodeableConcept?.coding?.[0]?.display ??
  resource.code?.text ??
  resource.code?.coding?.[0]?.display ??
  "No medication or test named yet";

function detailOf(resource) {
  const dosages = [resource.dosageInstruction ?? []].flat();
  const period = resource.occurrencePeriod;
  const time = (text) => String(text).replace("T", " ").replace(/:\d\d(\.\d+)?(Z|\+00:00)$/, " UTC");
  const sameDay = period && String(period.start).slice(0, 10) === String(period.end).slice(0, 10);
  return [
    ...dosages.map((dosage) => dosage.text).filter(Boolean),
    period ? `from ${time(period.start)} to ${time(period.end).slice(sameDay ? 11 : 0)}` : "",
    resource.priority && resource.priority !== "routine" ? resource.priority : "",
  ]
    .filter(Boolean)
    .join(", ");
}

function showDrafts() {
  at("count").textContent = state.drafts.length || "";
  at("no-drafts").hidden = state.drafts.length > 0;
  at("drafts").replaceChildren(...state.drafts.map(draftItem));
}

function draftItem({ resource, mark, before }) {
  const name = nameOf(resource);
  const old = before ? detailOf(before) : "";
  return el(
    "li",
    { class: mark ? `draft ${mark}` : "draft" },
    el(
      "div",
      {},
      el("span", { class: "order-name" }, name),
      mark && el("span", { class: `badge ${mark}` }, mark),
      el("span", { class: "sig" }, old && el("del", {}, old), old && " ", detailOf(resource)),
    ),
    el(
      "button",
      {
        type: "button",
        class: "quiet",
        "aria-label": `Remove ${name}`,
        click: () => {
          const next = removeOrder(state.drafts, referenceOf(resource));
          state.drafts = next.drafts;
          at("drafts-title").focus({ preventScroll: true });
          fire(next.selections);
        },
      },
      "Remove",
    ),
  );
}

function choose(id, dose = null) {
  if (!state.patient) return;
  const entry = state.catalogue.get(id);
  if (!entry) {
    showUnserved();
    return;
  }
  const { context } = state.patient.request;
  state.made += 1;
  const resource = orderFrom(entry, context, `draft-${state.made}`, new Date(), dose);
  const next = addOrder(state.drafts, resource);
  state.drafts = next.drafts;
  fire(next.selections);
}

function sendAsIs() {
  if (!state.patient) return;
  state.drafts = draftsOf(state.patient.request);
  fire([], state.patient.request);
}

// ------------------------------------------------------------------------------ cards

function show(...nodes) {
  at("cards").removeAttribute("aria-busy");
  at("cards").replaceChildren(...nodes);
}

function showWaiting(text) {
  at("said").textContent = "";
  show(el("p", { class: "waiting" }, text));
}

/** Say that something failed: never to be taken for an answer without a card. */
function showProblem(title, said, again = null) {
  show(
    el(
      "section",
      { class: "problem", "aria-label": title },
      el("p", { class: "word" }, icon("critical"), title),
      ...said.map(({ text, member }) => el("p", {}, text, member && " ", member && el("code", {}, member))),
      el("p", { class: "aside" }, "This does not mean that there is nothing to say: nothing was evaluated."),
      again && el("button", { type: "button", class: "secondary", click: again }, "Try again"),
    ),
  );
  announce(`${title}. ${said.map(({ text }) => text).join(" ")}`);
}

/** Say that there is no service to ask: whatever is opened or chosen, until the page is loaded anew. */
const showUnserved = () => showProblem("No decision support", [{ text: state.unserved }], () => location.reload());

async function showCards(cards, assessment, call) {
  if (cards.length === 0) {
    const why = assessment.silence ?? "The service gave no reason.";
    show(el("section", { class: "silence", "aria-label": "No card" }, el("p", { class: "word" }, icon("done"), "No card"), el("p", {}, why)));
    announce(`No card. ${why}`);
    return;
  }
  const shown = await Promise.all(cards.map(cardNode));
  if (call !== state.call) return;
  show(...shown);
  for (const card of at("cards").querySelectorAll(".detail")) fold(card);
  // In one narrow column the card comes below the orders: bring it into sight.
  at("advice-title").scrollIntoView({ block: isNarrow() ? "start" : "nearest" });
  const fresh = cards.filter((card) => !state.dismissed.has(topicOf(card)));
  announce(fresh.map((card) => `${WORDS[card.indicator] ?? "Card"}: ${card.summary}`).join(" ") || "The same card as the one dismissed before.");
}

async function detailNodes(text) {
  if (!text) return [];
  try {
    const answer = await send("order-entry/markdown", JSON.stringify({ text }));
    if (answer.ok) return nodesOf(answer.json.html);
  } catch {
    // The text is worth more than its looks: it follows as it came.
  }
  return [el("pre", { class: "unrendered" }, text)];
}

async function cardNode(card) {
  const detail = await detailNodes(card.detail);
  if (state.dismissed.has(topicOf(card))) {
    return el(
      "details",
      { class: `card again ${card.indicator}` },
      el("summary", {}, icon(card.indicator), el("span", {}, "Dismissed before: ", card.summary)),
      ...cardParts(card, detail),
    );
  }
  return el(
    "article",
    { class: `card ${card.indicator}`, "aria-label": `${WORDS[card.indicator] ?? "Card"}: ${card.summary}` },
    el("p", { class: "word" }, icon(card.indicator), WORDS[card.indicator] ?? card.indicator),
    el("h3", {}, card.summary),
    ...cardParts(card, detail),
  );
}

function cardParts(card, detail) {
  const links = (card.links ?? []).filter((link) => /^https?:\/\//i.test(link.url));
  return [
    detail.length ? el("div", { class: "detail" }, ...detail) : null,
    card.suggestions.length
      ? el("div", { class: "suggestions" }, ...card.suggestions.map((suggestion) => suggestionButton(card, suggestion)))
      : null,
    links.length ? el("p", { class: "links" }, ...links.flatMap((link) => [outward(link.url, link.label), " "])) : null,
    dismissal(card),
    el("p", { class: "source" }, "Source: ", /^https?:\/\//i.test(card.source?.url ?? "") ? outward(card.source.url, card.source.label) : (card.source?.label ?? "not named")),
  ].filter(Boolean);
}

const outward = (url, label) => el("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, label);

function suggestionButton(card, suggestion) {
  const signs = { create: "+", update: "~", delete: "\u2212" };
  return el(
    "button",
    { type: "button", class: suggestion.isRecommended ? "suggestion primary" : "suggestion", click: () => accept(card, suggestion) },
    suggestion.isRecommended && el("span", { class: "badge recommended" }, "Recommended"),
    el("span", { class: "label" }, suggestion.label),
    ...(suggestion.actions ?? []).map((action) =>
      el("span", { class: "does" }, el("span", { "aria-hidden": "true" }, `${signs[action.type] ?? "?"} `), el("span", { class: "sr-only" }, `${action.type}: `), action.description),
    ),
  );
}

function dismissal(card) {
  const comment = el("input", { type: "text", maxlength: "500", autocomplete: "off" });
  const done = (reason) => () => dismiss(card, reason, comment.value.trim());
  return el(
    "details",
    { class: "dismissal" },
    el("summary", {}, "Dismiss"),
    el(
      "div",
      { class: "reasons", role: "group", "aria-label": "Reason for dismissing the card" },
      el("label", {}, "Comment, if any ", comment),
      ...(card.overrideReasons ?? []).map((reason) => el("button", { type: "button", class: "quiet", click: done(reason) }, reason.display)),
      el("button", { type: "button", class: "quiet", click: done(null) }, "Without a reason"),
    ),
  );
}

/**
 * A long detail shows its first part, so that the buttons below it are in sight; the rest is one click
 * away, and always there to be read aloud. For a few lines, or without buttons, it is not worth a click.
 */
function fold(detail) {
  const hidden = detail.scrollHeight - detail.clientHeight;
  if (hidden < WORTH_FOLDING || !detail.parentElement.querySelector(".suggestion")) {
    detail.classList.add("whole");
    return;
  }
  const button = el("button", {
    type: "button",
    class: "quiet unfold",
    "aria-expanded": "false",
    click: () => {
      const whole = detail.classList.toggle("whole");
      button.setAttribute("aria-expanded", String(whole));
      button.textContent = whole ? "Show less" : "Show the whole card";
    },
  }, "Show the whole card");
  detail.after(button);
}

async function accept(card, suggestion) {
  const next = applySuggestion(state.drafts, suggestion);
  state.drafts = next.drafts;
  feedback(accepted(card, suggestion, new Date()), `Accepted: ${suggestion.label}`);
  for (const problem of next.problems) at("log").prepend(el("li", { class: "trouble" }, problem));
  at("advice-title").focus();
  await fire(next.selections);
  if (!isNarrow()) at("drafts").lastElementChild?.scrollIntoView({ block: "nearest" });
}

function dismiss(card, reason, comment) {
  state.dismissed.add(topicOf(card));
  const why = reason ? reason.display : "without a reason";
  feedback(overridden(card, reason, comment, new Date()), `Dismissed: ${why}`);
  showWaiting("The card was dismissed. The same advice stays folded for this patient.");
  announce(`Card dismissed: ${why}.`);
  at("advice-title").focus();
}

// ------------------------------------------------------------------------------ explanation

const unexplained = (text) => at("explanation").replaceChildren(el("p", { class: "empty" }, text));

async function explain(body, call) {
  let answer;
  try {
    answer = await send("order-entry/explain", body);
  } catch {
    answer = { ok: false };
  }
  if (call !== state.call) return;
  const place = at("explanation");
  if (!answer.ok) {
    unexplained("The explanation could not be had.");
    return;
  }
  const { steps, band, rule } = answer.json;
  if (steps.length === 0) {
    unexplained("No gate was asked: nothing that was selected gives a reason to look at the patient.");
    return;
  }
  const heads = ["Rule", "Asks", "Outcome", "Because"].map((name) => el("th", { scope: "col" }, name));
  place.replaceChildren(
    el("p", {}, "Band ", el("strong", {}, band), ", decided by ", el("strong", {}, rule), "."),
    el(
      "div",
      { class: "scroller", role: "group", "aria-label": "Gates and rows", tabindex: "0" },
      el(
        "table",
        { class: "steps" },
        el("thead", {}, el("tr", {}, ...heads)),
        el(
          "tbody",
          {},
          ...steps.map((step) =>
            el(
              "tr",
              { class: step.outcome.replace(" ", "-") },
              el("th", { scope: "row" }, step.id),
              el("td", {}, step.asks),
              el("td", {}, el("span", { class: "outcome" }, step.outcome)),
              el("td", {}, step.because),
            ),
          ),
        ),
      ),
    ),
  );
}

// ------------------------------------------------------------------------------ the page itself

async function copy(button) {
  const source = at(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.textContent);
    button.textContent = "Copied";
  } catch {
    // Without leave to write the clipboard, the text is selected, ready for the keyboard.
    getSelection().selectAllChildren(source);
    button.textContent = "Selected";
  }
  setTimeout(() => {
    button.textContent = "Copy";
  }, 2000);
}

/** In a wide window the patients are a column that is always open; in a narrow one they fold. */
function foldPatients(wide) {
  at("patients").open = wide;
  at("patients").querySelector("summary").tabIndex = wide ? -1 : 0;
}

function listen() {
  const wide = matchMedia("(min-width: 62rem)");
  foldPatients(wide.matches);
  at("patients").addEventListener("toggle", () => wide.matches && foldPatients(true));
  wide.addEventListener("change", () => foldPatients(wide.matches));
  document.addEventListener("click", ({ target }) => {
    const button = target.closest("button");
    if (button?.dataset.patient) {
      foldPatients(wide.matches);
      choosePatient(button.dataset);
    } else if (button?.dataset.order) choose(button.dataset.order);
    else if (button?.dataset.copy) copy(button);
    else if (button?.id === "as-sent") sendAsIs();
  });
  document.addEventListener("submit", (event) => {
    event.preventDefault();
    const form = event.target;
    if (form.dataset.server) findPatients(form.closest(".census"), form.elements.name.value.trim());
    else choose(form.dataset.order, { grams: form.grams.valueAsNumber, minutes: form.minutes.valueAsNumber });
  });
  at("delivery").addEventListener("change", ({ target }) => {
    state.delivery = target.value;
    if (state.drafts.length) fire(state.drafts.map((item) => referenceOf(item.resource)));
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = event.target.closest("details[open]") ?? document.querySelector(".dismissal[open]");
    if (open && !(open === at("patients") && wide.matches)) {
      open.open = false;
      open.querySelector("summary").focus();
    }
  });
}

async function start() {
  listen();
  for (const part of document.querySelectorAll(".patient, .sig")) part.replaceChildren(...unbroken(part.textContent));
  try {
    const [discovery, catalogue] = await Promise.all([read(DISCOVERY), read("order-entry/catalogue")]);
    state.service = findService(discovery);
    state.catalogue = new Map(catalogue.orders.map((order) => [order.id, order]));
    if (!state.service) state.unserved = "Discovery offers no order-select service.";
  } catch {
    state.unserved = "Discovery could not be read.";
    showUnserved();
    return;
  }
  for (const section of document.querySelectorAll(".census")) findPatients(section, "");
  const first = state.chosen ?? document.querySelector("[data-patient]")?.dataset;
  if (first) await choosePatient(first);
}

start();
