"""The demo's mail box, which also stands in for the mail server in tests."""

import json
import smtplib
import time
import urllib.error
import urllib.request
from email.message import EmailMessage

import pytest

from ops.mail import Sink


@pytest.fixture
def sink(tmp_path):
    with Sink(tmp_path / "mail") as sink:
        yield sink


def send(sink, *to, subject="Hello", text="See you.", html=None):
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = subject, "cairn@x.test", "all"
    message["Message-ID"] = "<one@x.test>"
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    with smtplib.SMTP("127.0.0.1", sink.smtp_port, timeout=5) as smtp:
        smtp.send_message(message, to_addrs=to or ["cleo@x.test"])


def get(sink, path, **headers):
    request = urllib.request.Request(f"{sink.page}{path}", headers=headers)
    with urllib.request.urlopen(request) as answer:
        return answer.read().decode(), answer.headers


def test_each_recipient_has_a_mail_newest_first(sink):
    send(sink, "cleo@x.test", "carl@x.test")
    send(sink, subject="Second")
    mails = json.loads(get(sink, "/mails.json")[0])
    assert [(mail["to"], mail["subject"]) for mail in mails] == [
        ("cleo@x.test", "Second"),
        ("carl@x.test", "Hello"),
        ("cleo@x.test", "Hello"),
    ]
    assert mails[0]["text"].strip() == "See you."
    assert mails[0]["message_id"] == "<one@x.test>"
    assert get(sink, "/")[0].index("Second") < get(sink, "/")[0].index("Hello")


def test_only_links_to_this_machine_can_be_followed(sink):
    send(sink, text="Go to http://localhost:8000/join/x/. Not http://evil.test/ <b>")
    page = get(sink, f"/mail/{sink.messages[0].id}")[0]
    assert '<a href="http://localhost:8000/join/x/" ' in page
    assert "&lt;b&gt;" in page
    assert 'href="http://evil.test' not in page


def test_the_html_of_a_mail_can_do_nothing(sink):
    send(sink, subject="<script>", html="<script>alert(1)</script><p>Hello</p>")
    key = sink.messages[0].id
    assert "<script>" not in get(sink, "/")[0] + get(sink, f"/mail/{key}")[0]
    html, headers = get(sink, f"/mail/{key}/html")
    assert "<p>Hello</p>" in html
    assert headers["Content-Security-Policy"].startswith("sandbox allow-popups")
    assert "Content-Type: text/html" in get(sink, f"/mail/{key}/raw")[0]


def test_the_box_can_be_emptied_from_its_own_page_only(sink):
    send(sink)
    request = urllib.request.Request(f"{sink.page}/empty", data=b"")
    request.add_header("Origin", "http://evil.test")
    with pytest.raises(urllib.error.HTTPError, match="403") as refused:
        urllib.request.urlopen(request)
    refused.value.close()
    assert len(sink.messages) == 1
    urllib.request.urlopen(f"{sink.page}/empty", data=b"").close()
    assert sink.messages == []


def test_no_other_name_may_point_at_the_box(sink):
    with pytest.raises(urllib.error.HTTPError, match="403") as refused:
        get(sink, "/", Host="evil.test")
    refused.value.close()


def test_mails_outlive_the_server(sink, tmp_path):
    send(sink)
    with Sink(tmp_path / "mail") as another:
        assert [mail.to for mail in another.messages] == ["cleo@x.test"]


def test_a_server_that_says_later_takes_nothing(sink):
    sink.answer = "451 try later"
    with pytest.raises(smtplib.SMTPDataError, match="451"):
        send(sink)
    assert sink.messages == []


def test_a_server_that_is_silent_has_taken_the_mail(sink):
    sink.delay_after_data = 0.3
    began = time.monotonic()
    send(sink)
    assert time.monotonic() - began >= 0.3
    assert len(sink.messages) == 1
