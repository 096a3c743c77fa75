"""Cleo and Thea do everything at random; after each step every page of both says so.

The machine and its model are those of goals/tests/test_both_at_random.py.  Here each
page is asked for what the model knows: what is in effect, what is proposed, whose
agreement is missing, the last number of each side, the day of the review.
"""

import html
import os
import re
from datetime import timedelta

from django.utils import timezone
from hypothesis import HealthCheck, Phase
from hypothesis import settings as hypothesis_settings
from hypothesis.stateful import run_state_machine_as_test

from digests.models import Digest
from goals.tests.test_both_at_random import machine_of, other
from ui.templatetags.ui import day

EXAMPLES = int(os.environ.get("STORY_EXAMPLES", "5"))
DECIDED = {
    "keep": "Goal review decided: keep it as it is",
    "change": "Goal review decided: change it",
    "aside": "Goal review decided: set it aside",
    "reached": "Goal review decided: reached",
}


def said(answer) -> str:
    """What a page says, without its mark-up."""
    assert answer.status_code == 200, answer.status_code
    text = answer.content.decode()
    main = re.search(r"<main.*?</main>", text, re.S)
    bare = re.sub(r"<[^>]+>", " ", main.group() if main else text)
    return (
        re.sub(r"\s+", " ", html.unescape(bare)).replace(" .", ".").replace(" ,", ",")
    )


def day_words(when) -> str:
    return re.sub(r"<[^>]+>", "", day(when, "within"))


def digest_of(person) -> Digest:
    now = timezone.now()
    return Digest.objects.create(
        practice=person.practice,
        recipient=person,
        starts_at=now - timedelta(days=3),
        ends_at=now + timedelta(days=4),
        period="2026-W01",
        made_at=now - timedelta(hours=1),
    )


class Pages:
    """What each page must say about the one goal there is."""

    def __init__(self, cleo, thea, sign_in):
        self.cleo, self.thea = cleo, thea
        self.theirs = {"client": sign_in(cleo.user), "therapist": sign_in(thea)}
        self.digests = {"client": digest_of(cleo.user), "therapist": digest_of(thea)}
        self.opened = None  # which goal both have opened, after which step

    def __call__(self, story):
        self.story = story
        self.who_agreed()  # before anybody opens the goal
        self.opened = (story.goal.pk, story.step)
        for side in ("client", "therapist"):
            self.goal_page(side)
        self.portal_home()
        self.portal_goals()
        self.client_page()
        self.today()
        self.caseload()
        self.digest_of_thea()
        self.digest_of_cleo()

    def page(self, side, url) -> str:
        return said(self.theirs[side].get(url))

    # -- what the model knows, in words ------------------------------------------

    def standing(self, side) -> list[str]:
        story = self.story
        if story.closed:
            ended = {"aside": "Set aside", "reached": "Reached", "declined": "Declined"}
            return [f"{ended.get(story.closed, 'Proposal withdrawn')} today."]
        lines = []
        if story.in_force:
            review = story.review_on and f", review {day_words(story.review_on)}"
            lines.append(f"Agreed today{review or ''}.")
        if story.differ:
            lines += ["You each see this goal differently.", *self.earlier]
        elif story.in_force and story.latest != story.in_force:
            lines.append("A new wording is proposed.")
        elif not story.in_force and story.asked() and story.latest in story.ever:
            lines.append(f"{self.earlier[0]} One of you agreed again.")
        elif not story.in_force and story.asked() and self.earlier:
            lines += ["A new wording was proposed today.", *self.earlier]
        elif not story.in_force and story.asked():
            lines.append("Proposed today, not agreed yet.")
        elif not story.in_force:
            lines.append("Not in effect: an agreement was withdrawn.")
        if story.review_on and not story.in_force:
            lines.append(f"Review {day_words(story.review_on)}.")
        asked = story.asked()
        if asked == side:
            lines.append("Needs your agreement.")
        elif asked == "client":
            lines.append("Waiting for Cleo to agree.")
        elif asked:
            lines.append("Waiting for your therapist to agree.")
        return lines

    @property
    def earlier(self) -> list[str]:
        """What is said beside a proposal where both once agreed to other words."""
        withdrawn = self.story.ever and not self.story.in_force
        return ["The earlier agreement was withdrawn."] if withdrawn else []

    def last(self, side) -> int | None:
        values = self.story.ratings[side]
        return values[-1] if values else None

    @property
    def is_pending(self) -> bool:
        story = self.story
        return not story.closed and story.latest != story.in_force

    # -- page by page ------------------------------------------------------------

    def who_agreed(self):
        """An agreement is told to the other side alone; at Cleo's home, unless
        something else is asked about the goal."""
        story = self.story
        step, side = story.agreed or (0, "")
        by = side if step == story.step and not story.closed else ""
        if self.opened == (story.goal.pk, step):  # a rule that did nothing came after
            by = ""
        page = self.page("therapist", "/today/")
        told = "The client agreed to the wording of a goal. It is in effect."
        assert (told in page) == (by == "client")
        page = self.page("client", "/portal/")
        told = "Your therapist agreed to this wording. It is in effect"
        changing = story.decision and story.decision[0] == "change"
        if by != "therapist" or not (story.review or changing):
            assert (told in page) == (by == "therapist")

    def goal_page(self, side):
        story = self.story
        prefix = "/portal" if side == "client" else ""
        answer = self.theirs[side].get(f"{prefix}/goals/{story.goal.pk}/")
        page, raw = said(answer), answer.content.decode()
        suggests = "suggests a wording. Nothing changes unless you agree."
        if not (side == "client" and suggests in page):
            for line in self.standing(side):
                assert line in page, (line, page[:600])
        else:
            assert story.asked() == "client"
            assert all(line in page for line in self.earlier)
        assert ("The agreed goal" in page) == bool(story.in_force)
        if story.in_force:
            agreed = raw.split("The agreed goal")[1].split("</section>")[0]
            assert story.words[story.in_force] in agreed
        proposal = f"Proposal, version {story.latest} "
        rests = self.is_pending and not story.asked() and not story.differ
        assert (proposal in page) == (self.is_pending and not rests)
        can = self.is_pending and side not in story.standing[story.latest]
        assert (f"Agree to version {story.latest} " in page) == can
        self.numbers_of_goal_page(side, raw)

    def numbers_of_goal_page(self, side, raw):
        names = {"client": "Cleo", "therapist": "Thea"}
        if side == "client":
            names = {"client": "You", "therapist": "Thea"}
        row = r"<strong>(\d+)</strong></td><td>([^<]+)</td>"
        last = {}
        for value, name in re.findall(row, raw):
            last.setdefault(name, int(value))
        wanted = {n: self.last(s) for s, n in names.items() if self.last(s) is not None}
        assert last == wanted
        offered = 'name="value"' in raw
        story = self.story
        ended = story.ever and not story.in_force and not story.differ
        assert offered == (not story.closed and not ended)
        if offered:
            marked = re.search(r'class="n(\d+) last"', raw)
            assert (marked and int(marked[1])) == self.last(side)
        removed = re.search(r"You rated (\d+),", raw)
        mine = None if self.story.closed else self.last(side)  # over: nothing to remove
        assert (removed and int(removed[1])) == mine

    def portal_home(self):
        story, page = self.story, self.page("client", "/portal/")
        asked = story.asked() == "client"
        verb = (
            "Thea suggests a new wording"
            if story.latest > 1
            else "Thea proposes a goal"
        )
        if story.latest < story.numbers:  # newer ones were declined or withdrawn
            verb = "Thea’s earlier wording needs your agreement again"
        if story.latest in story.ever:
            verb = "Your therapist agreed again to an earlier wording"
        assert (verb in page) == asked
        review = story.review  # beside a proposal as well
        unanswered = review and "client" not in story.choices
        assert (self.started in page) == unanswered
        assert ("Goal review: your turn" in page) == (review and self.my_turn("client"))

    @property
    def started(self) -> str:
        """What Cleo reads of an open review: who started it."""
        who = "You" if self.story.beginner == "client" else "Your therapist"
        return f"{who} started a goal review: add your answers"

    def my_turn(self, side) -> bool:
        choices = self.story.choices
        if len(choices) < 2:
            return False
        mine, theirs = choices[side], choices[other(side)]
        behind = self.story.choosers[-1] != side
        return not mine or bool(theirs and theirs != mine and behind)

    def portal_goals(self):
        if self.story.closed:
            return
        page = self.page("client", "/portal/goals/")
        for line in self.standing("client"):
            assert line in page, (line, page)
        mine, theirs = self.last("client"), self.last("therapist")
        assert ("Your last rating" in page) == (mine is not None)
        if mine is not None:
            assert f"Your last rating {mine}" in page
        sentence = f"Your therapist’s last rating: {theirs}."
        assert (sentence in page) == (theirs is not None)

    def client_page(self):
        page = self.page("therapist", f"/clients/{self.cleo.pk}/")
        if self.story.closed:
            return
        for line in self.standing("therapist"):
            assert line in page, (line, page)
        for side, name in (("client", "Cleo"), ("therapist", "You")):
            if self.last(side) is not None:
                assert f"{name}: {self.last(side)} of 10" in page
        waits = self.story.asked() == "therapist"
        assert ("A goal wording needs your agreement" in page) == waits

    def today(self):
        story, page = self.story, self.page("therapist", "/today/")
        asked = story.asked() == "therapist"
        again = asked and story.latest in story.ever
        assert ("Suggested a goal wording" in page) == (asked and not again)
        assert ("agreed again to an earlier wording" in page) == again
        unanswered = story.review and "therapist" not in story.choices
        theirs = story.beginner == "client"
        asks = "The client started a goal review. Add your answers."
        assert (asks in page) == bool(unanswered and theirs)
        own = "Goal review: your answers are missing."
        assert (own in page) == bool(unanswered and not theirs)
        turn = story.review and self.my_turn("therapist")
        assert ("Goal review: it is your turn" in page) == turn

    def caseload(self):
        page = self.page("therapist", "/caseload/")
        assert ("Needs your agreement" in page) == (self.story.asked() == "therapist")
        if self.story.closed:
            assert "No goal yet" in page
            return
        side = "client" if self.story.ratings["client"] else "therapist"
        if self.last(side) is None:
            assert "Not rated" in page
        else:
            assert f"{self.last(side)} {side}" in page

    def digest_of_thea(self):
        page = self.page("therapist", f"/digest/{self.digests['therapist'].pk}/")
        waiting = page.split("Needs your agreement")[1].split("Notes not signed")[0]
        assert ("Cleo" in waiting) == (self.story.asked() == "therapist")
        agreed = page.split("Newly agreed")[1].split("What changed")[0]
        in_force = None if self.story.closed else self.story.in_force
        assert (self.story.words.get(in_force, "-") in agreed) == bool(in_force)

    def digest_of_cleo(self):
        page = self.page("client", f"/portal/digest/{self.digests['client'].pk}/")
        assert ("Needs your agreement" in page) == (self.story.asked() == "client")
        story = self.story
        unanswered = story.review and "client" not in story.choices
        assert (self.started in page) == unanswered
        turn = story.review and self.my_turn("client")
        assert ("Goal review: your turn" in page) == turn
        if self.story.closed:
            return
        for side, name in (("client", "You"), ("therapist", "Your therapist")):
            value = self.last(side)
            assert (f"{name}: {value}" in page) == (value is not None)


def test_after_each_step_every_page_tells_the_same_story(cleo, thea, sign_in, settings):
    settings.RECORDS_A_MINUTE = 10**6
    people = {"client": cleo.user, "therapist": thea}
    run_state_machine_as_test(
        machine_of(people, cleo, told=Pages(cleo, thea, sign_in)),
        settings=story_settings(),
    )


def story_settings():
    return hypothesis_settings(
        max_examples=EXAMPLES,
        stateful_step_count=12,
        deadline=None,
        phases=[Phase.generate],  # each step reads nine pages: no time to shrink
        suppress_health_check=list(HealthCheck),
    )
