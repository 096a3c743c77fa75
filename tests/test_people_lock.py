"""Who is in therapy is a secret: what each identity of the database reads and writes of
people, and what somebody could do who runs SQL through a page that is broken.

The broken page is here alone, under an address that no installation has.
"""

import json
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth import authenticate
from django.db import DatabaseError, ProgrammingError, connection, transaction
from django.http import JsonResponse
from django.urls import include, path
from django.utils import timezone

from accounts import addresses, encryption, invitations, people, sessions
from accounts.backend import account_at, read_account
from accounts.decorators import for_everyone
from accounts.models import Credential, Practice, SignIn, User
from conftest import WebClient, admit, as_role, person
from database.identity import acting_as
from tests.cast import people_named_to

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("R1")]
# Nothing about anybody: versions, a switch, a clock, counters under keys of an HMAC.
ABOUT_NOBODY = {
    "accounts_cacheentry", "accounts_heartbeat", "accounts_tries", "digests_halt",
    "django_migrations",
}  # fmt: skip
REFUSED = "permission denied|row-level security|not an account|roles are given"


@for_everyone
def broken(request):
    """What no page may be: it runs what it is sent."""
    with connection.cursor() as cursor:
        cursor.execute(request.POST["sql"])
        rows = cursor.fetchall() if cursor.description else cursor.rowcount
    return JsonResponse({"rows": rows}, json_dumps_params={"default": str})


urlpatterns = [path("broken/", broken), path("", include("therapy.urls"))]


@pytest.fixture
def run(request):
    """`run(browser, sql)`: what the broken page gives to whoever sends it."""
    request.getfixturevalue("settings").ROOT_URLCONF = __name__

    def sent(browser, sql):
        answer = browser.post("/broken/", {"sql": sql})
        return json.loads(answer.content)["rows"]

    return sent


@pytest.fixture
def everybody(practice, thea, theo, ada, cleo, carl):
    """Two practices, each account with a second step and a sign-in."""
    elsewhere = Practice.objects.create(name="Elsewhere", slug="elsewhere")
    encryption.make_practice_key(elsewhere.pk)
    una = person(elsewhere, "Una", is_therapist=True)
    admit("Kai", by=una)
    for number, who in enumerate(User.objects.all()):
        Authenticator.objects.create(user=who, type="totp", data={"secret": "x"})
        SignIn.objects.create(
            user=who, key_hash=f"{number:064}", expire_date=timezone.now()
        )


def tables():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r'"
            " AND relnamespace = 'public'::regnamespace ORDER BY 1"
        )
        return [name for (name,) in cursor.fetchall()]


def counted(run, browser) -> dict[str, int]:
    """How many rows of each table the broken page reads; none where it is refused."""
    found = {}
    for table in tables():
        with suppress(ProgrammingError), transaction.atomic():
            [[rows]] = run(browser, f"SELECT count(*) FROM {table}")
            found[table] = rows
    return {table: rows for table, rows in found.items() if rows}


# -- reading --------------------------------------------------------------------------


def test_with_nobody_signed_in_the_broken_page_reads_of_nobody(run, everybody):
    assert set(counted(run, WebClient())) <= ABOUT_NOBODY


def test_whoever_is_on_the_way_in_reads_that_one_account(run, everybody, theo):
    browser = WebClient()
    said = {"login": theo.email, "password": "theo-passes-by-the-lake"}
    assert browser.post("/sign-in/", said).url.startswith("/sign-in/second/")
    read = counted(run, browser)
    assert {t: n for t, n in read.items() if t not in ABOUT_NOBODY} == {
        "accounts_user": 1,
        "accounts_credential": 1,
        "accounts_practice": 1,
        "mfa_authenticator": 1,
    }
    assert run(browser, "SELECT id FROM accounts_user") == [[str(theo.pk)]]


@pytest.mark.parametrize("who", ["thea", "theo", "ada", "cleo", "carl"])
def test_the_broken_page_reads_whom_its_reader_meets_and_no_way_in_of_others(
    run, everybody, sign_in, request, who
):
    user = request.getfixturevalue(who)
    user = getattr(user, "user", user)
    browser = sign_in(user)
    met = set(people_named_to(user).values_list("pk", flat=True))
    rows = run(browser, "SELECT id FROM accounts_user")
    assert {pk for (pk,) in rows} == {str(pk) for pk in met}
    for table in ("accounts_credential", "mfa_authenticator", "accounts_signin"):
        rows = run(browser, f"SELECT DISTINCT user_id FROM {table}")
        assert rows == [[str(user.pk)]], table
    [[practices]] = run(browser, "SELECT count(*) FROM accounts_practice")
    assert practices == 1


def test_a_client_learns_nothing_of_other_clients_nor_of_who_else_works_here(
    run, everybody, sign_in, cleo, thea
):
    names = run(sign_in(cleo.user), "SELECT name FROM accounts_user ORDER BY name")
    assert names == [["Cleo"], ["Thea"]]


def test_a_therapist_sees_colleagues_and_the_accounts_of_their_own_clients(
    run, everybody, sign_in, thea
):
    names = run(sign_in(thea), "SELECT name FROM accounts_user ORDER BY name")
    assert names == [["Ada"], ["Cleo"], ["Thea"], ["Theo"]]


def test_a_client_is_named_whom_its_log_knows_and_nobody_else_it_asks_about(
    run, everybody, sign_in, cleo, thea, theo
):
    sign_in(thea).get(f"/clients/{cleo.pk}/")
    everyone = ",".join(str(pk) for pk in User.objects.values_list("pk", flat=True))
    asked = f"SELECT name FROM app.named_in_record('{{{everyone}}}') ORDER BY name"
    named = [name for (name,) in run(sign_in(cleo.user), asked)]
    assert "Thea" in named
    assert "Theo" not in named
    assert run(sign_in(theo), asked) == []
    assert run(WebClient(), asked) == []


# -- writing --------------------------------------------------------------------------

WRONG = [
    "UPDATE accounts_user SET is_admin = true",
    "UPDATE accounts_user SET is_therapist = true",
    "UPDATE accounts_user SET practice_id = gen_random_uuid()",
    "UPDATE accounts_user SET email = 'new@example.test'",
    "UPDATE accounts_user SET is_active = true",
    "UPDATE accounts_user SET joined_at = now()",
    "UPDATE accounts_user SET sign_in_version = 0",
    "DELETE FROM accounts_user",
    "UPDATE clients_client SET user_id = NULL",
    "INSERT INTO accounts_signin SELECT * FROM accounts_signin",
    "UPDATE accounts_signin SET user_id = NULL",
    "DELETE FROM accounts_credential",
    "UPDATE accounts_credential SET user_id = user_id",
]


@pytest.mark.parametrize("sql", WRONG)
def test_nobody_writes_what_only_functions_change(run, everybody, sign_in, ada, sql):
    for browser in (WebClient(), sign_in(ada)):
        with pytest.raises(ProgrammingError, match=REFUSED), transaction.atomic():
            run(browser, sql)


def test_whose_password_is_changed_is_ones_own_alone(run, everybody, sign_in, ada):
    before = dict(Credential.objects.values_list("pk", "password"))
    assert run(sign_in(ada), "UPDATE accounts_credential SET password = 'x'") == 1
    after = dict(Credential.objects.values_list("pk", "password"))
    assert {pk for pk in before if before[pk] != after[pk]} == {ada.pk}


def test_another_persons_name_is_not_written(run, everybody, sign_in, ada, theo):
    sql = f"UPDATE accounts_user SET name = 'x' WHERE id = '{theo.pk}'"
    with pytest.raises(ProgrammingError, match=REFUSED), transaction.atomic():
        run(sign_in(ada), sql)


FOR_AN_ADMIN = [
    lambda who: people.set_roles(who, therapist=True, admin=True),
    people.open_account,
    people.close_account,
    lambda who: people.correct_address(who, "new@example.test"),
    lambda who: sessions.ways_changed(who),
]


@pytest.mark.parametrize("act", FOR_AN_ADMIN)
def test_who_does_not_manage_an_account_changes_nothing_of_it(
    act, everybody, thea, theo, cleo, carl
):
    """A colleague; a client of somebody else; one's therapist; another practice."""
    una = User.objects.get(name="Una")
    olaf = person(una.practice, "Olaf", is_admin=True)
    tries = [(thea, theo), (thea, carl.user), (cleo.user, thea), (una, theo)]
    tries += [(olaf, theo), (olaf, carl.user)]
    for who, whom in tries:
        with (
            pytest.raises(DatabaseError, match=REFUSED),
            acting_as(who.pk),
            transaction.atomic(),
        ):
            act(whom)


@pytest.mark.parametrize(
    "given", [{"is_admin": True}, {"is_therapist": True}, {"joined_at": "now"}]
)
def test_a_therapist_makes_accounts_of_clients_alone(thea, given):
    given = {name: timezone.now() if v == "now" else v for name, v in given.items()}
    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        acting_as(thea.pk),
        transaction.atomic(),
    ):
        User.objects.create_user(
            "new@example.test", practice=thea.practice, name="New", **given
        )


def test_the_address_of_who_joined_is_changed_by_themselves(ada, theo):
    with (
        pytest.raises(ProgrammingError, match="joined already"),
        acting_as(ada.pk),
        transaction.atomic(),
    ):
        people.correct_address(theo, "new@example.test")


def test_an_address_changes_by_ones_own_wish_alone(thea, theo):
    with acting_as(thea.pk), transaction.atomic():
        wish = addresses.want(thea, "new@example.test")
    with acting_as(theo.pk), transaction.atomic():
        assert not addresses.confirm(wish, by=theo)
    theo.refresh_from_db()
    assert theo.email == "theo@example.test"


def test_a_record_that_has_an_account_gets_no_other(ada, cleo, practice):
    new = User.objects.create_user("new@example.test", practice=practice, name="New")
    with (
        pytest.raises(ProgrammingError, match="not an account"),
        acting_as(ada.pk),
        transaction.atomic(),
    ):
        people.give_account(new, to=cleo.pk)


def test_nobody_makes_a_client_somebody_who_works_here(ada, cleo):
    with (
        pytest.raises(ProgrammingError, match=REFUSED),
        acting_as(ada.pk),
        transaction.atomic(),
    ):
        people.set_roles(cleo.user, therapist=True, admin=False)


def test_a_record_is_not_given_to_an_account_that_somebody_uses(ada, thea, cleo, carl):
    """Nor one that opens a record already, nor a record that has one."""
    unused = admit("Nadia", by=thea, joined=False)
    for account in (carl.user, thea):
        with (
            pytest.raises(ProgrammingError, match="not an account"),
            acting_as(ada.pk),
            transaction.atomic(),
        ):
            people.give_account(account, to=unused.pk)


def test_nobody_joins_with_the_invitation_of_another(ada, practice, theo):
    invited = User.objects.create_user("new@example.test", practice=practice, name="N")
    with acting_as(ada.pk), transaction.atomic():
        link = invitations.invite(invited, by=ada)
    with acting_as(theo.pk), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT app.join(%s, 'UTC')", [link.token_hash])
        assert cursor.fetchone() == (False,)
    link.refresh_from_db()
    assert link.used_at is None


# -- one exact key --------------------------------------------------------------------


def test_a_visitor_finds_one_account_by_its_exact_address(everybody, thea):
    with as_role("cairn_web"), transaction.atomic():
        assert account_at(thea.email) == thea.pk
        assert account_at("%@example.test") is None
        assert account_at("") is None
        assert read_account(thea.pk) is None


def test_a_session_is_found_by_the_hash_of_its_key_alone(everybody, thea):
    row = SignIn.objects.filter(user=thea).first()
    SignIn.objects.update(expire_date=timezone.now() + timezone.timedelta(hours=1))
    with as_role("cairn_web"), transaction.atomic():
        assert not SignIn.objects.exists()
        assert sessions._signed_in(row.key_hash, timezone.now()).user == thea
        assert sessions._signed_in(str(uuid4()), timezone.now()) is None


# -- what remains ---------------------------------------------------------------------


def test_sql_that_names_somebody_becomes_them_which_the_page_on_security_says(
    run, everybody, thea
):
    """PostgreSQL cannot tell our call from theirs: this lock is against mistakes, and
    against whoever does not run SQL.  Whom they name they must know: nothing lists it
    but an exact address."""
    browser = WebClient()
    [[found]] = run(browser, f"SELECT app.account_at('{thea.email}')")
    become = f"SELECT app.login('{found}'); SELECT count(*) FROM clients_client"
    assert run(browser, become) == [[1]]
    page = Path(__file__).parents[1].joinpath("docs", "security.md").read_text().split()
    assert "becomes any person it names" in " ".join(page)


# -- coming in ------------------------------------------------------------------------


def test_a_wrong_password_leaves_nobody_on_the_way_in_and_a_right_one_does(thea, theo):
    def typed(password):
        authenticate(None, email=thea.email, password=password)
        return list(User.objects.values_list("pk", flat=True))

    with as_role("cairn_web"), transaction.atomic():
        assert typed("not this one") == []
        assert typed("thea-passes-by-the-lake") == [thea.pk]
