"""Drafts: a long form is restored after a reload, a crash or an expired sign-in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clients.autosave import packed, revision_of, typed_in, unpacked
from clients.models import Client, Draft
from clients.models.draft import MOST

USUAL = 1000  # characters, for a field whose form sets no limit


@dataclass(frozen=True)
class DraftKind:
    """A form that saves drafts, and what a draft belongs to.

    `targets(user)` are the rows that a draft of this kind may belong to; `itself` says
    that it may belong to the client as well (a new goal).
    """

    form: type[forms.Form]
    targets: Callable
    itself: bool

    def has(self, user, client: Client, target: UUID) -> bool:
        """Whether `target` exists, belongs to the client, and is editable by `user`."""
        if self.itself and target == client.pk:
            return True
        return self.targets(user).filter(client=client.pk, pk=target).exists()

    def refuses(self, typed: list[tuple[str, str]]) -> str:
        """Why this cannot be saved, or "": the same limits as the form's."""
        for name, text in typed:
            most = self._most(name)
            if len(text) > most:
                return too_long(len(text) - most)
        if len(packed(typed).encode()) > MOST:
            return _("Too long to save as a draft. Shorten it.")
        return ""

    def _most(self, name: str) -> int:
        more = getattr(self.form, "more_limits", {})
        field = self.form.base_fields.get(name)
        return more.get(name) or getattr(field, "max_length", None) or USUAL


KINDS: dict[str, DraftKind] = {}


def drafted(targets: Callable, *, itself: bool = False):
    """Class decorator for a form that saves drafts while it is typed; see DraftKind.

    A form with a text area but without drafts gives the reason in `no_draft`.
    """

    def register(form):
        if form.kind in KINDS:
            raise ValueError(f"two forms have drafts of the kind {form.kind!r}")
        KINDS[form.kind] = DraftKind(form, targets, itself)
        return form

    return register


def too_long(by: int) -> str:
    return ngettext(
        "Too long by %(by)s character. Shorten it to save.",
        "Too long by %(by)s characters. Shorten it to save.",
        by,
    ) % {"by": by}


def restored(form_class, request, **whose):
    """The form as submitted; else with its draft; else empty.

    The form knows its `client`, and its draft's `kind` and `target`. If it is returned
    with an error, it continues from the `revision` that its page had.
    """
    if request.method == "POST":
        form = form_class(request.POST, **whose)
        form.revision = revision_of(request.POST.get("revision"))
        return form
    return begun(form_class(**whose), request.user)


def begun(form, user):
    """An unbound form filled with its draft."""
    draft = of(form, user).first()
    form.revision = draft.revision if draft else 0
    if draft:
        left = unpacked(draft.body)
        for name, field in form.fields.items():
            texts = left.get(name)
            if isinstance(field.widget, forms.CheckboxInput):
                form.initial[name] = texts is not None
            elif getattr(field.widget, "allow_multiple_selected", False):
                form.initial[name] = texts or []
            elif texts is not None:
                form.initial[name] = texts[-1]
    return form


def of(form, user):
    """The draft of this form and user."""
    drafts = Draft.objects.visible_to(user).filter(client=form.client)
    return drafts.filter(kind=form.kind, target=form.target)


def used(form, user) -> None:
    """Delete the draft that was just saved; text from another tab is offered next.

    A draft counts as saved if the page had its revision, or if all of its text was
    sent.
    """
    draft = of(form, user).first()
    if draft is None:
        return
    sent = packed(typed_in(form.data))
    revision = revision_of(form.data.get("revision"))
    if _holds(unpacked(sent), unpacked(draft.body)):
        revision = max(revision, draft.revision)
    of(form, user).filter(revision__lte=revision).delete()


def _holds(sent: dict, left: dict) -> bool:
    return all(sent.get(name) == texts for name, texts in left.items())
