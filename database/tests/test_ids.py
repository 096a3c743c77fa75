"""Ids are ordered by time, unique, and version 7."""

import threading

from database.ids import uuid7


def test_ids_increase_and_never_repeat():
    keys = [uuid7() for _ in range(20_000)]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)
    assert {key.version for key in keys} == {7}


def test_threads_do_not_share_an_id():
    found = []

    def make():
        found.extend(uuid7() for _ in range(3_000))

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 24_000
