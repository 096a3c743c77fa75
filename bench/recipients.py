"""Creates recipients: ten therapists per practice, a session this week per client.

Imported once Django is set up.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from accounts.models import Practice, User
from appointments.models import TherapySession
from clients.models import CareRole, Client, ContactPreferences, ContactWish
from digests import schedule
from digests.kinds.client_digest import ClientDigest
from therapy.scale.rows import insert_into
from ui import time_zones


def key(number: str) -> str:
    """One number is somebody's key in every table."""
    return f"('00000000-0000-7000-8000-' || lpad(to_hex({number}), 12, '0'))::uuid"


def where_it_is_noon(now: datetime) -> str:
    """No quiet hours there, whenever this runs."""
    west = now.hour - 12
    return f"Etc/GMT{west:+d}" if west else "Etc/GMT"


def session_of_the_week(now: datetime, zone: str) -> datetime:
    """In the week that the client's email of now is about, and nobody's reminder."""
    [week] = schedule.weeks(
        ClientDigest.due, now, timedelta(), time_zones.resolve(zone)
    )
    early = week.starts_at + timedelta(hours=1)
    return early if early < now else week.ends_at - timedelta(hours=1)


def everybody(therapists: int, clients: int):
    """Statements that empty the database and fill it: ten therapists a practice."""
    now = datetime.now(UTC)
    zone = where_it_is_noon(now)
    whose = f"n % {therapists}"  # therapist
    practice = key(f"{whose} / 10")
    many = f"generate_series(0, {clients - 1}) n"
    yield "TRUNCATE accounts_practice CASCADE"
    yield insert_into(
        Practice, f"generate_series(0, {(therapists - 1) // 10}) p",
        id=key("p"), name="'Practice ' || p", slug="'practice-' || p",
        time_zone="'UTC'",
    )  # fmt: skip
    account = {
        "name": "'Person ' || n", "name_key": "'person ' || n",
        "time_zone": f"'{zone}'",
        "joined_at": "now() - interval '1 year'",
    }  # fmt: skip
    yield insert_into(
        User, f"generate_series(0, {therapists - 1}) n", id=key("n"),
        practice_id=key("n / 10"), email="'t' || n || '@emails.test'",
        is_therapist="true", **account,
    )  # fmt: skip
    of_client = key(f"{therapists} + n")
    yield insert_into(
        User, many, id=of_client, practice_id=practice,
        email="'c' || n || '@emails.test'", is_therapist="false", **account,
    )  # fmt: skip
    yield insert_into(
        Client, many, id=key("n"), practice_id=practice, user_id=of_client,
        preferred_name="'Person'", family_name="'Number' || n",
        name_key="'person number' || n", wants_portal="true",
    )  # fmt: skip
    both = {"practice_id": practice, "client_id": key("n")}
    yield insert_into(
        CareRole, many, **both, id=key("n"), user_id=key(whose),
        given_by_id=key(whose), kind="'primary'", starts_at="now()",
    )  # fmt: skip
    yield insert_into(ContactPreferences, many, **both)
    # Some who chose the usual themselves: what they get is the same.
    yield insert_into(
        ContactWish, f"{many} WHERE n % 5 = 0", **both, id=key("n"),
        kind="'reminder'", allowed="true", lead_hours="24",
    )  # fmt: skip
    at = f"'{session_of_the_week(now, zone)}'::timestamptz"
    yield insert_into(
        TherapySession, many, **both, id=key("n"),
        therapist_id=key(whose),
        starts_at=at, ends_at=f"{at} + interval '50 minutes'", booked_at=at,
    )  # fmt: skip
