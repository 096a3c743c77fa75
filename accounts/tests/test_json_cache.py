"""The cache that allauth writes to: like Django's own, restricted to JSON values."""

import threading

import pytest
import time_machine
from django.core.cache import caches
from django.db import connection, connections
from django.utils import timezone

from accounts import json_cache
from conftest import as_role

pytestmark = pytest.mark.django_db


@pytest.fixture
def cache(settings):
    settings.CACHES = {"default": {"BACKEND": "accounts.json_cache.JsonCache"}}
    return caches["default"]


@pytest.mark.parametrize("value", ["y", 0, 1.5, None, True, [1, "two"], {"a": None}])
def test_a_stored_value_is_returned(cache, value):
    assert cache.get("code", "nothing") == "nothing"
    cache.set("code", value)
    assert cache.get("code", "nothing") == value
    assert cache.delete("code")
    assert not cache.delete("code")
    assert "code" not in cache


def test_a_value_that_is_not_json_is_refused(cache):
    with pytest.raises(TypeError):
        cache.set("code", object())


def test_a_value_is_added_once_until_it_expires(cache):
    assert cache.add("code", "y", timeout=30)
    assert not cache.add("code", "z", timeout=30)
    assert cache.get("code") == "y"
    with time_machine.travel(timezone.now() + timezone.timedelta(seconds=31)):
        assert cache.get("code") is None
        assert not cache.touch("code")
        assert cache.add("code", "z", timeout=None)
    with time_machine.travel(timezone.now() + timezone.timedelta(days=4000)):
        assert cache.get("code") == "z"
        assert cache.touch("code", 5)
        assert json_cache.sweep() == 0


@pytest.mark.django_db(transaction=True)
def test_of_ten_who_use_one_code_at_once_one_signs_in(cache):
    told, ready = [], threading.Barrier(10)

    def used():
        try:
            ready.wait()
            told.append(caches["default"].add("code", "y"))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=used) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == [False] * 9 + [True]


def test_the_table_identifies_nobody_and_the_worker_empties_it(cache, thea):
    cache.set(f"used?user={thea.pk}", "y", timeout=-5)
    with connection.cursor() as cursor:
        cursor.execute("SELECT key FROM accounts_cacheentry")
        [[key]] = cursor.fetchall()
    assert str(thea.pk) not in key
    with as_role("cairn_worker"):
        assert json_cache.sweep() == 1
