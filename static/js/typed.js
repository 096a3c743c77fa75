// Text that did not reach the record: shown again, and sealed on this device (vault.js)
// until it is saved or discarded.
//
// <section data-typed><textarea name="words">: an answer of the server that gives back what
// it could not save. It is sealed at once, for the form that was sent to this address.
// <section data-conflict data-sealed-as="name name">: shows what is sealed under a name.

import * as vault from "./vault.js";

const choice = /^(radio|checkbox)$/;
const plain = (part) => part?.innerText.replace(/\s+/g, " ").trim() ?? "";

// As a person reads it: the name of the field or of its card, and of a choice its words.
function asRead(form, [name, value]) {
  const fields = [...form.elements].filter((field) => field.name === name);
  const field = fields.find((one) => one.value === value) ?? fields[0];
  if (!field) return value;
  const own = plain(field.labels?.[0]);
  const group = plain(document.getElementById(field.closest("article")?.getAttribute("aria-labelledby"))) || plain(field.closest("fieldset")?.querySelector("legend"));
  const label = choice.test(field.type) ? group : own || group;
  const chosen = field.options ? plain(field.selectedOptions[0]) : own;
  const text = field.options || choice.test(field.type) ? chosen || value : value;
  return label ? `${label}\n${text}` : text;
}

// Sealed beside what was typed, since the page that shows it may have no such fields.
export const readable = (form, entries) => entries.filter(([name, text]) => name !== "format" && text.trim()).map((entry) => asRead(form, entry));

const words = ({ said, entries }) => (said ?? entries.map(([, text]) => text)).filter((text) => text.trim()).join("\n\n");

// A page's own name for what it seals of this form.
export const pageName = (form) => `${form}#${globalThis.crypto?.randomUUID?.() ?? Math.random()}`;

// Shows a text in the conflict panel; `mine` is one that this browser had sealed.
export function show(text, mine) {
  const panel = document.querySelector("[data-conflict]");
  const place = panel?.querySelector("[data-conflict-text]");
  if (!place || !text) return;
  place.textContent = text;
  for (const part of mine ? panel.querySelectorAll("[data-mine]") : []) part.textContent = part.dataset.mine;
  panel.hidden = false;
}

const lines = (text) => text.split("\n").map((line) => line.replace(/\s+/g, " ").trim());

// Whether each line of a text is a line of the other.
function within(text, other) {
  const there = new Set(lines(other));
  return lines(text).every((line) => !line || there.has(line));
}

// What the fields of this name hold: of those to choose from, the chosen ones.
function held(name) {
  const fields = [...document.querySelectorAll(`[name="${CSS.escape(name)}"]`)];
  return fields.flatMap((field) => {
    if (choice.test(field.type)) return field.checked ? [field.value] : [];
    return field.options ? [...field.selectedOptions].map((option) => option.value) : [field.value];
  });
}

// Whether all of a sealed text is on this page anyway: in the fields of the same name, or
// where a record is read, which says its ratings in data-holds="name value".
function isHere({ entries }) {
  const read = [...document.querySelectorAll("[data-read]")].map((part) => part.innerText);
  const holds = new Set([...document.querySelectorAll("[data-holds]")].map((part) => part.dataset.holds));
  return entries.every(([name, text]) => {
    if (name === "format" || !text.trim()) return true;
    if (held(name).some((value) => within(text, value)) || holds.has(`${name} ${text}`)) return true;
    return !/^(rating|answer)-/.test(name) && read.some((words) => within(text, words));
  });
}

// Shows sealed texts and keeps them, whatever is saved meanwhile, until they are discarded.
export function offer(sealedRows) {
  const found = sealedRows.filter((row) => !isHere(row));
  for (const { name } of sealedRows.filter(isHere)) vault.drop(name).catch(() => {});
  if (!found.length) return;
  const texts = new Set(found.map(words));
  show([...texts].join("\n\n* * *\n\n"), true);
  const button = document.querySelector("[data-conflict-discard]");
  if (!button) return;
  button.hidden = false;
  button.onclick = async () => {
    for (const { name } of found) await vault.drop(name).catch(() => {});
    button.closest("[data-conflict]").hidden = true;
  };
}

// What is sealed of these forms: {name, form, entries, said, revision}.
export async function sealed(forms) {
  const found = [];
  for (const form of forms) {
    for (const name of await vault.names(form).catch(() => [])) {
      const row = await vault.kept(name).catch(() => null);
      if (row?.entries?.length) found.push({ name, form, ...row });
    }
  }
  return found;
}

const labelled = (fields) => fields.map((field) => `${plain(field.labels[0])}\n${field.value}`);

async function begin() {
  for (const given of document.querySelectorAll("[data-typed]")) {
    const fields = [...given.querySelectorAll("textarea[name]")];
    const entries = fields.map((field) => [field.name, field.value]);
    if (entries.length) vault.keep(pageName(location.pathname), { entries, said: labelled(fields), revision: "" }).catch(() => {});
    delete given.dataset.typed;
  }
  const panel = document.querySelector("[data-sealed-as]");
  if (panel) offer(await sealed(panel.dataset.sealedAs.split(" ")));
}

begin();
addEventListener("htmx:afterSettle", begin);
