// Changing the form of a note relabels its parts; the words stay where they are.

function relabel(parts, format) {
  const labels = JSON.parse(parts.dataset.labels)[format] ?? [];
  for (const [number, field] of [...parts.querySelectorAll(".field")].entries()) {
    const text = field.querySelector("textarea").value;
    field.hidden = number >= labels.length && !text;
    if (labels[number]) field.querySelector("label").textContent = labels[number];
  }
}

document.addEventListener("change", (event) => {
  const parts = document.querySelector("[data-note-parts]");
  if (event.target.name === "format" && parts) relabel(parts, event.target.value);
});
