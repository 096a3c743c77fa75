// Keeps a long form as it is typed. "Saved 14:03" is said only when the server has
// answered with the hash of exactly the words that stand on the page.
//
// <form data-draft data-draft-url="…" data-conflict-url="…" data-sign-in-url="…">
//   <input type="hidden" name="revision" value="3">
//   <div data-draft-part><textarea name="data">…</textarea></div>
//   <span class="saved" role="status" data-saved …>: templates/parts/saved.html
//
// What cannot be sent is kept on the device, sealed (vault.js).

import * as vault from "./vault.js";

const PAUSE = 700; // ms after the last key
const LONGEST = 60_000; // ms between attempts while there is no network
const KEEPALIVE = 60_000; // bytes a browser sends while a page closes
const SPLIT = "\u001e";

const WORDS = {
  saving: "Saving…",
  saved: "Saved {time}",
  offline: "Not saved: offline, kept here",
  signedOut: "Not saved: sign in again",
  signIn: "Sign in",
  conflict: "Somebody else changed this note",
  seeBoth: "See both",
  failed: "Not saved: the server did not answer as it should, trying again",
  refused: "Not saved: the server refused it. Copy your words before you leave",
};

const ICONS = {
  saving: "clock",
  saved: "check",
  offline: "offline",
  signedOut: "lock",
  conflict: "swap",
  failed: "alert",
  refused: "alert",
};

async function digest(text) {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// Without a secure context there is no hash to compute; then nothing is ever claimed.
async function proves(answer, text) {
  return Boolean(globalThis.crypto?.subtle) && answer.sha256 === (await digest(text));
}

class Draft {
  constructor(form) {
    this.form = form;
    this.status = form.querySelector("[data-saved]") ?? document.querySelector("[data-saved]");
    this.words = { ...WORDS, ...JSON.parse(this.status?.dataset.words ?? "{}") };
    this.revision = form.elements.revision;
    this.kept = this.given();
    this.wait = 1000;
    this.stopped = false; // by a conflict, or because the form itself is on its way
    form.addEventListener("input", (event) => this.touched(event));
    form.addEventListener("change", (event) => this.touched(event));
    form.addEventListener("submit", () => this.stop());
    addEventListener("online", () => this.send());
    addEventListener("focus", () => this.pending() && this.signedOut && this.send());
    addEventListener("cairn:gone", (event) => this.pending() && (event.preventDefault(), this.seal()));
    addEventListener("cairn:back", () => this.send());
    addEventListener("pagehide", () => this.send());
    addEventListener("cairn:leaving", () => this.send());
    addEventListener("visibilitychange", () => document.hidden && this.send());
    this.look();
    if (this.pending()) this.later(PAUSE); // typed before this script was here
    addEventListener("beforeunload", (event) => this.pending() && !document.body.hidden && event.preventDefault());
  }

  fields() {
    return [...this.form.querySelectorAll("[data-draft-part] [name]")].filter(
      (field) => !field.disabled && (!/^(radio|checkbox)$/.test(field.type) || field.checked),
    );
  }

  // What an earlier page here could not send. Over the text it was typed on it is put
  // back; where the server has another one since, both are shown.
  async look() {
    const found = await vault.kept(this.form.dataset.draftUrl).catch(() => null);
    if (!found || found.text === this.text()) return;
    const fields = this.fields();
    const parts = found.text.split(SPLIT);
    if (found.revision !== (this.revision?.value ?? "") || parts.length !== fields.length || this.pending()) return this.offer(found.text);
    fields.forEach((field, number) => this.put(field, parts[number]));
    this.form.dispatchEvent(new CustomEvent("cairn:restored"));
    this.send();
  }

  put(field, text) {
    if (field.type !== "radio") return void (field.value = text);
    for (const one of this.form.querySelectorAll(`[name="${CSS.escape(field.name)}"]`)) one.checked = one.value === text;
  }

  seal() {
    vault.keep(this.form.dataset.draftUrl, { text: this.text(), revision: this.revision?.value ?? "" }).catch(() => {});
  }

  offer(text) {
    const other = document.querySelector("[data-conflict]");
    const place = other?.querySelector("[data-conflict-text]");
    if (!place) return;
    place.textContent = text.split(SPLIT).join("\n\n");
    other.hidden = false;
  }

  // The canonical text: every part in the order of the page, lines ended by LF.
  text() {
    return this.fields().map((field) => field.value.replace(/\r\n?/g, "\n")).join(SPLIT);
  }

  // The same of what came with the page, whatever was typed into it since.
  given() {
    const fields = [...this.form.querySelectorAll("[data-draft-part] [name]")].filter(
      (field) => !field.disabled && (!/^(radio|checkbox)$/.test(field.type) || field.defaultChecked),
    );
    const value = (field) => {
      if (/^(radio|checkbox|hidden)$/.test(field.type)) return field.value;
      if (!field.options) return field.defaultValue.replace(/\r\n?/g, "\n");
      return ([...field.options].find((option) => option.defaultSelected) ?? field.options[0])?.value ?? "";
    };
    return fields.map(value).join(SPLIT);
  }

  pending() {
    return !this.stopped && this.text() !== this.kept;
  }

  stop() {
    clearTimeout(this.timer);
    this.stopped = true;
  }

  touched(event) {
    if (!event.target.closest("[data-draft-part]")) return;
    if (!this.stopped && !this.failing && !this.signedOut) this.say("saving");
    this.later(this.failing ? this.wait : PAUSE);
  }

  later(delay) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send(), delay);
  }

  body() {
    const body = new FormData();
    for (const field of this.fields()) body.append(field.name, field.value);
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
    return fetch(this.form.dataset.draftUrl, {
      method: "POST",
      body: this.body(),
      redirect: "error",
      headers: { Accept: "application/json", "X-CSRFToken": this.token(), "X-Cairn-Idle": "0", ...this.person() },
      keepalive: new TextEncoder().encode(text).length < KEEPALIVE,
    });
  }

  async send() {
    if (this.busy || !this.pending()) return;
    this.busy = true;
    const text = this.text();
    if (!this.failing && !this.signedOut) this.say("saving");
    try {
      await this.answered(await this.request(text), text);
    } catch {
      this.again("offline");
    } finally {
      this.busy = false;
    }
    if (this.pending() && !this.failing && !this.signedOut) this.later(PAUSE);
  }

  async answered(response, text) {
    this.signedOut = response.status === 401;
    if (this.signedOut) return this.ended();
    if (response.status === 409) return this.conflict(await response.json());
    if (response.status >= 500 || response.status === 429) return this.again("failed");
    if (!response.ok) return this.say("refused");
    const answer = await response.json();
    if (this.revision && answer.revision !== undefined) this.revision.value = answer.revision;
    if (!(await proves(answer, text))) return this.again("failed");
    this.kept = text;
    vault.drop(this.form.dataset.draftUrl).catch(() => {});
    this.failing = false;
    this.wait = 1000;
    if (this.text() === text) this.say("saved");
  }

  ended() {
    this.seal();
    this.say("signedOut", "signIn", this.form.dataset.signInUrl);
    dispatchEvent(new Event("cairn:signed-out"));
  }

  again(word) {
    this.failing = true;
    this.seal();
    this.say(word);
    this.later(this.wait);
    this.wait = Math.min(this.wait * 2, LONGEST);
  }

  // Both texts stay: ours on the page, the other one below it, to read and to copy.
  conflict(answer) {
    this.stop();
    addEventListener("beforeunload", this.hold);
    this.form.addEventListener("submit", () => removeEventListener("beforeunload", this.hold));
    this.say("conflict", "seeBoth", this.form.dataset.conflictUrl);
    if (answer.text !== undefined) this.offer(String(answer.text));
  }

  hold(event) {
    if (!document.body.hidden) event.preventDefault();
  }

  say(word, linkWord, address) {
    if (!this.status) return;
    // A link that is being pressed must not be replaced by its twin.
    if (address && this.status.dataset.state === word) return;
    const time = new Date().toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hour12: false });
    const words = this.words[word].replace("{time}", time);
    this.status.classList.toggle("warn", !["saving", "saved"].includes(word));
    this.status.dataset.state = word;
    const use = this.status.querySelector("use");
    use?.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#i-${ICONS[word]}`));
    use?.parentElement.removeAttribute("hidden");
    const place = this.status.querySelector("[data-saved-words]") ?? this.status;
    place.textContent = words;
    if (!address) return;
    const link = Object.assign(document.createElement("a"), { href: address, textContent: this.words[linkWord] });
    if (word === "signedOut") link.target = "_blank"; // the words stay here meanwhile
    place.append(" ", link);
  }
}

const begun = new WeakSet();

function begin() {
  for (const form of document.querySelectorAll("form[data-draft]")) {
    if (!begun.has(form)) new Draft(form);
    begun.add(form);
  }
}

begin();
addEventListener("htmx:afterSettle", begin); // a form that was sent and came back
