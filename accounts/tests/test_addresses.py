"""Another e-mail address counts once its own mail box confirmed it."""

import pytest
from django.core.exceptions import ValidationError

from accounts import addresses, email_addresses
from accounts.models import Message
from accounts.tests.signing_in import minutes


@pytest.mark.requirement("R31")
def test_a_new_address_is_confirmed_from_its_own_mail_box_and_both_are_told(
    sign_in, thea
):
    browser = sign_in(thea)
    browser.post("/settings/address/", {"email": "Thea.New@Example.test"})
    letter = Message.objects.get(kind="address-confirm")
    assert letter.address == "thea.new@example.test"
    thea.refresh_from_db()
    assert thea.email == "thea@example.test"
    answer = browser.get(f"/address/{addresses.token(letter.about)}/")
    assert answer.url == "/address/"
    assert "thea.new@example.test" in browser.get("/address/").content.decode()
    assert browser.post("/address/").url == "/settings/"
    thea.refresh_from_db()
    assert thea.email == "thea.new@example.test"
    told = Message.objects.filter(kind="account-changed").order_by("address")
    assert [letter.address for letter in told] == ["", "thea@example.test"]
    assert browser.post("/address/").status_code == 410  # once


def test_the_link_is_nobody_elses_and_ends_after_a_day(sign_in, thea, theo):
    browser, his = sign_in(thea), sign_in(theo)
    browser.post("/settings/address/", {"email": "thea.new@example.test"})
    secret = addresses.token(Message.objects.get(kind="address-confirm").about)
    his.get(f"/address/{secret}/")
    assert his.post("/address/").status_code == 410
    with minutes(24 * 60 + 1):
        later = sign_in(thea)
        later.get(f"/address/{secret}/")
        assert later.post("/address/").status_code == 410


@pytest.mark.requirement("R30")
def test_an_address_in_use_gets_the_same_answer_and_its_owner_is_told(
    sign_in, thea, theo
):
    browser = sign_in(thea)
    answers = [
        browser.post("/settings/address/", {"email": email}, follow=True)
        for email in (theo.email, "free@example.test")
    ]
    pages = [_without_wish(answer.content.decode()) for answer in answers]
    assert pages[0].count("on its way there") == pages[1].count("on its way there") == 1
    assert Message.objects.get(kind="account-exists").recipient == theo
    assert Message.objects.filter(kind="address-confirm").count() == 1


def _without_wish(page):
    return page.replace("free@example.test", "")


@pytest.mark.parametrize("joiner", ["\u200c", "\u200d"])
def test_a_domain_with_a_joiner_is_never_taken_for_the_one_without(joiner):
    with_it = email_addresses.normalize(f"mara@نامه{joiner}ای.example")
    assert with_it != email_addresses.normalize("mara@نامهای.example")
    with pytest.raises(ValidationError):
        email_addresses.validate(with_it)
    label = "xn--" + f"نامه{joiner}ای".encode("punycode").decode()
    said = f"mara@{label}.example"
    assert email_addresses.normalize(said) == said
    assert (
        email_addresses.normalize(f"mara@example.test{joiner}") == "mara@example.test"
    )


@pytest.mark.parametrize("said", ["bu\u0308cher", "b\u00adücher", "Bücher", "ﬁü"])
def test_an_ascii_label_is_never_rewritten_into_another(said):
    address = "mara@xn--" + said.encode("punycode").decode().lower() + ".example"
    assert email_addresses.normalize(address) == address
