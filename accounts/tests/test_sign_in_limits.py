"""One counter for all that can be guessed: exact under concurrency, and expiring."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.db import connection, connections
from django.test import RequestFactory
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts import idle_timeout, places, sign_in_limits
from accounts.models import Invitation, OutgoingEmail, Tries, User
from accounts.people_forms import ForgottenPasswordForm, SignInForm
from accounts.tests.signing_in import LAKE, is_in, minutes, signed_in_by_form
from accounts.tests.test_second_step import code_now, first_step, with_app
from clients.models import Client
from conftest import WebClient, person
from therapy import tasks

SIGN_IN, SECOND, HERE, PROVE, RESET = (
    "/sign-in/",
    "/sign-in/second/",
    "/sign-in/here/",
    "/prove/",
    "/reset/",
)
WRONG = "not this one at all"


def who_of(person):
    return idle_timeout.sign(person)


def looks_of(answers) -> int:
    return sum(answer.status_code != 429 for answer in answers)


def statuses_of(ask, times):
    return [ask().status_code for _ in range(times)]


# -- concurrency ----------------------------------------------------------------------


def at_once(asks, threads=8):
    """Call each of `asks` once, eight at a time, all starting together."""
    barrier = Barrier(threads)

    def some(number):
        barrier.wait()
        try:
            return [ask() for ask in asks[number::threads]]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(threads) as pool:
        return [one for found in pool.map(some, range(threads)) for one in found]


@pytest.mark.requirement("R26", "R34")
def test_forty_codes_eight_at_a_time_get_ten_checks(
    transactional_db, thea, monkeypatch
):
    with_app(thea)
    browsers = [first_step(thea)[0] for _ in range(8)]
    looked = []
    kept = Authenticator.wrap
    monkeypatch.setattr(
        Authenticator, "wrap", lambda row: looked.append(1) or kept(row)
    )
    asks = [
        lambda browser=browsers[number % 8]: browser.post(SECOND, {"code": "000000"})
        for number in range(40)
    ]
    answers = at_once(asks)
    assert looks_of(answers) == 10
    assert len(looked) == 10
    assert {answer.status_code for answer in answers} == {200, 429}


@pytest.mark.requirement("R26")
def test_forty_passwords_eight_at_a_time_get_five_checks(transactional_db, thea):
    said = {"login": thea.email, "password": WRONG}
    asks = [lambda: WebClient().post(SIGN_IN, said) for _ in range(40)]
    assert looks_of(at_once(asks)) == sign_in_limits.PASSWORDS
    right = WebClient().post(SIGN_IN, said | {"password": LAKE})
    assert right.status_code == 429


@pytest.mark.requirement("R26")
def test_forty_emails_eight_at_a_time_are_requested_five_times(transactional_db, thea):
    asks = [lambda: WebClient().post(RESET, {"email": thea.email}) for _ in range(40)]
    assert looks_of(at_once(asks)) == sign_in_limits.EMAILS


def test_right_and_wrong_attempts_from_many_places_at_once_do_not_deadlock(
    transactional_db, thea, theo, ada
):
    """Each request is answered, and none with a 500."""
    people = [thea, theo, ada]
    asks = []
    for number in range(48):
        person = people[number % 3]
        right = f"{person.name.lower()}-passes-by-the-lake"
        said = {"login": person.email, "password": right if number % 2 else WRONG}
        place = f"198.51.100.{number % 4}"
        asks.append(
            lambda said=said, place=place: WebClient().post(
                SIGN_IN, said, REMOTE_ADDR=place
            )
        )
    answers = at_once(asks)
    assert len(answers) == 48
    assert {answer.status_code for answer in answers} <= {200, 302, 429}


# -- rollbacks, the clock, the cache ---------------------------------------------------


@pytest.mark.requirement("R26")
def test_a_failed_request_counts_all_the_same(transactional_db, thea, monkeypatch):
    from accounts import factor_forms

    with_app(thea)
    browser, _ = first_step(thea)
    browser.raise_request_exception = False
    monkeypatch.setattr(
        factor_forms.AuthenticateForm, "clean_code", lambda form: 1 / 0, raising=False
    )
    answers = [browser.post(SECOND, {"code": "000000"}) for _ in range(12)]
    assert [a.status_code for a in answers] == [500] * 10 + [429] * 2


@pytest.mark.requirement("R26")
def test_further_attempts_do_not_extend_the_wait(db, thea):
    now = timezone.now()
    said = {"login": thea.email, "password": WRONG}
    for late in (0, 2, 5, 8, 11, 14):
        with time_machine.travel(now + timedelta(minutes=late), tick=False):
            for _ in range(3):
                last = WebClient().post(SIGN_IN, said)
    assert last.status_code == 429
    assert int(last["Retry-After"]) <= 60
    assert "Wait 1 minute," in last.content.decode()
    with time_machine.travel(now + timedelta(minutes=15, seconds=1), tick=False):
        assert WebClient().post(SIGN_IN, said | {"password": LAKE}).status_code == 302


@pytest.mark.requirement("R26")
def test_an_emptied_cache_forgets_no_attempt(db, thea):
    with_app(thea)
    browser, _ = first_step(thea)
    for _ in range(10):
        cache.clear()
        browser.post(SECOND, {"code": "000000"})
    assert browser.post(SECOND, {"code": code_now()}).status_code == 429
    assert not is_in(browser)


def test_the_worker_deletes_only_expired_counters(real_login, thea):
    WebClient().post(SIGN_IN, {"login": thea.email, "password": WRONG})
    assert Tries.objects.count() == 3
    with real_login("cairn_worker"):
        assert sign_in_limits.sweep() == 0
    with minutes(16), real_login("cairn_worker"):
        tasks.sign_in_limits.sweep()
    assert not Tries.objects.exists()


def test_the_table_stores_no_address_and_no_place(db, thea):
    WebClient().post(SIGN_IN, {"login": thea.email, "password": WRONG})
    with connection.cursor() as cursor:
        cursor.execute("SELECT t::text FROM accounts_tries t")
        kept = " ".join(row for (row,) in cursor.fetchall())
    assert thea.email not in kept
    assert "127.0.0.1" not in kept


# -- everything that can be guessed ----------------------------------------------------


@pytest.mark.requirement("R26")
def test_a_password_has_one_limit_wherever_it_is_tried(sign_in, thea):
    """Two at sign-in, two on the page, one to reauthenticate: the sixth is refused."""
    visitor, inside = WebClient(), sign_in(thea)
    said = {"who": who_of(thea), "password": WRONG}
    for browser, url, body in (
        (visitor, SIGN_IN, {"login": thea.email, "password": WRONG}),
        (visitor, SIGN_IN, {"login": f" {thea.email.upper()}", "password": WRONG}),
        (visitor, HERE, said),
        (visitor, HERE, said),
        (inside, PROVE, {"password": WRONG}),
    ):
        assert browser.post(url, body).status_code in (200, 400)
    right = {"login": thea.email, "password": LAKE, "who": who_of(thea)}
    for browser, url in ((visitor, SIGN_IN), (visitor, HERE), (inside, PROVE)):
        assert browser.post(url, right).status_code == 429, url
    assert not is_in(visitor)


@pytest.mark.requirement("R26")
def test_codes_have_one_limit_at_sign_in_and_on_the_page(db, thea):
    with_app(thea)
    browser, _ = first_step(thea)
    for _ in range(5):
        browser.post(SECOND, {"code": "000000"})
        browser.post(HERE, {"who": who_of(thea), "code": "000000"})
    assert browser.post(SECOND, {"code": code_now()}).status_code == 429
    here = browser.post(HERE, {"who": who_of(thea), "code": code_now()})
    assert here.status_code == 429
    assert "Too many tries. Wait 15 minutes" in here.json()["error"]
    assert not is_in(browser)


@pytest.mark.requirement("R26")
def test_recovery_codes_and_passkeys_count_with_the_codes(db, thea):
    with_app(thea)
    browser, _ = first_step(thea)
    for said in ({"code": "12345678"}, {"credential": "{}"}) * 5:
        browser.post(SECOND, said)
    assert browser.post(SECOND, {"code": code_now()}).status_code == 429


@pytest.mark.requirement("R26")
def test_made_up_passkeys_are_rate_limited_too(db, practice):
    asks = lambda: WebClient().post("/sign-in/passkey/", {"credential": "{}"})  # noqa: E731
    assert statuses_of(asks, 31) == [302] * 30 + [429]


@pytest.mark.requirement("R26")
def test_emails_are_rate_limited_whoever_they_are_for(db, thea):
    for address in (thea.email, "nobody@example.test"):
        ask = lambda: WebClient().post(RESET, {"email": address})  # noqa: E731, B023
        assert statuses_of(ask, 6) == [302] * 5 + [429], address
        with minutes(16):
            assert ask().status_code == 302


@pytest.mark.requirement("R26")
def test_one_place_can_ask_for_thirty_emails_and_no_more(db, practice):
    answers = [
        WebClient().post(RESET, {"email": f"nobody{number}@example.test"})
        for number in range(31)
    ]
    assert [answer.status_code for answer in answers] == [302] * 30 + [429]


# -- correct attempts are not counted --------------------------------------------------


def test_correct_sign_ins_are_unlimited(db, thea):
    for _ in range(8):
        signed_in_by_form(thea).post("/sign-out/")
    with_app(thea)
    Authenticator.objects.filter(user=thea).delete()
    assert all(row.count == 0 for row in Tries.objects.all())


def test_signing_in_to_an_own_account_does_not_reset_the_count(db, thea, theo):
    """A stranger who may sign in as Theo gets no more guesses at Thea."""
    guess = {"login": thea.email, "password": WRONG}
    for _ in range(5):
        WebClient().post(SIGN_IN, guess)
        his = {"login": theo.email, "password": "theo-passes-by-the-lake"}
        assert WebClient().post(SIGN_IN, his).status_code == 302
    assert WebClient().post(SIGN_IN, guess).status_code == 429


def test_nor_does_it_reset_the_count_of_the_place(db, theo, monkeypatch):
    monkeypatch.setattr(sign_in_limits, "FROM_ONE_PLACE", 8)
    his = {"login": theo.email, "password": "theo-passes-by-the-lake"}
    for number in range(8):
        guess = {"login": f"nobody{number}@example.test", "password": WRONG}
        assert WebClient().post(SIGN_IN, guess).status_code == 200
        if number < 7:
            assert WebClient().post(SIGN_IN, his).status_code == 302
    guess = {"login": "nobody9@example.test", "password": WRONG}
    assert WebClient().post(SIGN_IN, guess).status_code == 429


# -- a stranger locks nobody out -------------------------------------------------------


@pytest.mark.requirement("R26")
def test_a_blocked_guesser_uses_up_no_shared_limit(db, thea):
    for _ in range(80):
        WebClient().post(
            SIGN_IN,
            {"login": thea.email, "password": WRONG},
            REMOTE_ADDR="198.51.100.7",
        )
    said = {"login": thea.email, "password": LAKE}
    assert WebClient().post(SIGN_IN, said).status_code == 302


@pytest.mark.requirement("R26")
def test_a_stranger_behind_the_same_router_does_not_block_a_known_device(db, thea):
    known = signed_in_by_form(thea)
    known.post("/sign-out/")
    said = {"login": thea.email, "password": LAKE}
    for _ in range(9):
        WebClient().post(SIGN_IN, said | {"password": WRONG})
    assert WebClient().post(SIGN_IN, said).status_code == 429
    assert known.post(SIGN_IN, said).status_code == 302


@pytest.mark.requirement("R26")
def test_a_stranger_with_the_password_blocks_unknown_devices_at_the_second_step_only(
    db, thea
):
    known = signed_in_by_form(thea)
    known.post("/sign-out/")
    with_app(thea)
    stranger, _ = first_step(thea)
    for _ in range(11):
        stranger.post(SECOND, {"code": "000000"})
    known.post(SIGN_IN, {"login": thea.email, "password": LAKE})
    assert known.post(SECOND, {"code": code_now()}).status_code == 302
    assert is_in(known)


@pytest.mark.requirement("R26")
def test_a_known_device_has_a_limit_too(db, thea):
    known = signed_in_by_form(thea)
    known.post("/sign-out/")
    for _ in range(10):
        known.post(SIGN_IN, {"login": thea.email, "password": WRONG})
    assert (
        known.post(SIGN_IN, {"login": thea.email, "password": LAKE}).status_code == 429
    )


@pytest.mark.requirement("R26")
def test_a_device_known_to_one_person_is_unknown_to_another(db, thea, theo):
    his = signed_in_by_form(theo, "theo-passes-by-the-lake")
    his.post("/sign-out/")
    for _ in range(5):
        his.post(SIGN_IN, {"login": thea.email, "password": WRONG})
    assert his.post(SIGN_IN, {"login": thea.email, "password": LAKE}).status_code == 429


# -- places ----------------------------------------------------------------------------


@pytest.mark.requirement("R48")
@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("", "nonsense", True),
        ("", "127.0.0.1", False),
    ],
)
def test_which_addresses_count_as_one_place(one, other, same):
    assert (places.network_of(one) == places.network_of(other)) is same


@pytest.mark.requirement("R26")
def test_a_household_with_many_addresses_is_one_place(db, thea):
    said = {"login": thea.email, "password": WRONG}
    answers = [
        WebClient().post(SIGN_IN, said, REMOTE_ADDR=f"2001:db8:1:2::{number}")
        for number in range(1, 7)
    ]
    assert [a.status_code for a in answers] == [200] * 5 + [429]
    elsewhere = WebClient().post(
        SIGN_IN, said | {"password": LAKE}, REMOTE_ADDR="2001:db8:1:3::1"
    )
    assert elsewhere.status_code == 302


def test_there_is_no_other_counter():
    from django.conf import settings

    assert settings.ACCOUNT_RATE_LIMITS is settings.MFA_RATE_LIMITS is False
    assert not [app for app in settings.INSTALLED_APPS if "axes" in app]
    assert User.objects.model._meta.app_label == "accounts"


# -- other fields of a page ------------------------------------------------------------

ANY = [
    ({"password": WRONG}, 5),
    ({"code": "000000"}, 10),
    ({"credential": "{}"}, 30),
]


@pytest.mark.parametrize("begin", ["x", "passkeys", " passkey", "0", "PASSKEY"])
@pytest.mark.parametrize(("guess", "most"), ANY, ids=["password", "code", "passkey"])
def test_no_extra_field_takes_a_guess_on_the_page_out_of_the_count(
    db, thea, begin, guess, most
):
    with_app(thea)
    browser = first_step(thea)[0] if "code" in guess else WebClient()
    said = {"who": who_of(thea), "begin": begin, **guess}
    found = statuses_of(lambda: browser.post(HERE, said), most + 1)
    assert found == [400] * most + [429]


def test_requesting_a_passkey_challenge_is_not_a_guess(db, thea):
    said = {"who": who_of(thea), "begin": "passkey", "password": LAKE}
    answer = WebClient().post(HERE, said)
    assert list(answer.json()) == ["options"]


# -- the counted address is the one looked up ------------------------------------------

AROUND = ["\u1680", "\u2028", "\u2029", "\u3000", "\x85", "\0", "\u200b", "\u3164", " "]


@pytest.mark.parametrize("padding", [*AROUND, " " * 302, "\t" * 2_100, "\u200b" * 300])
@pytest.mark.parametrize("where", ["before", "after"])
def test_spaces_around_an_address_make_no_other_counter(db, thea, padding, where):
    def ask(times):
        if where == "before":
            said = padding * times + thea.email
        else:
            said = thea.email + padding * times
        return WebClient().post(SIGN_IN, {"login": said, "password": WRONG})

    found = [ask(times).status_code for times in range(6)]
    assert found == [200] * 5 + [429]


@pytest.mark.parametrize("padding", ["\u1680", "\u2028", " " * 302])
def test_nor_do_they_for_an_email(db, thea, padding):
    asks = [padding * times + thea.email for times in range(6)]
    found = [WebClient().post(RESET, {"email": said}).status_code for said in asks]
    assert found == [302] * 5 + [429]


PIECES = st.one_of(
    st.text(max_size=8),
    st.sampled_from([*AROUND, "<", ">", ".", "@", "ß", "\u200c", "xn--", "É"]),
    st.sampled_from([" " * 302, "\u200b" * 330, "\t" * 2_100, "\u3164" * 330]),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=4), st.lists(PIECES, max_size=4), st.data())
def test_the_counted_address_is_the_one_the_form_looks_up(before, after, data):
    core = data.draw(st.sampled_from(["thea@example.test", "Thea@Bücher.Example"]))
    said = "".join([*before, core, *after])
    for form, name in [
        (ForgottenPasswordForm({"email": said}), "email"),
        (SignInForm({"login": said, "password": ""}, request=None), "login"),
    ]:
        form.is_valid()
        if name in form.cleaned_data:
            request = RequestFactory().post("/", {name: said})
            assert sign_in_limits.typed(request, name) == form.cleaned_data[name]


# -- emails that one person sends to others -------------------------------------------

NEW_ADDRESS = "/settings/address/"


def emails_to(kind):
    return OutgoingEmail.objects.filter(kind=kind).count()


@pytest.mark.requirement("R26")
@pytest.mark.parametrize("who", ["cleo", "thea", "ada"])
def test_thea_sends_links_to_at_most_ten_strangers_a_day(sign_in, request, who, thea):
    person = request.getfixturevalue(who)
    browser = sign_in(getattr(person, "user", person))
    before = emails_to("address-confirm")
    ask = lambda number: browser.post(  # noqa: E731
        NEW_ADDRESS, {"email": f"stranger{number}@example.test"}
    )
    with time_machine.travel(timezone.now(), tick=False):
        assert [ask(n).status_code for n in range(25)] == [302] * 10 + [429] * 15
        assert "Wait 24 hours, then try again." in ask(25).content.decode()
    assert emails_to("address-confirm") == before + 10


@pytest.mark.requirement("R26")
def test_a_request_that_sends_no_link_is_not_counted_and_the_next_day_resets(
    sign_in, cleo
):
    browser = sign_in(cleo.user)
    for _ in range(15):
        assert browser.post(NEW_ADDRESS, {"email": "no address"}).status_code == 200
        assert browser.get(NEW_ADDRESS).status_code == 200
    for number in range(11):
        last = browser.post(NEW_ADDRESS, {"email": f"a{number}@example.test"})
    assert last.status_code == 429
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        later = sign_in(cleo.user)
        assert later.post(NEW_ADDRESS, {"email": "b@example.test"}).status_code == 302


TOO_MANY = "You have sent too many invitations. Wait 24 hours, then try again."


@pytest.mark.requirement("R26")
def test_a_new_link_goes_to_one_person_ten_times_a_day(sign_in, ada, practice):
    new = person(practice, "Nadia", is_therapist=True)
    User.objects.filter(pk=new.pk).update(joined_at=None)
    browser = sign_in(ada)
    with time_machine.travel(timezone.now(), tick=False):
        answers = [
            browser.post(f"/people/{new.pk}/invite/", follow=True) for _ in range(12)
        ]
    stopped = [TOO_MANY in answer.content.decode() for answer in answers]
    assert stopped == [False] * 10 + [True] * 2
    assert emails_to("invitation") == 10
    assert Invitation.objects.filter(user=new).open().count() == 1


@pytest.mark.requirement("R26")
@pytest.mark.parametrize("whose", ["nobody", "thea"])
def test_at_most_a_hundred_invitations_a_day_whoever_owns_the_address(
    sign_in, ada, thea, practice, whose, monkeypatch
):
    """What was typed stays on the page."""
    monkeypatch.setattr(sign_in_limits, "INVITATIONS", 3)
    browser = sign_in(ada)
    said = {"name": "Nadia", "role": "therapist"}
    for number in range(3):
        sent = said | {"email": f"new{number}@example.test"}
        assert browser.post("/people/invite/", sent).status_code == 302
    address = thea.email if whose == "thea" else "nobody@example.test"
    with time_machine.travel(timezone.now(), tick=False):
        answer = browser.post("/people/invite/", said | {"email": address})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "You have sent too many invitations." in page
    assert 'value="Nadia"' in page
    assert emails_to("invitation") == 3
    assert not emails_to("account-exists")


@pytest.mark.requirement("R26")
def test_a_therapist_who_sent_too_many_loses_no_text(sign_in, thea, monkeypatch):
    monkeypatch.setattr(sign_in_limits, "INVITATIONS", 0)
    said = {"preferred_name": "Nadia", "email": "n@example.test", "portal": "invite",
            "presenting_concern": "Cannot sleep since spring."}  # fmt: skip
    answer = sign_in(thea).post("/clients/add/", said)
    page = answer.content.decode()
    assert "You have sent too many invitations." in page
    assert "Cannot sleep since spring." in page
    assert not Client.objects.exists()
    sent = sign_in(thea).post("/clients/add/", said | {"portal": "none"})
    assert sent.status_code == 302
