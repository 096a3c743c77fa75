"""Two clients with one name are told apart wherever one of them is chosen."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from clients.models import CareRole, Notice
from conftest import admit, in_care
from database.identity import acting_as
from digests.models import Digest
from digests.tests.test_deliveries import email
from tests.cast import agreed_goal, book, hold, list_of, page_at, pinned
from tests.test_bad_input import BOOKING
from tests.test_walk import NOT_ROWS, WITH_IDS, combinations
from tests.test_walk import rows as _rows

rows_of_cleo = _rows  # a fixture
WHY = "Rang at 19:40, crying, and hung up. Nobody else answers."


@pytest.fixture
def other(thea, cleo):
    """Another Cleo Hart, spelled in other case: no address, a phone number."""
    return admit("Cléo", by=thea, joined=False, family_name="HART", phone="555 0117")


@pytest.fixture
def third(thea, other):
    """And one about whom nothing else is known."""
    return admit("Cleo", by=thea, joined=False, family_name="Hart")


def told_apart(page, third, *, address=1):
    assert page.count("cleo@example.test") >= address
    for hint in ("555 0117", f"number {third.pk.hex[-4:].upper()}"):
        assert hint in page, hint


@pytest.mark.parametrize("url", ["/caseload/", "/caseload/?q=hart", "/today/"])
def test_thea_tells_them_apart_on_her_lists(sign_in, thea, cleo, other, third, url):
    soon = timezone.now() + timedelta(minutes=5)
    for minutes, client in enumerate((cleo, other, third)):
        book(client, thea, at=soon + timedelta(seconds=minutes))
    told_apart(page_at(sign_in(thea), url), third)


def test_ada_tells_them_apart_in_care_teams_and_in_the_audit_log(
    sign_in, ada, thea, cleo, other, third
):
    browser = sign_in(ada)
    page = page_at(browser, "/care-roles/?q=hart")
    told_apart(page, third)
    assert page.count("cleo@example.test") == 1  # her address is shown there already
    told_apart(page_at(browser, "/audit/?client=Hart"), third)


def test_the_care_team_page_says_which_client_it_is_about(
    sign_in, ada, thea, cleo, other, third
):
    for who in (ada, thea):
        browser = sign_in(who)
        for client, hint in (
            (cleo, "cleo@example.test"),
            (other, "555 0117"),
            (third, f"number {third.pk.hex[-4:].upper()}"),
        ):
            page = page_at(browser, f"/care-roles/{client.pk}/")
            head = page.split("<h1>")[1].split("</h1>")[0]
            assert hint in head


def test_a_unique_name_has_no_hint(sign_in, ada, thea, cleo):
    admit("Cleo", by=thea, joined=False, family_name="Osei", phone="555 0117")
    for who, url in ((thea, "/caseload/"), (ada, "/audit/")):
        page = page_at(sign_in(who), url)
        assert "555 0117" not in page
        assert "(cleo@example.test)" not in page


def test_while_names_are_initials_no_address_is_shown(
    sign_in, thea, cleo, other, third
):
    browser = sign_in(thea)
    browser.post("/settings/initials/", {"next": "/caseload/"})
    page = page_at(browser, "/caseload/")
    assert "cleo@example.test" not in page
    assert "555 0117" not in page
    for client in (cleo, other, third):
        assert f"number {client.pk.hex[-4:].upper()}" in page


def test_lists_cost_one_more_query_however_many_share_a_name(sign_in, thea, cleo):
    browser = sign_in(thea)
    page_at(browser, "/caseload/")
    alone = pinned(browser, "/caseload/")
    for number in range(2):
        admit("Cleo", by=thea, joined=False, family_name="Hart", phone=f"555{number}")
    few = pinned(browser, "/caseload/")
    assert few == alone + 1
    for number in range(10):
        admit("Cleo", by=thea, joined=False, family_name="Hart", phone=f"77{number}")
    assert pinned(browser, "/caseload/") == few


# -- pages about one client ------------------------------------------------------------

# Their ids are not a client's, or the page is a list about several clients.
NOT_OF_ONE = {"digest", "handed-over", "way-remove", "way-name"}
WHICH = "Another client has the same name."


def pages_about_one(browser, rows):
    """Every page of Thea's about Cleo, by URL."""
    for pattern in WITH_IDS:
        if pattern.name in NOT_ROWS | NOT_OF_ONE:
            continue
        if pattern.callback.audience not in ("therapist", "staff"):
            continue
        for kwargs in combinations(pattern, rows):
            if "import_id" in kwargs or "line_id" in kwargs:
                continue
            url = reverse(pattern.name, kwargs=kwargs)
            answer = browser.get(url)
            is_page = answer.headers.get("Content-Type", "").startswith("text/html")
            if answer.status_code == 200 and is_page:
                yield url, answer.content.decode()


def test_every_page_about_one_of_them_says_which(
    sign_in,
    thea,
    cleo,
    rows_of_cleo,
    other,
    third,
):
    browser, seen = sign_in(thea), 0
    rows = rows_of_cleo | {"client_id": [cleo.pk]}
    for url, page in pages_about_one(browser, rows):
        head = page.split("</header>", 1)[1]
        assert "cleo@example.test" in head, url
        if "/care-roles/" not in url:
            assert WHICH in page, url
            # A printed sheet may be given to the client: it says nothing about the
            # other one.
            assert 'class="saved which-client no-print"' in page, url
        seen += 1
    assert seen > 25


def test_no_page_has_a_hint_for_a_unique_name(sign_in, thea, cleo, rows_of_cleo):
    admit("Cleo", by=thea, joined=False, family_name="Osei")
    rows = rows_of_cleo | {"client_id": [cleo.pk]}
    for url, page in pages_about_one(sign_in(thea), rows):
        assert WHICH not in page, url


def test_a_namesake_in_another_therapists_care_is_not_revealed(
    sign_in, thea, theo, cleo
):
    admit("Cleo", by=theo, joined=False, family_name="Hart")
    assert WHICH not in page_at(sign_in(thea), f"/clients/{cleo.pk}/")


def test_while_names_are_initials_a_page_shows_no_address(sign_in, thea, cleo, other):
    browser = sign_in(thea)
    browser.post("/settings/initials/", {"next": "/today/"})
    page = page_at(browser, f"/clients/{cleo.pk}/discharge/")
    assert "cleo@example.test" not in page
    assert cleo.pk.hex[-4:].upper() in page


def test_a_booking_conflict_says_whose_session_it_is(sign_in, thea, cleo, other):
    at = timezone.now() + timedelta(days=2)
    at = at.replace(hour=10, minute=0, second=0, microsecond=0)
    book(other, thea, at=at)
    said = BOOKING | {"other_day": f"{at:%Y-%m-%d}"}
    page = sign_in(thea).post(f"/clients/{cleo.pk}/book/", said)
    assert "555 0117" in page.content.decode()


def test_a_page_without_namesakes_runs_no_more_queries(sign_in, thea, cleo):
    browser = sign_in(thea)
    goal = agreed_goal(cleo, thea)
    session = hold(cleo, thea, at=timezone.now() - timedelta(days=7))
    urls = [f"/clients/{cleo.pk}/", f"/goals/{goal.pk}/", f"/sessions/{session.pk}/"]
    for url in urls:
        page_at(browser, url)
    alone = [pinned(browser, url) for url in urls]
    admit("Cleo", by=thea, joined=False, family_name="Hart")
    assert [pinned(browser, url) for url in urls] == [n + 1 for n in alone]


# -- digest, notices, import -----------------------------------------------------------


def test_the_digest_tells_them_apart_in_each_list(sign_in, thea, cleo, other, third):
    hold(other, thea, at=timezone.now() - timedelta(days=2), sign=False)
    agreed_goal(third, thea)
    now = timezone.now()
    with acting_as(thea.pk), transaction.atomic():
        digest = Digest.objects.create(
            practice=thea.practice, recipient=thea, period="2026-W47",
            starts_at=now - timedelta(days=7), ends_at=now,
        )  # fmt: skip
    browser = sign_in(thea)
    page = page_at(browser, f"/digest/{digest.pk}/")
    told_apart(page, third)
    for heading in ("w2", "w3"):
        part = page.split(f'id="{heading}"')[1].split("</section>")[0]
        assert "555 0117" in part, heading
    few = pinned(browser, f"/digest/{digest.pk}/")
    for number in range(5):
        admit("Cleo", by=thea, joined=False, family_name="Hart", phone=f"77{number}")
    assert pinned(browser, f"/digest/{digest.pk}/") == few


def notice(reader, client, **about):
    about = {"kind": "role-ended", "by": reader, "person": reader} | about
    return Notice.objects.create(
        practice=reader.practice, recipient=reader, client=client, **about
    )


def test_notices_of_changed_roles_say_whose_record(
    sign_in, thea, theo, cleo, other, third
):
    browser = sign_in(thea)
    notice(thea, cleo, by=theo)
    one = pinned(browser, "/today/")
    assert "Cleo Hart (cleo@example.test)" in page_at(browser, "/today/")
    notice(thea, other, by=theo)
    notice(thea, third, by=theo, kind="client-moved", person=theo)
    told_apart(page_at(browser, "/today/"), third)
    assert pinned(browser, "/today/") == one


def test_a_notice_about_a_former_client_names_nobody(sign_in, thea, theo, cleo, other):
    in_care(cleo, theo, "co_therapist", begins=-9, ends=-1)
    notice(theo, cleo, by=thea)
    page = page_at(sign_in(theo), "/today/")
    assert "cleo@example.test" not in page
    assert "555 0117" not in page


NAMED = b"""Preferred name,Family name,E-mail,Goal
Cleo,Hart,cleo@example.test,Sleep
Cleo,Hart,,Walk
Mara,Klee,,Sleep
"""


def test_an_import_says_which_of_them_already_exists(sign_in, thea, cleo, other):
    found = list_of(thea, raw=NAMED.replace(b"Cleo,Hart,,Walk\n", b""))
    browser, look = sign_in(thea), f"/caseload/import/{found.pk}/"
    for url in (look, f"{look}names/"):
        assert "(cleo@example.test)" in page_at(browser, url), url


def test_a_name_alone_may_be_any_of_them(sign_in, thea, cleo, other):
    raw = NAMED.replace(b"Hart,cleo@example.test,Sleep\nCleo,", b"")
    found = list_of(thea, raw=raw)
    page = page_at(sign_in(thea), f"/caseload/import/{found.pk}/")
    assert "2 clients have this name" in page


# -- emergency access ------------------------------------------------------------------


def emergency(browser, **said):
    return browser.post("/emergency/", {"name": "Cleo Hart", "reason": WHY} | said)


def opened(theo):
    return CareRole.objects.filter(user=theo, kind="emergency")


def test_theo_is_asked_which_and_opens_the_right_one(sign_in, theo, cleo, other, third):
    browser = sign_in(theo)
    page = emergency(browser).content.decode()
    assert "More than one client has this name. Enter the email or phone" in page
    assert WHY in page
    assert "cleo@example.test" not in page
    assert "555 0117" not in page
    assert not opened(theo).exists()
    for contact, client in (("(555) 01-17", other), (" CLEO@example.test ", cleo)):
        assert emergency(browser, contact=contact).status_code == 302
        assert opened(theo).latest("starts_at").client_id == client.pk


@pytest.mark.parametrize("contact", ["nobody@example.test", "0117", "1", "%", "@"])
def test_details_that_match_nobody_of_that_name_open_nothing(
    sign_in, theo, carl, cleo, other, third, contact
):
    page = emergency(sign_in(theo), contact=contact).content.decode()
    assert "More than one client matches" in page
    assert not opened(theo).exists()


def test_another_clients_address_opens_nobody(sign_in, theo, cleo, other, third, thea):
    nadia = admit("Nadia", by=thea)
    page = emergency(sign_in(theo), contact=nadia.address).content.decode()
    assert "More than one client matches" in page
    assert not opened(theo).exists()


def test_a_unique_name_needs_no_further_detail(sign_in, theo, cleo):
    assert emergency(sign_in(theo), contact="555").status_code == 302
    assert opened(theo).get().client_id == cleo.pk


# -- staff -----------------------------------------------------------------------------


@pytest.fixture
def theas(practice, thea):
    """Another therapist named Thea."""
    return User.objects.create_user(
        "other-thea@example.test", None, practice=practice, name="THÉA",
        is_therapist=True, joined_at=timezone.now(),
    )  # fmt: skip


@pytest.mark.parametrize("url", ["/audit/", "/people/import/", "/care-roles/bring/"])
def test_ada_chooses_between_two_therapists_of_one_name(
    sign_in, ada, theo, thea, theas, url
):
    page = page_at(sign_in(ada), url)
    assert "Thea (thea@example.test)" in page
    assert "THÉA (other-thea@example.test)" in page
    assert "(theo@example.test)" not in page


def test_they_are_told_apart_when_assigning_a_role_and_closing_an_account(
    sign_in, ada, theo, thea, theas, carl
):
    for who, url in (
        (ada, f"/care-roles/{carl.pk}/"),
        (theo, f"/care-roles/{carl.pk}/"),
        (ada, f"/people/{theo.pk}/leave/"),
    ):
        page = page_at(sign_in(who), url)
        assert "Thea (thea@example.test)" in page, url
        assert "THÉA (other-thea@example.test)" in page, url


def test_the_email_log_says_which_cleo(sign_in, ada, thea, theo, cleo, carl):
    admit("Nadia", by=thea)
    double = admit("Cleo", by=theo, joined=False, family_name="Osei")
    double.email = "other-cleo@example.test"
    with acting_as(theo.pk), transaction.atomic():
        double.save(update_fields=["email"])
        double.invite(by=theo)
    for person in (cleo.user, carl.user):
        email(person)
    browser = sign_in(ada)
    few = pinned(browser, "/deliveries/")
    page = page_at(browser, "/deliveries/")
    assert "cleo@example.test" in page
    assert "other-cleo@example.test" in page
    assert "carl@example.test" not in page
    for _number in range(20):
        email(cleo.user)
    assert pinned(browser, "/deliveries/") == few
