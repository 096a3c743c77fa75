// Whether somebody is still there. Two minutes before a sign-in ends it asks; afterwards it
// covers the page and lets the same person in again, with every word where it was.

import * as passkey from "./passkey.js";

const scrim = document.querySelector("[data-stay]");
const WARN = 120_000; // ms before the end
const TELL_EVERY = 60_000; // ms between tellings of what was pressed
const others = "BroadcastChannel" in globalThis ? new BroadcastChannel("cairn-stay") : null;

const warning = scrim.querySelector("[data-warning]");
const gone = scrim.querySelector("[data-gone]");
const form = gone.querySelector("form");
const idle = Number(scrim.dataset.idle) * 1000;
let most = Date.now() + Number(scrim.dataset.most) * 1000;
let active = Date.now() - idle + Number(scrim.dataset.left) * 1000;
let told = Date.now();
let covered = false;
let returns = 0; // how often somebody signed in again here
let before = null; // what had the focus

// The clock is asked, not counted: a laptop sleeps.
const ends = () => Math.min(active + idle, most);
const token = () => /(?:^|; )(?:__Host-)?csrftoken=([^;]+)/.exec(document.cookie)?.[1] ?? "";

export const headers = () => ({
  Accept: "application/json",
  "X-CSRFToken": token(),
  "X-Cairn-Person": scrim.dataset.who,
  "X-Cairn-Idle": String(Math.max(0, Math.round((Date.now() - active) / 1000))),
});

function pressed() {
  if (covered || !warning.hidden) return;
  active = Date.now();
  others?.postMessage({ active });
  if (Date.now() - told > TELL_EVERY) ask();
}

async function ask() {
  told = Date.now();
  const was = returns;
  try {
    const answer = await fetch(scrim.dataset.url, { method: "POST", headers: headers(), redirect: "error" });
    // One that was asked before they signed in again says nothing of now.
    if (answer.status === 401) return void (was === returns && cover());
    if (answer.ok) active = Math.max(active, Date.now() - idle + (await answer.json()).left * 1000);
  } catch {
    if (Date.now() >= ends()) cover();
  }
}

function look() {
  if (covered) return;
  const left = ends() - Date.now();
  if (left <= 0) return void ask().then(() => Date.now() >= ends() && cover());
  if (left <= WARN) return warn(left);
  if (!warning.hidden) close();
}

function warn(left) {
  const seconds = Math.ceil(left / 1000);
  scrim.querySelector("[data-left-time]").textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  if (warning.hidden) show(warning, warning.querySelector("[data-stay-on]"));
}

function show(dialog, focus) {
  before ??= document.activeElement;
  for (const one of document.body.children) if (one !== scrim) one.inert = true;
  for (const one of [warning, gone]) one.hidden = one !== dialog;
  scrim.hidden = false;
  focus.focus();
}

function close() {
  for (const one of document.body.children) one.inert = false;
  document.body.classList.remove("covered");
  scrim.hidden = warning.hidden = gone.hidden = true;
  before?.focus?.();
  before = null;
}

function cover() {
  if (covered) return;
  covered = true;
  document.body.classList.add("covered");
  // A draft that is not on the server yet says so by preventing the default.
  gone.querySelector("[data-gone-draft]").hidden = dispatchEvent(new CustomEvent("cairn:gone", { cancelable: true }));
  step("password");
  show(gone, form.elements.password);
}

function step(name) {
  for (const field of form.querySelectorAll("[data-step]")) field.hidden = field.dataset.step !== name;
  const field = form.elements[name];
  for (const other of ["password", "code"]) if (other !== name) form.elements[other].value = "";
  field.focus();
}

async function say(words) {
  const body = new FormData();
  body.append("who", scrim.dataset.who);
  if ("shared" in scrim.dataset) body.append("shared", "on");
  for (const [name, value] of Object.entries(words)) body.append(name, value);
  const answer = await fetch(scrim.dataset.here, {
    method: "POST",
    body,
    headers: { Accept: "application/json", "X-CSRFToken": token() },
    redirect: "error",
  });
  return answer.json();
}

async function enter(words) {
  const error = gone.querySelector("[data-gone-error]");
  error.textContent = "";
  let answer;
  try {
    answer = await say(words);
  } catch {
    error.textContent = error.dataset.offline;
    return;
  }
  if (answer.error) error.textContent = answer.error;
  else if (answer.next) step(answer.next);
  else if (answer.csrf) back(answer);
  return answer;
}

function back(answer) {
  for (const field of document.querySelectorAll("input[name=csrfmiddlewaretoken]")) field.value = answer.csrf;
  form.reset();
  covered = false;
  returns += 1;
  active = told = Date.now();
  most = Date.now() + 12 * 3_600_000; // the next page knows better
  close();
  if (answer.left) others?.postMessage({ back: true });
  dispatchEvent(new CustomEvent("cairn:back", { detail: answer }));
}

// Somebody signed in again in another tab: is it the one this page was made for?
async function again() {
  const answer = await fetch(scrim.dataset.url, { method: "POST", headers: headers(), redirect: "error" }).catch(() => null);
  if (answer?.ok && covered) back({ csrf: token() });
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  event.stopImmediatePropagation();
  const name = form.elements.code.closest("[data-step]").hidden ? "password" : "code";
  enter({ [name]: form.elements[name].value });
});

warning.querySelector("[data-stay-on]").addEventListener("click", () => {
  close();
  active = Date.now();
  others?.postMessage({ active });
  ask();
});
scrim.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !warning.hidden) warning.querySelector("[data-stay-on]").click();
  if (event.key !== "Tab") return;
  const shown = [...scrim.querySelectorAll("a, button, input")].filter((one) => one.offsetParent && !one.disabled);
  const edge = event.shiftKey ? shown[0] : shown.at(-1);
  if (document.activeElement !== edge) return;
  event.preventDefault();
  (event.shiftKey ? shown.at(-1) : shown[0]).focus();
});

const key = gone.querySelector("[data-gone-passkey]");
key.hidden = !passkey.here;
key.querySelector("button").addEventListener("click", async () => {
  const answer = await enter({ begin: "passkey" });
  if (!answer?.options) return;
  try {
    await enter({ credential: JSON.stringify(await passkey.use(answer.options)) });
  } catch {
    form.elements.password.focus(); // they thought better of it
  }
});

others?.addEventListener("message", ({ data }) => {
  if (data.active) active = Math.max(active, data.active);
  if (data.back && covered) again();
});

for (const name of ["keydown", "pointerdown", "input", "wheel", "touchmove"]) addEventListener(name, pressed, { passive: true });
addEventListener("cairn:signed-out", cover);
addEventListener("visibilitychange", () => document.hidden || look());
addEventListener("focus", () => (covered ? again() : Date.now() - told > 5_000 && ask()));
setInterval(look, 1000);
others?.postMessage({ back: true }); // this page is signed in: is it one that another waits for?
