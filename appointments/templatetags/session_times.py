"""When a session was, for templates: with its hour, where that is known."""

from django import template

from ui.templatetags import ui

register = template.Library()


@register.filter(is_safe=True)
def day_and_hour(session, place="begin"):
    """As |moment; of a session that came with an import its day alone, as |day."""
    said = ui.day if session.from_list else ui.moment
    return said(session.starts_at, place)


@register.filter(is_safe=True)
def day_and_hour_with_year(session):
    """The same on paper."""
    if session.from_list:
        return ui.day_with_year(session.starts_at)
    return ui.moment_with_year(session.starts_at)
