"""The whole demo: both locks agree on it, its words are sealed, its counts are true."""

import unicodedata

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection, models, transaction
from django.utils import timezone

from accounts.models import AuditEvent, User
from appointments.models import TherapySession
from clients import staff_page
from clients.models import (
    CareRole,
    Client,
    ClientBackground,
    ContactPreferences,
    Correction,
)
from conftest import WebClient
from database.identity import acting_as
from goals.models import (
    Agreement,
    Comment,
    Goal,
    GoalRating,
    GoalVersion,
    Review,
    Step,
    Strength,
    StrengthLink,
    Win,
)
from notes.models import NoteAddition, ProgressNote, SessionGoal
from therapy.demo.care import ADDED, ANSWER, CORRECTED, SAID, SAYS, WHY
from therapy.demo.demo_practice import ZONE
from therapy.demo.strengths import STRENGTHS, WINS
from therapy.demo.words import PEOPLE, THEMES
from toolkit.models import Assignment

GUARDED = [
    CareRole, Client, ClientBackground, ContactPreferences, Goal, GoalVersion,
    Agreement, GoalRating, Step, Assignment, TherapySession, SessionGoal, ProgressNote,
    NoteAddition, Strength, StrengthLink, Win,
]  # fmt: skip


@pytest.fixture(scope="module")
def demo(django_db_setup, django_db_blocker):
    """Made once for these tests, which only read, and rolled back after them."""
    with django_db_blocker.unblock(), transaction.atomic():
        call_command("seed")
        yield
        transaction.set_rollback(True)


pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo")]


def signed_in(user):
    browser = WebClient()
    browser.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[-1])
    return browser


def by_the_rule(model, user):
    """The rows that lock 1 shows `user`, as the superuser, past lock 2."""
    rows = model.objects.visible_to(user).values_list("pk", flat=True)
    found = set(rows)
    if model is Client:
        found |= set(Client.objects.directory_of(user).values_list("pk", flat=True))
    return found


@pytest.mark.parametrize("model", GUARDED, ids=lambda model: model.__name__)
def test_both_locks_show_each_person_the_same_rows(model):
    total = model.objects.count()
    assert total
    for user in User.objects.all():
        expected = by_the_rule(model, User.objects.get(pk=user.pk))
        with acting_as(user.pk):
            shown = set(model.objects.values_list("pk", flat=True))
        assert shown == expected, user.email
        assert len(shown) < total or user.is_admin, user.email


@pytest.mark.requirement("R56")
def test_no_word_of_anybody_stands_readable_in_the_database():
    canaries = [words for theme in THEMES.values() for words in theme.wordings]
    canaries += [words for theme in THEMES.values() for words in theme.data]
    canaries += [words for theme in THEMES.values() for words in theme.steps]
    canaries += [person.concern for person in PEOPLE]
    canaries += [WHY, SAID, ANSWER, CORRECTED, ADDED]
    canaries += [said for some in STRENGTHS.values() for one in some
                 for said in (one.name, one.moment, one.setting)]  # fmt: skip
    canaries += [words for some in WINS.values() for _day, _whose, words in some]
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r'"
                       " AND relnamespace = 'public'::regnamespace")  # fmt: skip
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT t::text FROM {table} t")
            raw = "\n".join(row for (row,) in cursor.fetchall())
            # bytea is shown in hexadecimal: look for the words in both spellings.
            for words in canaries:
                assert words[:30] not in raw, table
                assert words[:30].encode().hex() not in raw, table


def test_there_are_the_people_who_were_promised():
    assert Client.objects.count() == 24
    assert User.objects.filter(is_therapist=True).count() == 3
    assert User.objects.filter(is_admin=True).count() == 1


def test_what_lies_in_the_past_carries_the_date_on_which_it_happened():
    now = timezone.now()
    assert not TherapySession.objects.filter(state="held", starts_at__gt=now).exists()
    assert not GoalRating.objects.filter(at__gt=now).exists()
    for note in ProgressNote.objects.exclude(signed_at=None).select_related("session"):
        assert note.session.ends_at <= note.signed_at
        assert note.saved_at <= note.signed_at
    for rating in GoalRating.objects.exclude(session_id=None):
        session = TherapySession.objects.get(pk=rating.session_id)
        assert session.starts_at <= rating.at <= session.ends_at


STILL_TO_COME = {"starts_at", "ends_at", "expires_at", "not_after", "due_at"}


@pytest.mark.parametrize("model", [*GUARDED, Comment, Correction, Review], ids=str)
def test_what_happened_did_not_happen_in_the_future(model):
    now = timezone.now()
    fields = [
        field.name
        for field in model._meta.concrete_fields
        if isinstance(field, models.DateTimeField)
    ]
    for name in set(fields) - STILL_TO_COME:
        later = model.objects.filter(**{f"{name}__gt": now})
        assert not later.exists(), name


def test_a_correction_is_about_words_of_its_note():
    thea, cleo = User.objects.get(name="Thea Lindqvist"), "Cleo"
    with acting_as(thea.pk):
        [added] = NoteAddition.objects.filter(kind="correction").visible_to(thea)
        note = ProgressNote.objects.get(pk=added.note_id)
    assert added.client.preferred_name == cleo
    assert SAYS in note.body and note.signed_at < added.correction.at


def test_what_was_talked_about_had_been_seen_before():
    said = Comment.objects.exclude(discussed_on=None).with_seen()
    assert said
    for one in said:
        assert one.seen_at and one.seen_at.date() <= one.discussed_on


def test_a_goal_is_reviewed_on_the_day_that_its_version_says():
    for goal in Goal.objects.exclude(in_force=None).select_related("in_force"):
        assert goal.review_on == goal.in_force.review_on


def test_in_force_is_what_both_agreed_to():
    for goal in Goal.objects.exclude(in_force=None):
        sides = set(goal.in_force.keys.values_list("side", flat=True))
        assert sides == {"client", "therapist"}


def test_the_caseload_counts_what_it_lists():
    thea = User.objects.get(email="thea@cairn.example")
    browser = signed_in(thea)
    page = browser.get("/caseload/").content.decode()
    mine = sum(person.therapist == "thea" for person in PEOPLE)
    assert f"{mine} clients." in page
    assert page.split("<tbody>")[1].count("<tr>") == mine


def test_everybodys_first_page_opens():
    for user in User.objects.all():
        browser = signed_in(user)
        assert browser.get("/", follow=True).status_code == 200, user.email


@pytest.mark.requirement("R13")
def test_no_page_of_an_admin_holds_a_clinical_word():
    ada = User.objects.get(email="ada@cairn.example")
    browser = signed_in(ada)
    client = Client.objects.filter(preferred_name="Cleo").get()
    carl = Client.objects.get(preferred_name="Carl")
    thea = User.objects.get(email="thea@cairn.example")
    words = [person.concern[:25] for person in PEOPLE]
    words += [said[:25] for said in (WHY, SAID, ANSWER)]
    words += [words[:25] for theme in THEMES.values() for words in theme.wordings]
    for url in ("/people/", "/people/invite/", "/care-roles/", "/care-roles/bring/",
                f"/care-roles/{client.pk}/", f"/care-roles/{carl.pk}/", "/settings/",
                f"/people/{thea.pk}/", f"/people/{thea.pk}/leave/", "/audit/",
                "/deliveries/", "/practice/", "/audit/csv/"):  # fmt: skip
        page = browser.get(url)
        assert page.status_code == 200
        assert not [w for w in words if w in page.content.decode()], url


def test_care_in_the_demo_is_of_every_kind():
    kinds = set(CareRole.objects.values_list("kind", flat=True))
    assert kinds >= {"primary", "supervisor", "cover", "emergency"}
    coming = CareRole.objects.filter(starts_at__gt=timezone.now())
    assert coming.exists()
    assert CareRole.objects.exclude(pk__in=CareRole.objects.not_ended()).count() >= 2
    assert Client.objects.filter(state="discharged").count() == 1
    oskar = User.objects.get(client__state="discharged")
    answer = signed_in(oskar).get("/portal/goals/").content.decode()
    assert "Your therapy here has ended." in answer
    carl = User.objects.get(client__preferred_name="Carl")
    assert WHY in signed_in(carl).get("/portal/looked/").content.decode()


def test_strengths_in_the_demo_are_answered_in_every_way():
    states = set(Strength.objects.values_list("state", flat=True))
    assert states == {"proposed", "accepted", "declined", "reworded"}
    ways = set(ContactPreferences.objects.values_list("celebrates", flat=True))
    assert ways == {"quiet", "talk", "nobody", "ritual"}
    cleo = User.objects.get(email="cleo@cairn.example")
    browser = signed_in(cleo)
    page = browser.get("/portal/strengths/").content.decode()
    assert "Thea Lindqvist noticed this" in page and "Four buses went." in page
    assert "Strength shows" in browser.get("/portal/journey/").content.decode()


def test_the_audit_tells_cleo_who_looked():
    cleo = Client.objects.get(preferred_name="Cleo")
    assert AuditEvent.objects.filter(client_id=cleo.pk, verb="opened").count() > 10


def test_it_could_be_a_practice():
    """No words that repeat, no Sundays, no number that two people share."""
    for client in Client.objects.all():
        sessions = TherapySession.objects.filter(client=client).order_by("starts_at")
        assert all(s.starts_at.astimezone(ZONE).weekday() < 6 for s in sessions)
        if sessions:
            assert client.created_at < sessions[0].booked_at <= sessions[0].starts_at
        said = [s.take_away for s in sessions if s.take_away]
        assert len(said) == len(set(said))
    numbers = [n for c in Client.objects.all() for n in (c.phone, c.emergency_phone)]
    numbers += User.objects.exclude(phone="").values_list("phone", flat=True)
    assert len(numbers) == len(set(numbers))
    ada = User.objects.get(email="ada@cairn.example")
    assert not staff_page.staff(ada, "", "unused").exists()
    written = "".join(Client.objects.values_list("preferred_name", flat=True))
    scripts = {unicodedata.name(sign).split()[0] for sign in written if sign.isalpha()}
    assert {"LATIN", "ARABIC", "CYRILLIC", "CJK"} <= scripts
