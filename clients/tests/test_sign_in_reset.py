"""Ada resets a sign-in without learning a password, and sees unused accounts."""

from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts import sign_in_reset
from accounts.models import AuditEvent, OutgoingEmail, SignIn, User
from accounts.sign_in_reset import reset_sign_in
from conftest import as_role, person
from database.identity import acting_as
from tests.cast import pinned
from therapy import tasks


def test_theos_sign_ins_end_his_password_is_removed_and_a_link_is_sent(
    sign_in, ada, theo
):
    theos = sign_in(theo)
    assert theos.get("/today/").status_code == 200
    browser = sign_in(ada)
    url = f"/people/{theo.pk}/reset/"
    assert "signed out on all devices" in browser.get(url).content.decode()
    # the confirmation page changes nothing
    assert SignIn.objects.filter(user=theo).exists()
    assert browser.post(url).url == "/people/"
    assert theos.get("/today/").status_code == 302
    theo.refresh_from_db()
    assert not theo.has_usable_password()
    assert AuditEvent.objects.get(verb="sign-in reset").object_id == theo.pk
    assert set(OutgoingEmail.objects.values_list("kind", "recipient")) == {
        ("sign-in-reset", theo.pk),
        ("account-changed", theo.pk),
    }


def test_theo_gets_back_in_by_the_email_alone(sign_in, client, ada, theo):
    sign_in(ada).post(f"/people/{theo.pk}/reset/")
    with as_role("cairn_worker"):
        tasks.plan_and_send()
    assert {tuple(sent.to) for sent in mail.outbox} == {(theo.email,)}
    [email] = [sent for sent in mail.outbox if "/reset/" in sent.body]
    assert "was reset" in email.subject
    assert "two-step verification no longer work" in email.body
    assert "asked for a new password" not in email.body
    link = next(word for word in email.body.split() if "/reset/" in word)
    form = client.get(link.partition(":8000")[2], follow=True)
    new = "the long way home at night"
    client.post(form.redirect_chain[-1][0], {"new_password1": new,
                                             "new_password2": new})  # fmt: skip
    theo.refresh_from_db()
    assert theo.check_password(new)


def test_a_reset_right_after_theos_own_request_is_notified_and_sent_too(
    sign_in, client, ada, theo
):
    """Each has its own email, even within a minute; so has each further reset."""
    client.post("/reset/", {"email": theo.email})
    with as_role("cairn_worker"):
        tasks.plan_and_send()
    browser = sign_in(ada)
    for _ in range(2):
        page = browser.post(f"/people/{theo.pk}/reset/", follow=True)
        assert "A link and a notice are on their way" in page.content.decode()
    kinds = list(OutgoingEmail.objects.values_list("kind", flat=True))
    assert kinds.count("password-reset") == 1
    assert kinds.count("sign-in-reset") == 2
    assert kinds.count("account-changed") == 2


def test_if_the_email_cannot_be_queued_nothing_is_done_and_nothing_is_said(
    sign_in, ada, theo
):
    now = timezone.now()
    for version in range(1, 4):  # as if all of them were already queued
        OutgoingEmail.queue(
            theo, "sign-in-reset", f"ways:{version}", due_at=now, not_after=now
        )
    theos = sign_in(theo)
    page = sign_in(ada).post(f"/people/{theo.pk}/reset/", follow=True)
    assert "Nothing was changed" in page.content.decode()
    assert "on their way" not in page.content.decode()
    assert theos.get("/today/").status_code == 200
    theo.refresh_from_db()
    assert theo.has_usable_password()
    assert not AuditEvent.objects.filter(verb="sign-in reset").exists()


def test_cleos_sign_in_is_reset_from_care_teams(sign_in, ada, cleo):
    browser = sign_in(ada)
    assert (
        f"/people/{cleo.user_id}/reset/" in browser.get("/care-roles/").content.decode()
    )
    assert browser.post(f"/people/{cleo.user_id}/reset/").url == "/care-roles/"


def test_nobody_resets_their_own_sign_in_or_a_missing_one(sign_in, ada, practice):
    browser = sign_in(ada)
    kit = person(practice, "Kit", is_therapist=True)
    User.objects.filter(pk=kit.pk).update(joined_at=None)
    closed = person(practice, "Tom", is_therapist=True, is_active=False)
    for who in (ada, kit, closed):
        assert browser.post(f"/people/{who.pk}/reset/").status_code == 404
    assert f"/people/{ada.pk}/reset/" not in browser.get("/people/").content.decode()
    with pytest.raises(ValidationError):
        reset_sign_in(ada, by=ada)


def test_a_reset_requires_reauthentication(sign_in, ada, theo):
    browser = sign_in(ada)
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        answer = browser.post(f"/people/{theo.pk}/reset/")
    assert answer.url.startswith("/prove/")
    theo.refresh_from_db()
    assert theo.has_usable_password()


def names(answer):
    return {person.name for person in answer.context["page"]}


def test_accounts_unused_for_sixty_days_are_listed_and_marked(
    sign_in, ada, thea, theo, practice
):
    long_ago = timezone.now() - timedelta(days=61)
    User.objects.filter(pk=theo.pk).update(last_login=long_ago)
    User.objects.filter(pk=thea.pk).update(joined_at=long_ago, last_login=None)
    person(practice, "Tom", is_therapist=True, is_active=False)
    browser = sign_in(ada)
    assert names(browser.get("/people/?state=unused")) == {"Theo", "Thea"}
    assert names(browser.get("/people/?state=closed")) == {"Tom"}
    assert names(browser.get("/people/?state=active")) == {"Ada", "Theo", "Thea"}
    assert names(browser.get("/people/?state=unused&q=theo")) == {"Theo"}
    page = browser.get("/people/").content.decode()
    assert page.count("Unused for 60 days") == 3  # the filter and both of them
    assert pinned(browser, "/people/?state=unused") <= 8


def test_a_therapist_who_is_also_admin_can_switch_sides(sign_in, practice):
    both = person(practice, "Samir", is_therapist=True, is_admin=True)
    browser = sign_in(both)
    assert 'href="/people/"' in browser.get("/today/").content.decode()
    assert 'href="/today/"' in browser.get("/audit/").content.decode()


def test_two_step_methods_are_removed_with_the_password(ada, theo, thea):
    for who in (theo, thea):
        Authenticator.objects.create(user=who, type="webauthn", data={})
    with acting_as(ada.pk), transaction.atomic():
        sign_in_reset.forget_ways(theo)
    assert Authenticator.objects.get().user == thea
