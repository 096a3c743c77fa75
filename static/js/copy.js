// A button that copies what stands in a field: <button data-copy="secret" data-copied="Copied" hidden>.

for (const button of document.querySelectorAll("[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value.replaceAll(" ", ""));
      button.textContent = button.dataset.copied;
    } catch {
      // Not allowed here: the text is selected, and can be copied by hand.
    }
  });
}
