// Leave quickly: the button, or Shift three times. The page is gone before anything else.

const form = document.querySelector("form[data-leave]");
const button = form?.querySelector("[data-leave-to]");
const TIMES = 3;
const WITHIN = 1500; // ms
let presses = [];

function leave() {
  document.title = "…";
  document.documentElement.hidden = true;
  document.body.hidden = true;
  dispatchEvent(new Event("cairn:leaving")); // a draft is sent and asks nothing
  fetch(form.action, { method: "POST", body: new FormData(form), keepalive: true, redirect: "manual" }).catch(() => {});
  location.replace(button.dataset.leaveTo);
}

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
