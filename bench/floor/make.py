"""python -m bench.floor.make: the floor's tables and rows; prints a signed-in cookie
and the key of a client."""

import os
from datetime import timedelta

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "bench.floor.settings"
django.setup()

from django.contrib.auth import (  # noqa: E402
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    SESSION_KEY,
)
from django.contrib.auth.models import User  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils.timezone import now  # noqa: E402

from bench.floor.models import Client, Note  # noqa: E402


def fill() -> None:
    users = [User.objects.create(username=f"therapist{i}", password="!") for i in "012"]
    Client.objects.bulk_create(
        Client(
            therapist=user,
            name=f"Person {number:02} {user.username[-1]}",
            goal=f"Take the bus to work twice a week ({number})",
            status=["active", "paused", "new"][number % 3],
            rating=number % 5 - 2,
            next_session=now() + timedelta(hours=7 * number),
        )
        for user in users
        for number in range(60)
    )


def sign_in(user) -> str:
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return session.session_key


if Client._meta.db_table not in connection.introspection.table_names():
    call_command("migrate", verbosity=0)
    with connection.schema_editor() as editor:
        editor.create_model(Client)
        editor.create_model(Note)
    fill()
someone = User.objects.get(username="therapist1")
print(sign_in(someone), Client.objects.filter(therapist=someone).first().pk)
