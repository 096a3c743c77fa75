"""The commands as a newcomer meets them, in a var/ that is nobody's."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from ops import place
from ops.pg import processes_inside
from ops.place import free_port, own_port, wait_until
from ops.stack import fetch

BASE = Path(__file__).parent.parent
# What the tests' plug-in set is not for these processes.
OURS = (
    "DATABASE_URL",
    "DEMO",
    "MASTER_KEY",
    "REDIS_URL",
    "SECRET_KEY",
    "STATIC_ROOT",
)

pytestmark = pytest.mark.services


def start(var, *arguments, disk=None, **env):
    kept = {name: value for name, value in os.environ.items() if name not in OURS}
    command = [sys.executable, "-m", "ops.up", *arguments]
    return subprocess.Popen(
        disk.under(command) if disk else command,
        cwd=BASE,
        env={**kept, "APP_VAR": str(var), **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **(disk.handed if disk else {}),
    )


def outcome(var, *arguments, **env):
    process = start(var, *arguments, **env)
    wait_until(lambda: process.poll() is not None, 60, " ".join(arguments), process)
    out, err = process.communicate(timeout=60)
    return SimpleNamespace(code=process.returncode, out=out, err=err)


@pytest.fixture(scope="module")
def var():
    folder = Path(tempfile.mkdtemp(prefix="cairn-test-"))
    folder.chmod(0o755)  # PostgreSQL runs as somebody else where we are root
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def cairn(var):
    port = free_port(18000)
    process = start(var, PORT=str(port), TICK_SECONDS="1")
    state = var / "running.json"
    wait_until(state.exists, 60, "./start", process)
    process.env = json.loads(state.read_text())["env"]
    yield process
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)


def health(cairn):
    try:
        with fetch(cairn.env["SITE_URL"] + "/healthz", timeout=5) as answer:
            return json.load(answer)
    except OSError:
        return {}


def pid_of(cairn, words):
    lines = subprocess.run(
        ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(cairn.pid)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    found = [line.split()[0] for line in lines if words in line]
    return int(found[0]) if found else None


def test_a_command_joins_the_cairn_that_runs(cairn, var):
    code = "import os, sys; print(os.environ['DATABASE_URL']); sys.exit(3)"
    joined = outcome(var, "--run", "python", "-c", code)
    assert joined.code == 3
    assert joined.out.strip() == cairn.env["DATABASE_URL"]
    assert joined.out.startswith("postgresql://cairn_web:")
    assert cairn.poll() is None


def test_a_mail_that_leaves_lies_in_the_mail_box(cairn, var):
    command = ("python", "manage.py", "sendtestemail", "cleo@cairn.example")
    assert outcome(var, "--run", *command).code == 0
    with fetch(cairn.env["MAIL_PAGE"] + "/mails.json") as answer:
        mails = json.load(answer)  # the demo's own emails may lie there by now
    mine = [mail for mail in mails if mail["subject"].startswith("Test email")]
    assert [mail["to"] for mail in mine] == ["cleo@cairn.example"]


def test_the_doctor_finds_nothing_but_that_it_is_a_demo(cairn, var):
    wait_until(lambda: health(cairn).get("ticking"), 20, "the worker")
    seen = outcome(var, "--run", "python", "manage.py", "doctor")
    wrong = [line for line in seen.out.splitlines() if line.startswith("WRONG")]
    assert (seen.code, len(wrong)) == (1, 1), seen.out + seen.err
    assert "DEMO=1" in wrong[0]
    assert "worker answers" in seen.out


def test_a_second_start_says_where_the_first_runs(cairn, var):
    second = outcome(var)
    assert second.code == 1
    where = f"at {cairn.env['SITE_URL']} ("
    assert second.err.startswith(f"Cairn is already running {where}")


def test_keys_are_for_us_alone(cairn, var):
    for name in ("secret_key", "master_key", "running.json"):
        assert (var / name).stat().st_mode & 0o077 == 0


def test_pages_work_without_redis_and_it_comes_back(cairn):
    first = pid_of(cairn, "-server ")
    os.kill(first, signal.SIGKILL)
    assert health(cairn)["database"]
    wait_until(lambda: pid_of(cairn, "-server ") not in (None, first), 10, "Redis")
    back = time.time()
    wait_until(lambda: (health(cairn).get("tick") or 0) > back, 20, "the worker")


def test_killed_parts_come_back_where_they_were(cairn):
    parts = ("gunicorn", "postgres", "ops.mail")
    first = {part: pid_of(cairn, part) for part in parts}
    for pid in first.values():
        os.kill(pid, signal.SIGKILL)
    for part in parts:
        wait_until(lambda p=part: pid_of(cairn, p) not in (None, first[p]), 20, part)
    wait_until(lambda: health(cairn).get("database"), 20, "the web")


def test_cairn_goes_on_however_often_its_mail_box_ends(cairn):
    for _time in range(6):
        pid = pid_of(cairn, "ops.mail")
        os.kill(pid, signal.SIGKILL)
        back = lambda p=pid: pid_of(cairn, "ops.mail") not in (None, p)  # noqa: E731
        wait_until(back, 30, "the test mailbox")
    assert cairn.poll() is None
    assert health(cairn)["web"]


TAKE = """
import sys
from ops.place import own_port
print(own_port(int(sys.argv[1])), flush=True)
sys.stdin.read()
"""


def test_two_that_begin_at_once_take_two_ports():
    wanted = free_port(19100)
    both = [
        subprocess.Popen(
            [sys.executable, "-c", TAKE, str(wanted)], cwd=BASE, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )
        for _ in range(2)
    ]  # fmt: skip
    taken = {int(each.stdout.readline()) for each in both}
    assert len(taken) == 2  # though nothing listens on either yet
    for each in both:
        each.communicate("")
    assert own_port(wanted) == wanted  # who ended leaves it
    place._reserved.pop(wanted).close()


def test_two_starts_at_once_share_nothing_and_outlive_each_other():
    """Two copies of the tree: each its own var/, both asked for the same port."""
    folders = [Path(tempfile.mkdtemp(prefix="cairn-test-")) for _ in range(2)]
    port = str(free_port(18500))
    for folder in folders:
        folder.chmod(0o755)
    both = [start(folder, PORT=port, TICK_SECONDS="1") for folder in folders]
    try:
        for folder, process in zip(folders, both, strict=True):
            state = folder / "running.json"
            wait_until(state.exists, 60, "./start", process)
            process.env = json.loads(state.read_text())["env"]
        names = ("SITE_URL", "MAIL_PAGE", "EMAIL_URL", "DATABASE_URL", "REDIS_URL")
        first, second = ([one.env[name] for name in names] for one in both)
        assert not set(first) & set(second)
        assert all(health(one)["web"] for one in both)

        ended, lives = both
        ended.send_signal(signal.SIGINT)
        assert ended.wait(30) in (0, 128 + signal.SIGINT)  # as it still greeted
        assert lives.poll() is None
        assert health(lives)["database"]
        with fetch(lives.env["MAIL_PAGE"] + "/mails.json") as answer:
            assert answer.status == 200
        command = ("python", "manage.py", "sendtestemail", "cleo@cairn.example")
        assert outcome(folders[1], "--run", *command).code == 0
        with fetch(lives.env["MAIL_PAGE"] + "/mails.json") as answer:
            mails = json.load(answer)
        assert any(mail["to"] == "cleo@cairn.example" for mail in mails)
    finally:
        for folder, process in zip(folders, both, strict=True):
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)
            shutil.rmtree(folder)


def test_two_starts_at_once_in_one_folder_are_one():
    folder = Path(tempfile.mkdtemp(prefix="cairn-test-"))
    folder.chmod(0o755)
    both = [start(folder, PORT=str(free_port(18700))) for _ in range(2)]
    try:
        wait_until(lambda: any(p.poll() is not None for p in both), 60, "the later one")
        later = next(p for p in both if p.poll() is not None)
        lives = next(p for p in both if p is not later)
        assert later.returncode == 1
        assert later.stderr.read().startswith("Cairn is already running")
        state = folder / "running.json"
        wait_until(state.exists, 60, "./start", lives)
        lives.env = json.loads(state.read_text())["env"]
        assert health(lives)["web"]
    finally:
        for process in both:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)
        shutil.rmtree(folder)


def test_what_makes_progress_is_waited_for(tmp_path):
    slow = [sys.executable, "-c", "for n in range(15 * 10**6): n * n"]
    process = subprocess.Popen(slow)
    wait_until(lambda: process.poll() is not None, 1, "a busy process", process)
    idle = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"],
                            stdin=subprocess.PIPE)  # fmt: skip
    with pytest.raises(SystemExit, match="did not answer"):
        wait_until(lambda: False, 0.5, "an idle process", idle)
    idle.communicate()


def test_ctrl_c_stops_everything_and_the_data_stay(cairn, var):
    children = pid_of(cairn, "gunicorn"), pid_of(cairn, "beat")
    cairn.send_signal(signal.SIGINT)
    assert cairn.wait(30) == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in children)
    assert not processes_inside(next((var / "pg").glob("data-*")))
    counted = outcome(var, "--run", "python", "-c", COUNT_PEOPLE)
    assert (counted.code, int(counted.out) > 0) == (0, True)
    assert not (var / "running.json").exists()


COUNT_PEOPLE = """
import os, psycopg2
with psycopg2.connect(os.environ["MIGRATE_DATABASE_URL"]) as owner:
    cursor = owner.cursor()
    cursor.execute("SELECT count(*) FROM accounts_user")
    print(*cursor.fetchone())
"""


OF_OLDER_TABLES = """
import os, psycopg2
with psycopg2.connect(os.environ["MIGRATE_DATABASE_URL"]) as owner:
    owner.cursor().execute("DROP FUNCTION app.schema_generation()")
"""


def test_demo_data_of_rewritten_tables_are_moved_aside_and_made_anew(cairn, var):
    """After the one before, nothing runs in this folder."""
    assert outcome(var, "--run", "python", "-c", OF_OLDER_TABLES).code == 0
    again = outcome(var, "--prepare")
    assert again.code == 0, again.err
    assert "moved to" in again.out
    assert (var / "pg-of-an-earlier-version").is_dir()
    assert outcome(var, "--run", "python", "manage.py", "migrate").code == 0
    assert "moved" not in outcome(var, "--prepare").out


@pytest.mark.parametrize(
    ("env", "sentence"),
    [
        ({"PORT": "many"}, "PORT must be a number"),
        ({"DATABASE_URL": "mysql://x"}, "DATABASE_URL does not work"),
        ({"DATABASE_URL": "postgresql://localhost:1/x"}, "DATABASE_URL does not work"),
        ({"APP_VAR": "/dev/null/var"}, "Cannot use /dev/null/var"),
    ],
)
def test_what_goes_wrong_is_one_sentence_with_a_way_out(var, env, sentence):
    failed = outcome(var, "--run", "true", **env)
    assert failed.code == 1
    last = failed.err.strip().splitlines()[-1]
    assert last.startswith(sentence)
    assert "Traceback" not in failed.err


def test_a_command_that_is_not_there_is_named(var):
    missing = outcome(var, "--run", "no-such-command")
    assert missing.code == 127
    assert "cannot run no-such-command" in missing.err
