"""A page says "sent" only if the outbox has the email; else nothing was changed."""

import pytest
from django.db import connection

from accounts.models import AddressChange, AuditEvent, Invitation, OutgoingEmail, User
from clients.models import CareRole, CareRoleRequest, Client
from conftest import admit, as_role, in_care, person

NOT_SENT = "The email could not be sent. Nothing was changed."
ON_ITS_WAY = "Invitation sent"
DETAILS = {"preferred_name": "Mo", "family_name": "", "email": "mo@example.test"}


@pytest.fixture
def refused():
    """The outbox rejects everything: the database drops each inserted row."""
    with as_role("postgres"), connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION pg_temp.none() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN RETURN NULL; END';"
            "CREATE TRIGGER none BEFORE INSERT ON accounts_outgoingemail"
            " FOR EACH ROW EXECUTE FUNCTION pg_temp.none()"
        )


@pytest.fixture
def kit(practice):
    kit = person(practice, "Kit", is_therapist=True)
    User.objects.filter(pk=kit.pk).update(joined_at=None)
    return kit


@pytest.fixture
def mo(thea):
    """With an address, and not invited yet."""
    return admit("Mo", by=thea, joined=False, email="mo@example.test",
                 wants_portal=False)  # fmt: skip


@pytest.fixture
def nia(thea, sign_in):
    """Invited, and has not joined."""
    said = DETAILS | {"email": "nia@example.test", "portal": "invite"}
    url = sign_in(thea).post("/clients/add/", said).url
    return Client.objects.get(pk=url.split("/")[2])


FORMS = {
    "a new client": ("thea", "/clients/add/", DETAILS | {"portal": "invite",
                     "email": "new@example.test"}),
    "invited later": ("thea", "/clients/{mo}/invite/", {}),
    "another address of who was invited": (
        "thea", "/clients/{nia}/edit/",
        DETAILS | {"email": "n@example.test", "version": 1}),
    "a colleague": ("ada", "/people/invite/", {"name": "Una", "role": "therapist",
                    "email": "una@example.test"}),
    "a client by an admin": ("ada", "/care-roles/bring/", DETAILS | {
                             "email": "b@example.test", "therapist": "{thea}"}),
    "a colleague again": ("ada", "/people/{kit}/invite/", {}),
    "a client again": ("ada", "/people/{nias_user}/invite/", {}),
    "an address of one's own": ("thea", "/settings/address/",
                                {"email": "thea.new@example.test"}),
    "a sign-in reset": ("ada", "/people/{theo}/reset/", {}),
}  # fmt: skip
COUNTED = (Client, User, Invitation, AddressChange, CareRole, AuditEvent)


def state():
    open_links = set(Invitation.objects.open().values_list("pk", flat=True))
    addresses = set(User.objects.values_list("email", "credential__password"))
    return [model.objects.count() for model in COUNTED], open_links, addresses


def sent_as(sign_in, form, people, **more):
    who, url, said = FORMS[form]
    names = {name: getattr(one, "pk", one) for name, one in people.items()}
    browser = sign_in(people[who])
    url = url.format(**names)
    said = {name: str(value).format(**names) for name, value in said.items()}
    before = state()
    answer = browser.post(url, said, follow=True)
    return before, answer.content.decode()


@pytest.mark.parametrize("form", FORMS)
def test_if_no_email_is_queued_nothing_is_said_or_done(
    sign_in, thea, theo, ada, kit, mo, nia, refused, form
):
    people = {"thea": thea, "theo": theo, "ada": ada, "kit": kit, "mo": mo,
              "nia": nia, "nias_user": nia.user}  # fmt: skip
    before, page = sent_as(sign_in, form, people)
    assert NOT_SENT in page
    assert ON_ITS_WAY not in page
    assert state()[1:] == before[1:]
    assert state()[0][:-1] == before[0][:-1]  # except the time of the request


@pytest.mark.parametrize("form", FORMS)
def test_if_it_is_queued_the_row_is_there(sign_in, thea, theo, ada, kit, mo, nia, form):
    people = {"thea": thea, "theo": theo, "ada": ada, "kit": kit, "mo": mo,
              "nia": nia, "nias_user": nia.user}  # fmt: skip
    OutgoingEmail.objects.all().delete()
    _before, page = sent_as(sign_in, form, people)
    assert NOT_SENT not in page
    assert OutgoingEmail.objects.exists()


# -- who is said to have been notified -------------------------------------------------


def give(browser, client, who, kind="co_therapist"):
    form = {"person": str(who.pk), "kind": kind, "since": "", "until": ""}
    return browser.post(f"/care-roles/{client.pk}/", form, follow=True)


@pytest.mark.parametrize("told", [True, False])
def test_a_client_without_portal_is_not_said_to_be_notified(
    sign_in, thea, theo, ada, cleo, told
):
    client = cleo if told else admit("Mo", by=thea, joined=False)
    browser, yourself = sign_in(ada), "The client has no portal. Please tell them"
    page = give(browser, client, theo).content.decode()
    assert ("We emailed them and the client." in page) == told
    assert (yourself in page) != told
    asked = CareRoleRequest.objects.get()
    confirm = f"/care-roles/requests/{asked.pk}/confirm/"
    page = sign_in(thea).post(confirm, follow=True).content.decode()
    assert ("Confirmed. The client was told." in page) == told
    assert (yourself in page) != told
    emailed = OutgoingEmail.objects.filter(kind="care-team", recipient=client.user)
    assert bool(client.user and emailed.exists()) == told


@pytest.mark.parametrize("told", [True, False])
def test_nor_if_it_takes_effect_in_a_day(
    sign_in, practice, thea, theo, ada, cleo, told
):
    client = cleo if told else admit("Mo", by=thea, joined=False)
    in_care(client, person(practice, "Cov", is_therapist=True), "cover", by=thea)
    page = give(sign_in(ada), client, theo, "supervisor").content.decode()
    assert "This takes effect in 24 hours." in page
    assert ("The client was told." in page) == told
    assert ("The client has no portal." in page) != told
