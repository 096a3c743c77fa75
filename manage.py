#!/usr/bin/env python
"""Django's commands, on the embedded PostgreSQL where DATABASE_URL is not set."""

import importlib.util
import os
import sys

# What changes the schema needs its owner; everything else sees what the web sees.
AS_OWNER = {
    "create_practice",
    "dbshell",
    "destroy_key",
    "makemigrations",
    "migrate",
    "recompute_signals",
    "rotate_keys",
    "seed",
    "seed_scale",
    "showmigrations",
    "sqlmigrate",
}

AS_WORKER = {"lift_halt", "send_due", "verify_audit"}
AS_BACKUP = {"backup"}
ROLES = {
    "cairn_backup": AS_BACKUP,
    "cairn_owner": AS_OWNER,
    "cairn_worker": AS_WORKER,
}
VARIABLES = {
    "cairn_backup": "BACKUP_DATABASE_URL",
    "cairn_owner": "MIGRATE_DATABASE_URL",
    "cairn_worker": "WORKER_DATABASE_URL",
}


def into_the_virtual_environment():
    """By hand it is `python manage.py`, whichever python that is."""
    if importlib.util.find_spec("django"):
        return
    folder = os.path.dirname(os.path.abspath(__file__))
    python = os.environ.get("APP_VENV", f"{folder}/.venv") + "/bin/python"
    if not os.path.exists(python):
        sys.exit("Nothing is installed yet: ./start --prepare does it.")
    os.execv(python, [python, *sys.argv])


def role_for(command):
    for role, commands in ROLES.items():
        if command and command[0] in commands:
            return role
    return "cairn_web"


def main():
    into_the_virtual_environment()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "therapy.settings")
    from django.core.management import execute_from_command_line

    role = role_for(sys.argv[1:2])
    if os.environ.get("DATABASE_URL"):
        own = os.environ.get(VARIABLES.get(role, ""))
        if own:
            os.environ["DATABASE_URL"] = own
        return execute_from_command_line(sys.argv)
    from ops.local import environment

    with environment(role, os.environ) as found:
        os.environ.update(found)
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
