"""Ada manages accounts and care roles; Thea edits her clients' details."""

import difflib
import re
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts.models import Invitation, OutgoingEmail, Practice, User
from clients.models import CareRole, Client, ClientBackground
from conftest import admit, as_role, person
from tests.cast import book, pinned

A_DAY = timedelta(days=1)

DETAILS = {
    "preferred_name": "Nadia", "family_name": "Rahimi", "pronouns": "she/her",
    "email": "nadia@example.test", "phone": "07700 900418",
    "emergency_name": "Leila, sister", "emergency_phone": "07700 900263",
    "presenting_concern": "Wakes at four.", "portal": "invite",
}  # fmt: skip


def test_thea_adds_a_client_and_invites_them(sign_in, thea):
    answer = sign_in(thea).post("/clients/add/", DETAILS)
    client = Client.objects.get()
    assert answer.url == f"/clients/{client.pk}/"
    assert client.user.email == "nadia@example.test"
    assert client.email == ""  # the account holds the only copy
    assert OutgoingEmail.objects.get().kind == "invitation"
    page = sign_in(thea).get(f"/clients/{client.pk}/").content.decode()
    assert "Nadia Rahimi" in page
    assert "Wakes at four." in page
    assert CareRole.objects.get().kind == "primary"


def test_only_the_name_is_needed(sign_in, thea):
    sign_in(thea).post("/clients/add/", {"preferred_name": "Mo", "portal": "none"})
    assert Client.objects.get().user is None
    assert not OutgoingEmail.objects.exists()


def test_an_invitation_needs_an_address_and_says_so(sign_in, thea):
    page = sign_in(thea).post("/clients/add/", DETAILS | {"email": ""})
    assert "Enter an email address to send an invitation." in page.content.decode()
    assert "Wakes at four." in page.content.decode()  # no typed text is lost
    assert not Client.objects.exists()


@pytest.mark.parametrize("known", [False, True])
def test_a_double_click_adds_one_client(sign_in, thea, theo, known):
    """The answer is the same if the address is already in use."""
    once = DETAILS | {"once": "01a20d98-d1d4-7270-aa5b-f86fb01ae49f"}
    if known:
        once["email"] = theo.email
    browser = sign_in(thea)
    assert browser.post("/clients/add/", once).status_code == 302
    assert browser.post("/clients/add/", once).status_code == 302
    assert Client.objects.count() == 1
    for changes in ({"email": "other@example.test"}, {"portal": "none"}):
        page = browser.post("/clients/add/", once | changes).content.decode()
        assert "This was already sent with different details" in page
    assert Client.objects.count() == 1


def test_an_address_in_use_elsewhere_answers_the_same_and_its_owner_is_notified(
    sign_in, thea, cleo
):
    used = DETAILS | {"email": cleo.user.email}
    answer = sign_in(thea).post("/clients/add/", used)
    assert answer.status_code == 302
    email = OutgoingEmail.objects.get()
    assert (email.kind, email.recipient) == ("account-exists", cleo.user)
    assert Client.objects.get(preferred_name="Nadia").user is None


IN_USE = ["a client", "a colleague", "elsewhere", "not joined", "closed"]


@pytest.fixture
def owners(practice, theo, carl):
    """Addresses of current, future and former accounts."""
    elsewhere = Practice.objects.create(name="Elsewhere", slug="elsewhere")
    kit, tom = (person(practice, name, is_therapist=True) for name in ("Kit", "Tom"))
    User.objects.filter(pk=kit.pk).update(joined_at=None)
    User.objects.filter(pk=tom.pk).update(is_active=False)
    una = person(elsewhere, "Una", is_therapist=True)
    people = (carl.user, theo, una, kit, tom)
    return dict(zip(IN_USE, (who.email for who in people), strict=True))


def shown(browser, url, email):
    """A page with keys, address, seconds left and current minute masked."""
    words = browser.get(url).content.decode().replace(email, "ADDRESS")
    words = re.sub(r'datetime="[^"]*"|\b[0-9]{2}:[0-9]{2}\b', "", words)
    changing = r'(value|data-who)="[^"]{50,}"|data-(left|most)="[0-9]+"|[0-9a-f-]{36}'
    return re.sub(changing, "", words)


def all_of(browser, client, email):
    """What a therapist sees of an invitation, and where."""
    session = book(client, client.care_roles.get().user, at=timezone.now() - A_DAY)
    urls = [f"/clients/{client.pk}/", f"/clients/{client.pk}/edit/", "/caseload/",
            "/today/", f"/sessions/{session.pk}/"]  # fmt: skip
    return [shown(browser, url, email) for url in urls]


@pytest.mark.requirement("R30")
@pytest.mark.parametrize("whose", IN_USE)
@pytest.mark.parametrize("how", ["added", "invited later", "address corrected"])
def test_a_therapist_cannot_tell_whether_an_address_has_an_account(
    sign_in, thea, owners, how, whose
):
    """Nor who is in therapy elsewhere: the same response, page and list."""
    found = []
    for email in ("free@example.test", owners[whose]):
        browser = sign_in(thea)
        said = DETAILS | {"email": email}
        if how == "invited later":
            said["portal"] = "none"
        if how == "address corrected":
            said["email"] = f"x{len(found)}@example.test"
        url = browser.post("/clients/add/", said).url
        client = Client.objects.get(pk=url.split("/")[2])
        if how == "invited later":
            answer = browser.post(f"{url}invite/", follow=True)
            assert "unless the address is already in use" in answer.content.decode()
        if how == "address corrected":
            said |= {"email": email, "version": client.version}
            answer = browser.post(f"{url}edit/", said)
            assert answer.status_code == 302
        client.refresh_from_db()
        found.append(all_of(browser, client, email))
        with as_role("postgres"):
            CareRole.objects.filter(client=client).update(ends_at=timezone.now())
    for page, other in zip(*found, strict=True):
        lines = difflib.ndiff(page.splitlines(), other.splitlines())
        assert [line for line in lines if line[0] in "+-"] == []
    assert "Invitation sent." in found[1][0]
    assert "ADDRESS" in found[1][1]
    invited = OutgoingEmail.objects.filter(kind="invitation")
    assert owners[whose] not in invited.values_list("recipient__email", flat=True)


def test_an_address_that_became_free_gets_the_link(sign_in, thea, theo):
    browser = sign_in(thea)
    url = browser.post("/clients/add/", DETAILS | {"email": theo.email}).url
    User.objects.filter(pk=theo.pk).update(email="theo.new@example.test")
    browser.post(f"{url}invite/")
    client = Client.objects.get()
    assert (client.user.email, client.email) == ("theo@example.test", "")
    assert OutgoingEmail.objects.get(kind="invitation").recipient == client.user


def test_an_old_link_is_closed_and_not_resent_though_the_new_address_is_in_use(
    sign_in, thea, theo, ada
):
    browser = sign_in(thea)
    url = browser.post("/clients/add/", DETAILS).url
    said = DETAILS | {"email": theo.email, "version": 1}
    browser.post(f"{url}edit/", said)
    client = Client.objects.get()
    assert not Invitation.objects.open().exists()
    browser.post(f"{url}invite/")
    sign_in(ada).post(f"/people/{client.user_id}/invite/")
    assert not Invitation.objects.open().exists()
    assert OutgoingEmail.objects.filter(kind="invitation").count() == 1
    assert OutgoingEmail.objects.filter(kind="account-exists", recipient=theo).exists()
    browser.post(f"{url}edit/", DETAILS | {"email": "n@example.test", "version": 2})
    client.refresh_from_db()
    assert (client.user.email, client.email) == ("n@example.test", "")
    assert Invitation.objects.open().get().user == client.user


def test_thea_corrects_details_and_a_conflicting_save_is_reported(sign_in, thea, cleo):
    browser, url = sign_in(thea), f"/clients/{cleo.pk}/edit/"
    form = {
        "preferred_name": "Cleo", "family_name": "Hartley", "version": "1",
        "presenting_concern": "More to it.",
    }  # fmt: skip
    assert browser.post(url, form).status_code == 302
    page = browser.post(url, form | {"family_name": "Hardy"}).content.decode()
    assert "Someone else changed" in page
    assert "Hardy" in page
    cleo.refresh_from_db()
    assert cleo.family_name == "Hartley"
    assert "More to it." in browser.get(f"/clients/{cleo.pk}/").content.decode()


def test_a_client_can_be_invited_later(sign_in, thea):
    client = admit("Mo", by=thea, joined=False, email="mo@example.test")
    sign_in(thea).post(f"/clients/{client.pk}/invite/")
    client.refresh_from_db()
    assert client.user.email == "mo@example.test"
    assert OutgoingEmail.objects.get().recipient == client.user


def test_ada_invites_a_therapist(sign_in, ada):
    said = {"name": "Kit", "email": "Kit@Example.test", "role": "therapist"}
    sign_in(ada).post("/people/invite/", said)
    kit = User.objects.get(email="kit@example.test")
    assert kit.is_therapist
    assert not kit.is_admin
    assert not kit.has_usable_password()
    page = sign_in(ada).get("/people/").content.decode()
    assert "Kit" in page
    assert "Invited, link expires" in page


def test_ada_invites_a_client_for_theo_and_cannot_open_the_record(sign_in, ada, theo):
    said = {
        "preferred_name": "Mo", "family_name": "", "pronouns": "", "phone": "",
        "email": "mo@example.test", "therapist": str(theo.pk),
    }  # fmt: skip
    assert sign_in(ada).post("/care-roles/bring/", said).status_code == 302
    mo = Client.objects.get()
    assert sign_in(theo).get(f"/clients/{mo.pk}/").status_code == 200
    assert sign_in(ada).get(f"/clients/{mo.pk}/").status_code == 404
    # Theo writes Mo's presenting concern; there was none before.
    form = {
        "preferred_name": "Mo", "version": "1", "presenting_concern": "Sleep.",
        "email": "mo@example.test",
    }  # fmt: skip
    assert sign_in(theo).post(f"/clients/{mo.pk}/edit/", form).status_code == 302
    assert ClientBackground.objects.count() == 1


def test_ada_resends_a_link_only_to_people_who_have_not_joined(sign_in, ada, theo):
    browser = sign_in(ada)
    said = {"name": "Kit", "email": "kit@example.test", "role": "admin"}
    browser.post("/people/invite/", said)
    kit = User.objects.get(name="Kit")
    browser.post(f"/people/{kit.pk}/invite/")
    assert kit.invitations.count() == 2
    assert kit.invitations.open().count() == 1
    assert browser.post(f"/people/{theo.pk}/invite/").status_code == 404


def test_a_solo_practitioner_is_therapist_and_admin(sign_in, practice):
    solo = person(practice, "Samir", is_therapist=True, is_admin=True)
    browser = sign_in(solo)
    browser.post("/clients/add/", {"preferred_name": "Mo", "portal": "none"})
    assert browser.get(f"/clients/{Client.objects.get().pk}/").status_code == 200
    assert "Mo" in browser.get("/care-roles/").content.decode()


@pytest.mark.parametrize("url", ["/people/", "/care-roles/"])
def test_the_admins_lists_cost_the_same_with_fifty(sign_in, ada, thea, practice, url):
    browser = sign_in(ada)
    admit("Client", by=thea, joined=False)
    one = pinned(browser, url)
    for number in range(49):
        admit(f"Client {number}", by=thea, joined=False)
        person(practice, f"Person{number}", is_therapist=True)
    assert pinned(browser, url) == one <= 8


def test_searching_people_finds_names_and_addresses(sign_in, ada, thea, theo, cleo):
    browser = sign_in(ada)
    page = browser.get("/people/?q=theo").content.decode()
    assert "theo@example.test" in page
    assert "thea@example.test" not in page
    assert "Cleo" in browser.get("/care-roles/?q=cleo@").content.decode()


def test_a_mistyped_address_can_be_corrected_until_they_joined(sign_in, thea, cleo):
    browser = sign_in(thea)
    browser.post("/clients/add/", DETAILS | {"email": "nadia@exampel.test"})
    nadia = Client.objects.get(preferred_name="Nadia")
    form = {"preferred_name": "Nadia", "version": "1", "email": "nadia@example.test"}
    assert browser.post(f"/clients/{nadia.pk}/edit/", form).status_code == 302
    nadia.refresh_from_db()
    assert (nadia.user.email, nadia.email) == ("nadia@example.test", "")
    assert nadia.user.invitations.open().count() == 1
    assert nadia.user.invitations.count() == 2
    # An address in use answers the same, and its owner is notified.
    taken = form | {"version": "2", "email": cleo.user.email}
    assert browser.post(f"/clients/{nadia.pk}/edit/", taken).status_code == 302
    nadia.user.refresh_from_db()
    assert nadia.user.email == "nadia@example.test"
    assert OutgoingEmail.objects.filter(
        kind="account-exists", recipient=cleo.user
    ).exists()


def test_nobody_else_changes_the_address_of_a_person_who_joined(sign_in, thea, cleo):
    form = {"preferred_name": "Cleo", "version": "1", "email": "x@example.test"}
    sign_in(thea).post(f"/clients/{cleo.pk}/edit/", form)
    cleo.user.refresh_from_db()
    assert cleo.user.email == "cleo@example.test"


@pytest.mark.parametrize("what", ["person", "client", "again"])
def test_inviting_requires_an_admin_to_reauthenticate(sign_in, ada, theo, what):
    kit = {"name": "Kit", "email": "kit@example.test", "role": "therapist"}
    browser = sign_in(ada)
    browser.post("/people/invite/", kit | {"name": "Una", "email": "una@example.test"})
    una = User.objects.get(name="Una")
    before = Invitation.objects.count()
    said = {"preferred_name": "Nadia", "email": "nadia@example.test"}
    ways = {
        "person": ("/people/invite/", kit),
        "client": ("/care-roles/bring/", said | {"therapist": str(theo.pk)}),
        "again": (f"/people/{una.pk}/invite/", {}),
    }
    url, said = ways[what]
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        answer = browser.post(url, said)
        assert answer.status_code == 403 or answer.url.startswith("/prove/")
    assert Invitation.objects.count() == before
