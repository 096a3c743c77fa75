// Leave quickly: the button, or Shift three times. The page is gone before anything else.

const form = document.querySelector("form[data-leave]");
const button = form?.querySelector("[data-leave-to]");
const TIMES = 3;
const WITHIN = 1500; // ms
const LEFT = "left"; // a cookie: the answer to leaving clears the tab's storage
const ARRIVES = 8; // seconds: by then the server knows, or never will
let presses = [];

function remember(seconds) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${LEFT}=1; Path=/; Max-Age=${seconds}; SameSite=Lax${secure}`;
}

function blank() {
  document.title = "…";
  document.documentElement.hidden = true;
  document.body.hidden = true;
}

const signOut = () =>
  fetch(form.action, { method: "POST", body: new FormData(form), keepalive: true, redirect: "manual" }).catch(() => {});

function leave() {
  blank();
  dispatchEvent(new Event("cairn:leaving")); // a draft is sent and asks nothing
  remember(ARRIVES);
  signOut();
  location.replace(button.dataset.leaveTo);
}

// Back was pressed before the server had signed us out: this page hides and tries again.
async function leftAlready() {
  if (!form || !document.cookie.split("; ").includes(`${LEFT}=1`)) return;
  blank();
  remember(0);
  await signOut();
  location.reload(); // the sign-in page
}

leftAlready();
addEventListener("pageshow", (event) => event.persisted && leftAlready());

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  leave();
});

addEventListener("keydown", (event) => {
  if (!form || event.repeat) return;
  if (event.key !== "Shift") return (presses = []);
  const now = event.timeStamp;
  presses = [...presses.filter((then) => now - then < WITHIN), now];
  if (presses.length >= TIMES) leave();
});
