"""Template tags: which client a page is about, if two have the same name."""

from django import template

from clients import apart
from clients.models import Client

register = template.Library()


@register.simple_tag(takes_context=True)
def hint_for_client(context):
    """What tells the page's `client` from another of the same name, or "".

    Costs one query, or none if the page's row was annotated with `shares_name`.
    """
    client, user = context.get("client"), context.get("user")
    if not client or not getattr(user, "is_therapist", False):
        return ""
    rows = (context.get(name) for name in ("client", "goal", "session"))
    if False in [getattr(row, "shares_name", None) for row in rows]:
        return ""
    return apart.hint_of(client, Client.objects.visible_to(user))
