"""A time zone's name may be given up or wrong: nobody's pages fail by it."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, available_timezones

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts import invitations
from accounts.models import OutgoingEmail, Practice, User
from accounts.tests.signing_in import shown
from clients.models import Client
from conftest import WebClient, as_role
from digests import plan
from digests.kinds.client_digest import ClientDigest
from digests.kinds.reminder import Reminder
from digests.models import Digest
from tests.cast import agreed_goal, book, hold
from ui import dates, time_zones

LONG = "the long way home at night"
BROKEN = ["Mars/Olympus", "", "../etc/passwd", "Europe", "Factory", "posixrules", "é"]
GIVEN_UP = {
    "Asia/Calcutta": "Asia/Kolkata", "US/Pacific": "America/Los_Angeles",
    "Europe/Kiev": "Europe/Kyiv", "Asia/Saigon": "Asia/Ho_Chi_Minh", "GMT": "UTC",
    "Asia/Katmandu": "Asia/Kathmandu", "America/Buenos_Aires":
    "America/Argentina/Buenos_Aires", "europe/berlin": "Europe/Berlin",
    "Etc/UTC": "UTC",
}  # fmt: skip


def words(answer):
    return answer.content.decode()


def move(person, zone):
    User.objects.filter(pk=person.pk).update(time_zone=zone)


PORTAL = ["portal-home", "portal-sessions", "portal-progress", "portal-journey",
          "portal-looked", "portal-record", "settings", "help-now"]  # fmt: skip


def address(page):
    name, *args = (page,) if isinstance(page, str) else page
    return reverse(name, args=args)


@pytest.mark.parametrize("zone", [*BROKEN, *GIVEN_UP])
def test_every_page_opens_whatever_the_zone_is_called(
    sign_in, thea, cleo, ada, practice, zone
):
    agreed_goal(cleo, thea)
    session = hold(cleo, thea, at=timezone.now() - timezone.timedelta(days=1))
    book(cleo, thea, at=timezone.now() + timezone.timedelta(days=1))
    Practice.objects.filter(pk=practice.pk).update(time_zone="Asia/Tokyo")
    for person in (thea, cleo.user, ada):
        move(person, zone)
    hers = ["today", "caseload", "settings", "help-now", "emergency"]
    hers += [("client", cleo.pk), ("session", session.pk), ("client-journey", cleo.pk)]
    known = zone in GIVEN_UP
    for person, pages in (
        (thea, hers),
        (cleo.user, PORTAL),
        (ada, ["people", "care-roles", "audit", "practice", "settings", "help-now"]),
    ):
        browser = sign_in(person)
        for page in pages:
            answer = browser.get(address(page))
            assert answer.status_code == 200, page
            if page != "help-now":
                shown = "is unknown. Times are shown for Asia/Tokyo" in words(answer)
                assert shown != known, page


def test_the_time_is_the_practices_where_the_own_zone_is_unknown(thea, practice):
    practice.time_zone = "Asia/Tokyo"
    practice.save()
    move(thea, "Mars/Olympus")
    person = User.objects.get(pk=thea.pk)
    assert person.zone == ZoneInfo("Asia/Tokyo")
    practice.time_zone = "Venus/Maxwell"
    practice.save()
    assert User.objects.get(pk=thea.pk).zone == ZoneInfo("UTC")


@pytest.mark.parametrize("zone", [*BROKEN, *GIVEN_UP])
def test_email_is_planned_whatever_the_zone_is_called(thea, cleo, practice, zone):
    Practice.objects.filter(pk=practice.pk).update(time_zone="Asia/Tokyo")
    User.objects.update(joined_at=datetime(2026, 1, 1, tzinfo=UTC))
    for person in (thea, cleo.user):
        move(person, zone)
    book(cleo, thea, at=timezone.now() + timezone.timedelta(hours=24, minutes=30))
    with as_role("cairn_worker"):
        plan.plan_kind(Reminder(), timezone.now())
        sunday = datetime(2026, 11, 29, 7, 59, 59, tzinfo=UTC)  # 17:00 in Tokyo
        plan.plan_kind(ClientDigest(), sunday)
    assert OutgoingEmail.objects.filter(kind="reminder").count() == 1
    if zone in BROKEN:
        assert Digest.objects.filter(recipient=cleo.user).exists()
        due = OutgoingEmail.objects.filter(kind="client-digest").values_list(
            "due_at", flat=True
        )
        assert {at.astimezone(ZoneInfo("Asia/Tokyo")).hour for at in due} == {17}


# -- names ----------------------------------------------------------------------------


@given(st.text() | st.sampled_from(sorted(available_timezones())))
def test_no_name_is_an_error(name):
    zone = time_zones.resolve(name)
    assert zone.key in time_zones.ZONES
    assert datetime.now(zone)


@pytest.mark.parametrize(("old", "new"), GIVEN_UP.items())
def test_a_name_that_was_given_up_means_the_current_one(old, new):
    assert time_zones.canonical(old) == new


def test_all_that_python_ever_knew_is_current_or_an_alias():
    unknown = {name for name in available_timezones() if not time_zones.canonical(name)}
    assert unknown <= {"Factory", "localtime"}


def test_postgresql_knows_each_zone(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_timezone_names")
        assert {name for (name,) in cursor.fetchall()} >= time_zones.ZONES


def test_about_sixty_cities_are_offered_with_the_time_there(sign_in, thea):
    assert 55 <= len(time_zones.CITIES) <= 70
    assert set(time_zones.CITIES) <= time_zones.ZONES
    page = words(sign_in(thea).get("/settings/"))
    now = timezone.now().astimezone(ZoneInfo("Asia/Kathmandu"))
    assert any(
        f"Kathmandu ({dates.clock(moment)})" in page
        for moment in (now, now - timezone.timedelta(minutes=1))
    )
    assert page.count("<option") < 80
    assert "US/Pacific" not in page


def test_a_chosen_zone_that_is_none_of_the_cities_stays_chosen(sign_in, thea):
    move(thea, "Europe/Luxembourg")
    page = words(sign_in(thea).get("/settings/"))
    assert '<option value="Europe/Luxembourg" selected' in page


@pytest.mark.parametrize(("said", "stored"), GIVEN_UP.items())
def test_what_a_browser_says_is_stored_by_its_current_name(
    sign_in, thea, ada, practice, said, stored
):
    form = {"name": "Thea", "language": "en", "time_zone": said}
    assert sign_in(thea).post("/settings/", form).status_code == 302
    thea.refresh_from_db()
    assert thea.time_zone == stored
    house = {"name": "Harbour", "time_zone": said, "session_minutes": "50",
             "idle_minutes": "30", "sender_name": "", "portal_days": "30",
             "clock_hours": "24"}  # fmt: skip
    assert sign_in(ada).post("/practice/", house).status_code == 302
    practice.refresh_from_db()
    assert practice.time_zone == stored


def test_an_unknown_zone_is_repaired_by_saving_the_settings(sign_in, thea, practice):
    Practice.objects.filter(pk=practice.pk).update(time_zone="Asia/Tokyo")
    move(thea, "Mars/Olympus")
    browser = sign_in(thea)
    page = browser.get("/settings/")
    assert page.context["form"]["time_zone"].value() == "Asia/Tokyo"
    form = {"name": "Thea", "language": "en", "time_zone": "Asia/Tokyo"}
    browser.post("/settings/", form)
    assert "is unknown" not in words(browser.get("/settings/"))


def test_an_invited_person_may_join_from_a_zone_with_an_old_name(sign_in, thea):
    said = {"preferred_name": "Mara", "portal": "invite", "email": "m@example.test"}
    sign_in(thea).post("/clients/add/", said)
    mara = Client.objects.get().user
    browser = WebClient()
    browser.get(f"/join/{invitations.token(mara.invitations.get().pk)}/")
    said = {"password": LONG, "time_zone": "Asia/Calcutta", "privacy": "on"}
    assert browser.post("/join/", said | shown(browser)).status_code == 302
    mara.refresh_from_db()
    assert mara.time_zone == "Asia/Kolkata"


@pytest.mark.browser
@pytest.mark.parametrize(
    ("browsers", "stored"),
    [("Asia/Calcutta", "Asia/Kolkata"), ("Europe/Luxembourg", "Europe/Luxembourg"),
     ("America/New_York", "America/New_York")],
)  # fmt: skip
def test_the_browsers_zone_stands_first_and_can_be_saved(
    at, thea, browser, live_server, browsers, stored
):
    page = at(thea)
    other = browser.new_context(
        base_url=live_server.url,
        timezone_id=browsers,
        storage_state=page.context.storage_state(),
    )
    page = other.new_page()
    page.goto("/settings/")
    field = page.get_by_label("Time zone")
    assert field.input_value() == "UTC"  # nothing is changed behind her back
    city = browsers.rpartition("/")[2].replace("_", " ")
    first = field.locator("option").first
    names = {city, str(time_zones.city(stored))}
    assert any(first.inner_text().startswith(name) for name in names)
    field.select_option(index=0)
    page.get_by_role("button", name="Save changes").click()
    page.wait_for_load_state()
    thea.refresh_from_db()
    assert thea.time_zone == stored
    other.close()
