"""A page of both sides is one template, in the reader's own layout."""

from pathlib import Path

import pytest

from tests.cast import agreed_goal

PAGES = {
    "comments/": "Add a comment",
    "links/": "Link a goal",
    "numbers/": "Importance and confidence",
    "steps/": "Next step",
    "key-back/": "Withdraw my agreement",
}
BOTH = Path(__file__).resolve().parents[2] / "templates" / "both"


@pytest.mark.parametrize("name", sorted(path.name for path in BOTH.glob("*.html")))
def test_a_template_of_both_sides_takes_the_readers_layout(name):
    text = (BOTH / name).read_text()
    assert text.startswith('{% extends "base_both.html" %}\n')


@pytest.fixture
def goal(cleo, thea):
    return agreed_goal(cleo, thea)


@pytest.mark.parametrize(("page", "words"), PAGES.items())
def test_cleo_and_thea_read_the_same_page_each_in_their_own_layout(
    sign_in, cleo, thea, goal, page, words
):
    theas = sign_in(thea).get(f"/goals/{goal.pk}/{page}").content.decode()
    cleos = sign_in(cleo.user).get(f"/portal/goals/{goal.pk}/{page}").content.decode()
    for text, own, others in (
        (theas, "/caseload/", 'href="/portal/'),
        (cleos, "/portal/", 'href="/caseload/'),
    ):
        assert words in text.partition("<h1>")[2].partition("</h1>")[0]
        assert f'href="{own}"' in text
        assert others not in text
    crumbs = theas.partition('class="crumbs"')[2].partition("</ol>")[0]
    assert f'href="/clients/{cleo.pk}/"' in crumbs
    assert f'href="/goals/{goal.pk}/"' in crumbs
    assert 'class="crumbs"' not in cleos
