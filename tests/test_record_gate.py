"""A record taken along, in a real browser, by either side."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from conftest import as_role
from tests.cast import agreed_goal, hold
from tests.test_form_gate import main, press
from transfer.export import job

pytestmark = pytest.mark.browser


def make_copies():
    """What the nudged worker does."""
    with as_role("cairn_worker"):
        job.make_waiting()


def test_cleo_takes_her_record_along(at, accessible, thea, cleo):
    agreed_goal(cleo, thea, ratings=[3, 4, 5])
    hold(cleo, thea, at=timezone.now() - timedelta(days=1))
    page = at(cleo.user, phone=True)
    page.goto("/portal/more/")
    page.get_by_role("link", name="Download your record").click()
    expect(main(page)).to_contain_text("What the copy includes")
    accessible(page)
    press(page, "Make a copy")
    expect(main(page)).to_contain_text("Your copy is being prepared")
    accessible(page)
    make_copies()
    expect(main(page)).to_contain_text("Your copy is ready")  # without a press
    accessible(page)
    for name, begins in (("To read (PDF)", b"%PDF"), ("Everything (ZIP)", b"PK")):
        with page.expect_download() as download:
            page.get_by_role("link", name=name).click()
        with open(download.value.path(), "rb") as file:
            assert file.read(4).startswith(begins)
        assert "Cleo" not in download.value.suggested_filename


def test_thea_makes_a_copy_that_cleo_asked_for(at, accessible, thea, cleo):
    page, hers = at(thea), at(cleo.user, phone=True)
    page.goto(f"/clients/{cleo.pk}/")
    page.get_by_role("link", name=re.compile("Copy of the record")).click()
    press(page, "Make a copy")
    make_copies()
    expect(main(page)).to_contain_text("Your copy is ready")
    accessible(page)
    with page.expect_download():
        page.get_by_role("link", name="Everything (ZIP)").click()
    hers.goto("/portal/looked/")
    expect(main(hers)).to_contain_text("Exported from your record")
