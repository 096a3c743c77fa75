"""The admin's forms, filled as the page offers them, and found at the other party."""

import re
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import CrisisLine, OutgoingEmail
from conftest import admit, person
from database.identity import acting_as
from tests.test_form_gate import LONG, fill, link_in, main, plan_and_send, press, sink

pytestmark = pytest.mark.browser
__all__ = ["sink"]  # a fixture


def row(page, name):
    return page.get_by_role("row").filter(has_text=name)


def test_ada_keeps_the_settings_and_they_hold_for_everybody(at, ada, thea, cleo, sink):
    page = at(ada)
    page.goto("/people/")
    press(page, "Practice", role="link")
    fill(page, name="Quay Practice", session_minutes="40", idle_minutes="12",
         sender_name="Quay", portal_days="45")  # fmt: skip
    page.get_by_label("Time zone", exact=True).select_option("Europe/Berlin")
    press(page, "Save changes")
    expect(page.get_by_role("status")).to_contain_text(
        "The change takes effect immediately"
    )
    expect(page.get_by_label("After how many minutes")).to_have_value("12")
    page.goto("/people/invite/")
    fill(page, name="Kit", email="kit@example.test")
    page.get_by_text("Sees clients and their records").click()
    press(page, "Send invitation")
    plan_and_send()
    email = sink.messages[0]
    assert str(email.message["From"]).startswith("Quay <")
    kits = at(None)
    kits.goto(link_in(email))
    expect(main(kits)).to_contain_text("Quay Practice has invited you")
    theas = at(thea)
    theas.goto(f"/clients/{cleo.pk}/book/")
    expect(theas.get_by_role("radio", name="40 min")).to_be_checked()


def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(at, ada):
    page = at(ada)
    page.goto("/practice/")
    fill(page, name="Quay Practice", idle_minutes="45")
    press(page, "Save changes")
    expect(page.locator("#div_id_idle_minutes")).to_contain_text("30")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Quay Practice")


def test_a_crisis_line_is_seen_by_cleo_and_signed_out_once_somebody_rang(at, ada, cleo):
    page, cleos, visitor = at(ada), at(cleo.user, phone=True), at(None, phone=True)
    page.goto("/practice/")
    press(page, "Add crisis line", role="link")
    fill(page, name="Night line", number="116 123", hours="All night, free")
    press(page, "Add crisis line")
    expect(main(page)).to_contain_text("Not verified, so not shown")
    for other, url in ((cleos, "/help/"), (visitor, "/help/harbour/")):
        other.goto(url)
        expect(main(other)).not_to_contain_text("Night line")
    press(page, "Change Night line", role="link")
    page.get_by_label("Verified on").fill(timezone.localdate().isoformat())
    press(page, "Save crisis line")
    expect(main(page)).to_contain_text("Verified")
    for other in (cleos, visitor):
        other.reload()
        expect(main(other)).to_contain_text("Night line")
        expect(main(other)).to_contain_text("All night, free")
        expect(other.get_by_role("link", name="116 123")).to_be_visible()


def test_lines_are_ordered_and_removed_as_cleo_sees_them(at, ada, cleo, practice):
    for position, name in enumerate(["First line", "Second line"]):
        CrisisLine.objects.create(
            practice=practice, name=name, number="116 123", position=position,
            verified_on=timezone.localdate() - timedelta(days=400),
        )  # fmt: skip
    page, cleos = at(ada), at(cleo.user, phone=True)
    page.goto("/practice/")
    expect(main(page)).to_contain_text("over a year ago: call it again")
    press(page, "Move up Second line")
    cleos.goto("/help/")
    names = cleos.locator("#lines + ul strong")
    expect(names).to_have_text(["Second line", "First line"])
    press(page, "Change First line", role="link")
    press(page, "Remove First line")
    expect(main(page)).not_to_contain_text("First line")
    cleos.reload()
    expect(main(cleos)).not_to_contain_text("First line")


def test_a_new_notice_is_what_nadia_reads_when_she_joins(at, ada, thea, sink):
    page = at(ada)
    page.goto("/practice/")
    press(page, "Write a new version", role="link")
    page.get_by_label("Privacy notice").fill("We keep what you write.\n\nNobody else.")
    press(page, "Save as version 2")
    expect(main(page)).to_contain_text("Version 2")
    nadia = admit("Nadia", by=thea, joined=False, email="nadia@example.test")
    with acting_as(thea.pk), transaction.atomic():
        nadia.invite(by=thea)
    plan_and_send()
    hers = at(None, phone=True)
    hers.goto(link_in(sink.messages[0]))
    hers.get_by_text("The full privacy notice, version 2").click()
    expect(main(hers)).to_contain_text("We keep what you write.")


def test_theo_gets_back_in_after_ada_reset_his_sign_in(at, ada, theo, sink):
    theos, page = at(theo), at(ada)
    theos.goto("/today/")
    page.goto("/people/")
    press(page, "Reset sign-in Theo", role="link")
    expect(main(page)).to_contain_text(theo.email)
    press(page, "Reset sign-in")
    expect(page.get_by_role("status")).to_contain_text("A link and a notice are on")
    theos.goto("/today/")
    expect(theos).to_have_url(re.compile("/sign-in/"))
    plan_and_send()
    theos.goto(link_in(sink.messages[0]))
    theos.get_by_label("New password").fill(LONG)
    theos.get_by_label("Repeat it").fill(LONG)
    press(theos, "Save password")
    theos.get_by_label("Email").fill(theo.email)
    theos.get_by_label("Password").fill(LONG)
    press(theos, "Sign in")
    expect(theos).to_have_url(re.compile("/today/"))
    page.goto("/audit/")
    expect(row(page, "Reset a sign-in")).to_contain_text("Theo")


def test_ada_finds_what_thea_opened_and_takes_it_as_a_file(at, ada, thea, cleo, carl):
    theas, page = at(thea), at(ada)
    theas.goto(f"/clients/{cleo.pk}/")
    page.goto("/people/")
    press(page, "Access log", role="link")
    page.get_by_label("Who").select_option(label="Thea")
    page.get_by_label("Kind").select_option(label="Opened")
    page.get_by_label("Client").fill("hart")
    page.get_by_label("From").fill(timezone.localdate().isoformat())
    press(page, "Show")
    expect(main(page)).to_contain_text("1 entry, newest first")
    expect(row(page, "Client page")).to_contain_text("Cleo Hart")
    with page.expect_download() as caught:
        press(page, "Export CSV", role="link")
    assert re.fullmatch(r"audit-[\d-]+\.csv", caught.value.suggested_filename)
    text = caught.value.path().read_text()
    assert "Cleo Hart" in text
    assert text.count("\n") == 2


def test_ada_sees_that_an_email_went_and_another_was_refused(at, ada, theo, sink):
    page = at(ada)
    page.goto("/people/invite/")
    fill(page, name="Kit", email="kit@example.test")
    page.get_by_text("Manages accounts; cannot see clinical records").click()
    press(page, "Send invitation")
    press(page, "Email log", role="link")
    expect(row(page, "Kit")).to_contain_text("Waiting")
    plan_and_send()
    page.reload()
    expect(row(page, "Kit")).to_contain_text("Sent")
    now = timezone.now()
    OutgoingEmail.objects.create(
        practice_id=theo.practice_id, recipient=theo, kind="therapist-digest",
        period="x", due_at=now, not_after=now, state="failed", reason="refused: 550",
    )  # fmt: skip
    page.reload()
    press(page, "Failed 1", role="link")
    expect(main(page)).not_to_contain_text("Kit")
    expect(row(page, "Theo")).to_contain_text("Ask for another address")
    page.get_by_label("Kind").select_option(label="Invitation")
    press(page, "Show")
    expect(main(page)).to_contain_text("No emails of this kind")


def test_without_scripts_the_settings_and_the_filter_work(at, ada, cleo):
    page = at(ada, scripts=False)
    page.goto("/practice/")
    fill(page, session_minutes="45")
    press(page, "Save changes")
    expect(page.locator('[name="session_minutes"]')).to_have_value("45")
    page.goto("/audit/?sort=settings")
    expect(row(page, "Changed the practice’s settings")).to_contain_text("Ada")


@pytest.mark.parametrize("phone", [False, True])
def test_who_is_both_walks_between_the_two_sides(at, practice, phone):
    page = at(person(practice, "Samir", is_therapist=True, is_admin=True), phone=phone)
    page.goto("/today/")
    page.locator("details.menu summary").click()
    page.locator("details.menu").get_by_role("link", name="People").click()
    expect(page).to_have_url(re.compile("/people/"))
    page.locator("details.menu summary").click()
    page.locator("details.menu").get_by_role("link", name="Today").click()
    expect(page).to_have_url(re.compile("/today/"))


def test_axe_finds_nothing_and_every_page_fits(at, accessible, ada, thea, theo, cleo):
    line = CrisisLine.objects.create(
        practice=ada.practice, name="Night line", number="116 123"
    )
    now = timezone.now()
    for number, state in enumerate(["sent", "held", "failed", "waiting"]):
        OutgoingEmail.objects.create(
            practice_id=theo.practice_id, recipient=theo, kind="therapist-digest",
            period=str(number), due_at=now, not_after=now, state=state,
            reason="refused: 550" if state == "failed" else "",
        )  # fmt: skip
    urls = ["/audit/", "/audit/?since=x", "/deliveries/", "/practice/",
            "/practice/notice/", "/practice/lines/add/", f"/practice/lines/{line.pk}/",
            f"/people/{theo.pk}/reset/", "/people/?state=unused"]  # fmt: skip
    for phone in (True, False):
        page = at(ada, phone=phone)
        for url in urls:
            page.goto(url)
            accessible(page)
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= (390 if phone else 1280), (url, wide)
            assert "Theo" not in page.title()
        if phone:
            heights = page.locator(".nav a").evaluate_all(
                "links => links.map(link => link.getBoundingClientRect().height)"
            )
            assert len(set(heights)) == 1, heights
