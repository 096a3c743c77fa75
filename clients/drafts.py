"""A long form in the making comes back after a reload, a crash or a lost session."""

from __future__ import annotations

from clients.models import Draft
from clients.models.draft import PART


def restored(form_class, request, **whose):
    """The form as sent; else as it was left; else new.

    A form that keeps itself knows its `client`, the `kind` and `target` of its draft,
    and the names of its texts in the order of the page (`typed`).
    """
    if request.method == "POST":
        return form_class(request.POST, **whose)
    form = form_class(**whose)
    form.draft = of(form, request.user).first()
    if form.draft:
        texts = form.draft.body.split(PART)
        form.initial |= dict(zip(form.typed, texts, strict=False))
    return form


def of(form, user):
    """The draft of this form and person, for the save that uses it to delete."""
    drafts = Draft.objects.visible_to(user).filter(client=form.client)
    return drafts.filter(kind=form.kind, target=form.target)
