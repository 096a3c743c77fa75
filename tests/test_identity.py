"""One mailbox is one account and one name one name, on whatever keyboard."""

import unicodedata
from io import StringIO

import pytest
from django.contrib.auth.hashers import make_password
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts import addresses, invitations, sign_in_limits, sign_in_reset
from accounts.models import CrisisLine, OutgoingEmail, Practice, User
from accounts.tests.signing_in import shown
from clients.models import CareRole, Client
from conftest import WebClient, admit, as_role

SPELLINGS = [
    "mara@bücher.example",
    "mara@xn--bcher-kva.example",
    "MARA@BÜCHER.EXAMPLE",
    "mara@bu\u0308cher.example",
    "mara@bücher.example\u200b",
    "mara@b\u00adücher.example",
    "\u2060mara@bücher.example",
    "ｍａｒａ@bücher．example",
    "mara@bücher。example",
    " mara@bücher.example ",
]
ONE = "mara@xn--bcher-kva.example"
NEW = {"preferred_name": "Mara", "portal": "invite"}
LONG = "l’été à Saint-Malo était long"  # composed
DECOMPOSED = unicodedata.normalize("NFD", LONG)
# NFKC, no-break space instead of a space
WIDE = unicodedata.normalize("NFD", LONG).replace(" ", "\u00a0")


def words(answer):
    return answer.content.decode()


def join(person, password=LONG):
    browser = WebClient()
    token = invitations.token(person.invitations.get(used_at=None, revoked_at=None).pk)
    browser.get(f"/join/{token}/")
    said = {"password": password, "time_zone": "Europe/Berlin", "privacy": "on"}
    return browser.post("/join/", said | shown(browser))


@pytest.mark.parametrize("typed", SPELLINGS)
def test_mara_is_invited_joins_and_signs_in_however_her_address_is_typed(
    sign_in, thea, typed
):
    sign_in(thea).post("/clients/add/", NEW | {"email": typed})
    mara = User.objects.get(client__preferred_name="Mara")
    assert mara.email == ONE
    assert join(mara).status_code == 302
    for again in SPELLINGS:
        answer = WebClient().post("/sign-in/", {"login": again, "password": LONG})
        assert answer.status_code == 302, again
        WebClient().post("/reset/", {"email": again})
    with as_role("cairn_worker"):
        sign_in_reset.answer()
    resets = OutgoingEmail.objects.filter(kind="password-reset")
    assert {email.recipient for email in resets} == {mara}


@pytest.mark.parametrize("typed", SPELLINGS)
def test_one_mailbox_never_gets_a_second_account(sign_in, thea, ada, typed):
    sign_in(thea).post("/clients/add/", NEW | {"email": ONE})
    mara = User.objects.get(email=ONE)
    before = set(User.objects.values_list("pk", flat=True))
    sign_in(thea).post("/clients/add/", NEW | {"email": typed})
    said = {"name": "Mara", "email": typed, "role": "therapist"}
    sign_in(ada).post("/people/invite/", said)
    brought = {"preferred_name": "Mara", "email": typed, "therapist": thea.pk}
    sign_in(ada).post("/care-roles/bring/", brought)
    sign_in(ada).post("/settings/address/", {"email": typed})
    with pytest.raises(CommandError):
        call_command("create_practice", "Quay", typed, stdout=StringIO())
    assert set(User.objects.values_list("pk", flat=True)) == before
    assert OutgoingEmail.objects.filter(kind="account-exists", recipient=mara).exists()
    [asked] = OutgoingEmail.objects.filter(
        kind="address-confirm"
    )  # says that she has one
    assert addresses.owner_of(asked.address, ada) == mara


def test_a_mistyped_address_is_corrected_in_any_spelling(sign_in, thea):
    browser = sign_in(thea)
    browser.post("/clients/add/", NEW | {"email": "mara@wrong.example"})
    client = Client.objects.get()
    page = f"/clients/{client.pk}/edit/"
    said = {"preferred_name": "Mara", "email": SPELLINGS[4], "version": 1}
    assert browser.post(page, said).status_code == 302
    client.refresh_from_db()
    assert client.user.email == ONE
    # What is shown there is the readable one, and saving it again changes nothing.
    assert "mara@bücher.example" in words(browser.get(page))
    links = OutgoingEmail.objects.filter(kind="invitation").count()
    said = {"preferred_name": "Mara", "email": SPELLINGS[0], "version": 2}
    assert browser.post(page, said).status_code == 302
    assert OutgoingEmail.objects.filter(kind="invitation").count() == links


def test_a_new_address_is_confirmed_and_signs_in_in_any_spelling(sign_in, thea):
    browser = sign_in(thea)
    browser.post("/settings/address/", {"email": SPELLINGS[5]})
    change = OutgoingEmail.objects.get(kind="address-confirm")
    browser.get(f"/address/{addresses.token(change.about)}/")
    assert "mara@bücher.example" in words(browser.get("/address/"))
    browser.post("/address/")
    said = {"login": SPELLINGS[7], "password": "thea-passes-by-the-lake"}
    assert WebClient().post("/sign-in/", said).status_code == 302


def test_tries_in_several_spellings_are_tries_at_one_account(transactional_db):
    said = [
        WebClient().post("/sign-in/", {"login": typed, "password": "not this one"})
        for typed in SPELLINGS[: sign_in_limits.PASSWORDS + 1]
    ]
    codes = [answer.status_code for answer in said]
    assert codes == [200] * sign_in_limits.PASSWORDS + [429]


@pytest.mark.parametrize(
    "typed", ["mara@[127.0.0.1]", "mara@127.0.0.10", "mara@xn--a.example", "mara@ü"]
)
def test_what_no_mail_reaches_is_refused_wherever_an_address_is_typed(
    sign_in, thea, ada, typed
):
    staff = {"name": "Mara", "email": typed, "role": "therapist"}
    brought = {"preferred_name": "Mara", "email": typed, "therapist": thea.pk}
    for browser, page, said in (
        (sign_in(thea), "/clients/add/", NEW | {"email": typed}),
        (sign_in(ada), "/people/invite/", staff),
        (sign_in(ada), "/care-roles/bring/", brought),
        (sign_in(ada), "/settings/address/", {"email": typed}),
    ):
        assert "Enter an email address" in words(browser.post(page, said))
    assert not Client.objects.exists()


def test_ada_finds_people_by_a_piece_of_their_address(sign_in, ada, thea):
    sign_in(thea).post("/clients/add/", NEW | {"email": ONE, "family_name": "Voss"})
    said = {"name": "Ann", "email": "ann@bücher.example", "role": "therapist"}
    sign_in(ada).post("/people/invite/", said)
    for piece in ("bücher", "BÜCHER.example", "bu\u0308cher", "xn--bcher"):
        for page in ("/people/", "/care-roles/"):
            found = words(sign_in(ada).get(page, {"q": piece}))
            assert ("Voss" if page == "/care-roles/" else "Ann") in found, piece


# -- passwords ------------------------------------------------------------------------


@pytest.mark.parametrize("chosen", [LONG, DECOMPOSED, WIDE])
@pytest.mark.parametrize("typed", [LONG, DECOMPOSED, WIDE])
def test_a_password_is_the_same_on_every_keyboard(sign_in, thea, chosen, typed):
    sign_in(thea).post("/clients/add/", NEW | {"email": ONE})
    join(User.objects.get(email=ONE), chosen)
    browser = WebClient()
    answer = browser.post("/sign-in/", {"login": ONE, "password": typed})
    assert answer.status_code == 302
    proof = browser.post("/prove/?next=/settings/", {"password": typed})
    assert proof.status_code == 302
    who = browser.get("/settings/").context["stay"].who
    here = browser.post("/sign-in/here/", {"who": who, "password": typed})
    assert here.status_code == 200
    wrong = WebClient().post("/sign-in/", {"login": ONE, "password": typed + "x"})
    assert wrong.status_code == 200


def test_a_new_password_may_be_repeated_on_another_keyboard(sign_in, thea, client):
    from django.contrib.auth.tokens import default_token_generator
    from django.utils.encoding import force_bytes
    from django.utils.http import urlsafe_base64_encode

    key = urlsafe_base64_encode(force_bytes(thea.pk))
    page = client.get(f"/reset/{key}/{default_token_generator.make_token(thea)}/").url
    said = {"new_password1": LONG, "new_password2": WIDE}
    assert client.post(page, said).status_code == 302
    thea.refresh_from_db()
    assert thea.check_password(DECOMPOSED)


def test_a_password_hashed_as_it_was_typed_before_still_opens(thea):
    thea.credential.password = make_password(DECOMPOSED)
    thea.credential.save()
    assert thea.check_password(DECOMPOSED)
    assert not thea.check_password(DECOMPOSED + "x")


def test_length_counts_what_is_hashed(sign_in, thea):
    sign_in(thea).post("/clients/add/", NEW | {"email": ONE})
    mara = User.objects.get(email=ONE)
    page = join(mara, unicodedata.normalize("NFD", "äöüéèêñçåîû"))  # 11, typed as 22
    assert "at least" in words(page)


# -- names ----------------------------------------------------------------------------

INVISIBLE = ["\u200b", "\u2060\u200d", "\u3164", "\u2800", "\u00ad\u202e", "\u115f"]


@pytest.mark.parametrize("name", INVISIBLE)
def test_a_name_that_nobody_can_see_is_refused_wherever_one_is_typed(
    sign_in, thea, ada, name
):
    mine = {"name": name, "language": "en", "time_zone": "UTC"}
    staff = {"name": name, "email": "x@example.test", "role": "therapist"}
    brought = {"preferred_name": name, "email": "x@example.test", "therapist": thea.pk}
    line = {"name": name, "number": "112"}
    house = {"name": name, "time_zone": "UTC", "session_minutes": "50"}
    for browser, page, said in (
        (sign_in(thea), "/clients/add/", {"preferred_name": name, "portal": "none"}),
        (sign_in(thea), "/settings/", mine),
        (sign_in(ada), "/people/invite/", staff),
        (sign_in(ada), "/care-roles/bring/", brought),
        (sign_in(ada), "/practice/", house),
        (sign_in(ada), "/practice/lines/add/", line),
    ):
        answer = browser.post(page, said)
        assert answer.status_code == 200, page
        assert answer.context["form"].errors, page
    assert not Client.objects.exists()
    assert not CrisisLine.objects.exists()
    assert not Practice.objects.exclude(name="Harbour Practice").exists()


def test_a_name_is_kept_composed_and_turns_no_sentence_round(sign_in, thea):
    typed = "\u202eZoe\u0308\x07 \u2066Bru\u0308gge"
    said = {"preferred_name": typed, "portal": "none"}
    sign_in(thea).post("/clients/add/", said)
    client = Client.objects.get()
    assert client.preferred_name == "Zoë Brügge"
    persian = {"preferred_name": "نی\u200cما", "portal": "none"}
    sign_in(thea).post("/clients/add/", persian)
    assert Client.objects.filter(preferred_name="نی\u200cما").exists()


FOUND = ["Zoë", "zoe", "ZOE", "Zoe\u0308", "brugge", "BRÜGGE", "Bru\u0308"]


@pytest.mark.parametrize("typed", FOUND)
def test_zoe_is_found_with_and_without_accents(sign_in, thea, ada, typed):
    for given in ("Zoë", "Zoélie"):
        admit(given, by=thea, family_name="Brügge", joined=False)
    said = {"name": "Zoë Brügge", "email": "z@example.test", "role": "therapist"}
    sign_in(ada).post("/people/invite/", said)
    for browser, page in (
        (sign_in(thea), "/caseload/"),
        (sign_in(ada), "/care-roles/"),
        (sign_in(ada), "/people/"),
    ):
        assert "Brügge" in words(browser.get(page, {"q": typed})), page
    assert "Brügge" not in words(sign_in(thea).get("/caseload/", {"q": "zoo"}))


@pytest.mark.parametrize(
    "typed", ["Zoe Brugge", "ZOË  BRÜGGE", "Zoe\u0308 Bru\u0308gge"]
)
def test_in_an_emergency_accents_keep_nobody_out(sign_in, theo, thea, typed):
    zoe = admit("Zoë", by=thea, family_name="Brügge")
    said = {"name": typed, "reason": "Called at 19:40, crying, and hung up."}
    answer = sign_in(theo).post("/emergency/", said)
    assert answer.url == f"/clients/{zoe.pk}/"
    assert CareRole.objects.filter(kind="emergency", client=zoe).exists()


@pytest.mark.parametrize("typed", ["Zoe", "Brugge", "%", "_", "\u3164", "Zoe Brugge x"])
def test_in_an_emergency_less_than_the_name_opens_nothing(sign_in, theo, thea, typed):
    admit("Zoë", by=thea, family_name="Brügge")
    said = {"name": typed, "reason": "Called at 19:40, crying, and hung up."}
    assert sign_in(theo).post("/emergency/", said).status_code == 200
    assert not CareRole.objects.filter(kind="emergency").exists()


def test_a_changed_name_is_found_by_the_new_one_alone(sign_in, thea, theo):
    browser = sign_in(thea)
    admit("Zoë", by=thea, family_name="Holm", joined=False)
    zoe = admit("Zoë", by=thea, family_name="Brügge", joined=False)
    said = {"preferred_name": "Łukasz", "family_name": "Brügge", "version": 1}
    browser.post(f"/clients/{zoe.pk}/edit/", said)
    found = browser.get("/caseload/", {"q": "lukasz"}, follow=True)
    assert "Łukasz" in words(found)
    assert "Łukasz" not in words(browser.get("/caseload/", {"q": "zoe"}, follow=True))
    said = {"name": "Zoë", "language": "en", "time_zone": "UTC"}
    sign_in(theo).post("/settings/", said)
    theo.refresh_from_db()
    assert theo.name_key == "zoe"


def test_lists_of_people_stand_in_the_readers_order(sign_in, thea, ada):
    people = ["Zoë", "Ärmel", "Bea", "Łukasz", "Åvaznur", "Armin", "østen"]
    order = ["Ärmel", "Armin", "Åvaznur", "Bea", "Łukasz", "østen", "Zoë"]
    for at, name in enumerate(people):
        admit(name, by=thea, joined=False)
        said = {"name": name, "email": f"{at}@example.test", "role": "therapist"}
        sign_in(ada).post("/people/invite/", said)
    for browser, page in (
        (sign_in(thea), "/caseload/"),
        (sign_in(ada), "/care-roles/"),
        (sign_in(ada), "/people/"),
    ):
        shown = words(browser.get(page))
        shown = shown[shown.index("<main") :]
        assert sorted(order, key=shown.index) == order, page
    User.objects.filter(name__in=people).update(joined_at=timezone.now())
    choices = sign_in(ada).get("/care-roles/bring/").context["form"].fields["therapist"]
    named = [person.name for person in choices.queryset if person.name != "Thea"]
    assert named == order


def test_every_name_that_is_saved_has_its_key(thea, cleo):
    for row in (*User.objects.all(), *Client.objects.all()):
        assert row.name_key == row.name.lower()


# -- names in sentences ---------------------------------------------------------------

LAYLA = "ليلى"


def test_a_name_written_from_right_to_left_turns_no_sentence_round(sign_in, thea, cleo):
    layla = admit("Layla", by=thea, joined=False)
    Client.objects.filter(pk=layla.pk).update(preferred_name=LAYLA)
    User.objects.filter(pk=thea.pk).update(name=f"د. {LAYLA}")
    page = words(sign_in(thea).get(f"/clients/{layla.pk}/book/"))
    assert f"<bdi>{LAYLA}</bdi>" in page
    assert f'"<bdi>{LAYLA}' not in page
    theirs = words(sign_in(cleo.user).get("/portal/"))
    assert f"<bdi>د. {LAYLA}</bdi>" in theirs or f"د. {LAYLA}" not in theirs
    plain = words(sign_in(thea).get(f"/clients/{cleo.pk}/book/"))
    assert "with Cleo" in plain
    assert "<bdi>" not in plain.partition("<main")[2].partition("</h1>")[0]
