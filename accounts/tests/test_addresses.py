"""A new email address is used after it is confirmed from its own mailbox."""

import difflib
import re

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import addresses
from accounts.models import AddressChange, OutgoingEmail, Practice, Tries, User
from accounts.tests.signing_in import minutes
from conftest import as_role, person
from therapy import tasks
from ui import email_addresses


@pytest.mark.requirement("R31")
def test_a_new_address_is_confirmed_from_its_mailbox_and_both_are_told(sign_in, thea):
    browser = sign_in(thea)
    browser.post("/settings/address/", {"email": "Thea.New@Example.test"})
    email = OutgoingEmail.objects.get(kind="address-confirm")
    assert email.address == "thea.new@example.test"
    thea.refresh_from_db()
    assert thea.email == "thea@example.test"
    answer = browser.get(f"/address/{addresses.token(email.about)}/")
    assert answer.url == "/address/"
    assert "thea.new@example.test" in browser.get("/address/").content.decode()
    assert browser.post("/address/").url == "/settings/"
    thea.refresh_from_db()
    assert thea.email == "thea.new@example.test"
    told = OutgoingEmail.objects.filter(kind="account-changed").order_by("address")
    assert [email.address for email in told] == ["", "thea@example.test"]
    assert browser.post("/address/").status_code == 410  # works once


def test_the_link_works_for_nobody_else_and_expires_after_a_day(sign_in, thea, theo):
    browser, his = sign_in(thea), sign_in(theo)
    browser.post("/settings/address/", {"email": "thea.new@example.test"})
    secret = addresses.token(OutgoingEmail.objects.get(kind="address-confirm").about)
    his.get(f"/address/{secret}/")
    assert his.post("/address/").status_code == 410
    with minutes(24 * 60 + 1):
        later = sign_in(thea)
        later.get(f"/address/{secret}/")
        assert later.post("/address/").status_code == 410


ASKERS = ["a therapist", "a client", "an admin"]


def wanted(browser, email):
    """The cost of a request for an address, and everything its sender can see of it."""
    with CaptureQueriesContext(connection) as asked:
        answer = browser.post("/settings/address/", {"email": email})
    statements = [re.sub(r"'[^']*'|\d+", "?", one["sql"]) for one in asked]
    seen = [answer.status_code, answer.url]
    for url in ("/settings/", "/settings/address/", "/settings/"):
        words = browser.get(url).content.decode().replace(email, "ADDRESS")
        seen.append(re.sub(r'(value|data-who)="[^"]{60,}"|\d', "", words))
    return statements, seen


def differing(page, other):
    lines = difflib.ndiff(str(page).splitlines(), str(other).splitlines())
    return [line for line in lines if line[0] in "+-"]


@pytest.mark.requirement("R30")
@pytest.mark.parametrize("asker", ASKERS)
def test_an_address_in_use_costs_and_shows_the_same(
    sign_in, thea, theo, cleo, carl, ada, practice, asker
):
    """In this practice, in another one, not joined, closed, or unused."""
    who = {"a therapist": thea, "a client": cleo.user, "an admin": ada}[asker]
    elsewhere = Practice.objects.create(name="Elsewhere", slug="elsewhere")
    una = person(elsewhere, "Una", is_therapist=True)
    kit = person(practice, "Kit", is_therapist=True)
    tom = person(practice, "Tom", is_therapist=True, is_active=False)
    User.objects.filter(pk=kit.pk).update(joined_at=None)
    browser = sign_in(who)
    for number in range(6):  # with one-time notices, and a full list of earlier events
        wanted(browser, f"first{number}@example.test")
    Tries.objects.all().delete()  # above one person's limit for a day
    free = wanted(browser, "free@example.test")
    for owner in (theo, carl.user, una, kit, tom):
        found = wanted(browser, owner.email)
        assert found[0] == free[0], owner.name
        for page, other in zip(found[1], free[1], strict=True):
            assert differing(page, other) == [], owner.name
    emails = OutgoingEmail.objects.exclude(kind="new-device")
    assert set(emails.values_list("kind", "recipient")) == {("address-confirm", who.pk)}
    if who == ada:
        page = browser.get("/deliveries/").content.decode()
        assert (
            page.count("Link to confirm an email address") > emails.count()
        )  # a filter


@pytest.mark.requirement("R30")
def test_its_owner_is_told_without_a_link_and_nobody_else_is(
    sign_in, thea, theo, practice, mailoutbox
):
    kit = person(practice, "Kit", is_therapist=True)
    User.objects.filter(pk=kit.pk).update(joined_at=None)
    tom = person(practice, "Tom", is_therapist=True, is_active=False)
    browser = sign_in(thea)
    for email in (kit.email, tom.email, theo.email):
        browser.post("/settings/address/", {"email": email})
        with as_role("cairn_worker"):
            tasks.plan_and_send()
    [mail] = [one for one in mailoutbox if one.to != [thea.email]]
    assert mail.to == [theo.email]
    assert mail.subject == "You already have an account"
    assert "/address/" not in mail.body
    change = AddressChange.objects.visible_to(thea).open().get()
    assert addresses.token(change.pk) not in mail.body
    browser.get(f"/address/{addresses.token(change.pk)}/")  # if it were guessed
    assert browser.post("/address/").status_code == 410
    theo.refresh_from_db()
    assert theo.email == "theo@example.test"


@pytest.mark.parametrize("joiner", ["\u200c", "\u200d"])
def test_a_domain_with_a_joiner_is_never_taken_for_the_one_without(joiner):
    with_it = email_addresses.normalize(f"mara@نامه{joiner}ای.example")
    assert with_it != email_addresses.normalize("mara@نامهای.example")
    with pytest.raises(ValidationError):
        email_addresses.validate(with_it)
    label = "xn--" + f"نامه{joiner}ای".encode("punycode").decode()
    said = f"mara@{label}.example"
    assert email_addresses.normalize(said) == said
    assert (
        email_addresses.normalize(f"mara@example.test{joiner}") == "mara@example.test"
    )


@pytest.mark.parametrize("said", ["bu\u0308cher", "b\u00adücher", "Bücher", "ﬁü"])
def test_an_ascii_label_is_never_rewritten_into_another(said):
    address = "mara@xn--" + said.encode("punycode").decode().lower() + ".example"
    assert email_addresses.normalize(address) == address
