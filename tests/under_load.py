"""People who work on while something happens to Cairn, and what they were told."""

from __future__ import annotations

import http.client
import threading
import time
from dataclasses import dataclass, field
from itertools import count
from urllib.parse import urlencode

TOKEN = "x" * 32  # of the forms; any will do, as long as cookie and form agree
FORM = {"Content-Type": "application/x-www-form-urlencoded", "X-CSRFToken": TOKEN}


@dataclass
class Told:
    """One answer, or what came instead of one."""

    status: int | None
    seconds: float
    at: float
    retry_after: str | None = None
    broke: str = ""


@dataclass
class Load:
    """Readers of a page, and writers who each admit one client after the other."""

    port: int
    session: str
    patience: float = 30
    told: list[Told] = field(default_factory=list)
    acknowledged: set[str] = field(default_factory=set)
    attempted: set[str] = field(default_factory=set)
    readers: int = 2
    writers: int = 2
    name: str = "Load"  # of whom they admit, before a number
    page: str = "/sign-in/"

    def __post_init__(self):
        self.names, self.ended = count(), threading.Event()
        self.threads = [
            threading.Thread(target=self._read) for _ in range(self.readers)
        ]
        self.threads += [
            threading.Thread(target=self._write) for _ in range(self.writers)
        ]

    def __enter__(self) -> Load:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *error) -> None:
        self.ended.set()
        for thread in self.threads:
            thread.join()

    def _read(self) -> None:
        while not self.ended.is_set():
            self.ask("GET", self.page)

    def _write(self) -> None:
        while not self.ended.is_set():
            name = f"{self.name} {next(self.names)}"
            self.attempted.add(name)
            said = urlencode({"preferred_name": name, "portal": "none"})
            if self.ask("POST", "/clients/add/", said).status == 302:
                self.acknowledged.add(name)

    def ask(self, method: str, path: str, body: str | None = None) -> Told:
        began = time.monotonic()
        cookies = f"csrftoken={TOKEN}"
        if path != "/sign-in/":
            cookies += f"; sessionid={self.session}"
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.patience)
        headers = (FORM if body else {}) | {"Cookie": cookies}
        try:
            line.request(method, path, body, headers)
            answer = line.getresponse()
            answer.read()
            told = (answer.status, answer.headers.get("Retry-After"), "")
        except (OSError, http.client.HTTPException) as error:
            told = (None, None, repr(error))
        finally:
            line.close()
        now = time.monotonic()
        mine = Told(told[0], now - began, now, told[1], told[2])
        self.told.append(mine)
        if mine.status not in (200, 302):
            time.sleep(0.1)
        return mine

    def wait_for(self, answers: int, seconds: float = 30) -> None:
        """Until so many more were answered well."""
        until, wanted = time.monotonic() + seconds, self.well + answers
        while self.well < wanted:
            if time.monotonic() > until:
                raise AssertionError(f"no {answers} good answers within {seconds} s")
            time.sleep(0.02)

    @property
    def well(self) -> int:
        return sum(told.status in (200, 302) for told in self.told)

    @property
    def failed(self) -> list[Told]:
        return [told for told in self.told if told.status not in (200, 302)]
