"""Cleo and Thea act at random; only what both agreed to is in effect.

A small model records what each of them did, and must match the program after every
step. The texts of the pages are tested in tests/test_what_pages_say.py.
"""

from datetime import timedelta

from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from clients.models import Signal
from database.identity import acting_as
from goals.models import Agreement, Goal, Overtaken, Review
from goals.models.goal import KEPT
from tests.cast import signals_anew

SIDES = st.sampled_from(["client", "therapist"])
CHOICES = st.sampled_from(["keep", "change", "aside", "reached", ""])


def other(side):
    return "therapist" if side == "client" else "client"


def open_signals(client) -> list[tuple]:
    columns = ("kind", "about", "side", "since", "due_on", "until", "until_opened")
    rows = Signal.objects.filter(client=client).open().order_by("kind", "side", "about")
    return list(rows.values_list("pk", *columns))


def machine_of(people, client, told=None):
    """`told(machine)` is called after every step."""

    class TwoPeople(RuleBasedStateMachine):
        """`standing` maps a version's number to the sides whose agreement is in effect,
        each with the step at which it was given; `back` likewise for withdrawn
        ones."""

        def __init__(self):
            super().__init__()
            self.point = transaction.savepoint()
            with acting_as(people["client"].pk), transaction.atomic():
                self.goal = Goal.propose(
                    client, {"own_words": "One"}, by=people["client"]
                )
            self.step = 1
            self.standing, self.back = {1: {"client": 1}}, {1: {}}
            self.words, self.days = {1: "One"}, {1: None}  # of each version
            self.in_force, self.latest, self.numbers = None, 1, 1
            self.review_on = None
            self.ratings = {"client": [], "therapist": []}
            self.decision = None  # the last one, and who decided it
            self.closed, self.differ = "", False
            self.next = {}  # each side's suggestion while they differ
            self.ever = set()  # versions that were ever in effect
            self.agreed = None  # the step of the last agreement, and by which side
            self.declined = set()
            self.review, self.choices, self.choosers = False, {}, []
            self.beginner = ""  # the side that started the open review

        def teardown(self):
            transaction.savepoint_rollback(self.point)

        def act(self, side, verb):
            """Call the method as that side, on the current goal; None if Overtaken."""
            self.step += 1
            with acting_as(people[side].pk), transaction.atomic():
                rows = Goal.objects.visible_to(people[side]).with_words()
                goal = rows.select_related("client__user", "review").get(
                    pk=self.goal.pk
                )
                try:
                    return verb(goal, people[side])
                except Overtaken:
                    return "overtaken"

        # -- actions -------------------------------------------------------------

        def asked(self):
            """Whose agreement the newest version needs, given all actions."""
            if self.closed or self.differ or self.latest == self.in_force:
                return ""
            standing = self.standing[self.latest]
            if len(standing) != 1:
                return ""
            [(side, since)] = standing.items()
            withdrew = self.back[self.latest].get(other(side), 0)
            return "" if withdrew > since else other(side)

        @rule(
            side=SIDES,
            words=st.sampled_from(["Two", "Three", "Four"]),
            days=st.sampled_from([None, 30]),
        )
        def propose(self, side, words, days):
            day = days and people[side].today() + timedelta(days=days)
            content = {"own_words": f"{words} {self.numbers}", "review_on": day}
            done = self.act(side, lambda g, by: g.propose_version(content, by=by))
            if self.closed:
                assert done == "overtaken"
                return
            self.numbers += 1
            self.latest, self.differ = self.numbers, False
            self.standing[self.latest] = {side: self.step}
            self.back[self.latest] = {}
            self.words[self.latest] = content["own_words"]
            # The goal's current review date is not a proposed one.
            self.days[self.latest] = None if day == self.review_on else day

        @rule(side=SIDES)
        def agree(self, side):
            done = self.act(side, lambda g, by: g.latest.agree(by=by))
            if self.closed:
                assert done == "overtaken"
                return
            assert done == (side not in self.standing[self.latest])
            if done:
                self.standing[self.latest][side] = self.step
                if len(self.standing[self.latest]) == 2:
                    self.in_force, self.differ = self.latest, False
                    self.review_on = self.day_agreed()
                    self.ever.add(self.latest)
                    self.agreed = (self.step, side)

        def day_agreed(self):
            """The version's own date, else the goal's, else the previous version's."""
            earlier = [n for n in self.ever if n < self.latest and self.days[n]]
            set_last = earlier and self.days[max(earlier)]
            return self.days[self.latest] or self.review_on or set_last or None

        @rule(side=SIDES, back=st.integers(1, 3))
        def agree_to_an_older_version(self, side, back):
            number = self.latest - back
            if number < 1:
                return

            def verb(goal, by):
                version = goal.versions.select_related("goal").get(number=number)
                return version.agree(by=by)

            assert self.act(side, verb) == "overtaken"

        @rule(side=SIDES, agreed=st.booleans())
        def take_a_key_back(self, side, agreed):
            number = self.in_force if agreed else self.latest
            if number is None:
                return

            def verb(goal, by):
                version = goal.in_force if agreed else goal.latest
                version.goal = goal
                return version.withdraw_key("No", by=by)

            done = self.act(side, verb)
            if self.closed:
                assert done == "overtaken"
                return
            assert done == (side in self.standing[number])
            if done:
                del self.standing[number][side]
                self.back[number][side] = self.step
                self.fall(number)

        def fall(self, number):
            if number == self.in_force:
                self.in_force = self.review_on = None
                self.review = False  # nothing is left to review
            elif number == self.latest:
                if number in self.ever:
                    self.give_way("aside", self.in_force)
                else:
                    self.give_way("taken back", self.before(number))

        def before(self, number, sides=("client", "therapist")):
            """The version that counts without this one, if one of `sides` agrees."""
            if self.in_force:
                return self.in_force
            for earlier in range(number - 1, 0, -1):
                stands = set(self.standing[earlier]) & set(sides)
                if stands and earlier not in self.declined:
                    return earlier
                if earlier in self.ever:
                    return earlier if len(sides) == 1 else None
            return None

        def give_way(self, ended_as, before):
            if before is None:
                self.closed, self.differ, self.review = ended_as, False, False
            else:
                self.latest, self.differ = before, False

        @rule(side=SIDES)
        def decline(self, side):
            def verb(goal, by):
                goal.latest.goal = goal
                return goal.latest.decline("", by=by)

            mine = self.goal.versions.get(number=self.latest).side == side
            before = self.before(self.latest, (side,))
            nobodys = before is None and side == "therapist"
            again, asked = self.latest in self.ever, self.asked()
            done = self.act(side, verb)
            if again and not self.closed and asked == side:
                self.back[self.latest][side] = self.step
                self.give_way("aside", self.in_force)
            elif self.closed or mine or nobodys or again:
                assert done == "overtaken"
            else:
                self.declined.add(self.latest)
                self.give_way("declined", before)

        @rule(side=SIDES)
        def differ(self, side):
            def verb(goal, by):
                goal.latest.goal = goal
                return goal.latest.differ("Otherwise", by=by)

            done = self.act(side, verb)
            if self.closed or self.in_force == self.latest:
                assert done == "overtaken"
                return
            self.next = self.next if self.differ else {}
            self.differ = True

        @rule(side=SIDES, choice=st.sampled_from(["talk", "try", "third", "leave"]))
        def suggest_a_way_on(self, side, choice):
            def verb(goal, by):
                goal.latest.goal = goal
                return goal.latest.suggest_next(choice, by=by)

            done = self.act(side, verb)
            if self.closed or not self.differ:
                assert done == "overtaken"
                return
            self.next[side] = choice
            if set(self.next.values()) == {"try"} and len(self.next) == 2:
                self.review_on = people[side].today() + timedelta(days=14)

        @precondition(lambda self: self.differ and not self.closed)
        @rule(first=SIDES)
        def both_try_both(self, first):
            for side in (first, other(first)):
                self.suggest_a_way_on(side, "try")

        @rule(side=SIDES)
        def begin_a_review(self, side):
            done = self.act(side, lambda g, by: Review.begin(g, by=by))
            if self.review:
                return
            set_ = self.in_force or self.differ or self.review_on
            if self.closed or not set_:
                assert done == "overtaken"
                return
            self.review, self.choices, self.choosers = True, {}, []
            self.beginner = side

        @precondition(lambda self: self.review)
        @rule(side=SIDES, choice=CHOICES)
        def answer(self, side, choice):
            def verb(goal, by):
                goal.review.goal = goal
                return goal.review.answer({"goal_fits": "yes", "choice": choice}, by=by)

            self.act(side, verb)
            self.choices[side] = choice
            chosen = set(self.choices.values())
            self.choosers = [*(s for s in self.choosers if s != side), side]
            if len(self.choices) == 2 and len(chosen) == 1 and chosen != {""}:
                self.review, self.decision = False, (choice, side)
                self.next = {s: way for s, way in self.next.items() if way != "try"}
                today = people[side].today()
                days = {"keep": 91, "change": 14}.get(choice)
                if days:
                    self.review_on = today + timedelta(days=days)
                if choice in ("aside", "reached") and not self.closed:
                    self.closed, self.differ = choice, False

        @precondition(lambda self: self.review)
        @rule(choice=CHOICES, first=SIDES)
        def both_answer_alike(self, choice, first):
            self.answer(first, choice)
            if self.review:
                self.answer(other(first), choice)

        @precondition(lambda self: not self.closed and self.in_force is None)
        @rule()
        def both_agree(self):
            for side in ("client", "therapist"):
                if side not in self.standing[self.latest]:
                    self.agree(side)

        @rule(side=SIDES)
        def take_up(self, side):
            done = self.act(side, lambda g, by: g.take_up(by=by))
            assert done == (self.closed in ("aside", "reached"))
            if done:
                in_a_while = people[side].today() + timedelta(days=91)
                day = self.review_on or in_a_while
                self.closed, self.review_on = "", day if self.in_force else None

        @rule(side=SIDES, value=st.integers(0, 10))
        def rate(self, side, value):
            done = self.act(side, lambda g, by: g.rate(value, by=by))
            if self.closed:
                assert done == "overtaken"
            else:
                self.ratings[side].append(value)

        @rule(side=SIDES)
        def remove_the_last_rating(self, side):
            def verb(goal, by):
                mine = (
                    goal.ratings.not_withdrawn().filter(side=side).order_by("at").last()
                )
                return mine and mine.withdraw(by=by)

            if self.act(side, verb):
                self.ratings[side].pop()

        # -- invariants ----------------------------------------------------------

        @invariant()
        def the_two_tell_the_same_story(self):
            self.goal.refresh_from_db(fields=KEPT)
            goal = self.goal
            in_force = goal.in_force.number if goal.in_force else None
            assert in_force == self.in_force
            assert goal.latest.number == self.latest
            assert goal.ended_as == self.closed
            assert bool(goal.differs_since) == self.differ
            assert bool(goal.review_id) == self.review
            assert goal.waits_for == self.asked()
            assert goal.review_on == self.review_on
            for side, values in self.ratings.items():
                rows = goal.ratings.not_withdrawn().filter(side=side).order_by("at")
                assert list(rows.values_list("value", flat=True)) == values

        @invariant()
        def what_asks_for_attention_is_what_a_recompute_makes(self):
            stored = open_signals(client)
            signals_anew(client)
            assert open_signals(client) == stored

        @invariant()
        def the_pages_say_so(self):
            if told:
                told(self)

        @invariant()
        def what_is_in_force_both_agreed_to(self):
            if self.goal.in_force_id is None:
                return
            keys = Agreement.objects.filter(
                version=self.goal.in_force_id
            ).not_withdrawn()
            assert set(keys.values_list("side", flat=True)) == {"client", "therapist"}
            assert {key.fingerprint for key in keys} == {self.goal.in_force.fingerprint}

    return TwoPeople


def test_whatever_the_two_do_only_what_both_agreed_to_is_in_effect(cleo, thea):
    people = {"client": cleo.user, "therapist": thea}
    run_state_machine_as_test(
        machine_of(people, cleo),
        settings=settings(
            max_examples=30,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
