"""Time zones: a day is the day of the person who looks at it."""

from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

ZONES = frozenset(available_timezones()) - {"localtime", "posixrules", "Factory"}


def validate_zone(name: str) -> None:
    """Raise ValidationError for what is no IANA time zone."""
    if name not in ZONES:
        raise ValidationError(
            _("“%(name)s” is not a time zone."), params={"name": name}
        )


def zone_choices() -> list[tuple[str, str]]:
    """Zones by continent and city, the way people look for them."""
    named = [name for name in ZONES if "/" in name and not name.startswith("Etc/")]
    return [("UTC", "UTC"), *((name, name.replace("_", " ")) for name in sorted(named))]
