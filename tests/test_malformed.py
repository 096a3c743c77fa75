"""What no browser sends: whatever a request is made of, it is never answered with 500.

Hypothesis makes the parts (bytes of headers, cookies, bodies, addresses), for visitors
and for who is signed in.
"""

from urllib.parse import quote

import pytest
from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from conftest import WebClient

TRIED = settings(
    max_examples=120,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
BYTES = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"))
CHARSETS = ["utf-7", "utf-16", "utf-32", "idna", "punycode", "rot13", "hex", "zlib",
            "unicode_escape", "raw_unicode_escape", "undefined", "utf-8-sig", "latin-1",
            "base64", "nonsense", "", "x" * 300, '"utf-7"', "UTF-7", 
            "utf-8; charset=utf-7", "utf-7; charset=utf-8", "utf_7", "u7"]  # fmt: skip
KINDS = ["application/x-www-form-urlencoded", "multipart/form-data; boundary=B",
         "multipart/form-data", "multipart/form-data; boundary=", "application/json",
         "text/plain", "", ";", "multipart/form-data; boundary=\xff",
         "multipart/form-data; boundary*=utf-8''%ff",
         "a/b; charset*=utf-7''x"]  # fmt: skip
HEADERS = ["HTTP_ACCEPT", "HTTP_ACCEPT_LANGUAGE", "HTTP_COOKIE", "HTTP_REFERER",
           "HTTP_ORIGIN", "HTTP_USER_AGENT", "HTTP_X_CAIRN_IDLE", "HTTP_X_CAIRN_PERSON",
           "HTTP_X_FORWARDED_FOR", "HTTP_X_REQUESTED_WITH", "HTTP_HX_REQUEST",
           "HTTP_HX_CURRENT_URL", "HTTP_IF_MODIFIED_SINCE", "HTTP_IF_NONE_MATCH",
           "HTTP_RANGE", "HTTP_HOST", "HTTP_X_CSRFTOKEN", "CONTENT_LENGTH",
           "HTTP_CONTENT_ENCODING", "HTTP_ACCEPT_ENCODING", "REMOTE_ADDR",
           "HTTP_X_HTTP_METHOD_OVERRIDE", "HTTP_EXPECT"]  # fmt: skip
ODD = ["\0", "%00", "%ff", "%ed%a0%80", "%u0000", "%", "%2", "9" * 25, "9" * 5000, "-1",
       "1e9", "%F0%9F%A7%97", "..", "%2e%2e", "//", ";", "a=b&a=c", "=", "&", "[]", "+",
       "\xed\xa0\x80", "\xff\xfe", "NaN", "0x10", "\u00b2"]  # fmt: skip
OUT = ["/", "/sign-in/", "/sign-in/second/", "/sign-in/passkey/", "/sign-in/here/",
       "/reset/", "/reset/x/y/", "/reset/x/set-password/", "/join/", "/join/x/",
       "/address/", "/address/x/", "/help/", "/help/x/", "/handed-over/", "/healthz",
       "/metrics", "/static/x", "/nowhere/", "/sign-out/", "/prove/"]  # fmt: skip
IN = ["/today/", "/caseload/", "/caseload/import/", "/settings/", "/settings/password/",
      "/settings/address/", "/settings/second-step/", "/settings/passkey/", "/stay/",
      "/clients/add/", "/emergency/", "/prove/", "/sign-in/here/", "/"]  # fmt: skip


# A visitor without a cookie, one with a browser's usual two, and Thea.
WHO = [None, "visitor", "thea"]
TOKEN = "a" * 32  # of the CSRF cookie: without one Django looks at no body


@pytest.fixture
def browsers(sign_in, thea, cleo):
    """Of each of WHO, as it was before whatever came before."""
    session = sign_in(thea).cookies["sessionid"].value
    cookies = {
        None: {},
        "visitor": {"csrftoken": TOKEN, "sessionid": "x" * 32},
        "thea": {"csrftoken": TOKEN, "sessionid": session},
    }

    def browser(who):
        more = {"headers": {"X-CSRFToken": TOKEN}, "enforce_csrf_checks": True}
        found = WebClient(raise_request_exception=False, **(more if who else {}))
        for name, value in cookies[who].items():
            found.cookies[name] = value
        return found

    return browser


def asked(browser, method, path, **more):
    """The answer's status; nothing that it wrote stays."""
    more.setdefault("content_type", "application/x-www-form-urlencoded")
    with transaction.atomic():
        answer = browser.generic(method, path, **more)
        transaction.set_rollback(True)
    return answer.status_code


def path_of(who):
    return st.sampled_from(IN if who == "thea" else OUT)


@pytest.mark.requirement("R20")
@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("charset", CHARSETS)
def test_no_character_set_breaks_a_page(browsers, who, charset):
    body = b"login=%2BAD0-&email=%ff&password=\xff+AD0-"
    places = ("/settings/", "/stay/") if who == "thea" else ("/sign-in/", "/reset/")
    for kind in KINDS:
        for path in (*places, "/nowhere/"):
            for method in ("GET", "POST"):
                said = f"{kind}; charset={charset}"
                status = asked(
                    browsers(who), method, path, data=body, content_type=said
                )
                assert status < 500, (method, path, said)
    said = f"application/x-www-form-urlencoded; charset={charset}"
    status = asked(browsers(who), "POST", "/sign-in/", data=body, content_type=said)
    if charset in ("", "utf-7; charset=utf-8"):  # the last one counts
        return
    assert status == 400, charset


@pytest.mark.requirement("R20")
@pytest.mark.parametrize("who", WHO)
def test_no_header_breaks_a_page(browsers, who):
    @TRIED
    @given(
        path=path_of(who),
        method=st.sampled_from(["GET", "POST", "HEAD"]),
        headers=st.dictionaries(
            st.sampled_from(HEADERS), BYTES | st.sampled_from(ODD), max_size=4
        ),
    )
    @example("/", "GET", {"HTTP_COOKIE": "sessionid=\xff\0; csrftoken=\0"})
    @example("/", "GET", {"HTTP_COOKIE": "sessionid=" + "x" * 9000})
    @example("/", "POST", {"HTTP_X_CAIRN_IDLE": "\u00b2"})
    @example("/", "GET", {"REMOTE_ADDR": "fe80::1%eth0"})
    @example("/", "GET", {"REMOTE_ADDR": "nonsense"})
    @example("/sign-in/", "POST", {"CONTENT_LENGTH": "-1"})
    @example("/sign-in/", "GET", {"HTTP_ACCEPT_LANGUAGE": "x" * 9000})
    def tried(path, method, headers):
        if promises_more(headers.get("CONTENT_LENGTH", "")):
            return
        status = asked(browsers(who), method, path, data=b"login=x", **headers)
        assert status < 500, (path, method, headers)

    tried()


def promises_more(length):
    """A body shorter than its length: a server waits for the rest, and the test client
    refuses to."""
    try:
        return int(length) > len(b"login=x")
    except (TypeError, ValueError):
        return False


@pytest.mark.requirement("R20")
@pytest.mark.parametrize("who", WHO)
def test_no_cookie_breaks_a_page(browsers, who):
    names = ["sessionid", "csrftoken", "device", "language", "messages", "join",
             "address", "reset"]  # fmt: skip

    @TRIED
    @given(path=path_of(who), name=st.sampled_from(names), value=BYTES)
    @example("/join/", "join", "\0" * 64)
    @example("/address/", "address", "\xff" * 64)
    @example("/reset/MQ/set-password/", "reset", "a-\0")
    def tried(path, name, value):
        browser = browsers(who)
        kept = "; ".join(f"{k}={m.value}" for k, m in browser.cookies.items())
        status = asked(browser, "GET", path, HTTP_COOKIE=f"{kept}; {name}={value}")
        assert status < 500, (path, name, value)

    tried()


@pytest.mark.requirement("R20")
@pytest.mark.parametrize("who", WHO)
def test_no_address_and_nothing_behind_its_question_mark_breaks_a_page(
    browsers, who, cleo
):
    begins = ["", "/", "/join/", "/address/", "/reset/", "/help/", "/static/",
              "/clients/", f"/clients/{cleo.pk}/", "/goals/", "/settings/ways/",
              "/settings/sign-ins/", f"/drafts/{cleo.pk}/", "/portal/", "/people/",
              "/digest/"]  # fmt: skip

    @TRIED
    @given(
        begin=st.sampled_from(begins),
        parts=st.lists(BYTES | st.sampled_from(ODD), max_size=3),
        query=BYTES | st.sampled_from(ODD) | st.builds(
            "{}={}".format,
            st.sampled_from(["q", "page", "next", "week", "since", "show", "sort"]),
            BYTES.map(lambda text: quote(text.encode("latin-1")))
            | st.sampled_from(ODD),
        ),
        method=st.sampled_from(["GET", "POST"]),
    )  # fmt: skip
    @example("/help/", ["\0"], "", "GET")
    @example("/join/", ["\0"], "", "GET")
    @example("/join/", ["\xff" * 64], "", "GET")
    @example("/reset/", ["AAAA", "\0"], "", "GET")
    @example("/reset/", ["\xff", "set-password"], "", "POST")
    @example("/settings/ways/", ["9" * 4000, "remove"], "", "POST")
    @example("/", ["today"], "page=%ed%a0%80", "GET")
    def tried(begin, parts, query, method):
        path = begin + "/".join(parts)
        if parts and begin:
            path += "/"
        raw = path.encode("utf-8", "surrogatepass").decode("latin-1")
        query = query.encode("utf-8", "surrogatepass").decode("latin-1")
        status = asked(
            browsers(who), method, "/", data=b"x=1", PATH_INFO=raw, QUERY_STRING=query
        )
        assert status < 500, (path, query)

    tried()


FILE = b'--B\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\nx\r\n'
TEXT = b'--B\r\nContent-Disposition: form-data; name="f"\r\n%s\r\n%s\r\n'
BASE64 = b"Content-Transfer-Encoding: base64\r\n"
FORM, PARTS = KINDS[0], KINDS[1]
UNREADABLE = {
    "no boundary": (KINDS[2], b"x=1"),
    "an empty boundary": (KINDS[3], b"x=1"),
    "a boundary that is no ASCII": (KINDS[8], b"x=1"),
    "1,200 fields": (FORM, b"&".join([b"a=1"] * 1_200)),
    "a form of 3 MB": (FORM, b"a=" + b"x" * 3_000_000),
    "a part of 3 MB": (PARTS, TEXT % (b"", b"x" * 3_000_000) + b"--B--\r\n"),
    "150 files": (PARTS, FILE * 150 + b"--B--\r\n"),
    "1,200 parts": (PARTS, TEXT % (b"", b"x") * 1_200 + b"--B--\r\n"),
    "broken base64": (PARTS, TEXT % (BASE64, b"x") + b"--B--\r\n"),
    "nothing": (PARTS, b""),
    "half a part": (PARTS, b"--B\r\nContent-Disposition: form-data; na"),
}


@pytest.mark.requirement("R20")
@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("what", UNREADABLE)
def test_no_page_that_refuses_breaks_over_a_body_that_cannot_be_read(
    browsers, who, what, settings
):
    """At an unknown address, a file's, one that only GET opens, and one of others."""
    kind, body = UNREADABLE[what]
    usual = ["/nowhere/", "/static/nothing.css", "/static/", "/healthz", "/sign-in/",
             "/clients/0190a6b0-1111-7222-8333-123456789abc/", "/practice/", "/today/",
             "/sign-out/", "/caseload/", "/"]  # fmt: skip
    for path in usual:
        for more in (
            {},
            {"HTTP_ORIGIN": "https://elsewhere.example"},
            {"HTTP_HOST": "elsewhere.example"},
            {"HTTP_ACCEPT": "application/json"},
        ):
            status = asked(
                browsers(who), "POST", path, data=body, content_type=kind, **more
            )
            assert status < 500, (path, what, more)


PART = '--B\r\nContent-Disposition: form-data; name="{}"{}\r\n{}\r\n{}\r\n'


@pytest.mark.requirement("R20")
@pytest.mark.parametrize("who", WHO)
def test_no_body_breaks_a_page(browsers, who):
    fields = ["login", "email", "password", "code", "credential", "who", "name", "file",
              "new_password1", "language", "time_zone", "next", "begin",
              "once"]  # fmt: skip
    parts = st.lists(
        st.builds(
            PART.format,
            st.sampled_from(fields) | BYTES,
            st.sampled_from(["", '; filename="x.csv"', '; filename=""',
                             "; filename*=utf-7''x", '; filename="\0"']),
            st.sampled_from(["", "Content-Type: text/plain; charset=utf-7\r\n",
                             "Content-Transfer-Encoding: base64\r\n",
                             "Content-Transfer-Encoding: nonsense\r\n"]),
            BYTES | st.sampled_from(ODD),
        ),
        max_size=3,
    ).map(lambda some: "".join([*some, "--B--\r\n"]))  # fmt: skip
    forms = st.lists(
        st.tuples(st.sampled_from(fields), BYTES | st.sampled_from(ODD)), max_size=4
    ).map(lambda some: "&".join(f"{name}={value}" for name, value in some))

    @TRIED
    @given(
        path=path_of(who),
        body=parts | forms | BYTES | st.sampled_from(ODD),
        kind=st.sampled_from(KINDS),
        accept=st.sampled_from(["text/html", "application/json"]),
    )
    @example("/sign-in/", "login=%00&password=%00", KINDS[0], "text/html")
    @example("/sign-in/", "login=%ed%a0%80&password=x", KINDS[0], "text/html")
    @example("/reset/", "email=" + "x" * 400 + "@y.example", KINDS[0], "text/html")
    @example("/sign-in/here/", "who=%00&code=1", KINDS[0], "application/json")
    @example("/sign-in/passkey/", 'credential={"id":"\ud800"}', KINDS[0], "text/html")
    @example("/sign-in/", "&".join(["a=1"] * 2000), KINDS[0], "text/html")
    @example("/reset/", "--B\r\n", KINDS[1], "text/html")
    def tried(path, body, kind, accept):
        raw = body.encode("utf-8", "surrogatepass")
        status = asked(
            browsers(who), "POST", path, data=raw, content_type=kind, HTTP_ACCEPT=accept
        )
        assert status < 500, (path, body, kind)

    tried()
