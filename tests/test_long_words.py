"""A word of 300 characters, wherever people's words are shown, makes no page wide."""

import pytest
from django.apps import apps
from django.db import models
from django.urls import reverse

from tests.test_walk import ALL, rows

__all__ = ["rows"]  # a fixture
pytestmark = pytest.mark.browser

NARROW = {"width": 320, "height": 700}
# Not typed by people, or never shown: told by the field's name.
ROOMS = ("accounts", "clients", "appointments", "goals", "notes", "toolkit",
         "transfer")  # fmt: skip
OUR_MODELS = ("AuditEvent", "AuditSeal", "DataKey", "OutgoingEmail", "RecordExport")
OURS = ("language", "time_zone", "password", "slug", "hash", "key_hash", "period")
# In each piece of text that holds something typed, it becomes one long word.
LENGTHEN = """typed => {
  let many = 0;
  document.querySelectorAll("details").forEach(each => each.open = true);
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode;
    if (node.parentElement.closest("script, style, option, textarea")) continue;
    const email = at => /[\\p{L}\\d]/u.test(node.data[at] ?? "");
    const said = typed.find(words => {
      const at = node.data.indexOf(words);
      return at >= 0 && !email(at - 1) && !email(at + words.length);
    });
    if (!said) continue;
    node.data = node.data.replace(said, "https://" + "a".repeat(300));
    many += 1;
  }
  return many;
}"""
WIDE = """() => {
  const wide = document.documentElement.scrollWidth;
  if (wide <= innerWidth) return "";
  const all = [...document.body.querySelectorAll("*")];
  const out = all.filter(e => e.getBoundingClientRect().right > innerWidth + 1);
  const name = e => e.tagName + "." + e.className;
  const chain = [];
  for (let e = out.at(-1); e && chain.length < 6; e = e.parentElement) chain.unshift(e);
  const text = out.at(-1)?.textContent.slice(0, 40);
  return wide + " px: " + chain.map(name).join(" > ") + ": " + text;
}"""


def typed() -> list[str]:
    """What people wrote, longest first."""
    said = set()
    for model in apps.get_models():
        if model._meta.app_label not in ROOMS or model.__name__ in OUR_MODELS:
            continue
        fields = [
            field
            for field in model._meta.local_fields
            if isinstance(field, models.CharField | models.TextField)
            and not field.choices
            and not any(part in field.name for part in OURS)
        ]
        for row in model._base_manager.all() if fields else []:
            said |= {str(getattr(row, field.attname)) for field in fields}
    said -= {"therapist", "client", "comment"}
    return sorted((words for words in said if len(words) > 3), key=len, reverse=True)


def pages(rows):
    for pattern in ALL:
        names = list(pattern.pattern.converters)
        if all(name in rows for name in names):
            for each in rows[names[0]] if names else [None]:
                ids = {name: rows[name][0] for name in names}
                ids |= {names[0]: each} if names else {}
                yield reverse(pattern.name, kwargs=ids)


@pytest.mark.parametrize("who", ["thea", "ada", "cleo", "visitor"])
def test_no_page_scrolls_sideways(who, request, at, rows, sign_in):
    person = None
    browser = request.getfixturevalue("client")
    if who != "visitor":
        found = request.getfixturevalue(who)
        person = getattr(found, "user", None) or found
        browser = sign_in(person)
    said, shown, wide = typed(), 0, {}
    addresses = []
    for address in pages(rows):
        answer = browser.get(address)
        html = answer.get("Content-Type", "").startswith("text/html")
        if answer.status_code == 200 and html:
            addresses.append(address)
    page = at(person, phone=True, expect=("",))
    page.set_viewport_size(NARROW)
    for address in addresses:
        page.goto(address, wait_until="load")
        shown += page.evaluate(LENGTHEN, said)
        if problem := page.evaluate(WIDE):
            wide[address] = problem
    assert not wide, "\n".join(f"{where}: {what}" for where, what in wide.items())
    assert shown > (0 if who == "visitor" else 10)
