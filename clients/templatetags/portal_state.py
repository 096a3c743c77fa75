"""Template filters: what a client can do in the portal, for staff pages."""

from django import template

from clients import portal_state

register = template.Library()

for sentence in (
    portal_state.cannot_answer,
    portal_state.is_active,
    portal_state.can_read,
    portal_state.reads_ever,
    portal_state.waits_for_strength,
    portal_state.no_strengths,
    portal_state.answers_strength,
    portal_state.reads_note,
    portal_state.will_read_note,
):
    register.filter(sentence)

register.simple_tag(portal_state.who_proposes)
