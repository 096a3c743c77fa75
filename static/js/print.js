// A page made for paper: its button opens the browser's own dialog, and so does the page
// itself when it was asked for to be printed.

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
if (document.querySelector("[data-print-now]")) addEventListener("load", () => print());
