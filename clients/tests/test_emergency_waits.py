"""Someone made a therapist by an admin has no emergency access for 30 days."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction
from django.db.models import F
from django.utils import timezone

from accounts import invitations
from accounts.models import AuditEvent, Invitation, User
from clients import staffing
from clients.models import CareRole
from clients.models.emergency import open_in_emergency
from clients.tests.test_emergency import WHY, ask, emergency_row
from conftest import in_care
from database.identity import acting_as
from tests.cast import page_at

PASSWORD = "a long password here"
WAIT = "You can use emergency access from "


def invited(by, role="therapist", email="nina@example.test"):
    """A person whom an admin invents, who has joined by the emailed link."""
    said = {"name": "Nina", "email": email, "role": role}
    assert by.post("/people/invite/", said).status_code == 302
    nina = User.objects.get(email=email)
    link = Invitation.objects.get(user=nina, used_at=None)
    secret = invitations.token(link.pk)
    joined = invitations.accept(
        secret, password="a long password here", time_zone="UTC"
    )
    assert joined == nina
    nina.refresh_from_db()
    return nina


def opened(who):
    return CareRole.objects.filter(user=who, kind="emergency").exists()


def age(who, days):
    """As the superuser, bypassing the web role."""
    then = timezone.now() - timedelta(days=days)
    User.objects.filter(pk=who.pk).update(therapist_since=then)


def test_a_person_invented_by_an_admin_opens_nothing(sign_in, ada, thea, cleo):
    nina = invited(sign_in(ada))
    browser = sign_in(nina)
    page = page_at(browser, "/emergency/")
    assert WAIT in page
    assert "ask a colleague who has worked here longer" in page
    assert 'name="reason"' not in page
    page = ask(browser).content.decode()
    assert WAIT in page
    assert WHY in page  # no typed text is lost
    assert not opened(nina)
    assert browser.get(f"/clients/{cleo.pk}/").status_code == 404
    assert AuditEvent.objects.filter(
        verb="emergency too early", actor_id=nina.pk
    ).exists()
    line = "Nina asked for emergency access within 30 days"
    assert line in page_at(sign_in(ada), "/audit/")


def test_an_attempt_with_any_name_is_answered_the_same_and_logged(
    sign_in, ada, thea, cleo
):
    browser = sign_in(invited(sign_in(ada)))
    for name, reason in (("Nobody Known", WHY), ("Cleo Hart", "Now"), ("", "")):
        page = ask(browser, name, reason).content.decode()
        assert WAIT in page
        assert "No client of this practice" not in page
    assert AuditEvent.objects.filter(verb="emergency too early").count() == 3


def test_an_admin_who_became_a_therapist_a_minute_ago_opens_nothing(
    sign_in, ada, thea, cleo
):
    browser = sign_in(ada)
    assert browser.post(f"/people/{ada.pk}/", {"role": "both"}).status_code == 302
    assert WAIT in ask(browser).content.decode()
    assert not opened(ada)
    browser.post(f"/people/{ada.pk}/", {"role": "admin"})
    assert "Ada asked for emergency access" in page_at(browser, "/audit/")


def test_after_30_days_they_can_and_a_day_before_they_cannot(sign_in, ada, thea, cleo):
    nina = invited(sign_in(ada))
    browser = sign_in(nina)
    age(nina, 29)
    assert WAIT in ask(browser).content.decode()
    age(nina, 31)
    assert 'name="reason"' in page_at(browser, "/emergency/")
    assert ask(browser).url == f"/clients/{cleo.pk}/"


def test_the_30_days_count_from_joining(sign_in, ada, thea, cleo):
    browser = sign_in(ada)
    said = {"name": "Nina", "email": "nina@example.test", "role": "therapist"}
    browser.post("/people/invite/", said)
    nina = User.objects.get(email="nina@example.test")
    age(nina, 60)
    assert User.objects.get(pk=nina.pk).therapist_since < timezone.now()
    link = Invitation.objects.get(user=nina)
    invitations.accept(invitations.token(link.pk), password=PASSWORD, time_zone="UTC")
    nina.refresh_from_db()
    assert WAIT in ask(sign_in(nina)).content.decode()
    assert not opened(nina)


@pytest.mark.parametrize("way", ["right", "account"])
def test_the_wait_restarts_with_the_role_and_with_the_account(
    sign_in, ada, theo, cleo, way
):
    """Theo was set up by the operator; the admin removes the role and gives it back."""
    with acting_as(ada.pk), transaction.atomic():
        if way == "right":
            staffing.set_roles(theo, therapist=False, admin=True, by=ada)
            staffing.set_roles(theo, therapist=True, admin=False, by=ada)
        else:
            staffing.close(theo, by=ada)
            staffing.reopen(theo, by=ada)
    assert WAIT in ask(sign_in(theo)).content.decode()
    assert not opened(theo)


def test_a_therapist_set_up_by_the_operator_does_not_wait(sign_in, theo, thea, cleo):
    assert theo.therapist_since is None
    assert ask(sign_in(theo)).url == f"/clients/{cleo.pk}/"


def test_saving_a_therapist_does_not_change_the_date(sign_in, ada, theo, cleo):
    nina = invited(sign_in(ada))
    since = nina.therapist_since
    for day in (None, F("joined_at") - timedelta(days=90)):
        with (
            pytest.raises(DatabaseError, match="permission denied"),
            acting_as(nina.pk),
            transaction.atomic(),
        ):
            User.objects.filter(pk=nina.pk).update(therapist_since=day)
    nina.name = "Nina B."
    with acting_as(nina.pk), transaction.atomic():
        nina.save(update_fields=["name"])
    nina.refresh_from_db()
    assert nina.therapist_since == since
    theo.name = "Theo B."
    with acting_as(theo.pk), transaction.atomic():
        theo.save(update_fields=["name"])
    theo.refresh_from_db()
    assert theo.therapist_since is None


def test_the_web_role_cannot_backdate_a_therapist(ada, cleo):
    long_ago = timezone.now() - timedelta(days=90)
    with acting_as(ada.pk), transaction.atomic():
        nina = User.objects.create_user(
            "nina@example.test", practice=ada.practice, name="Nina",
            is_therapist=True, therapist_since=long_ago,
        )  # fmt: skip
    nina.refresh_from_db()
    assert nina.therapist_since > long_ago + timedelta(days=89)


def test_the_method_and_the_database_refuse_it_too(sign_in, ada, thea, cleo):
    nina = invited(sign_in(ada))
    with (
        pytest.raises(ValidationError, match=WAIT),
        acting_as(nina.pk),
        transaction.atomic(),
    ):
        open_in_emergency(cleo.pk, WHY, by=nina)
    with pytest.raises(DatabaseError, match="row-level security"):
        emergency_row(cleo, nina)
    age(nina, 31)
    emergency_row(cleo, nina)


def test_emergency_access_older_than_the_rule_is_shown_to_the_admin(
    sign_in, ada, theo, cleo
):
    line = "Theo asked for emergency access within 30 days"
    in_care(cleo, theo, "emergency", begins=-5, ends=4 / 24 - 5)
    assert line not in page_at(sign_in(ada), "/audit/")
    age(theo, 4)  # after it: a later role does not matter
    assert line not in page_at(sign_in(ada), "/audit/")
    age(theo, 6)
    assert line in page_at(sign_in(ada), "/audit/")


def test_nobody_learns_when_another_person_may_use_it(sign_in, ada, theo):
    invited(sign_in(ada))
    with acting_as(theo.pk), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT app.emergencies_from()")
        assert cursor.fetchone() == (None,)
