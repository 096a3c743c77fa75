"""Each promise made in the portal, and the test that proves it.

A reworded sentence fails here until someone has checked that its test still proves it.
Below are tests of what depends on the state of care: no portal, invited, in care,
discharged, closed.
"""

import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.urls import reverse
from django.utils import timezone

from accounts.tests.test_second_step import with_app
from clients.models import Client, ContactPreferences
from goals.models import Review
from portal.tests.promises import HOUSE, PROMISES, nothing, plain, sentences
from tests.cast import agreed_goal, as_person, book, hold, wish
from tests.cast import hold as hold_at
from tests.test_walk import ALL
from transfer.export.read import read_record

SIGN_OFF = "digests/tests/test_may_send.py"
SAME = "goals/tests/test_same_story.py"
RIGHTS = "portal/tests/test_rights.py"
RECORD = "transfer/tests/test_record.py"
STRENGTHS = "portal/tests/test_strengths.py"
KEPT_BY = {
    # how Cairn writes
    "You decide how Cairn contacts you. Nobody can change this for you.": (
        "portal/tests/test_contact.py::test_nobody_sets_the_contact_preferences_for_cleo"
    ),
    "An email with the day and time. No names, nothing about therapy": (
        "digests/tests/test_words.py::test_only_harmless_words_are_used"
    ),
    "One email a week. The content stays in Cairn": (
        "digests/tests/test_words.py::test_only_harmless_words_are_used"
    ),
    "No messages until this date. Leave it empty for no pause.": (
        f"{SIGN_OFF}::test_a_pause_holds_emails_until_its_end_date"
    ),
    "Your therapy here has ended, so Cairn sends no weekly emails. You only get "
    "reminders of booked sessions, if you want them. Your other preferences apply "
    "again if you come back.": (
        f"{SIGN_OFF}::test_after_discharge_cleo_gets_what_her_page_says"
    ),
    "No weekly summary is made after therapy has ended.": (
        "portal/tests/test_promises.py::test_after_discharge_no_weekly_page_is_announced"
    ),
    # who looked, what is stored
    "Every time someone opened your record: who, in which role, and when."
    " Only people with a role in your care can, or a colleague in an emergency.": (
        "portal/tests/test_looked.py::test_a_goal_that_thea_opened_three_times_is_one_line"
    ),
    "No one has opened your record yet. When someone does, it appears here.": (
        "portal/tests/test_looked.py::test_nobody_has_looked_yet"
    ),
    "Making and downloading a copy is recorded, like every opening of the record.": (
        f"{RECORD}::test_cleo_reads_that_thea_made_an_export_and_the_audit_log_who_downloaded_it"
    ),
    "notes that are not signed or not shared": (
        f"{RECORD}::test_withheld_unsigned_and_other_peoples_text_is_in_no_export"
    ),
    "review answers that are not shared yet": (
        "portal/tests/test_promises.py::test_an_export_leaves_out_what_it_says"
    ),
    "the presenting concern as the therapist wrote it; ask your therapist for it": (
        f"{RECORD}::test_the_presenting_concern_is_in_theas_export_and_the_access_log_in_hers"
    ),
    "who opened the record, which is in the client’s copy": (
        f"{RECORD}::test_the_presenting_concern_is_in_theas_export_and_the_access_log_in_hers"
    ),
    "No note of this session is shared with you right now.": (
        "portal/tests/test_sessions.py::test_an_unsigned_note_is_not_shown"
    ),
    "By video. The link is here from 15 minutes before.": (
        "portal/tests/test_home.py::"
        "test_the_video_link_is_a_link_from_15_minutes_before"
    ),
    # rights
    (
        "If something in your record is wrong, tell us. "
        "%(name)s reads it and must reply."
    ): (f"{RIGHTS}::test_a_correction_reaches_thea_who_answers_and_cleo_reads_it"),
    "A signed note is never rewritten. The correction is added to it, with the date.": (
        f"{RIGHTS}::test_an_answer_never_changes_even_by_sql"
    ),
    "You can do this at any time, without giving a reason.": (
        f"{RIGHTS}::test_a_discharged_client_can_still_ask_for_corrections_and_close_the_account"
    ),
    "Your password stops working, and Cairn sends you no more emails.": (
        f"{RIGHTS}::test_the_old_password_does_not_work_after_closing"
    ),
    "Goal review decided: propose new wording": (
        f"{SAME}::test_both_are_asked_for_a_new_wording_until_one_proposes_it"
    ),
    "Goal reached: add a closing sentence": (
        f"{SAME}::test_cleos_home_offers_her_celebration_if_thea_decides_last"
    ),
    "Booked sessions stay booked.": (
        f"{RIGHTS}::test_cleo_closes_her_account_and_is_signed_out_everywhere"
    ),
    "%(name)s sees that you closed your account.": (
        f"{RIGHTS}::test_cleo_closes_her_account_and_is_signed_out_everywhere"
    ),
    "Your therapist can invite you again; you then find everything as it was.": (
        f"{RIGHTS}::test_thea_invites_her_again_and_she_finds_everything"
    ),
    "Your therapy here has ended. You can read these pages until %(day)s. You can"
    " still choose how we contact you, ask for a correction and download your"
    " record.": (
        "portal/tests/test_promises.py::test_a_discharged_client_can_do_what_the_pages_say"
    ),
    # goals
    "%(name)s suggests a wording. Nothing changes unless you agree.": (
        "portal/tests/test_goals.py::test_cleo_cannot_agree_to_a_replaced_version"
    ),
    "Only you can agree for yourself. You can withdraw your agreement at any time.": (
        "goals/tests/test_two_keys.py::test_cleo_withdraws_and_nothing_is_in_effect"
    ),
    "The current wording stays in effect until you both agree to the new one.": (
        "portal/tests/test_goals.py::test_a_new_wording_leaves_the_agreed_one_in_effect"
    ),
    "You can propose this wording as a new goal.": (
        "goals/tests/test_what_is_agreed.py::"
        "test_a_withdrawn_proposal_says_so_to_cleo_and_her_wording_becomes_a_goal"
    ),
    "You both agreed to this wording, %(day)s.": (
        "portal/tests/test_home.py::"
        "test_without_a_step_the_positive_thing_is_the_agreed_goal"
    ),
    "Each of you answers alone, then both answers are shown. The review closes when "
    "you both choose the same outcome.": (
        "goals/tests/test_reviews.py::"
        "test_neither_side_reads_the_others_answer_before_giving_its_own"
    ),
    "%(name)s sees this before saying anything.": (
        f"{STRENGTHS}::test_cleo_chooses_how_to_celebrate_a_success"
    ),
    "Signed in as %(me)s, for this page only. %(name)s is signed out here.": (
        "portal/tests/test_handing_over.py::"
        "test_thea_is_signed_out_when_she_hands_it_over"
    ),
}


KEPT_BY |= {text: test for test, texts in PROMISES.items() for text in texts}
KEPT_BY = {plain(text): test for text, test in KEPT_BY.items()}


@pytest.fixture(scope="module")
def portal_says():
    return sentences()


@pytest.mark.parametrize("sentence", KEPT_BY)
def test_each_promise_is_shown_and_has_its_test(sentence, portal_says):
    assert sentence in portal_says
    path, name = KEPT_BY[sentence].split("::")
    tests = (HOUSE / path).read_text()
    assert f"def {name}(" in tests


def test_every_sentence_of_the_portal_is_classified(portal_says):
    """Name its test in promises.py, or add it to promise_nothing.txt."""
    unsorted = portal_says - set(KEPT_BY) - set(nothing())
    assert not unsorted, "\n".join(sorted(unsorted))


def test_sentences_without_a_promise_are_shown_and_are_not_promises(portal_says):
    others = nothing()
    assert others == sorted(set(others))
    assert not set(others) - portal_says
    assert not set(others) & set(KEPT_BY)


def test_recovery_codes_are_shown_once_and_new_ones_end_the_old(cleo, sign_in):
    user = with_app(cleo.user)
    old = set(RecoveryCodes.activate(user).get_unused_codes())
    browser = sign_in(user)
    made = browser.post(reverse("recovery-codes-anew"), follow=True)
    new = set(Authenticator.objects.get(user=user, type="recovery_codes").wrap()
              .get_unused_codes())  # fmt: skip
    assert not old & new
    assert all(f"{one[:4]} {one[4:]}" in made.content.decode() for one in new)
    again = browser.get(reverse("recovery-codes")).content.decode()
    assert not any(f"{one[:4]} {one[4:]}" in again for one in new)


def test_help_now_is_on_every_page_of_the_portal(cleo, thea, sign_in):
    goal, session = agreed_goal(cleo, by=thea), hold(cleo, by=thea, body=None)
    browser, ids = sign_in(cleo.user), {"goal_id": goal.pk, "session_id": session.pk}
    seen = 0
    for pattern in ALL:
        names = set(pattern.pattern.converters)
        if pattern.callback.audience != "client" or not names <= set(ids):
            continue
        answer = browser.get(reverse(pattern.name, kwargs={n: ids[n] for n in names}))
        if answer.status_code == 200 and "html" in answer["Content-Type"]:
            assert reverse("help-now") in answer.content.decode(), pattern.name
            seen += 1
    assert seen > 20


# -- portal states --------------------------------------------------------------------


def text(answer):
    bare = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return re.sub(r"\s+", " ", bare)


@pytest.fixture
def discharged(cleo, thea):
    agreed_goal(cleo, by=thea)
    hold(cleo, by=thea, body=None)
    Client.objects.filter(pk=cleo.pk).update(
        state=Client.State.DISCHARGED, discharged_at=timezone.now()
    )
    return cleo


def test_a_discharged_client_can_do_what_the_pages_say(discharged, sign_in):
    browser = sign_in(discharged.user)
    assert "ask for a correction" in text(browser.get("/portal/"))
    said = {"about": "A name", "words": "Mara, not Maria"}
    browser.post(reverse("portal-corrections"), said)
    assert "Mara, not Maria" in text(browser.get(reverse("portal-corrections")))
    assert browser.get(reverse("portal-goals")).status_code == 200
    assert browser.get(reverse("portal-record")).status_code in (200, 302)


def test_after_discharge_no_page_tells_cleo_to_book(discharged, thea, sign_in):
    page = text(sign_in(discharged.user).get(reverse("portal-sessions")))
    assert "No session is booked" in page
    assert "will book the next one" not in page


def test_after_discharge_no_weekly_page_is_announced(discharged, sign_in):
    page = text(sign_in(discharged.user).get(reverse("portal-digest-latest")))
    assert "Your first weekly summary comes" not in page
    assert "No weekly summary is made" in page


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ("none", "No portal"),
        ("invited", "Invited, has not joined yet"),
        ("joined", "Reminders"),
        ("off", "No reminders, as they chose"),
        ("paused", "No emails until"),
        ("paused, off", "and no reminders, as they chose"),
        ("discharged, paused", "Then only reminders of sessions that are still booked"),
        ("over", "Reminders"),
        ("discharged", "except reminders of sessions that are still booked"),
        ("discharged, off", "No reminders, as they chose"),
        ("closed", "Closed their account"),
    ],
)
def test_theas_page_says_which_emails_cleo_gets(state, says, cleo, thea, sign_in):
    user, today = cleo.user, thea.today()
    preferences = ContactPreferences.objects.filter(client=cleo)
    if state == "none":
        Client.objects.filter(pk=cleo.pk).update(user=None)
    if state == "invited":
        type(user).objects.filter(pk=user.pk).update(joined_at=None)
    if state.endswith("off"):
        wish(cleo, "reminder", False, 24)
    if "paused" in state or state == "over":
        days = 5 if "paused" in state else 0
        preferences.update(paused_until=today + timedelta(days=days))
    if state.startswith("discharged"):
        Client.objects.filter(pk=cleo.pk).update(
            state="discharged", discharged_at=timezone.now()
        )
    if state == "closed":
        type(user).objects.filter(pk=user.pk).update(is_active=False, joined_at=None)
    page = text(sign_in(thea).get(cleo.get_absolute_url()))
    assert says in page
    assert ("No emails until" in page) == ("paused" in state)


@pytest.mark.parametrize(
    ("state", "link", "words"),
    [
        (
            "joined",
            "in the portal from 15 minutes before. It is never",
            "Shown on their home page until the next session",
        ),
        ("invited", "Once they have joined, the client", "page once they have joined"),
        ("none", "Give it to the client yourself", "The client has no portal"),
        ("closed", "Give it to the client yourself", "The client has no portal"),
        ("discharged", "as long as their portal", "as long as their portal is open"),
    ],
)
def test_theas_forms_say_where_cleo_sees_a_link_and_a_takeaway(
    state, link, words, cleo, thea, sign_in
):
    now = timezone.now()
    past = hold_at(cleo, thea, at=now - timedelta(days=1), sign=False)
    ahead = book(cleo, thea, at=now + timedelta(days=1))
    if state == "invited":
        type(cleo.user).objects.filter(pk=cleo.user_id).update(joined_at=None)
    if state == "none":
        Client.objects.filter(pk=cleo.pk).update(user=None)
    if state == "closed":
        type(cleo.user).objects.filter(pk=cleo.user_id).update(is_active=False)
    if state == "discharged":
        rows = Client.objects.filter(pk=cleo.pk)
        rows.update(state="discharged", discharged_at=now)
    browser = sign_in(thea)
    for url in (f"/clients/{cleo.pk}/book/", f"/sessions/{ahead.pk}/move/"):
        assert link in text(browser.get(url)), url
    assert words in text(browser.get(f"/sessions/{past.pk}/"))


def test_an_export_leaves_out_what_it_says(cleo, thea):
    goal = agreed_goal(cleo, by=thea)
    with as_person(thea):
        review = Review.begin(type(goal).objects.get(pk=goal.pk), by=thea)
        review.answer({"goal_fits": "no", "goal_words": "Hers alone"}, by=thea)
        copy = read_record(cleo, thea)
    assert copy.tables["review_answers"] == []
    with as_person(cleo.user):
        assert "presenting_concern" not in read_record(cleo, cleo.user).person
    with as_person(cleo.user):
        review.answer({"goal_fits": "yes", "goal_words": "Mine"}, by=cleo.user)
    for person in (thea, cleo.user):
        with as_person(person):
            answers = read_record(cleo, person).tables["review_answers"]
        assert [row["goal_words"] for row in answers] == ["Hers alone", "Mine"]
