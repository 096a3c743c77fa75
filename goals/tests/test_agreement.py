"""A version is in effect only when both agreed to exactly that version."""

import json

import pytest
from django.db import DatabaseError, transaction

from accounts import encryption
from accounts.models import AuditEvent
from database.identity import acting_as
from goals.models import Agreement, Goal, GoalVersion, Overtaken
from tests.cast import WORDS, agree, propose

SHORTER = {"own_words": "Take the bus one stop"}


def seen_by(user, goal):
    with acting_as(user.pk):
        return Goal.objects.visible_to(user).with_words().get(pk=goal.pk)


def test_cleo_proposes_and_thea_agrees(cleo, thea):
    goal = propose(cleo, by=cleo.user)
    assert not seen_by(thea, goal).is_agreed
    assert seen_by(thea, goal).waits_for == "therapist"
    assert agree(goal, by=thea)
    agreed = seen_by(thea, goal)
    assert agreed.in_force.number == 1
    with acting_as(thea.pk):
        assert agreed.in_force.own_words == WORDS["own_words"]


def test_one_agreement_is_not_enough_however_often_it_is_given(cleo):
    goal = propose(cleo, by=cleo.user)
    assert not agree(goal, by=cleo.user)
    assert not seen_by(cleo.user, goal).is_agreed


def test_a_counterproposal_leaves_the_agreed_version_in_effect(cleo, thea):
    goal = propose(cleo, by=cleo.user)
    agree(goal, by=thea)
    with acting_as(thea.pk), transaction.atomic():
        seen_by(thea, goal).propose_version(SHORTER, by=thea)
    now = seen_by(cleo.user, goal)
    assert (now.in_force.number, now.latest.number, now.waits_for) == (1, 2, "client")
    agree(goal, by=cleo.user)
    assert seen_by(cleo.user, goal).in_force.number == 2


def test_thea_cannot_agree_to_a_version_replaced_while_she_read(cleo, thea):
    goal = propose(cleo, by=cleo.user)
    read = seen_by(thea, goal)
    with acting_as(cleo.user.pk), transaction.atomic():
        seen_by(cleo.user, goal).propose_version(SHORTER, by=cleo.user)
    with pytest.raises(Overtaken), acting_as(thea.pk), transaction.atomic():
        read.latest.agree(by=thea)


def test_thea_cannot_agree_for_cleo_even_by_sql(cleo, thea):
    goal = propose(cleo, by=thea)
    forged = Agreement(
        practice_id=cleo.practice_id,
        client=cleo,
        version=goal.latest,
        side="client",
        by=thea,
        fingerprint=goal.latest.fingerprint,
    )
    with (
        pytest.raises(DatabaseError, match="row-level security"),
        acting_as(thea.pk),
        transaction.atomic(),
    ):
        forged.save(force_insert=True)


def test_the_database_rejects_a_version_in_effect_with_one_agreement(cleo, thea):
    goal = propose(cleo, by=thea)
    with (
        pytest.raises(DatabaseError, match="both keys"),
        acting_as(thea.pk),
        transaction.atomic(),
    ):
        Goal.objects.filter(pk=goal.pk).update(in_force=goal.latest)


def test_history_cannot_be_rewritten(cleo, thea):
    goal = propose(cleo, by=thea)
    for history in (GoalVersion, Agreement):
        with pytest.raises(DatabaseError), acting_as(thea.pk), transaction.atomic():
            history.objects.filter(client=cleo).delete()
    assert goal.versions.count() == 1


def test_the_same_wording_of_two_goals_has_two_fingerprints(cleo, thea):
    first, second = propose(cleo, by=thea), propose(cleo, by=thea)
    assert first.latest.fingerprint != second.latest.fingerprint
    with acting_as(thea.pk):
        again = GoalVersion.objects.get(pk=first.latest_id)
        assert again.compute_fingerprint() == first.latest.fingerprint


def test_a_fingerprint_older_than_the_added_fields_is_still_valid(cleo, thea):
    """It covered these five fields; empty newer fields change nothing."""
    goal = propose(cleo, by=thea)
    five = {"own_words": WORDS["own_words"], "clinical_words": "", "low_end": ""}
    five |= {"high_end": "", "review_on": ""}
    text = json.dumps([str(goal.pk), 1, five], sort_keys=True)
    with acting_as(thea.pk):
        then = encryption.fingerprint(cleo.practice_id, cleo.pk, text)
    assert goal.latest.fingerprint == then


def test_ratings_are_withdrawn_by_their_author_only(cleo, thea):
    goal = propose(cleo, by=thea)
    with acting_as(thea.pk), transaction.atomic():
        rating = goal.rate(6, by=thea)
    with acting_as(cleo.user.pk), transaction.atomic():
        assert not goal.ratings.get(pk=rating.pk).withdraw(by=cleo.user)
    with acting_as(thea.pk), transaction.atomic():
        assert goal.ratings.get(pk=rating.pk).withdraw(by=thea)
        assert not goal.ratings.not_withdrawn().exists()
        assert goal.ratings.count() == 2


def test_each_write_leaves_its_audit_row(cleo, thea):
    goal = propose(cleo, by=cleo.user)
    agree(goal, by=thea)
    verbs = AuditEvent.objects.filter(object_id=goal.pk).values_list("verb", "actor_id")
    assert list(verbs.order_by("pk")) == [
        ("goal proposed", cleo.user.pk),
        ("goal agreed", cleo.user.pk),
        ("goal agreed", thea.pk),
        ("goal in force", thea.pk),
    ]


def test_the_history_shows_each_version_each_agreement_and_each_withdrawal(
    sign_in, cleo, thea
):
    goal = propose(cleo, by=cleo.user)
    agree(goal, by=thea)
    with acting_as(thea.pk), transaction.atomic():
        seen_by(thea, goal).propose_version(SHORTER, by=thea)
        goal.rate(9, by=thea).withdraw(by=thea)
    for person, url in (
        (thea, f"/goals/{goal.pk}/"),
        (cleo.user, f"/portal/goals/{goal.pk}/"),
    ):
        page = sign_in(person).get(url).content.decode()
        history = page[page.index('id="hi"') :]
        for words in (
            *WORDS.values(),
            *SHORTER.values(),
            "Agreed by you:",
            "Agreed by",
        ):
            assert words in history
        assert "Thea rated 9" in history
        assert "then removed it" in history


def test_a_write_whose_audit_row_fails_is_not_written(cleo, thea):
    goal = propose(cleo, by=thea)
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("REVOKE INSERT ON accounts_auditevent FROM cairn_acl")
    with pytest.raises(DatabaseError), acting_as(thea.pk), transaction.atomic():
        goal.rate(6, by=thea)
    assert not goal.ratings.exists()
