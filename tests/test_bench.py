"""What the bench reads of processor time."""

import subprocess
import sys

from bench.cpu import between, of_servers

BUSY = "sum(range(3_000_000)); print(flush=True); input()"


def test_a_process_that_ends_makes_a_reading_void_and_none_negative():
    before = {1: 4.0, 2: 9.0}
    assert between(before, {1: 4.5, 2: 9.25}) == 0.75
    assert between(before, {1: 4.5, 2: 9.25, 3: 0.5}) == 1.25
    assert between(before, {1: 4.5, 3: 0.5}) is None


def test_each_process_is_read_by_itself():
    with subprocess.Popen(
        [sys.executable, "-c", BUSY], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        child.stdout.readline()
        [(pid, used)] = of_servers(child.pid).items()
        assert pid == child.pid
        assert used > 0
        child.stdin.write(b"\n")
