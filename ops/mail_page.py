"""The web page of the demo's test mailbox.

/              the list, newest first        /mails.json   the same for tests
/mail/ID       one email                     POST /empty   (or DELETE /) deletes all
/mail/ID/html  its HTML part, in a sandbox   /mail/ID/raw  its source
"""

from __future__ import annotations

import json
import re
import threading
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

HERE = ("localhost", "127.0.0.1")
LINK = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)]")
POLICY = (
    "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
# An email's own HTML: no scripts, nothing remote; links open outside the frame.
MAIL_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
)
STYLE = """
:root { color-scheme: light; --page: #fff; --text: #1d2733; --soft: #55606e;
  --line: #d5dae0; --link: #0b5a9d; }
@media (prefers-color-scheme: dark) {
  :root { color-scheme: dark; --page: #16191d; --text: #e6e9ed; --soft: #a9b2bd;
    --line: #3a424c; --link: #8cc2f2; }
}
html { background: var(--page); }
a { color: var(--link); }
body { background: var(--page); color: var(--text); max-width: 46rem; margin: 0 auto;
  padding: 1rem; font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
header { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: baseline;
  justify-content: space-between; }
h1 { font-size: 1.5rem; margin: .5rem 0; }
h2 { font-size: 1.1rem; margin: 1.5rem 0 .5rem; }
ul { list-style: none; padding: 0; }
li { border-top: 1px solid var(--line); padding: .75rem 0; }
li a { font-weight: 600; }
p.small, dt { color: var(--soft); margin: 0; }
dl { display: grid; grid-template-columns: auto 1fr; gap: 0 1rem; }
dd { margin: 0; }
pre { font: inherit; white-space: pre-wrap; border: 1px solid var(--line);
  border-radius: .5rem; padding: 1rem; margin: 0; }
iframe { width: 100%; height: 60vh; box-sizing: border-box; background: white;
  border: 1px solid var(--line); border-radius: .5rem; }
button { font: inherit; padding: .4rem .8rem; min-height: 2.5rem; }
"""


def page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)}</title><link rel="stylesheet" href="/style.css">'
        f"</head><body>{body}</body></html>"
    )


def moment(mail) -> str:
    return mail.received.astimezone().strftime("%d %b %Y, %H:%M:%S")


def list_page(mails) -> str:
    rows = "".join(
        f'<li><a href="/mail/{escape(mail.id)}">{escape(mail.subject) or "-"}</a>'
        f'<p class="small">{escape(mail.to)} · {moment(mail)}</p></li>'
        for mail in mails
    )
    empty = (
        '<form method="post" action="/empty"><button>Delete all emails</button></form>'
    )
    nothing = "<p>No emails yet. Reload this page after Cairn sends one.</p>"
    return page(
        "Test mailbox",
        "<header><h1>Test mailbox</h1>"
        f"{empty if mails else ''}</header><main>"
        "<p>Every email that Cairn sends is shown here; none is delivered.</p>"
        f"{f'<ul>{rows}</ul>' if rows else nothing}</main>",
    )


def with_links(text: str) -> str:
    """Escaped; only addresses on this machine can be followed."""
    done, at = [], 0
    for found in LINK.finditer(text):
        url = found.group()
        done.append(escape(text[at : found.start()]))
        at = found.end()
        if urlsplit(url).hostname in HERE:
            done.append(f'<a href="{escape(url)}" rel="noreferrer">{escape(url)}</a>')
        else:
            done.append(escape(url))
    return "".join(done) + escape(text[at:])


def mail_page(mail) -> str:
    key = escape(mail.id)
    html = (
        f'<h2>HTML</h2><iframe src="/mail/{key}/html" title="The email as HTML" '
        'sandbox="allow-popups allow-popups-to-escape-sandbox"></iframe>'
    )
    return page(
        mail.subject,
        f'<header><a href="/">All emails</a><a href="/mail/{key}/raw">Source</a>'
        f"</header><main><h1>{escape(mail.subject)}</h1>"
        f"<dl><dt>To</dt><dd>{escape(mail.to)}</dd>"
        f"<dt>From</dt><dd>{escape(str(mail.message['From'] or ''))}</dd>"
        f"<dt>Sent</dt><dd>{moment(mail)}</dd></dl>"
        f"<h2>Text</h2><pre>{with_links(mail.text)}</pre>"
        f"{html if mail.html else ''}</main>",
    )


class Handler(BaseHTTPRequestHandler):
    box = None  # set by serve()

    def do_GET(self):
        path = unquote(urlsplit(self.path).path)
        if not self._asked_by_name():
            return self._send(403, "Open this page as http://localhost", "text/plain")
        if path == "/":
            return self._send(200, list_page(self.box.all()[::-1]))
        if path == "/style.css":
            return self._send(200, STYLE, "text/css")
        if path == "/mails.json":
            mails = [mail.as_json() for mail in reversed(self.box.all())]
            return self._send(200, json.dumps(mails), "application/json")
        found = re.fullmatch(r"/mail/([^/]+?)(?:/(html|raw))?", path)
        mail = found and self.box.get(found[1])
        if not mail:
            body = '<h1>This email was deleted</h1><p><a href="/">All emails</a></p>'
            return self._send(404, page("Gone", body))
        if found[2] == "html":
            body = '<!doctype html><base target="_blank">' + mail.html
            return self._send(200, body, policy=MAIL_POLICY)
        if found[2] == "raw":
            return self._send(200, mail.raw.decode("utf-8", "replace"), "text/plain")
        return self._send(200, mail_page(mail))

    def do_POST(self):
        if self.path != "/empty" or not self._asked_by_name() or self._from_elsewhere():
            return self._send(403, "Not allowed", "text/plain")
        self.box.empty()
        self._send(303, "", Location="/")

    def do_DELETE(self):
        if not self._asked_by_name() or self._from_elsewhere():
            return self._send(403, "Not allowed", "text/plain")
        self.box.empty()
        self._send(200, "", "text/plain")

    def _asked_by_name(self) -> bool:
        """Emails contain one-use links, so refuse other host names (DNS rebinding)."""
        return urlsplit("//" + self.headers.get("Host", "")).hostname in HERE

    def _from_elsewhere(self) -> bool:
        origin = self.headers.get("Origin")
        return origin is not None and urlsplit(origin).netloc != self.headers["Host"]

    def _send(self, status, text, kind="text/html", policy=POLICY, **headers):
        data = text.encode()
        self.send_response(status)
        headers |= {
            "Content-Type": f"{kind}; charset=utf-8",
            "Content-Length": str(len(data)),
            "Content-Security-Policy": policy,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
            "Cache-Control": "no-store",
        }
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments):
        """No log of requests."""


def serve(box, host: str, port: int) -> ThreadingHTTPServer:
    handler = type("BoxHandler", (Handler,), {"box": box})
    server = ThreadingHTTPServer((host, port), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=[0.1], daemon=True).start()
    return server
