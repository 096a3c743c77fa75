// A question that the server put on the page is asked as a modal dialog.

function ask() {
  for (const dialog of document.querySelectorAll("dialog[data-ask][open]")) {
    if (dialog.matches(":modal")) continue;
    dialog.close();
    dialog.showModal();
  }
}

ask();
addEventListener("htmx:afterSettle", ask);
