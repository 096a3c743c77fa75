"""Runs the access tests against each weakening and prints which were noticed.

`noticed.json` says which test noticed a weakening last time: that one comes first, and
two weakenings run at a time, so that the whole takes half an hour, not five.  A run
writes it anew.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ACCESS = [  # the quickest first: a run ends with its first failure
    "tests/test_second_lock.py",
    "tests/test_roles.py",
    "tests/test_people_lock.py",
    "tests/test_row_keys.py",
    "tests/test_two_locks.py",
    "tests/test_prepared_anew.py",
    "tests/test_walk.py",
    "clients/tests/test_care_roles.py",
    "clients/tests/test_care_requests.py",
    "clients/tests/test_emergency.py",
    "clients/tests/test_emergency_waits.py",
    "notes/tests/test_supervision.py",
    "overview/tests/test_discharge.py",
    "overview/tests/test_leaving.py",
    "portal/tests/test_rights.py",
    "portal/tests/test_after_discharge.py",
    "clients/tests/test_keys.py",
    "clients/tests/test_audit_page.py",
    "digests/tests/test_deliveries.py",
    "accounts/tests/test_practice_settings.py",
    "accounts/tests/test_reauthentication.py",
    "portal/tests/test_sessions.py",
    "goals/tests/test_strengths.py",
    "transfer/tests/test_record.py",
    "notes/tests/test_additions.py",
    "notes/tests/test_signing.py",
    "notes/tests/test_take_over.py",
    "notes/tests/test_exercise_answers.py",
    "goals/tests/test_attention.py",
    "goals/tests/test_signals.py",
    "goals/tests/test_signals_stored.py",
    "clients/tests/test_signals.py",
    "transfer/tests/test_import_access.py",
    "transfer/tests/test_import_pages.py",
    "transfer/tests/test_import_undo.py",
    "goals/tests/test_two_keys.py",
    "goals/tests/test_comments.py",
]
FAILED = re.compile(r"(?m)^(?:FAILED|ERROR) (\S+?)(?:\[.*)?(?: - .*)?$")
NOTICED = Path(__file__).with_name("noticed.json")


def last_time() -> dict[str, str]:
    return json.loads(NOTICED.read_text()) if NOTICED.exists() else {}


def run(name: str) -> tuple[bool, str]:
    """Whether the tests noticed, and the first that did: of sign-in its own first."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "therapy.settings")
    from tests.mutants.weakened import OF_SIGN_IN, SIGN_IN_TESTS

    of_sign_in = name in {mutant.name for mutant in OF_SIGN_IN}
    files = [*SIGN_IN_TESTS, *ACCESS] if of_sign_in else [*ACCESS, *SIGN_IN_TESTS]
    first = last_time().get(name)
    if first and Path(first.partition("::")[0]).exists():
        noticed, by = _run(name, [first])
        if noticed:
            return noticed, by
    return _run(name, files)


def _run(name: str, tests: list[str]) -> tuple[bool, str]:
    command = [sys.executable, "-m", "pytest", "-xqrfE", "-p", "tests.mutants.plugin"]
    done = subprocess.run(
        [*command, "-m", "not browser and not services", *tests],
        env=os.environ | {"MUTANT": name},
        capture_output=True,
        text=True,
    )
    if done.returncode not in (0, 1):
        return False, f"did not run: {done.stdout[-300:]}{done.stderr[-300:]}"
    found = FAILED.search(done.stdout)
    return done.returncode == 1, found.group(1) if found else ""


def remember(name: str, by: str) -> None:
    noticed = last_time() | ({name: by} if by else {})
    known = {one: noticed[one] for one in sorted(noticed) if one in chosen([])}
    anew = NOTICED.with_suffix(".new")  # the other weakening reads it meanwhile
    anew.write_text(json.dumps(known, indent=0, ensure_ascii=False) + "\n")
    anew.replace(NOTICED)


def chosen(words: list[str]) -> list[str]:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "therapy.settings")
    from tests.mutants.weakened import MUTANTS

    names = [mutant.name for mutant in MUTANTS]
    return [n for n in names if not words or any(word in n for word in words)]


def main() -> int:
    survivors, began = 0, time.monotonic()
    names = chosen(sys.argv[1:])
    noticed, by = run("nothing")
    if noticed or by:
        print(f"The tests fail with nothing weakened: {by}")
        return 1
    with ThreadPoolExecutor(max_workers=2) as two:
        for name, (noticed, by) in zip(names, two.map(run, names), strict=True):
            survivors += not noticed
            remember(name, by if noticed else "")
            said = "noticed " if noticed else "SURVIVED"
            print(f"{said}  {name:<52} {by.rpartition('::')[2]}", flush=True)
    minutes = (time.monotonic() - began) / 60
    print(f"{len(names)} weakenings, {survivors} survived; {minutes:.1f} minutes.")
    return 1 if survivors or not names else 0


if __name__ == "__main__":
    sys.exit(main())
