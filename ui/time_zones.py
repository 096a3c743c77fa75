"""Time zones: a date is in the time zone of the person who sees it.

Rules and names come from the pinned `tzdata` package, so they are the same on every
system. Deprecated names (Asia/Calcutta, US/Pacific) are aliases of the current ones; an
unknown name is replaced by a fallback and never raises.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

UTC_NAMES = {"Etc/UTC", "Etc/GMT", "UTC", "GMT"}


class Names(NamedTuple):
    current: frozenset[str]
    alias_of: dict[str, str]  # lowercase name to current name


@cache
def _names() -> Names:
    """From `tzdata`: zones, links, and the zone of each city (zone.tab)."""
    folder = resources.files("tzdata") / "zoneinfo"
    cities, links, zones = set(), {}, set()
    for line in (folder / "zone.tab").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            cities.add(line.split("\t")[2])
    for line in (folder / "tzdata.zi").read_text("utf-8").splitlines():
        kind, *rest = line.split()[:3] or [""]
        if kind == "L":
            links[rest[1]] = rest[0]
        elif kind == "Z":
            zones.add(rest[0])
    current = (cities | zones | {"UTC"}) - {"Factory", "Etc/UTC", "Etc/GMT"}
    named = {name: _end_of(name, links, current) for name in current | set(links)}
    named |= dict.fromkeys(UTC_NAMES, "UTC")
    return Names(frozenset(current), {name.lower(): to for name, to in named.items()})


def _end_of(name: str, links: dict[str, str], current: set[str]) -> str:
    while name not in current and name in links:
        name = links[name]
    return "UTC" if name in UTC_NAMES else name


ZONES = _names().current  # each zone once, by its current name


def canonical(name: str) -> str | None:
    """The current name of a zone; None if unknown."""
    found = _names().alias_of.get(name.strip().lower())
    return found if found in _names().current else None


@cache
def also(name: str) -> tuple[str, ...]:
    """Other names of a zone that a browser may report."""
    low = name.lower()
    return tuple(
        sorted(a for a, to in _names().alias_of.items() if to == name and a != low)
    )


def resolve(*names: str) -> ZoneInfo:
    """The first of these names that is a zone, by its current name; else UTC."""
    return ZoneInfo(next(_known(names), "UTC"))


def _known(names: Iterable[str]):
    return (found for name in names if (found := canonical(name)))


def moments_of(clock: datetime, zone: ZoneInfo) -> list[datetime]:
    """When clocks in `zone` show this naive datetime, in UTC.

    Empty if a clock change skips it, two if it occurs twice, else one.
    """
    found = []
    for fold in (0, 1):
        moment = clock.replace(tzinfo=zone, fold=fold).astimezone(UTC)
        shown = moment.astimezone(zone).replace(tzinfo=None, fold=0)
        if shown == clock and moment not in found:
            found.append(moment)
    return found


def validate_zone(name: str) -> None:
    """Raise ValidationError unless it is an IANA time zone."""
    if canonical(name) is None:
        raise ValidationError(
            _("“%(name)s” is not a time zone."), params={"name": name}
        )


# Always offered, besides the browser's zone and the saved one.
CITIES = {
    "Europe/Amsterdam": _("Amsterdam"), "America/Anchorage": _("Anchorage"),
    "Europe/Athens": _("Athens"), "Pacific/Auckland": _("Auckland"),
    "Asia/Bangkok": _("Bangkok"), "Europe/Berlin": _("Berlin"),
    "America/Bogota": _("Bogotá"), "Australia/Brisbane": _("Brisbane"),
    "Europe/Brussels": _("Brussels"), "Europe/Bucharest": _("Bucharest"),
    "America/Argentina/Buenos_Aires": _("Buenos Aires"), "Africa/Cairo": _("Cairo"),
    "America/Caracas": _("Caracas"), "America/Chicago": _("Chicago"),
    "Europe/Copenhagen": _("Copenhagen"), "America/Denver": _("Denver"),
    "Asia/Dhaka": _("Dhaka"), "Asia/Dubai": _("Dubai"), "Europe/Dublin": _("Dublin"),
    "America/Halifax": _("Halifax"), "Europe/Helsinki": _("Helsinki"),
    "Asia/Hong_Kong": _("Hong Kong"), "Pacific/Honolulu": _("Honolulu"),
    "Europe/Istanbul": _("Istanbul"), "Asia/Jakarta": _("Jakarta"),
    "Asia/Jerusalem": _("Jerusalem"), "Africa/Johannesburg": _("Johannesburg"),
    "Asia/Karachi": _("Karachi"), "Asia/Kathmandu": _("Kathmandu"),
    "Asia/Kolkata": _("Kolkata"), "Europe/Kyiv": _("Kyiv"), "Africa/Lagos": _("Lagos"),
    "America/Lima": _("Lima"), "Europe/Lisbon": _("Lisbon"),
    "Europe/London": _("London"), "America/Los_Angeles": _("Los Angeles"),
    "Europe/Madrid": _("Madrid"), "Asia/Manila": _("Manila"),
    "America/Mexico_City": _("Mexico City"), "Europe/Moscow": _("Moscow"),
    "Africa/Nairobi": _("Nairobi"), "America/New_York": _("New York"),
    "Europe/Oslo": _("Oslo"), "Europe/Paris": _("Paris"),
    "Australia/Perth": _("Perth"), "America/Phoenix": _("Phoenix"),
    "Europe/Prague": _("Prague"), "Atlantic/Reykjavik": _("Reykjavik"),
    "Asia/Riyadh": _("Riyadh"), "Europe/Rome": _("Rome"),
    "America/Santiago": _("Santiago"), "America/Sao_Paulo": _("São Paulo"),
    "Asia/Seoul": _("Seoul"), "Asia/Shanghai": _("Shanghai"),
    "Asia/Singapore": _("Singapore"), "America/St_Johns": _("St. John’s"),
    "Europe/Stockholm": _("Stockholm"), "Australia/Sydney": _("Sydney"),
    "Asia/Tehran": _("Tehran"), "Asia/Tokyo": _("Tokyo"),
    "America/Toronto": _("Toronto"),
    "Europe/Vienna": _("Vienna"), "Europe/Warsaw": _("Warsaw"),
    "Europe/Zurich": _("Zurich"), "UTC": _("UTC"),
}  # fmt: skip


def city(name: str) -> str:
    """The name of a zone on pages: its city."""
    if name in CITIES:
        return str(CITIES[name])
    return name.rpartition("/")[2].replace("_", " ")
