"""The scripts of a real server find each other under their hashed names."""

import re

import pytest
from django.core.management import call_command
from django.test import override_settings

IMPORT = re.compile(r"""\bimport\b[^;]*?from\s*["'](\./[^"']+)["']""")


@pytest.fixture
def collected(settings, tmp_path):
    real = {"BACKEND": "therapy.static_files.HashedFiles"}
    storages = {**settings.STORAGES, "staticfiles": real}
    with override_settings(STATIC_ROOT=tmp_path, STORAGES=storages):
        call_command("collectstatic", interactive=False, verbosity=0)
    return tmp_path


def test_every_script_that_another_imports_is_there(collected):
    found = [
        (script, name)
        for script in (collected / "js").glob("*.js")
        for name in IMPORT.findall(script.read_text())
    ]
    assert len(found) >= 2
    for script, name in found:
        assert (script.parent / name).exists(), (script.name, name)
        assert re.search(r"\.[0-9a-f]{12}\.js$", name), "not the name it is kept under"
