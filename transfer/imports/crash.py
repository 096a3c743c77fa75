"""For tests: exit at CRASH_AT as by kill -9. Does nothing otherwise."""

import os
import signal

STEPS = (
    "file_claimed",  # committed, nothing read yet
    "file_read",  # its lines are stored, not committed
    "undo_claimed",  # committed, nothing removed yet
    "undone",  # all of it removed, not committed
)
POINTS = (
    "import_claimed",  # committed, nothing written yet
    "import_half_way",  # half the people written, not committed
    "import_written",  # all of it, not committed
    "import_done",
)


def here(point: str) -> None:
    if os.environ.get("CRASH_AT") == point:
        os.kill(os.getpid(), signal.SIGKILL)
