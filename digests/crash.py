"""For tests: die where CRASH_AT says, as by kill -9.  Does nothing anywhere else."""

import os
import signal

POINTS = (
    "in_plan",  # emails written, not committed
    "after_plan",
    "after_claim",
    "after_render",
    "after_fence",
    "after_smtp",  # the server has accepted, nothing here knows
    "in_mark",  # written, not committed
    "after_mark",
)


def here(point: str) -> None:
    if os.environ.get("CRASH_AT") == point:
        os.kill(os.getpid(), signal.SIGKILL)
