"""Who cares, who looks, who leaves: each form filled as the page offers it, sent, and
found again on its page and on the other party's."""

import re
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import expect

from clients.models import CareRole, Client
from conftest import admit, after_a_day, in_care
from database.identity import acting_as
from tests.cast import agreed_goal, asides_of, book, day, hold
from tests.test_form_gate import fill, main, press

pytestmark = pytest.mark.browser
WHY = "Rang at 19:40, crying, and hung up. Thea does not answer."


def follow(page, act):
    """An act of Today, which also names whom it is about."""
    named = re.compile(rf"^{act} ?, Cleo Hart")
    main(page).get_by_role("link", name=named).first.click()


def test_thea_gives_ines_a_role_and_ends_it(at, thea, ines, cleo):
    page, ineses = at(thea), at(ines, expect=["404"])
    page.goto(f"/clients/{cleo.pk}/")
    press(page, "Care team: hand over, cover, supervision", role="link")
    page.get_by_label("Person").select_option(label="Ines")
    page.get_by_text("Reads, comments to the therapist", exact=True).click()
    page.locator('[name="until"]').fill(day(30))
    press(page, "Add to care team")
    expect(main(page)).to_contain_text("supervisor, until")
    ineses.goto("/caseload/")
    expect(main(ineses)).to_contain_text("Cleo Hart")
    expect(main(ineses)).to_contain_text("you supervise")
    cleos = at(cleo.user, phone=True)
    cleos.goto("/portal/looked/")
    expect(main(cleos)).to_contain_text("your therapist’s supervisor, until")
    press(page, "End role Ines, supervisor")
    expect(main(page).get_by_role("region", name="Ended")).to_contain_text("Ines")
    ineses.goto(f"/clients/{cleo.pk}/")
    expect(main(ineses)).not_to_contain_text("Cleo")


def test_ada_sets_cover_for_the_holidays(at, ada, thea, theo, cleo):
    page, theas = at(ada), at(thea)
    page.goto("/care-roles/")
    press(page, "Change Cleo Hart", role="link")
    page.get_by_label("Person").select_option(label="Theo, 0 clients")
    page.get_by_text("Reads and writes, only between two dates").click()
    press(page, "Add to care team")
    expect(main(page)).to_contain_text("Cover needs a last day.")
    page.locator('[name="since"]').fill(day(20))
    page.locator('[name="until"]').fill(day(30))
    press(page, "Add to care team")
    waits = main(page).get_by_role("region", name="Waiting for confirmation")
    expect(waits).to_contain_text("Starts and ends automatically.")
    cleos = at(cleo.user, phone=True)
    cleos.goto("/portal/")
    expect(main(cleos)).to_contain_text(
        "They have no access until your therapist confirms."
    )
    theas.goto("/today/")
    expect(main(theas)).to_contain_text("A care role for Theo")
    follow(theas, "Decide")
    press(theas, "Confirm Theo, cover")
    expect(main(theas)).to_contain_text("Theo cover")
    cleos.reload()
    expect(main(cleos)).to_contain_text("Theo can open your record from")
    press(cleos, re.compile("Got it"))
    expect(main(cleos)).not_to_contain_text("Theo can open")


def test_ada_hands_cleo_to_theo_and_thea_loses_her(at, ada, thea, theo, cleo):
    book(cleo, thea, at=timezone.now() + timedelta(days=2))
    page, theas, theos = at(ada), at(thea), at(theo)
    page.goto(f"/care-roles/{cleo.pk}/")
    page.get_by_label("To", exact=True).select_option(label="Theo, 0 clients")
    page.get_by_text("Move with the client").click()
    main(page).get_by_role("button", name="Hand over").click()
    expect(main(page)).to_contain_text("Waiting for confirmation")
    theas.goto(f"/care-roles/{cleo.pk}/")
    press(theas, "Confirm Theo, primary")
    page.reload()
    expect(main(page)).to_contain_text("Theo primary, since today")
    theas.goto("/caseload/")
    expect(main(theas)).not_to_contain_text("Cleo")
    theos.goto("/caseload/")
    expect(main(theos)).to_contain_text("Cleo")
    cleos = at(cleo.user, phone=True)
    cleos.goto("/portal/")
    expect(main(cleos)).to_contain_text("Next session with Theo")


def test_thea_hands_over_herself_on_a_day_to_come(at, thea, theo, cleo):
    page = at(thea)
    page.goto(f"/care-roles/{cleo.pk}/")
    page.get_by_label("To", exact=True).select_option(label="Theo")
    page.locator('[name="over-since"]').fill(day(10))
    page.get_by_text("Cancel them").click()
    main(page).get_by_role("button", name="Hand over").click()
    expect(main(page)).to_contain_text("Theo primary, from")
    cleos = at(cleo.user, phone=True)
    cleos.goto("/portal/looked/")
    expect(main(cleos)).to_contain_text("your therapist, from")


def test_ines_comments_and_thea_reads_it(at, ines, thea, cleo):
    in_care(cleo, ines, "supervisor")
    session = hold(cleo, thea, at=timezone.now() - timedelta(days=1))
    page, theas = at(ines), at(thea)
    page.goto(f"/clients/{cleo.pk}/")
    fill(page, words="Ask what the wave is for.")
    press(page, "Save comment")
    expect(main(page)).to_contain_text("Not read yet.")
    page.goto(f"/sessions/{session.pk}/")
    fill(page, words="A good plan.")
    press(page, "Save comment")
    expect(main(page)).to_contain_text("A good plan.")
    theas.goto("/today/")
    expect(main(theas)).to_contain_text("A comment from Ines")
    follow(theas, "Read")
    expect(main(theas)).to_contain_text("Ask what the wave is for.")
    press(theas, "Mark as read the comment of Ines")
    expect(main(theas)).to_contain_text("Thea read it today")
    page.goto(f"/sessions/{session.pk}/")
    expect(main(page)).to_contain_text("Thea read it today")


def test_theo_opens_cleos_record_in_an_emergency(at, theo, thea, ada, cleo):
    page = at(theo, expect=["404"])
    page.goto("/caseload/")
    press(page, "Emergency access to a record", role="link")
    fill(page, name="Cleo Hart", reason="Urgent.")
    press(page, "Open record for four hours")
    expect(main(page)).to_contain_text("Write a full sentence")
    expect(page.locator('[name="reason"]')).to_have_value("Urgent.")
    fill(page, reason=WHY)
    press(page, "Open record for four hours")
    expect(main(page)).to_contain_text("Emergency access, read-only, until")
    theas, adas, cleos = at(thea), at(ada), at(cleo.user, phone=True)
    theas.goto("/today/")
    expect(main(theas)).to_contain_text("Theo used emergency access")
    follow(theas, "Read reason")
    expect(main(theas)).to_contain_text(WHY)
    press(theas, "Mark as seen")
    expect(main(theas)).not_to_contain_text(WHY)
    adas.goto("/care-roles/")
    expect(main(adas)).to_contain_text("Emergency access now")
    press(adas, "Change Cleo Hart", role="link")
    expect(main(adas)).to_contain_text("open until")
    expect(main(adas)).not_to_contain_text("crying")
    cleos.goto("/portal/looked/")
    expect(main(cleos)).to_contain_text("Theo, emergency access")
    expect(main(cleos)).to_contain_text(WHY)
    press(page, "End access now")
    page.goto(f"/clients/{cleo.pk}/")
    expect(main(page)).not_to_contain_text("Cleo")


def test_thea_leaves_and_everybody_has_somebody(at, ada, thea, theo, ines, cleo):
    mo = admit("Mo", by=thea, joined=False, family_name="Reyes")
    book(cleo, thea, at=timezone.now() + timedelta(days=2))
    page, theas = at(ada), at(thea)
    page.goto("/people/")
    press(page, "Thea", role="link")
    press(page, "Close account", role="link")
    page.get_by_text("In 24 hours", exact=True).click()
    page.get_by_label("New therapist for Cleo Hart").select_option("Theo, 0 clients")
    page.get_by_text("Move to the new therapist").click()
    press(page, "Close account")
    expect(page.locator("body")).to_contain_text("1 client needs a new therapist first")
    page.get_by_label("New therapist for Mo Reyes").select_option("Ines, 0 clients")
    press(page, "Close account")
    expect(main(page)).to_contain_text("Reopen account")
    theas.goto("/today/")
    expect(theas).to_have_url(re.compile("/sign-in/"))
    cleos = at(cleo.user, phone=True)
    cleos.goto("/portal/")
    expect(main(cleos)).to_contain_text("Theo will be your therapist, from")
    after_a_day(cleo, mo)
    for who, client in ((theo, cleo), (ines, mo)):
        theirs = at(who)
        theirs.goto("/caseload/")
        expect(main(theirs)).to_contain_text(client.name)
    cleos.reload()
    expect(main(cleos)).to_contain_text("Next session with Theo")
    press(page, "Reopen account")
    expect(main(page)).to_contain_text("Save roles")


def test_ada_makes_theo_an_admin_too(at, ada, theo):
    page = at(ada)
    page.goto(f"/people/{theo.pk}/")
    page.get_by_text("A therapist who also manages accounts").click()
    press(page, "Save roles")
    page.goto("/people/")
    row = page.get_by_role("row").filter(has_text="theo@")
    expect(row).to_contain_text("Therapist, admin")
    theos = at(theo)
    theos.goto("/people/")
    expect(main(theos)).to_contain_text("Ada")


def test_thea_discharges_cleo_and_takes_her_back(at, thea, cleo):
    goal = agreed_goal(cleo, thea, ratings=[4])
    book(cleo, thea, at=timezone.now() + timedelta(days=2))
    page, cleos = at(thea), at(cleo.user, phone=True)
    page.goto(f"/clients/{cleo.pk}/")
    press(page, "Discharge", role="link")
    press(page, "Discharge")
    expect(main(page)).to_contain_text("Choose one.")
    page.get_by_text("Cancel them").click()
    press(page, "Discharge")
    expect(main(page)).to_contain_text("Discharged today")
    cleos.goto(f"/portal/goals/{goal.pk}/")
    expect(main(cleos)).to_contain_text("Your therapy here has ended.")
    expect(main(cleos)).not_to_contain_text("Save rating")
    page.goto("/caseload/?show=discharged")
    press(page, "Cleo Hart", role="link")
    press(page, "Readmit")
    cleos.reload()
    expect(main(cleos)).to_contain_text("Save rating")


def test_cleo_asks_for_a_correction_and_reads_the_answer(at, cleo, thea):
    cleos, page = at(cleo.user, phone=True), at(thea)
    cleos.goto("/portal/more/")
    press(cleos, "Corrections", role="link")
    fill(cleos, about="My sister’s name", words="Mara, not Maria.")
    press(cleos, "Send request")
    expect(main(cleos)).to_contain_text("Not answered yet.")
    page.goto("/today/")
    follow(page, "Answer")
    expect(main(page)).to_contain_text("Mara, not Maria.")
    fill(page, answer="Thank you. It stands in the next note.")
    press(page, "Answer")
    expect(main(page)).to_contain_text("Thea answered today")
    cleos.reload()
    expect(main(cleos)).to_contain_text("It stands in the next note.")


def test_cleo_closes_her_account_and_thea_invites_her_again(at, cleo, thea):
    cleos, page = at(cleo.user, phone=True), at(thea)
    cleos.goto("/portal/more/")
    press(cleos, "Close your account", role="link")
    expect(main(cleos)).to_contain_text("Harbour Practice keeps your record")
    press(cleos, "Close my account")
    expect(main(cleos)).to_contain_text("Your account is closed")
    cleos.goto("/portal/")
    expect(cleos).to_have_url(re.compile("/sign-in/"))
    page.goto(f"/clients/{cleo.pk}/")
    expect(main(page)).to_contain_text("Cleo closed the portal today")
    press(page, "Invite again")
    expect(main(page)).to_contain_text("Invitation sent.")


def test_pages_of_care_are_accessible_and_fit_a_phone(
    at, accessible, thea, theo, ines, ada, cleo, carl
):
    in_care(cleo, ines, "supervisor")
    in_care(cleo, theo, "cover", begins=5, ends=9)
    asides = asides_of(cleo, supervisor=ines)
    session = hold(cleo, thea, at=timezone.now() - timedelta(days=1))
    pat = admit("Pat", by=theo)
    with acting_as(theo.pk), transaction.atomic():
        pat.discharge(by=theo)
    closed = admit("Kim", by=theo)
    long_ago = timezone.now() - timedelta(days=90)
    Client.objects.filter(pk=closed.pk).update(
        state="discharged", discharged_at=long_ago
    )
    theirs = {
        thea: [f"/care-roles/{cleo.pk}/", f"/clients/{cleo.pk}/", "/emergency/",
               f"/clients/{cleo.pk}/discharge/", "/today/",
               f"/corrections/{asides['correction_id'].pk}/"],
        ines: [f"/clients/{cleo.pk}/", f"/sessions/{session.pk}/", "/caseload/"],
        theo: [f"/clients/{pat.pk}/", "/caseload/?show=discharged"],
        ada: [f"/care-roles/{cleo.pk}/", f"/people/{thea.pk}/",
              f"/people/{thea.pk}/leave/", f"/people/{ada.pk}/", "/care-roles/"],
        cleo.user: ["/portal/looked/", "/portal/corrections/", "/portal/close/",
                    "/portal/closed/", "/portal/more/"],
        pat.user: ["/portal/", "/portal/goals/"],
        closed.user: ["/portal/"],
    }  # fmt: skip
    for somebody, urls in theirs.items():
        page = at(somebody, phone=True, expect=["403"])
        for url in urls:
            page.goto(url)
            accessible(page)
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= 390, (url, wide)
            assert "Cleo" not in page.title()
    assert CareRole.objects.filter(client=cleo).count() == 4
