// On every page: keys, toasts, the small buttons. Everything works without it.

const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const typing = (target) => target.closest("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]");

// Keys: an element's data-keys ("n", "g t") presses it.
let before = "";
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (typing(event.target) || document.querySelector("dialog[open]")) return;
  const keys = before === "g" ? `g ${event.key}` : event.key;
  before = event.key;
  if (keys === "/") return press(event, () => document.querySelector("#find")?.focus());
  if (keys === "?") return press(event, () => document.querySelector("#keys-help")?.showModal());
  if (!/^(g )?[a-z]$/.test(keys)) return;
  const target = document.querySelector(`[data-keys="${keys}"]`);
  if (target) press(event, () => target.click());
});

function press(event, act) {
  event.preventDefault();
  before = "";
  act();
}

// Toasts stay until they are closed.
for (const button of all(".toast [data-close]")) {
  button.hidden = false;
  button.addEventListener("click", () => button.closest(".toast").remove());
}

// A menu closes on Escape and on a press elsewhere.
for (const menu of all("details.menu")) {
  addEventListener("click", (event) => menu.contains(event.target) || (menu.open = false));
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
}

// The browser's own time zone stands first.  Chosen only where the page asks for it, in a
// form that nobody has filled in; never changed behind somebody's back.
for (const field of all("select[data-time-zone]")) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const chosen = field.value;
  const isIt = (option) => option.value === zone || option.dataset.also?.split(" ").includes(zone.toLowerCase());
  if (!zone) continue;
  const known = [...field.options].find(isIt);
  const city = zone.split("/").pop().replaceAll("_", " ");
  const time = new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: "short", hourCycle: document.documentElement.dataset.clock, timeZone: zone });
  const option = known ?? new Option(`${city} (${time.format(new Date()).toLowerCase()})`, zone);
  field.prepend(option);
  field.value = field.dataset.timeZone === "ask" ? option.value : chosen;
}

// "No change, 5" presses last time's stone.
function sames() {
  for (const button of all("button[data-same][hidden]")) {
    const stones = all(`input[name="${CSS.escape(button.dataset.same)}"]`, button.form ?? document);
    const stone = stones.find((input) => input.value === button.value);
    const show = () => button.setAttribute("aria-pressed", String(Boolean(stone?.checked)));
    button.hidden = !stone;
    button.addEventListener("click", () => {
      stone.checked = true;
      stone.dispatchEvent(new Event("change", { bubbles: true }));
    });
    for (const input of stones) input.addEventListener("change", show);
    if (stone) show();
  }
}
sames();
addEventListener("htmx:afterSettle", sames); // a page that came back with its words

// Template text is not yet anybody's words: it looks so until it is changed.
for (const area of all("textarea[data-template]")) {
  const given = area.dataset.template || area.defaultValue;
  const show = () => area.classList.toggle("template", area.value === given);
  area.addEventListener("input", show);
  show();
}

// A text that is too long says so while it is typed. Characters are counted as the server
// counts them: an emoji is one, a line break too.
addEventListener("input", ({ target }) => {
  if (!target.dataset?.most) return;
  const over = [...target.value].length - Number(target.dataset.most);
  let says = target.parentElement.querySelector("[data-over-says]");
  if (over <= 0) return says?.remove();
  if (!says) {
    says = Object.assign(document.createElement("p"), { className: "invalid-feedback over" });
    says.setAttribute("role", "status");
    says.dataset.overSays = "";
    target.after(says);
  }
  says.textContent = target.dataset.over.replace("{n}", over.toLocaleString(document.documentElement.lang));
});

// A form is sent once; its button says what is happening.
addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "yes";
  const button = event.submitter;
  if (!button) return;
  setTimeout(() => {
    button.setAttribute("aria-disabled", "true");
    if (button.dataset.busy) button.textContent = button.dataset.busy;
  });
});
addEventListener("pageshow", (event) => {
  if (event.persisted) all("form[data-sent]").forEach((form) => delete form.dataset.sent);
});

// Somebody looks over the shoulder or the screen is shared.
for (const button of all("[data-blur]")) {
  button.hidden = false;
  const show = (on) => {
    document.body.classList.toggle("blur", on);
    button.setAttribute("aria-pressed", String(on));
  };
  show(sessionStorage.getItem("blur") === "on");
  button.addEventListener("click", () => {
    const on = button.getAttribute("aria-pressed") !== "true";
    sessionStorage.setItem("blur", on ? "on" : "off");
    show(on);
  });
}

// A screen that is shared may show a tab that its owner does not look at.
if (document.querySelector("[data-blur]")) {
  addEventListener("visibilitychange", () => document.body.classList.toggle("veiled", document.hidden));
}

const lookAtErrors = () => document.querySelector("[data-summary]")?.focus();
lookAtErrors();
document.addEventListener("htmx:afterSettle", lookAtErrors); // a form sent without leaving

// Leaving quickly has arrived (leave.js): whoever signs in now is not sent out again.
if (!document.querySelector("form[data-leave]") && /(?:^|; )left=/.test(document.cookie)) document.cookie = "left=; Path=/; Max-Age=0";
