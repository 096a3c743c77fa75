"""A long form in the making comes back after a reload, a crash or a lost session."""

from __future__ import annotations

from clients.models import Draft
from clients.models.draft import PART, revision_of


def restored(form_class, request, **whose):
    """The form as sent; else as it was left; else new.

    A form that keeps itself knows its `client`, the `kind` and `target` of its draft,
    and the names of its texts in the order of the page (`typed`).  A form that comes
    back with an error goes on from the `revision` that its page had kept.
    """
    if request.method == "POST":
        form = form_class(request.POST, **whose)
        form.revision = revision_of(request.POST.get("revision"))
        return form
    form = form_class(**whose)
    draft = of(form, request.user).first()
    form.revision = draft.revision if draft else 0
    if draft:
        texts = draft.body.split(PART)
        form.initial |= dict(zip(form.typed, texts, strict=False))
    return form


def of(form, user):
    """The draft of this form and person, for the save that uses it to delete."""
    drafts = Draft.objects.visible_to(user).filter(client=form.client)
    return drafts.filter(kind=form.kind, target=form.target)
