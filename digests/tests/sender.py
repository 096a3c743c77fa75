"""A sender that tests can kill: real processes, really logged in as the worker.

For each line on standard input, forks one sender per word and reports how they ended. A
word says where to crash ("after_smtp"), "-" for nowhere.
"""

import os
import sys

import django


def send(crash_at: str) -> int:
    child = os.fork()
    if child:
        return child
    os.environ["CRASH_AT"] = crash_at
    try:
        from therapy.tasks import plan_and_send

        plan_and_send()
    except BaseException as error:
        print(repr(error), file=sys.stderr, flush=True)
        os._exit(1)
    os._exit(0)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "therapy.settings")
    django.setup()
    from django.core.checks.urls import check_url_config

    check_url_config(None)  # the slow imports, once for all children
    for line in sys.stdin:
        children = [send(word) for word in line.split()]
        ended = [os.waitpid(child, 0)[1] for child in children]
        print(*map(os.waitstatus_to_exitcode, ended), flush=True)


if __name__ == "__main__":
    main()
