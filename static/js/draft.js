// Saves a form as a draft while it is filled in. "Saved 2:03 pm" is said only when the
// server has answered with the hash of exactly what is on the page, in every field.
//
// <form data-draft data-draft-url="…" data-conflict-url="…" data-sign-in-url="…">
//   <input type="hidden" name="revision" value="3">
//   <span class="saved" role="status" data-saved …>: templates/parts/saved.html
//
// All fields of the form are sent, hidden ones aside. data-draft-was on a group holds what
// the record says already: that is no draft. data-draft-unsaved: the page came back with
// words that the server does not have. data-draft-held: saving has to be pressed, since
// another text would be overwritten. What cannot be sent is sealed on the device.

import { offer, pageName, readable, sealed, show } from "./typed.js";
import * as vault from "./vault.js";

const PAUSE = 700; // ms after the last key
const LONGEST = 60_000; // ms between attempts while there is no network
const KEEPALIVE = 60_000; // bytes a browser sends while a page closes
const BETWEEN = "\u001e";
const NAMED = "\u001f";
const NO_FIELD = /^(hidden|submit|button|reset|image|file|password|fieldset|output|object)$/;

const WORDS = {
  nothing: "",
  saving: "Saving…",
  saved: "Saved {time}",
  offline: "Not saved: offline, stored on this device",
  signedOut: "Not saved: sign in again",
  signIn: "Sign in",
  conflict: "Not saved: this was changed elsewhere",
  held: "Not saved: choose which text to keep, then save",
  seeBoth: "See both",
  failed: "Not saved: the server had a problem, trying again",
  refused: "Not saved: the server rejected it. Copy your text before you leave",
};

const ICONS = {
  saving: "clock",
  saved: "check",
  offline: "offline",
  signedOut: "lock",
  conflict: "swap",
  held: "swap",
  failed: "alert",
  refused: "alert",
};

const lines = (text) => text.replace(/\r\n?/g, "\n");
const joined = (entries) => entries.map((pair) => pair.join(NAMED)).join(BETWEEN);

async function digest(text) {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// Without a secure context there is no hash to compute; then nothing is ever claimed.
async function proves(answer, text) {
  return Boolean(globalThis.crypto?.subtle) && answer.sha256 === (await digest(text));
}

// What a field holds now, or held as the page came.
function values(field, given) {
  if (/^(radio|checkbox)$/.test(field.type)) return (given ? field.defaultChecked : field.checked) ? [field.value] : [];
  if (!field.options) return [lines(given ? field.defaultValue : field.value)];
  const options = [...field.options].filter((option) => (given ? option.defaultSelected : option.selected));
  if (!options.length && !field.multiple) options.push(...[...field.options].slice(0, 1));
  return options.map((option) => option.value);
}

class Draft {
  constructor(form) {
    this.form = form;
    this.status = form.querySelector("[data-saved]") ?? document.querySelector("[data-saved]");
    this.words = { ...WORDS, ...JSON.parse(this.status?.dataset.words ?? "{}") };
    this.revision = form.elements.revision;
    this.returns = 0; // how often they signed in again on this page
    this.name = pageName(form.dataset.draftUrl); // of what is sealed here
    this.held = "draftHeld" in form.dataset;
    this.kept = "draftUnsaved" in form.dataset ? null : joined(this.entries(true));
    this.wait = 1000;
    this.stopped = false; // the form itself is on its way
    this.sending = Promise.resolve();
    form.addEventListener("input", () => this.touched());
    form.addEventListener("change", () => this.touched());
    form.addEventListener("submit", (event) => this.submitted(event), { capture: true });
    addEventListener("online", () => this.send());
    addEventListener("focus", () => this.signedOut && this.send());
    addEventListener("cairn:gone", (event) => this.unsaved() && (event.preventDefault(), this.seal()));
    addEventListener("cairn:back", () => ((this.returns += 1), this.send()));
    addEventListener("pagehide", () => this.send());
    addEventListener("cairn:leaving", () => this.send());
    addEventListener("visibilitychange", () => document.hidden && this.send());
    addEventListener("pageshow", (event) => event.persisted && this.here());
    addEventListener("htmx:sendError", () => this.here());
    addEventListener("beforeunload", (event) => this.unsaved() && !document.body.hidden && event.preventDefault());
    if (this.held) this.hold("held");
    else this.look().finally(() => this.pending() && this.later(PAUSE)); // typed before this script was here
  }

  get url() {
    return this.form.dataset.draftUrl;
  }

  // Every field with what is in it, [name, text], in the order of the page.
  entries(given = false) {
    const found = new Map();
    for (const field of this.form.elements) {
      if (!field.name || field.disabled || NO_FIELD.test(field.type)) continue;
      const was = field.closest("[data-draft-was]")?.dataset.draftWas;
      for (const value of values(field, given)) {
        if (value !== was) found.set(field.name, [...(found.get(field.name) ?? []), value]);
      }
    }
    return [...found].flatMap(([name, texts]) => texts.map((text) => [name, text]));
  }

  text() {
    return joined(this.entries());
  }

  // On the page and not on the server.
  unsaved() {
    return !this.stopped && this.text() !== this.kept;
  }

  // The same, and it may be sent.
  pending() {
    return !this.held && this.unsaved();
  }

  here() {
    this.stopped = this.passing = false;
    delete this.form.dataset.sent;
    for (const button of document.querySelectorAll("button[aria-disabled]")) button.removeAttribute("aria-disabled");
    if (this.pending()) this.send();
  }

  // What an earlier page here could not send. Over the text it was typed on it is put
  // back; where the server has another one since, both are shown.
  async look() {
    const others = [];
    for (const row of await sealed([this.url, new URL(this.form.action, location).pathname])) {
      if (joined(row.entries) === this.text()) await vault.drop(row.name);
      else if (this.fits(row)) await this.back(row);
      else others.push(row);
    }
    offer(others);
  }

  fits({ form, entries, revision }) {
    const names = new Set([...this.form.elements].map((field) => field.name));
    const same = form === this.url && revision === (this.revision?.value ?? "");
    return same && !this.unsaved() && entries.every(([name]) => names.has(name));
  }

  async back({ name, entries }) {
    this.put(entries);
    await this.seal();
    await vault.drop(name);
    this.form.dispatchEvent(new CustomEvent("cairn:restored"));
    this.send();
  }

  put(entries) {
    const texts = new Map();
    for (const [name, text] of entries) texts.set(name, [...(texts.get(name) ?? []), text]);
    for (const field of this.form.elements) {
      if (!field.name || NO_FIELD.test(field.type)) continue;
      const said = texts.get(field.name) ?? [];
      const event = new Event("change", { bubbles: true });
      if (/^(radio|checkbox)$/.test(field.type)) {
        if (said.length || field.type === "checkbox") field.checked = said.includes(field.value);
        if (field.checked) field.dispatchEvent(event);
      } else if (said.length) {
        field.value = said[0];
        if (field.closest("[hidden]")) field.closest("[hidden]").hidden = false;
      }
    }
  }

  seal() {
    const entries = this.entries();
    return vault.keep(this.name, { entries, said: readable(this.form, entries), revision: this.revision?.value ?? "" }).catch(() => {});
  }

  touched() {
    if (this.held) return this.sealLater();
    if (!this.stopped && !this.failing && !this.signedOut) this.busy || this.unsaved() ? this.say("saving") : this.rest();
    this.later(this.failing ? this.wait : PAUSE);
  }

  // A field was left, or a word typed and taken out again: the server has all of it.
  rest() {
    if (this.savedAt) return this.say("saved", { time: this.savedAt });
    if (this.status?.dataset.state === "saving") this.say("nothing");
  }

  sealLater() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.seal(), PAUSE / 2);
  }

  later(delay) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send(), delay);
  }

  // Without a network a form is not sent at all: the words stay where they are. Where the
  // server was away, it is tried as a draft first. A draft that is on its way arrives
  // before the form, which then has its revision.
  async submitted(event) {
    const away = (this.failing || !navigator.onLine) && this.pending();
    if (this.passing || !(away || this.busy)) return this.stop();
    event.preventDefault();
    event.stopImmediatePropagation();
    if (this.waiting) return; // pressed twice
    this.waiting = true;
    await (away ? this.flush() : this.sending);
    this.waiting = false;
    if (this.failing === "offline" || this.signedOut) return;
    this.passing = true;
    this.form.requestSubmit(event.submitter);
  }

  stop() {
    clearTimeout(this.timer);
    this.stopped = true;
  }

  async flush() {
    await this.sending;
    await this.send();
  }

  body() {
    const body = new FormData();
    for (const [name, text] of this.entries()) body.append(name, text);
    body.append("revision", this.revision?.value ?? "");
    return body;
  }

  // Signing in elsewhere changes the token: the cookie knows the new one.
  token() {
    const field = this.form.elements.csrfmiddlewaretoken;
    const cookie = /(?:^|; )(?:__Host-)?csrftoken=([^;]+)/.exec(document.cookie);
    if (cookie) field.value = cookie[1];
    return field.value;
  }

  // Who wrote here: the server takes nothing of theirs as somebody else's.
  person() {
    const who = document.querySelector("[data-stay]")?.dataset.who;
    return who ? { "X-Cairn-Person": who } : {};
  }

  // A short text is sent so that it arrives even if the page goes meanwhile.
  request(text) {
    return fetch(this.url, {
      method: "POST",
      body: this.body(),
      redirect: "error",
      headers: { Accept: "application/json", "X-CSRFToken": this.token(), "X-Cairn-Idle": "0", ...this.person() },
      keepalive: new TextEncoder().encode(text).length < KEEPALIVE,
    });
  }

  send() {
    if (!this.busy && this.pending()) this.sending = this.sendNow();
    return this.sending;
  }

  async sendNow() {
    this.busy = true;
    const text = this.text();
    const returns = this.returns;
    if (!this.failing && !this.signedOut) this.say("saving");
    try {
      let response = await this.request(text);
      // Refused before they signed in again: it says nothing of now.
      if (response.status === 401 && returns !== this.returns) response = await this.request(text);
      await this.answered(response, text);
    } catch {
      this.again("offline");
    } finally {
      this.busy = false;
    }
    if (this.pending() && !this.failing && !this.signedOut && !this.refused) this.later(PAUSE);
  }

  async answered(response, text) {
    this.signedOut = response.status === 401;
    this.refused = false;
    if (this.signedOut) return this.ended();
    if (response.status === 409) return this.conflict(await response.json());
    if (response.status >= 500 || response.status === 429) return this.again("failed");
    if (!response.ok) return this.refuse(response);
    const answer = await response.json();
    if (this.revision && answer.revision !== undefined) this.revision.value = answer.revision;
    if (!(await proves(answer, text))) return this.again("failed");
    this.kept = text;
    vault.drop(this.name).catch(() => {});
    this.failing = false;
    this.wait = 1000;
    this.savedAt = answer.clock;
    if (this.text() === text) this.say("saved", { time: answer.clock });
  }

  ended() {
    this.seal();
    this.say("signedOut", { link: "signIn", address: this.form.dataset.signInUrl });
    dispatchEvent(new Event("cairn:signed-out"));
  }

  again(word) {
    this.failing = word;
    this.kept = null; // nobody knows whether it arrived
    this.seal();
    this.say(word);
    this.later(this.wait);
    this.wait = Math.min(this.wait * 2, LONGEST);
  }

  // Too long, or no longer theirs to write: the server says why, the words stay.
  async refuse(response) {
    this.refused = true;
    this.failing = false;
    this.seal();
    const answer = await response.json().catch(() => ({}));
    this.say("refused", { reason: answer.reason });
  }

  // Both texts stay: ours on the page and sealed, the other one below it.
  conflict(answer) {
    this.hold("conflict", answer.reason);
    if (answer.text !== undefined) show(String(answer.text));
  }

  hold(word, reason) {
    clearTimeout(this.timer);
    this.held = true;
    this.seal();
    this.say(word, { reason, link: "seeBoth", address: this.form.dataset.conflictUrl });
  }

  say(word, { time = "", reason, link, address } = {}) {
    if (!this.status) return;
    // A link that is being pressed must not be replaced by its twin.
    if (address && this.status.dataset.state === word) return;
    this.status.classList.toggle("warn", !["saving", "saved", "nothing"].includes(word));
    this.status.dataset.state = word;
    const use = this.status.querySelector("use");
    if (ICONS[word]) use?.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#i-${ICONS[word]}`));
    use?.parentElement.toggleAttribute("hidden", !ICONS[word]);
    const place = this.status.querySelector("[data-saved-words]") ?? this.status;
    place.textContent = reason || this.words[word].replace("{time}", time).trim();
    if (!address) return;
    const anchor = Object.assign(document.createElement("a"), { href: address, textContent: this.words[link] });
    if (word === "signedOut") anchor.target = "_blank"; // the words stay here meanwhile
    place.append(" ", anchor);
  }
}

const drafts = new Map();
const waiting = () => [...drafts.values()].filter((draft) => draft.form.isConnected && draft.pending());
const flushed = () => Promise.all(waiting().map((draft) => draft.flush()));

function begin() {
  for (const form of document.querySelectorAll("form[data-draft]")) {
    if (!drafts.has(form)) drafts.set(form, new Draft(form));
  }
}

// A link or another form of the page waits until what is typed is saved.
addEventListener(
  "click",
  (event) => {
    const link = event.target.closest?.("a[href]");
    const other = event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || link?.target;
    if (!link || other || link.origin !== location.origin || !waiting().length) return;
    if (link.hash && link.pathname === location.pathname) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    flushed().then(() => location.assign(link.href));
  },
  { capture: true },
);

const passed = new WeakSet();
addEventListener(
  "submit",
  (event) => {
    const form = event.target;
    if (form.matches("[data-draft], [data-leave]") || form.closest("[data-gone]") || passed.has(form) || !waiting().length) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    passed.add(form);
    flushed().then(() => form.requestSubmit(event.submitter));
  },
  { capture: true },
);

begin();
addEventListener("htmx:afterSettle", begin); // a form that was sent and came back
