"""What was said about a goal, each with its receipt, drawn in one piece.

Seen, talked about, what changed.  Twenty of them took a third of the page's time as a
template: every word of every row was translated and escaped anew.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.template.defaultfilters import linebreaksbr
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from clients.sides import SidePages
from goals.models import Comment
from ui.screen_privacy import called
from ui.templatetags.ui import day, use

ROW = (
    '<div class="said"><p class="by">{}, {}</p><p class="own">{}</p>\n'
    '<ul class="receipt">{}</ul></div>\n'
)
DONE, YET = "<li>{}<span>{}</span></li>", '<li class="yet">{}<span>{}</span></li>'


def said_rows(
    comments: Iterable[Comment], side: SidePages, *, may_write: bool
) -> SafeString:
    """`may_write`: a press stands beside what was not talked about yet."""
    receipt = _Receipt(side, may_write)
    return format_html_join(
        "",
        ROW,
        (
            (
                called(said.by),
                day(said.at, "within"),
                linebreaksbr(said.words),
                receipt.of(said),
            )
            for said in comments
        ),
    )


class _Receipt:
    """Its words are looked up once."""

    def __init__(self, side: SidePages, may_write: bool):
        self.page, self.may_write = side["comment_talked"], may_write
        self.seen, self.talked = _("Seen %(when)s"), _("Talked about %(when)s")
        self.eye, self.talk = use("i-eye", "i"), use("i-talk", "i")
        self.not_seen = format_html(YET, use("i-eye-slash", "i"), _("Not seen yet"))
        self.not_talked = format_html(YET, self.talk, _("Not talked about yet"))
        self.act, self.changed = _("We talked about it"), _("Changed:")

    def of(self, said: Comment) -> SafeString:
        return SafeString(self._seen(said) + self._talked(said))

    def _seen(self, said: Comment) -> SafeString:
        if not said.seen_at:
            return self.not_seen
        return format_html(DONE, self.eye, _filled(self.seen, said.seen_at))

    def _talked(self, said: Comment) -> SafeString:
        if said.discussed_on:
            return self._discussed_on(said)
        if not self.may_write:
            return self.not_talked
        act = format_html(
            '<li><a href="{}">{}<span class="sr">: {}</span></a></li>',
            reverse(self.page, args=[said.pk]),
            self.act,
            Truncator(said.words).words(8, truncate=" …"),
        )
        return SafeString(self.not_talked + act)

    def _discussed_on(self, said: Comment) -> SafeString:
        when = format_html(DONE, self.talk, _filled(self.talked, said.discussed_on))
        if not said.changed:
            return when
        changed = format_html(
            '<li>{}<span>{} <span class="own">{}</span></span></li>',
            use("i-swap", "i"),
            self.changed,
            said.changed,
        )
        return SafeString(when + changed)


def _filled(sentence: str, when) -> SafeString:
    before, _mark, after = sentence.partition("%(when)s")
    return format_html("{}{}{}", before, day(when, "within"), after)
