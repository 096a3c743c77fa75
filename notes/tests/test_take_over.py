"""The draft of an author who can no longer write blocks nobody and is not lost."""

import threading
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.utils import timezone

from accounts.encryption import UNREADABLE
from accounts.models import AuditEvent, User
from clients.models import CareRole
from conftest import as_role, in_care, person, ten_seconds_pass
from database.identity import acting_as
from database.ids import uuid7
from notes.models import EarlierDraft, ProgressNote
from notes.tests.test_session import kept, said
from tests.cast import hold, page_at, pinned
from transfer.export.read import read_record

ROLES = ["cairn_web", "cairn_owner", "postgres"]


@pytest.fixture
def role(cleo, theo):
    """Theo covers for Thea."""
    return in_care(cleo, theo, "cover")


@pytest.fixture
def session(cleo, theo, role):
    """Theo began its note."""
    at = timezone.now() - timedelta(days=2)
    return hold(cleo, theo, at=at, body="Theo’s half a thought.", sign=False)


def end(role):
    CareRole.objects.filter(pk=role.pk).update(ends_at=timezone.now())


def close(user):
    User.objects.filter(pk=user.pk).update(is_active=False)


def treat_no_more(user):
    User.objects.filter(pk=user.pk).update(is_therapist=False, is_admin=True)


GONE = {
    "a role that ended": lambda role: end(role),
    "a closed account": lambda role: close(role.user),
    "no therapist any more": lambda role: treat_no_more(role.user),
}


@pytest.fixture(params=GONE)
def gone(request, session, role):
    GONE[request.param](role)
    return session


def of(note_of, who):
    with acting_as(who.pk):
        note = ProgressNote.objects.select_related("author", "begun_by").get(
            session=note_of
        )
        note.body  # noqa: B018 - opened while they may
        return note


def test_thea_continues_theos_draft_and_signs_it_as_herself(
    sign_in, thea, theo, cleo, gone
):
    browser, url = sign_in(thea), f"/sessions/{gone.pk}/"
    shown = page_at(browser, url)
    assert "Theo can no longer write for this client." in shown
    assert "Theo’s half a thought." in shown
    assert 'name="part0"' not in shown
    browser.post(f"{url}take-over/")
    shown = page_at(browser, url)
    assert 'name="part0"' in shown
    assert "Theo’s half a thought.</textarea>" in shown
    assert "Started by Theo." in shown
    revision = of(gone, thea).revision
    form = said(part0="Theo’s half a thought, finished.", revision=str(revision))
    assert browser.post(url, form).status_code == 302
    note = of(gone, thea)
    assert (note.author, note.begun_by) == (thea, theo)
    assert note.signed_at
    ten_seconds_pass()
    for who, where in ((thea, url), (cleo.user, f"/portal{url}"),
                       (thea, f"{url}print/")):  # fmt: skip
        shown = page_at(sign_in(who), where)
        assert "Started by Theo." in shown
        by = "you" if where == url else "Thea"
        assert f"igned by {by}" in shown
    with acting_as(cleo.user.pk):
        [row] = read_record(cleo, cleo.user).tables["notes"]
    assert (row["author"], row["begun_by"]) == ("Thea", "Theo")


def test_thea_starts_her_own_note_and_theos_draft_stays_readable(
    sign_in, thea, theo, gone
):
    browser, url = sign_in(thea), f"/sessions/{gone.pk}/"
    browser.post(f"{url}begin-anew/")
    note = of(gone, thea)
    assert (note.author, note.begun_by, note.body) == (thea, None, "")
    answer = kept(browser, gone, part0="Mine", revision=str(note.revision))
    assert answer.status_code == 200
    shown = page_at(browser, url)
    assert "Earlier draft by Theo" in shown
    assert "Theo’s half a thought." in shown
    browser.post(url, said(revision=str(of(gone, thea).revision)))
    ten_seconds_pass()
    shown = page_at(browser, url)
    assert "Earlier draft by Theo" in shown
    assert "Theo’s half a thought." in shown
    assert "Started by" not in shown


def test_theos_text_is_stored_unchanged_though_the_draft_is_edited(
    sign_in, thea, theo, gone
):
    browser = sign_in(thea)
    browser.post(f"/sessions/{gone.pk}/take-over/")
    revision = str(of(gone, thea).revision)
    assert kept(browser, gone, part0="Other", revision=revision).status_code == 200
    with acting_as(thea.pk):
        earlier = EarlierDraft.objects.select_related("author", "by").get()
        assert earlier.body == "Theo’s half a thought."
    assert (earlier.author, earlier.by) == (theo, thea)


def test_the_earlier_draft_is_for_the_care_team_and_never_the_client(
    sign_in, thea, theo, cleo, practice, gone
):
    browser, url = sign_in(thea), f"/sessions/{gone.pk}/"
    browser.post(f"{url}begin-anew/")
    browser.post(url, said(revision=str(of(gone, thea).revision)))
    ten_seconds_pass()
    assert "half a thought" not in page_at(sign_in(cleo.user), f"/portal{url}")
    with acting_as(cleo.user.pk):
        assert not EarlierDraft.objects.exists()
    for number, kind in enumerate(["supervisor", "emergency", "cover"]):
        reader = person(practice, f"R{number}", is_therapist=True)
        in_care(cleo, reader, kind, begins=0, ends=0.1)
        found = "half a thought" in page_at(sign_in(reader), url)
        assert found == (kind == "cover"), kind


@pytest.mark.parametrize("act", ["take-over", "begin-anew"])
def test_while_theo_may_write_a_takeover_is_neither_offered_nor_possible(
    sign_in, thea, theo, session, act
):
    browser, url = sign_in(thea), f"/sessions/{session.pk}/"
    shown = page_at(browser, url)
    assert "Theo is writing this note" in shown
    assert "started <time" in shown
    assert act not in shown
    answer = browser.post(f"{url}{act}/", follow=True)
    assert "This note has changed" in answer.content.decode()
    note = of(session, thea)
    assert (note.author, note.body) == (theo, "Theo’s half a thought.")
    assert not EarlierDraft.objects.exists()


@pytest.mark.parametrize("kind", ["supervisor", "emergency"])
def test_a_read_only_reader_takes_nothing_over(sign_in, cleo, practice, gone, kind):
    reader = person(practice, "Reader", is_therapist=True)
    in_care(cleo, reader, kind, begins=0, ends=0.1)
    browser, url = sign_in(reader), f"/sessions/{gone.pk}/"
    assert "take-over" not in page_at(browser, url)
    for act in ("take-over", "begin-anew"):
        assert browser.post(f"{url}{act}/").status_code == 404


def test_a_signed_note_is_not_taken_over(sign_in, thea, theo, cleo, role):
    session = hold(cleo, theo, at=timezone.now() - timedelta(days=2))
    end(role)
    browser, url = sign_in(thea), f"/sessions/{session.pk}/"
    assert "take-over" not in page_at(browser, url)
    browser.post(f"{url}take-over/")
    browser.post(f"{url}begin-anew/")
    assert of(session, thea).author == theo


def test_a_missed_session_offers_no_draft_to_continue(sign_in, thea, gone):
    type(gone).objects.filter(pk=gone.pk).update(state="missed")
    browser, url = sign_in(thea), f"/sessions/{gone.pk}/"
    assert "take-over" not in page_at(browser, url)
    assert browser.post(f"{url}take-over/").status_code == 404


def test_a_future_cover_writes_nothing_yet(sign_in, thea, theo, session, role):
    begins = timezone.now() + timedelta(days=1)
    CareRole.objects.filter(pk=role.pk).update(starts_at=begins)
    browser = sign_in(thea)
    browser.post(f"/sessions/{session.pk}/take-over/")
    assert of(session, thea).author == thea


def test_theo_back_in_care_sees_who_continued(sign_in, thea, theo, cleo, role, session):
    end(role)
    sign_in(thea).post(f"/sessions/{session.pk}/take-over/")
    in_care(cleo, theo, "co_therapist", begins=0)
    browser, url = sign_in(theo), f"/sessions/{session.pk}/"
    shown = page_at(browser, url)
    assert "Thea is writing this note" in shown
    assert "Earlier draft by Theo" in shown
    assert kept(browser, session, part0="Mine", revision="9").status_code in (404, 409)


def test_a_second_takeover_keeps_both_drafts_and_the_first_name(
    sign_in, thea, theo, cleo, practice, role, session
):
    ines = person(practice, "Ines", is_therapist=True)
    hers = in_care(cleo, ines, "co_therapist")
    end(role)
    sign_in(ines).post(f"/sessions/{session.pk}/take-over/")
    revision = str(of(session, thea).revision)
    kept(sign_in(ines), session, part0="Ines went on.", revision=revision)
    end(hers)
    sign_in(thea).post(f"/sessions/{session.pk}/take-over/")
    note = of(session, thea)
    assert (note.author, note.begun_by) == (thea, theo)
    assert EarlierDraft.objects.count() == 2


def test_taking_over_leaves_one_audit_row_and_costs_no_query_per_draft(
    sign_in, thea, gone
):
    browser, url = sign_in(thea), f"/sessions/{gone.pk}/"
    browser.post(f"{url}take-over/")
    browser.post(f"{url}take-over/")
    assert AuditEvent.objects.filter(verb="note taken over").count() == 1
    page_at(browser, url)  # with one-time notices
    one = pinned(browser, url)
    with acting_as(thea.pk):
        first = EarlierDraft.objects.get()
    for _ in range(20):
        with acting_as(thea.pk), transaction.atomic():
            body = EarlierDraft.objects.get(pk=first.pk).body
        copy = EarlierDraft(**{name: getattr(first, name) for name in (
            "practice_id", "client_id", "note_id", "author_id", "format", "saved_at",
            "by_id",
        )}, body=body)  # fmt: skip
        copy.save(force_insert=True)
    assert pinned(browser, url) == one <= 20


# -- by SQL alone ---------------------------------------------------------------------


def taken(who, session, author, *, base=1, anew=False):
    with acting_as(who.pk), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT app.take_over_note(%s, %s, %s, %s, %s)",
            [str(session.pk), str(author.pk), base, anew, str(uuid7())],
        )
        return cursor.fetchone()[0]


def test_the_database_refuses_a_takeover_while_the_author_may_write(
    thea, theo, cleo, carl, practice, session, role
):
    outsider = person(practice, "Out", is_therapist=True)
    reader = person(practice, "Reader", is_therapist=True)
    in_care(cleo, reader, "supervisor")
    assert not taken(thea, session, theo)
    end(role)
    for who in (outsider, reader, cleo.user, theo):
        assert not taken(who, session, theo), who.name
    assert not taken(thea, session, theo, base=0)  # not the revision that was read
    assert taken(thea, session, theo)
    assert not taken(thea, session, theo)


@pytest.mark.parametrize("gone_already", [False, True])
def test_the_database_lets_nobody_attribute_text_to_a_colleague(
    thea, theo, session, role, gone_already
):
    """PostgreSQL itself copies an earlier draft: nobody else can write one, before or
    after the note is taken over."""
    if gone_already:
        end(role)

    def kept_as(author):
        with (
            pytest.raises(DatabaseError, match="permission denied"),
            acting_as(thea.pk),
            transaction.atomic(),
        ):
            note = ProgressNote.objects.get(session=session)
            EarlierDraft(
                practice_id=note.practice_id, client_id=note.client_id, note=note,
                author=author, format="dap", body="Forged", saved_at=timezone.now(),
                by=thea,
            ).save(force_insert=True)  # fmt: skip

    for author in (thea, theo):
        kept_as(author)
    assert taken(thea, session, theo) == gone_already
    for author in (thea, theo):
        kept_as(author)


@pytest.mark.parametrize("anew", [False, True])
def test_by_sql_alone_the_draft_is_stored_word_for_word(
    thea, theo, session, role, anew
):
    end(role)
    before = ProgressNote.objects.values().get(session=session)
    assert taken(thea, session, theo, anew=anew)
    after = ProgressNote.objects.values().get(session=session)
    changed = {name for name in before if before[name] != after[name]}
    handed_over = {"author_id", "begun_at", "revision"}
    assert changed == (handed_over if anew else handed_over | {"begun_by_id"})
    earlier = EarlierDraft.objects.values().get()
    for name in ("practice_id", "client_id", "author_id", "format", "body", "saved_at"):
        assert earlier[name] == before[name], name
    assert earlier["by_id"] == thea.pk
    with acting_as(thea.pk):
        assert EarlierDraft.objects.get().body == "Theo’s half a thought."


def test_an_earlier_draft_can_be_decrypted_only_for_its_own_note(
    thea, theo, cleo, session, role
):
    """Ciphertext of another note of the same client cannot be decrypted there."""
    other = hold(cleo, thea, at=timezone.now() - timedelta(days=3), body="Else")
    end(role)
    assert taken(thea, session, theo)
    with as_role("postgres"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "UPDATE notes_earlierdraft SET body ="
            " (SELECT body FROM notes_progressnote WHERE id = %s)",
            [str(other.pk)],
        )
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
    with acting_as(thea.pk):
        assert EarlierDraft.objects.get().body == UNREADABLE


def test_nobody_names_another_person_as_the_one_who_began_their_note(
    thea, theo, cleo, session
):
    other = hold(cleo, thea, at=timezone.now() - timedelta(days=3), sign=False)
    statement = "UPDATE notes_progressnote SET begun_by_id = %s WHERE id = %s"
    with (
        acting_as(thea.pk),
        pytest.raises(DatabaseError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement, [str(theo.pk), str(other.pk)])


@pytest.mark.parametrize("role_", ROLES)
def test_an_earlier_draft_never_changes(sign_in, thea, session, role, role_):
    end(role)
    sign_in(thea).post(f"/sessions/{session.pk}/take-over/")
    for statement in ("UPDATE notes_earlierdraft SET format = 'free'",
                      "DELETE FROM notes_earlierdraft"):  # fmt: skip
        who = thea.pk if role_ == "cairn_web" else None
        with (
            pytest.raises(DatabaseError),
            acting_as(who, role=role_),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


def test_of_two_colleagues_at_once_one_takes_over(
    real_login, thea, theo, cleo, practice, session, role
):
    ines = person(practice, "Ines", is_therapist=True)
    in_care(cleo, ines, "co_therapist")
    end(role)
    done = []

    def press(who):
        try:
            with acting_as(who.pk), transaction.atomic():
                note = ProgressNote.objects.select_related("author").get(pk=session.pk)
                done.append(EarlierDraft.take_over(note, by=who))
        finally:
            connections.close_all()

    with real_login("cairn_web"):
        connection.close()
        threads = [threading.Thread(target=press, args=[who])
                   for who in (thea, ines) * 4]  # fmt: skip
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(done) == [False] * 7 + [True]
    assert EarlierDraft.objects.count() == 1
    assert of(session, thea).author in (thea, ines)
