"""For tests: exit at CRASH_AT as by kill -9. Does nothing otherwise."""

import os
import signal

POINTS = (
    "in_plan",  # emails inserted, not committed
    "after_plan",
    "after_claim",
    "after_render",
    "after_fence",
    "after_smtp",  # the server has accepted it, not recorded here
    "in_mark",  # recorded, not committed
    "after_mark",
)


def here(point: str) -> None:
    if os.environ.get("CRASH_AT") == point:
        os.kill(os.getpid(), signal.SIGKILL)
