"""Practice settings and crisis lines, for admins."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.decorators import admin_required
from accounts.models import CrisisLine, Practice
from accounts.models.practice import LINE_IS_GONE
from accounts.practice_forms import CrisisLineForm, NoticeForm, PracticeForm


def _own(user) -> Practice:
    """Read again, so that a rejected form does not change the page header."""
    return Practice.objects.get(pk=user.practice_id)


@admin_required
def practice(request):
    mine = _own(request.user)
    form = PracticeForm(request.POST or None, instance=mine)
    if form.is_valid() and form.save(by=request.user):
        messages.success(request, _("Saved. The change takes effect immediately."))
        return redirect("practice")
    lines = CrisisLine.objects.editable_by(request.user)
    context = {"nav": "practice", "form": form, "practice": mine, "lines": lines}
    return render(request, "accounts/practice.html", context)


@admin_required
def notice_write(request):
    mine = _own(request.user)
    form = NoticeForm(request.POST or None, initial={"text": mine.privacy_notice})
    if form.is_valid() and form.save(mine, by=request.user):
        said = _("Saved as version %(version)s.") if form.result else _("No changes.")
        messages.success(request, said % {"version": mine.privacy_version})
        return redirect("practice")
    context = {"nav": "practice", "form": form, "next": mine.privacy_version + 1}
    return render(request, "accounts/notice_write.html", context)


@admin_required
def line_add(request):
    form = CrisisLineForm(request.POST or None)
    if form.is_valid() and form.save(by=request.user):
        messages.success(request, _("Crisis line added."))
        return redirect("practice")
    return render(request, "accounts/line_add.html", {"nav": "practice", "form": form})


@admin_required
def line_edit(request, line_id):
    line = _line(request, line_id)
    form = CrisisLineForm(request.POST or None, instance=line)
    if form.is_valid() and form.save(by=request.user):
        messages.success(request, _("Crisis line changed."))
        return redirect("practice")
    context = {"nav": "practice", "form": form, "line": line}
    return render(request, "accounts/line_edit.html", context)


@admin_required
@require_POST
def line_up(request, line_id):
    if not _line(request, line_id).move_up(by=request.user):
        messages.info(request, LINE_IS_GONE)
    return redirect("practice")


@admin_required
@require_POST
def line_remove(request, line_id):
    if _line(request, line_id).remove(by=request.user):
        messages.success(request, _("Crisis line removed."))
    else:
        messages.info(request, LINE_IS_GONE)
    return redirect("practice")


def _line(request, line_id) -> CrisisLine:
    mine = CrisisLine.objects.editable_by(request.user)
    return get_object_or_404(mine, pk=line_id)
