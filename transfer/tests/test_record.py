"""Cleo exports her record: all that she may read, and nothing else."""

import csv
import html
import io
import json
import threading
import unicodedata
import zipfile
from datetime import timedelta
from unittest.mock import MagicMock

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from accounts.models import AuditEvent
from clients.models import CareRole, ClientBackground
from conftest import admit, as_role, in_care, person
from database.identity import acting_as
from goals.models import Comment, Goal, Step, Strength, Win
from notes.models import NoteHold, ProgressNote
from tests.cast import agreed_goal, copy_of, hold, pinned
from toolkit.models import Assignment
from transfer import tasks
from transfer.export import job
from transfer.export.files import as_csv
from transfer.export.paper import MARK, is_right_to_left
from transfer.export.pdf import Drawing, _paper, draw
from transfer.export.read import read_record
from transfer.models import RecordExport
from ui import dates

DAY = timedelta(days=1)
OWN = "/portal/record/"


def of_client(client):
    return f"/clients/{client.pk}/record/"


def make():
    with as_role("cairn_worker"):
        return job.make_waiting()


def opened(content) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as files:
        return {name: files.read(name) for name in files.namelist()}


def fetched(browser, page, kind="zip"):
    """Ask, let the worker make it, and download it."""
    assert browser.post(page).status_code == 302
    make()
    export = RecordExport.objects.latest("asked_at")
    answer = browser.get(f"{page}{export.pk}/{kind}/")
    assert answer.status_code == 200
    return answer


def taken(browser, page) -> dict:
    return json.loads(opened(fetched(browser, page).content)["record.json"])


@pytest.mark.requirement("R30")
def test_an_export_has_the_address_whether_or_not_another_account_uses_it(
    sign_in, thea, theo
):
    browser = sign_in(thea)
    for email in ("free@example.test", theo.email):
        said = {"preferred_name": "Mo", "email": email, "portal": "invite"}
        url = browser.post("/clients/add/", said).url
        assert taken(browser, f"{url}record/")["person"]["email"] == email


def test_the_clients_own_export_has_the_address_they_sign_in_with(sign_in, cleo):
    assert taken(sign_in(cleo.user), OWN)["person"]["email"] == cleo.user.email


@pytest.fixture
def lived(cleo, thea):
    """Cleo's record with an example of everything."""
    at = timezone.now()
    session = hold(cleo, thea, at=at - 7 * DAY, body="She came in tired.")
    held = hold(cleo, thea, at=at - 6 * DAY, body="Not for her eyes yet.")
    hold(cleo, thea, at=at - 5 * DAY, body="Half a thought of Thea's.", sign=False)
    goal = agreed_goal(cleo, thea, ratings=[4, 5, 7])
    with acting_as(thea.pk), transaction.atomic():
        Step.add(goal, "One stop", by=thea, cue="it rains", plan="I go")
        Assignment.agree(cleo, "Two stops on Friday", by=thea, session_id=session.pk)
        Comment.say(goal, "How was it?", by=thea)
        note = ProgressNote.objects.get(session=held)
        NoteHold(practice_id=cleo.practice_id, client=cleo, note=note, by=thea,
                 reason="Later, with her").save(force_insert=True)  # fmt: skip
    background = ClientBackground(
        practice_id=cleo.practice_id, client=cleo, presenting_concern="Panic on buses"
    )
    with as_role("postgres"):
        ClientBackground.objects.filter(client=cleo).delete()
        background.save(force_insert=True)
    return goal


# -- content --------------------------------------------------------------------------


def test_cleos_export_contains_what_she_may_read(lived, cleo, sign_in):
    said = taken(sign_in(cleo.user), OWN)
    assert said["person"]["preferred_name"] == "Cleo"
    [goal] = said["goals"]
    [version] = said["goal_versions"]
    assert version["own_words"] == "Take the bus into town"
    assert goal["in_force_id"] == version["id"]
    assert {key["side"] for key in said["goal_keys"]} == {"client", "therapist"}
    assert [rating["value"] for rating in said["ratings"]] == [4, 5, 7]
    assert said["steps"][0]["plan"] == "I go"
    assert said["comments"][0]["words"] == "How was it?"
    assert len(said["sessions"]) == 3
    assert [note["text"] for note in said["notes"]] == ["Data\nShe came in tired."]
    assert said["practice"][0]["words"] == "Two stops on Friday"
    assert said["sessions"][0]["take_away"] == "The wave has a clock on it."


@pytest.mark.parametrize("who", ["cleo", "thea"])
def test_withheld_unsigned_and_other_peoples_text_is_in_no_export(
    who, lived, cleo, carl, thea, theo, sign_in
):
    agreed_goal(carl, theo, content={"own_words": "Carl’s own words"})
    mine = who == "cleo"
    browser = sign_in(cleo.user if mine else thea)
    files = opened(fetched(browser, OWN if mine else of_client(cleo)).content)
    whole = b"".join(files.values()).decode("latin-1")
    for words in ("Not for her eyes", "Half a thought", "Later, with her", "Carl"):
        assert words not in whole


def test_the_presenting_concern_is_in_theas_export_and_the_access_log_in_hers(
    lived, cleo, thea, sign_in
):
    sign_in(thea).get(f"/clients/{cleo.pk}/")
    hers, theas = taken(sign_in(cleo.user), OWN), taken(sign_in(thea), of_client(cleo))
    assert "presenting_concern" not in hers["person"]
    assert theas["person"]["presenting_concern"] == "Panic on buses"
    assert {look["who"] for look in hers["who_looked"]} == {"Thea"}
    assert theas["who_looked"] == []


def test_a_client_without_an_account_gets_theirs_from_thea(thea, sign_in):
    mo = admit("Mo", by=thea, joined=False)
    agreed_goal(mo, thea, ratings=[3])
    said = taken(sign_in(thea), of_client(mo))
    assert said["person"]["preferred_name"] == "Mo"
    assert [rating["value"] for rating in said["ratings"]] == [3]


def test_the_pdf_says_what_was_agreed_and_what_happened(lived, cleo):
    with acting_as(cleo.user.pk), transaction.atomic():
        record = read_record(cleo, cleo.user)
    paper = MagicMock(l_margin=0, epw=170)
    paper.get_y.return_value = 0
    Drawing(paper, record).all()
    said = "\n".join(str(call.args) for call in paper.mock_calls)
    for words in ("Take the bus into town", "3 ratings: 4", "If it rains, then I go",
                  "How was it?", "She came in tired.", "Two stops on Friday",
                  "The wave has a clock on it."):  # fmt: skip
        assert words in said
    for words in ("Not for her eyes", "Half a thought", "Later, with her"):
        assert words not in said


def test_in_the_pdf_a_wording_cleo_never_agreed_to_is_theas_suggestion(cleo, thea):
    with acting_as(thea.pk), transaction.atomic():
        Goal.propose(cleo, {"own_words": "Ride to the lake"}, by=thea)
    agreed_goal(cleo, thea)
    with acting_as(cleo.user.pk), transaction.atomic():
        record = read_record(cleo, cleo.user)
    paper = MagicMock(l_margin=0, epw=170)
    paper.get_y.return_value = 0
    Drawing(paper, record).all()
    said = "\n".join(str(call.args) for call in paper.mock_calls)
    assert "Proposed, not agreed yet · Thea’s suggestion" in said
    assert said.count("suggestion") == 1


def test_a_pdf_can_be_made_in_any_script(lived, cleo, thea, sign_in):
    agreed_goal(cleo, thea, content={"own_words": "Łódź, Привет, שלום, 😀 and 電車"})
    paper = fetched(sign_in(cleo.user), OWN, "pdf")
    assert paper["Content-Type"] == "application/pdf"
    assert paper.content.startswith(b"%PDF-")
    assert b"Cleo" not in paper["Content-Disposition"].encode()


def test_an_empty_record_can_be_exported_too(cleo, sign_in):
    said = taken(sign_in(cleo.user), OWN)
    assert said["goals"] == [] and said["sessions"] == []


# -- spreadsheets ---------------------------------------------------------------------


@given(st.text(min_size=1), st.sampled_from("=+-@\t\r"))
def test_no_cell_becomes_a_formula(words, begins):
    rows = [{"at": timezone.now(), "words": begins + words, "value": -5, "none": None}]
    sheet = as_csv(rows).removeprefix("\ufeff")
    [_names, cells] = list(csv.reader(io.StringIO(sheet, newline="")))
    assert not cells[1].startswith(tuple("=+-@\t\r"))
    assert cells[2:] == ["-5", ""]  # a number stays one


def test_every_table_opens_as_a_spreadsheet(lived, cleo, sign_in):
    files = opened(fetched(sign_in(cleo.user), OWN).content)
    ratings = files["ratings.csv"].decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(ratings)))
    assert [row["value"] for row in rows] == ["4", "5", "7"]
    assert {"record.pdf", "record.json", "READ ME.txt", "goals.csv"} <= set(files)


# -- access ---------------------------------------------------------------------------


def test_only_the_person_who_asked_can_get_it(cleo, carl, thea, theo, ada, sign_in):
    export = copy_of(cleo, thea)
    own = copy_of(cleo, cleo.user)
    co = person(thea.practice, "Co", is_therapist=True)
    in_care(cleo, co, "co_therapist")
    page = of_client(cleo)
    assert sign_in(thea).get(f"{page}{export.pk}/zip/").status_code == 200
    for who in (theo, co, ada, carl.user):
        assert sign_in(who).get(f"{page}{export.pk}/zip/").status_code in (302, 404)
    assert sign_in(thea).get(f"{page}{own.pk}/zip/").status_code == 404
    hers = sign_in(cleo.user)
    assert hers.get(f"{OWN}{own.pk}/zip/").status_code == 200
    assert hers.get(f"{OWN}{export.pk}/zip/").status_code == 404
    with acting_as(co.pk):  # nor by SQL
        assert not RecordExport.objects.exists()


def test_a_supervisor_cannot_export(cleo, thea, sign_in):
    ines = person(thea.practice, "Ines", is_therapist=True)
    in_care(cleo, ines, "supervisor")
    assert sign_in(ines).post(of_client(cleo)).status_code == 404
    with pytest.raises(DatabaseError), acting_as(ines.pk), transaction.atomic():
        RecordExport.ask(cleo, by=ines)


def test_when_theas_care_ends_so_does_her_export(cleo, thea, sign_in):
    export = copy_of(cleo, thea)
    CareRole.objects.filter(client=cleo).update(ends_at=timezone.now())
    page = f"{of_client(cleo)}{export.pk}/zip/"
    assert sign_in(thea).get(page).status_code == 404


def test_an_export_requested_before_care_ended_is_not_made(cleo, thea):
    export = copy_of(cleo, thea, made=False)
    CareRole.objects.filter(client=cleo).update(ends_at=timezone.now())
    make()
    export.refresh_from_db()
    assert (export.state, export.archive) == ("failed", "")


def test_asking_and_downloading_require_reauthentication(cleo, sign_in):
    export = copy_of(cleo, cleo.user)
    browser = sign_in(cleo.user)
    session = browser.session
    session["proved_at"] = 0
    session.save()
    for page in (OWN, f"{OWN}{export.pk}/zip/"):
        assert browser.get(page).url.startswith("/prove/")
    browser.post(OWN)
    assert RecordExport.objects.count() == 1


def test_thea_reauthenticates_to_ask_for_an_export_and_to_download_it(
    cleo, thea, sign_in
):
    export = copy_of(cleo, thea)
    browser = sign_in(thea)
    page = f"/clients/{cleo.pk}/record/"
    files = [f"{page}{export.pk}/{kind}/" for kind in ("zip", "pdf")]
    for url in files:
        assert browser.get(url).status_code == 200
    session = browser.session
    session["proved_at"] = 0
    session.save()
    for url in (page, *files):
        assert browser.get(url).url.startswith("/prove/"), url
    browser.post(page)
    assert RecordExport.objects.count() == 1


@pytest.mark.parametrize("who", ["cleo", "thea"])
def test_an_export_says_what_it_leaves_out(cleo, thea, sign_in, who):
    by = cleo.user if who == "cleo" else thea
    page = OWN if who == "cleo" else f"/clients/{cleo.pk}/record/"
    files = opened(fetched(sign_in(by), page).content)
    said = json.loads(files["record.json"])["not_in_it"]
    assert any("supervision" in words for words in said)
    mine = "presenting concern" if who == "cleo" else "client’s copy"
    assert any(mine in words for words in said)
    browser = sign_in(by)
    shown = browser.get(page).content.decode()
    for words in said:
        assert words in files["READ ME.txt"].decode()
        assert words[1:] in html.unescape(shown)


def test_cleo_reads_that_thea_made_an_export_and_the_audit_log_who_downloaded_it(
    cleo, thea, sign_in
):
    fetched(sign_in(thea), of_client(cleo))
    looked = sign_in(cleo.user).get("/portal/looked/").content.decode()
    assert "Exported from your record" in looked
    verbs = AuditEvent.objects.filter(client_id=cleo.pk, actor_id=thea.pk)
    assert verbs.filter(verb="exported").count() == 1
    assert verbs.filter(verb="copy fetched").count() == 1


def test_after_discharge_she_can_still_export_it(lived, cleo, thea, sign_in):
    with acting_as(thea.pk), transaction.atomic():
        cleo.discharge(by=thea)
    assert taken(sign_in(cleo.user), OWN)["ratings"]


# -- made once, stored for a day ------------------------------------------------------


def test_a_double_click_makes_one_and_audits_once(cleo, sign_in):
    browser = sign_in(cleo.user)
    browser.post(OWN)
    browser.post(OWN)
    assert RecordExport.objects.count() == 1
    assert AuditEvent.objects.filter(verb="exported").count() == 1
    assert make() == 1
    assert make() == 0


def test_a_day_later_the_content_is_deleted(cleo, sign_in):
    export = copy_of(cleo, cleo.user)
    RecordExport.objects.update(ready_at=timezone.now() - DAY)
    page = f"{OWN}{export.pk}/zip/"
    assert sign_in(cleo.user).get(page).status_code == 404
    with as_role("cairn_worker"):
        assert job.sweep() == 1
    export.refresh_from_db()
    assert (export.state, bytes(export.archive or b"")) == ("gone", b"")


def test_a_failed_export_is_reported_and_not_retried_forever(
    cleo, sign_in, monkeypatch, caplog
):
    def falls_over(*_):
        raise ValueError("She came in tired.")

    monkeypatch.setattr(job, "packed", falls_over)
    browser = sign_in(cleo.user)
    browser.post(OWN)
    assert make() == 0
    assert "tired" not in caplog.text
    assert "could not be prepared" in browser.get(OWN).content.decode()
    monkeypatch.undo()
    browser.post(OWN)
    assert make() == 1


def test_an_export_that_kills_its_worker_three_times_is_given_up(cleo):
    copy_of(cleo, cleo.user, made=False)
    RecordExport.objects.update(attempts=job.ATTEMPTS)
    assert make() == 0
    assert RecordExport.objects.get().state == "failed"


@pytest.mark.django_db(transaction=True)
def test_two_workers_make_one(cleo, monkeypatch):
    export = copy_of(cleo, cleo.user, made=False)
    made = []
    together = threading.Barrier(2)
    packed = job.packed

    def slowly(record):
        made.append(record)
        return packed(record)

    monkeypatch.setattr(job, "packed", slowly)

    def work():
        try:
            together.wait(20)
            job.make(export.pk)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(made) == 1
    assert RecordExport.objects.get().state == "ready"


def test_the_tick_finds_exports_without_a_trigger(cleo, monkeypatch):
    copy_of(cleo, cleo.user, made=False)
    nudged = []
    monkeypatch.setattr(tasks.celery_kick, "the_worker", nudged.append)
    with as_role("cairn_worker"):
        tasks.look_after_copies()
    assert nudged == ["transfer.tasks.copy_records"]


def test_a_longer_record_takes_no_more_statements(cleo, thea):
    def asked():
        export = copy_of(cleo, thea, made=False)
        with as_role("cairn_worker"), CaptureQueriesContext(connection) as found:
            assert job.make(export.pk)
        return len(found)

    hold(cleo, thea, at=timezone.now() - DAY)
    agreed_goal(cleo, thea, ratings=[1])
    few = asked()
    for number in range(2, 8):
        hold(cleo, thea, at=timezone.now() - number * DAY)
        agreed_goal(cleo, thea, ratings=[1, 2, 3])
        with acting_as(thea.pk), transaction.atomic():
            Win.note(cleo, "She came", by=thea)
            Strength.propose(cleo, by=thea, name="Grit", moment="She came")
    assert asked() == few


@pytest.mark.parametrize("page", ["thea", "cleo"])
def test_the_page_takes_few_queries(page, cleo, thea, sign_in):
    copy_of(cleo, thea)
    copy_of(cleo, cleo.user)
    browser = sign_in(thea if page == "thea" else cleo.user)
    most = 7 if page == "thea" else 6  # whether she has another client of that name
    assert pinned(browser, of_client(cleo) if page == "thea" else OWN) <= most


# -- scripts in the PDF ---------------------------------------------------------------

SCRIPTS = {
    "Arabic": "مشيت مع أمي إلى السوق اليوم", "Hebrew": "הלכתי לשוק עם אמא שלי",
    "Hindi": "आज मैं माँ के साथ बाज़ार गई", "Thai": "วันนี้ฉันไปตลาดกับแม่",
    "Amharic": "ዛሬ ከእናቴ ጋር ወደ ገበያ ሄድኩ", "Vietnamese": "Hôm nay tôi đã đi chợ cùng mẹ",
    "Greek": "Σήμερα πήγα στην αγορά", "Georgian": "დღეს ბაზარში წავედი",
    "Armenian": "Այսօր շուկա գնացի", "Persian": "می‌خواهم بروم",
    "decomposed": "Zoe\u0308 Bru\u0308gge",
}  # fmt: skip
MARKED = {
    "Chinese": "今天我和妈妈一起去了市场", "Japanese": "今日は母と市場へ行きました",
    "Korean": "오늘 엄마와 시장에 갔어요", "Emoji": "I did it 🎉 👩\u200d👧 ❤\ufe0f",
    "Tamil": "இன்று சந்தைக்குச் சென்றேன்", "Khmer": "ថ្ងៃនេះ",
    "unassigned": "\U000e0fff x",
}  # fmt: skip


def drawn(words, cleo, thea):
    agreed_goal(cleo, thea, content={"own_words": words})
    with acting_as(cleo.user.pk), transaction.atomic():
        record = read_record(cleo, cleo.user)
    paper = _paper(record)
    paper.output()
    return paper, draw(record)


@pytest.mark.parametrize("words", SCRIPTS.values(), ids=SCRIPTS)
def test_a_script_is_drawn_and_nothing_is_logged(words, cleo, thea, caplog):
    paper, _pdf = drawn(words, cleo, thea)
    assert not paper.marked
    assert MARK not in paper.drawable(words)
    assert caplog.text == ""


@pytest.mark.parametrize("words", MARKED.values(), ids=MARKED)
def test_characters_without_a_font_are_marked_and_the_reader_is_told(
    words, cleo, thea, caplog
):
    paper, pdf = drawn(words, cleo, thea)
    assert paper.marked
    shown = paper.drawable(words)
    missing = [sign for sign in words if ord(sign) not in paper.known]
    seen = [sign for sign in missing if unicodedata.category(sign) not in ("Cf", "Mn")]
    assert shown.count(MARK) >= len(seen) > 0
    assert pdf.startswith(b"%PDF-")
    assert caplog.text == ""


def test_each_page_has_the_practice_and_the_date(cleo, thea):
    for number in range(40):
        agreed_goal(cleo, thea, content={"own_words": f"Goal {number}. " * 20})
    with acting_as(cleo.user.pk), transaction.atomic():
        pages = PdfReader(io.BytesIO(draw(read_record(cleo, cleo.user)))).pages
    today = dates.with_year(timezone.localdate())
    assert len(pages) > 2
    for page in pages:
        assert f"Harbour Practice, {today}. A copy of a record." in page.extract_text()


def test_hebrew_is_drawn_from_right_to_left(cleo, thea):
    word = "הלכתי"  # five different letters
    paper, _pdf = drawn(word, cleo, thea)
    picked = sorted(paper.fonts["dejavu"].subset.items(), key=lambda pair: pair[1])
    order = "".join(chr(glyph.unicode[0]) for glyph, _number in picked)
    letters = "".join(sign for sign in order if sign in word)
    assert letters == word[::-1]  # glyphs are drawn from the left
    assert is_right_to_left(word)
    assert not is_right_to_left("Zoë says: הלכתי")


def test_the_reader_is_told_only_if_something_is_missing(cleo, thea):
    said = []
    for marked in (False, True):
        with acting_as(cleo.user.pk), transaction.atomic():
            record = read_record(cleo, cleo.user)
        paper = MagicMock(l_margin=0, epw=170)
        paper.get_y.return_value = 0
        Drawing(paper, record, marked=marked).all()
        said.append("record.json has the full text" in str(paper.mock_calls))
    assert said == [False, True]
