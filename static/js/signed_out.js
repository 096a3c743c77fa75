// A page for those who are signed out: Back finds its fields empty, also after Leave quickly.
// Browsers put back what was typed there, until `pageshow` at the latest.

const TYPED = "input:is([type=email], [type=password], [type=text]):not([readonly])";
const cameBack = performance.getEntriesByType("navigation")[0]?.type === "back_forward";

function empty() {
  for (const field of document.querySelectorAll(TYPED)) field.value = "";
}

if (cameBack) empty();
addEventListener("pageshow", (event) => {
  if (event.persisted || cameBack) empty();
});
