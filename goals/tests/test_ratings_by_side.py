"""Cleo's and Thea's ratings are two series: every number names its side."""

import re
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from conftest import in_care
from database.identity import acting_as
from digests.models import Digest
from goals.models import Goal, GoalRating
from overview.goal_progress_page import GoalProgressPage
from tests.cast import agreed_goal, book
from transfer.export.files import as_csv
from transfer.export.pdf import Drawing, draw
from transfer.export.read import read_record

DAY = timedelta(days=1)


def rate(goal, by, *values, ago=1):
    with acting_as(by.pk), transaction.atomic():
        for number, value in enumerate(values):
            at = timezone.now() - (ago + len(values) - 1 - number) * DAY
            GoalRating.give({goal: value}, by=by, at=at)


class Written:
    """A canvas that records the lines written on it and draws nothing."""

    l_margin, epw = 0, 170

    def __init__(self):
        self.lines = []

    def get_y(self):
        return 0

    def text_of(self, words, **how):
        self.lines.append(str(words))

    def __getattr__(self, name):
        return lambda *words, **how: self.lines.extend(map(str, words))


def text(answer):
    bare = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return re.sub(r"\s+", " ", bare).replace(" .", ".").replace(" ,", ",")


def week_of(person):
    now = timezone.now()
    return Digest.objects.create(
        practice=person.practice,
        recipient=person,
        starts_at=now - 3 * DAY,
        ends_at=now + 4 * DAY,
        period="2026-W01",
        made_at=now - timedelta(hours=1),
    )


@pytest.fixture
def goal(cleo, thea):
    """Cleo: 2, then 4 this week. Thea: 8, then 9 later."""
    goal = agreed_goal(cleo, thea)
    rate(goal, cleo.user, 2, ago=10)
    rate(goal, thea, 8, ago=9)
    rate(goal, cleo.user, 4, ago=2)
    rate(goal, thea, 9, ago=1)
    return goal


def test_cleos_week_says_whose_rating_each_is(goal, cleo, sign_in):
    page = sign_in(cleo.user).get(f"/portal/digest/{week_of(cleo.user).pk}/")
    assert "Your own ratings" not in text(page)
    assert "You: 4 · Your therapist: 9" in text(page)


def test_a_week_in_which_only_thea_rated_shows_no_rating_of_cleo(cleo, thea, sign_in):
    rate(agreed_goal(cleo, thea), thea, 9)
    page = sign_in(cleo.user).get(f"/portal/digest/{week_of(cleo.user).pk}/")
    assert "Your therapist: 9" in text(page)
    assert "You:" not in text(page)


def test_theas_week_compares_each_side_with_itself(goal, thea, sign_in):
    page = text(sign_in(thea).get(f"/digest/{week_of(thea).pk}/"))
    assert "Cleo: 4, was 2" in page
    assert "You: 9, was 8" in page
    assert "was 4" not in page


def test_theos_week_does_not_call_a_colleagues_rating_his_own(
    goal, cleo, theo, sign_in
):
    in_care(cleo, theo, "co_therapist")
    page = text(sign_in(theo).get(f"/digest/{week_of(theo).pk}/"))
    assert "Therapist: 9, was 8" in page
    assert "You: 9" not in page


def test_last_time_is_the_readers_own_rating(goal, cleo, thea, sign_in):
    for person, url, own in ((cleo.user, "/portal", 4), (thea, "", 9)):
        page = sign_in(person).get(f"{url}/goals/{goal.pk}/").content.decode()
        assert re.findall(r'class="n(\d+) last"', page) == [str(own)]


def test_each_can_remove_only_their_own_last_rating(goal, cleo, thea, sign_in):
    browser = sign_in(cleo.user)
    page = browser.get(f"/portal/goals/{goal.pk}/").content.decode()
    assert "You rated 4," in page  # though Thea rated after that
    url = re.search(r'action="(/portal/ratings/[^"]+/withdraw/)"', page)[1]
    browser.post(url)
    left = goal.ratings.not_withdrawn().order_by("at").values_list("value", flat=True)
    assert list(left) == [2, 8, 9]
    hers = goal.ratings.not_withdrawn().get(value=9)
    browser.post(f"/portal/ratings/{hers.pk}/withdraw/")
    assert goal.ratings.not_withdrawn().filter(value=9).exists()


def test_the_chart_tells_two_series_apart_by_shape_and_name(goal, thea, sign_in):
    page = sign_in(thea).get(f"/goals/{goal.pk}/").content.decode()
    key = re.search(r'<p class="chart-key">.*?</p>', page, re.S)[0]
    client, therapist = key.split("</span>")[:2]
    assert "Cleo" in client and "<circle" in client
    assert "You" in therapist and "<path" in therapist
    table = re.findall(r"<strong>(\d+)</strong></td><td>([^<]+)</td>", page)
    assert table == [("9", "Thea"), ("4", "Cleo"), ("8", "Thea"), ("2", "Cleo")]
    assert "Cleo: Two ratings so far, 2 and 4." in page
    assert "You: Two ratings so far, 8 and 9." in page


def test_the_portal_names_them_you_and_the_therapist(goal, cleo, sign_in):
    page = sign_in(cleo.user).get(f"/portal/goals/{goal.pk}/").content.decode()
    table = re.findall(r"<strong>(\d+)</strong></td><td>([^<]+)</td>", page)
    assert table == [("9", "Thea"), ("4", "You"), ("8", "Thea"), ("2", "You")]


def test_the_session_screen_shows_both_and_repeats_the_readers_own(
    goal, cleo, thea, sign_in
):
    session = book(cleo, thea, at=timezone.now() + timedelta(minutes=5))
    page = sign_in(thea).get(session.get_absolute_url())
    assert "Cleo: 4," in text(page) and "You: 9," in text(page)
    assert "No change, 9" in text(page)
    assert "No change, 4" not in text(page)


def test_a_rating_of_0_counts_as_a_rating(cleo, thea, sign_in):
    rate(agreed_goal(cleo, thea), thea, 0)
    session = book(cleo, thea, at=timezone.now() + timedelta(minutes=5))
    assert "No change, 0" in text(sign_in(thea).get(session.get_absolute_url()))


def test_a_colleagues_rating_is_not_called_mine(cleo, thea, theo, sign_in):
    from conftest import in_care

    in_care(cleo, theo, "co_therapist")
    rate(agreed_goal(cleo, thea), thea, 9)
    session = book(cleo, thea, at=timezone.now() + timedelta(minutes=5))
    page = text(sign_in(theo).get(session.get_absolute_url()))
    assert "Thea: 9," in page and "You: 9" not in page


def test_cleos_page_has_a_line_for_each_side(goal, cleo, thea, sign_in):
    page = text(sign_in(thea).get(cleo.get_absolute_url()))
    assert re.search(r"Cleo: 4 of 10, [^.]+, was 2\.", page)
    assert re.search(r"You: 9 of 10, [^.]+, was 8\.", page)
    assert "Cleo rated 4 of 10" in page


def test_the_caseload_shows_cleos_rating_and_says_so(goal, thea, sign_in):
    page = text(sign_in(thea).get("/caseload/"))
    row = page.split("Last contact")[1].split("Need urgent access")[0]
    assert "4 client" in row and "9" not in row


def test_the_caseload_shows_theas_rating_only_if_cleo_gave_none(cleo, thea, sign_in):
    rate(agreed_goal(cleo, thea), thea, 9)
    assert "9 therapist" in text(sign_in(thea).get("/caseload/"))


def caseload_row(thea, sign_in):
    page = text(sign_in(thea).get("/caseload/"))
    return page.split("Last contact")[1].split("Need urgent access")[0]


def test_the_goal_rated_last_is_the_one_either_side_rated_last(
    goal, cleo, thea, sign_in
):
    """Cleo rated the first one a day ago; Thea rated the other after that."""
    other = agreed_goal(cleo, thea, content={"own_words": "Sleep through"})
    rate(other, cleo.user, 6, ago=5)
    assert "4 client" in caseload_row(thea, sign_in)
    rate(other, thea, 8, ago=0)
    row = caseload_row(thea, sign_in)
    assert "6 client" in row and "4 client" not in row
    rate(goal, cleo.user, 5, ago=-0.01)
    assert "5 client" in caseload_row(thea, sign_in)


def test_cleos_list_of_goals_keeps_the_two_apart(goal, cleo, sign_in):
    page = text(sign_in(cleo.user).get("/portal/goals/"))
    assert "Your last rating 4" in page
    assert "Your therapist’s last rating: 9." in page


def test_the_mean_is_of_cleos_ratings_and_says_so(goal, cleo, thea, sign_in):
    rate(goal, cleo.user, 3, ago=5)
    with acting_as(thea.pk):
        progress = GoalProgressPage(cleo, thea)
        assert (progress.mean.n, progress.mean.mean) == (1, 2.0)  # 4 - 2, not 9 - 2
    page = text(sign_in(thea).get(f"/clients/{cleo.pk}/progress/"))
    assert "From the client’s ratings." in page
    assert "From 2 to 4, rated by the client." in page
    own = text(sign_in(cleo.user).get("/portal/progress/"))
    assert "From your own ratings." in own


def test_the_mean_uses_theas_ratings_only_for_a_goal_cleo_never_rated(
    goal, cleo, thea, sign_in
):
    rate(goal, cleo.user, 3, ago=5)
    rate(agreed_goal(cleo, thea, content={"own_words": "Sleep"}), thea, 1, 3, 5)
    with acting_as(thea.pk):
        assert GoalProgressPage(cleo, thea).mean.mean == 3.0
    page = text(sign_in(thea).get(f"/clients/{cleo.pk}/progress/"))
    few = "for 1 goal that the client rated on fewer than three days, from the therap"
    assert few in page
    assert "From 1 to 5, rated by the therapist." in page
    own = text(sign_in(cleo.user).get("/portal/progress/"))
    assert "From 1 to 5, rated by your therapist." in own


def test_a_mean_of_theas_ratings_only_says_so(cleo, thea, sign_in):
    rate(agreed_goal(cleo, thea), thea, 1, 3, 5)
    own = text(sign_in(cleo.user).get("/portal/progress/"))
    assert "From your therapist’s ratings." in own
    page = text(sign_in(thea).get(f"/clients/{cleo.pk}/progress/"))
    assert "From the therapist’s ratings." in page


def test_one_rating_by_each_side_is_no_pair(cleo, thea):
    goal = agreed_goal(cleo, thea)
    rate(goal, thea, 2, ago=3)
    rate(goal, cleo.user, 7)
    with acting_as(thea.pk):
        assert GoalProgressPage(cleo, thea).mean.n == 0


def test_the_review_and_the_reached_page_name_both(goal, cleo, thea, sign_in):
    rate(goal, cleo.user, 3, ago=5)
    browser = sign_in(thea)
    browser.post(f"/goals/{goal.pk}/review/begin/")
    page = text(browser.get(f"/goals/{goal.pk}/review/"))
    assert "Cleo: 4 of 10 now, 2 at the start." in page
    assert "You: 9 of 10 now, 8 at the start." in page
    Goal.objects.filter(pk=goal.pk).update(
        closed_at=timezone.now(), ended_as="reached", review=None
    )
    page = text(sign_in(cleo.user).get(f"/portal/goals/{goal.pk}/reached/"))
    assert "You: 4 of 10. Your therapist: 9 of 10." in page
    assert "You: from 2 to 4" in page
    page = text(browser.get(f"/goals/{goal.pk}/reached/"))
    assert "Cleo: 4 of 10. You: 9 of 10." in page


def test_a_colleagues_ratings_belong_to_the_therapists_side(
    goal, cleo, thea, theo, sign_in
):
    in_care(cleo, theo, "co_therapist")
    rate(goal, theo, 6)
    for person in (thea, theo):
        page = sign_in(person).get(f"/goals/{goal.pk}/").content.decode()
        key = re.search(r'<p class="chart-key">.*?</p>', page, re.S)[0]
        assert "Therapist" in key and "You" not in key
    browser = sign_in(theo)
    browser.post(f"/goals/{goal.pk}/review/begin/")
    assert "Therapist: 6 of 10 now, 8 at the start." in text(
        browser.get(f"/goals/{goal.pk}/review/")
    )


def test_the_timeline_has_a_line_for_each_side(goal, cleo, thea, sign_in):
    pages = [
        text(sign_in(thea).get(f"/clients/{cleo.pk}/journey/")),
        text(sign_in(cleo.user).get("/portal/journey/")),
    ]
    for page in pages:
        assert "Cleo: 2 ratings, too early to say." in page
        assert "Therapist: 2 ratings, too early to say." in page
        assert "Cleo: Rated" in page and "Therapist: Rated" in page


def test_the_pdf_and_the_csv_say_whose_rating_it_is(goal, cleo, thea):
    with acting_as(thea.pk):
        record = read_record(cleo, thea)
        assert draw(record).startswith(b"%PDF")
        paper = Written()
        Drawing(paper, record).all()
    said = "\n".join(paper.lines)
    assert "● Cleo, 2 ratings: 2" in said
    assert "■ Thea, 2 ratings: 8" in said
    head, first, *_ = as_csv(record.tables["ratings"]).lstrip("\ufeff").splitlines()
    row = dict(zip(head.split(","), first.split(","), strict=True))
    assert (row["side"], row["by"]) == ("client", "Cleo")


def test_a_past_session_says_who_rated(cleo, thea, sign_in):
    from tests.cast import hold

    goal = agreed_goal(cleo, thea)
    session = hold(cleo, thea, at=timezone.now() - DAY)
    with acting_as(thea.pk), transaction.atomic():
        GoalRating.give({goal: 6}, by=thea, session=session)
    assert "Rated by you" in text(sign_in(thea).get(session.get_absolute_url()))
