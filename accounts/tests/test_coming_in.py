"""Sign in, recover an account, and keep strangers out."""

import threading

import pytest
from django.db import connections, transaction
from django.utils import timezone

from accounts import invitations, sign_in_reset
from accounts.models import AuditEvent, CrisisLine, Invitation, OutgoingEmail, User
from accounts.tests.signing_in import shown
from conftest import WebClient, admit, as_role, person
from database.identity import acting_as

SIGN_IN = "/sign-in/"
LONG = "the long way home at night"


def sign_in_as(client, email, password, **extra):
    return client.post(SIGN_IN, {"login": email, "password": password}, **extra)


@pytest.fixture
def nadia(thea):
    client = admit("Nadia", by=thea, joined=False, email="nadia@example.test")
    with acting_as(thea.pk), transaction.atomic():
        client.invite(by=thea)
    client.refresh_from_db()
    return client


def link(client):
    return (
        f"/join/{invitations.token(client.user.invitations.latest('created_at').pk)}/"
    )


def test_thea_signs_in_with_her_email_in_any_case(client, thea):
    answer = sign_in_as(client, "Thea@Example.test", "thea-passes-by-the-lake")
    assert answer.status_code == 302
    assert client.get("/", follow=True).redirect_chain == [("/today/", 302)]


def test_five_wrong_passwords_lock_one_place_only(client, thea):
    wrong = [sign_in_as(client, thea.email, "wrong").status_code for _ in range(6)]
    assert wrong == [200, 200, 200, 200, 200, 429]
    right = "thea-passes-by-the-lake"
    assert sign_in_as(client, thea.email, right).status_code == 429
    elsewhere = sign_in_as(client, thea.email, right, REMOTE_ADDR="10.0.0.9")
    assert elsewhere.status_code == 302


def test_another_persons_wrong_passwords_lock_nobody_out(client, thea, theo):
    """A practice shares one IP address: only attempts at Theo's account count."""
    tries = [sign_in_as(client, theo.email.upper(), "wrong") for _ in range(6)]
    assert tries[-1].status_code == 429
    assert "Too many tries" in tries[-1].content.decode()
    assert sign_in_as(client, thea.email, "thea-passes-by-the-lake").status_code == 302


def test_a_form_in_another_character_set_is_refused(client, thea):
    kind = "application/x-www-form-urlencoded; charset=utf-16"
    answer = client.post("/sign-in/", "login=%ff%fe", content_type=kind)
    assert answer.status_code == 400


def test_nobody_can_sign_up(client, practice):
    for url in ("/accounts/signup/", "/signup/", "/sign-up/"):
        assert client.post(url, {"email": "x@example.test"}).status_code in (302, 404)
    assert not User.objects.exists()


def test_opening_the_link_does_not_use_it_and_hides_the_secret(client, nadia):
    for _ in range(3):  # scanners follow links, too
        answer = WebClient().get(link(nadia))
        assert answer.url == "/join/"
    client.get(link(nadia))
    page = client.get("/join/").content.decode()
    assert "Welcome, Nadia" in page
    assert link(nadia) not in page


@pytest.mark.requirement("R32")
def test_nadia_joins_once_with_password_zone_and_the_privacy_notice(client, nadia):
    client.get(link(nadia))
    said = {"password": LONG, "time_zone": "Europe/Berlin", "privacy": "on"}
    assert client.post("/join/", said | shown(client)).url == "/portal/"
    nadia.user.refresh_from_db()
    assert nadia.user.check_password(LONG)
    assert nadia.user.time_zone == "Europe/Berlin"
    assert nadia.user.privacy_version == nadia.practice.privacy_version
    again = WebClient()
    again.get(link(nadia))
    assert again.get("/join/").status_code == 410


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short", "at least"),
        ("nadia@example.test", "Too similar"),
        ("1q2w3e4r5t6y7u8i9o0p", "Too common"),
    ],
)
def test_a_poor_password_is_refused_with_its_reason(client, nadia, password, why):
    client.get(link(nadia))
    said = {"password": password, "time_zone": "Europe/Berlin", "privacy": "on"}
    page = client.post("/join/", said | shown(client)).content.decode()
    assert why in page
    nadia.user.refresh_from_db()
    assert not nadia.user.joined_at


def test_without_the_privacy_notice_nobody_joins(client, nadia):
    client.get(link(nadia))
    said = {"password": LONG, "time_zone": "UTC"}
    page = client.post("/join/", said | shown(client))
    assert "Read it first" in page.content.decode()


@pytest.mark.requirement("R32")
def test_an_expired_link_is_closed(client, nadia):
    Invitation.objects.update(expires_at=timezone.now() - timezone.timedelta(hours=1))
    client.get(link(nadia))
    assert client.get("/join/").status_code == 410


def test_a_new_link_closes_the_old_one(client, nadia, thea):
    old = link(nadia)
    with acting_as(thea.pk), transaction.atomic():
        invitations.invite(nadia.user, by=thea)
    client.get(old)
    assert client.get("/join/").status_code == 410
    client.get(link(nadia))
    assert client.get("/join/").status_code == 200


def test_a_revoked_link_is_closed(client, nadia, ada, sign_in):
    invitation = nadia.user.invitations.get()
    sign_in(ada).post(f"/invitations/{invitation.pk}/revoke/")
    client.get(link(nadia))
    assert client.get("/join/").status_code == 410


def test_a_made_up_secret_is_closed_like_a_used_one(client, practice):
    client.get("/join/" + "0" * 64 + "/")
    assert client.get("/join/").status_code == 410


def test_the_secret_is_not_in_the_database(nadia):
    invitation = nadia.user.invitations.get()
    assert invitations.token(invitation.pk) not in str(invitation.__dict__)


def test_theo_gets_back_in_after_a_forgotten_password(client, theo):
    client.post("/reset/", {"email": theo.email})
    with as_role("cairn_worker"):
        sign_in_reset.answer()
    email = OutgoingEmail.objects.get(kind="password-reset")
    assert email.recipient == theo
    from digests.emails import compose

    with acting_as(theo.pk):
        text = compose(email, theo, None).body
    address = next(word for word in text.split() if "/reset/" in word)
    path = "/reset/" + address.split("/reset/")[1]
    form = client.get(path, follow=True)
    assert form.status_code == 200
    here = form.redirect_chain[-1][0]
    assert path != here  # the secret is no longer in the URL
    new = {"new_password1": LONG, "new_password2": LONG}
    page = client.post(here, new, follow=True)
    assert "Password changed" in page.content.decode()
    assert sign_in_as(client, theo.email, LONG).status_code == 302
    changed = AuditEvent.objects.get(verb="password changed")
    assert changed.actor_id == theo.pk
    assert "no longer works" in client.get(path, follow=True).content.decode()


def test_a_password_reset_does_not_reveal_who_has_an_account(client, theo, nadia):
    answers = [
        client.post("/reset/", {"email": email}, follow=True).content
        for email in (theo.email, "nobody@example.test", nadia.user.email)
    ]
    assert len(set(answers)) == 1
    assert not OutgoingEmail.objects.filter(kind="password-reset").exists()
    with as_role("cairn_worker"):
        assert sign_in_reset.answer() == 1
    # An invited person who has not joined gets the invitation and nothing else.
    assert list(OutgoingEmail.objects.filter(kind="password-reset")
                .values_list("recipient__name", flat=True)) == ["Theo"]  # fmt: skip


def test_a_wrong_address_and_a_wrong_password_read_the_same(client, theo):
    known = sign_in_as(client, theo.email, "wrong").content.decode()
    unknown = sign_in_as(client, "nobody@example.test", "wrong").content.decode()
    # Django masks the token differently on each page.
    assert without_token(known).replace(theo.email, "") == without_token(
        unknown
    ).replace("nobody@example.test", "")


def without_token(page):
    import re

    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", page)


def test_a_changed_password_ends_the_other_sign_ins(sign_in, thea):
    browser = sign_in(thea)
    assert browser.get("/today/").status_code == 200
    thea.set_password(LONG)
    thea.save()
    assert browser.get("/today/").status_code == 302


def test_signing_out_ends_the_session_on_the_server(sign_in, thea):
    browser = sign_in(thea)
    cookie = browser.cookies["sessionid"].value
    browser.post("/sign-out/")
    copied = WebClient()
    copied.cookies["sessionid"] = cookie
    assert copied.get("/today/").status_code == 302


def test_the_session_key_changes_with_the_sign_in(client, thea):
    client.get(SIGN_IN)
    client.get("/sign-in/passkey/", headers={"accept": "application/json"})
    before = client.cookies["sessionid"].value
    sign_in_as(client, thea.email, "thea-passes-by-the-lake")
    assert client.cookies["sessionid"].value != before


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "https:evil.example", "\\\\evil", "javascript:alert(1)"],
)
def test_sign_in_never_redirects_to_another_site(client, thea, target):
    answer = client.post(
        SIGN_IN,
        {"login": thea.email, "password": "thea-passes-by-the-lake", "next": target},
    )
    assert answer.url == "/"


def test_theo_changes_his_name_language_and_zone(sign_in, theo):
    said = {
        "name": "Theodor", "pronouns": "he/him", "language": "en",
        "time_zone": "America/New_York", "phone": "1", "contact_hours": "Mondays",
    }  # fmt: skip
    assert sign_in(theo).post("/settings/", said).status_code == 302
    theo.refresh_from_db()
    assert (theo.name, theo.time_zone) == ("Theodor", "America/New_York")


def test_an_invalid_time_zone_is_refused(sign_in, theo):
    said = {"name": "Theo", "language": "en", "time_zone": "Mars/Olympus"}
    assert sign_in(theo).post("/settings/", said).status_code == 200


def test_a_client_cannot_make_themselves_a_therapist(sign_in, cleo):
    said = {
        "name": "Cleo", "pronouns": "", "language": "en", "time_zone": "UTC",
        "is_therapist": "on", "is_admin": "on", "email": "x@example.test",
    }  # fmt: skip
    sign_in(cleo.user).post("/settings/", said)
    cleo.user.refresh_from_db()
    assert cleo.user.is_client
    assert cleo.user.email == "cleo@example.test"


def test_help_shows_only_verified_lines(client, sign_in, practice, cleo):
    CrisisLine.objects.create(practice=practice, name="Checked", number="1",
                              verified_on=timezone.localdate())  # fmt: skip
    CrisisLine.objects.create(practice=practice, name="Unchecked", number="2")
    for browser, url in ((sign_in(cleo.user), "/help/"), (client, "/help/harbour/")):
        page = browser.get(url).content.decode()
        assert "Checked" in page
        assert "Unchecked" not in page
    assert "Checked" not in client.get("/help/").content.decode()
    assert "112" in client.get("/help/").content.decode()


def test_every_response_has_the_security_headers_errors_included(client, practice):
    for url in (SIGN_IN, "/nowhere/", "/today/", "/healthz"):
        answer = client.get(url)
        assert "script-src 'self'" in answer["Content-Security-Policy"]
        assert "unsafe-inline" not in answer["Content-Security-Policy"]
        assert (
            answer["Cache-Control"] == "no-store"
            or "no-store" in answer["Cache-Control"]
        )
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["X-Frame-Options"] == "DENY"
        assert answer["Referrer-Policy"] == "same-origin"
        assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "noindex" in answer["X-Robots-Tag"]


def test_a_foreign_host_is_refused(client, settings, practice):
    settings.ALLOWED_HOSTS = ["testserver"]
    assert client.get(SIGN_IN, headers={"host": "evil.example"}).status_code == 400


def test_signing_in_costs_one_hash_and_few_statements(client, thea, settings):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    # As a real server does.
    settings.CACHES = {"default": {"BACKEND": "accounts.json_cache.JsonCache"}}
    with CaptureQueriesContext(connection) as queries:
        sign_in_as(client, thea.email, "thea-passes-by-the-lake")
    counted = [q for q in queries if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    assert len(counted) <= 18


def test_the_first_person_of_an_installation_is_created_by_a_command(db, real_login):
    from io import StringIO

    from django.core.management import call_command

    out = StringIO()
    with real_login("cairn_owner"):
        call_command("create_practice", "Quay Practice", "Ada@Quay.test", stdout=out)
    ada = User.objects.get(email="ada@quay.test")
    assert ada.is_admin
    assert not ada.has_usable_password()
    assert "/join/" in out.getvalue()


def test_unusual_names_do_not_break_the_page(sign_in, practice, ada):
    person(practice, "Mallory", is_therapist=True, pronouns="<script>x</script>")
    User.objects.filter(name="Mallory").update(name="<img src=x onerror=alert(1)>")
    page = sign_in(ada).get("/people/").content.decode()
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


def test_a_form_that_was_open_too_long_shows_what_was_typed(thea, sign_in, cleo):
    browser = sign_in(thea)
    browser.handler.enforce_csrf_checks = True
    said = {"own_words": "Half an hour of thinking <b>", "password": "secret words"}
    answer = browser.post(f"/clients/{cleo.pk}/goals/add/", said)
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "Half an hour of thinking &lt;b&gt;" in page
    assert "secret words" not in page


def test_a_form_sent_after_the_sign_in_ended_loses_no_text(client, thea, cleo):
    said = {"preferred_name": "Nadia", "presenting_concern": "Wakes at four."}
    answer = client.post("/clients/add/", said)
    assert answer.status_code == 403
    assert "Wakes at four." in answer.content.decode()
    assert client.post("/clients/add/").status_code == 302


def test_eight_requests_with_one_link_make_one_account(real_login, nadia):
    """Only the first request finds the link open, however close the others are."""
    secret = invitations.token(nadia.user.invitations.get().pk)
    start, joined = threading.Barrier(8), []

    def take():
        try:
            start.wait()
            joined.append(
                invitations.accept(secret, password=LONG, time_zone="Europe/Berlin")
            )
        finally:
            connections.close_all()

    with real_login("cairn_web"):
        connections["default"].close()
        threads = [threading.Thread(target=take) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(joined) == 8
    assert sum(person is not None for person in joined) == 1


@pytest.mark.parametrize("field", ["theirs", "", "made up"])
def test_a_join_page_works_only_for_the_person_it_shows(client, thea, nadia, field):
    """Another link was opened in this browser since: its owner gets no password."""
    other = admit("Mallory", by=thea, joined=False, email="mallory@example.test")
    with acting_as(thea.pk), transaction.atomic():
        other.invite(by=thea)
    other.refresh_from_db()
    client.get(link(nadia))
    nadias = shown(client) if field == "theirs" else {"shown": field}
    client.get(link(other))
    said = {"password": LONG, "time_zone": "Europe/Berlin", "privacy": "on"}
    page = client.post("/join/", said | nadias).content.decode()
    assert "Open your link again" in page
    assert '<option value="Europe/Berlin" selected' in page
    assert "Mallory" not in page
    assert LONG not in page
    assert (
        not User.objects.filter(pk__in=[nadia.user.pk, other.user.pk])
        .exclude(joined_at=None)
        .exists()
    )
    client.get(link(nadia))
    assert client.post("/join/", said | shown(client)).url == "/portal/"
    nadia.user.refresh_from_db()
    assert nadia.user.joined_at
