"""Thea suggests a strength, Cleo decides: strengths with examples, and wins."""

from contextlib import contextmanager
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from accounts.models import AuditEvent
from clients.models import Draft
from conftest import admit, in_care, person
from database.identity import acting_as
from goals.models import Goal, Step, Strength, StrengthLink, Win
from goals.strengths.next_step import at_hand
from goals.strengths.queries import accepted
from tests.cast import PATIENCE, agreed_goal, answered, note_win, pinned, strength

HONESTY = {"name": "Dry honesty", "moment": "I’d like to, and I won’t."}


def told(answer):
    assert answer.status_code == 200
    return answer.content.decode()


@contextmanager
def refused(user_id, why):
    """What PostgreSQL itself rejects, whoever asks."""
    said = pytest.raises(DatabaseError, match=why)
    with said, acting_as(user_id), transaction.atomic():
        yield


def page_of(client):
    return reverse("client-strengths", args=[client.pk])


def said(**more):
    return {"once": str(uuid4()), **PATIENCE, **more}


# -- Thea suggests --------------------------------------------------------------------


def test_thea_suggests_a_strength_and_it_waits_for_cleo(sign_in, thea, cleo):
    browser = sign_in(thea)
    url = reverse("strength-add", args=[cleo.pk])
    page = told(browser.post(url, said(setting="At the stop"), follow=True))
    assert "Patience with fear" in page and "Waiting for Cleo to answer." in page
    row = Strength.objects.get()
    assert (row.state, row.side, row.setting) == (
        "proposed",
        "therapist",
        "At the stop",
    )
    assert "No strengths yet." in page  # among those that Cleo accepts


def test_a_strength_needs_an_example(sign_in, thea, cleo):
    url = reverse("strength-add", args=[cleo.pk])
    page = told(sign_in(thea).post(url, said(moment="  ")))
    assert "Add an example." in page and "Patience with fear" in page
    assert not Strength.objects.exists()


def test_nor_does_the_database_accept_one_without(thea, cleo):
    with pytest.raises(DatabaseError, match="strength_has_its_moment"):
        strength(cleo, by=thea, said={"name": "Patience", "moment": ""})


def test_a_suggestion_sent_twice_is_one(sign_in, thea, cleo):
    browser, body = sign_in(thea), said()
    url = reverse("strength-add", args=[cleo.pk])
    first, second = browser.post(url, body), browser.post(url, body)
    assert first.url == second.url == page_of(cleo)
    assert Strength.objects.count() == 1


def test_a_future_date_is_refused_at_its_field(sign_in, thea, cleo):
    tomorrow = (timezone.now() + timedelta(days=2)).date()
    url = reverse("strength-add", args=[cleo.pk])
    page = told(sign_in(thea).post(url, said(happened_on=tomorrow.isoformat())))
    assert "Enter today or an earlier day." in page
    assert not Strength.objects.exists()


def test_unsaved_text_is_restored_and_deleted_with_the_save(sign_in, thea, cleo):
    browser = sign_in(thea)
    keep = reverse("draft-keep", args=[cleo.pk, "strength", cleo.pk])
    browser.post(keep, {"moment": "Four", "name": "Pat", "setting": "", "revision": 0})
    url = reverse("strength-add", args=[cleo.pk])
    page = told(browser.get(url))
    assert ">\nFour</textarea>" in page and 'value="Pat"' in page
    browser.post(url, said() | {"revision": "1"})
    assert not Draft.objects.exists()


def test_thea_sees_before_praising_how_cleo_wants_it(sign_in, thea, cleo):
    cleo.preferences.celebrates = "nobody"
    cleo.preferences.save(update_fields=["celebrates"])
    browser = sign_in(thea)
    for url in (page_of(cleo), reverse("client", args=[cleo.pk])):
        assert "privately, and nobody brings it up" in told(browser.get(url))


def test_thea_sees_cleos_answer_to_a_suggestion(sign_in, thea, cleo):
    offers = [
        strength(cleo, by=thea, said={"name": name, "moment": "One day."})
        for name in ("Patience", "Planning", "Courage", "Humour")
    ]
    answered(offers[0], by=cleo.user)
    answered(offers[1], yes=False, by=cleo.user)
    with acting_as(cleo.user_id), transaction.atomic():
        offers[2].reword(cleo, by=cleo.user, name="I go", moment="I went.")
    page = told(sign_in(thea).get(page_of(cleo)))
    yours, rest = page.split('id="wins"')
    for words in ("Patience", "I go"):
        assert words in yours
    for words in ("Planning", "Courage", "Humour"):
        assert words not in yours and words in rest
    for words in ("Yes, today", "Not me, today", "Reworded, today", "Waiting"):
        assert words in strip_tags(rest)


def test_neither_declined_nor_pending_strengths_are_offered_at_a_step(thea, cleo):
    goal = agreed_goal(cleo, thea)
    answered(strength(cleo, by=thea), yes=False, by=cleo.user)
    strength(cleo, by=thea, said=HONESTY)
    with acting_as(thea.pk):
        assert at_hand(goal, thea) == []
        assert accepted(cleo.pk, thea) == []


def test_strengths_linked_to_the_goal_come_first(thea, cleo, django_assert_num_queries):
    goal, other = agreed_goal(cleo, thea), agreed_goal(cleo, thea)
    strength(cleo, by=cleo.user, helps=[goal])
    strength(cleo, by=cleo.user, said=HONESTY, helps=[other])
    with acting_as(thea.pk), transaction.atomic():
        found = at_hand(goal, thea)
        with django_assert_num_queries(1):
            at_hand(goal, thea)
    assert [(row.name, row.helps) for row in found] == [
        ("Patience with fear", True),
        ("Dry honesty", False),
    ]
    assert found[0].moment == "Four buses went. I let them."


def test_a_read_only_reader_sees_it_without_buttons(sign_in, practice, thea, cleo):
    strength(cleo, by=thea)
    reader = person(practice, "Ines", is_therapist=True)
    in_care(cleo, reader, "supervisor")
    page = told(sign_in(reader).get(page_of(cleo)))
    assert "Patience with fear" in page
    assert "Suggest a strength" not in page and "Save" not in page


# -- links to goals -------------------------------------------------------------------


def test_thea_chooses_which_goals_a_strength_helps_with(sign_in, thea, cleo):
    one, two = agreed_goal(cleo, thea), agreed_goal(cleo, thea)
    found = strength(cleo, by=cleo.user, helps=[one])
    browser = sign_in(thea)
    url = reverse("strength-goals", args=[found.pk])
    page = browser.get(page_of(cleo)).content.decode()
    assert page.count(f'name="was" value="{one.pk}"') == 1
    said = {"goals": str(two.pk), "was": str(one.pk)}
    assert browser.post(url, said).url == page_of(cleo)
    assert set(found.links.current().values_list("goal", flat=True)) == {two.pk}
    assert found.links.count() == 2  # past links stay
    browser.post(url, {"goals": str(two.pk)})
    assert found.links.count() == 2
    assert (
        AuditEvent.objects.filter(verb="strength linked", actor_id=thea.pk).count() == 1
    )


def test_cleos_choice_since_theas_page_was_opened_stays(sign_in, thea, cleo):
    one, two, three = (agreed_goal(cleo, thea) for _ in range(3))
    found = strength(cleo, by=cleo.user, helps=[one])
    with acting_as(cleo.user.pk), transaction.atomic():
        StrengthLink.choose(found, [one, two], by=cleo.user)
    old_page = {"was": [str(one.pk)], "goals": [str(three.pk)]}
    sign_in(thea).post(reverse("strength-goals", args=[found.pk]), old_page)
    helped = set(found.links.current().values_list("goal", flat=True))
    assert helped == {two.pk, three.pk}


def test_a_goal_of_another_client_is_refused(sign_in, thea, theo, cleo, carl):
    found, foreign = strength(cleo, by=cleo.user), agreed_goal(carl, theo)
    url = reverse("strength-goals", args=[found.pk])
    page = told(sign_in(thea).post(url, {"goals": str(foreign.pk)}, follow=True))
    assert "One of these goals is no longer open." in page
    assert not StrengthLink.objects.exists()


def test_nor_does_the_database_link_it(thea, theo, cleo, carl):
    found, foreign = strength(cleo, by=cleo.user), agreed_goal(carl, theo)
    in_care(carl, thea, "co_therapist")
    with refused(thea.pk, "goals_strengthlink_goal_id_client_id"):
        StrengthLink.choose(found, [foreign], by=thea)
        connection.check_constraints()


def test_nor_can_it_be_linked_in_the_other_sides_name(thea, cleo):
    found, goal = strength(cleo, by=cleo.user), agreed_goal(cleo, thea)
    for who, side in ((thea, "client"), (cleo.user, "therapist")):
        with refused(who.pk, "row-level security"):
            StrengthLink(
                practice_id=cleo.practice_id, client=cleo, strength=found, goal=goal,
                by=who, side=side,
            ).save(force_insert=True)  # fmt: skip


def test_a_closed_goal_keeps_its_linked_strengths(thea, cleo):
    one, two = agreed_goal(cleo, thea), agreed_goal(cleo, thea)
    found = strength(cleo, by=cleo.user, helps=[one])
    Goal.objects.filter(pk=one.pk).update(closed_at=timezone.now())
    with acting_as(thea.pk), transaction.atomic():
        StrengthLink.choose(found, [two], by=thea)
    helped = set(found.links.current().values_list("goal", flat=True))
    assert helped == {one.pk, two.pk}


# -- wins -----------------------------------------------------------------------------


def lay(goal, words, *, by):
    with acting_as(by.pk), transaction.atomic():
        Step.add(goal, words, by=by).reach(by=by)


def test_thea_adds_a_win_listed_beside_the_steps_reached(sign_in, thea, cleo):
    lay(agreed_goal(cleo, thea), "One stop alone", by=thea)
    browser = sign_in(thea)
    url = reverse("win-add", args=[cleo.pk])
    body = {"words": "Came without checking the way", "once": str(uuid4())}
    for _again in range(2):
        page = told(browser.post(url, body, follow=True))
    assert "Came without checking the way" in page and "Added by Thea" in page
    assert "One stop alone" in page
    assert Win.objects.count() == 1
    assert Win.objects.get().happened_on == thea.today()


def test_a_win_without_text_is_refused_and_nothing_is_written(sign_in, thea, cleo):
    url = reverse("win-add", args=[cleo.pk])
    page = told(sign_in(thea).post(url, {"words": "", "happened_on": "2026-01-02"}))
    assert "Fill this in." in page and 'value="2026-01-02"' in page
    assert not Win.objects.exists()


def test_thea_withdraws_her_own_win_and_restores_it(sign_in, thea, cleo):
    win = note_win(cleo, "Came without checking", by=thea)
    browser = sign_in(thea)
    page = told(browser.post(reverse("win-withdraw", args=[win.pk]), follow=True))
    assert "Came without checking" not in page and "Win removed." in page
    page = told(browser.post(reverse("win-restore", args=[win.pk]), follow=True))
    assert "Came without checking" in page


def test_nobody_withdraws_the_other_sides_win(sign_in, thea, cleo):
    hers, theirs = (note_win(cleo, "A stop", by=who) for who in (cleo.user, thea))
    answer = sign_in(thea).post(reverse("win-withdraw", args=[hers.pk]))
    assert answer.status_code == 404
    url = reverse("portal-win-withdraw", args=[theirs.pk])
    assert sign_in(cleo.user).post(url).status_code == 404
    assert Win.objects.not_withdrawn().count() == 2


def test_the_earlier_ones_are_on_the_next_page(sign_in, thea, cleo):
    for number in range(25):
        day = thea.today() - timedelta(days=number)
        note_win(cleo, f"Win of day {number:02}.", by=thea, happened_on=day)
    browser = sign_in(thea)
    first = told(browser.get(page_of(cleo)))
    assert "Older" in first and "day 19." in first and "day 20." not in first
    second = told(browser.get(page_of(cleo), {"page": 2}))
    assert "Newer" in second and "day 20." in second and "day 19." not in second


# -- permissions and cost --------------------------------------------------------------


def test_each_change_leaves_one_audit_row_that_names_its_author(thea, cleo):
    found = strength(cleo, by=thea)
    answered(found, by=cleo.user)
    note_win(cleo, "A stop", by=cleo.user)
    verbs = ("strength proposed", "strength answered", "win noted")
    rows = AuditEvent.objects.filter(client_id=cleo.pk, verb__in=verbs).order_by("at")
    assert [(row.verb, row.actor_id) for row in rows] == [
        ("strength proposed", thea.pk),
        ("strength answered", cleo.user_id),
        ("win noted", cleo.user_id),
    ]
    assert rows[1].detail == {"answer": "accepted"}


def test_thea_cannot_answer_for_cleo(thea, cleo):
    found = strength(cleo, by=thea)
    with acting_as(thea.pk), transaction.atomic():
        assert not found.answer(True, by=thea)
        rows = Strength.objects.filter(pk=found.pk)
        assert rows.update(state="accepted", answered_at=timezone.now()) == 0


def test_thea_cannot_add_an_accepted_strength(thea, cleo):
    now = timezone.now()
    row = Strength(
        practice=cleo.practice, client=cleo, **PATIENCE, proposed_by=thea,
        side="therapist", state="accepted", answered_at=now,
    )  # fmt: skip
    with refused(thea.pk, "row-level security"):
        row.save(force_insert=True)


def test_the_text_of_a_strength_never_changes(cleo):
    found = strength(cleo, by=cleo.user)
    update = "UPDATE goals_strength SET moment = moment WHERE id = %s"
    with refused(cleo.user_id, "permission denied"), connection.cursor() as cursor:
        cursor.execute(update, [found.pk])


def test_the_page_takes_as_many_statements_with_fifty(sign_in, thea, cleo):
    goal = agreed_goal(cleo, thea)
    lay(goal, "One stop", by=thea)
    strength(cleo, by=cleo.user, helps=[goal])
    note_win(cleo, "A stop", by=thea)
    browser = sign_in(thea)
    one = pinned(browser, page_of(cleo))
    for number in range(50):
        words = {"name": f"Strength {number}", "moment": "One day."}
        strength(cleo, by=cleo.user, said=words, helps=[goal])
        note_win(cleo, f"Win {number}", by=thea)
    lay(goal, "Two stops", by=thea)
    assert pinned(browser, page_of(cleo)) == one <= 14


def test_a_strength_for_a_client_without_a_portal_waits(sign_in, thea):
    nadia = admit("Nadia", by=thea, joined=False)
    page = told(sign_in(thea).get(reverse("strength-add", args=[nadia.pk])))
    assert "Nadia has no portal account and cannot answer there." in page
